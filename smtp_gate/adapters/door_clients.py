"""Who stands at the door: networks, accounts, and what listed peers say of others (XFORWARD, XCLIENT)."""

import hashlib
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from smtp_gate.adapters.door_settings import DoorSettings, Network
from smtp_gate.core.message import Client, Proof
from smtp_gate.core.reply import Reply
from smtp_gate.reading.authenticated import authenticated_sender

XFORWARD: Final = ("NAME", "ADDR", "PORT", "PROTO", "HELO", "IDENT", "SOURCE")
XCLIENT: Final = ("NAME", "ADDR", "PORT", "PROTO", "HELO", "LOGIN", "DESTADDR", "DESTPORT")
UNAVAILABLE: Final = "[UNAVAILABLE]"
_UNKNOWN: Final = frozenset({UNAVAILABLE, "[TEMPUNAVAIL]"})
_VALUE_ROOM: Final = 255
_XCHAR: Final = re.compile(rb"\+([0-9A-Fa-f]{2})")
_PORT: Final = re.compile(r"[0-9]{1,5}")
_PROTO: Final = re.compile(r"[A-Za-z0-9]{1,32}")

NOT_TRUSTED: Final = Reply.of(550, "5.7.0", "insufficient authorization")
NOT_A_CLIENT: Final = Reply.of(550, "5.7.1", "client not permitted to send through this gate")
PROVE_FIRST: Final = Reply.of(530, "5.7.0", "Authentication required")
BANNER_REFUSAL: Final = Reply.of(554, "5.7.1", "client not permitted to send through this gate")


@dataclass(frozen=True, slots=True)
class Attributes:
    """The attributes of one XFORWARD or XCLIENT command, decoded; the unknown ones as `[UNAVAILABLE]`."""

    values: Mapping[str, str]


class Peer:
    """One connection's other end: its own address, what it has proven, and what it may say of others.

    `address` and `port` are those of the TCP peer until a listed peer's XCLIENT replaces them.
    """

    def __init__(self, settings: DoorSettings, address: str, port: int) -> None:
        self._settings = settings
        host = _ip(address)
        self._may_forward = _within(host, settings.xforward)
        self._may_impersonate = _within(host, settings.xclient)
        self._is_client = _within(host, settings.clients)
        self._may_vouch = _within(host, settings.vouchers)
        self.address = str(host) if host is not None else address
        self.port = port
        self.helo = ""
        self.esmtp = False
        self.tls = ""
        self.account = ""
        self.proof: Proof | None = None
        self.forwarded: tuple[tuple[str, str], ...] = ()
        self._helo_said = ""

    @property
    def may_forward(self) -> bool:
        """Whether XFORWARD and AUTH= are believed."""
        return self._may_forward

    @property
    def may_impersonate(self) -> bool:
        """Whether XCLIENT is believed."""
        return self._may_impersonate

    def client(self, content: bytes = b"") -> Client:
        """The value the envelope carries; a trusted peer says in the message's `content` who has logged in there.

        Its word counts only where the connection has proven no account of its own: who logs in here speaks for itself.
        """
        settings = self._settings
        account, proof = self.account, self.proof
        vouched = authenticated_sender(content, settings.voucher_hosts) if self._may_vouch and not account else ""
        if vouched:
            account, proof = vouched, Proof.TRUSTED_RECEIVED
        if account and "@" not in account and settings.login_domain:
            account = f"{account}@{settings.login_domain}"
        return Client(self.address, self.port, self.helo, self.esmtp, self.tls, account, proof, self.forwarded)

    def greeted(self, name: str, *, esmtp: bool) -> None:
        """HELO or EHLO was said; a name given by XCLIENT stays."""
        self.helo = self._helo_said or name
        self.esmtp = esmtp

    def proved(self, account: str, proof: Proof) -> None:
        """The client has proven to be this account."""
        self.account, self.proof = account, proof

    def secured(self, tls: ssl.SSLObject | ssl.SSLSocket) -> None:
        """TLS is on: what was said before is forgotten (RFC 3207, section 4.2), a listed certificate proves its account."""
        cipher = tls.cipher()
        self.tls = f"{tls.version()} {cipher[0]}" if cipher else str(tls.version())
        self.helo, self.esmtp = "", False
        certificate = tls.getpeercert(binary_form=True)
        if certificate and self._settings.tls is not None:
            account = self._settings.tls.accounts.get(hashlib.sha256(certificate).hexdigest(), "")
            if account:
                self.proved(account, Proof.CERTIFICATE)

    def banner_error(self) -> Reply | None:
        """The refusal for a client that nothing later could authorise."""
        settings = self._settings
        may_prove = settings.verifier is not None or (settings.tls is not None and bool(settings.tls.accounts))
        if may_prove or self._may_impersonate or (self._is_client and not settings.account_required):
            return None
        return BANNER_REFUSAL

    def mail_error(self) -> Reply | None:
        """The refusal at MAIL for a client that is neither in a listed network nor has proven who it is."""
        if self.account or (self._is_client and not self._settings.account_required):
            return None
        return PROVE_FIRST if self._settings.verifier is not None else NOT_A_CLIENT

    def forward(self, argument: bytes) -> Reply:
        """XFORWARD: the first one of a transaction sets every attribute it does not name to unknown."""
        if not self._may_forward:
            return NOT_TRUSTED
        attributes = _attributes(argument, "XFORWARD", XFORWARD)
        if isinstance(attributes, Reply):
            return attributes
        held = dict(self.forwarded) if self.forwarded else dict.fromkeys(XFORWARD, UNAVAILABLE)
        held.update(attributes.values)
        self.forwarded = tuple(held.items())
        return Reply.of(250, "2.0.0", "Ok")

    def forget_forwarded(self) -> None:
        """The end of a transaction ends what was said of its client."""
        self.forwarded = ()

    def impersonate(self, argument: bytes) -> Reply | None:
        """XCLIENT: from now on the connection counts as another client's; None where that is so, else the refusal."""
        if not self._may_impersonate:
            return NOT_TRUSTED
        attributes = _attributes(argument, "XCLIENT", XCLIENT)
        if isinstance(attributes, Reply):
            return attributes
        for name, value in attributes.values.items():
            self._become(name, "" if value in _UNKNOWN else value)
        self.helo, self.esmtp, self.forwarded = "", False, ()
        # What follows is another client's, so the topmost Received line is its own.
        self._may_vouch = False
        return None

    def _become(self, name: str, value: str) -> None:
        match name:
            case "ADDR":
                host = _ip(value.removeprefix("IPV6:"))
                self._is_client = _within(host, self._settings.clients)
                self.address = str(host) if host is not None else "unknown"
            case "PORT":
                self.port = int(value) if value else 0
            case "HELO":
                self._helo_said = value
            case "LOGIN":
                self.account, self.proof = value, Proof.AUTH if value else None
            case _:
                # NAME, PROTO and the destination are taken and not used: nothing is decided by them.
                pass


