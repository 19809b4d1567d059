"""`smtp-gate replay`: what would change for mail of the past if candidate rules were in use; nothing is enacted."""

import os
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import TypedDict, Unpack

import click

from smtp_gate.adapters.clock import today_in, utc_now
from smtp_gate.adapters.extractor import SocketExtractor
from smtp_gate.cli.explain import Said, address_option
from smtp_gate.cli.options import config_option, json_option, print_json, settings
from smtp_gate.cli.quiet import Quiet
from smtp_gate.cli.render import console
from smtp_gate.cli.replay_report import write_report
from smtp_gate.cli.replay_rules import Books, candidate_paths, differences_of, load_books
from smtp_gate.cli.replay_run import Run, key_of, run, state_in
from smtp_gate.cli.replay_said import Completion
from smtp_gate.cli.replay_shown import show
from smtp_gate.cli.replay_sources import FileContents, Files, HeldMail, JournalMail, Several
from smtp_gate.config import Config
from smtp_gate.judge import Judge
from smtp_gate.reading.kinds import OPENABLE
from smtp_gate.replay.compared import Compared
from smtp_gate.replay.rows import Change, ReplayRow
from smtp_gate.replay.tally import Tally
from smtp_gate.replay.twice import Twice
from smtp_gate.replay.work import MailSource, Piece
from smtp_gate.server.extractors import local_extractors
from smtp_gate.server.replaying import Pool, runner
from smtp_gate.server.rules import InUse
from smtp_gate.store.files import Disk
from smtp_gate.store.quarantine import FileQuarantine
from smtp_gate.store.replay_state import BusyError, ForeignError, ReplayState

WORDS = ("journal", "quarantine")
"""Sources that are no paths."""


class Given(TypedDict):
    """The options as they were given."""

    candidates: tuple[Path, ...]
    enforced: tuple[str, ...]
    enforce: bool
    sender: str | None
    recipients: tuple[str, ...]
    login: str
    on: str | None
    jobs: int | None
    state: Path | None
    html: Path | None
    at_most: float | None
    every: bool
    as_json: bool


@click.command()
@config_option
@click.option(
    "--candidate", "candidates", metavar="DIR", multiple=True, type=click.Path(path_type=Path),
    help="A folder or file of packs to try in place of those that run; `shipped` for those of the installation.",
)  # fmt: skip
@click.option("--enforce-shadow", "enforced", metavar="RULE", multiple=True, help="Try this shadow rule as enforced.")
@click.option(
    "--enforce",
    is_flag=True,
    help="As if the settings said `enforce: true`: on both sides, or, with nothing else to try, on the tried one.",
)
@click.option("--from", "sender", metavar="A", help="Of files: the envelope sender; their From where it is left out.")
@click.option("--to", "recipients", metavar="B", multiple=True, help="Of files: an envelope recipient; To and Cc.")
@click.option("--login", metavar="A", default="", help="Of files: the account that has logged in.")
@click.option("--on", "on", metavar="DAY|header", help="Of files: judge as of this day, or of the Date in each; now.")
@click.option("--jobs", type=click.IntRange(min=1), help="Worker processes; one a core where it is left out.")
@click.option(
    "--state", type=click.Path(path_type=Path, dir_okay=False), help="Keep and continue the run in this file."
)
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write a report of one page here.")
@click.option("--max-new-per-1000", "at_most", type=click.FloatRange(min=0), help="End with 1 where more is stopped.")
@click.option("--all", "every", is_flag=True, help="With --json: also messages that come out the same.")
@json_option
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True)
def replay(config_file: Path | None, sources: tuple[str, ...], **given: Unpack[Given]) -> None:
    """Judge mail of the past under the rules that run and under a candidate, and say what would change.

    SOURCE is a file, mbox, Maildir or folder; or `quarantine`, the mail that is held; or `journal`, every decision of the
    gate with its envelope, its time and the facts that were used. With `journal`, the other sources are where contents
    are looked for: by SHA-256, else by Message-ID. A path that exists wins over a word.

    A run that was interrupted goes on where it was when the same command is given again. Ends with 1 where the candidate
    has mistakes, a source could not be read, or --max-new-per-1000 is exceeded.

    Example: smtp-gate replay --candidate new-rules/ --html report.html journal mailarchive/
    """
    if not given["candidates"] and not given["enforced"] and not given["enforce"]:
        raise click.UsageError("what is to be tried? Say --candidate DIR, --enforce-shadow RULE or --enforce")
    given["candidates"] = candidate_paths(given["candidates"])
    html = given["html"]
    if html is not None and not html.absolute().parent.is_dir():
        raise click.UsageError(f"--html: there is no folder {html.parent}")
    config = settings(config_file, sample=not any(map(_is_word, sources)))
    to = tuple(p for p in (address_option("--to", r) for r in given["recipients"]) if p)
    day, by_header = _day(given["on"], config)
    now = utc_now()
    said = Said(address_option("--from", given["sender"]), to, day or now, given["login"])
    complete = Completion(config, said, now + timedelta(days=1), by_header)
    books = load_books(config, given["candidates"], given["enforced"], enforce=given["enforce"])
    sys.exit(_replay(config, books, complete, sources, given))


