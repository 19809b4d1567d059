"""One connection to a next hop on the wire: commands out, replies in, message data stuffed and never broken.

Invariants of this file: no bare CR, bare LF or NUL is ever written; the final dot is a write of its own; whatever the
peer says becomes a legal `Reply` or a `HopFault`, which is temporary.
"""

import asyncio
import re
from collections import deque
from collections.abc import Iterable
from typing import Final, cast

from smtp_gate.core.reply import Reply

MAX_LINES: Final = 100
MAX_REPLY: Final = 64 * 1024
SLICE: Final = 256 * 1024
DOT: Final = b".\r\n"
_REPLY_LINE: Final = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?")


class HopFault(Exception):  # noqa: N818 - a fault of the connection, named as the documents name it
    """The connection failed us; `reply` is the 4xx that says how, and nothing of it is the peer's 5xx."""

    def __init__(self, enhanced: str, text: str) -> None:
        super().__init__(text)
        self.reply = Reply(451, enhanced, (text,))


def lost() -> HopFault:
    """The peer hung up."""
    return HopFault("4.4.2", "lost connection with next hop")


def garbled() -> HopFault:
    """The peer spoke something that is no SMTP reply, or too much of it."""
    return HopFault("4.5.0", "next hop sent an unreadable reply")


class Wire(asyncio.Protocol):
    """The protocol object of one connection. `closed` is True once the peer or we have hung up."""

    def __init__(self) -> None:
        self.closed = False
        self.transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._lines: list[bytes] = []
        self._size = 0
        self._replies: deque[Reply | HopFault] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._writable = asyncio.Event()
        self._writable.set()

    # What the event loop tells us.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport; STARTTLS calls this a second time with the encrypted one."""
        # uvloop's transports are no subclasses of asyncio's, so the type can only be told, not asked.
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Cut replies out of what came."""
        self._buffer += data
        while (end := self._buffer.find(b"\n")) >= 0:
            line = bytes(self._buffer[:end]).rstrip(b"\r")
            del self._buffer[: end + 1]
            self._take(line)
        if len(self._buffer) > MAX_REPLY:
            self._give(garbled())
            self.close()

    def _take(self, line: bytes) -> None:
        found = _REPLY_LINE.fullmatch(line)
        self._size += len(line)
        if found is None or (self._lines and self._lines[0][:3] != found[1]) or self._size > MAX_REPLY:
            self._give(garbled())
            self.close()
            return
        self._lines.append(line)
        if len(self._lines) > MAX_LINES * 10:
            self._give(garbled())
            self.close()
        elif found[2] != b"-":
            texts = [row[4:].decode("ascii", "replace") for row in self._lines]
            self._lines, self._size = [], 0
            self._give(Reply.parse(int(found[1]), texts))

    def _give(self, reply: Reply | HopFault) -> None:
        self._replies.append(reply)
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def eof_received(self) -> None:
        """The peer will say no more: the connection is of no use to us."""
        self.close()

    def connection_lost(self, _exc: Exception | None) -> None:
        """Wake whoever waits for a reply or for room to write."""
        self.closed = True
        self._writable.set()
        self._wake()

    def pause_writing(self) -> None:
        """The peer reads slower than we write."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """There is room again."""
        self._writable.set()

    # What we ask of it.

    @property
    def unasked(self) -> bool:
        """Whether the peer has sent something nobody waited for."""
        return bool(self._buffer or self._lines or self._replies)

    def forget(self) -> None:
        """Drop what came in the clear; only before a TLS handshake that must not inherit it."""
        self._buffer.clear()
        self._replies.clear()
        self._lines.clear()

    async def reply(self, within: float) -> Reply:
        """The next reply of the peer. Raises HopFault where it hangs up, babbles or takes too long."""
        try:
            async with asyncio.timeout(within):
                while not self._replies:
                    if self.closed:
                        raise lost()
                    self._waiter = asyncio.get_running_loop().create_future()
                    await self._waiter
        except TimeoutError:
            self.close()
            raise HopFault("4.4.1", "next hop does not answer") from None
        except asyncio.CancelledError:
            # The reply that is still to come would be taken for the answer to the next command.
            self.close()
            raise
        finally:
            self._waiter = None
        first = self._replies.popleft()
        if isinstance(first, HopFault):
            raise first
        return first

    async def ask(self, line: bytes, within: float) -> Reply:
        """Send one command line (without CRLF) and await its reply. Raises HopFault."""
        self.say(line)
        return await self.reply(within)

    def say(self, line: bytes) -> None:
        """Send one command line without waiting. Raises HopFault where the connection is gone."""
        if b"\r" in line or b"\n" in line or b"\0" in line:
            raise HopFault("4.3.0", "a command would have held a line break")
        self._listen_first()
        self._write(line + b"\r\n")

    async def say_data(self, blocks: Iterable[bytes], within: float) -> None:
        """Write message data, stuffed, each block ending in CRLF, without the final dot. Raises HopFault."""
        for block in blocks:
            if not is_canonical(block):
                self.close()
                raise HopFault("4.3.0", "message data would have held a bare line end")
            stuffed = memoryview(stuff(block))
            for start in range(0, len(stuffed), SLICE):
                self._write(stuffed[start : start + SLICE])
                await self._room(within)

    def say_dot(self) -> None:
        """Write the final dot: the point of no return. Raises HopFault where the connection is already gone."""
        self._listen_first()
        self._write(DOT)

    def _listen_first(self) -> None:
        """A reply nobody asked for would be taken for the answer to what comes next: a 250 the next hop never gave."""
        if self.unasked:
            self.close()
            raise HopFault("4.5.0", "next hop replied before it was asked")

    def close(self) -> None:
        """Hang up at once, nothing more is sent."""
        self.closed = True
        if self.transport is not None:
            self.transport.abort()
        self._wake()

    def _write(self, data: bytes | memoryview) -> None:
        if self.closed or self.transport is None or self.transport.is_closing():
            raise lost()
        self.transport.write(data)

    async def _room(self, within: float) -> None:
        if self._writable.is_set():
            return
        try:
            await asyncio.wait_for(self._writable.wait(), within)
        except TimeoutError:
            self.close()
            raise HopFault("4.4.1", "next hop does not take the data") from None


def is_canonical(block: bytes) -> bool:
    """Whether every CR and LF stands in a CRLF, no NUL occurs, and the block ends its last line (or is empty)."""
    pairs = block.count(b"\r\n")
    whole = not block or block.endswith(b"\r\n")
    return whole and pairs == block.count(b"\r") == block.count(b"\n") and b"\0" not in block


def stuff(block: bytes) -> bytes:
    """A dot before every line that begins with one (RFC 5321 section 4.5.2); the block begins a line."""
    body = block.replace(b"\r\n.", b"\r\n..")
    return b"." + body if body.startswith(b".") else body
