"""Files packed into OLE objects: as streams of compound files, or as objects of the first version (MS-OLEDS)."""

import struct
from typing import Final

_MAGIC: Final = (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04", b"%PDF-", b"{\\rtf")
_NEAR: Final = 4096


def unpacked(content: bytes) -> tuple[str, bytes]:
    """Name and octets of the file in a stream `Ole10Native` (MS-OLEDS, section 2.3.6); raw where it is none."""
    body = content[4:]
    if body[:2] == b"\x02\x00":
        rest = body[2:]
        _, _, rest = rest.partition(b"\0")
        path, _, rest = rest.partition(b"\0")
        if len(rest) > 8:
            size = int.from_bytes(rest[4:8], "little")
            rest = rest[8 + size :]
            length = int.from_bytes(rest[:4], "little")
            if 0 < length <= len(rest) - 4:
                name = path.replace(b"\\", b"/").rpartition(b"/")[2].decode("cp1252", "replace")
                return name or "package", rest[4 : 4 + length]
    return "", body


def carried(content: bytes) -> tuple[str, bytes]:
    """Name and octets of an object as RTF carries it (MS-OLEDS, section 2.2.4); the rest of it where it is odd."""
    at = 8
    kind = b""
    for number in range(3):
        if at + 4 > len(content):
            return "", content
        size = struct.unpack_from("<I", content, at)[0]
        if size > _NEAR:
            break
        kind = content[at + 4 : at + 4 + size].rstrip(b"\0") if number == 0 else kind
        at += 4 + size
    size = struct.unpack_from("<I", content, at)[0] if at + 4 <= len(content) else 0
    inner = content[at + 4 : at + 4 + size]
    if kind.lower() == b"package" and inner:
        return unpacked(b"\0\0\0\0" + inner)
    found = [place for place in (content.find(magic) for magic in _MAGIC) if place >= 0]
    return "", content[min(found) :] if found else inner or content
