"""Style declarations: which of them hide an element, and the simple rules of style sheets that do.

Only what hides text from a reader is understood, and only well enough to tell what is shown; see `html_hidden`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

RULES: Final = 200
"""Hiding rules of one page that are looked at."""

Declarations = Mapping[str, str]
Colour = tuple[int, int, int]

_COMMENT: Final = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_BRACE: Final = re.compile(r"([{}])")
_ESCAPE: Final = re.compile(r"\\([0-9A-Fa-f]{1,6})[ \t\r\n\f]?|\\(?:\r\n|[\r\n\f])|\\(.)", re.DOTALL)
_SIZE: Final = re.compile(r"([-+]?[0-9]{0,9}\.?[0-9]{0,9})\s*([a-z%]*)")
_NEVER_SHOWN: Final = re.compile(
    r"@media[^,]*\b(?:print|speech|aural|braille|tty)\b|@(?:font-face|page|keyframes|-)", re.IGNORECASE
)
_ALWAYS_SHOWN: Final = re.compile(
    r"@media\s+(?:only\s+)?(?:all|screen)\s*\Z|@(?:layer|supports|charset|namespace)", re.IGNORECASE
)
_RGB: Final = re.compile(r"rgba?\(\s*(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})")
_FAINT: Final = re.compile(r"rgba\([^()]{0,60}[\s,/]0{0,8}\.?0{1,8}%?\s{0,8}\)|transparent")
_HEX: Final = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})(?:[0-9a-f]{1,2})?(?![0-9a-f])")
_NAMES: Final[Mapping[str, Colour]] = {
    "white": (255, 255, 255), "black": (0, 0, 0), "red": (255, 0, 0), "blue": (0, 0, 255), "green": (0, 128, 0),
    "yellow": (255, 255, 0), "gray": (128, 128, 128), "grey": (128, 128, 128), "silver": (192, 192, 192), "navy": (0, 0, 128),
    "snow": (255, 250, 250), "ivory": (255, 255, 240), "whitesmoke": (245, 245, 245), "ghostwhite": (248, 248, 255),
}  # fmt: skip
NEAR: Final = 24
"""How far two colours may be apart in each channel and still look alike."""

_TINY: Final = {
    "": 2.0,
    "px": 2.0,
    "pt": 2.0,
    "%": 10.0,
    "em": 0.15,
    "rem": 0.15,
    "ex": 0.3,
    "vw": 0.2,
    "vh": 0.2,
    "mm": 0.5,
    "cm": 0.05,
    "in": 0.02,
}
_FAR: Final = {
    "": 300.0,
    "px": 300.0,
    "pt": 250.0,
    "em": 20.0,
    "rem": 20.0,
    "%": 99.0,
    "vw": 60.0,
    "vh": 60.0,
    "cm": 8.0,
    "mm": 80.0,
    "in": 3.0,
    "ex": 40.0,
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One selector of a sheet with its declarations; `certain` where it holds on every screen."""

    selector: str
    declarations: Declarations
    certain: bool


def declarations(style: str) -> dict[str, str]:
    """Property and value, the last of each, in lower case, escapes undone; comments and `!important` are taken away."""
    if "/*" in style:
        style = _COMMENT.sub("", style)
    if "\\" in style:
        style = unescape(style)
    found: dict[str, str] = {}
    for piece in style.lower().split(";"):
        name, colon, value = piece.partition(":")
        if colon:
            found[name.strip()] = value.partition("!")[0].strip()
    return found


def unescape(text: str) -> str:
    """The text with the escapes of style sheets undone (CSS Syntax, section 4.3.7)."""
    return _ESCAPE.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    if found[1] is None:
        return found[2] or ""
    point = int(found[1], 16)
    return chr(point) if 0x20 <= point < 0xD800 or 0xDFFF < point <= 0x10FFFF else ""


def rules(sheet: str) -> Iterator[Rule]:
    """The rules of a style sheet, those of `@media` included where they can hold on a screen. Linear."""
    if "/*" in sheet:
        sheet = _COMMENT.sub("", sheet)
    # Of each block around: whether it can hold on no screen, and whether it holds on all of them, with those around it.
    around: list[tuple[bool, bool]] = [(False, True)]
    selector = ""
    pieces = _BRACE.split(sheet)
    for said, brace in zip(pieces[::2], pieces[1::2], strict=False):
        if brace == "{":
            head = said.rpartition(";")[2].strip()
            never, always = around[-1]
            if selector:
                around.append((never, False))
            elif head.startswith("@"):
                never = never or _NEVER_SHOWN.match(head) is not None
                around.append((never, always and _ALWAYS_SHOWN.match(head) is not None))
            else:
                selector = head or "*"
        elif selector:
            never, certain = around[-1]
            if not never:
                yield from _each(selector, declarations(said), certain=certain)
            selector = ""
        elif len(around) > 1:
            around.pop()


