"""A sync: the source read whole, merged with what was known before, written as a new snapshot; or nothing changes."""

import asyncio
import contextlib
import hashlib
import threading
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import zip_longest
from pathlib import Path
from typing import Final, TypeVar

from smtp_gate.adapters import directory, directory_source
from smtp_gate.adapters.directory_rows import RowMistake, build, overlaps
from smtp_gate.adapters.directory_source import Read, Row, SourceError
from smtp_gate.adapters.logs import Logger
from smtp_gate.adapters.metrics_keeper import KeeperMetrics
from smtp_gate.config import Config, pack_paths
from smtp_gate.config.directories import DirectorySettings
from smtp_gate.core.directory import Directory, Entry, index
from smtp_gate.core.directory_diff import Change, changes
from smtp_gate.core.directory_merge import merged
from smtp_gate.ruleset.layers import documents
from smtp_gate.ruleset.packs import pack_files
from smtp_gate.ruleset.people import known_statuses
from smtp_gate.server.directories import people_of

T = TypeVar("T")
TOLD: Final = 20
"""How many reasons of a refused sync are logged; the command tells all."""


class SyncRefusedError(Exception):
    """A sync that changes nothing: every reason why."""

    def __init__(self, *reasons: str) -> None:
        super().__init__(reasons[0] if reasons else "")
        self.reasons = reasons


@dataclass(frozen=True, slots=True)
class Synced:
    """What a sync made: the snapshot before (empty: there was none) and after, its current accounts, what changed.

    `warnings` are sentences about what was taken but may not be meant.
    """

    before: str
    snapshot: str
    accounts: int
    changes: tuple[Change, ...]
    warnings: tuple[str, ...] = ()

    @property
    def is_new(self) -> bool:
        """Whether there is a new snapshot to load."""
        return self.snapshot != self.before

    def count(self, how: str) -> int:
        """How many accounts are `new`, have `ended`, or have `changed`."""
        return sum(change.how == how for change in self.changes)


def statuses_of(config: Config) -> frozenset[str]:
    """The statuses that a directory may use: the usual ones, and those that the rules name."""
    return known_statuses(documents(path for path in pack_files(pack_paths(config)) if isinstance(path, Path)))


def sync(
    config: Config,
    today: date,
    *,
    force: bool = False,
    dry: bool = False,
    statuses: frozenset[str] | None = None,
    read: Read = directory_source.read,
) -> Synced:
    """Read the source and make a snapshot of it, or with `dry` only say what one would change.

    `today` is the city's. Raises SyncRefusedError where anything is wrong with the source; then nothing has changed. With
    `force` a source may be as thin as it likes. Of current accounts only these `statuses` are taken, all where it is None.
    Raises OSError where the disk fails.
    """
    if dry:
        return _sync(config, today, read, statuses, force=force)[0]
    people = people_of(config)
    with people.syncing():
        done, octets, _ = _sync(config, today, read, statuses, force=force)
        people.use(people.save(octets))
    return done


def foreseen(
    config: Config, today: date, *, statuses: frozenset[str] | None = None, read: Read = directory_source.read
) -> Directory:
    """The directory that a sync would make now. Raises as `sync` does."""
    return _sync(config, today, read, statuses, force=True)[2]


def _sync(
    config: Config, today: date, read: Read, statuses: frozenset[str] | None, *, force: bool
) -> tuple[Synced, bytes, Directory]:
    """What a sync makes, and the snapshot, not yet written."""
    if config.directory is None or not config.directory.is_synced:
        raise SyncRefusedError("there is nothing to sync: a CSV directory is read as it is, at each reload")
    before = people_of(config).current()
    old = _last(config) if before else Directory(zone=config.timezone)
    filled: set[str] = set()
    reading = _reading(config, config.directory, today, read, filled)
    if statuses is not None:
        _check_statuses(reading, today, statuses)
    if not force:
        _check_size(old, reading, today, config.directory.keep_at_least)
    octets, new = _snapshot(old, reading, today)
    done = Synced(before, new.id[:16], _current(new.entries, today), changes(old, new, today))
    return replace(done, warnings=tuple(_empty(config.directory, filled))), octets, new


def _last(config: Config) -> Directory:
    """The last good snapshot, which holds the history."""
    people = people_of(config)
    path = people.path(people.current())
    with contextlib.suppress(FileNotFoundError):
        found = directory.load(path, config.timezone)
        if isinstance(found, Directory) and found.id.startswith(path.stem):
            return found
    # Going on without it would forget everybody who has ended.
    raise SyncRefusedError(
        f"{path} is not as it was written: remove {people.root / 'current'} to begin without history"
    )


def _reading(config: Config, settings: DirectorySettings, today: date, read: Read, filled: set[str]) -> Directory:
    """What the source says; `filled` takes the columns in which anything stands. Raises SyncRefusedError with every mistake."""
    mistakes: list[RowMistake] = []

    def told(found: Iterable[RowMistake]) -> list[str]:
        return [_told(settings.ldif, mistake) for mistake in found]

    try:
        rows = read(settings, today, config.timezone, mistakes)
        found = build(_stripped(rows, filled), mistakes, "", config.timezone)
    except SourceError as error:
        raise SyncRefusedError(*told(sorted(mistakes)), str(error)) from None
    except OSError as error:
        raise SyncRefusedError(f"the source cannot be read: {error.strerror or type(error).__name__}") from None
    if isinstance(found, Directory):
        return found
    raise SyncRefusedError(*told(found))


