"""What the settings may say of a listener: where mail is taken, and what is known of who hands it over."""

from typing import Annotated, Final, Literal

from pydantic import Field, PlainValidator, StrictStr, WithJsonSchema

from smtp_gate.core.message import Direction, Upstream
from smtp_gate.ruleset.written import (
    Address,
    Domain,
    File,
    Flag,
    Listen,
    ListOf,
    Network,
    Written,
    parse_network,
    wrong,
)

TlsMode = Literal["none", "may", "require"]


def _fingerprint(value: object) -> str:
    text = value.replace(":", "").lower() if isinstance(value, str) else ""
    if len(text) != 64 or any(c not in "0123456789abcdef" for c in text):
        raise wrong("a SHA-256 fingerprint expected", "64 hexadecimal digits, colons between them or not")
    return text


Fingerprint = Annotated[str, PlainValidator(_fingerprint), WithJsonSchema({"type": "string"})]
Networks = ListOf[Network]
LOOPBACK: Final = (parse_network("127.0.0.0/8"), parse_network("::1/128"))


class ListenerTls(Written):
    """STARTTLS on a listener."""

    mode: TlsMode = "may"
    """none, may (offered), or require (nothing but EHLO, STARTTLS, NOOP and QUIT before it)."""
    certificate: File | None = None
    """The certificate chain, PEM."""
    key: File | None = None
    """Its private key, PEM."""
    client_ca: File | None = None
    """Certificate authorities that client certificates are verified against."""


class Auth(Written):
    """Who may log in."""

    users: File
    """A file with one `name:hash` a line."""


class ClientCertificate(Written):
    """A client certificate that stands for an account."""

    sha256: Fingerprint
    """Its SHA-256 fingerprint."""
    account: Address
    """The account it proves."""


class TrustedReceived(Written):
    """A mail server in front that says who has logged in, in the Received line it adds (`Authenticated sender`)."""

    peers: Annotated[Networks, Field(min_length=1)]
    """Where that server connects from; nobody else may connect from there, or anybody could forge the line."""
    hosts: Annotated[ListOf[Domain], Field(min_length=1)]
    """What it calls itself in that line, behind `by`: Postfix's `myhostname`."""


class ListenerSettings(Written):
    """One place where mail is taken, and what is known of who hands it over."""

    name: Annotated[StrictStr, Field(min_length=1, max_length=64, pattern=r"^[a-z0-9_-]+$")]
    """A short name for logs and metrics."""
    listen: Listen
    """Where to listen, host:port; port 0 lets the system choose."""
    direction: Direction = Direction.OUTBOUND
    """outbound, or inbound (stops nothing)."""
    upstream: Upstream = Upstream.BEFORE_QUEUE
    """submission, before_queue or queue: what becomes of a refusal."""
    clients: Networks = LOOPBACK
    """Networks that may connect."""
    rcpt: Literal["mirror", "after_data"] = "mirror"
    """Whether the next hop is asked at each RCPT or after the final dot."""
    sender_is_authenticated: Flag = False
    """Whether the envelope sender is proven by whoever hands the mail over."""
    tls: ListenerTls | None = None
    """STARTTLS; left out, it is not offered."""
    auth: Auth | None = None
    """AUTH; left out, it is not offered."""
    certificates: tuple[ClientCertificate, ...] = ()
    """Client certificates that stand for accounts."""
    xforward: Networks = ()
    """Peers that may send XFORWARD."""
    xclient: Networks = ()
    """Peers that may send XCLIENT."""
    trusted_received: TrustedReceived | None = None
    """A mail server whose word counts for who has logged in; left out, no Received line proves anything."""
    login_domain: Domain | None = None
    """The domain of logins that have none: `jdoe` then stands for jdoe@ that domain."""
