"""A built-in next hop for `smtp-gate demo`: takes every message and keeps the last few in memory."""

import asyncio
from collections import deque
from dataclasses import dataclass

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(frozen=True, slots=True)
class Delivered:
    """One message as the built-in next hop received it."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes


class DemoHop:
    """An SMTP server on loopback that accepts everything; `delivered` holds the last hundred messages."""

    def __init__(self, hostname: str = "next-hop.demo") -> None:
        self.delivered: deque[Delivered] = deque(maxlen=100)
        self._hostname = hostname
        self._server: asyncio.Server | None = None

    async def start(self) -> tuple[str, int]:
        """Listen on a free port of loopback; returns the address."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._protocol, "127.0.0.1", 0)
        host, port = self._server.sockets[0].getsockname()[:2]
        return host, port

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def _protocol(self) -> SMTP:
        return SMTP(self, hostname=self._hostname, enable_SMTPUTF8=True, data_size_limit=64 * 1024 * 1024)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - the hook's name is aiosmtpd's
        """Keep the message."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        self.delivered.append(Delivered(envelope.mail_from or "", tuple(envelope.rcpt_tos), content))
        return f"250 2.0.0 delivered as number {len(self.delivered)}"
