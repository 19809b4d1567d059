"""The small HTTP server for /metrics, /healthz and /readyz: GET and HEAD, bounded, one request a connection."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

MAX_HEAD: Final = 8 * 1024
MAX_CLIENTS: Final = 32
PATIENCE: Final = 5.0
PLAIN: Final = "text/plain; charset=utf-8"
EXPOSITION: Final = "text/plain; version=0.0.4; charset=utf-8"


class MetricsServer:
    """Serves the exposition and the two probes.

    `text` is called in a thread of its own, one call at a time, so that a scrape does not stop mail. `ready` is called
    on the loop and tells whether mail is taken. A client beyond the limit is cut off without an answer.
    """

    def __init__(self, text: Callable[[], bytes], ready: Callable[[], bool]) -> None:
        self._text = text
        self._ready = ready
        self._servers: list[asyncio.Server] = []
        self._clients: set[asyncio.Task[None]] = set()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="metrics")

    async def start(self, sockets: Iterable[socket.socket]) -> None:
        """Serve on these listening sockets, which stay their owner's to close. Raises OSError."""
        for one in sockets:
            self._servers.append(await asyncio.start_server(self._accept, sock=one.dup(), limit=MAX_HEAD))

    async def stop(self) -> None:
        """Stop listening and cut off who is still there."""
        for server in self._servers:
            server.close()
        for task in tuple(self._clients):
            task.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        for server in self._servers:
            await server.wait_closed()
        self._thread.shutdown(wait=False)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or len(self._clients) >= MAX_CLIENTS:
            writer.transport.abort()
            return
        self._clients.add(task)
        task.add_done_callback(self._clients.discard)
        try:
            await self._serve(reader, writer)
        except asyncio.CancelledError:
            # Only `stop` cancels; the loop would report a cancelled handler as a crash.
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                writer.write(await self._answer(await reader.readuntil(b"\r\n\r\n")))
                await writer.drain()
        except asyncio.LimitOverrunError:
            writer.write(_response("431 Request Header Fields Too Large", PLAIN, b"too much\n"))
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError):
            # A client that does not speak HTTP in time gets no answer; nothing depends on it.
            pass
        await _hang_up(writer)

    async def _answer(self, head: bytes) -> bytes:
        words = head.split(b"\r\n", 1)[0].split(b" ")
        if len(words) != 3 or not words[2].startswith(b"HTTP/1."):
            return _response("400 Bad Request", PLAIN, b"HTTP/1.1 only\n")
        if words[0] not in {b"GET", b"HEAD"}:
            return _response("405 Method Not Allowed", PLAIN, b"GET only\n", "Allow: GET, HEAD\r\n")
        response = await self._page(words[1].split(b"?", 1)[0])
        # HEAD says what GET would say, body left out (RFC 9110, section 9.3.2).
        return response if words[0] == b"GET" else response[: response.index(b"\r\n\r\n") + 4]

    async def _page(self, path: bytes) -> bytes:
        match path:
            case b"/metrics":
                body = await asyncio.get_running_loop().run_in_executor(self._thread, self._text)
                return _response("200 OK", EXPOSITION, body)
            case b"/healthz":
                return _response("200 OK", PLAIN, b"ok\n")
            case b"/readyz":
                if self._ready():
                    return _response("200 OK", PLAIN, b"ready\n")
                return _response("503 Service Unavailable", PLAIN, b"not ready\n")
            case _:
                return _response("404 Not Found", PLAIN, b"try /metrics, /healthz or /readyz\n")


async def _hang_up(writer: asyncio.StreamWriter) -> None:
    """Close; a client that takes nothing any more is cut off."""
    writer.close()
    try:
        async with asyncio.timeout(PATIENCE):
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
    except TimeoutError:
        writer.transport.abort()


def _response(status: str, kind: str, body: bytes, extra: str = "") -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        f"Cache-Control: no-store\r\nConnection: close\r\n{extra}\r\n"
    )
    return head.encode("ascii") + body
