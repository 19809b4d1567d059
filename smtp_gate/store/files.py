"""Durable files: written under another name, synced, renamed, the directory synced; a failed sync loses the file.

Invariants of this file: what is visible under its final name is whole; a failed fsync or close is never retried on the
same descriptor (the kernel may have dropped the pages), the file is given up instead; of two writers of one name one
fails; names come from refs that were checked, never from messages. A file that a live process works on is claimed by a
lock that the kernel gives back when the process dies, so that a leftover can be told from work under way without a clock.
"""

import asyncio
import contextlib
import errno
import fcntl
import os
import re
import stat
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

T = TypeVar("T")
REF: Final = re.compile(r"[0-9A-Za-z-]{6,40}")
PRIVATE: Final = 0o700
TRIES: Final = 100
IRREGULAR: Final = "not a regular file"


def check_ref(ref: str) -> str:
    """The ref itself where it may be a file name. Raises ValueError."""
    if REF.fullmatch(ref) is None:
        raise ValueError("not a ref")
    return ref


class Claim:
    """The exclusive hold of a live process on one file, by its inode: it outlives renames and ends with the process."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def end(self) -> None:
        """Give it back; a second call does nothing."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            with contextlib.suppress(OSError):
                # Nothing was written through this descriptor; the kernel has closed it whatever it says.
                os.close(descriptor)

    def __del__(self) -> None:
        self.end()


def claim(path: Path) -> Claim | None:
    """The claim on an existing file, None where somebody else has it. Raises FileNotFoundError, OSError."""
    return _lock(path, fcntl.LOCK_EX)


class IrregularFileError(OSError):
    """There is a pipe, a device, a link or a folder where a file of ours should be."""

    def __init__(self, path: Path) -> None:
        super().__init__(errno.EINVAL, IRREGULAR, str(path))


def open_regular(path: Path) -> int:
    """A descriptor to read a file of ours. Raises FileNotFoundError, IrregularFileError, OSError.

    Without waiting: opening a pipe that somebody has put in its place would block for good.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENXIO}:
            raise IrregularFileError(path) from None
        raise
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise IrregularFileError(path)


def read_regular(path: Path) -> bytes:
    """The octets of a file of ours. Raises as `open_regular` does."""
    with open(open_regular(path), "rb") as file:
        return file.read()


def _lock(path: Path, kind: int) -> Claim | None:
    descriptor = open_regular(path)
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except OSError:
        os.close(descriptor)
        raise
    return Claim(descriptor)


def is_claimed(path: Path) -> bool:
    """Whether a live process works on the file. Raises FileNotFoundError, OSError."""
    # A shared lock, so that two who look at once do not take each other for a worker.
    probe = _lock(path, fcntl.LOCK_SH)
    if probe is None:
        return True
    probe.end()
    return False


class Disk:
    """Blocking file work in threads of its own, so that no other thread pool can starve a commit. One a loop."""

    def __init__(self, threads: int = 8) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="disk")
        self._syncs: dict[Path, asyncio.Future[None]] = {}
        self._running: dict[Path, asyncio.Task[None]] = {}
        self.syncs = 0
        """How many directory syncs were done; each serves everybody who was waiting when it began."""

    async def run(self, work: Callable[[], T]) -> T:
        """The result of blocking work done in a thread. Raises what it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    async def write_new(self, target: Path, blocks: Iterable[bytes]) -> Claim:
        """Write a new file durably: no reader ever sees a part of it. `blocks` are drawn in a thread.

        The claim on the file is the caller's to end. Raises OSError, and FileExistsError where the name is taken; then
        nothing is left of it.
        """
        mine = await self.run(lambda: write_synced(target, blocks))
        try:
            await self.sync_dir(target.parent)
        except OSError:
            mine.end()
            with contextlib.suppress(OSError):
                await self.run(lambda: target.unlink(missing_ok=True))
            raise
        return mine

    async def move(self, source: Path, target: Path) -> None:
        """Rename durably within one file system. Raises FileNotFoundError where the source has gone, OSError else.

        A rename is atomic: of two movers of one file one succeeds and the other finds it gone. A rename that could not
        be synced is taken back, so that what can be seen is what was acknowledged.
        """
        await self.run(lambda: source.rename(target))
        try:
            await self.sync_dir(target.parent)
            if source.parent != target.parent:
                await self.sync_dir(source.parent)
        except OSError:
            with contextlib.suppress(OSError):
                await self.run(lambda: target.rename(source))
            raise

    async def remove(self, target: Path) -> None:
        """Remove durably; a file that is gone already is no error. Raises OSError."""
        await self.run(lambda: target.unlink(missing_ok=True))
        await self.sync_dir(target.parent)

    async def sync_dir(self, directory: Path) -> None:
        """Sync a directory; callers who come while a sync runs share the next one. Raises OSError."""
        waiting = self._syncs.get(directory)
        if waiting is None:
            loop = asyncio.get_running_loop()
            waiting = self._syncs[directory] = loop.create_future()
            if directory not in self._running:
                self._running[directory] = loop.create_task(self._sync_all(directory))
        await asyncio.shield(waiting)

    async def _sync_all(self, directory: Path) -> None:
        while (batch := self._syncs.pop(directory, None)) is not None:
            try:
                await self.run(lambda: sync_directory(directory))
            except Exception as error:  # noqa: BLE001 - handed to every waiter: none may wait for ever
                batch.set_exception(error)
                # One waiter that was cancelled meanwhile must not make the error look unseen.
                batch.exception()
            else:
                self.syncs += 1
                batch.set_result(None)
        del self._running[directory]

    def close(self) -> None:
        """End the threads after their present work."""
        self._pool.shutdown(wait=True)


