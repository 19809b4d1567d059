"""Room on disk: whether the data folder has space for another message, asked before the message is sent."""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

FRESH: Final = 1.0
"""Seconds for which an answer of the system is believed."""
PATIENCE: Final = 2.0
"""Seconds after which a disk that does not answer counts as one without space."""


class Usage(Protocol):
    """What `os.statvfs` tells, as far as it is needed (statvfs(3))."""

    @property
    def f_frsize(self) -> int:
        """Octets of a block."""
        ...

    @property
    def f_bavail(self) -> int:
        """Free blocks for us."""
        ...

    @property
    def f_files(self) -> int:
        """Files that the system can have; 0 where it does not count them."""
        ...

    @property
    def f_favail(self) -> int:
        """Files it can still have."""
        ...


class Space:
    """The free space of a folder's disk, less the `least` octets that stay free. Without a folder there is always room.

    The system is asked at most once a second, in a thread. A disk that cannot be asked has no space: mail is put off
    rather than taken and lost.
    """

    def __init__(
        self,
        folder: Path | None,
        least: int,
        ask: Callable[[Path], Usage] = os.statvfs,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._least = least
        self._ask = ask
        self._clock = clock
        self._free = -1
        self._asked_at = -FRESH
        self._asking: asyncio.Task[None] | None = None

    async def has(self, octets: int) -> bool:
        """Whether so many octets fit beside what stays free. Never raises; waits for the disk for two seconds at most."""
        if self._folder is None:
            return True
        if self._clock() - self._asked_at >= FRESH and not await self._asked(self._folder):
            return False
        return self._free >= self._least + octets

    async def _asked(self, folder: Path) -> bool:
        """Ask, together with whoever asks at the moment; False where no answer came in time."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.get_running_loop().create_task(self._refresh(folder))
        done, _ = await asyncio.wait((self._asking,), timeout=PATIENCE)
        return bool(done)

    async def _refresh(self, folder: Path) -> None:
        started = self._clock()
        try:
            usage = await asyncio.to_thread(self._ask, folder)
        except OSError:
            self._free = -1
        else:
            has_files = not usage.f_files or usage.f_favail > 0
            self._free = usage.f_bavail * usage.f_frsize if has_files else 0
        self._asked_at = started
