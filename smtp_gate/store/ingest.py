"""Catching up: what stands in the journal and in the quarantine's folders goes into the index, from where it stopped.

Catching up from any state of the index gives the same rows as a rebuild: a segment's position is written in the transaction
of its rows, each record changes its own columns, and where files no longer are what was read, everything is read again.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from smtp_gate.store.heads import journal_segments
from smtp_gate.store.hold_rows import UNREAD, HoldRows, held_files
from smtp_gate.store.index import Index, IndexDamagedError
from smtp_gate.store.index_writer import Writer
from smtp_gate.store.journal_reader import Flaw
from smtp_gate.store.journal_tail import Position, Step, stands, tail
from smtp_gate.store.looking import ref_of
from smtp_gate.store.repeats import Alert
from smtp_gate.store.states import FOLDERS, SETTLED, State

BATCH: Final = 2000
"""Lines of the journal, or held files, in one transaction: nobody who asks the index waits longer than for these."""

STILL: Final = 2_000_000_000
"""Nanoseconds after which a folder's time tells: within the clock's grain two changes can bear the same one."""

Meter = Callable[[int, int], None]
"""Told how many octets of the journal are done, of how many to do."""


@dataclass(slots=True)
class Caught:
    """One catching up: journal records read, held files that were new, changed or gone, what could not be read, alerts.

    `rebuilt` says why everything was read from the beginning, empty where it was not; then no alert is raised again.
    """

    records: int = 0
    holds: int = 0
    flaws: list[Flaw] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    rebuilt: str = ""


class Ingestor:
    """Keeps one index level with one data folder. Blocking, one thread at a time. `clock` gives nanoseconds since 1970."""

    def __init__(self, data: Path, index: Index, clock: Callable[[], int] = time.time_ns) -> None:
        """Nothing is read yet. Raises OSError where the folders of progress cannot be made."""
        self.index = index
        self._journal = data / "journal"
        self._quarantine = data / "quarantine"
        self._clock = clock
        self._listed: dict[State, int] = {}
        self._rows = HoldRows(self._quarantine)

    def catch_up(self, meter: Meter | None = None) -> Caught:
        """Read what is new. Raises IndexUnavailableError, OSError; the next call goes on where this one stopped."""
        try:
            return self._pass(meter)
        except IndexDamagedError:
            return self._pass(meter)

    def rebuild(self, meter: Meter | None = None) -> Caught:
        """Throw the index away and make it again from the files. Raises as `catch_up`, and can be called again."""
        self.index.clear("asked for")
        return self.catch_up(meter)

    def _pass(self, meter: Meter | None) -> Caught:
        caught = Caught()
        paths = list(journal_segments(self._journal))
        if self._differs(paths):
            self.index.clear("the journal is no longer what was read")
        if self.index.building():
            caught.rebuilt = self.index.anew or "new"
            self._listed.clear()
        positions = self.index.positions()
        sizes = {path: path.stat().st_size for path in paths}
        grown = [p for p in paths if sizes[p] > positions.get(p.name, Position()).offset]
        total = sum(sizes[p] - positions.get(p.name, Position()).offset for p in grown)
        done = 0
        for path in grown:
            for octets in self._segment(path, positions.get(path.name, Position()), caught):
                done += octets
                if meter is not None:
                    meter(done, max(done, total))
        for folder in FOLDERS:
            caught.holds += self._folder(folder)
        if grown or caught.rebuilt:
            with self.index.writing() as writer:
                writer.caught_up()
        if caught.rebuilt:
            caught.alerts.clear()
        return caught

    def _differs(self, paths: list[Path]) -> bool:
        """Whether a segment that was read has gone, or does not stand as it was read."""
        by_name = {path.name: path for path in paths}
        for name, position in self.index.positions().items():
            if name not in by_name or not stands(by_name[name], position):
                return True
        return False

    def _segment(self, path: Path, position: Position, caught: Caught) -> Iterator[int]:
        """Read on in one segment; yields how many octets each transaction took in."""
        steps = tail(path, position)
        while batch := list(islice(steps, BATCH)):
            with self.index.writing() as writer:
                for step in batch:
                    _take(writer, path.name, step, caught)
                writer.position(path.name, batch[-1][1])
            yield batch[-1][1].offset - position.offset
            position = batch[-1][1]

    def _folder(self, folder: State) -> int:
        """Bring the rows of one folder level with it; returns how many changed."""
        directory = self._quarantine / folder
        try:
            changed = directory.stat().st_mtime_ns
        except FileNotFoundError:
            return self._forget(folder, list(self.index.holds_in(folder)))
        if folder in SETTLED and self._listed.get(folder) == changed:
            # A hold is never written to under its name, so a folder without new or fewer names has nothing new.
            return 0
        self._rows.begin()
        known = self.index.holds_in(folder)
        files = {ref_of(path): path for path in held_files(directory)}
        count = self._forget(folder, [ref for ref in known if ref not in files])
        found = (self._rows.news(path, folder, known.get(ref)) for ref, path in files.items())
        news = (row for row in found if row is not None)
        still = self._clock() - changed > STILL
        while batch := list(islice(news, BATCH)):
            with self.index.writing() as writer:
                for row in batch:
                    writer.hold(row)
            count += len(batch)
            still = still and all(row["octets"] != UNREAD for row in batch)
        if still:
            self._listed[folder] = changed
        return count

    def _forget(self, folder: State, refs: list[str]) -> int:
        if refs:
            with self.index.writing() as writer:
                for ref in refs:
                    writer.hold_gone(ref, folder)
        return len(refs)


def _take(writer: Writer, segment: str, step: Step, caught: Caught) -> None:
    for item in step[0]:
        if isinstance(item, Flaw):
            caught.flaws.append(item)
            continue
        caught.records += 1
        # A record of another shape was sealed by another program; the journal keeps it, the index has no place for it.
        with contextlib.suppress(TypeError, AttributeError, ValueError):
            caught.alerts += writer.record(segment, item.line, item.fields)
