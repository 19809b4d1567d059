"""The text of PowerPoint files before 2007: every text atom of the stream (MS-PPT, section 2.9)."""

import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Final

from smtp_gate.reading.openers.compound import DamagedError
from smtp_gate.reading.openers.said import SpentError

_WIDE: Final = frozenset({0x0FA0, 0x0FBA})
_NARROW: Final = 0x0FA8
_OBJECT: Final = 0x1011
_SESSION: Final = 0x2F14
_PLAIN, _CIPHERED = 0xE391C05F, 0xF3D1C4DF


def is_ciphered(user: bytes, stream: bytes) -> bool:
    """Whether the presentation needs a password: by the stream `Current User` (section 2.3.2)."""
    return user[12:16] == _CIPHERED.to_bytes(4, "little") or struct.pack("<HH", 0x000F, _SESSION) in stream[-4096:]


def read_slides(stream: bytes, say: Callable[[str], None]) -> None:
    """Say the text of every atom, of slides and notes and of what was edited away. Raises DamagedError."""
    for kind, content in _atoms(stream):
        if kind in _WIDE:
            say(_lines(content.decode("utf-16-le", "replace")))
        elif kind == _NARROW:
            say(_lines(content.decode("latin-1")))


def objects_of(stream: bytes, room: int) -> Iterator[bytes]:
    """The compound files embedded in the stream (section 2.10.34), unpacked. Raises DamagedError, zlib.error, SpentError."""
    for kind, content in _atoms(stream):
        if kind == _OBJECT and len(content) > 4:
            unpacked = content
            if not content.startswith(b"\xd0\xcf\x11\xe0"):
                unpacked = zlib.decompressobj().decompress(content[4:], room + 1)
            room -= len(unpacked)
            if room < 0:
                raise SpentError
            yield unpacked


def _atoms(stream: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and content of each record that holds no others."""
    at = 0
    while at + 8 <= len(stream):
        version, kind, size = struct.unpack_from("<HHI", stream, at)
        at += 8
        if version & 0x0F == 0x0F:
            continue
        if at + size > len(stream):
            raise DamagedError("a record longer than the stream")
        yield kind, stream[at : at + size]
        at += size


def _lines(text: str) -> str:
    return text.replace("\r", "\n").replace("\x0b", "\n")
