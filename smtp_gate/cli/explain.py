"""`smtp-gate explain`: judge mail that lies in files, with the code that judges live, and enact nothing."""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from datetime import time as time_of_day
from pathlib import Path as FilePath
from typing import Any

import click
from rich.progress import Progress

from smtp_gate.adapters.clock import utc_now
from smtp_gate.adapters.extractor import SocketExtractor
from smtp_gate.cli.mailfiles import MailFile, files_below, messages_in
from smtp_gate.cli.options import config_option, json_option, print_json, rulebook, settings, tell_mode
from smtp_gate.cli.policy import where_overridden
from smtp_gate.cli.quiet import Quiet
from smtp_gate.cli.render import PAST, WHY, console, explanation, show_row, why
from smtp_gate.cli.why_rule import Case, why_rule
from smtp_gate.config import Config, ListenerSettings
from smtp_gate.core import answer
from smtp_gate.core.message import Client, Direction, Envelope, Message, Path, Proof, Recipient
from smtp_gate.core.record import finding_rows, unscannable_rows
from smtp_gate.core.verdict import Disposition, Judgement
from smtp_gate.judge import Judge
from smtp_gate.reading.kinds import OPENABLE
from smtp_gate.reading.limits import Limits
from smtp_gate.reading.paths import parse_address
from smtp_gate.reading.reader import read
from smtp_gate.ruleset.marks import nearest
from smtp_gate.ruleset.reasons import Shown, shown_for
from smtp_gate.server.extractors import local_extractors
from smtp_gate.server.rules import InUse
from smtp_gate.server.settings import listener_of

NOBODY = Path(b"undisclosed-recipients@invalid", "undisclosed-recipients", "invalid")


@dataclass(frozen=True, slots=True)
class Said:
    """The envelope as the command line gives it; empty where the headers decide."""

    sender: Path | None
    recipients: tuple[Path, ...]
    on: datetime | None
    login: str = ""


@click.command()
@config_option
@click.option(
    "--from", "sender", metavar="A", help="The envelope sender; the message's From where it is left out; <> for none."
)
@click.option(
    "--to", "recipients", metavar="B", multiple=True, help="An envelope recipient; To and Cc where none is given."
)
@click.option("--login", metavar="A", default="", help="The account that has logged in, as if it had proven that.")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="Judge as of this day, at noon.")
@click.option("--rule", "only", metavar="ID", help="Show what this one rule saw, nearly saw and asked, and why.")
@json_option
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=FilePath))
def explain(  # noqa: PLR0913 - one parameter an option of the contract
    *,
    config_file: FilePath | None,
    sender: str | None,
    recipients: tuple[str, ...],
    login: str,
    on: datetime | None,
    only: str | None,
    as_json: bool,
    paths: tuple[FilePath, ...],
) -> None:
    """Judge .eml files, mbox files, Maildirs or folders, and say why; nothing is relayed, held or journalled.

    A folder means every file below it. Ends with 1 only where a PATH could not be read.

    Rules that spare somebody ask who has logged in: say --login to see what they would do. With --json, --rule adds `why`, what
    the text shows of that rule, line by line.

    Example: smtp-gate explain --from dokafor@milwaukee.gov --login dokafor@milwaukee.gov --to lee@example.org letter.eml
    """
    config = settings(config_file, sample=True)
    book = rulebook(config)
    if not as_json:
        tell_mode(config)
    if only is not None and book.ruleset is not None and only not in {r.id for r in book.ruleset.rules}:
        hint = nearest(only, {r.id for r in book.ruleset.rules})
        raise click.UsageError(f"no rule {only!r}; {hint}; `smtp-gate policy` lists them")
    if only is not None and only in book.loaded.overridden and not as_json:
        click.echo(f"{only} is overridden: {where_overridden(book.loaded.overridden[only])}")
    to = tuple(p for p in (address_option("--to", r) for r in recipients) if p)
    said = Said(address_option("--from", sender), to, noon(on, config), login)
    in_use = InUse(book)
    with local_extractors(1) as extract:
        extractor = SocketExtractor(extract, OPENABLE)
        judge = Judge(
            lambda: in_use.ruleset, in_use, Quiet(), time.perf_counter, extractor=extractor, inline=sys.maxsize
        )
        failures = asyncio.run(_all(judge, config, said, paths, only=only, as_json=as_json))
    sys.exit(1 if failures else 0)


def address_option(option: str, text: str | None) -> Path | None:
    """The address that an option gives, None where it is left out; the command ends where it is none."""
    if text is None:
        return None
    if text in {"<>", ""}:
        return Path(b"")
    path = parse_address(text.removeprefix("<").removesuffix(">"))
    if path is None:
        raise click.BadParameter(f"{text!r} is not an address", param_hint=option)
    return path


def noon(on: datetime | None, config: Config) -> datetime | None:
    """Noon of that day in the city's zone."""
    if on is None:
        return None
    return datetime.combine(on.date(), time_of_day(12), config.timezone).astimezone(UTC)