def _each(selectors: str, declared: Declarations, *, certain: bool) -> Iterator[Rule]:
    for selector in selectors.split(","):
        yield Rule(selector.strip().lstrip("<!->").strip(), declared, certain)


def hides(declared: Declarations) -> bool:
    """Whether an element with these declarations shows no text."""
    for name, hidden in _HIDING.items():
        value = declared.get(name)
        if value is not None and hidden(value):
            return True
    if declared.get("position") in {"absolute", "fixed"} and any(
        _is_far(declared.get(side, "")) for side in ("left", "top", "right", "bottom")
    ):
        return True
    clipped = any(
        declared.get(name, "").startswith(("hidden", "clip")) for name in ("overflow", "overflow-x", "overflow-y")
    )
    return clipped and any(_is_tiny(declared.get(name, "")) for name in ("height", "width", "max-height", "max-width"))


def shows(declared: Declarations) -> bool:
    """Whether the declarations make an element shown that others would hide."""
    return any(declared.get(name, hidden) != hidden for name, hidden in (("display", "none"), ("visibility", "hidden")))


def colours(declared: Declarations) -> tuple[Colour | None, Colour | None]:
    """The colour of the text and of what is behind it, where these declarations name one."""
    behind = declared.get("background-color") or declared.get("background") or ""
    return colour(declared.get("color", "")), colour(behind)


def colour(value: str) -> Colour | None:
    """A colour as it is written in styles and attributes; None where it is no plain one."""
    found = _HEX.search(value)
    if found is not None:
        digits = found[1] if len(found[1]) == 6 else "".join(2 * d for d in found[1])
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)
    numbers = _RGB.search(value)
    if numbers is not None:
        return int(numbers[1]), int(numbers[2]), int(numbers[3])
    return next((_NAMES[word] for word in value.split() if word in _NAMES), None)


def alike(one: Colour, other: Colour) -> bool:
    """Whether nobody can tell text of the one colour from what is behind it in the other."""
    return all(abs(a - b) <= NEAR for a, b in zip(one, other, strict=True))


def _measure(value: str) -> tuple[float, str] | None:
    found = _SIZE.match(value)
    try:
        return (float(found[1]), found[2]) if found is not None else None
    except ValueError:
        return None


def _is_tiny(value: str) -> bool:
    measured = _measure(value)
    return measured is not None and measured[0] <= _TINY.get(measured[1], 0.0)


def _is_far(value: str) -> bool:
    measured = _measure(value)
    return measured is not None and measured[0] <= -_FAR.get(measured[1], 300.0)


def _is_faint(value: str) -> bool:
    measured = _measure(value)
    return measured is not None and measured[0] <= (5 if measured[1] == "%" else 0.05)


_HIDING: Final[Mapping[str, Callable[[str], bool]]] = {
    "display": lambda value: value == "none",
    "visibility": lambda value: value in {"hidden", "collapse"},
    "content-visibility": lambda value: value == "hidden",
    "mso-hide": lambda value: value == "all",
    "font-size": _is_tiny,
    "font": lambda value: any(
        _is_tiny(word)
        for word in value.split()[:4]
        if (word[:1].isdigit() and len(word) < 8 and not word.isdigit()) or word == "0"
    ),
    "opacity": _is_faint,
    "zoom": lambda value: value == "0",
    "color": lambda value: _FAINT.search(value) is not None,
    "-webkit-text-fill-color": lambda value: _FAINT.search(value) is not None,
    "filter": lambda value: value.startswith("opacity(0"),
    "text-indent": _is_far,
    "margin-left": _is_far,
    "margin-top": _is_far,
    "clip": lambda value: bool(
        re.match(r"rect\(\s*0(?:px)?[\s,]+0(?:px)?[\s,]+0(?:px)?[\s,]+0|rect\(\s*1px[\s,]+1px[\s,]+1px[\s,]+1px", value)
    ),
    "clip-path": lambda value: value.startswith(("inset(100%", "inset(50%", "circle(0")),
    "transform": lambda value: (
        value.startswith(("scale(0)", "scale(0,", "scalex(0", "scaley(0"))
        or ("translate" in value and _is_far(value.partition("(")[2]))
    ),
}
