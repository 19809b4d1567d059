"""One mail transaction at the door: MAIL and RCPT judged by the strict parser, answered here or by the next hop."""

from collections.abc import Awaitable, Callable
from typing import Final

from smtp_gate.adapters import door_esmtp
from smtp_gate.adapters.door_clients import Peer
from smtp_gate.adapters.door_settings import DoorSettings, RcptMode
from smtp_gate.core.features import Features
from smtp_gate.core.message import Client, Direction, Envelope, Path, Recipient
from smtp_gate.core.ports import Attempt, NextHop
from smtp_gate.core.reply import Reply
from smtp_gate.reading.paths import MailCommand, PathError, parse_mail, parse_rcpt

MAIL_OK: Final = Reply.of(250, "2.1.0", "Ok")
RCPT_OK: Final = Reply.of(250, "2.1.5", "Ok")
NESTED: Final = Reply.of(503, "5.5.1", "nested MAIL command")
NEED_MAIL: Final = Reply.of(503, "5.5.1", "need MAIL command")
NEED_RCPT: Final = Reply.of(503, "5.5.1", "need RCPT command")
NO_RECIPIENTS: Final = Reply.of(554, "5.5.1", "no valid recipients")
TOO_MANY: Final = Reply.of(452, "4.5.3", "too many recipients")
NO_RELAY: Final = Reply.of(550, "5.7.1", "relay access denied: not a recipient of ours")
LOST_HOP: Final = Reply.of(451, "4.4.2", "lost connection with next hop")
BAD_HOP: Final = Reply.of(451, "4.5.0", "unexpected reply of the next hop")


def passed_on(reply: Reply) -> Reply:
    """A next hop's reply as the client may have it: its 421 is about its connection, not ours (RFC 5321, section 3.8)."""
    if reply.code == 421:
        return LOST_HOP
    return BAD_HOP if 300 <= reply.code < 400 else reply


class Transaction:
    """What one session has said since MAIL. Not in a transaction until `mail` has answered 250.

    `no_room` says why a message of a declared size (octets; 0 where none was declared) is not taken now.
    """

    def __init__(
        self,
        settings: DoorSettings,
        next_hop: NextHop,
        features: Callable[[], Features],
        no_room: Callable[[int], Awaitable[Reply | None]],
    ) -> None:
        self._settings = settings
        self._no_room = no_room
        self._next_hop = next_hop
        self._features = features
        self._mirrored = settings.rcpt is RcptMode.MIRROR
        self._sender: MailCommand | None = None
        self._asked = 0
        self._recipients: list[Recipient] = []
        self._attempt: Attempt | None = None

    @property
    def open(self) -> bool:
        """Whether MAIL was accepted and nothing has ended the transaction."""
        return self._sender is not None

    async def mail(self, argument: bytes, peer: Peer, announced: frozenset[str]) -> Reply:
        """Answer MAIL, by the next hop's word where recipients are mirrored."""
        if self._sender is not None:
            return NESTED
        features = self._features()
        # What the next hop may offer once it answers is parsed, and refused below for now instead of for good.
        may_come = "SMTPUTF8" in features.keywords or "SMTPUTF8" in announced or not features.known
        parsed = parse_mail(argument, smtputf8=may_come)
        if isinstance(parsed, PathError):
            return parsed.reply
        error = door_esmtp.mail_error(parsed.params, features, self._settings.limits.message, announced)
        error = error or await self._no_room(door_esmtp.declared_size(parsed.params))
        if error is not None:
            return error
        if parsed.params:
            parsed = MailCommand(parsed.path, _believed(parsed.params, peer, features))
        if not self._mirrored:
            self._sender = parsed
            return MAIL_OK
        opened = await self._next_hop.begin(_envelope(parsed, (), peer.client(), self._settings))
        if isinstance(opened, Reply):
            return _negative(passed_on(opened))
        reply = passed_on(opened.reply)
        self._attempt = opened
        if reply.positive:
            self._sender = parsed
        return reply

    async def rcpt(self, argument: bytes, announced: frozenset[str]) -> Reply:
        """Answer RCPT, by the next hop's word where recipients are mirrored."""
        if self._sender is None:
            return NEED_MAIL
        self._asked += 1
        smtputf8 = any(p.upper() == b"SMTPUTF8" for p in self._sender.params)
        parsed = parse_rcpt(argument, smtputf8=smtputf8)
        if isinstance(parsed, PathError):
            return parsed.reply
        if parsed.params:
            error = door_esmtp.rcpt_error(parsed.params, self._features(), announced)
            if error is not None:
                return error
        if not self._is_ours(parsed.path):
            return NO_RELAY
        if len(self._recipients) >= self._settings.limits.recipients:
            return TOO_MANY
        recipient = Recipient(parsed.path, parsed.params)
        reply = RCPT_OK if self._attempt is None else passed_on(await self._attempt.rcpt(recipient))
        if reply.positive:
            self._recipients.append(recipient)
        return reply

    def data_error(self) -> Reply | None:
        """Why DATA may not come now; None where it may."""
        if self._sender is None:
            return NEED_MAIL
        if self._recipients:
            return None
        return NO_RECIPIENTS if self._asked else NEED_RCPT

    def envelope(self, peer: Peer, content: bytes = b"") -> Envelope:
        """The envelope as it stands, for the message of that content. Raises ValueError outside a transaction."""
        if self._sender is None:
            raise ValueError("no transaction is open")
        return _envelope(self._sender, tuple(self._recipients), peer.client(content), self._settings)

    def close(self) -> Attempt | None:
        """End the transaction; the mirrored one is handed over for somebody to finish or abort."""
        attempt, self._attempt = self._attempt, None
        self._sender = None
        self._asked = 0
        self._recipients = []
        return attempt

    def _is_ours(self, path: Path) -> bool:
        """Outbound takes any recipient; inbound only ours, or everybody's postmaster (RFC 5321, section 4.5.1)."""
        listener = self._settings.listener
        if listener.direction is Direction.OUTBOUND or listener.is_internal(path):
            return True
        return not path.domain and path.local.casefold() == "postmaster"


def _negative(reply: Reply) -> Reply:
    """A refusal to open a transaction is never a 2xx, whatever the next hop's adapter says."""
    return BAD_HOP if reply.positive else reply


def _believed(params: tuple[bytes, ...], peer: Peer, features: Features) -> tuple[bytes, ...]:
    """The parameters to pass on: AUTH= only from a trusted peer, to a next hop that knows it (RFC 4954, section 5)."""
    if peer.may_forward and "AUTH" in features.keywords:
        return params
    return tuple(p for p in params if p[:5].upper() != b"AUTH=")


def _envelope(
    sender: MailCommand, recipients: tuple[Recipient, ...], client: Client, settings: DoorSettings
) -> Envelope:
    return Envelope(sender.path, recipients, client, settings.listener, sender.params)
