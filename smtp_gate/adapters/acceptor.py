"""Takes connections from a listening socket that several workers share, so that each gets its part of them.

One connection is taken a wake-up, and a worker that is clearly ahead lets the others go first. It never refuses: what
waits in the socket's queue is taken by whoever comes back to it first.
"""

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable
from typing import Final

from smtp_gate.adapters.door import Door
from smtp_gate.adapters.door_settings import TlsMode

COURTESY: Final = 0.002
"""Seconds for which a worker that is ahead leaves the socket to the others."""
EXHAUSTED: Final = 0.1
"""Seconds without accepting after the system has run out of descriptors or memory."""
BEAT: Final = 0.5
"""Seconds between two signs of life on the board."""
_SHORT_OF: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_THEIRS: Final = frozenset({
    errno.ECONNABORTED, errno.EPROTO, errno.EPERM, errno.EINTR, errno.ENOPROTOOPT, errno.EOPNOTSUPP, errno.ENETDOWN,
    errno.ENETUNREACH, errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ENONET, errno.ETIMEDOUT, errno.ECONNRESET,
})  # fmt: skip
"""What `accept` says of one connection that has gone already (accept(2)); the next one may be well."""


class Acceptor:
    """Accepts for one door on one listening socket, from construction until `close`. The socket stays its owner's.

    `loop` must be the running one, `sock` non-blocking. Connections are counted on the board by the door's commons.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, sock: socket.socket, door: Door) -> None:
        self._loop = loop
        self._socket = sock
        self._door = door
        self._row = door.commons.row
        tls = door.settings.tls
        self._tls = tls.context if tls is not None and tls.mode is TlsMode.IMPLICIT else None
        self._beginning: set[asyncio.Task[None]] = set()
        self._paused: asyncio.TimerHandle | None = None
        self._short = False
        self._closed = False
        self._listen()
        self._beat()

    def close(self) -> None:
        """Take no more connections; those that have begun go on. Idempotent."""
        if self._closed:
            return
        self._closed = True
        self._beater.cancel()
        if self._paused is None:
            self._loop.remove_reader(self._socket)
        else:
            self._paused.cancel()

    def _listen(self) -> None:
        self._paused = None
        self._loop.add_reader(self._socket, self._wake)

    def _beat(self) -> None:
        self._row.beat()
        self._beater = self._loop.call_later(BEAT, self._beat)

    def _wake(self) -> None:
        """Somebody may be waiting."""
        self._row.beat()
        if len(self._beginning) >= self._door.settings.limits.connections:
            # Handshakes under way count nowhere yet; what waits for them to end costs nothing.
            self._pause(EXHAUSTED, self._listen)
        elif self._is_ahead():
            self._pause(COURTESY, self._take_turn)
        else:
            self._accept()

    def _is_ahead(self) -> bool:
        """Whether another worker that is alive has clearly fewer connections."""
        least = self._row.least_load()
        return self._row.connections + len(self._beginning) > least + 1 + least // 8

    def _take_turn(self) -> None:
        """The others have had their chance: whoever still waits is ours."""
        self._listen()
        self._accept()

    def _pause(self, seconds: float, then: Callable[[], None]) -> None:
        self._loop.remove_reader(self._socket)
        self._paused = self._loop.call_later(seconds, then)

    def _accept(self) -> None:
        try:
            connection, _ = self._socket.accept()
        except BlockingIOError:
            # Another worker was quicker.
            return
        except OSError as error:
            self._failed(error)
            return
        self._short = False
        connection.setblocking(False)
        task = self._loop.create_task(self._begin(connection))
        self._beginning.add(task)
        task.add_done_callback(self._beginning.discard)

    def _failed(self, error: OSError) -> None:
        """One connection has gone: go on. The system is short of something: try again soon, and say so once."""
        if error.errno in _THEIRS:
            return
        if not self._short:
            self._short = True
            what = "descriptors" if error.errno in _SHORT_OF else "accept"
            self._door.watcher.fault("", what, error)
        self._pause(EXHAUSTED, self._listen)

    async def _begin(self, connection: socket.socket) -> None:
        within = self._door.settings.limits.handshake if self._tls is not None else None
        try:
            await self._loop.connect_accepted_socket(
                self._door, connection, ssl=self._tls, ssl_handshake_timeout=within
            )
        except (OSError, ssl.SSLError):
            # The handshake failed or took too long; the transport has closed the connection by then, or never had it.
            connection.close()
            self._door.watcher.turned_away(self._door.settings.listener.name, "tls_handshake")
