"""Charsets: octets become text as declared, by byte order mark, or by what fits; never raises."""

import codecs
from functools import lru_cache
from typing import Final

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_PLAIN: Final = frozenset(
    {"", "us-ascii", "ascii", "utf-8", "utf8", "iso-8859-1", "latin1", "windows-1252", "iso-8859-15"}
)
"""Charsets in which ASCII octets mean themselves: the common ones, tried before asking the codec registry."""

_REFUSED: Final = frozenset({"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "unicode_escape"})
"""Python codecs that are no charsets of mail, and of which some are slow on hostile text."""

_STATEFUL: Final = ("utf-7", "utf7", "utf-16", "utf-32", "iso2022", "hz", "cp037", "cp1026", "cp500", "cp273", "cp875")
_WINDOWS: Final = {"iso8859-1": "cp1252", "ascii": "cp1252"}
"""Mail readers decode these labels as Windows-1252 (WHATWG Encoding, section 4.2)."""

DAMAGED: Final = "charset_damaged"
UNKNOWN: Final = "charset_unknown"
UNUSUAL: Final = "charset_unusual"


def decode_octets(content: bytes, declared: str) -> tuple[str, str]:
    """The text, and the name of the defect met on the way (empty for none).

    A byte order mark wins over the label, the label over guessing; what fits neither is UTF-8, else Windows-1252.
    """
    if declared in _PLAIN and content.isascii():
        return content.decode("ascii"), ""
    for mark, name in _MARKS:
        if content.startswith(mark):
            return content.decode(name, "replace"), "" if name == "utf-8-sig" else UNUSUAL
    codec = _codec(declared) if declared else "utf-8"
    defect = UNKNOWN if not codec else UNUSUAL if codec.startswith(_STATEFUL) else ""
    if codec:
        try:
            return content.decode(_WINDOWS.get(codec, codec)), defect
        except (UnicodeError, ValueError):
            defect = defect or (DAMAGED if declared not in {"", "us-ascii"} else "")
    return _guess(content), defect


def readings(content: bytes, declared: str) -> tuple[str, ...]:
    """Further texts the octets could be read as, where label and octets leave room for doubt; often none.

    Every mail reader agrees about ASCII in a charset that contains it. Beyond that some trust the label and some the
    octets, so valid UTF-8 under another label, and anything under a stateful or unknown one, is read both ways.
    """
    codec = _codec(declared) if declared else "utf-8"
    found: list[str] = []
    if not content.isascii() and codec != "utf-8":
        found.append(content.decode("utf-8", "replace"))
    if not codec or codec.startswith(_STATEFUL):
        found.append(content.decode("latin-1"))
    if b"\0" in content[:4096] and len(content) > 3:
        found += [content.decode(wide, "replace") for wide in ("utf-16-le", "utf-16-be")]
    return tuple(found)


def _guess(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


@lru_cache(maxsize=256)
def _codec(declared: str) -> str:
    """The codec's own name, empty where the label names no charset."""
    label = declared.strip().lower().replace(" ", "")
    if not label.isascii() or len(label) > 40 or "\0" in label or label in _REFUSED:
        return ""
    try:
        name = codecs.lookup(label).name
        "".encode(name)
    except (LookupError, ValueError, UnicodeError):
        return ""
    return "" if name in _REFUSED or not name else name
