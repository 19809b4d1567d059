"""One client at the door: the commands that carry mail, and the table of all commands (RFC 5321, section 4)."""

import errno
from collections.abc import Mapping
from typing import Final

from smtp_gate.adapters import door_auth, door_esmtp
from smtp_gate.adapters.budget import Place
from smtp_gate.adapters.door_commons import BUSY, NO_MEMORY, NO_STORAGE
from smtp_gate.adapters.door_data import EIGHT_BIT, TOO_BIG, content_of
from smtp_gate.adapters.door_entry import NEED_HELO, NO_ARGUMENT, NOT_HERE, Entry
from smtp_gate.adapters.door_inlet import Short, read_data
from smtp_gate.adapters.door_talk import SHUTTING_DOWN, Verb
from smtp_gate.adapters.door_transaction import passed_on
from smtp_gate.adapters.spool import Tray
from smtp_gate.core import answer
from smtp_gate.core.course import Caller
from smtp_gate.core.message import Message
from smtp_gate.core.reply import Reply

OK: Final = Reply.of(250, "2.0.0", "Ok")
BYE: Final = Reply.of(221, "2.0.0", "Bye")
START: Final = Reply(354, "", ("End data with <CR><LF>.<CR><LF>",))
CANNOT_VRFY: Final = Reply.of(252, "2.0.0", "cannot VRFY user, will try to deliver")
HELP: Final = Reply.of(214, "2.0.0", "see RFC 5321; for the rest ask the mail administrator")
NEED_ADDRESS: Final = Reply.of(501, "5.5.4", "Syntax: VRFY address")


_PUT_OFF: Final = {BUSY: "busy", NO_STORAGE: "disk", NO_MEMORY: "memory"}