def make_private(directory: Path) -> Path:
    """Make a directory and its missing parents, for the owner alone, durably; an existing one is narrowed to that.

    Existing parents stay as they are. Raises OSError.
    """
    if directory.is_dir():
        if directory.stat().st_mode & 0o777 != PRIVATE:
            directory.chmod(PRIVATE)
        return directory
    if not directory.parent.is_dir():
        make_private(directory.parent)
    directory.mkdir(mode=PRIVATE, exist_ok=True)
    sync_directory(directory.parent)
    return directory


def write_synced(target: Path, blocks: Iterable[bytes]) -> Claim:
    """Write beside the target, fsync, close, then rename; whatever fails, nothing is left of it. Raises OSError.

    The temporary name is made with O_EXCL and lasts until the rename, so it also keeps two writers of one name apart.
    """
    temporary = target.with_name(f".{target.name}.tmp")
    descriptor, mine = _begin(temporary)
    try:
        try:
            if target.exists():
                raise FileExistsError(f"{target.name} is there already")
            for block in blocks:
                write_all(descriptor, block)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.rename(target)
    except BaseException:
        mine.end()
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    return mine


def _begin(temporary: Path) -> tuple[int, Claim]:
    """A new file, open for writing, and the claim on it. Raises FileExistsError where somebody else writes it, OSError.

    Between the two a process that starts may take the file for a leftover: it looks at it, or sweeps it away. Then we
    look again, or begin anew.
    """
    for _ in range(TRIES):
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            while (mine := claim(temporary)) is None:
                time.sleep(0.001)
        except FileNotFoundError:
            os.close(descriptor)
            continue
        except BaseException:
            os.close(descriptor)
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
        if os.fstat(descriptor).st_nlink:
            return descriptor, mine
        mine.end()
        os.close(descriptor)
    raise FileExistsError(f"{temporary.name} is swept away again and again")


def write_all(descriptor: int, block: bytes) -> None:
    """Write every octet, however short each write is. Raises OSError."""
    rest = memoryview(block)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def sync_directory(directory: Path) -> None:
    """Make the names in a directory durable. Raises OSError."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sweep(directory: Path) -> int:
    """Remove what crashed writers left under temporary names, which no reader ever saw; returns how many. Raises OSError."""
    swept = 0
    for temporary in directory.glob(".*.tmp"):
        with contextlib.suppress(FileNotFoundError):
            # Claimed while it is removed, so that no writer can claim it in between.
            mine = claim(temporary)
            if mine is not None:
                temporary.unlink()
                mine.end()
                swept += 1
    return swept
