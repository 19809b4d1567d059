"""Compound files (MS-CFB): their streams by path, read within a budget."""

from collections.abc import Iterator
from io import BytesIO
from typing import Final

import olefile  # type: ignore[import-untyped]  # the library has no types

Path = tuple[str, ...]

_ENTRIES: Final = 20_000


class DamagedError(Exception):
    """The file, or a stream of it, cannot be read."""


class Compound:
    """One file. `room` is how many octets its streams may have in all; they may share places in the file."""

    def __init__(self, content: bytes, room: int) -> None:
        """Raises DamagedError."""
        self.room = room
        self.spent = False
        self._charged: set[Path] = set()
        try:
            self._file = olefile.OleFileIO(BytesIO(content))
            found = [tuple(path) for path in self._file.listdir()]
        except (OSError, ValueError, IndexError, RecursionError, KeyError, AttributeError, TypeError) as error:
            # The library walks the tree of names by recursion, and takes sizes as they are written.
            raise DamagedError(str(error)) from error
        self.paths: tuple[Path, ...] = tuple(found[:_ENTRIES])
        self._known: dict[tuple[str, ...], Path] = {tuple(name.lower() for name in path): path for path in self.paths}

    def has(self, *path: str) -> bool:
        """Whether there is such a stream; names are compared without regard to case."""
        return tuple(name.lower() for name in path) in self._known

    def read(self, *path: str) -> bytes:
        """A stream's octets, none where there is no such stream. Raises DamagedError."""
        known = self._known.get(tuple(name.lower() for name in path))
        if known is None:
            return b""
        try:
            size = 0 if known in self._charged else self._file.get_size(list(known))
            if size > self.room:
                self.spent = True
                return b""
            self.room -= size
            self._charged.add(known)
            return bytes(self._file.openstream(list(known)).read())
        except (OSError, ValueError, IndexError, TypeError) as error:
            raise DamagedError(str(error)) from error

    def within(self, storage: Path) -> Iterator[Path]:
        """The streams in a storage and below it, by their paths from the root."""
        depth = len(storage)
        return (path for path in self.paths if path[:depth] == storage and len(path) > depth)

    def storages(self, storage: Path) -> tuple[Path, ...]:
        """The storages directly within one that hold streams, in order."""
        depth = len(storage)
        return tuple(dict.fromkeys(p[: depth + 1] for p in self.within(storage) if len(p) > depth + 1))
