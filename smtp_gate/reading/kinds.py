"""What a piece of content is by its octets; the declared type and the name only decide between kinds of text."""

import re
from typing import Final

_MAGIC: Final = (
    (b"%PDF-", "pdf"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"PK\x07\x08", "zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"\x1f\x8b", "gz"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zst"),
    (b"MSCF", "cab"),
    (b"{\\rtf", "rtf"),
    (b"\x78\x9f\x3e\x22", "tnef"),
    (b"MZ", "exe"),
    (b"\x7fELF", "exe"),
    (b"!BDN", "pst"),
    (b"SQLite format 3\0", "sqlite"),
)
_MEDIA: Final = (
    (b"\x89PNG\r\n\x1a\n", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF87a", "image"),
    (b"GIF89a", "image"),
    (b"II*\0", "image"),
    (b"MM\0*", "image"),
    (b"\0\0\1\0", "image"),
    (b"BM", "image"),
    (b"8BPS", "image"),
    (b"ID3", "audio"),
    (b"OggS", "audio"),
    (b"fLaC", "audio"),
    (b"MThd", "audio"),
    (b"#!AMR", "audio"),
    (b"\x1aE\xdf\xa3", "video"),
    (b"FLV\x01", "video"),
    (b"\0\0\1\xba", "video"),
    (b"\0\0\1\xb3", "video"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video"),
    (b"\0\1\0\0\0", "font"),
    (b"OTTO\0", "font"),
    (b"wOFF", "font"),
    (b"wOF2", "font"),
)
_RIFF: Final = {b"WEBP": "image", b"WAVE": "audio", b"AVI ": "video"}
MEDIA: Final = frozenset({"image", "audio", "video", "font"})
"""Kinds that hold no text once their octets have proven them (there is no optical character recognition)."""

_CONTROLS: Final = bytes(o for o in range(32) if o not in b"\t\n\f\r\x1b") + b"\x7f"
_HTML: Final = re.compile(
    rb"<(?:!doctype html|html|head|body|table|div|p|br|span|a|font|meta|style|script|b|i)\b[^<>]*>", re.IGNORECASE
)
_SNIFF: Final = 4096
_MARKS: Final = (b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")


def kind_of(content: bytes, media_type: str = "", name: str = "") -> str:
    """`text`, `html`, `xml`, `calendar`, a kind of media, document or archive, `empty`, or `unknown`."""
    if not content:
        return "empty"
    head = content[:16]
    for magic, kind in _MAGIC:
        if head.startswith(magic) and not (kind in {"exe", "bz2", "cab"} and _is_text(content)):
            return kind
    media = _media(content, head)
    if media:
        return media
    if content[257:262] == b"ustar":
        return "tar"
    if not (content.startswith(_MARKS) or _is_text(content)) and not _is_wide(content):
        return "unknown"
    return _text_kind(content, media_type, name)


def trailer_of(content: bytes) -> bytes:
    """What stands behind the end of a picture, where text can be hidden that no picture shows; often nothing."""
    if content.startswith(b"\x89PNG"):
        end = content.rfind(b"IEND\xaeB`\x82")
        return content[end + 8 :] if end >= 0 else b""
    if content.startswith(b"\xff\xd8\xff"):
        end = content.rfind(b"\xff\xd9")
        return content[end + 2 :] if end >= 0 else b""
    return b""


def _media(content: bytes, head: bytes) -> str:
    """Media by magic, but not where the octets are printable text: a text may begin with GIF89a or BM."""
    kind = next((kind for magic, kind in _MEDIA if head.startswith(magic)), "")
    if not kind and head[4:8] == b"ftyp":
        kind = "image" if head[8:12] in {b"heic", b"heix", b"mif1", b"avif"} else "video"
    if not kind and head[:4] == b"RIFF":
        kind = _RIFF.get(head[8:12], "")
    if not kind and head[:1] == b"\xff" and len(content) > 2 and content[1] & 0xE6 == 0xE2:
        kind = "audio"
    return "" if kind and _is_text(content) else kind


def _text_kind(content: bytes, media_type: str, name: str) -> str:
    extension = name.rpartition(".")[2].lower()
    if media_type in {"text/html", "application/xhtml+xml"} or extension in {"html", "htm", "xhtml", "shtml"}:
        return "html"
    if media_type in {"text/calendar", "text/vcard", "text/x-vcard", "text/directory"} or extension in {"ics", "vcf"}:
        return "calendar"
    start = content[:_SNIFF].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"<?xml") or media_type.endswith("+xml") or media_type in {"text/xml", "application/xml"}:
        return "xml"
    if media_type != "text/plain" and _HTML.search(content[:_SNIFF]):
        return "html"
    return "text"


def _is_text(content: bytes) -> bool:
    """Hardly any control octets, or no more than a stray few in a short text; NUL octets, which hide text, are counted
    over all of it.
    """
    if b"\0" in content:
        return _rest(content) * 20 <= len(content)
    sample = content[:_SNIFF] + content[-_SNIFF:] if len(content) > 2 * _SNIFF else content
    return _rest(sample) * 100 <= max(len(sample), 400)


def _rest(content: bytes) -> int:
    return len(content) - len(content.translate(None, _CONTROLS))


def _is_wide(content: bytes) -> bool:
    """UTF-16 without a mark: every other octet of the beginning is NUL."""
    head = content[:512]
    half = len(head) // 2
    return half > 1 and (head[::2].count(0) * 10 > half * 8) != (head[1::2].count(0) * 10 > half * 8)
