"""Durable files: written under another name, synced, renamed, the directory synced; a failed sync loses the file.

Invariants of this file: what is visible under its final name is whole; a failed fsync is never retried on the same
descriptor (the kernel may have dropped the pages); names come from refs that were checked, never from messages.
"""

import asyncio
import os
import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

T = TypeVar("T")
REF: Final = re.compile(r"[0-9A-Za-z-]{6,40}")


def check_ref(ref: str) -> str:
    """The ref itself where it may be a file name. Raises ValueError."""
    if REF.fullmatch(ref) is None:
        raise ValueError("not a ref")
    return ref


class Disk:
    """Blocking file work in threads of its own, so that no other thread pool can starve a commit."""

    def __init__(self, threads: int = 8) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="disk")
        self._syncs: dict[Path, asyncio.Future[None]] = {}
        self._running: dict[Path, asyncio.Task[None]] = {}

    async def run(self, work: Callable[[], T]) -> T:
        """The result of blocking work done in a thread. Raises what it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    async def write_new(self, target: Path, blocks: Iterable[bytes]) -> None:
        """Write a new file durably: no reader ever sees a part of it. Raises OSError, and FileExistsError if it is there."""
        await self.run(lambda: write_synced(target, blocks))
        await self.sync_dir(target.parent)

    async def move(self, source: Path, target: Path) -> None:
        """Rename durably within one file system. Raises FileNotFoundError where the source has gone, OSError else.

        A rename is atomic: of two movers of one file, one succeeds and the other finds it gone.
        """
        await self.run(lambda: source.rename(target))
        await self.sync_dir(target.parent)
        if source.parent != target.parent:
            await self.sync_dir(source.parent)

    async def remove(self, target: Path) -> None:
        """Remove durably; a file that is gone already is no error. Raises OSError."""
        await self.run(lambda: target.unlink(missing_ok=True))
        await self.sync_dir(target.parent)

    async def sync_dir(self, directory: Path) -> None:
        """Sync a directory; callers who come while a sync runs share the next one. Raises OSError."""
        waiting = self._syncs.get(directory)
        if waiting is None:
            waiting = asyncio.get_running_loop().create_future()
            self._syncs[directory] = waiting
            if directory not in self._running:
                task = asyncio.get_running_loop().create_task(self._sync_all(directory))
                self._running[directory] = task
        await asyncio.shield(waiting)

    async def _sync_all(self, directory: Path) -> None:
        while (batch := self._syncs.pop(directory, None)) is not None:
            try:
                await self.run(lambda: sync_directory(directory))
            except OSError as error:
                batch.set_exception(error)
                # Every waiter that is still there sees the error; one that was cancelled must not make it look unseen.
                batch.exception()
            else:
                batch.set_result(None)
        del self._running[directory]

    def close(self) -> None:
        """End the threads after their present work."""
        self._pool.shutdown(wait=True)


def make_private(directory: Path) -> Path:
    """Make a directory and its missing parents, readable by its owner alone. Raises OSError."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return directory


def write_synced(target: Path, blocks: Iterable[bytes]) -> None:
    """Write beside the target, fsync, then rename; the leftover of a failure is removed. Raises OSError."""
    temporary = target.with_name(f".{target.name}.tmp")
    if target.exists():
        raise FileExistsError(f"{target.name} is there already")
    # A leftover of a crash under the temporary name was never visible to anybody.
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        try:
            for block in blocks:
                write_all(descriptor, block)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.rename(target)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def write_all(descriptor: int, block: bytes) -> None:
    """Write every octet, however short each write is. Raises OSError."""
    rest = memoryview(block)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def sync_directory(directory: Path) -> None:
    """Make renames in a directory durable. Raises OSError."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
