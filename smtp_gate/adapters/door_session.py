"""One client at the door: the commands that carry mail, and the table of all commands (RFC 5321, section 4)."""

from collections.abc import Mapping
from typing import Final

from smtp_gate.adapters import door_auth, door_esmtp
from smtp_gate.adapters.door_data import EIGHT_BIT, TOO_BIG, content_of
from smtp_gate.adapters.door_entry import NEED_HELO, NO_ARGUMENT, NOT_HERE, Entry
from smtp_gate.adapters.door_inlet import Short, read_data
from smtp_gate.adapters.door_talk import SHUTTING_DOWN, Verb
from smtp_gate.adapters.door_transaction import passed_on
from smtp_gate.core import answer
from smtp_gate.core.message import Message
from smtp_gate.core.reply import Reply

OK: Final = Reply.of(250, "2.0.0", "Ok")
BYE: Final = Reply.of(221, "2.0.0", "Bye")
START: Final = Reply(354, "", ("End data with <CR><LF>.<CR><LF>",))
CANNOT_VRFY: Final = Reply.of(252, "2.0.0", "cannot VRFY user, will try to deliver")
HELP: Final = Reply.of(214, "2.0.0", "see RFC 5321; for the rest ask the mail administrator")
NEED_ADDRESS: Final = Reply.of(501, "5.5.4", "Syntax: VRFY address")


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
        octets = await self._read()
        self._reading_data = False
        if isinstance(octets, Short):
            return self._short(octets)
        content = content_of(octets, self.settings)
        features = self.host.features()
        if isinstance(content, bytes) and features.known and "8BITMIME" not in features.keywords:
            content = content if content.isascii() else EIGHT_BIT
        reply = content if isinstance(content, Reply) else await self._hand_over(content)
        self.reset()
        if self.host.draining and reply is not None:
            self.say(reply)
            self.cut(SHUTTING_DOWN, "shutdown")
            return None
        return reply

    async def _read(self) -> bytes | Short:
        """DATA, kept moving: neither a long silence nor a trickle holds the connection."""
        limits = self.limits_now
        started = self.loop.time()

        async def more(count: int) -> bool:
            now = self.loop.time()
            return await self.more(min(now + limits.chunk, started + limits.chunk + count / limits.rate))

        return await read_data(self.inlet, door_esmtp.size_limit(limits.message, self.host.features()), more)

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

    async def _hand_over(self, content: bytes) -> Reply | None:
        """Give the message to the gate and wait for its answer; None where the client has gone before that."""
        if self.inlet.eof:
            self.over = True
            return None
        host = self.host
        message = Message(host.stamp.ref(), self.transaction.envelope(self.peer), content, host.stamp.now())
        attempt = self.transaction.close()
        self._waits_for_gate = True
        try:
            reply = passed_on(await host.receive(message, attempt))
        except Exception as error:  # noqa: BLE001 - the gate answers always; were it to break, the sender keeps the mail
            host.watcher.fault(message.ref, "gate_crash", error)
            if attempt is not None:
                host.later(attempt.abort())
            return answer.fault(message.ref)
        finally:
            self._waits_for_gate = False
        if reply.positive:
            self.forgive()
        return reply

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
