"""Domains of addresses: grammar of RFC 5321 and the one spelling that look-ups compare (lower case, U-labels)."""

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final

from ada_url import idna

DOMAIN_ROOM: Final = 255
LABEL_ROOM: Final = 63
"""Octets of a domain and of one label (RFC 5321, section 4.5.3.1.2; RFC 1035, section 2.3.4)."""

_NAME: Final = re.compile(rb"[A-Za-z0-9.-]+")


def canonical_domain(raw: bytes) -> str | None:
    """The domain in lower case with A-labels decoded, or an address literal with its brackets.

    `raw` is UTF-8. None where it is neither by RFC 5321, section 4.1.2, nor an IDN whose labels are already U-labels:
    a spelling that only mapping would make a domain (full-width letters) is read differently by different servers.
    """
    if raw[:1] == b"[":
        return _literal(raw)
    if raw.isascii():
        if not _is_name(raw):
            return None
        lower = raw.lower()
        return idna.decode(lower) if b"xn--" in lower else lower.decode("ascii")
    try:
        text = raw.decode()
        encoded = idna.encode(raw)
        plain = idna.decode(encoded)
    except (UnicodeError, ValueError):
        return None
    return plain if plain == text.lower() and _is_name(encoded) else None


def _is_name(raw: bytes) -> bool:
    if len(raw) > DOMAIN_ROOM or _NAME.fullmatch(raw) is None:
        return False
    for label in raw.split(b"."):
        if not label or len(label) > LABEL_ROOM or label[0] == 45 or label[-1] == 45:
            return False
    return True


def _literal(raw: bytes) -> str | None:
    """`[192.0.2.1]` or `[IPv6:2001:db8::1]`, the two kinds that are registered (RFC 5321, section 4.1.3)."""
    if raw[-1:] != b"]" or not raw.isascii() or b"%" in raw:
        return None
    inner = raw[1:-1].decode("ascii")
    try:
        if inner[:5].lower() == "ipv6:":
            return f"[IPv6:{IPv6Address(inner[5:]).compressed}]".lower()
        return f"[{IPv4Address(inner)}]"
    except AddressValueError:
        return None
