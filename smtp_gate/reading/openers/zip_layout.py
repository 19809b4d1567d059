"""The records of a zip file as they lie: its directory, local headers, and the octets that belong to neither."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from struct import unpack_from
from typing import Final

LOCAL: Final = b"PK\x03\x04"
CENTRAL: Final = b"PK\x01\x02"
END: Final = b"PK\x05\x06"
DESCRIPTOR: Final = b"PK\x07\x08"
_END64: Final = b"PK\x06\x06"
_LOCATOR: Final = b"PK\x06\x07"
_TAIL: Final = 22 + 0xFFFF
_TRIES: Final = 64
_FULL: Final = 0xFFFFFFFF
ENCRYPTED: Final = 0x2041
"""Flags: encrypted, strongly encrypted, directory encrypted (APPNOTE, section 4.4.4)."""
STREAMED: Final = 0x0008
UTF8: Final = 0x0800
_AES: Final = 0x9901


@dataclass(frozen=True, slots=True)
class Header:
    """What a central or a local header says of a file; `start` is where the record begins, `stop` where it ends."""

    start: int
    stop: int
    name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    extra: bytes = field(repr=False)
    comment: bytes = field(default=b"", repr=False)
    at: int = 0
    disk: int = 0

    @property
    def encrypted(self) -> bool:
        """Whether it says that the file is encrypted, in any of three ways."""
        return bool(self.flags & ENCRYPTED) or self.method == 99 or any(kind == _AES for kind, _ in extras(self.extra))


@dataclass(frozen=True, slots=True)
class Directory:
    """A central directory: its headers, the ranges it takes, the archive's comment; `doubtful` where it contradicts
    itself or names further volumes.
    """

    headers: tuple[Header, ...]
    ranges: tuple[tuple[int, int], ...]
    comment: bytes
    shift: int
    doubtful: bool


def extras(octets: bytes) -> Iterator[tuple[int, bytes]]:
    """The blocks of an extra field; what is no block comes last, under -1."""
    at = 0
    while at + 4 <= len(octets):
        kind, size = unpack_from("<HH", octets, at)
        if at + 4 + size > len(octets):
            break
        yield kind, octets[at + 4 : at + 4 + size]
        at += 4 + size
    if at < len(octets):
        yield -1, octets[at:]


def local_at(content: bytes, at: int) -> Header | None:
    """The local header that begins there (APPNOTE, section 4.3.7)."""
    if not 0 <= at <= len(content) - 30 or content[at : at + 4] != LOCAL:
        return None
    flags, method, _, crc, packed, size, named, more = unpack_from("<HHIIIIHH", content, at + 6)
    stop = at + 30 + named + more
    if stop > len(content):
        return None
    extra = content[at + 30 + named : stop]
    size, packed, _ = _large(extra, size, packed, 0)
    return Header(at, stop, content[at + 30 : at + 30 + named], flags, method, crc, packed, size, extra)


def directory_of(content: bytes) -> Directory | None:
    """The directory that the last end record leads to, passing over those that lead nowhere."""
    at = len(content)
    low = max(0, len(content) - _TAIL)
    for _ in range(_TRIES):
        at = content.rfind(END, low, at)
        if at < 0:
            return None
        found = _directory(content, at)
        if found is not None:
            return found
    return None


def _directory(content: bytes, end: int) -> Directory | None:
    if end + 22 > len(content):
        return None
    disk, first, _, total, size, offset, noted = unpack_from("<HHHHIIH", content, end + 4)
    ranges = [(end, min(end + 22 + noted, len(content)))]
    before = end
    large = _end64(content, end)
    if large is not None:
        before, taken, total, size, offset = large
        ranges += taken
    start = before - size
    if start < 0 or (size and content[start : start + 4] != CENTRAL):
        # The record may also lead straight to a directory that something stands behind.
        start = offset
    if size and content[start : start + 4] != CENTRAL:
        return None
    shift = start - offset
    headers, at = [], start
    while at < start + size:
        header = _central(content, at, before)
        if header is None:
            break
        headers.append(header)
        at = header.stop
    ranges.append((start, at))
    doubtful = disk not in {0, 0xFFFF} or first not in {0, 0xFFFF} or total & 0xFFFF != len(headers) & 0xFFFF
    return Directory(tuple(headers), tuple(ranges), content[end + 22 : end + 22 + noted], shift, doubtful)


def _end64(content: bytes, end: int) -> tuple[int, list[tuple[int, int]], int, int, int] | None:
    """Where the records of zip64 begin, the ranges they take, and the number, size and place that they tell."""
    locator = end - 20
    if locator < 0 or content[locator : locator + 4] != _LOCATOR:
        return None
    said = int.from_bytes(content[locator + 8 : locator + 16], "little")
    for at in (locator - 56, said):
        if 0 <= at <= locator - 56 and content[at : at + 4] == _END64:
            total, size, offset = unpack_from("<QQQ", content, at + 32)
            return at, [(locator, end), (at, at + 56)], total, size, offset
    return None


def _central(content: bytes, at: int, end: int) -> Header | None:
    """The central header that begins there (APPNOTE, section 4.3.12)."""
    if at + 46 > end or content[at : at + 4] != CENTRAL:
        return None
    flags, method, _, crc, packed, size, named, more, noted, disk = unpack_from("<HHIIIIHHHH", content, at + 8)
    offset = int.from_bytes(content[at + 42 : at + 46], "little")
    stop = at + 46 + named + more + noted
    if stop > end:
        return None
    extra = content[at + 46 + named : at + 46 + named + more]
    size, packed, offset = _large(extra, size, packed, offset)
    name, comment = content[at + 46 : at + 46 + named], content[stop - noted : stop]
    return Header(at, stop, name, flags, method, crc, packed, size, extra, comment, offset, disk)


def _large(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """Sizes and offset, those beyond 32 bits from the zip64 block (APPNOTE, section 4.5.3)."""
    if _FULL not in {size, packed, offset}:
        return size, packed, offset
    block = next((data for kind, data in extras(extra) if kind == 1), b"")
    values = []
    for value in (size, packed, offset):
        if value == _FULL and len(block) >= 8:
            values.append(int.from_bytes(block[:8], "little"))
            block = block[8:]
        else:
            values.append(value)
    return values[0], values[1], values[2]


def behind_descriptor(content: bytes, at: int, crc: int, packed: int) -> int:
    """Where the data descriptor at `at` ends, with or without its signature, of either size; `at` where there is none."""
    ends = []
    for skip in (4, 0):
        if skip and content[at : at + 4] != DESCRIPTOR:
            continue
        if content[at + skip : at + skip + 4] != crc.to_bytes(4, "little"):
            continue
        for width in (4, 8):
            told = content[at + skip + 4 : at + skip + 4 + width]
            if len(told) == width and int.from_bytes(told, "little") == packed:
                ends.append(min(at + skip + 4 + 2 * width, len(content)))
    # Where both widths fit, sizes are zero, and the next record tells which one was meant.
    return next((end for end in ends if content[end : end + 2] == b"PK"), ends[0] if ends else at)


def gaps(ranges: list[tuple[int, int]], size: int) -> list[tuple[int, int]]:
    """The ranges of a content that none of these cover, in order."""
    found, at = [], 0
    for start, end in sorted(ranges):
        if start > at:
            found.append((at, start))
        at = max(at, end)
    if at < size:
        found.append((at, size))
    return found
