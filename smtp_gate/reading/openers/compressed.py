"""Single compressed streams: gzip, bzip2, xz and lzma, each possibly several in a row."""

from collections.abc import Callable
from typing import Final

from smtp_gate.core.view import Part, Reason
from smtp_gate.reading.openers.base import OpenLimits, member, text_of
from smtp_gate.reading.openers.streams import End, Source, bzip2, gzip, lzma_alone, unpack, xz

_REASONS: Final = {End.OVER: Reason.LIMIT, End.CUT: Reason.UNKNOWN, End.DAMAGED: Reason.UNKNOWN}
_EXTRA, _NAME, _COMMENT = 4, 8, 16
_STREAMS: Final = 10_000
"""Streams in one file: each costs a decompressor, however little it holds."""
_SUFFIXES: Final = frozenset({"gz", "gzip", "z", "bz2", "bz", "xz", "lzma"})
_TARS: Final = frozenset({"tgz", "taz", "tbz", "tbz2", "tb2", "txz", "tlz"})


def open_gzip(part: Part, limits: OpenLimits) -> tuple[Part, ...] | Reason:
    """Every member of a gzip file, one behind the other as decompressors write them (RFC 1952, section 2.2)."""
    found = _opened(part, limits, gzip, b"\x1f\x8b")
    if isinstance(found, Reason):
        return found
    words = _words(part.content).decode("utf-8", "replace")
    return found if words in {"", found[0].name} else (*found, text_of(part, 2, words.split("\0")))


def open_bzip2(part: Part, limits: OpenLimits) -> tuple[Part, ...] | Reason:
    """Every stream of a bzip2 file, written one behind the other."""
    return _opened(part, limits, bzip2, b"BZh")


def open_xz(part: Part, limits: OpenLimits) -> tuple[Part, ...] | Reason:
    """Every stream of an .xz file, written one behind the other (xz file format, section 2)."""
    return _opened(part, limits, xz, b"\xfd7zXZ\0")


def open_lzma(part: Part, limits: OpenLimits) -> tuple[Part, ...] | Reason:
    """The one stream of a .lzma file."""
    return _opened(part, limits, lzma_alone, part.content[:1])


def _opened(part: Part, limits: OpenLimits, start: Callable[[], Source], magic: bytes) -> tuple[Part, ...] | Reason:
    content = part.content
    room = limits.room(len(content))
    found = bytearray()
    at = streams = 0
    while content.startswith(magic, at) and at < len(content):
        streams += 1
        if streams > _STREAMS:
            return Reason.LIMIT
        stream = unpack(start(), content, at, len(content), room - len(found))
        if stream.end is not End.WHOLE:
            return _REASONS[stream.end]
        found += stream.content
        at += stream.used
        padded = at
        while content[padded : padded + 4] == b"\0\0\0\0":
            padded += 4
        at = padded if content.startswith(magic, padded) else at
    if content[at:].strip(b"\0"):
        # Octets behind the last stream are nobody's by the standard, and could be anybody's text.
        return Reason.UNKNOWN
    return (member(part, 1, _inner_name(part.name), bytes(found)),)


def _words(content: bytes) -> bytes:
    """What the first header says: extra field, name, comment (RFC 1952, section 2.3). Later ones are no file of tools."""
    flags, at = int.from_bytes(content[3:4]), 10
    start = at
    if flags & _EXTRA:
        at += 2 + int.from_bytes(content[at : at + 2], "little")
        start += 2
    for flag in (_NAME, _COMMENT):
        end = content.find(b"\0", at) if flags & flag else -1
        at = end + 1 if end >= 0 else at
    return content[start:at].strip(b"\0")


def _inner_name(name: str) -> str:
    """What decompressing names the file: `a.csv.gz` is `a.csv`, `b.tgz` is `b.tar`."""
    stem, dot, suffix = name.rpartition(".")
    if suffix.lower() in _TARS:
        return f"{stem}.tar"
    return stem if dot and suffix.lower() in _SUFFIXES else f"{name or 'content'}.opened"
