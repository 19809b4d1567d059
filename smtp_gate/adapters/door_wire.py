"""One connection as octets and time: aiosmtpd's protocol with a reader of our own, replies gathered, clients kept moving.

aiosmtpd gives the protocol, its session and the task of a client. Its reader ends commands at a bare LF and decodes
them, its timer covers the whole of DATA and the handler, and it cancels the handler at the client's end of file: these
three are replaced here.
"""

import asyncio
import math
import socket
import ssl
from collections.abc import Iterable
from typing import Final, cast

from aiosmtpd.smtp import SMTP

from smtp_gate.adapters.door_inlet import Inlet
from smtp_gate.adapters.door_settings import DoorLimits
from smtp_gate.core.reply import Reply

DRAIN: Final = 4096
"""Octets of a line without its end after which the client is cut off."""

_GATHERED: Final = 8192
"""Octets of replies that are sent even while the client's pipeline has more commands."""

_ESTABLISHED: Final = b"\x01"
"""TCP_ESTABLISHED, the first octet of the kernel's tcp_info (tcp(7)): neither closed nor reset by the client."""

LATE: Final = Reply.of(421, "4.4.2", "timeout exceeded")


class Wire(SMTP):
    """Lines in, replies out. `inlet` holds what came and was not read; `over` ends the conversation after this reply."""

    def __init__(self, loop: asyncio.AbstractEventLoop, limits: DoorLimits, hostname: str) -> None:
        super().__init__(None, hostname=hostname, ident="ESMTP", loop=loop, timeout=limits.idle)
        # aiosmtpd keeps one dictionary for all connections and clears it with each new one; nothing reads ours.
        self.command_size_limits = {}
        self.inlet = Inlet(loop)
        self.over = False
        self.limits = limits
        self.idle = limits.idle
        self._out = bytearray()
        self._wire: asyncio.Transport | None = None
        self._late_at = math.inf
        self._armed_at = math.inf
        self._waits_for_gate = False

    def __dir__(self) -> Iterable[str]:
        """Nothing: aiosmtpd looks for commands and mechanisms by name on every connection, and ours are in a table."""
        return ()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the conversation."""
        # uvloop's transports are no subclasses of asyncio's, so the type can only be told, not asked.
        self.use(cast("asyncio.Transport", transport))
        super().connection_made(transport)

    def use(self, transport: asyncio.Transport) -> None:
        """Speak over this transport from now on."""
        self._wire = transport
        self.transport = transport
        self.inlet.attach(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """The client is gone: the conversation is cancelled, whatever it waits for."""
        self.over = True
        super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        """Keep what came."""
        self.inlet.feed(data)

    def eof_received(self) -> bool:
        """The client sends no more. What it has sent is still read, but a message it will hear nothing of is not sent on.

        Under TLS the transport closes by itself.
        """
        self.inlet.feed_eof()
        if self._waits_for_gate and self._handler_coroutine is not None:
            self._handler_coroutine.cancel()
        return self._wire is not None and self._wire.get_extra_info("sslcontext") is None

    def gone(self) -> bool:
        """Whether the client has closed or reset its connection, even where the loop has not told us yet."""
        if self._wire is None or self._wire.is_closing() or self.inlet.eof:
            return True
        own = self._wire.get_extra_info("socket")
        try:
            state: bytes = own.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
        except (AttributeError, OSError, ValueError):
            # No TCP socket below: the loop alone can tell.
            return False
        return state != _ESTABLISHED

    def say(self, reply: Reply) -> None:
        """Put a reply behind those that wait to be sent."""
        self._out += reply.wire()

    async def flush(self) -> None:
        """Send what waits. Raises ConnectionError where the client is gone."""
        if self._wire is None or not self._out:
            return
        self._wire.write(bytes(self._out))
        self._out.clear()
        self._give_until(self.loop.time() + self.idle)
        try:
            await self._writer.drain()
        finally:
            self._late_at = math.inf

    async def line(self, drain: int = DRAIN) -> bytes | None:
        """The client's next line with the LF it ends in; replies are sent first, unless the line is there already.

        None where the client is gone, or sent `drain` octets without an LF; `too_long` tells the two apart.
        """
        until = self.loop.time() + self.idle
        if len(self._out) > _GATHERED:
            await self.flush()
        while (line := self.inlet.line()) is None:
            if self.too_long(drain):
                return None
            await self.flush()
            if not await self.more(until):
                return None
        return line

    def too_long(self, drain: int = DRAIN) -> bool:
        """Whether what waits is a line that has grown beyond all bounds."""
        return len(self.inlet.octets) >= drain

    async def more(self, until: float) -> bool:
        """Wait for more octets until then (loop time), after which the client is turned away; False where it is gone."""
        self._give_until(until)
        try:
            return await self.inlet.more()
        finally:
            self._late_at = math.inf

    async def encrypt(self, context: ssl.SSLContext) -> bool:
        """Begin TLS as the server; False where the handshake fails or plain octets came before it."""
        await self.flush()
        if self._wire is None or self.inlet.octets or self.inlet.eof:
            return False
        try:
            # The transport stops reading before this first yields, so no plain octet can slip in behind the check above.
            secured = await self.loop.start_tls(
                self._wire, self, context, server_side=True, ssl_handshake_timeout=self.limits.handshake
            )
        except (OSError, ssl.SSLError):
            return False
        if secured is None:
            return False
        self.use(secured)
        return True

    def turned_away(self, why: str) -> None:
        """Told when the client is cut off; `why` is a fixed word."""

    def _give_until(self, until: float) -> None:
        """Let the client keep us waiting until then. The timer is moved only to come earlier: it looks again by itself."""
        self._late_at = until
        if until < self._armed_at:
            if self._timeout_handle is not None:
                self._timeout_handle.cancel()
            self._armed_at = until
            self._timeout_handle = self.loop.call_at(until, self._timeout_cb)

    def _reset_timeout(self, duration: float | None = None) -> None:
        """Called by aiosmtpd as a connection is made: the timer exists from the first moment."""
        self._give_until(self.loop.time() + (duration or self.idle))

    def _timeout_cb(self) -> None:
        """Look whether the client is late; it is not while it waits for us."""
        self._armed_at = math.inf
        if self._late_at > self.loop.time():
            if self._late_at < math.inf:
                self._give_until(self._late_at)
            return
        self.over = True
        self.turned_away("timeout")
        if self._wire is None:
            return
        if self._wire.get_write_buffer_size():
            # A client that takes nothing would keep a polite close waiting for ever.
            self._wire.abort()
        else:
            self._wire.write(LATE.wire())
            self._wire.close()
