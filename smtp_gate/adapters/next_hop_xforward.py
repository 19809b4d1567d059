"""What the next hop is told about our client where it takes XFORWARD (Postfix's XFORWARD_README)."""

from collections.abc import Iterator

from smtp_gate.core.message import Client


def xforward_lines(client: Client, taken: frozenset[str]) -> Iterator[bytes]:
    """The XFORWARD commands for this client; attributes of a listed peer are never mixed with our own session's."""
    if not taken:
        return
    family = "IPV6:" if ":" in client.address else ""
    own = (("ADDR", family + client.address), ("HELO", client.helo), ("PROTO", "ESMTP" if client.esmtp else "SMTP"))
    known = [(n, v) for n, v in client.forwarded or own if n in taken and v]
    line = b"XFORWARD"
    for name, value in known:
        word = b" " + name.encode("ascii") + b"=" + xtext(value)
        if len(line) + len(word) > 500:
            yield line
            line = b"XFORWARD"
        line += word
    if line != b"XFORWARD":
        yield line


def xtext(value: str) -> bytes:
    """The value in xtext (RFC 3461 section 4), at most 255 octets."""
    coded = "".join(c if "!" <= c <= "~" and c not in "+=" else "".join(f"+{b:02X}" for b in c.encode()) for c in value)
    return coded[:255].encode("ascii")