class DoorSession(Entry):
    """The commands that carry mail."""

    def verb(self, name: bytes) -> Verb | None:
        """The command of that name."""
        return VERBS.get(name)

    async def mail(self, argument: bytes) -> Reply | None:
        """MAIL, from a client that may send."""
        if self.host.draining and not self.transaction.open:
            self.cut(SHUTTING_DOWN, "shutdown")
            return None
        if not self.greeted:
            return NEED_HELO
        refusal = self.peer.mail_error()
        if refusal is not None:
            return refusal
        was_open = self.transaction.open
        reply = await self.transaction.mail(argument, self.peer, self.announced)
        if not reply.positive and not was_open:
            self._give_up()
            self._tell_put_off(reply)
        return reply

    def _give_up(self) -> None:
        """Let go of what a refused MAIL has opened, and keep what XFORWARD said for the next try."""
        attempt = self.transaction.close()
        if attempt is not None:
            self.host.later(attempt.abort())

    async def rcpt(self, argument: bytes) -> Reply:
        """RCPT."""
        return await self.transaction.rcpt(argument, self.announced)

    async def data(self, argument: bytes) -> Reply | None:
        """DATA up to the answer of the gate."""
        error = NO_ARGUMENT if argument else self.transaction.data_error()
        if error is not None:
            return error
        self.say(START)
        await self.flush()
        self._reading_data = True
        tray = self.host.commons.spool.tray()
        try:
            octets = await self._read(tray)
            self._reading_data = False
            if isinstance(octets, Short):
                return self._short(octets)
            reply = await self._take(octets)
        finally:
            tray.close()
        self.reset()
        if self.host.draining and reply is not None:
            self.say(reply)
            self.cut(SHUTTING_DOWN, "shutdown")
            return None
        return reply

    async def _read(self, tray: Tray) -> bytes | Tray | Short:
        """DATA, kept moving: neither a long silence nor a trickle holds the connection."""
        limits = self.limits_now
        started = self.loop.time()

        async def more(count: int) -> bool:
            now = self.loop.time()
            return await self.more(min(now + limits.chunk, started + limits.chunk + count / limits.rate))

        return await read_data(self.inlet, door_esmtp.size_limit(limits.message, self.host.features()), more, tray)

    def _short(self, short: Short) -> Reply | None:
        """Why there is no content; what was begun ends here."""
        self.reset()
        match short:
            case Short.TOO_BIG:
                return TOO_BIG
            case Short.FLOOD:
                self.cut(TOO_BIG, "flood")
            case Short.GONE:
                self.over = True
        return None

    async def _take(self, octets: bytes | Tray) -> Reply | None:
        """Answer what has come: refused for what it is, put off for want of room, or the gate's own answer.

        None where the client has gone. A large message is read into memory once there is room for it.
        """
        if self.inlet.eof:
            self.over = True
            return None
        if isinstance(octets, Tray):
            return await self._take_spooled(octets)
        content = self._content(octets)
        if isinstance(content, Reply):
            return content
        started = self.loop.time()
        self._waits_for_gate = True
        try:
            place = await self._room(len(content), started)
            return NO_MEMORY if place is None else await self._hand_over(content, place, started)
        finally:
            self._waits_for_gate = False

    async def _take_spooled(self, tray: Tray) -> Reply:
        if tray.error is not None:
            return self._no_disk(tray.error)
        started = self.loop.time()
        self._waits_for_gate = True
        place = None
        try:
            place = await self._room(tray.size, started)
            if place is None:
                return NO_MEMORY
            content = await tray.read(self._content)
            tray.close()
            if isinstance(content, Reply):
                return content
            kept, place = place, None
            return await self._hand_over(content, kept, started)
        except OSError as error:
            return self._no_disk(error)
        finally:
            self._waits_for_gate = False
            if place is not None:
                place.free()

    async def _room(self, size: int, started: float) -> Place | None:
        """Room in memory for a message whose dot came then; None where it is put off for want of it."""
        host = self.host
        budget = host.commons.budget
        place = budget.take(size) or await budget.room(size, self.settings.limits.queue_wait)
        host.watcher.waited("memory", self.loop.time() - started)
        if place is None:
            self._tell_put_off(NO_MEMORY)
        return place

    def _content(self, octets: bytes) -> bytes | Reply:
        """The content in the octets of DATA, or its refusal. In a thread for a large message, so it changes nothing."""
        content = content_of(octets, self.settings)
        features = self.host.features()
        if isinstance(content, bytes) and features.known and "8BITMIME" not in features.keywords:
            # What this session was told and the next hop has taken back since is a refusal for now alone.
            refusal = door_esmtp.NOT_NOW if "8BITMIME" in self.announced else EIGHT_BIT
            return content if content.isascii() else refusal
        return content

    async def _hand_over(self, content: bytes, place: Place, started: float) -> Reply:
        """Give the message to the gate and wait for its answer. Its room is free again once the gate is done with it."""
        host = self.host
        stamp = host.commons.stamp
        message = Message(stamp.ref(), self.transaction.envelope(self.peer, content), content, stamp.now())
        attempt = self.transaction.close()
        waited = self.loop.time() - started
        try:
            reply = passed_on(await host.receive(message, attempt, Caller(waited, place.free, self.gone)))
        except Exception as error:  # noqa: BLE001 - the gate answers always; were it to break, the sender keeps the mail
            host.watcher.fault(message.ref, "gate_crash", error)
            place.free()
            if attempt is not None:
                host.later(attempt.abort())
            return answer.fault(message.ref)
        if reply.positive:
            self.forgive()
        return reply

    def _no_disk(self, error: OSError) -> Reply:
        """The disk failed under a message that was spooled: its sender keeps it."""
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            self._tell_put_off(NO_STORAGE)
            return NO_STORAGE
        return self.fault("spool", error)

    def _tell_put_off(self, reply: Reply) -> None:
        if reply in _PUT_OFF:
            self.host.watcher.put_off(self.settings.listener.name, _PUT_OFF[reply])

    async def rset(self, argument: bytes) -> Reply:
        """RSET."""
        if argument:
            return NO_ARGUMENT
        self.reset()
        return OK

    async def noop(self, _argument: bytes) -> Reply:
        """NOOP."""
        return OK

    async def quit(self, argument: bytes) -> Reply:
        """QUIT."""
        if argument:
            return NO_ARGUMENT
        self.over = True
        return BYE

    async def vrfy(self, argument: bytes) -> Reply:
        """VRFY, which tells nothing of who exists."""
        return CANNOT_VRFY if argument else NEED_ADDRESS

    async def expn(self, _argument: bytes) -> Reply:
        """EXPN."""
        return NOT_HERE

    async def help(self, _argument: bytes) -> Reply:
        """HELP."""
        return HELP

    async def bdat(self, _argument: bytes) -> None:
        """Its payload would be read as commands, so the conversation ends."""
        self.cut(NOT_HERE, "bdat")


_MAIL_ROOM: Final = 2048
"""Octets of a command with ESMTP parameters: ENVID, ORCPT and AUTH may each be some hundreds long."""

VERBS: Final[Mapping[bytes, Verb]] = {
    b"EHLO": Verb(DoorSession.ehlo, alone=True, before_tls=True),
    b"HELO": Verb(DoorSession.helo, alone=True, before_tls=True),
    b"MAIL": Verb(DoorSession.mail, _MAIL_ROOM),
    b"RCPT": Verb(DoorSession.rcpt, _MAIL_ROOM),
    b"DATA": Verb(DoorSession.data, alone=True),
    b"RSET": Verb(DoorSession.rset, junk=True),
    b"NOOP": Verb(DoorSession.noop, junk=True, before_tls=True),
    b"QUIT": Verb(DoorSession.quit, before_tls=True),
    b"VRFY": Verb(DoorSession.vrfy, junk=True),
    b"EXPN": Verb(DoorSession.expn, junk=True),
    b"HELP": Verb(DoorSession.help, junk=True),
    b"BDAT": Verb(DoorSession.bdat),
    b"STARTTLS": Verb(DoorSession.starttls, before_tls=True),
    b"AUTH": Verb(DoorSession.auth, door_auth.ROOM, alone=True),
    b"XFORWARD": Verb(DoorSession.xforward, _MAIL_ROOM),
    b"XCLIENT": Verb(DoorSession.xclient, _MAIL_ROOM, alone=True),
}
