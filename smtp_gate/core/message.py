"""What travels: the envelope as it was received, and the message in it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

_ROUTES = frozenset("%!@")


class Direction(StrEnum):
    """Which way a listener's mail flows, seen from the city."""

    OUTBOUND = "outbound"
    INBOUND = "inbound"


class Upstream(StrEnum):
    """Who hands us mail: it decides what becomes of a 5xx of ours (DESIGN.md, the lattice)."""

    SUBMISSION = "submission"
    BEFORE_QUEUE = "before_queue"
    QUEUE = "queue"


class Proof(StrEnum):
    """How the account in `Client.account` was proven (law 10)."""

    AUTH = "auth"
    CERTIFICATE = "certificate"
    TRUSTED_RECEIVED = "trusted_received"


@dataclass(frozen=True, slots=True)
class Path:
    """A reverse- or forward-path (RFC 5321, section 4.1.2).

    `raw` holds the octets between the angle brackets exactly as received: what is judged is what is relayed.
    `local` is the local part unquoted, in its own case; `domain` is lower-case, A-labels decoded to U-labels, or an
    address literal with its brackets. All three are empty for the null path.
    """

    raw: bytes
    local: str = ""
    domain: str = ""

    @property
    def is_null(self) -> bool:
        """True for `<>`."""
        return not self.raw

    @property
    def is_rerouted(self) -> bool:
        """Whether common MTAs would pass it on to where its local part says: `victim%evil.example`, `evil.example!victim`,
        or a quoted `victim@evil.example` (RFC 5321, section 4.1.2; RFC 1123, section 5.2.16).
        """
        return bool(self.domain) and not _ROUTES.isdisjoint(self.local)

    @property
    def address(self) -> str:
        """The address in text, `local@domain`; empty for the null path, `postmaster` for the bare postmaster."""
        return f"{self.local}@{self.domain}" if self.domain else self.local

    @property
    def key(self) -> str:
        """The address as look-ups compare it: case folded on both sides of the @."""
        return self.address.casefold()

    def __str__(self) -> str:
        return self.address or "<>"


@dataclass(frozen=True, slots=True)
class Recipient:
    """One RCPT: its path and its ESMTP parameters, each verbatim (`NOTIFY=SUCCESS,DELAY`), in the order given."""

    path: Path
    params: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Client:
    """Who speaks to us, as far as we can prove it; `forwarded` are the XFORWARD attributes of a listed peer."""

    address: str
    port: int = 0
    helo: str = ""
    esmtp: bool = True
    tls: str = ""
    account: str = ""
    proof: Proof | None = None
    forwarded: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Listener:
    """The side of the gate that took the message, and what counts as ours there."""

    name: str
    direction: Direction = Direction.OUTBOUND
    upstream: Upstream = Upstream.BEFORE_QUEUE
    sender_is_authenticated: bool = False
    internal_domains: frozenset[str] = frozenset()

    def is_internal(self, path: Path) -> bool:
        """Whether the address belongs to one of our domains; the null path and bare postmaster do not.

        One that other servers would pass on is not ours, whatever domain it ends in.
        """
        return path.domain in self.internal_domains and not path.is_rerouted


@dataclass(frozen=True, slots=True)
class Envelope:
    """Everything said before DATA. `sender_params` are MAIL's ESMTP parameters, verbatim and in order."""

    sender: Path
    recipients: tuple[Recipient, ...]
    client: Client
    listener: Listener
    sender_params: tuple[bytes, ...] = ()

    @property
    def smtputf8(self) -> bool:
        """Whether MAIL carried SMTPUTF8 (RFC 6531)."""
        return any(p.upper() == b"SMTPUTF8" for p in self.sender_params)


@dataclass(frozen=True, slots=True)
class Message:
    """One message at the gate.

    `content` are the octets after dot-unstuffing, every line ended by CRLF: the bytes judged, relayed and archived.
    `received` is the aware UTC time of the client's final dot, the only clock of judging (law 7). `ref` is the short
    public id in replies, Received, journal and logs.
    """

    ref: str
    envelope: Envelope
    content: bytes = field(repr=False)
    received: datetime

    def __post_init__(self) -> None:
        if self.received.tzinfo is None:
            raise ValueError("Message.received must be an aware time")
