"""`smtp-gate ruleset list|diff|rollback`: the rulesets that were in use, what differs between two, and the way back."""

import contextlib
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypedDict
from zoneinfo import ZoneInfo

import click
from rich.table import Table
from rich.text import Text

from smtp_gate.cli.options import config_option, json_option, print_json, rollback_note, settings, show_mistakes
from smtp_gate.cli.reload import ask_keeper, conclude
from smtp_gate.cli.render import console
from smtp_gate.config import Config
from smtp_gate.ruleset.changes_told import line
from smtp_gate.ruleset.differences import Change
from smtp_gate.server.at_rest import roll_back_at_rest
from smtp_gate.server.comparing import CURRENT, FILES, Compared, compare, side, sources
from smtp_gate.server.rollback import snapshots_of
from smtp_gate.store.rulesets import Kept, NoSnapshotError, Snapshots

SHORT: Final = len("sha256:") + 12
_COLOURS: Final = {"+": "green", "-": "red", "~": "yellow"}


class RulesetRow(TypedDict):
    """One ruleset of `ruleset list`; times are ISO 8601 in UTC."""

    name: str
    ruleset: str
    rules: int
    first_used: str
    last_used: str
    current: bool
    rolled_back: bool


@click.group()
def ruleset() -> None:
    """The rulesets that were in use: list them, see what differs, go back to one.

    Example: smtp-gate ruleset diff
    """


@ruleset.command("list")
@config_option
@json_option
def list_(config_file: Path | None, *, as_json: bool) -> None:
    """List the rulesets that are kept, that in use first: name, hash, rules, and when it was first and last taken into use.

    Example: smtp-gate ruleset list -c my-city/config/smtp-gate.yaml
    """
    config = settings(config_file)
    snapshots = snapshots_of(config)
    rows = [] if snapshots is None else _rows(snapshots)
    if as_json:
        for row in rows:
            print_json(row)
        return
    if not rows:
        click.echo("no ruleset is kept yet: `smtp-gate serve` keeps the first")
        return
    used = "in use" if ask_keeper(config, {"do": "status"}) is not None else "in use last, no gate runs"
    table = Table(show_edge=False, header_style="dim", pad_edge=False)
    for column in ("name", "hash", "rules", "first used", "last used", ""):
        table.add_column(column, justify="right" if column == "rules" else "left")
    for row in rows:
        marks = [word for word, is_so in ((used, row["current"]), ("rolled back to", row["rolled_back"])) if is_so]
        first, last = (_day(at, config.timezone) for at in (row["first_used"], row["last_used"]))
        style = "bold" if row["current"] else ""
        table.add_row(
            row["name"], row["ruleset"][:SHORT], str(row["rules"]), first, last, ", ".join(marks), style=style
        )
    console().print(table)
    note = rollback_note(config)
    if note:
        click.echo(note)


@ruleset.command()
@config_option
@json_option
@click.option("--exit-code", is_flag=True, help="End with 1 where anything differs.")
@click.argument("one", metavar="[A]", default=CURRENT)
@click.argument("other", metavar="[B]", default=FILES)
def diff(config_file: Path | None, one: str, other: str, *, as_json: bool, exit_code: bool) -> None:
    """Show what differs from A to B, rule by rule and key by key.

    A and B are names or hashes of `ruleset list` or the beginning of one, `current` for the ruleset in use, or `files` for what the
    files say now. Left out: what a reload would change.

    Example: smtp-gate ruleset diff current files --exit-code
    """
    config = settings(config_file)
    snapshots = snapshots_of(config)
    try:
        done = compare(side(config, snapshots, one), side(config, snapshots, other))
    except (NoSnapshotError, OSError) as error:
        raise click.UsageError(str(error)) from None
    wrong = (*done.before.mistakes, *done.after.mistakes)
    show_mistakes(wrong)
    _show_json(done) if as_json else _show(done)
    differs = bool(done.changes or done.beside)
    sys.exit(1 if wrong or (exit_code and differs) else 0)


