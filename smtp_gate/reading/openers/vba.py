"""The source of macros, out of the compressed containers in which projects keep it (MS-OVBA, section 2.4.1)."""

from typing import Final

_BEGINNING: Final = b"\x00Attribut"
"""How the first eight characters of every module stand in a compressed container."""


def source_of(stream: bytes, room: int) -> bytes:
    """The source of one module; empty where the stream holds none."""
    at = stream.find(_BEGINNING)
    if at < 3 or stream[at - 3] != 1:
        return b""
    at -= 2
    found = bytearray()
    while at + 2 <= len(stream) and len(found) < room:
        head = int.from_bytes(stream[at : at + 2], "little")
        end = at + (head & 0x0FFF) + 3
        chunk = stream[at + 2 : end]
        found += _unpacked(chunk) if head & 0x8000 else chunk
        at = end
    return bytes(found)


def _unpacked(chunk: bytes) -> bytes:
    """A chunk of up to 4,096 octets: literal octets, and copies of what stands before them."""
    out = bytearray()
    at = 0
    while at < len(chunk) and len(out) < 4096:
        flags = chunk[at]
        at += 1
        for bit in range(8):
            if at >= len(chunk):
                break
            if not flags >> bit & 1:
                out.append(chunk[at])
                at += 1
                continue
            token = int.from_bytes(chunk[at : at + 2], "little")
            at += 2
            wide = max((len(out) - 1).bit_length(), 4)
            back, count = (token >> (16 - wide)) + 1, (token & (0xFFFF >> wide)) + 3
            if back > len(out):
                return bytes(out)
            for _ in range(count):
                out.append(out[-back])
    return bytes(out)
