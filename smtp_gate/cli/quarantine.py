"""`smtp-gate quarantine`: see held mail, send it on, or give it up."""

import asyncio
import getpass
import sys
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Self, TypeVar

import click

from smtp_gate.adapters import control
from smtp_gate.adapters.clock import utc_now
from smtp_gate.adapters.control import Frame
from smtp_gate.adapters.extractor import SocketExtractor
from smtp_gate.adapters.logs import Logger
from smtp_gate.adapters.next_hop import SmtpNextHop
from smtp_gate.cli.holds import row_of, show_item, show_list, show_outcome
from smtp_gate.cli.options import config_option, json_option, print_json, rulebook, settings
from smtp_gate.cli.quiet import Quiet
from smtp_gate.cli.render import console
from smtp_gate.config import Config
from smtp_gate.core.facts import Fact, FactKey
from smtp_gate.core.finding import Failure
from smtp_gate.examine import Ruleset
from smtp_gate.judge import Judge
from smtp_gate.reading.kinds import OPENABLE
from smtp_gate.server.extractors import local_extractors
from smtp_gate.server.plan import CONTROL
from smtp_gate.server.releases import Releases
from smtp_gate.server.rules import InUse
from smtp_gate.server.settings import hop_settings
from smtp_gate.store.files import Disk
from smtp_gate.store.journal import SegmentJournal
from smtp_gate.store.quarantine import FileQuarantine, NoSuchItemError, State

T = TypeVar("T")


@click.group()
def quarantine() -> None:
    """Held mail: list, show, release, discard."""


@quarantine.command(name="list")
@config_option
@json_option
@click.option("--all", "every", is_flag=True, help="Released, failed, expired and discarded messages too.")
def list_(config_file: Path | None, *, as_json: bool, every: bool) -> None:
    """List held messages, those being released, and those whose state is unknown after a crash.

    Example: smtp-gate quarantine list --json
    """
    with _Store(settings(config_file)) as store:
        states = () if every else (State.HELD, State.RELEASING, State.UNKNOWN)
        items = list(store.quarantine.items(*states))
    if as_json:
        for listed in items:
            print_json(row_of(listed))
        return
    show_list(console(), items)


@quarantine.command()
@config_option
@json_option
@click.argument("ref")
def show(config_file: Path | None, *, as_json: bool, ref: str) -> None:
    """Show one message: envelope, each recipient's state, reasons, masked evidence; its content stays in the file.

    Example: smtp-gate quarantine show 7Q3KX0M2P9RT4
    """
    with _Store(settings(config_file)) as store:
        listed = _found(lambda: store.quarantine.find(ref))
    if as_json:
        print_json(row_of(listed))
        return
    show_item(console(), listed)


@quarantine.command()
@config_option
@json_option
@click.option(
    "--rule", "rules", metavar="ID", multiple=True, help="Spare this rule; those behind the hold if left out."
)
@click.option("--again", is_flag=True, help="Also what failed or whose state is unknown: it may then arrive twice.")
@click.option("--reason", default="", help="Why; it goes to the journal.")
@click.argument("ref")
def release(
    config_file: Path | None, *, as_json: bool, rules: tuple[str, ...], again: bool, reason: str, ref: str
) -> None:
    """Approve a message: it is judged again without the approved rules, and its original octets go on, once.

    A temporary refusal is tried again by the running gate. Ends with 1 where not every copy has been sent.

    Example: smtp-gate quarantine release 7Q3KX0M2P9RT4 --reason "the taxpayer asked for it"
    """
    frame = {"do": "release", "ref": ref, "rules": list(rules), "again": again, "why": reason}
    _decide(settings(config_file), frame, State.RELEASED, as_json=as_json)


@quarantine.command()
@config_option
@json_option
@click.option("--reason", required=True, help="Why; it goes to the journal, not to the sender.")
@click.option("--no-notice", is_flag=True, help="Tell the sender nothing.")
@click.argument("ref")
def discard(config_file: Path | None, *, as_json: bool, reason: str, no_notice: bool, ref: str) -> None:
    """Give a message up; its file is kept among the discarded ones, and an internal sender gets one notice.

    Example: smtp-gate quarantine discard 7Q3KX0M2P9RT4 --reason "sent by mistake, sender agrees"
    """
    if not reason.strip():
        raise click.UsageError("--reason may not be empty: it is all that says why")
    frame = {"do": "discard", "ref": ref, "why": reason, "notify": not no_notice}
    _decide(settings(config_file), frame, State.DISCARDED, as_json=as_json)


