"""A change of a file of waivers as one transaction: checked with the whole ruleset, journalled, then in its place at once."""

import asyncio
import contextlib
import getpass
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import click

from smtp_gate.adapters.clock import today_in, utc_now
from smtp_gate.cli.options import give_up, rollback_note, shorten, show_mistakes
from smtp_gate.cli.reload import ask_keeper, ask_reload
from smtp_gate.config import Config, pack_paths
from smtp_gate.ruleset.marks import Mistake
from smtp_gate.ruleset.packs import CASES, pack_files, shipped_rules
from smtp_gate.server.rules import load_rulebook
from smtp_gate.store.files import sync_directory, write_all
from smtp_gate.store.journal import SegmentJournal
from smtp_gate.store.journal_records import EventRecord


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of a file, and how the journal says it; `old` is None where there is no file yet."""

    file: Path
    old: bytes | None
    new: bytes
    what: str
    detail: str


def packs_of(config: Config) -> list[Path]:
    """The files of all packs."""
    return [p for p in pack_files(pack_paths(config)) if isinstance(p, Path)]


def default_file(config: Config) -> Path:
    """`waivers.yaml` beside the packs, or the command ends saying that there is no folder for it."""
    # The installation's own packs are nobody's to write in.
    folder = next((p for p in config.rules if p.is_dir() and p != shipped_rules()), None)
    if folder is None:
        raise click.UsageError("`rules` in the settings names no folder of yours: say --file FILE")
    return folder / "waivers.yaml"


def carry_out(config: Config, change: Change, *, yes: bool) -> list[str]:
    """Check, journal and write; what there is to say afterwards. The command ends with 1 where the change is refused.

    A warning that the change brings along refuses it as well, unless the caller says yes to it.
    """
    _is_read(config, change.file)
    rolled_back = rollback_note(config)
    if rolled_back and not yes:
        raise click.ClickException(f"{rolled_back}; this would end it: see to the packs first, or say --yes")
    with _candidate(change) as temporary:
        _check(config, change, temporary, yes=yes)
        told = _record(config, change)
        if _octets(change.file) != change.old:
            raise click.ClickException(f"{shorten(str(change.file))} has changed meanwhile; nothing was written")
        temporary.rename(change.file)
        sync_directory(change.file.parent)
    return [told, _reloaded(config)]


def _is_read(config: Config, file: Path) -> None:
    """End the command where the gate would never read this file."""
    inside = [file.relative_to(p.resolve()).parts for p in pack_paths(config) if file.is_relative_to(p.resolve())]
    hidden = any(part.startswith(".") or part == CASES for parts in inside[:1] for part in parts)
    named = any(file == p.resolve() for p in pack_paths(config))
    if not named and (not inside or hidden or file.suffix not in {".yaml", ".yml"}):
        raise click.UsageError(f"no gate reads {shorten(str(file))}: it stands in no folder that `rules` names")


@contextlib.contextmanager
def _candidate(change: Change) -> Iterator[Path]:
    """The new file beside the old one, durable, under a name that no gate reads; gone in the end, or renamed."""
    temporary = change.file.with_name(f".{change.file.name}.new")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    except FileExistsError:
        raise click.ClickException(
            f"somebody else changes it: {shorten(str(temporary))} is there; if nobody does, remove it"
        ) from None
    try:
        try:
            write_all(descriptor, change.new)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if change.old is not None:
            _as_readable(change.file, temporary)
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def _as_readable(old: Path, new: Path) -> None:
    """Give the new file the mode and, as far as we may, the owner of the old one: whoever runs the gate must read it."""
    state = old.stat()
    for owner in (state.st_uid, -1):
        with contextlib.suppress(PermissionError):
            os.chown(new, owner, state.st_gid)
            break
    shutil.copymode(old, new)


def _check(config: Config, change: Change, temporary: Path, *, yes: bool) -> None:
    """End the command where the whole ruleset does not load with the change, or has new warnings and nobody says yes."""
    today = today_in(config.timezone)
    before = {(m.file, m.message) for m in load_rulebook(config, today, test=False).mistakes}
    files = packs_of(config)
    others = tuple(p for p in files if p.resolve() != change.file)
    candidate = config.model_copy(update={"rules": (*others, temporary)})
    found = [_named(m, temporary, files, change.file) for m in load_rulebook(candidate, today).mistakes]
    errors = [m for m in found if m.is_error]
    if errors:
        click.echo("refused: nothing was written", err=True)
        give_up(errors)
    news = [m for m in found if (m.file, m.message) not in before and _is_ours(m, change)]
    show_mistakes(news)
    if news and not yes:
        click.echo("nothing was written; say --yes if it is meant so", err=True)
        raise click.exceptions.Exit(1)


def _named(mistake: Mistake, temporary: Path, files: list[Path], file: Path) -> Mistake:
    """A mistake of the candidate under the name of the file that it will be."""
    known = next((p for p in files if p.resolve() == file), file)
    return replace(mistake, file=str(known)) if mistake.file == str(temporary) else mistake


def _is_ours(mistake: Mistake, change: Change) -> bool:
    """That a revoked waiver is over is no news to whoever revokes it."""
    return not (change.what == "waiver_revoked" and mistake.message.endswith(" has expired"))


def _record(config: Config, change: Change) -> str:
    """Journal the change before it is made: by the keeper where a gate runs, else in a segment of the commands' own."""
    event = EventRecord(what=change.what, who=getpass.getuser(), detail=change.detail)
    answer = ask_keeper(config, {"do": "record", **event})
    if answer is not None:
        if "failed" in answer:
            raise click.ClickException(f"nothing was written: {answer['failed']}")
        return "journalled by the running gate"
    root = Path(config.data_dir) / "journal"
    if not root.is_dir():
        return "not journalled: no gate has run with these settings yet"
    try:
        asyncio.run(_write(root, event))
    except OSError as error:
        raise click.ClickException(f"nothing was written: the journal failed: {error.strerror}") from None
    return "journalled"


async def _write(root: Path, event: EventRecord) -> None:
    journal = SegmentJournal(root, "cli", now=utc_now)
    try:
        await journal.event(event)
    finally:
        await journal.close()


def _reloaded(config: Config) -> str:
    answer = ask_reload(config)
    if answer is None:
        return "no gate runs; the next one begins with it"
    reasons = answer.get("reasons") or ([str(answer["failed"])] if "failed" in answer else [])
    if reasons:
        return f"the running gate did not reload: {reasons[0]}"
    return "in use in every worker of the running gate"


def _octets(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None
