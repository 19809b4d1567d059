"""One transaction with the next hop: MAIL and RCPTs mirrored, then DATA to all or some of the accepted."""

from collections.abc import Callable, Sequence
from typing import Protocol

from smtp_gate.adapters.next_hop_dial import Link, shortage, wanted
from smtp_gate.adapters.next_hop_settings import HopSettings
from smtp_gate.adapters.next_hop_wire import HopFault, lost
from smtp_gate.adapters.next_hop_xforward import xforward_lines
from smtp_gate.core.message import Envelope, Recipient
from smtp_gate.core.reply import Reply


class HopWatcher(Protocol):
    """Told what the next hop said, deciding nothing. Its methods never raise."""

    def replied(self, stage: str, code: int) -> None:
        """The next hop answered at a stage: connect, mail, rcpt, data, dot."""
        ...

    def connected(self, seconds: float) -> None:
        """A new connection was made in so long."""
        ...


class Silent:
    """A watcher for those who need none."""

    def replied(self, stage: str, code: int) -> None:
        """Say nothing."""

    def connected(self, seconds: float) -> None:
        """Say nothing."""


class Links(Protocol):
    """Where an attempt gets its connection from, and gives it back to."""

    settings: HopSettings
    watcher: HopWatcher

    async def take(self, *, fresh: bool) -> Link:
        """A link that lives. Raises HopFault."""
        ...

    def give_back(self, link: Link) -> None:
        """A link whose transaction is over."""
        ...

    def release_room(self) -> None:
        """One transaction less."""
        ...