def _decide(config: Config, frame: Frame, wanted: State, *, as_json: bool) -> None:
    """Have it done by the running gate, else here; show what became of it; end with 1 where that is not what was wanted."""
    frame = frame | {"who": getpass.getuser()}
    answer = asyncio.run(_ask(Path(config.data_dir) / CONTROL, frame))
    if answer is None or answer.get("failed") == "not understood":
        answer = _here(config, frame)
    if as_json:
        print_json(answer)
    elif "failed" in answer:
        hint = "; `smtp-gate quarantine list` shows what there is" if answer["failed"] == "that is no ref" else ""
        raise click.ClickException(f"{answer['failed']}{hint}")
    else:
        show_outcome(console(), answer)
    sys.exit(0 if answer.get("state") == wanted else 1)


async def _ask(path: Path, frame: Frame) -> Frame | None:
    """The running gate's answer, None where no gate runs or it ends before it answers."""
    try:
        line = await control.connect(path)
    except OSError:
        return None
    try:
        line.send(frame)
        return await line.receive()
    finally:
        await line.close()


def _here(config: Config, frame: Frame) -> Frame:
    """Do it in this process, with what the settings say."""
    book = _Book(config)
    with ExitStack() as stack, _Store(config) as store:
        extractor = None
        if frame["do"] == "release":
            # Mistakes in packs end the command before anything is approved.
            _ = book.in_use
            extractor = SocketExtractor(stack.enter_context(local_extractors(1)), OPENABLE)
        judge = Judge(lambda: book.ruleset, book, Quiet(), time.perf_counter, extractor=extractor)
        return asyncio.run(_work(config, store, judge, frame))


async def _work(config: Config, store: "_Store", judge: Judge, frame: Frame) -> Frame:
    hop = SmtpNextHop(hop_settings(config))
    journal = store.journal()
    logger = Logger(utc_now, level="error", style="text")
    releases = Releases(store.quarantine, judge, hop, journal, config, logger=logger, now=utc_now)
    try:
        answer = await releases.serve(frame)
        if "failed" not in answer:
            # The notice, where one is due: there may be no gate that sends it.
            tended = await releases.tend(str(frame["ref"]))
            posted = None if tended is None else tended.progress.notice
            answer["notice"] = answer["notice"] if posted is None else str(posted.post)
        return answer
    finally:
        await releases.close()
        await journal.close()
        await hop.close()


class _Book:
    """The ruleset and directory, loaded when they are first asked for. Implements the gate's port `FactSource`."""

    def __init__(self, config: Config) -> None:
        self._config = config

    @cached_property
    def in_use(self) -> InUse:
        """What was loaded; or the command ends with every mistake of the files."""
        return InUse(rulebook(self._config))

    @property
    def ruleset(self) -> Ruleset:
        """The ruleset."""
        return self.in_use.ruleset

    async def ask(self, keys: Collection[FactKey], on: datetime) -> Mapping[FactKey, Fact | Failure]:
        """What the directory says of that day."""
        return await self.in_use.ask(keys, on)


class _Store:
    """The quarantine of the settings, opened for one command."""

    def __init__(self, config: Config) -> None:
        self._data = Path(config.data_dir)
        self._disk = Disk(1)
        self.quarantine = FileQuarantine(self._data / "quarantine", self._disk)

    def journal(self) -> SegmentJournal:
        """A segment of the commands' own, beside those of the workers."""
        return SegmentJournal(self._data / "journal", "cli", now=utc_now)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._disk.close()


def _found(ask: Callable[[], T]) -> T:
    """The answer, or the command ends saying why there is none."""
    try:
        return ask()
    except NoSuchItemError as error:
        raise click.ClickException(str(error)) from None
    except ValueError:
        raise click.ClickException("that is no ref; `smtp-gate quarantine list` shows them") from None
    except OSError as error:
        raise click.ClickException(f"the disk failed: {error.strerror}") from None
