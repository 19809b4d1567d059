"""Media proven by their structure, and what stands behind a picture's end: a magic number of a few octets proves nothing.

Text may begin with `BM` or `GIF89a`, so what a header says of sizes must agree with the octets that follow it.
"""

import re
from collections.abc import Callable
from struct import unpack_from
from typing import Final, Literal

BLOCKS: Final = 20_000
"""Pieces of one picture that are walked through; what follows so many counts as standing behind it."""

_MARKER: Final = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")
_BARE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
_DIB: Final = frozenset({12, 40, 52, 56, 64, 108, 124})
_DEPTHS: Final = frozenset({0, 1, 2, 4, 8, 16, 24, 32})
_RIFF: Final = {b"WEBP": "image", b"WAVE": "audio", b"AVI ": "video"}
_STILLS: Final = frozenset({b"heic", b"heix", b"mif1", b"avif"})
_ASF: Final = b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c"
_BITRATES: Final = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_LOW_BITRATES: Final = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES: Final = (44100, 48000, 32000)


def media_of(content: bytes) -> str:
    """`image`, `audio`, `video` or `font` where the structure proves it, else empty."""
    for magic, prove, kind in _BY_HEAD.get(content[:2], ()):
        if content.startswith(magic):
            return kind if prove(content) else ""
    if content[4:8] == b"ftyp":
        return ("image" if content[8:12] in _STILLS else "video") if _is_boxed(content) else ""
    if content[:4] == b"RIFF":
        return _RIFF.get(content[8:12], "") if _is_riff(content) else ""
    return "audio" if content[:1] == b"\xff" and _is_mpeg_audio(content, 0) else ""


def tail_of(content: bytes) -> bytes:
    """What stands behind the first valid end of a PNG, JPEG, GIF or BMP picture, or behind where its structure breaks."""
    for magic, end_of in _ENDS:
        if content.startswith(magic):
            return content[end_of(content) :]
    return b""


def _png_end(content: bytes) -> int:
    """Chunk by chunk to the one named IEND (PNG, section 5.3)."""
    at = 8
    for _ in range(BLOCKS):
        if at + 12 > len(content):
            break
        size, name = unpack_from(">I4s", content, at)
        if not name.isalpha() or at + 12 + size > len(content):
            return at
        at += 12 + size
        if name == b"IEND":
            break
    return at


def _jpeg_end(content: bytes) -> int:
    """Segment by segment, through entropy-coded data to the next marker that is no restart (ITU T.81, annex B)."""
    at = 2
    for _ in range(BLOCKS):
        marker = _MARKER.match(content, at)
        if marker is None:
            break
        code = marker[1][0]
        at = marker.end()
        if code == 0xD9:
            return at
        if code in _BARE:
            continue
        size = int.from_bytes(content[at : at + 2], "big")
        if size < 2 or at + size > len(content):
            return marker.start()
        at += size
        if code == 0xDA:
            following = _MARKER.search(content, at)
            at = following.start() if following is not None else len(content)
    return at


def _gif_end(content: bytes) -> int:
    """Block by block to the trailer (GIF89a, section 27)."""
    at = 13 + _palette(content[10:11])
    for _ in range(BLOCKS):
        kind = content[at] if at < len(content) else 0
        if kind == 0x3B:
            return at + 1
        if kind == 0x21:
            after = _past_blocks(content, at + 2)
        elif kind == 0x2C:
            after = _past_blocks(content, at + 11 + _palette(content[at + 9 : at + 10]))
        else:
            return at
        if after < 0:
            return at
        at = after
    return at


def _palette(flags: bytes) -> int:
    return 3 << ((flags[0] & 7) + 1) if flags and flags[0] & 0x80 else 0


def _past_blocks(content: bytes, at: int) -> int:
    """Behind a chain of sub-blocks; -1 where it runs beyond the content."""
    while at < len(content) and content[at]:
        at += content[at] + 1
    return at + 1 if at < len(content) else -1


def _bmp_end(content: bytes) -> int:
    size = int.from_bytes(content[2:6], "little")
    return size if size >= 26 else len(content)


def _is_png(content: bytes) -> bool:
    return content[8:16] == b"\0\0\0\rIHDR" and _png_end(content) >= 33


def _is_jpeg(content: bytes) -> bool:
    """A first segment that another one follows, or one that names the format, since pictures are cut short at times."""
    size = int.from_bytes(content[4:6], "big")
    follows = len(content) > 20 and content[3] >= 0xC0 and size >= 2 and content[4 + size : 5 + size] == b"\xff"
    return follows or content.startswith((b"JFIF\0", b"Exif\0\0"), 6)


def _is_gif(content: bytes) -> bool:
    start = 13 + _palette(content[10:11])
    return len(content) > start and b"\0\0" not in (content[6:8], content[8:10]) and _gif_end(content) > start


def _is_bmp(content: bytes) -> bool:
    if len(content) < 26:
        return False
    size, zero, offset, header = (int.from_bytes(content[at : at + 4], "little") for at in (2, 6, 10, 14))
    at = 22 if header == 12 else 26
    planes, depth = int.from_bytes(content[at : at + 2], "little"), int.from_bytes(content[at + 2 : at + 4], "little")
    sized = size in {0, offset} or 26 <= size <= len(content) + 4
    placed = not zero and header in _DIB and 14 + header <= offset <= len(content)
    return placed and sized and planes == 1 and depth in _DEPTHS


def _is_tiff(content: bytes) -> bool:
    order: Literal["little", "big"] = "little" if content[:1] == b"I" else "big"
    at = int.from_bytes(content[4:8], order)
    entries = int.from_bytes(content[at : at + 2], order)
    if at < 8:
        return False
    return 0 < entries < 500 and at + 2 + 12 * entries <= len(content)


