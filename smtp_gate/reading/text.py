"""Normalised text: NFKC, ASCII digits, plain hyphens and spaces, nothing invisible; ASCII costs next to nothing."""

import re
import unicodedata
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
_MARKS: Final = re.compile(
    r"(?<=[0-9])[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)


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
    return _MARKS.sub("", text)


def _thinned(pile: re.Match[str]) -> str:
    """Long runs without their combining marks: putting these in order takes the square of their number."""
    return "".join(char for char in pile[0] if not unicodedata.combining(char))


def _ascii_digit(found: re.Match[str]) -> str:
    return str(unicodedata.digit(found[0]))
