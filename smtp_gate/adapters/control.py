"""The control socket: one JSON object a line, between the keeper and its workers and the commands.

A Unix socket in a folder for the owner alone: whoever can connect may do what the gate's user may. A frame is at most a
mebibyte; a peer that sends more, or anything but JSON objects, is cut off.
"""

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, Final

ROOM: Final = 1 << 20
BACKLOG: Final = 64
Frame = dict[str, Any]


class ControlLine:
    """One connection: frames out by `send`, frames in by iteration, which ends when the peer has gone."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def send(self, frame: Frame) -> None:
        """Send one frame, or nothing where the peer has gone."""
        if not self._writer.is_closing():
            self._writer.write(json.dumps(frame, separators=(",", ":")).encode() + b"\n")

    async def receive(self) -> Frame | None:
        """The next frame, None at the end. A frame that is none ends the line."""
        try:
            line = await self._reader.readline()
        except (ConnectionError, ValueError):
            return None
        if not line.endswith(b"\n"):
            return None
        try:
            frame = json.loads(line)
        except (ValueError, RecursionError):
            return None
        return frame if isinstance(frame, dict) else None

    async def __aiter__(self) -> AsyncIterator[Frame]:
        """Every frame until the end."""
        while (frame := await self.receive()) is not None:
            yield frame

    async def close(self) -> None:
        """Hang up, after what was sent."""
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()


class ControlServer:
    """The keeper's end: calls `serve` with each connection until it returns."""

    def __init__(self, serve: Callable[[ControlLine], Awaitable[None]]) -> None:
        self._serve = serve
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, listening: socket.socket) -> None:
        """Serve on this socket, which is the caller's to keep. Raises OSError."""
        self._server = await asyncio.start_unix_server(self._accept, sock=listening.dup(), limit=ROOM)

    async def stop(self) -> None:
        """Take nobody any more, and cut off who is there."""
        if self._server is not None:
            self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        line = ControlLine(reader, writer)
        try:
            await self._serve(line)
        except asyncio.CancelledError:
            # Only `stop` cancels; the loop would report a cancelled handler as a crash.
            writer.transport.abort()
            return
        await line.close()


def listen(path: Path) -> socket.socket:
    """A listening control socket at this path, in the place of one that nobody serves any more. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with reachable(path) as name:
        listening.bind(name)
    path.chmod(0o600)
    listening.listen(BACKLOG)
    listening.setblocking(False)
    return listening


async def connect(path: Path) -> ControlLine:
    """Connect to the keeper. Raises OSError where none serves."""
    with reachable(path) as name:
        reader, writer = await asyncio.open_unix_connection(name, limit=ROOM)
    return ControlLine(reader, writer)


@contextlib.contextmanager
def reachable(path: Path) -> Iterator[str]:
    """A name of the socket short enough for its address, which has room for about a hundred octets (unix(7))."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