def _ip(text: str) -> IPv4Address | IPv6Address | None:
    """The address, an IPv4 one that came mapped into IPv6 as IPv4; None where it is not an address."""
    try:
        host = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = host.ipv4_mapped if isinstance(host, IPv6Address) else None
    return mapped or host


def _within(host: IPv4Address | IPv6Address | None, networks: tuple[Network, ...]) -> bool:
    return host is not None and any(host in network for network in networks)


def _attributes(argument: bytes, command: str, allowed: tuple[str, ...]) -> Attributes | Reply:
    """Attributes of the command; xtext decoded, a value without encoding taken as it is (XFORWARD of old servers)."""
    found: dict[str, str] = {}
    for word in argument.split(b" "):
        raw_name, equals, raw = word.partition(b"=")
        name = raw_name.decode("ascii", "replace").upper()
        if not equals or name not in allowed:
            return Reply.of(501, "5.5.4", f"Bad {command} attribute name")
        decoded = _XCHAR.sub(lambda m: bytes([int(m[1], 16)]), raw)
        value = decoded.decode("utf-8", "replace").upper() if name in {"PROTO", "SOURCE"} else _printable(decoded)
        if len(raw) > _VALUE_ROOM or not _fits(name, value):
            return Reply.of(501, "5.5.4", f"Bad {command} attribute value")
        found[name] = value
    return Attributes(found)


def _printable(octets: bytes) -> str:
    """Text without control characters: they could write a line of their own into a log or header."""
    text = octets.decode("utf-8", "replace")
    return "".join(c if c.isprintable() else "?" for c in text)


def _fits(name: str, value: str) -> bool:
    if value.upper() in _UNKNOWN:
        return name != "ADDR" or value == value.upper()
    match name:
        case "ADDR" | "DESTADDR":
            return _ip(value.upper().removeprefix("IPV6:")) is not None
        case "PORT" | "DESTPORT":
            return _PORT.fullmatch(value) is not None and int(value) < 65536
        case "PROTO":
            return _PROTO.fullmatch(value) is not None
        case "SOURCE":
            return value in {"LOCAL", "REMOTE"}
        case _:
            return bool(value)
