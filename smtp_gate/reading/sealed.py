"""What a cryptographic wrapping holds: nothing anybody can read, content in clear, or not what it says it is."""

import bz2
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import re2

from smtp_gate.core.view import Reason

FAKE: Final = "fake_encryption"
"""The defect of content that claims to be encrypted or signed and is not."""

ROOM: Final = 16 * 1024 * 1024
"""Octets that the wrappings of one message may unfold to."""
_FREE: Final = 1024 * 1024
_RATIO: Final = 100

_WRITTEN: Final = re2.compile(rb"[\t\r\n -~]{32}")
_LEAST: Final = 64
_WINDOW: Final = 16 * 1024
_WINDOWS: Final = 32
_HIGH: Final = bytes(range(128, 256))


@dataclass(frozen=True, slots=True)
class Sealed:
    """One wrapping, looked into. `by` is the kind of it: `smime-enveloped`, `smime-opaque-signed`, `pgp`, ...

    `encrypted`: what is inside is out of everybody's reach but the addressee's. `content` is what is inside in clear, None
    where there is nothing (a detached signature, certificates, keys); `name` the file name it carries. `reason` says why
    content that should be in clear could not be read. `fake`: it claims encryption and holds something else. `words` are
    the names that keys carry. `cost` is what was unfolded to see it, in octets.
    """

    by: str
    encrypted: bool = False
    content: bytes | None = field(default=None, repr=False)
    name: str = ""
    reason: Reason | None = None
    fake: bool = False
    signed: bool = False
    words: tuple[str, ...] = ()
    cost: int = 0


@dataclass(frozen=True, slots=True)
class Seal:
    """A wrapping met in a part. `beside`: the text it stands in says more than the wrapping itself."""

    part: str
    sealed: Sealed = field(repr=False)
    beside: bool = False


def looks_random(octets: bytes) -> bool:
    """Whether octets could be the output of a cipher: nothing written in them, as many high octets as low ones, and no
    part of them that could be compressed. True for less than 64 octets without a written line.

    Whoever wants to pass a file off as encrypted can still encrypt it; this tells the wrapping from the wrapped. Linear;
    long content is compressed in samples.
    """
    if _WRITTEN.search(octets) is not None:
        return False
    if len(octets) < _LEAST:
        return True
    for sample in _samples(octets):
        size = len(sample)
        high = size - len(sample.translate(None, _HIGH))
        # Six standard deviations of a fair coin: more than chance allows in the life of a gate.
        if (2 * high - size) ** 2 > 36 * size:
            return False
        if size >= 8 * _LEAST and len(zlib.compress(sample, 1)) < size * 0.97:
            return False
    return True


def _samples(octets: bytes) -> Iterator[bytes]:
    stride = max(_WINDOW, len(octets) // _WINDOWS)
    for at in range(0, len(octets), stride):
        sample = octets[at : at + _WINDOW]
        if len(sample) >= _LEAST:
            yield sample


def room_for(size: int, room: int = ROOM) -> int:
    """The octets that compressed content of this size may unfold to, of the `room` that is left."""
    return min(room, max(_FREE, _RATIO * size))


def inflated(octets: bytes, wbits: int, room: int) -> bytes | Reason:
    """Deflate, zlib or gzip undone within its room; UNKNOWN where it is damaged or something stands behind it."""
    stream = zlib.decompressobj(wbits)
    room = room_for(len(octets), room)
    try:
        found = stream.decompress(octets, room + 1)
    except zlib.error:
        return Reason.UNKNOWN
    if len(found) > room:
        return Reason.LIMIT
    return found if stream.eof and not stream.unused_data.strip(b"\0") else Reason.UNKNOWN


def unzipped(octets: bytes, room: int) -> bytes | Reason:
    """Bzip2 undone within its room."""
    stream = bz2.BZ2Decompressor()
    room = room_for(len(octets), room)
    try:
        found = stream.decompress(octets, room + 1)
    except (OSError, ValueError):
        return Reason.UNKNOWN
    if len(found) > room:
        return Reason.LIMIT
    return found if stream.eof and not stream.unused_data else Reason.UNKNOWN