def _told(file: Path | None, mistake: RowMistake) -> str:
    """The mistake with its place in the file, where the source is one."""
    if file is None:
        return str(mistake)
    where = f" {mistake.column}:" if mistake.column else ""
    return f"{file}:{mistake.line}:{where} {mistake.reason}"


def _stripped(rows: Iterable[Row], filled: set[str]) -> Iterable[Row]:
    """Blanks around a cell mean nothing in a snapshot either."""
    for line, row in rows:
        cells = {column: cell.strip() for column, cell in row.items()}
        filled.update(column for column, cell in cells.items() if cell)
        yield line, cells


def _empty(settings: DirectorySettings, filled: set[str]) -> Iterable[str]:
    """Columns that an attribute was named for, and that are empty for everybody: it may have another name.

    Of `kind` and `status` nothing can be said, since every account has one.
    """
    for column, names in settings.attributes.items():
        if column not in filled:
            yield f"`{column}` is empty for everybody: no entry has a usable {' or '.join(f'`{n}`' for n in names)}"


def _check_statuses(reading: Directory, today: date, known: frozenset[str]) -> None:
    """A status that no rule knows would pass its people by; who has ended is history, whatever they were called."""
    wrong = [e for e in reading.entries if e.status not in known and (e.until is None or e.until >= today)]
    if wrong:
        names = ", ".join(sorted(known))
        raise SyncRefusedError(*(
            f"{e.address}: status `{e.status[:40]}` is none of {names}: map it with `statuses: {{{e.status[:40]}: employee}}`"
            for e in wrong
        ))  # fmt: skip


def _check_size(old: Directory, reading: Directory, today: date, least: int) -> None:
    """A source that has lost many accounts has more likely failed than they have ended."""
    now, before = _current(reading.entries, today), _current(old.entries, today)
    if now == 0 and (before or least):
        raise SyncRefusedError("the source has no current account (--force takes it all the same)")
    if now * 100 < before * least:
        said = f"only {now} of {before} accounts would be left, fewer than keep_at_least: {least} percent"
        raise SyncRefusedError(f"{said} (--force takes it all the same)")


def _snapshot(old: Directory, reading: Directory, today: date) -> tuple[bytes, Directory]:
    """The new snapshot as it is written, and as it was read back from that: what cannot be read back is never used."""
    entries = merged(old, reading.entries, today)
    wrong = tuple(overlaps(index(entries)))
    if wrong:
        # Merging has taken care of that; a mistake of ours must not become two people's mail.
        raise SyncRefusedError(*(f"{m.reason.partition(' ')[0]} would be two accounts' on one day" for m in wrong))
    text = directory.written(entries)
    try:
        octets = text.encode()
    except UnicodeEncodeError:
        raise SyncRefusedError("the source holds text that is no Unicode") from None
    again = directory.parse(text, reading.zone, hashlib.sha256(octets).hexdigest())
    if isinstance(again, Directory) and again.entries == entries:
        return octets, again
    back = again.entries if isinstance(again, Directory) else ()
    lost = next((e.address for e, b in zip_longest(entries, back) if e is not None and e != b), "")
    raise SyncRefusedError(f"the directory would not be read back as it is written, from {lost} on")


def _current(entries: Collection[Entry], today: date) -> int:
    return sum(entry.covers(today) for entry in entries)


class PeriodicSync:
    """The keeper's own syncs. A failing one is told, and the last good snapshot stays.

    Rules may change while it runs, so each sync asks anew which statuses they name.
    """

    def __init__(
        self,
        config: Config,
        metrics: KeeperMetrics,
        logger: Logger,
        now: Callable[[], datetime],
        read: Read = directory_source.read,
    ) -> None:
        self._config = config
        self._metrics = metrics
        self._logger = logger
        self._now = now
        self._read = read

    async def tick(self) -> str:
        """Sync once; the name of the snapshot that is the last good one now, empty where the sync failed."""
        today = self._now().astimezone(self._config.timezone).date()
        try:
            done = await _aside(lambda: self._sync(today))
        except (SyncRefusedError, OSError) as error:
            reasons = list(error.reasons[:TOLD]) if isinstance(error, SyncRefusedError) else [error.strerror or "disk"]
            self._metrics.directory_sync_failed()
            self._logger.log("error", "directory_sync_refused", {"reasons": reasons})
            return ""
        counts = {how: done.count(how) for how in ("new", "ended", "changed")}
        if done.warnings:
            self._logger.log("warning", "directory_sync_doubtful", {"reasons": list(done.warnings)})
        self._logger.log("info", "directory_synced", {"snapshot": done.snapshot, "accounts": done.accounts, **counts})
        return done.snapshot

    def _sync(self, today: date) -> Synced:
        return sync(self._config, today, statuses=statuses_of(self._config), read=self._read)


async def _aside(work: Callable[[], T]) -> T:
    """The result of blocking work in a thread that nobody waits for at the end: a silent server must not keep us alive.

    A sync that is cut off has changed nothing, or is whole.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def finish(told: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):
            # The loop has ended meanwhile, and nobody waits.
            loop.call_soon_threadsafe(lambda: None if done.done() else told())

    def run() -> None:
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 - handed to whoever waits
            failure = error
            finish(lambda: done.set_exception(failure))
        else:
            finish(lambda: done.set_result(result))

    threading.Thread(target=run, name="directory sync", daemon=True).start()
    return await done