def _key(config: Config, books: Books, sources: tuple[str, ...], given: Given) -> str:
    """One name for all that a message's row depends on beside the message."""
    today = today_in(config.timezone).isoformat()
    rules = (books.ruleset.hash, books.candidate.hash)
    facts = (books.base.directory.id, *books.base.feeds.ids)
    places = tuple(s if _is_word(s) else str(Path(s).resolve()) for s in sources)
    listeners = (
        f"{s.name} {s.direction} {s.upstream} {s.sender_is_authenticated} {s.login_domain}" for s in config.listeners
    )
    options = (f"{given['sender']}", *given["recipients"], given["login"], given["on"] or today, f"{given['every']}")
    return key_of(rules, facts, places, (*options, *listeners))


def _is_word(source: str) -> bool:
    return source in WORDS and not Path(source).exists()


def _day(on: str | None, config: Config) -> tuple[datetime | None, bool]:
    """The moment of `--on`, and whether each message's own Date decides."""
    if on is None or on == "header":
        return None, on == "header"
    try:
        day = datetime.strptime(on, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone; the city's is added
    except ValueError:
        raise click.BadParameter(f"{on!r} is no day like 2026-03-02, and not `header`", param_hint="--on") from None
    return datetime.combine(day, time_of_day(12), config.timezone), False


class _Troubles:
    """What could not be read: said at once, and counted."""

    def __init__(self) -> None:
        self.number = 0

    def __call__(self, said: str) -> None:
        self.number += 1
        click.echo(said, err=True)


def _source(
    config: Config, sources: tuple[str, ...], troubles: _Troubles, stack: ExitStack
) -> tuple[MailSource, FileContents | None]:
    """The mail that is judged; beside a journal's, the contents that are looked for in files."""
    words = {s for s in sources if _is_word(s)}
    paths = tuple(Path(s) for s in sources if s not in words)
    data = Path(config.data_dir)
    held: HeldMail | None = None
    if words and (data / "quarantine").is_dir():
        disk = Disk(1)
        stack.callback(disk.close)
        held = HeldMail(FileQuarantine(data / "quarantine", disk), troubles)
    if "journal" in words:
        if not (data / "journal").is_dir():
            raise click.ClickException(f"no journal in {data}: no gate has run with these settings")
        contents = FileContents(paths, troubles)
        contents.look()
        return JournalMail(data / "journal", config, (*((held,) if held else ()), contents), troubles), contents
    if "quarantine" in words and held is None:
        raise click.ClickException(f"no quarantine in {data}: no gate has run with these settings")
    files = (Files(paths, troubles),) if paths else ()
    return Several((*((held,) if held is not None else ()), *files)), None


def _replay(config: Config, books: Books, complete: Completion, sources: tuple[str, ...], given: Given) -> int:
    """The run, what it shows, and how the command ends."""
    troubles = _Troubles()
    jobs = given["jobs"] or os.cpu_count() or 1
    with ExitStack() as stack:
        state = _state(config, given["state"], _key(config, books, sources, given), stack)
        source, contents = _source(config, sources, troubles, stack)
        pool = stack.enter_context(_pool(config, books, complete, jobs, full=given["every"]))

        def told(row: ReplayRow) -> None:
            if given["as_json"] and (given["every"] or row["change"] != Change.SAME):
                print_json({"kind": "message", **row})

        try:
            done = run(source.pieces(), source.count(), pool.rows, state, told)
        except OSError as error:
            raise click.ClickException(f"{error.filename or 'the disk'}: {error.strerror or error}") from None
        if done.whole and state is not None and given["state"] is None:
            state.remove()
    if not done.whole:
        where = f"; the same command goes on from there ({state.path})" if state is not None else ""
        click.echo(f"stopped after {done.tally.messages} messages{where}", err=True)
        return 1
    unclaimed = contents.total - len(contents.claimed) if contents is not None else 0
    hashes = (books.ruleset.hash, books.candidate.hash)
    differences = differences_of(books, given["candidates"])
    _show(config, done, Compared(*hashes, sources, done.seconds, done.rate, jobs, unclaimed, differences), given)
    return _code(done.tally, troubles.number, given["at_most"])


def _show(config: Config, done: Run, compared: Compared, given: Given) -> None:
    """The summary, and the page where one is asked for."""
    if given["as_json"]:
        print_json({**done.tally.summary(), "seconds": round(done.seconds, 3), "rate": round(done.rate, 1)})
    else:
        show(console(), done.tally, compared)
    html = given["html"]
    if html is not None:
        try:
            write_report(html, done.tally, compared, utc_now().astimezone(config.timezone))
        except OSError as error:
            raise click.ClickException(f"--html {html}: {error.strerror}") from None


def _code(tally: Tally, troubles: int, at_most: float | None) -> int:
    """How the command ends, and why where that is not with 0."""
    if troubles:
        click.echo(f"{troubles} could not be read and are not in these figures", err=True)
    exceeded = at_most is not None and tally.new_per_1000 > at_most
    if exceeded:
        said = f"{tally.new_per_1000:.2f} of 1,000 messages would newly be stopped; {at_most:g} are allowed"
        click.echo(said, err=True)
    return 1 if troubles or exceeded else 0


def _state(config: Config, file: Path | None, key: str, stack: ExitStack) -> ReplayState | None:
    path = file or state_in(Path(config.data_dir), key)
    if path is None:
        return None
    try:
        state = stack.enter_context(ReplayState(path, key))
    except (BusyError, ForeignError) as error:
        raise click.UsageError(f"{path}: {error}") from None
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}") from None
    if state.anew:
        click.echo(f"{path} is begun anew: {state.anew}", err=True)
    if state.damaged:
        click.echo(
            f"{path}: line {state.damaged} is cut off or damaged: it and all behind it are judged again", err=True
        )
    if state.rows:
        click.echo(f"{len(state.rows)} messages of an earlier run are taken over from {path}", err=True)
    return state


@contextmanager
def _pool(config: Config, books: Books, complete: Completion, jobs: int, *, full: bool) -> Iterator[Pool]:
    """Worker processes with both rulesets, and children that open documents."""
    in_use = InUse(books.base)
    with local_extractors(jobs) as extract:

        def make() -> Callable[[Piece], Coroutine[None, None, ReplayRow]]:
            judge = Judge(
                lambda: books.ruleset,
                in_use,
                Quiet(),
                time.perf_counter,
                extractor=SocketExtractor(extract, OPENABLE),
                inline=sys.maxsize,
            )
            return Twice(books.ruleset, books.candidate, judge, complete, config.timezone, full).row

        # A live message has the deadline for one ruleset.
        yield Pool(runner(make), jobs, 2 * config.deadline)
