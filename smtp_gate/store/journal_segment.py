"""One worker's journal segments on disk: batches of lines appended with one write and one sync; blocking, one thread at a time.

A batch that could not be made durable ends its segment: nobody knows which of its octets reached the disk. The next
batch begins another, whose first line says up to which hash the one before was confirmed.
"""

import contextlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from smtp_gate.store.files import sync_directory, write_all
from smtp_gate.store.journal_lines import SEGMENT, START, body_of, last_hash, seal, segment_name, segments
from smtp_gate.store.journal_records import OpenedRecord

TRIES: Final = 64
"""How many names another process of the same worker name may have taken before we give up."""


class SegmentFile:
    """Appends batches; begins, ends and chains segments."""

    def __init__(self, root: Path, worker: str, size: int, stamp: Callable[[], str]) -> None:
        """Raises ValueError where the worker's name is no word of a file name."""
        if SEGMENT.fullmatch(segment_name(worker, 1)) is None:
            raise ValueError("a journal's worker name is a letter and up to 15 letters or digits, lower-case")
        self._root = root
        self._worker = worker
        self._limit = size
        self._stamp = stamp
        self._descriptor = -1
        self._name = ""
        self._number = 0
        self._written = 0
        self._seq = 0
        self._hash = START

    @property
    def is_open(self) -> bool:
        """Whether the next batch goes to the segment of the last one; else it begins another."""
        return self._descriptor >= 0

    @property
    def head(self) -> tuple[str, str]:
        """The name of the last segment and its last hash that was made durable; two empty words before the first batch."""
        return (self._name, self._hash) if self._name else ("", "")

    def append(self, bodies: Sequence[bytes]) -> None:
        """Write these records and sync them, all or none acknowledged. Raises OSError."""
        try:
            if self._descriptor < 0:
                self._begin()
            seq, last, lines = self._seq, self._hash, []
            for body in bodies:
                line, last = seal(seq, last, body)
                lines.append(line)
                seq += 1
            block = b"".join(lines)
            write_all(self._descriptor, block)
            os.fdatasync(self._descriptor)
        except OSError:
            self._abandon()
            raise
        self._seq, self._hash = seq, last
        self._written += len(block)
        if self._written >= self._limit:
            # What was written is durable, so a failed close is no failure of this batch.
            self._abandon()

    def end(self) -> None:
        """Close the segment."""
        self._abandon()

    def _abandon(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def _begin(self) -> None:
        """A new file under the next free number, its first line durable and its name too. Raises OSError."""
        if not self._name:
            self._find_last()
        before, confirmed = self._name, self._hash if self._name else START
        descriptor, name = self._create()
        self._descriptor = descriptor
        opened = OpenedRecord(kind="opened", segment=name, after=before, after_hash=confirmed)
        line, last = seal(0, START, body_of({"time": self._stamp(), **opened}))
        write_all(descriptor, line)
        os.fdatasync(descriptor)
        sync_directory(self._root)
        self._name, self._seq, self._hash, self._written = name, 1, last, len(line)

    def _find_last(self) -> None:
        """Take up the chain where the last process of this name left it."""
        earlier = segments(self._root, self._worker)
        if earlier:
            match = SEGMENT.fullmatch(earlier[-1].name)
            self._hash = last_hash(earlier[-1])
            self._name = earlier[-1].name
            self._number = 0 if match is None else int(match[2])

    def _create(self) -> tuple[int, str]:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        for _ in range(TRIES):
            self._number += 1
            name = segment_name(self._worker, self._number)
            with contextlib.suppress(FileExistsError):
                return os.open(self._root / name, flags, 0o600), name
        raise FileExistsError("no free name for a journal segment")