async def _all(
    judge: Judge, config: Config, said: Said, paths: tuple[FilePath, ...], *, only: str | None, as_json: bool
) -> int:
    """Judge every message of every path; returns how many paths could not be read."""
    failures = 0
    judged: Counter[Disposition] = Counter()
    files: list[FilePath] = []
    for path in paths:
        try:
            files += files_below(path)
        except OSError as error:
            failures += 1
            click.echo(f"{path}: {error.strerror}", err=True)
    many = len(files) > 20
    with Progress(console=console(stderr=True), disable=not (many and sys.stderr.isatty()), transient=True) as progress:
        bar = progress.add_task("judging", total=len(files))
        for file in files:
            try:
                for mail in messages_in(file):
                    judged[await _one(judge, config, said, mail, only=only, as_json=as_json)] += 1
            except OSError as error:
                failures += 1
                click.echo(f"{file}: {error.strerror}", err=True)
            progress.advance(bar)
    if judged.total() > 1 and not as_json:
        click.echo(f"{judged.total()} judged: {_counts(judged)}", err=True)
    return failures


def _counts(judged: Counter[Disposition]) -> str:
    return ", ".join(f"{judged[d]} {PAST[d]}" for d in sorted(judged))


async def _one(
    judge: Judge, config: Config, said: Said, mail: MailFile, *, only: str | None, as_json: bool
) -> Disposition:
    message = as_message(mail.content, config, said)
    started = time.perf_counter()
    judgement = await judge.judge(message)
    seconds = time.perf_counter() - started
    if as_json and only is None:
        print_json(_row(mail.label, message, judgement, seconds, only))
        return judgement.verdict.strictest
    view, _ = await judge.view(message, judge.ruleset())
    verdict, ruleset, out = judgement.verdict, judge.ruleset(), console()
    asked = next((r for r in ruleset.rules if r.id == only), None)
    if as_json and asked is not None:
        reasons = why_rule(Case(view, judgement, ruleset, shown_for(asked, ruleset.engine, view)), asked)
        said_of_it = [f"{r.said} | {r.line}" if r.line else r.said for r in reasons]
        print_json({**_row(mail.label, message, judgement, seconds, only), "why": said_of_it})
        return verdict.strictest
    # A detector's findings are shown in their lines, and for that what else stands there must be known and covered.
    found = any(f.detector for r in verdict.results for f in r.findings)
    shown = shown_for(asked, ruleset.engine, view) if asked else Shown(ruleset.engine.scan(view.texts) if found else ())
    out.print(explanation(message, verdict, view, label=mail.label, shown=shown))
    if judgement.protection.by:
        out.print(f"  encrypted: {judgement.protection}", style="dim")
    for sentence in why(verdict):
        if only is None or sentence.startswith(f"{only} "):
            out.print(f"  {sentence}", style="dim")
    if asked is not None:
        for row in why_rule(Case(view, judgement, ruleset, shown), asked):
            show_row(out, row, WHY)
    return verdict.strictest


def as_message(content: bytes, config: Config, said: Said) -> Message:
    """A message as the first outbound listener would have taken it, the envelope from the options or the headers."""
    listener = listener_of(config, first_outbound(config))
    blank = Message("explain", Envelope(NOBODY, (), Client("127.0.0.1"), listener), content, said.on or utc_now())
    view = read(blank, Limits(text=256 * 1024), {}) if said.sender is None or not said.recipients else None
    sender = said.sender
    if sender is None and view is not None:
        sender = next(_paths(view.mailboxes_of("from")), Path(b""))
    recipients = said.recipients
    if not recipients and view is not None:
        fields = ("to", "cc", "bcc")
        recipients = tuple(dict.fromkeys(p for f in fields for p in _paths(view.mailboxes_of(f)))) or (NOBODY,)
    client = client_of(config, said.login)
    envelope = Envelope(sender or Path(b""), tuple(Recipient(p) for p in recipients), client, listener)
    return Message("explain", envelope, content, blank.received)


def first_outbound(config: Config) -> ListenerSettings:
    """The listener that files are judged for; one that stops nothing only where there is no other."""
    outbound = (s for s in config.listeners if s.direction is Direction.OUTBOUND)
    return next(outbound, config.listeners[0])


def client_of(config: Config, login: str) -> Client:
    """A client that has logged in as the account, in the listener's domain where the name has none; empty: nobody has."""
    if not login:
        return Client("127.0.0.1")
    domain = first_outbound(config).login_domain
    return Client("127.0.0.1", account=f"{login}@{domain}" if domain and "@" not in login else login, proof=Proof.AUTH)


def _paths(boxes: Any) -> Iterator[Path]:  # noqa: ANN401 - mailboxes of a view; only their address is used
    return (p for p in (parse_address(b.address) for b in boxes if b.address) if p is not None)


def _row(label: str, message: Message, judgement: Judgement, seconds: float, only: str | None) -> dict[str, object]:
    """The object of DESIGN.md's command line, one a message."""
    verdict = judgement.verdict
    reply = answer.foretold(message, verdict)
    pairs = zip(message.envelope.recipients, verdict.rulings, strict=True)
    return {
        "path": label,
        "message_id": judgement.message_id,
        "ruleset": judgement.ruleset,
        "verdict": verdict.strictest.word,
        "recipients": {r.path.address: ruling.disposition.word for r, ruling in pairs},
        "reply": str(reply) if reply is not None else None,
        "findings": [f for f in finding_rows(verdict) if only is None or f["rule"] == only],
        "unscannable": unscannable_rows(judgement.unscannable),
        "defects": list(judgement.defects),
        "seconds": round(seconds, 6),
    }
