"""`smtp-gate waiver`: what exceptions there are and whether anybody uses them, a new one, and the end of one."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from smtp_gate.adapters.clock import today_in
from smtp_gate.cli.options import config_option, json_option, print_json, rulebook, settings, shorten
from smtp_gate.cli.render import console
from smtp_gate.cli.waiver_change import Change, carry_out, default_file, packs_of
from smtp_gate.config import Config
from smtp_gate.core.scope import ANYONE, Who
from smtp_gate.core.sparing import Waiver
from smtp_gate.ruleset.waiver_checks import REVOKED
from smtp_gate.ruleset.waiver_edit import CannotEditError, ended, with_waiver
from smtp_gate.store.journal_reader import Record, read

COLOURS = {"in force": "green", "expired": "red", "revoked": "red", "to come": "yellow"}


@dataclass(frozen=True, slots=True)
class Use:
    """How many messages a waiver has spared something of, and when last (UTC, ISO 8601; empty: never)."""

    count: int = 0
    last: str = ""


@click.group()
def waiver() -> None:
    """Exceptions that were granted: list, show, add, revoke.

    Example: smtp-gate waiver list --expiring 30
    """


@waiver.command(name="list")
@config_option
@json_option
@click.option("--expiring", type=click.IntRange(min=0), metavar="DAYS", help="Only those that end within so many days.")
def list_command(config_file: Path | None, *, as_json: bool, expiring: int | None) -> None:
    """List waivers with their last day and their use, as the journal has it; those that end first stand first.

    A use is a message that the rule would have acted on; mail with nothing to spare is none.

    Example: smtp-gate waiver list --expiring 30 --json
    """
    config = settings(config_file)
    today, used = today_in(config.timezone), _uses(config)
    found = sorted(_waivers(config), key=lambda w: (w.expires, w.id))
    if expiring is not None:
        found = [w for w in found if 0 <= (w.expires - today).days <= expiring]
    if as_json:
        for one in found:
            print_json(_row(one, today, used))
        return
    table = Table(show_edge=False, header_style="dim", pad_edge=False)
    for column in ("waiver", "rule", "for", "state", "last day", "uses", "last use", "owner"):
        table.add_column(column, overflow="fold")
    for one in found:
        state = _state(one, today)
        use = _use(one, used)
        told = (str(use.count), use.last[:10]) if used is not None and use is not None else ("?", "")
        left = f" ({(one.expires - today).days} days)" if state == "in force" else ""
        shown = Text(state, style=COLOURS[state])
        table.add_row(one.id, one.rule, _scope(one), shown, f"{one.expires}{left}", *told, one.owner)
    console().print(table if found else "no waivers")


@waiver.command()
@config_option
@json_option
@click.argument("name", metavar="ID")
def show(config_file: Path | None, *, as_json: bool, name: str) -> None:
    """Show one waiver: whom it is for, who granted it and why, and its use.

    Example: smtp-gate waiver show EX-14
    """
    config = settings(config_file)
    one = _named(_waivers(config), name)
    row = _row(one, today_in(config.timezone), _uses(config))
    if as_json:
        print_json(row)
        return
    table = Table.grid(padding=(0, 2))
    for key, value in row.items():
        said = ", ".join(value) if isinstance(value, list) else "not known" if value is None else str(value)
        table.add_row(Text(key.replace("_", " "), style="dim"), Text(said))
    console().print(table)


@waiver.command()
@config_option
@click.option("--rule", required=True, help="The rule that is switched off.")
@click.option("--sender", "senders", multiple=True, help="Who has logged in: address, group:NAME, domain:D, internal.")
@click.option("--recipients", multiple=True, help="To whom, in the same words.")
@click.option("--owner", required=True, help="Who answers for it.")
@click.option("--approver", required=True, help="Who granted it; another than the owner.")
@click.option("--ticket", required=True, help="Where it was asked for.")
@click.option("--reason", required=True, help="Why.")
@click.option("--expires", required=True, type=click.DateTime(["%Y-%m-%d"]), help="Its last day.")
@click.option("--starts", type=click.DateTime(["%Y-%m-%d"]), help="Its first day; at once, where it is left out.")
@click.option("--id", "name", help="Its name; made from the ticket where it is left out.")
@click.option(
    "--file", type=click.Path(path_type=Path, dir_okay=False), help="Which pack; waivers.yaml beside the packs."
)
@click.option("--yes", is_flag=True, help="Also where `check` would warn of it.")
def add(  # noqa: PLR0913 - one parameter a field of a waiver
    *,
    config_file: Path | None,
    rule: str,
    senders: tuple[str, ...],
    recipients: tuple[str, ...],
    owner: str,
    approver: str,
    ticket: str,
    reason: str,
    expires: datetime,
    starts: datetime | None,
    name: str | None,
    file: Path | None,
    yes: bool,
) -> None:
    """Add a waiver to a pack: checked with all rules first, journalled, then taken up by a running gate.

    The rest of the file stays as it is. Ends with 1, and writes nothing, where `check` would refuse it or warn of it.

    Example: smtp-gate waiver add --rule pii.ssn --sender cdiaz@milwaukee.gov --recipients domain:irs.gov --owner comptroller --approver cio --ticket RITS-991 --reason "W-2 filing" --expires 2027-03-31
    """
    config = settings(config_file)
    chosen = (file or default_file(config)).resolve()
    fields: dict[str, str | list[str]] = {"id": name or ticket, "rule": rule}
    for key, people in (("sender", senders), ("recipients", recipients)):
        if people:
            fields[key] = people[0] if len(people) == 1 else list(people)
    fields |= {"owner": owner, "approver": approver, "ticket": ticket, "reason": reason}
    fields |= {"starts": starts.date().isoformat()} if starts is not None else {}
    fields["expires"] = expires.date().isoformat()
    old = chosen.read_bytes() if chosen.is_file() else None
    try:
        new = with_waiver(old or b"", fields)
    except CannotEditError as error:
        raise click.ClickException(f"{shorten(str(chosen))}: {error}; name another --file") from None
    to = " ".join(f"{key}={fields[key]}" for key in ("sender", "recipients") if key in fields)
    detail = f"{fields['id']}: {rule} {to}, until {fields['expires']}, {ticket}, approved by {approver}"
    told = carry_out(config, Change(chosen, old, new, "waiver_added", detail), yes=yes)
    click.echo(f"{fields['id']} stands in {shorten(str(chosen))}; " + "; ".join(told))


@waiver.command()
@config_option
@click.option("--reason", default="", help="Why; it is noted in the file and in the journal.")
@click.argument("name", metavar="ID")
def revoke(config_file: Path | None, *, reason: str, name: str) -> None:
    """End a waiver now: its last day becomes yesterday, and the file keeps it with a note.

    Example: smtp-gate waiver revoke EX-14 --reason "the contract is over"
    """
    config = settings(config_file)
    one, today = _named(_waivers(config), name), today_in(config.timezone)
    if one.expires < today:
        raise click.ClickException(f"{name} has ended on {one.expires} already")
    note = f"{REVOKED} {today}" + (f": {reason}" if reason else "")
    for file in packs_of(config):
        old = file.read_bytes()
        try:
            new = ended(old, name, (today - timedelta(1)).isoformat(), note)
        except KeyError:
            continue
        except CannotEditError as error:
            raise click.ClickException(f"{shorten(str(file))}: {error}; change it by hand") from None
        change = Change(file.resolve(), old, new, "waiver_revoked", f"{name}: {one.rule}, {note}")
        told = carry_out(config, change, yes=True)
        click.echo(f"{name} ended yesterday, in {shorten(str(file))}; " + "; ".join(told))
        return
    raise click.ClickException(f"no pack holds {name} in a form that can be changed")


def _waivers(config: Config) -> tuple[Waiver, ...]:
    ruleset = rulebook(config).ruleset
    return ruleset.waivers if ruleset is not None else ()


def _named(waivers: Iterable[Waiver], name: str) -> Waiver:
    found = {w.id: w for w in waivers}
    if name not in found:
        click.echo(f"no waiver {name!r}; `smtp-gate waiver list` shows them", err=True)
        sys.exit(1)
    return found[name]


def _uses(config: Config) -> dict[tuple[str, str], Use] | None:
    """The uses by waiver and rule, from the whole journal; None where there is none to read."""
    root = Path(config.data_dir) / "journal"
    if not root.is_dir():
        return None
    uses: dict[tuple[str, str], Use] = {}
    for item in read(root):
        if not isinstance(item, Record) or item.fields.get("kind") != "decided":
            continue
        for exempt in item.fields.get("exempt", ()):
            # Records of before said nothing of what was spared: mail that was merely covered is no use.
            if exempt.get("spared"):
                key = (str(exempt.get("by")), str(exempt.get("rule")))
                use = uses.get(key, Use())
                uses[key] = Use(use.count + 1, max(use.last, str(item.fields.get("time", ""))))
    return uses


def _use(one: Waiver, used: dict[tuple[str, str], Use] | None) -> Use | None:
    return None if used is None else used.get((one.id, one.rule), Use())


def _state(one: Waiver, today: date) -> str:
    if one.expires < today:
        return "revoked" if one.note.startswith(REVOKED) else "expired"
    return "in force" if one.holds(today) else "to come"


def _scope(one: Waiver) -> str:
    senders = "" if one.scope.senders == ANYONE else ", ".join(map(str, one.scope.senders))
    recipients = "" if one.scope.recipients == ANYONE else " to " + ", ".join(map(str, one.scope.recipients))
    return (senders or "anyone logged in") + recipients


def _row(one: Waiver, today: date, used: dict[tuple[str, str], Use] | None) -> dict[str, object]:
    use = _use(one, used)
    return {
        "id": one.id,
        "rule": one.rule,
        "sender": _names(one.scope.senders),
        "recipients": _names(one.scope.recipients),
        "state": _state(one, today),
        "starts": "" if one.starts is None else one.starts.isoformat(),
        "expires": one.expires.isoformat(),
        "days_left": max((one.expires - today).days, 0),
        "owner": one.owner,
        "approver": one.approver,
        "ticket": one.ticket,
        "reason": one.reason,
        "note": one.note,
        "uses": None if use is None else use.count,
        "last_use": None if use is None else use.last,
    }


def _names(people: tuple[Who, ...]) -> list[str]:
    return [] if people == ANYONE else [str(who) for who in people]