class HopAttempt:
    """Implements the gate's port `Attempt`: MAIL, mirrored RCPTs, then DATA to all or some of the accepted."""

    def __init__(self, hop: Links, envelope: Envelope) -> None:
        self._hop = hop
        self._envelope = envelope
        self._accepted: list[Recipient] = []
        self._link: Link | None = None
        self._over = False
        self._reply = Reply(451, "4.4.1", ("not connected",))
        self._dot_sent = False

    @property
    def reply(self) -> Reply:
        """The answer to MAIL."""
        return self._reply

    @property
    def dot_sent(self) -> bool:
        """True once the final dot has left."""
        return self._dot_sent

    async def open(self, *, fresh: bool = False) -> Reply:
        """Take a link and say MAIL; a reused link that fails is replaced once. Raises HopFault."""
        self._link = await self._hop.take(fresh=fresh)
        missing = shortage(self._envelope.sender_params, (), self._link.features)
        if missing is not None:
            self._reply = missing
            return missing
        try:
            self._reply = await self._mail(self._link)
        except HopFault:
            if self._link.fresh:
                raise
            return await self._open_again()
        if self._reply.code == 421 and not self._link.fresh:
            return await self._open_again()
        return self._reply

    async def _open_again(self) -> Reply:
        self._hang_up()
        return await self.open(fresh=True)

    async def _mail(self, link: Link) -> Reply:
        """XFORWARD where it is taken, then MAIL with the path and parameters as they came."""
        within = self._hop.settings.times.command
        for line in xforward_lines(self._envelope.client, link.xforward):
            await link.wire.ask(line, within)
        params = wanted(self._envelope.sender_params, link.features)
        line = b" ".join((b"MAIL FROM:<" + self._envelope.sender.raw + b">", *params))
        reply = await link.wire.ask(line, within)
        self._hop.watcher.replied("mail", reply.code)
        return _final(reply)

    async def _rcpt(self, link: Link, recipient: Recipient) -> Reply:
        missing = shortage((), (recipient.params,), link.features)
        if missing is not None:
            return missing
        line = b" ".join((b"RCPT TO:<" + recipient.path.raw + b">", *recipient.params))
        reply = await link.wire.ask(line, self._hop.settings.times.command)
        self._hop.watcher.replied("rcpt", reply.code)
        return _final(reply)

    async def rcpt(self, recipient: Recipient) -> Reply:
        """Mirror one RCPT; never raises."""
        if self._link is None:
            return lost().reply
        try:
            reply = await self._rcpt(self._link, recipient)
        except HopFault as fault:
            self._hang_up()
            return fault.reply
        if reply.code == 421:
            self._hang_up()
            return lost().reply
        if reply.positive:
            self._accepted.append(recipient)
        return reply

    async def send(self, octets: Sequence[bytes], chosen: Sequence[int], may_finish: Callable[[], bool]) -> Reply:
        """Deliver to the chosen of the accepted recipients; never raises (see the port)."""
        try:
            reply = await self._send(octets, [self._accepted[i] for i in chosen], may_finish)
        except HopFault as fault:
            self._hang_up()
            reply = fault.reply
        finally:
            if self._dot_sent:
                self._finish()
        return reply

    async def _send(self, octets: Sequence[bytes], chosen: list[Recipient], may_finish: Callable[[], bool]) -> Reply:
        reply = await self._ask_data(chosen)
        if reply.code == 421:
            return lost().reply
        if reply.code != 354:
            # A 2xx or another 3xx here is no answer to DATA: the session is out of step.
            return _final(reply) if reply.code >= 400 else HopFault("4.5.0", "next hop answered DATA oddly").reply
        link = self._link
        if link is None:
            return lost().reply
        times = self._hop.settings.times
        await link.wire.say_data(octets, times.block)
        if not may_finish():
            self._hang_up()
            return Reply(451, "4.4.2", ("not finished in time",))
        link.wire.say_dot()
        self._dot_sent = True
        final = await link.wire.reply(times.dot)
        self._hop.watcher.replied("dot", final.code)
        if final.code == 421:
            self._hang_up()
            return lost().reply
        return _final(final)

    async def _ask_data(self, chosen: list[Recipient]) -> Reply:
        """DATA on the transaction as it stands, or replayed: for a subset, or once on a new link if the old one died."""
        if self._link is not None and not self._link.wire.closed:
            try:
                subset = len(chosen) != len(self._accepted)
                reply = await self._replay(self._link, chosen) if subset else await self._data(self._link)
            except HopFault:
                reply = None
            if reply is not None and reply.code != 421:
                return reply
        self._hang_up()
        self._link = await self._hop.take(fresh=True)
        missing = shortage(self._envelope.sender_params, (), self._link.features)
        return missing or await self._replay(self._link, chosen, reset=False)

    async def _data(self, link: Link) -> Reply:
        reply = await link.wire.ask(b"DATA", self._hop.settings.times.data)
        self._hop.watcher.replied("data", reply.code)
        return reply

    async def _replay(self, link: Link, chosen: list[Recipient], *, reset: bool = True) -> Reply:
        """RSET, MAIL and RCPT again for these; one that is refused now ends it before DATA. Raises HopFault."""
        if reset and not (await link.wire.ask(b"RSET", self._hop.settings.times.command)).positive:
            raise HopFault("4.4.2", "next hop did not reset")
        reply = await self._mail(link)
        if not reply.positive:
            return reply if reply.code == 421 else Reply(451, "4.4.0", ("next hop changed its answer to MAIL",))
        for recipient in chosen:
            reply = await self._rcpt(link, recipient)
            if not reply.positive:
                return reply if reply.code == 421 else Reply(451, "4.4.0", ("next hop changed its answer to RCPT",))
        return await self._data(link)

    async def abort(self) -> None:
        """Give the transaction up without a dot; the link is kept where RSET leaves it clean. Never raises."""
        if self._over:
            return
        link, self._link = self._link, None
        self._over = True
        try:
            if link is not None and not link.wire.closed and not link.wire.unasked:
                reset = await link.wire.ask(b"RSET", min(self._hop.settings.times.command, 5))
                if reset.code == 250:
                    self._hop.give_back(link)
                    link = None
        except HopFault:
            # The link is broken: closing it below ends the transaction just as well.
            pass
        finally:
            if link is not None:
                link.wire.close()
            self._hop.release_room()

    def _finish(self) -> None:
        """The transaction is complete: the link may carry the next one."""
        if self._over:
            return
        self._over = True
        if self._link is not None:
            self._hop.give_back(self._link)
            self._link = None
        self._hop.release_room()

    def _hang_up(self) -> None:
        if self._link is not None:
            self._link.wire.close()
            self._link = None


def _final(reply: Reply) -> Reply:
    """A reply to MAIL, RCPT, DATA or the dot, as far as it speaks of the message.

    A 3xx there means the session is out of step. 530 asks us for TLS or a login (RFC 3207 section 4, RFC 4954 section 6):
    that is a fault of our settings, and no reason to bounce the sender's mail.
    """
    if 300 <= reply.code < 400:
        return HopFault("4.5.0", "next hop answered oddly").reply
    if reply.code == 530:
        return HopFault("4.7.5", "next hop asks the gate for TLS or a login").reply
    return reply
