"""`smtp-gate directory`: who has an address on a day, what differs between two snapshots, and a new snapshot of the source."""

import difflib
import sys
from datetime import date
from pathlib import Path

import click

from smtp_gate.adapters.clock import today_in
from smtp_gate.cli.directory_shown import (
    account_row,
    account_shown,
    change_row,
    change_shown,
    found_rows,
    found_shown,
)
from smtp_gate.cli.options import config_option, give_up, json_option, print_json, settings
from smtp_gate.cli.reload import ask_reload
from smtp_gate.cli.render import console
from smtp_gate.config import Config
from smtp_gate.core.directory import Directory
from smtp_gate.core.directory_diff import changes
from smtp_gate.core.directory_search import search
from smtp_gate.ruleset.marks import Mistake
from smtp_gate.server.directories import directory_file, load_directory, load_file, people_of
from smtp_gate.server.directory_sync import Synced, SyncRefusedError, foreseen, statuses_of, sync
from smtp_gate.store.people import NAME
from smtp_gate.store.rulesets import NoSnapshotError, Snapshots

SHOWN = 20
"""How many changes a sync prints, and how many addresses a search."""


@click.group()
def directory() -> None:
    """Look an address up as of a day, compare snapshots of the directory, take in a new one.

    Example: smtp-gate directory show Nancy.Robles@milwaukee.gov --on 2026-07-05
    """


@directory.command()
@config_option
@json_option
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), help="The day; today in the city's zone by default.")
@click.argument("address")
def show(config_file: Path | None, day: date | None, address: str, *, as_json: bool) -> None:
    """Show who has ADDRESS on a day, since when, who may send as it, and what was before and comes after.

    A name, the beginning of an address or an address outside lists the addresses that match. Ends with 1 where nobody ever had
    it and nothing matches, and names the nearest addresses.

    Example: smtp-gate directory show Nancy.Robles@milwaukee.gov --on 2026-07-05
    """
    config = settings(config_file, sample=True)
    people, mistakes = load_directory(config)
    if mistakes:
        give_up(mistakes)
    on = date(day.year, day.month, day.day) if day is not None else today_in(config.timezone)
    found = people.look_up(address, on)
    if found is None:
        _search(people, address, on, as_json=as_json)
    elif as_json:
        print_json(account_row(people, found, address, on))
    else:
        console().print(account_shown(people, found, address, on))


def _search(people: Directory, asked: str, on: date, *, as_json: bool) -> None:
    """Show the addresses that somebody may have meant; the command ends with 1 where there are none."""
    found = search(people, asked)
    near = [] if found else _nearest(people, asked.casefold())
    head = {"asked": asked, "on": on.isoformat(), "standing": "unknown"}
    if as_json:
        print_json({**head, "found": found_rows(people, found[:SHOWN], on)} if found else {**head, "nearest": near})
    elif found:
        click.echo(f"nobody ever had {asked}; these match:" if "@" in asked else f"{asked} matches:")
        console().print(found_shown(people, found[:SHOWN], on))
        if len(found) > SHOWN:
            click.echo(f"... and {len(found) - SHOWN} more")
    else:
        hint = f"; the nearest are {', '.join(near)}" if near else ""
        click.echo(f"nobody ever had {asked}{hint}", err=True)
    if not found:
        sys.exit(1)


@directory.command()
@config_option
@json_option
@click.option("--from", "old", metavar="ID|FILE", help="A snapshot or CSV file; by default what the gate has now.")
@click.option("--to", "new", metavar="ID|FILE", help="A snapshot or CSV file; by default the source as it is now.")
def diff(config_file: Path | None, old: str | None, new: str | None, *, as_json: bool) -> None:
    """Tell which accounts are new, have ended or have changed between two snapshots; nothing is written.

    Without --to it says what the next sync, or for a CSV file the next reload, would bring.

    Example: smtp-gate directory diff
    """
    config = settings(config_file)
    today = today_in(config.timezone)
    before = _in_use(config) if old is None else _named(config, old)
    after = _source(config, today) if new is None else _named(config, new)
    found = changes(before, after, today)
    for change in found:
        if as_json:
            print_json(change_row(change))
        else:
            console().print(change_shown(change), soft_wrap=True)
    if not as_json:
        counts = ", ".join(f"{sum(c.how == how for c in found)} {how}" for how in ("new", "ended", "changed"))
        click.echo(f"{counts} of {len(after.entries)} stretches of accounts" if found else "no account differs")


