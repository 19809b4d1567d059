"""`smtp-gate replay`: what would change for mail of the past if candidate rules were in use; nothing is enacted."""

import os
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from datetime import time as time_of_day
from pathlib import Path

import click

from smtp_gate.adapters.clock import utc_now
from smtp_gate.adapters.extractor import SocketExtractor
from smtp_gate.cli.explain import Said, address_option
from smtp_gate.cli.options import config_option, json_option, print_json, settings
from smtp_gate.cli.quiet import Quiet
from smtp_gate.cli.render import console
from smtp_gate.cli.replay_report import write_report
from smtp_gate.cli.replay_rules import Books, load_books
from smtp_gate.cli.replay_run import Run, key_of, run, state_in
from smtp_gate.cli.replay_said import Completion
from smtp_gate.cli.replay_shown import show
from smtp_gate.cli.replay_sources import FileContents, Files, HeldMail, JournalMail
from smtp_gate.config import Config
from smtp_gate.judge import Judge
from smtp_gate.reading.kinds import OPENABLE
from smtp_gate.replay.compared import Compared
from smtp_gate.replay.rows import DIFFERENT, ReplayRow
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


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for."""

    sources: tuple[str, ...]
    jobs: int
    state: Path | None
    html: Path | None
    as_json: bool
    every: bool
    at_most: float | None


@click.command()
@config_option
@click.option(
    "--candidate", "candidates", metavar="DIR", multiple=True, type=click.Path(path_type=Path, exists=True),
    help="A folder or file of packs to try in place of those that run.",
)  # fmt: skip
@click.option("--enforce-shadow", "enforced", metavar="RULE", multiple=True, help="Try this shadow rule as enforced.")
@click.option("--enforce", is_flag=True, help="Try the candidate as if the settings said `enforce: true`.")
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
def replay(  # noqa: PLR0913 - one parameter an option of the contract
    *,
    config_file: Path | None,
    candidates: tuple[Path, ...],
    enforced: tuple[str, ...],
    enforce: bool,
    sender: str | None,
    recipients: tuple[str, ...],
    login: str,
    on: str | None,
    jobs: int | None,
    state: Path | None,
    html: Path | None,
    at_most: float | None,
    every: bool,
    as_json: bool,
    sources: tuple[str, ...],
) -> None:
    """Judge mail of the past under the rules that run and under a candidate, and say what would change.

    SOURCE is a file, mbox, Maildir or folder; or `quarantine`, the mail that is held; or `journal`, every decision of the
    gate with its envelope, its time and the facts that were used. With `journal`, the other sources are where contents
    are looked for: by SHA-256, else by Message-ID. A path that exists wins over a word.

    A run that was interrupted goes on where it was when the same command is given again. Ends with 1 where the candidate
    has mistakes, a source could not be read, or --max-new-per-1000 is exceeded.

    Example: smtp-gate replay --candidate new-rules/ --html report.html journal mailarchive/
    """
    if not candidates and not enforced and not enforce:
        raise click.UsageError("what is to be tried? Say --candidate DIR, --enforce-shadow RULE or --enforce")
    if html is not None and not html.absolute().parent.is_dir():
        raise click.UsageError(f"--html: there is no folder {html.parent}")
    named = tuple(s for s in sources if _is_word(s))
    config = settings(config_file, sample=not named)
    to = tuple(p for p in (address_option("--to", r) for r in recipients) if p)
    day, by_header = _day(on, config)
    said = Said(address_option("--from", sender), to, day or utc_now(), login)
    asked = Asked(sources, jobs or os.cpu_count() or 1, state, html, as_json, every, at_most)
    books = load_books(config, candidates, enforced, enforce=enforce)
    options = (str(sender), *recipients, login, str(on or f"{utc_now():%F}"), str(every))
    sys.exit(_replay(config, books, Completion(config, said, by_header), asked, options))


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
    config: Config, asked: Asked, troubles: _Troubles, stack: ExitStack
) -> tuple[MailSource, FileContents | None]:
    """The mail that is judged; beside a journal's, the contents that are looked for in files."""
    words = {s for s in asked.sources if _is_word(s)}
    paths = tuple(Path(s) for s in asked.sources if s not in words)
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
    if "quarantine" in words:
        if held is None:
            raise click.ClickException(f"no quarantine in {data}: no gate has run with these settings")
        if paths:
            raise click.UsageError("`quarantine` and files are two replays: beside paths only `journal` is of use")
        return held, None
    return Files(paths, troubles), None


