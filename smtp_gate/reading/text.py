"""Normalised text: NFKC, ASCII digits, plain hyphens and spaces, nothing invisible; ASCII costs next to nothing."""

import re
import unicodedata
from functools import cache
from typing import Final

CONTROLS: Final = bytes(o for o in range(32) if o not in b"\t\n\r") + b"\x7f"
"""Octets that show as nothing in a text."""

_CONTROLS_AS_NUL: Final = bytes(0 if o in CONTROLS else o for o in range(256))
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]+")
# Format characters (Cf), variation selectors, tags, joiners and fillers: all that Unicode shows as nothing.
_INVISIBLE: Final = re.compile(
    "[\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)
_DASH: Final = re.compile(
    "[\u058a\u05be\u1400\u1806\u2010-\u2015\u2043\u2212\u2e17\u2e1a\u2e3a\u2e3b\u2e40\u2e5d\u301c\u3030\u30a0\ufe58\ufe63\uff0d\U00010d6e\U00010ead]"
)
_SPACE: Final = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_LINE: Final = re.compile("\r\n?|[\u0085\u2028\u2029]")
_DIGIT: Final = re.compile(r"[^\D0-9]")
_PILE: Final = re.compile(r"[^\w\s\x00-\x7f]{32,}")
_OVERRIDE: Final = re.compile("\u202e([^\u202c\n\r]*)\u202c?")
AROUND: Final = 500
"""Characters either side of an override that are read again with it, more than evidence may be away."""

_RANGES: Final = (range(0x300, 0x1F000), range(0xE0100, 0xE01F0))
"""Where Unicode has combining marks, and will have for a while: planes that hold nothing else are not looked at."""


def _marks() -> str:
    """A character class of every mark that is drawn over or around a character (Mn, Me)."""
    marks = [c for some in _RANGES for c in some if unicodedata.category(chr(c)) in {"Mn", "Me"}]
    starts = [c for c, before in zip(marks, [-1, *marks], strict=False) if c != before + 1]
    ends = [c for c, after in zip(marks, [*marks[1:], -1], strict=False) if c != after - 1]
    return "[" + "".join(f"{chr(a)}-{chr(b)}" for a, b in zip(starts, ends, strict=True)) + "]"


@cache
def _marked() -> re.Pattern[str]:
    """Marks in numbers. It looks at every character there is, so it is made for the first text that is not all ASCII."""
    marks = _marks()
    return re.compile(rf"(?<=[0-9]){marks}+|(?<=[-./_ ]){marks}+(?=[0-9])")


def ready() -> None:
    """Make what is made for the first text that needs it, before there are processes that would make it each for itself."""
    _marked()


def has_controls(octets: bytes) -> bool:
    """Whether any of CONTROLS occurs; mapping and searching is several times faster than deleting."""
    return b"\0" in octets.translate(_CONTROLS_AS_NUL)


def normalise_octets(content: bytes) -> tuple[str, bytes]:
    """ASCII octets as text and again as octets: line feeds for line ends, no control characters."""
    octets = content.replace(b"\r\n", b"\n")
    if has_controls(octets):
        octets = octets.translate(None, CONTROLS)
    if b"\r" in octets:
        octets = octets.replace(b"\r", b"\n")
    return octets.decode("ascii"), octets


def normalise(text: str) -> str:
    """The text as the engine searches it. Every Unicode decimal digit becomes ASCII; order and words stay."""
    if text.isascii():
        return normalise_octets(text.encode("ascii"))[0]
    text = _LINE.sub("\n", text)
    text = _INVISIBLE.sub("", text)
    text = _PILE.sub(_thinned, text)
    if not unicodedata.is_normalized("NFKC", text):
        # NFKC may bring forth characters of the classes below, so they are mapped after it.
        text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    text = _CONTROL.sub("", text)
    text = _SPACE.sub(" ", _DASH.sub("-", text))
    text = _DIGIT.sub(_ascii_digit, text)
    return _marked().sub("", text)


def turned(text: str) -> str:
    """What stands around overrides of direction (U+202E), as it shows: these stretches run backwards. Often empty.

    Numbers keep their order in every other right-to-left text (Unicode Annex 9, rules X5 and L2).
    """
    if "\u202e" not in text:
        return ""
    found = list(_OVERRIDE.finditer(text))
    out: list[str] = []
    at = 0
    for place, override in enumerate(found):
        start, end = override.span()
        if start - AROUND > at:
            out.append("\n")
            at = start - AROUND
        following = found[place + 1].start() if place + 1 < len(found) else len(text)
        stop = min(end + AROUND, following)
        out += [text[at:start], override[1][::-1], text[end:stop]]
        at = stop
    return "".join(out)


def _thinned(pile: re.Match[str]) -> str:
    """Long runs without their combining marks: putting these in order takes the square of their number."""
    return "".join(char for char in pile[0] if not unicodedata.combining(char))


def _ascii_digit(found: re.Match[str]) -> str:
    return str(unicodedata.digit(found[0]))
