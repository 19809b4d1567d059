"""Decompressing one stream in pieces, against a budget of octets: what a header says of sizes is never believed."""

import bz2
import lzma
import zlib
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, Protocol

PIECE: Final = 64 * 1024
"""Octets that a decompressor is given at a time."""
MEMORY: Final = 256 * 1024 * 1024
"""Octets of dictionary that a stream may ask for; compressors at their highest level ask for a quarter of it."""


class End(Enum):
    """How a stream ended."""

    WHOLE = "whole"
    CUT = "cut"
    DAMAGED = "damaged"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What came out of a stream; `used` are the octets it took. CUT: more should follow; OVER: beyond the budget."""

    content: bytes = field(repr=False)
    used: int
    end: End


class Source(Protocol):
    """A decompressor as Python's own modules have them."""

    @property
    def eof(self) -> bool:
        """Whether the stream has ended."""

    @property
    def unused_data(self) -> bytes:
        """What stands behind the end."""

    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes:
        """The next octets, at most so many."""


class Inflater:
    """A deflate stream, bare or with a gzip header, behaving as the other decompressors do."""

    def __init__(self, wbits: int) -> None:
        self._source = zlib.decompressobj(wbits)

    @property
    def eof(self) -> bool:
        """Whether the stream has ended."""
        return self._source.eof

    @property
    def unused_data(self) -> bytes:
        """What stands behind the end."""
        return self._source.unused_data

    def decompress(self, data: bytes, max_length: int = 0, /) -> bytes:
        """The next octets; input that had no room is kept for the next call."""
        return self._source.decompress(self._source.unconsumed_tail + data, max_length)


def deflate() -> Source:
    """A bare deflate stream (RFC 1951)."""
    return Inflater(-zlib.MAX_WBITS)


def gzip() -> Source:
    """One member of a gzip file (RFC 1952)."""
    return Inflater(zlib.MAX_WBITS | 16)


def bzip2() -> Source:
    """One bzip2 stream."""
    return bz2.BZ2Decompressor()


def xz() -> Source:
    """One .xz stream, its dictionary bounded."""
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MEMORY)


def lzma_alone() -> Source:
    """A .lzma file, its dictionary bounded."""
    return lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=MEMORY)


def unpack(source: Source, data: bytes, start: int, end: int, room: int) -> Unpacked:
    """Feed a decompressor from `data[start:end]` until its stream ends, the input does, or it yields more than `room`."""
    found = bytearray()
    at = start
    while True:
        piece = data[at : min(at + PIECE, end)]
        at += len(piece)
        try:
            made = source.decompress(piece, room - len(found) + 1)
        except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as error:
            over = isinstance(error, lzma.LZMAError) and "emory" in str(error)
            return Unpacked(bytes(found), at - start, End.OVER if over else End.DAMAGED)
        found += made
        if len(found) > room:
            return Unpacked(b"", at - start, End.OVER)
        if source.eof:
            return Unpacked(bytes(found), at - start - len(source.unused_data), End.WHOLE)
        if not piece and not made:
            return Unpacked(bytes(found), at - start, End.CUT)