def _replay(config: Config, books: Books, complete: Completion, asked: Asked, options: tuple[str, ...]) -> int:
    """The run, what it shows, and how the command ends."""
    troubles = _Troubles()
    facts = (books.base.directory.id, *books.base.feeds.ids)
    sources = tuple(s if _is_word(s) else str(Path(s).resolve()) for s in asked.sources)
    key = key_of((books.ruleset.hash, books.candidate.hash), facts, sources, options)
    with ExitStack() as stack:
        state = _state(config, asked, key, stack)
        source, contents = _source(config, asked, troubles, stack)
        pool = stack.enter_context(_pool(config, books, complete, asked))

        def told(row: ReplayRow) -> None:
            if asked.as_json and (asked.every or row["change"] in DIFFERENT or row["why"]):
                print_json({"kind": "message", **row})

        done = run(source.pieces(), source.count(), pool.rows, state, told)
        if done.whole and state is not None and asked.state is None:
            state.remove()
    if not done.whole:
        where = f"; the same command goes on from there ({state.path})" if state is not None else ""
        click.echo(f"stopped after {done.tally.messages} messages{where}", err=True)
        return 1
    unclaimed = contents.total - len(contents.claimed) if contents is not None else 0
    compared = Compared(
        books.ruleset.hash, books.candidate.hash, asked.sources, done.seconds, done.rate, asked.jobs, unclaimed
    )
    return _end(config, done, compared, asked, troubles.number)


def _end(config: Config, done: Run, compared: Compared, asked: Asked, troubles: int) -> int:
    tally = done.tally
    if asked.as_json:
        print_json({**tally.summary(), "seconds": round(done.seconds, 3), "rate": round(done.rate, 1)})
    else:
        show(console(), tally, compared)
    if asked.html is not None:
        write_report(asked.html, tally, compared, utc_now().astimezone(config.timezone))
    code = 1 if troubles else 0
    if troubles:
        click.echo(f"{troubles} could not be read and are not in these figures", err=True)
    if asked.at_most is not None and tally.new_per_1000 > asked.at_most:
        said = f"{tally.new_per_1000:.2f} of 1,000 messages would newly be stopped; {asked.at_most:g} are allowed"
        click.echo(said, err=True)
        code = 1
    return code


def _state(config: Config, asked: Asked, key: str, stack: ExitStack) -> ReplayState | None:
    path = asked.state or state_in(Path(config.data_dir), key)
    if path is None:
        return None
    try:
        state = stack.enter_context(ReplayState(path, key))
    except (BusyError, ForeignError) as error:
        raise click.UsageError(f"--state {path}: {error}") from None
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}") from None
    if state.anew:
        click.echo(f"{path} is begun anew: {state.anew}", err=True)
    if state.rows:
        click.echo(f"{len(state.rows)} messages of an earlier run are taken over from {path}", err=True)
    return state


@contextmanager
def _pool(config: Config, books: Books, complete: Completion, asked: Asked) -> Iterator[Pool]:
    """Worker processes with both rulesets, and children that open documents."""
    in_use = InUse(books.base)
    with local_extractors(asked.jobs) as extract:

        def make() -> Callable[[Piece], Coroutine[None, None, ReplayRow]]:
            judge = Judge(
                lambda: books.ruleset,
                in_use,
                Quiet(),
                time.perf_counter,
                extractor=SocketExtractor(extract, OPENABLE),
                inline=sys.maxsize,
            )
            return Twice(books.ruleset, books.candidate, judge, complete, config.timezone, asked.every).row

        # A live message has the deadline for one ruleset.
        yield Pool(runner(make), asked.jobs, 2 * config.deadline)
