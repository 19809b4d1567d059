"""Asks the pool of extractor children to open a document: each question on a connection of its own, each with a deadline.

The children wait on one socket, which lives as long as the gate: while a child is replaced, questions wait in line. A
child ends itself at its own deadline, whatever the document does to it; here that is only noticed.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from smtp_gate.adapters.control import reachable
from smtp_gate.adapters.extractor_cache import OCTETS, ExtractorCache
from smtp_gate.adapters.extractor_wire import SIZES, STARTED, GarbledError, parse, question, sizes
from smtp_gate.core.view import Part, Reason

WAIT: Final = 10.0
"""Seconds a question waits for a free child; past it the pool counts as dead."""
SECONDS: Final = 30.0
"""Seconds a child may take for one document."""
_TRIES: Final = 2
_AT_ONCE: Final = 16
"""Questions of one process at a time; a message with a thousand documents must not fill the line for all others."""
_SLACK: Final = 2.0
_ROOM: Final = 1 << 20


class SocketExtractor:
    """Implements the gate's port `Extractor` over the pool's socket."""

    def __init__(
        self, path: Path, kinds: frozenset[str], *, seconds: float = SECONDS, wait: float = WAIT,
        clock: Callable[[], float] = time.monotonic, remembers: int = OCTETS,
    ) -> None:  # fmt: skip
        """`seconds` is what the children were told; `wait` how long a question may stand in line; `remembers` how many
        octets of answers are kept for equal documents.
        """
        self._path = path
        self._kinds = kinds
        self._seconds = seconds
        self._wait = wait
        self._clock = clock
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._cache = ExtractorCache(remembers)

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of content that the children open."""
        return self._kinds

    async def open(self, part: Part) -> tuple[Part, ...] | Reason:
        """What a part holds, as an equal one did or as a child says. Raises OSError where none answers in time."""
        return await self._cache.answer(part, self._open)

    async def _open(self, part: Part) -> tuple[Part, ...] | Reason:
        """Ask a child; ask another one where the first was killed by it."""
        async with self._room:
            for _ in range(_TRIES):
                found = await self._ask(part)
                if found is not Reason.CRASH:
                    return found
        return Reason.CRASH

    async def _ask(self, part: Part) -> tuple[Part, ...] | Reason:
        with reachable(self._path) as name:
            reader, writer = await asyncio.open_unix_connection(name, limit=_ROOM)
        try:
            await self._in_line(part, reader, writer)
            started = self._clock()
            try:
                async with asyncio.timeout(self._seconds + _SLACK):
                    head, contents = sizes(await reader.readexactly(SIZES.size))
                    return parse(await reader.readexactly(head), await reader.readexactly(contents))
            except TimeoutError:
                return Reason.LIMIT
            except GarbledError:
                return Reason.CRASH
            except (asyncio.IncompleteReadError, ConnectionError):
                # A child that died of its own alarm has used up its time; any other death is a crash.
                return Reason.LIMIT if self._clock() - started > self._seconds * 0.9 else Reason.CRASH
        finally:
            writer.transport.abort()

    async def _in_line(self, part: Part, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hand the question over and wait until a child has begun. Raises OSError where none does."""
        frame, content = question(part)
        try:
            async with asyncio.timeout(self._wait):
                writer.write(frame)
                writer.write(content)
                with contextlib.suppress(ConnectionError):
                    # A child that dies while it reads has not begun; the line below tells.
                    await writer.drain()
                if await reader.readexactly(1) != STARTED:
                    raise ConnectionResetError("an extractor spoke out of turn")
        except (TimeoutError, asyncio.IncompleteReadError):
            raise OSError("no extractor has taken the document in time") from None
