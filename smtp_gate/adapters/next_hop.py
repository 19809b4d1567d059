"""The next hop: connections reused within bounds, one transaction on each at a time."""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable

from smtp_gate.adapters.next_hop_attempt import HopAttempt, HopWatcher, Silent
from smtp_gate.adapters.next_hop_dial import Dialler, Link
from smtp_gate.adapters.next_hop_settings import HopSettings
from smtp_gate.adapters.next_hop_wire import HopFault, lost
from smtp_gate.core.features import Features
from smtp_gate.core.message import Envelope
from smtp_gate.core.reply import Reply


class SmtpNextHop:
    """Implements the gate's port `NextHop` over SMTP. One object a process; `close` it in the end."""

    def __init__(
        self, settings: HopSettings, watcher: HopWatcher | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.settings = settings
        self.watcher = watcher or Silent()
        self._clock = clock
        self._dialler = Dialler(settings, clock)
        self._idle: deque[Link] = deque()
        self._room = asyncio.Semaphore(settings.connections)
        self._features = Features()

    @property
    def features(self) -> Features:
        """What the next hop offered when it last greeted."""
        return self._features

    async def probe(self) -> Features | Reply:
        """Greet the next hop and learn what it offers; the connection is kept for the first message."""
        try:
            async with self._room:
                self.give_back(await self._dial())
        except HopFault as fault:
            return fault.reply
        return self._features

    async def begin(self, envelope: Envelope) -> HopAttempt | Reply:
        """Open a transaction with MAIL; a Reply says why there is none: a 4xx of ours, or the next hop's own answer."""
        try:
            async with asyncio.timeout(self.settings.times.connect):
                await self._room.acquire()
        except TimeoutError:
            return Reply(451, "4.3.2", ("too many connections to the next hop",))
        attempt = HopAttempt(self, envelope)
        reply: Reply | None = None
        try:
            reply = await attempt.open()
        except HopFault as fault:
            self.watcher.replied("connect", fault.reply.code)
            reply = fault.reply
        finally:
            if reply is None or not reply.positive:
                await attempt.abort()
        if reply.code == 421:
            return lost().reply
        return attempt if reply.positive else reply

    async def take(self, *, fresh: bool) -> Link:
        """An idle link that still lives, else a new one. Raises HopFault."""
        now = self._clock()
        while self._idle and not fresh:
            link = self._idle.pop()
            if link.wire.closed or link.wire.unasked or now - link.idle_since > self.settings.times.idle:
                link.wire.close()
                continue
            link.fresh = False
            return link
        return await self._dial()

    def give_back(self, link: Link) -> None:
        """Keep a link whose transaction is over, unless it has done its share."""
        link.uses += 1
        if link.wire.closed or link.wire.unasked or link.uses >= self.settings.uses:
            link.wire.close()
            return
        link.idle_since = self._clock()
        self._idle.append(link)
        while len(self._idle) > 1 and link.idle_since - self._idle[0].idle_since > self.settings.times.idle:
            self._idle.popleft().wire.close()

    def release_room(self) -> None:
        """One transaction less."""
        self._room.release()

    async def close(self) -> None:
        """Say goodbye on every idle link, on all at once: a silent next hop must not hold up the end of the gate."""
        links = list(self._idle)
        self._idle.clear()
        await asyncio.gather(*(_goodbye(link) for link in links))

    async def _dial(self) -> Link:
        started = self._clock()
        link = await self._dialler.dial()
        self.watcher.connected(self._clock() - started)
        self._features = link.features
        return link


async def _goodbye(link: Link) -> None:
    with contextlib.suppress(HopFault):
        # Whether QUIT is heard changes nothing for any message.
        await link.wire.ask(b"QUIT", 2)
    link.wire.close()
