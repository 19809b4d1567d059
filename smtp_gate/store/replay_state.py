"""How far a replay has come: one file, a head that says what is replayed, then a line a message; a kill loses no line.

The file belongs to this program and to one run at a time. A line that was cut off, or is no row, is taken away with all
behind it and their messages are judged again; a file with another head is not continued. Rows stay in the file until they
are asked for, so that the memory of a run does not grow with what earlier ones have done.
"""

import errno
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from smtp_gate.replay.row_shape import is_row
from smtp_gate.replay.rows import ReplayRow

VERSION: Final = 1


class BusyError(OSError):
    """Another replay writes this file."""


class ForeignError(OSError):
    """The file is no state of a replay, so nothing is written to it."""


class KeptRows(Mapping[str, ReplayRow]):
    """The rows of an earlier run by the message's id, each read from the file when it is asked for. Getting one raises OSError."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._places: dict[str, tuple[int, int]] = {}

    def put(self, ident: str, start: int, size: int) -> None:
        """Know where the row of a message lies, in octets."""
        self._places[ident] = (start, size)

    def __getitem__(self, ident: str) -> ReplayRow:
        start, size = self._places[ident]
        row = _row(os.pread(self._descriptor, size, start))
        if row is None:
            raise OSError(errno.EIO, "the state was changed by somebody else")
        return row

    def __contains__(self, ident: object) -> bool:
        return ident in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


class ReplayState:
    """The file of one run, claimed while it is open; `rows` are those that an earlier run left, by the message's id."""

    def __init__(self, path: Path, key: str) -> None:
        """Open or begin it. `key` names all that makes rows comparable. Raises BusyError, ForeignError, OSError.

        `anew` says why an older file was not continued, empty where it was or there was none. `damaged` is the number of the
        first line that was no row, 0 where all were.
        """
        self.path = path
        self.anew = ""
        self.damaged = 0
        self._file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b")
        try:
            # A lock of the process, not of the descriptor: workers that outlive a killed run do not keep it.
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            self._file.close()
            raise BusyError(f"another replay writes {path}") from None
        try:
            self.rows = self._read(key)
        except BaseException:
            self._file.close()
            raise

    def add(self, row: ReplayRow) -> None:
        """Keep one row. Raises OSError."""
        self._file.write(json.dumps(row, ensure_ascii=True, separators=(",", ":")).encode("ascii") + b"\n")
        # The kernel keeps it from here on, whatever becomes of this process.
        self._file.flush()

    def remove(self) -> None:
        """The run is over and nobody will continue it. Raises OSError."""
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self.close()

    def _read(self, key: str) -> KeptRows:
        head = json.dumps({"replay": VERSION, "key": key}).encode("ascii") + b"\n"
        first = self._file.readline()
        rows = KeptRows(self._file.fileno())
        if first != head:
            if first:
                self.anew = _why_anew(first)
            self._file.seek(0)
            self._file.truncate()
            self._file.write(head)
            self._file.flush()
            return rows
        whole = self._file.tell()
        for number, line in enumerate(self._file, 2):
            row = _row(line)
            if row is None:
                self.damaged = number
                break
            rows.put(row["id"], whole, len(line))
            whole += len(line)
        self._file.seek(whole)
        self._file.truncate()
        return rows


def _row(line: bytes) -> ReplayRow | None:
    """The row of a line, None where it is none of ours or was cut off."""
    if not line.endswith(b"\n"):
        return None
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if is_row(found) else None


def _why_anew(first: bytes) -> str:
    """Why a head is not ours. Raises ForeignError where it is no head at all."""
    if not first.endswith(b"\n") and b'{"replay": 1, "key": "'.startswith(first[:22]):
        return "its head was cut off"
    try:
        head = json.loads(first)
    except (ValueError, RecursionError):
        head = None
    if not isinstance(head, dict) or head.keys() != {"replay", "key"}:
        raise ForeignError("it is no state of a replay")
    return "it is of other rules, sources or options" if head["replay"] == VERSION else "it is of another version"
