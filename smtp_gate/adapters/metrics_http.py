"""The small HTTP server for /metrics, /healthz and /readyz: GET only, bounded, one request a connection."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

MAX_HEAD: Final = 8 * 1024
PATIENCE: Final = 5.0
PLAIN: Final = "text/plain; charset=utf-8"
EXPOSITION: Final = "text/plain; version=0.0.4; charset=utf-8"


class MetricsServer:
    """Serves the exposition and the two probes on one address."""

    def __init__(self, text: Callable[[], bytes], ready: Callable[[], bool]) -> None:
        self._text = text
        self._ready = ready
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> tuple[str, int]:
        """Listen; returns the address. Raises OSError where it is taken."""
        self._server = await asyncio.start_server(self._serve, host, port, limit=MAX_HEAD)
        address: tuple[str, int] = self._server.sockets[0].getsockname()[:2]
        return address

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(self._answer(head))
                await writer.drain()
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            # A client that does not speak HTTP in time gets no answer; nothing depends on it.
            pass
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    def _answer(self, head: bytes) -> bytes:
        words = head.split(b"\r\n", 1)[0].split(b" ")
        if len(words) != 3 or words[0] not in {b"GET", b"HEAD"}:
            return _response("405 Method Not Allowed", PLAIN, b"GET only\n")
        match words[1].split(b"?", 1)[0]:
            case b"/metrics":
                return _response("200 OK", EXPOSITION, self._text())
            case b"/healthz":
                return _response("200 OK", PLAIN, b"ok\n")
            case b"/readyz":
                ready = self._ready()
                return _response(
                    "200 OK" if ready else "503 Service Unavailable", PLAIN, b"ready\n" if ready else b"not ready\n"
                )
            case _:
                return _response("404 Not Found", PLAIN, b"try /metrics, /healthz or /readyz\n")


def _response(status: str, kind: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode("ascii") + body
