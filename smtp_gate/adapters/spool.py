"""Large messages on disk while they are sent: unlinked files, written block by block off the event loop."""

import asyncio
import contextlib
import errno
import os
import tempfile
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any, Final, TypeVar

T = TypeVar("T")

BLOCK: Final = 256 * 1024
"""Octets that are written at a time once a message is on its way to disk."""
_THREADS: Final = 4


class Spool:
    """Where messages of more than `above` octets wait until they have come whole: `folder`, or the system's own.

    An upload holds `above` octets in memory, one block on its way to disk, and what a single read of its connection brings.
    Its files have no name, so a process that dies leaves none. Threads are started by the first large message.
    """

    def __init__(self, folder: Path | None, above: int) -> None:
        self.folder = folder
        self.above = max(above, 1)
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="spool")

    def tray(self) -> "Tray":
        """A tray for one message. Whoever takes it closes it."""
        return Tray(self)

    def submit(self, work: Callable[..., T], *values: object) -> Future[T]:
        """Have something done in one of the spool's threads."""
        return self._pool.submit(work, *values)

    def close(self) -> None:
        """Wait for what is being written, and end the threads. Blocking."""
        self._pool.shutdown()


class Tray:
    """One message on its way: `size` octets have been put here. Nothing is opened before the first of them.

    `error` is what the disk said where it took no more. From then on octets are counted and thrown away, so that the
    message can be read to its end and put off.
    """

    __slots__ = ("_closed", "_file", "_spool", "_work", "error", "size")

    def __init__(self, spool: Spool) -> None:
        self.size = 0
        self.error: OSError | None = None
        self._spool = spool
        self._file: IO[bytes] | None = None
        self._work: Future[Any] | None = None
        self._closed = False

    @property
    def above(self) -> int:
        """The octets that are kept in memory before the first are put here."""
        return self._spool.above

    @property
    def appetite(self) -> int:
        """From how many octets on the next block should be put here."""
        return min(self.above, BLOCK) if self.size else self.above

    async def put(self, block: bytes) -> None:
        """Write a block behind the others; what the disk says against it stands in `error`."""
        self.size += len(block)
        if self._closed:
            return
        try:
            await self._off_loop(self._write, block)
        except OSError as error:
            self.error = error
            self.close()

    async def read(self, make: Callable[[bytes], T]) -> T:
        """What `make` makes of the whole message, read and made in a thread. Raises OSError where it cannot be read."""
        return await self._off_loop(lambda: make(self._read()))

    def close(self) -> None:
        """Give the disk back, behind a write that is under way; idempotent, and never waits."""
        if self._closed:
            return
        self._closed = True
        work = self._work
        if work is None:
            return
        if work.done():
            # Freeing the blocks of a large file takes a while, so that too is nothing for the event loop.
            self._spool.submit(self._shut)
        else:
            work.add_done_callback(lambda _: self._shut())

    async def _off_loop(self, work: Callable[..., T], *values: object) -> T:
        future = self._spool.submit(work, *values)
        self._work = future
        return await asyncio.wrap_future(future)

    def _write(self, block: bytes) -> None:
        if self._file is None:
            folder = self._spool.folder
            if folder is not None:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = tempfile.TemporaryFile(buffering=0, dir=folder)  # noqa: SIM115 - closed by `close`
        with memoryview(block) as rest:
            done = 0
            while done < len(rest):
                done += os.write(self._file.fileno(), rest[done:])

    def _read(self) -> bytes:
        octets = os.pread(self._file.fileno(), self.size, 0) if self._file is not None else b""
        if len(octets) != self.size:
            raise OSError(errno.EIO, "a spooled message came back short")
        return octets

    def _shut(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            # Nobody needs what is in there: a disk that fails at this point takes nothing away.
            with contextlib.suppress(OSError):
                file.close()