@directory.command("sync")
@config_option
@click.option("--dry-run", "dry", is_flag=True, help="Read and compare, and write nothing.")
@click.option("--force", is_flag=True, help="Take a source that has lost more accounts than `keep_at_least` allows.")
def sync_command(config_file: Path | None, *, dry: bool, force: bool) -> None:
    """Read the source, make a new snapshot of it, and ask a running gate to load that.

    Every entry that cannot be used is named; then nothing changes, the last good snapshot stays, and it ends with 1.

    Example: smtp-gate directory sync --dry-run
    """
    config = settings(config_file)
    try:
        done = sync(config, today_in(config.timezone), force=force, dry=dry, statuses=statuses_of(config))
    except SyncRefusedError as refused:
        for reason in refused.reasons:
            click.echo(reason, err=True)
        click.echo("nothing has changed", err=True)
        sys.exit(1)
    except OSError as error:
        raise click.ClickException(f"the snapshot could not be written: {error.strerror}") from None
    _tell(done, dry=dry)
    if done.is_new and not dry:
        _reload(config)


def _tell(done: Synced, *, dry: bool) -> None:
    out = console()
    for warning in done.warnings:
        click.echo(f"warning: {warning}", err=True)
    for change in done.changes[:SHOWN]:
        out.print(change_shown(change), soft_wrap=True)
    if len(done.changes) > SHOWN:
        click.echo(f"... and {len(done.changes) - SHOWN} more")
    counts = ", ".join(f"{done.count(how)} {how}" for how in ("new", "ended", "changed"))
    if not done.is_new:
        click.echo(f"{done.accounts} current accounts, nothing new; the snapshot in use stays {done.snapshot}")
    elif dry:
        click.echo(f"{done.accounts} current accounts: {counts}; nothing was written")
    else:
        click.echo(f"{done.accounts} current accounts: {counts}; snapshot {done.snapshot}")


def _reload(config: Config) -> None:
    """Ask the running gate to load the snapshot; the command ends with 1 where it does not."""
    answer = ask_reload(config, "directory sync")
    if answer is None:
        click.echo("no gate runs; the next start loads it")
    elif answer["reasons"]:
        for reason in answer["reasons"]:
            click.echo(reason, err=True)
        click.echo("the gate did not load it and goes on as before: mend that, then `smtp-gate reload`", err=True)
        sys.exit(1)
    else:
        click.echo("in use in every worker")


def _nearest(people: Directory, asked: str) -> list[str]:
    """The addresses most like one that nobody has; in its own domain where there is such a one."""
    local, at, domain = asked.rpartition("@")
    there = [key.rpartition("@")[0] for key in people.by_address if key.endswith(at + domain)] if at else []
    if there:
        return [name + at + domain for name in difflib.get_close_matches(local, there)]
    return difflib.get_close_matches(asked, people.by_address)


def _source(config: Config, today: date) -> Directory:
    """The directory as its source is now."""
    if config.directory is None:
        raise click.UsageError("the settings name no directory")
    if not config.directory.is_synced:
        return _good(load_directory(config))
    try:
        return foreseen(config, today, statuses=statuses_of(config))
    except SyncRefusedError as refused:
        raise click.ClickException("\n".join(refused.reasons)) from None


def _in_use(config: Config) -> Directory:
    """What the gate has now: the last sync's snapshot, or the file as it was when it was last loaded."""
    if config.directory is not None and config.directory.is_synced:
        return _good(load_file(directory_file(config), config.timezone))
    folder = Path(config.data_dir) / "rulesets"
    if not folder.is_dir():
        raise _nothing_before()
    snapshots = Snapshots(folder)
    try:
        return _good(load_file(snapshots.get(snapshots.current()).directory, config.timezone))
    except NoSnapshotError:
        raise _nothing_before() from None


def _nothing_before() -> click.UsageError:
    said = "no gate has run with these settings yet, so name an older copy of the file to compare with"
    return click.UsageError(said + ", like `smtp-gate directory diff --from directory-of-june.csv`")


def _named(config: Config, named: str) -> Directory:
    """A snapshot by its id or the beginning of it, or a CSV file."""
    people = people_of(config)
    some = [n for n in people.names() if n.startswith(named[:16])] if named and NAME.match(named.ljust(16, "0")) else []
    if len(some) == 1:
        return _good(load_file(people.path(some[0]), config.timezone))
    if Path(named).is_file():
        return _good(load_file(Path(named), config.timezone))
    known = ", ".join(people.names())
    raise click.UsageError(f"no snapshot and no file {named!r}" + (f"; snapshots are {known}" if known else ""))


def _good(loaded: tuple[Directory, tuple[Mistake, ...]]) -> Directory:
    people, mistakes = loaded
    if mistakes:
        give_up(mistakes)
    return people
