"""The door: takes SMTP connections of one listener and gives their messages to the gate (aiosmtpd underneath)."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, Final

from smtp_gate.adapters.door_commons import Commons
from smtp_gate.adapters.door_entry import Entry, Receive
from smtp_gate.adapters.door_session import DoorSession
from smtp_gate.adapters.door_settings import DoorLimits, DoorSettings, DoorWatcher
from smtp_gate.adapters.door_talk import SHUTTING_DOWN
from smtp_gate.core.features import Features
from smtp_gate.core.ports import NextHop
from smtp_gate.core.reply import Reply

_STRESS: Final = 0.9
"""The share of all connections from which on clients get less time and fewer errors."""

_PASSWORD_CHECKS: Final = 2


class Door:
    """One listener's door: a protocol factory for `loop.create_server` or an `Acceptor`, and what its sessions share.

    `receive` is the gate's, `next_hop` and `features` those of its next hop, `commons` what all doors of the process
    share (a door without it is alone). With a TLS context of mode `implicit` the server has to be made with that context.
    """

    def __init__(
        self,
        settings: DoorSettings,
        receive: Receive,
        next_hop: NextHop,
        features: Callable[[], Features],
        watcher: DoorWatcher,
        commons: Commons | None = None,
    ) -> None:
        self.settings = settings
        self.receive = receive
        self.next_hop = next_hop
        self.features = features
        self.watcher = watcher
        self.commons = commons or Commons.of(settings, watcher)
        self.password_checks = asyncio.Semaphore(_PASSWORD_CHECKS)
        self.draining = False
        self._empty = asyncio.Event()
        self._sessions: dict[Entry, str] = {}
        self._work: set[asyncio.Task[None]] = set()
        self._stressed = replace(
            settings.limits, idle=min(settings.limits.stressed_idle, settings.limits.idle), hard_errors=1, junk=1
        )
        # aiosmtpd logs commands, addresses and content there; the gate's own log line says what may be said.
        logging.getLogger("mail.log").disabled = True

    def __call__(self) -> asyncio.Protocol:
        """A protocol for a new connection. To be called inside the event loop."""
        return DoorSession(self, asyncio.get_running_loop())

    @property
    def connections(self) -> int:
        """How many clients are in by this door."""
        return len(self._sessions)

    @property
    def limits(self) -> DoorLimits:
        """The limits; near the largest number of connections idling and erring end sooner."""
        stressed = self.commons.row.total_connections() >= _STRESS * self.settings.limits.connections
        return self._stressed if stressed else self.settings.limits

    def admit(self, session: Entry) -> Reply | None:
        """Take a connection in; the refusal where there is no room."""
        address = session.peer.address
        if self.draining:
            return SHUTTING_DOWN
        refusal = self.commons.join(address, self.settings.limits)
        if refusal is not None:
            return refusal
        self._sessions[session] = address
        self.watcher.connected(self.settings.listener.name, 1)
        return None

    def leave(self, session: Entry) -> None:
        """A connection has ended; harmless for one that was not taken in."""
        address = self._sessions.pop(session, None)
        if address is None:
            return
        self.commons.row.leave(address)
        self.watcher.connected(self.settings.listener.name, -1)
        if self.draining and not self._sessions:
            self._empty.set()

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it beside the conversations, and let nobody cancel it."""
        task = asyncio.get_running_loop().create_task(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    async def drain(self, within: float) -> int:
        """Shut down: nobody new comes in, transactions under way may end within so many seconds, the rest is cut.

        The server's socket is its owner's to close, before this. Returns how many sessions were cut.
        """
        self.draining = True
        if self._sessions:
            for session in list(self._sessions):
                session.shut()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._empty.wait(), within)
        left = list(self._sessions)
        for session in left:
            session.cut_off()
        if self._work:
            await asyncio.wait(self._work, timeout=1.0)
        return len(left)
