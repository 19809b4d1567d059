"""`smtp-gate journal`: what was decided and answered, and whether the record is whole."""

import sys
from collections.abc import Iterator
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, Final

import click
from rich.text import Text

from smtp_gate.cli.options import config_option, json_option, print_json, settings
from smtp_gate.cli.render import console
from smtp_gate.config import Config
from smtp_gate.store.heads import is_sealed, sealed
from smtp_gate.store.journal_reader import Flaw, read, verify

COLOURS = {"accept": "green", "defer": "yellow", "quarantine": "dark_orange", "reject": "red"}
UPKEEP: Final = frozenset({"opened", "closed", "sealed"})
"""Kinds of records that the journal writes of itself."""


@click.group()
def journal() -> None:
    """Read the record of decisions."""


@journal.command()
@config_option
@json_option
@click.option("--ref", help="Only records of this message.")
@click.option(
    "--last", type=click.IntRange(min=1), default=50, show_default=True, help="How many records, from the end."
)
@click.option("--all", "every", is_flag=True, help="Also what the journal writes of itself: opened, closed, sealed.")
def show(config_file: Path | None, *, as_json: bool, ref: str | None, last: int, every: bool) -> None:
    """Show the last records, or those of one message, by time; evidence is masked as it was written.

    Times are the city's; with --json they are UTC.

    Example: smtp-gate journal show --ref 7Q3KX0M2P9RT4
    """
    config = settings(config_file)
    root = _root(config)
    items = [i for i in read(root) if isinstance(i, Flaw) or ref is None or i.fields.get("ref") == ref]
    flaws = [i for i in items if isinstance(i, Flaw)]
    found = [i.fields for i in items if not isinstance(i, Flaw)]
    # Seals come every few seconds and say nothing of mail; `verify` reads them.
    records = sorted((r for r in found if every or r.get("kind") not in UPKEEP), key=lambda r: str(r.get("time")))
    if ref is None:
        records = records[-last:]
    out = console()
    for record in records:
        if as_json:
            print_json(record)
        else:
            out.print(_line(record, config.timezone), soft_wrap=True)
    for flaw in flaws:
        click.echo(str(flaw), err=True)
    if ref is not None and not records:
        click.echo(f"no record of {ref}", err=True)
    sys.exit(1 if any(not f.by_crash for f in flaws) or (ref is not None and not records) else 0)


def _root(config: Config) -> Path:
    """The journal's folder, or the command ends saying that there is none: reading one makes none."""
    root = Path(config.data_dir) / "journal"
    if not root.is_dir():
        raise click.ClickException(f"no journal in {config.data_dir}: no gate has run with these settings")
    return root


def _line(record: dict[str, Any], zone: tzinfo) -> Text:
    """One record for a person's eye."""
    line = Text(f"{_time(str(record.get('time')), zone)} ", style="dim").append(
        f"{record.get('ref', '')} ", style="bold"
    )
    kind = record.get("kind")
    if kind == "decided":
        verdict = str(record["verdict"])
        line.append(verdict, style=COLOURS.get(verdict, ""))
        line.append(f" {record['sender'] or '<>'} -> ")
        line.append(", ".join(f"{r['address']} ({_disposition(r)})" for r in record["recipients"]))
        for finding in record["findings"]:
            mode = " shadow" if finding["mode"] == "shadow" else ""
            line.append(f"\n    {finding['rule']}{mode}: {finding['detector']} {finding['level']} ", style="default")
            line.append(f"in {finding['region']} {finding['evidence']}", style="dim")
        if record.get("account"):
            line.append(f"\n    logged in as {record['account']} ({record['proof']})", style="dim")
        for exempt in record.get("exempt", ()):
            spared = ", ".join(exempt["recipients"])
            line.append(f"\n    {exempt['rule']} spared {spared} by {exempt['by']}{_waived(exempt)}", style="default")
        for told in _unread(record):
            line.append(f"\n    {told}", style="default")
        return line
    if kind == "answered":
        late = " (late)" if record.get("late") else ""
        return line.append(f"answered {record['reply']}{late}")
    rest = {k: v for k, v in record.items() if k not in {"v", "seq", "prev", "time", "kind", "ref"}}
    return line.append(f"{kind} " + " ".join(f"{k}={v}" for k, v in rest.items()))


def _disposition(recipient: dict[str, Any]) -> str:
    """What became of a recipient's copy, and what would have with the rules in shadow; records of old know nothing of it."""
    said, would = recipient["disposition"], recipient.get("would", recipient["disposition"])
    return f"{said}, would be {would}" if would != said else str(said)


def _waived(exempt: dict[str, Any]) -> str:
    """Of a waiver: who granted it, and whether there was anything to spare."""
    if not exempt.get("ticket"):
        return ""
    used = f"{exempt['spared']} finding(s)" if exempt["spared"] else "nothing to spare"
    return f" ({exempt['ticket']}, approved by {exempt['approver']}): {used}"


def _unread(record: dict[str, Any]) -> Iterator[str]:
    """Which rules acted on content that nobody could look into, or would, and which could not look at all."""
    weights = [
        w["rule"] + (" (shadow)" if key == "shadow" else "")
        for key in ("weights", "shadow")
        for r in record["recipients"]
        for w in r.get(key, ())
        if w["cause"] == "unscannable"
    ]
    rules = ", ".join(dict.fromkeys(weights)) or "no rule acts"
    for row in record.get("unscannable", ()):
        place = f"part {row['part']}" if row["part"] else "the message"
        yield f"{rules}: unscannable ({row['reason']}) in {place}"
    for failure in record.get("failures", ()):
        mode = " (shadow)" if failure.get("mode") == "shadow" else ""
        yield f"{failure['rule']}{mode}: could not look ({failure['cause']})"


def _time(written: str, zone: tzinfo) -> str:
    """A record's time in the city's zone, with its abbreviation; as it is written where it is no time."""
    try:
        return datetime.fromisoformat(written).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %Z")
    except (ValueError, OverflowError):
        return written


@journal.command(name="verify")
@config_option
@click.option(
    "--seal", "chain_hash", help="A seal's hash as the gate logged it: check that this seal is still there too."
)
def verify_command(config_file: Path | None, chain_hash: str | None) -> None:
    """Check the hash chains and seals; ends with 1 where a record was changed, added or removed.

    Found and named: a changed octet, a line or segment that was removed, added or moved, an end that was cut, in the
    journal and in its seals. Not found: what happens to records behind the last seal, which a running gate sets every few
    seconds; and the work of somebody who may write here and makes every hash anew. Against that stands --seal, with a
    hash from a log that is kept elsewhere.

    A last line torn by a crash is told and is no flaw of the record: nothing was acknowledged on it.

    Example: smtp-gate journal verify
    """
    root = _root(settings(config_file))
    heads, pins = sealed(root)
    good, found = verify(root, heads)
    flaws = (*found, *pins)
    for flaw in flaws:
        click.echo(str(flaw), err=True)
    lost = chain_hash is not None and not is_sealed(root, chain_hash)
    if lost:
        click.echo(f"no seal {chain_hash}: seals were removed or made anew since it was logged", err=True)
    bad = [f for f in flaws if not f.by_crash]
    click.echo(f"{good} records hold, {len(bad)} flaws, {len(flaws) - len(bad)} torn by a crash")
    if not heads:
        click.echo("nothing is sealed yet, so a cut end would not show")
    sys.exit(1 if bad or lost else 0)