@ruleset.command()
@config_option
@json_option
@click.argument("name", metavar="[NAME]", default="")
def rollback(config_file: Path | None, name: str, *, as_json: bool) -> None:
    """Go back to the packs of an earlier ruleset, in every worker at once; to the one before where NAME is left out.

    Directory, feeds and settings stay those of now. It holds, also over a restart, until a pack file changes on disk or
    somebody says `smtp-gate reload`. Where no gate runs, it takes effect when one starts; where NAME is left out then, and the
    files are not those that were in use last, it goes back to these.

    Example: smtp-gate ruleset rollback -c my-city/config/smtp-gate.yaml
    """
    config = settings(config_file)
    answer = ask_keeper(config, {"do": "rollback", "to": name})
    if answer is None:
        _at_rest(config, name, as_json=as_json)
        return
    conclude(answer, as_json=as_json)


def _at_rest(config: Config, name: str, *, as_json: bool) -> None:
    try:
        wanted = roll_back_at_rest(config, name)
    except (NoSnapshotError, OSError) as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise click.ClickException(f"not rolled back: {said}") from None
    if as_json:
        print_json({"rolled_back": wanted.name, "ruleset": wanted.ruleset, "running": False})
    else:
        click.echo(f"no gate runs; the next start uses the packs of {wanted.name}, unless a pack file changes before")


def _rows(snapshots: Snapshots) -> list[RulesetRow]:
    pin = snapshots.history.pin()
    pinned = ""
    if pin is not None:
        with contextlib.suppress(NoSnapshotError):
            pinned = snapshots.get(pin.name).content
    rows = [_row(snapshots, kept, pinned) for kept in snapshots.kept()]
    # One that was rolled back to under other settings holds the same packs as the one in use; one of them is enough.
    if any(row["current"] and row["rolled_back"] for row in rows):
        return [RulesetRow(**{**row, "rolled_back": row["rolled_back"] and row["current"]}) for row in rows]
    return rows


def _row(snapshots: Snapshots, kept: Kept, pinned: str) -> RulesetRow:
    try:
        rules = sum(len(source.items("rules")) for source in sources(snapshots.get(kept.name)))
    except NoSnapshotError:
        rules = 0
    return RulesetRow(
        name=kept.name,
        ruleset=kept.ruleset,
        rules=rules,
        first_used=datetime.fromtimestamp(kept.first, UTC).isoformat(timespec="seconds"),
        last_used=datetime.fromtimestamp(kept.last, UTC).isoformat(timespec="seconds"),
        current=kept.name == snapshots.current(),
        rolled_back=kept.content == pinned,
    )


def _day(value: str, zone: ZoneInfo) -> str:
    return datetime.fromisoformat(value).astimezone(zone).strftime("%Y-%m-%d %H:%M")


def _show(done: Compared) -> None:
    out = console()
    if not done.changes and not done.beside:
        out.print(f"nothing differs between {done.before.name} and {done.after.name}")
        return
    out.print(Text(f"from {done.before.name} to {done.after.name}", style="dim"))
    for change in done.changes:
        out.print(_line(change), soft_wrap=True)
    for key, before, after in done.beside:
        # Digests say nothing to people; the directory has a diff of its own.
        is_file = key == "directory" or key.startswith(("edm ", "feeds "))
        said = "changed" if is_file else f"{_short(before)} -> {_short(after)}"
        out.print(Text("~ ", style="yellow").append(f"setting {key}: {said}", style="default"), soft_wrap=True)


def _line(change: Change) -> Text:
    sign, _, said = line(change).partition(" ")
    return Text(f"{sign} ", style=f"bold {_COLOURS[sign]}").append(said, style="default not bold")


def _short(value: str) -> str:
    return value if len(value) <= 60 else f"{value[:57]}..."


def _show_json(done: Compared) -> None:
    for change in done.changes:
        print_json(change_row(change))
    for key, before, after in done.beside:
        print_json({"kind": "setting", "name": key, "key": "value", "sign": "~", "before": before, "after": after})


def change_row(change: Change) -> dict[str, object]:
    """A change as plain values; `before` and `after` as JSON text, empty for what is not there."""
    return {
        "kind": str(change.kind),
        "name": change.name,
        "key": change.key,
        "sign": change.sign,
        "before": change.before,
        "after": change.after,
    }
