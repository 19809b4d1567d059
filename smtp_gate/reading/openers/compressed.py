"""Single compressed streams: gzip."""

import zlib

from smtp_gate.core.view import Part, Reason
from smtp_gate.reading.openers.base import OpenLimits, member


def open_gzip(part: Part, limits: OpenLimits) -> tuple[Part, ...] | Reason:
    """Every member of a gzip file, one behind the other as decompressors write them (RFC 1952, section 2.2)."""
    room = limits.room(len(part.content))
    rest, found = part.content, bytearray()
    while rest.startswith(b"\x1f\x8b"):
        stream = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        try:
            found += stream.decompress(rest, room - len(found) + 1)
        except zlib.error:
            return Reason.UNKNOWN
        if len(found) > room:
            return Reason.LIMIT
        if not stream.eof:
            return Reason.UNKNOWN
        rest = stream.unused_data
    if rest.strip(b"\0"):
        # Octets behind the last member are nobody's by the standard, and could be anybody's text.
        return Reason.UNKNOWN
    return (member(part, 1, _inner_name(part.name), bytes(found)),)


def _inner_name(name: str) -> str:
    """What decompressing names the file: `a.csv.gz` is `a.csv`, `b.tgz` is `b.tar`."""
    stem, dot, suffix = name.rpartition(".")
    if suffix.lower() == "tgz":
        return f"{stem}.tar"
    return stem if dot and suffix.lower() in {"gz", "gzip", "z"} else f"{name or 'content'}.opened"
