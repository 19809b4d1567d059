"""Archives and mail told by their octets where a magic number at the front does not: tar, zip behind other content, mail."""

import re
from typing import Final

_ZIP_TAIL: Final = 66_000
"""Where a zip file's end record stands at the latest: 22 octets and a comment of up to 65,535."""
_ZIP_TRIES: Final = 16
_OCTAL: Final = re.compile(rb"[ 0]*[0-7]{1,7}[ \0]*")

_FURTHER: Final = (
    (0, b"\x1f\x9d", "z"),
    (0, b"\x1f\xa0", "z"),
    (0, b"\x60\xea", "arj"),
    (0, b"!<arch>\n", "ar"),
    (0, b"070701", "cpio"),
    (0, b"070702", "cpio"),
    (0, b"070707", "cpio"),
    (0, b"\xc7\x71", "cpio"),
    (0, b"\x71\xc7", "cpio"),
    (0, b"ISc(", "cab"),
    (0, b"MSWIM\0\0\0", "wim"),
    (0, b"\x04\x22\x4d\x18", "lz4"),
    (0, b"LZIP\x01", "lzip"),
    (0, b"xar!", "xar"),
    (0, b"\xed\xab\xee\xdb", "rpm"),
    (0, b"ITSF", "chm"),
    (0, b"conectix", "vhd"),
    (0, b"vhdxfile", "vhd"),
    (0, b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3", "onenote"),
    (7, b"**ACE**", "ace"),
    (20, b"\xdc\xa7\xc4\xfd", "zoo"),
    (32_769, b"CD001", "iso"),
)
"""Archives that nobody here opens, told apart by name: where the sign stands, and what it is."""
_LZH: Final = re.compile(rb"..-(?:lh[0-9a-z]|lz[0-9a-z]|pm[0-9])-", re.DOTALL)
_LZMA: Final = re.compile(rb"[\x00-\xe0](?:\0\0|\xff\xff)[\0-\xff]{2}(?:\xff{8}|[\0-\xff]{5}\0{3})\0", re.DOTALL)

_HEADERS: Final = re.compile(rb"(?:[!-9;-~]{1,76}[ \t]*:[^\n]*+\n(?:[ \t][^\n]*+\n)*+)++")
_HEAD_ROOM: Final = 16 * 1024
_ENVELOPE: Final = re.compile(rb"From [^\n]{1,500}\n")
_MAIL_NAMES: Final = frozenset({"eml", "emlx", "mht", "mhtml", "nws"})
_BOX_NAMES: Final = frozenset({"mbox", "mbx"})
_TYPED: Final = (b"\nmime-version:", b"\ncontent-type:", b"\ncontent-transfer-encoding:")
_BESIDE_FROM: Final = (b"\nto:", b"\nsubject:", b"\ndate:", b"\nreceived:", b"\nmessage-id:", b"\nreply-to:")


def is_tar(content: bytes) -> bool:
    """Whether it begins with a tar header, by its magic or by its checksum, which alone old writers set."""
    if content[257:262] == b"ustar":
        return True
    told = content[148:156]
    if len(content) < 512 or not content[0] or _OCTAL.fullmatch(told) is None:
        return False
    digits = told.replace(b"\0", b" ").split()
    # Octal digits parted by blanks are any text's: `00 4263`.
    return len(digits) == 1 and int(digits[0], 8) == sum(content[:148]) + 8 * 32 + sum(content[156:512])


def archive_kind(content: bytes, name: str) -> str:
    """The kind of an archive that is no text and that nobody here opens, or `lzma`, which has no magic; else empty."""
    for at, magic, kind in _FURTHER:
        if content.startswith(magic, at):
            return kind
    if _LZH.match(content) is not None:
        return "lzh"
    named = name.lower().endswith((".lzma", ".tlz"))
    return "lzma" if (named or content[:3] == b"\x5d\0\0") and _LZMA.match(content) is not None else ""


def zip_start(content: bytes) -> int:
    """Where the zip file begins that a content ends in, if a directory proves it; else -1 (APPNOTE, section 4.3.16)."""
    low, at = max(0, len(content) - _ZIP_TAIL), len(content)
    for _ in range(_ZIP_TRIES):
        at = content.rfind(b"PK\x05\x06", low, at)
        if at < 0:
            return -1
        size, offset = (int.from_bytes(content[at + n : at + n + 4], "little") for n in (12, 16))
        if content[at - 20 : at - 16] == b"PK\x06\x07":
            return max(content.find(b"PK\x03\x04"), 0)
        for start in (at - size, offset):
            if size >= 46 and 0 <= start <= at - 46 and content.startswith(b"PK\x01\x02", start):
                return max(start - offset, 0)
    return -1


def mail_kind(content: bytes, media_type: str, name: str) -> str:
    """`mail` or `mbox` for text that is one by its name or, where no type of text is declared, by its header block."""
    extension = name.rpartition(".")[2].lower()
    if extension in _MAIL_NAMES:
        return "mail"
    if extension in _BOX_NAMES:
        return "mbox"
    envelope = _ENVELOPE.match(content)
    block = _HEADERS.match(content[:_HEAD_ROOM], 0 if envelope is None else envelope.end())
    if block is None or media_type.startswith("text/"):
        return ""
    said = b"\n" + block[0].lower()
    typed = any(field in said for field in _TYPED)
    if not typed and (b"\nfrom:" not in said or not any(field in said for field in _BESIDE_FROM)):
        return ""
    return "mail" if envelope is None else "mbox"