def _is_icon(content: bytes) -> bool:
    if len(content) < 22:
        return False
    count = int.from_bytes(content[4:6], "little")
    size, at = int.from_bytes(content[14:18], "little"), int.from_bytes(content[18:22], "little")
    return 0 < count < 256 and size > 0 and 6 + 16 * count <= at and at + size <= len(content)


def _is_tagged_audio(content: bytes) -> bool:
    """An ID3v2 header (section 3.1), and behind the tag a frame of sound, another tag or padding."""
    if len(content) < 14 or content[3] not in {2, 3, 4} or content[5] & 0x0F or max(content[6:10]) > 0x7F:
        return False
    size = content[6] << 21 | content[7] << 14 | content[8] << 7 | content[9]
    behind = content[10 + size :].lstrip(b"\0")[:4]
    return behind[:1] == b"\xff" or behind[:3] == b"ID3" or behind == b"fLaC"


def _is_mpeg_audio(content: bytes, at: int) -> bool:
    """Two frames of MPEG layer III, the second where the first ends (ISO/IEC 11172-3, section 2.4.1)."""
    for _ in range(2):
        head = content[at : at + 4]
        if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2 or head[2] & 0x0C == 0x0C:
            return False
        first = head[1] & 0x18 == 0x18
        rate = _RATES[head[2] >> 2 & 3] // {0x18: 1, 0x10: 2, 0: 4}.get(head[1] & 0x18, 1)
        index = head[2] >> 4
        if not 0 < index < 15:
            return False
        bits = (_BITRATES if first else _LOW_BITRATES)[index] * 1000
        at += (144 if first else 72) * bits // rate + (head[2] >> 1 & 1)
    return True


def _is_riff(content: bytes) -> bool:
    size = int.from_bytes(content[4:8], "little")
    return 4 <= size <= len(content) and content[12:16].strip().isalnum()


def _is_boxed(content: bytes) -> bool:
    """A file type box whose size fits, and a named box behind it (ISO/IEC 14496-12, section 4.2)."""
    size = int.from_bytes(content[:4], "big")
    return 16 <= size <= 512 and size % 4 == 0 and content[size + 4 : size + 8].strip().isalnum()


def _is_program_stream(content: bytes) -> bool:
    """A pack header of MPEG-2 (`01`) or MPEG-1 (`0010`), and a start code near behind it."""
    return len(content) > 14 and content[4] >> 4 in {2, 4, 5, 6, 7} and b"\0\0\1" in content[12:64]


def _is_font(content: bytes) -> bool:
    """A table directory whose first table lies within the file (OpenType, table directory)."""
    if len(content) < 28:
        return False
    count = int.from_bytes(content[4:6], "big")
    at, size = int.from_bytes(content[20:24], "big"), int.from_bytes(content[24:28], "big")
    return 0 < count < 128 and 12 + 16 * count <= at and at + size <= len(content)


def _is_web_font(content: bytes) -> bool:
    return len(content) > 44 and int.from_bytes(content[8:12], "big") == len(content)


def _holds(at: int, *choices: bytes) -> Callable[[bytes], bool]:
    """A further sign at a fixed place, longer than chance."""
    return lambda content: content.startswith(choices, at)


_PROOFS: Final[tuple[tuple[bytes, Callable[[bytes], bool], str], ...]] = (
    (b"\x89PNG\r\n\x1a\n", _is_png, "image"),
    (b"\xff\xd8\xff", _is_jpeg, "image"),
    (b"GIF87a", _is_gif, "image"),
    (b"GIF89a", _is_gif, "image"),
    (b"II*\0", _is_tiff, "image"),
    (b"MM\0*", _is_tiff, "image"),
    (b"\0\0\1\0", _is_icon, "image"),
    (b"BM", _is_bmp, "image"),
    (b"8BPS", _holds(4, b"\0\1\0\0\0\0\0\0", b"\0\2\0\0\0\0\0\0"), "image"),
    (b"ID3", _is_tagged_audio, "audio"),
    (b"OggS", _holds(4, b"\0\2\0\0\0\0\0\0\0\0"), "audio"),
    (b"fLaC", _holds(4, b"\0\0\0\x22", b"\x80\0\0\x22"), "audio"),
    (b"MThd", _holds(4, b"\0\0\0\6"), "audio"),
    (b"#!AMR", _holds(5, b"\n", b"-WB\n"), "audio"),
    (b"\x1aE\xdf\xa3", lambda content: b"webm" in content[:64] or b"matroska" in content[:64], "video"),
    (b"FLV\x01", _holds(5, b"\0\0\0\x09"), "video"),
    (b"\0\0\1\xba", _is_program_stream, "video"),
    (b"\0\0\1\xb3", lambda content: b"\0\0\1" in content[12:160], "video"),
    (_ASF, _holds(20, b"\0\0\0\0"), "video"),
    (b"\0\1\0\0\0", _is_font, "font"),
    (b"OTTO\0", _is_font, "font"),
    (b"wOFF", _is_web_font, "font"),
    (b"wOF2", _is_web_font, "font"),
)
"""Each beginning with what must hold behind it."""

_BY_HEAD: Final = {head: tuple(p for p in _PROOFS if p[0][:2] == head) for head in {p[0][:2] for p in _PROOFS}}
"""The same by their first two octets, which most contents share with none."""

_ENDS: Final[tuple[tuple[bytes, Callable[[bytes], int]], ...]] = (
    (b"\x89PNG", _png_end),
    (b"\xff\xd8\xff", _jpeg_end),
    (b"GIF8", _gif_end),
    (b"BM", _bmp_end),
)
