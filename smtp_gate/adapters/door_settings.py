"""Settings of a door: who may come in, how much, how long, and what is refused or mended."""

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Final, Protocol

from smtp_gate.core.message import Listener

Network = IPv4Network | IPv6Network
NO_ACCOUNTS: Final[Mapping[str, str]] = {}


class RcptMode(StrEnum):
    """When the next hop is asked about recipients: one by one as they come, or at the dot."""

    MIRROR = "mirror"
    AFTER_DATA = "after_data"


class LineEndings(StrEnum):
    """What becomes of a CR or LF on its own: refused, or LF made CRLF and CR made a space before anything is judged."""

    REFUSE = "refuse"
    NORMALIZE = "normalize"


class Nul(StrEnum):
    """What becomes of NUL in content: refused, or removed before anything is judged."""

    REFUSE = "refuse"
    STRIP = "strip"


@dataclass(frozen=True, slots=True)
class DoorLimits:
    """How much one client, and all of them together, may ask for. Sizes in octets, times in seconds."""

    message: int = 50 * 1024 * 1024
    recipients: int = 1000
    line: int = 64 * 1024
    header: int = 100 * 1024
    header_lines: int = 1000
    hops: int = 50
    connections: int = 500
    per_client: int = 50
    soft_errors: int = 10
    hard_errors: int = 20
    junk: int = 100
    error_delay: float = 1.0
    idle: float = 300.0
    stressed_idle: float = 10.0
    chunk: float = 180.0
    """Longest silence within DATA, and the grace before the lowest rate counts."""
    rate: int = 500
    """Lowest average octets a second within DATA."""
    handshake: float = 30.0
    greet_pause: float = 0.0
    """Seconds before the banner, in which a client that talks first gives itself away."""
    in_flight: int = 128 * 1024 * 1024
    """Octets of messages in memory at a time, all workers together."""
    spool_above: int = 256 * 1024
    """Octets of a message that are kept in memory while it is sent; a larger one waits on disk."""
    queue_wait: float = 10.0
    """How long a message waits for room in memory."""
    least_space: int = 0
    """Free space of the data folder below which no mail is taken."""


class TlsMode(StrEnum):
    """Whether TLS may (STARTTLS) or must be used, or is there from the first octet (RFC 8314)."""

    MAY = "may"
    REQUIRE = "require"
    IMPLICIT = "implicit"


@dataclass(frozen=True, slots=True)
class DoorTls:
    """TLS of a listener. `accounts` maps the SHA-256 of a client certificate (lower-case hex of the DER) to an account."""

    context: ssl.SSLContext
    mode: TlsMode = TlsMode.MAY
    accounts: Mapping[str, str] = field(default_factory=dict)


class Verifier(Protocol):
    """Who knows the passwords."""

    def check(self, user: str, password: str) -> bool:
        """Whether this is the user's password. Slow on purpose; called in a thread."""
        ...


class DoorWatcher(Protocol):
    """Told what happens at the door, deciding nothing. Its methods never raise and never block."""

    def connected(self, listener: str, change: int) -> None:
        """A connection came (1) or went (-1)."""
        ...

    def turned_away(self, listener: str, why: str) -> None:
        """The door closed on a client; `why` is one of a few fixed words."""
        ...

    def put_off(self, listener: str, why: str) -> None:
        """A message got a 4xx before it was judged, for want of room; `why` is one of a few fixed words."""
        ...

    def waited(self, queue: str, seconds: float) -> None:
        """A message waited so long in a queue; its name is a fixed word."""
        ...

    def in_flight(self, octets: int) -> None:
        """So many octets of messages are in this process from now on."""
        ...

    def fault(self, ref: str, what: str, error: BaseException | None = None) -> None:
        """Something broke and was turned into a 4xx; `what` is one of a few fixed words."""
        ...


@dataclass(frozen=True, slots=True)
class DoorSettings:
    """One listener's door.

    A client may send mail where its address is in `clients`, or where it has proven an account (AUTH over TLS, or a
    listed certificate); with `account_required` only then. `xforward` and `xclient` are the peers whose word about
    others is believed. `vouchers` are the peers in whose topmost Received line, written by one of `voucher_hosts`, the login
    of their client is believed; a login without a domain is one of `login_domain`. `data` is the folder whose disk must have room for mail, and in which large messages are spooled
    (`spool`); without one they go to the system's folder for temporary files.
    """

    listener: Listener
    hostname: str
    limits: DoorLimits = field(default_factory=DoorLimits)
    clients: tuple[Network, ...] = ()
    account_required: bool = False
    tls: DoorTls | None = None
    verifier: Verifier | None = None
    xforward: tuple[Network, ...] = ()
    xclient: tuple[Network, ...] = ()
    vouchers: tuple[Network, ...] = ()
    voucher_hosts: frozenset[str] = frozenset()
    login_domain: str = ""
    rcpt: RcptMode = RcptMode.MIRROR
    line_endings: LineEndings = LineEndings.REFUSE
    nul: Nul = Nul.REFUSE
    data: Path | None = None


def server_context(certificate: str, key: str, client_authorities: str | None = None) -> ssl.SSLContext:
    """A TLS context for a door: TLS 1.2 or later; client certificates are asked for where authorities are given.

    A client's own self-signed certificate may stand among the authorities. Raises OSError or ssl.SSLError.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    if client_authorities is not None:
        context.verify_mode = ssl.CERT_OPTIONAL
        context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
        context.load_verify_locations(cafile=client_authorities)
    return context


Clock = Callable[[], float]
