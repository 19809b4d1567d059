"""Rich text as mail programs compress it (MS-OXRTFCP)."""

from typing import Final

_INITIAL: Final = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans SerifSymbol"
    rb"ArialTimes New RomanCourier{\colortbl\red0\green0\blue0" + b"\r\n" + rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
"""What stands in the dictionary before the first octet (section 2.1.3.1.1)."""
_ROOM: Final = 4096


class DamagedRtfError(Exception):
    """It is not compressed rich text, or more of it than there may be."""


def decompressed(content: bytes, room: int) -> bytes:
    """The rich text. Raises DamagedRtfError."""
    size = int.from_bytes(content[4:8], "little")
    kind = content[8:12]
    if kind == b"MELA":
        return content[16 : 16 + size]
    if kind != b"LZFu" or size > room:
        raise DamagedRtfError(kind.hex())
    window = bytearray(_INITIAL.ljust(_ROOM, b"\0"))
    write = len(_INITIAL)
    out = bytearray()
    at = 16
    while at < len(content):
        flags = content[at]
        at += 1
        for bit in range(8):
            if not flags >> bit & 1:
                piece = content[at : at + 1]
                at += 1
                if not piece:
                    return bytes(out)
            else:
                token = int.from_bytes(content[at : at + 2], "big")
                at += 2
                place, length = token >> 4, (token & 15) + 2
                if place == write % _ROOM or at > len(content):
                    return bytes(out)
                piece = _copied(window, place, length, write)
            for octet in piece:
                window[write % _ROOM] = octet
                write += 1
            out += piece
            if len(out) > room:
                raise DamagedRtfError("longer than it says")
    return bytes(out)


def _copied(window: bytearray, place: int, length: int, write: int) -> bytes:
    """A stretch of the window; it may reach into what is only being copied."""
    piece = bytearray()
    for number in range(length):
        at = (place + number) % _ROOM
        past = (at - write) % _ROOM
        piece.append(piece[past] if past < len(piece) else window[at])
    return bytes(piece)
