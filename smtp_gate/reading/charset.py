"""Charsets: octets become text as declared, by byte order mark, or by what fits; never raises."""

import codecs
import re
from collections.abc import Iterator
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

_STATEFUL: Final = ("utf-7", "utf-16", "utf-32", "iso2022", "hz")
_MULTIPLE: Final = re.compile(rb"[\xc2-\xf4][\x80-\xbf]")
_PRINTABLE: Final = bytes(range(32, 127))
_ALIAS: Final = re.compile(r"(?:cs|x-?)?(?:unicode-?[\d-]*)?utf-?7")
_WIDE: Final = frozenset(
    (  # noqa: SIM905 - one word a line would hide the code
        "ucs-2 ucs2 iso-10646-ucs-2 iso-10646-utf-16 unicode csunicode csiso10646 unicodefffe unicodefeff csutf16 "
        "unicode-1-1 x-utf-16 x-utf-16le-bom"
    ).split()
)
"""Labels that are not Python's for UTF-16 in one order of octets or the other."""

_WINDOWS: Final = {"iso8859-1": "cp1252", "ascii": "cp1252"}
"""Mail readers decode these labels as Windows-1252 (WHATWG Encoding, section 4.2)."""

DAMAGED: Final = "charset_damaged"
UNKNOWN: Final = "charset_unknown"
UNUSUAL: Final = "charset_unusual"


def decode_octets(content: bytes, declared: str, *, marks: bool = True) -> tuple[str, str]:
    """The text, and the name of the defect met on the way (empty for none).

    A byte order mark wins over the label where `marks` says that there can be one, the label over guessing; what fits
    neither is UTF-8, else Windows-1252.
    """
    if declared in _PLAIN and content.isascii():
        return content.decode("ascii"), ""
    for mark, name in _MARKS if marks else ():
        if content.startswith(mark):
            return content.decode(name, "replace"), "" if name == "utf-8-sig" else UNUSUAL
    codec = _codec(declared) if declared else "utf-8"
    defect = UNKNOWN if not codec else UNUSUAL if _is_odd(codec) else ""
    if codec:
        try:
            return content.decode(_WINDOWS.get(codec, codec)), defect
        except (UnicodeError, ValueError):
            defect = defect or (DAMAGED if declared not in {"", "us-ascii"} else "")
    return _guess(content), defect


def readings(content: bytes, *declared: str) -> Iterator[str]:
    """Further texts the octets could be read as, where labels and octets leave room for doubt; often none.

    Every mail reader agrees about ASCII in a charset that contains it. Beyond that some trust a label, the first or the
    last of several, some a byte order mark and some the octets, so what these disagree about is read in every way. Each
    text is made when it is asked for.
    """
    plain = content.isascii()
    escapes = b"\x1b$" in content
    if plain and not escapes and b"\0" not in content[:4096] and all(label in _PLAIN for label in declared):
        return
    labels = declared or ("",)
    names = [_codec(label) if label else "utf-8" for label in labels]
    marked = content.startswith(_WIDE_MARKS)
    ways = [*names[1:], *(["iso2022_jp"] if escapes else [])]
    ways = [name for name in ways if name and (not plain or _is_odd(name))]
    if not plain:
        ways.append("utf-8")
    if marked or any(not name or _is_odd(name) for name in names):
        ways.append("latin-1")
    if b"+" in content and not all(names):
        ways.append("utf-7")
    if (b"\0" in content[:4096] and len(content) > 3) or any(label in _WIDE for label in labels):
        ways += ["utf-16-le", "utf-16-be"]
    if marked and names[0]:
        ways.append(names[0])
    else:
        ways = _beside(names[0], ways, content, plain=plain)
    for way in dict.fromkeys(ways):
        yield _lenient(content, way)


_WIDE_MARKS: Final = tuple(mark for mark, name in _MARKS if name != "utf-8-sig")


def _beside(first: str, ways: list[str], content: bytes, *, plain: bool) -> list[str]:
    """The ways beside the first charset, which is among them where octets are damaged in it."""
    if first == "utf-8" and _is_damaged_utf8(content):
        return ways
    if first and first != "utf-8" and not plain and not _decodes(content, first):
        return [*ways, first]
    return [name for name in ways if name != first]


def _is_damaged_utf8(content: bytes) -> bool:
    """Whether there are characters of UTF-8 in octets that are not valid as a whole."""
    return _MULTIPLE.search(content) is not None and not _decodes(content, "utf-8")


def _decodes(content: bytes, codec: str) -> bool:
    try:
        content.decode(_WINDOWS.get(codec, codec))
    except (UnicodeError, ValueError):
        return False
    return True


def is_unusual(declared: str) -> bool:
    """Whether ASCII octets do not always mean themselves in a charset with this label, or nobody knows it."""
    if declared in _PLAIN:
        return False
    codec = _codec(declared)
    return not codec or _is_odd(codec)


def _lenient(content: bytes, codec: str) -> str:
    try:
        return content.decode(_WINDOWS.get(codec, codec), "replace")
    except (UnicodeError, ValueError):
        return ""


def _guess(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


@lru_cache(maxsize=256)
def _codec(declared: str) -> str:
    """The codec's own name, empty where the label names no charset; aliases that mail readers know are Python's, or here."""
    label = declared.strip().strip("'\"").lower().replace(" ", "").replace("_", "-")
    if not label.isascii() or len(label) > 40 or "\0" in label or label in _REFUSED:
        return ""
    if _ALIAS.fullmatch(label):
        return "utf-7"
    for name in (label, label.removeprefix("x-"), label.removeprefix("cs")):
        found = _named(name)
        if found:
            return found
    return ""


def _named(label: str) -> str:
    try:
        name = codecs.lookup(label).name
        "".encode(name)
    except (LookupError, ValueError, UnicodeError):
        return ""
    return "" if name in _REFUSED else name


@lru_cache(maxsize=256)
def _is_odd(codec: str) -> bool:
    """Whether ASCII octets do not always mean themselves in this charset."""
    if codec.startswith(_STATEFUL):
        return True
    try:
        return _PRINTABLE.decode(codec) != _PRINTABLE.decode("ascii")
    except (UnicodeError, ValueError):
        return True
