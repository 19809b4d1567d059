"""What a piece of content is by its octets; the declared type and the name only decide between kinds of text."""

import re
from collections.abc import Callable
from typing import Final

from smtp_gate.reading.archives import archive_kind, is_tar, mail_kind, zip_start
from smtp_gate.reading.cms import is_cms
from smtp_gate.reading.media import media_of, tail_of
from smtp_gate.reading.openpgp import is_openpgp

CMS: Final = "cms"
OPENPGP: Final = "openpgp"
RPMSG: Final = "rpmsg"
UNWRAPPED: Final = "wrapping"
"""Kinds of cryptographic wrappings; the last is one whose content has become a part of its own."""
RIGHTS_HEAD: Final = b"\x76\xe8\x04\x60\xc4\x11\xe3\x86"
"""What a rights-managed message begins with (MS-OXORMMS, section 2.2.4)."""

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
    (b"{\\rt", "rtf"),
    (b"\x78\x9f\x3e\x22", "tnef"),
    (b"MZ", "exe"),
    (b"\x7fELF", "exe"),
    (b"!BDN", "pst"),
    (b"SQLite format 3\0", "sqlite"),
    (RIGHTS_HEAD, RPMSG),
)
_BY_HEAD: Final = {head: tuple(m for m in _MAGIC if m[0][:2] == head) for head in {m[0][:2] for m in _MAGIC}}
"""The same by their first two octets, which most contents share with none."""

MEDIA: Final = frozenset({"image", "audio", "video", "font"})
"""Kinds that hold no text once their octets have proven them (there is no optical character recognition)."""

MAILS: Final = frozenset({"mail", "mbox"})
"""Kinds of text that hold mail: read as text, and opened where somebody can."""

OPENABLE: Final = frozenset(
    {"7z", "bz2", "gz", "lzma", "mail", "mbox", "officexml", "ole", "pdf", "rar", "rtf", "tar", "tnef", "xz", "zip"}
)
"""Kinds that extractor children open."""

_CONTROLS: Final = bytes(o for o in range(32) if o not in b"\t\n\f\r\x1b") + b"\x7f"
_HTML: Final = re.compile(
    rb"<(?:!doctype html|html|head|body|table|div|p|br|span|a|font|meta|style|script|b|i)\b[^<>]*>", re.IGNORECASE
)
_SNIFF: Final = 4096
_ZIP_END: Final = 66_000
"""Where a zip file's end record stands at the latest: 22 octets and a comment of up to 65,535."""
_BLANK_OR_MARK: Final = frozenset((b" ", b"\t", b"\r", b"\n", b"\f", b"\xef"))
_PDF_HEAD: Final = 1024
_OFFICE: Final = re.compile(
    rb"<\?mso-application|schemas\.microsoft\.com/office/(?:2006/xmlPackage|word/2003/wordml)"
    rb"|urn:schemas-microsoft-com:office:spreadsheet|<(?:[\w.-]+:)?document [^<>]*urn:oasis:names:tc:opendocument:xmlns:office"
)
"""Office documents in one XML file: of packages, of Office 2003, of OpenDocument."""
_LATE: Final = ((b"%PDF-", "pdf"), (b"{\\rt", "rtf"))
_TEXT_NAMES: Final = frozenset({"txt", "csv", "tsv", "log", "htm", "html", "xml", "json", "eml", "ics", "vcf", "md"})
_MARKS: Final = (b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")


def kind_of(content: bytes, media_type: str = "", name: str = "") -> str:
    """`text`, `html`, `xml`, `calendar`, a kind of media, document or archive, `empty`, or `unknown`."""
    if not content:
        return "empty"
    known = _document(content) or (CMS if is_cms(content) else "")
    if known:
        return known
    media = media_of(content)
    if media and not _is_text(content):
        return media
    found = "tar" if is_tar(content) else "zip" if zip_start(content) >= 0 else ""
    if found:
        return found
    if not (content.startswith(_MARKS) or _is_text(content)) and not _is_wide(content):
        packed = archive_kind(content, name) if not claims_text(media_type, name) else ""
        return OPENPGP if is_openpgp(content) else packed or "unknown"
    known = mail_kind(content, media_type, name) or text_kind(content, media_type, name)
    return "officexml" if known == "xml" and _OFFICE.search(content[:_SNIFF].replace(b"\0", b"")) else known


def _document(content: bytes) -> str:
    """A document, an archive or a program by its first octets; readers of some skip white space in front."""
    head = content[:16]
    for magic, kind in _BY_HEAD.get(head[:2], ()):
        if head.startswith(magic) and not (kind in {"exe", "bz2", "cab"} and _is_text(content)):
            return kind
    late = content[:_SNIFF].removeprefix(_MARKS[2]).lstrip() if head[:1] in _BLANK_OR_MARK else b""
    known = next((kind for magic, kind in _LATE if late.startswith(magic)), "")
    # Readers of PDF look for its head in the first 1,024 octets.
    at = content.find(b"%PDF-", 0, _PDF_HEAD)
    return known or ("pdf" if at >= 0 and b" obj" in content[at : at + _SNIFF] else "")


def container_of(content: bytes) -> str:
    """The kind of document, archive or S/MIME message, where more than chance says so; else empty.

    For octets that nothing declares: they may be any text decoded at random, so a magic number of two octets is no proof.
    """
    if is_cms(content):
        return CMS
    for magic, kind in _BY_HEAD.get(content[:2], ()):
        if content.startswith(magic):
            return kind if kind not in _PROOFS or _PROOFS[kind](content) else ""
    if content[257:262] == b"ustar":
        return "tar"
    return "zip" if zip_start(content) >= 0 else ""


def archive_behind(content: bytes) -> str:
    """The kind of the archive or document that stands behind a picture or sound; openers find a zip by its end."""
    end = content[-_ZIP_END:]
    at = end.rfind(b"PK\x05\x06")
    if at >= 0 and end[at + 4 : at + 8] == b"\0\0\0\0":
        return "zip"
    tail = tail_of(content)
    return container_of(tail) or next((kind for magic, kind in _MAGIC if len(magic) > 4 and magic in tail), "")


def _is_zip(content: bytes) -> bool:
    """A local header of a version and a method that exist (APPNOTE, section 4.3.7), or an end record."""
    if content[2:4] != b"\x03\x04":
        return content[4:8] == b"\0\0\0\0" or content[2:4] == b"\x07\x08"
    return len(content) > 9 and content[4] <= 63 and content[9] == 0 and content[8] <= 99


def _is_exe(content: bytes) -> bool:
    at = int.from_bytes(content[60:64], "little")
    return content[:1] == b"\x7f" or content[at : at + 4] == b"PE\0\0"


_PROOFS: Final[dict[str, Callable[[bytes], bool]]] = {
    "zip": _is_zip,
    "exe": _is_exe,
    "gz": lambda content: content[2:3] == b"\x08" and content[3:4] < b"\x20" and content[8:9] in b"\0\2\4",
    "bz2": lambda content: content[4:10] == b"1AY&SY",
    "cab": lambda content: content[4:8] == b"\0\0\0\0",
}


def claims_text(media_type: str, name: str) -> bool:
    """Whether the declared type or the name has readers show the octets as text, whatever they are."""
    return media_type.startswith("text/") or name.rpartition(".")[2].lower() in _TEXT_NAMES


def text_kind(content: bytes, media_type: str, name: str) -> str:
    """The kind of text, for octets that are read as text."""
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
