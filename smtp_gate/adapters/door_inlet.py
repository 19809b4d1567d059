"""What a client has sent and nobody has read yet: lines of commands, and the octets of DATA up to the one true end."""

import asyncio
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Final

from smtp_gate.adapters.spool import Tray

END: Final = b"\r\n.\r\n"
ROOF: Final = 64 * 1024
"""Octets that may wait unread before the client is made to wait."""


class Short(Enum):
    """Why DATA brought no content: the client went, sent too much, or sent so much that it is cut off."""

    GONE = "gone"
    TOO_BIG = "too_big"
    FLOOD = "flood"


class Inlet:
    """A buffer between the transport and the one task that reads it.

    `octets` is what waits to be read; `eof` is set once the client will send nothing more.
    """

    __slots__ = ("_loop", "_paused", "_transport", "_waiter", "eof", "octets", "roof")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.octets = bytearray()
        self.eof = False
        self.roof = ROOF
        self._loop = loop
        self._waiter: asyncio.Future[None] | None = None
        self._transport: asyncio.ReadTransport | None = None
        self._paused = False

    def attach(self, transport: asyncio.ReadTransport) -> None:
        """Read from this transport from now on (a new one after STARTTLS)."""
        self._transport = transport
        self._paused = False

    def feed(self, octets: bytes) -> None:
        """Take what has arrived."""
        self.octets += octets
        if self._waiter is not None:
            self._wake()
        elif len(self.octets) > self.roof and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()

    def feed_eof(self) -> None:
        """Nothing more will arrive."""
        self.eof = True
        self._wake()

    def line(self) -> bytes | None:
        """The next line with the LF it ends in, or None where it has not come whole."""
        end = self.octets.find(b"\n") + 1
        if not end:
            return None
        line = bytes(self.octets[:end])
        del self.octets[:end]
        return line

    async def more(self) -> bool:
        """Wait for more octets; False where none will come."""
        if self.eof:
            return False
        self._resume()
        had = len(self.octets)
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None
        return len(self.octets) > had

    def ease(self, roof: int) -> None:
        """Let so many octets wait unread from now on, and read on where fewer wait: else nobody sees the client go."""
        self.roof = roof
        if len(self.octets) <= roof:
            self._resume()

    def _resume(self) -> None:
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
        self._waiter = None


async def read_data(
    inlet: Inlet, room: int, more: Callable[[int], Awaitable[bool]], tray: Tray
) -> bytes | Tray | Short:
    """The octets of DATA as sent, still stuffed, up to and without the final dot's line (RFC 5321, section 4.1.1.4).

    Only CRLF `.` CRLF ends them, the first CRLF being that of the command where the dot comes at once. What is more
    than the tray leaves in memory goes to the tray, which is then returned with all of them. Beyond `room` octets they
    are read and thrown away, up to twice as many. `more` waits for the next octets, given how many came.
    """
    octets, passed, start = inlet.octets, 0, 0
    inlet.roof = max(ROOF, tray.above)
    try:
        while True:
            if not passed and octets.startswith(END[2:]):
                del octets[:3]
                return b""
            end = octets.find(END, start)
            if end >= 0:
                return await _ended(inlet, end + 2, tray, whole=passed + end + 2 <= room)
            # The last octets may be the beginning of the end.
            start = max(len(octets) - len(END) + 1, 0)
            if passed + len(octets) > room:
                tray.close()
                passed += start
                del octets[:start]
                start = 0
                if passed > 2 * room:
                    return Short.FLOOD
            elif start >= tray.appetite:
                passed += start
                await _put(inlet, start, tray)
                start = 0
                # Octets may have come meanwhile, and the end with them.
                continue
            if not await more(passed + len(octets)):
                return Short.GONE
    finally:
        inlet.ease(ROOF)


async def _put(inlet: Inlet, size: int, tray: Tray) -> None:
    """Move octets from the front to the tray, and let the client wait as long as that takes."""
    roof, inlet.roof = inlet.roof, 0
    await tray.put(_taken(inlet.octets, size))
    inlet.ease(roof)


async def _ended(inlet: Inlet, size: int, tray: Tray, *, whole: bool) -> bytes | Tray | Short:
    """Take the last octets and the dot's line off the front."""
    if not whole:
        del inlet.octets[: size + 3]
        return Short.TOO_BIG
    last = _taken(inlet.octets, size)
    del inlet.octets[:3]
    if not tray.size:
        return last
    await tray.put(last)
    return tray


def _taken(octets: bytearray, size: int) -> bytes:
    with memoryview(octets) as view:
        taken = view[:size].tobytes()
    del octets[:size]
    return taken
