"""What would make an HTML parser slow, counted before it runs: nesting, open formatting, attributes of one tag."""

import re
from collections.abc import Iterable
from typing import Final

COPIES: Final = 300_000
"""Formatting elements that a parser may copy into the blocks they stay open over (HTML, section 13.2.4.3)."""

ATTRIBUTES: Final = 2_000
"""Attributes of one tag; parsers compare each new one with all before it."""

_FORMATTING: Final = frozenset(
    (  # noqa: SIM905 - one word a line would hide the code
        "a b big code em font i nobr s small strike strong tt u"
    ).split()
)
# Elements without content, and those that a sibling of their kind closes: they do not nest by themselves.
_FLAT: Final = frozenset(
    (  # noqa: SIM905 - one word a line would hide the code
        "area base br col embed hr img input link meta param source track wbr p li td th tr option dt dd tbody "
        "thead o:p"
    ).split()
)
_TAG: Final = re.compile(r"<(/?)([A-Za-z][^\s/<>]*)")
_NAME: Final = re.compile(r"<([A-Za-z][^\s/<>]*)")
_BREAKING: Final = str.maketrans("/\"'", "   ")
_DELIMITER: Final = re.compile("[\"'<>]")


def too_costly(source: str, tags: Iterable[str], *, cut: bool, depth: int) -> bool:
    """Whether parsing could take more than linear time beyond the bounds.

    `tags` are the distinct opening tags; `cut` says that a quoted value held an angle bracket, so that they may be
    pieces of longer ones. `depth` is the greatest nesting allowed.
    """
    distinct = list(tags)
    if any(len(tag) > ATTRIBUTES and _words(tag) > ATTRIBUTES for tag in distinct):
        return True
    if cut and _crowded(source):
        return True
    count = source.count("<")
    formatting = sum(1 for tag in distinct if _is_formatting(tag))
    # A parser keeps at most three equal formatting elements open, so distinct tags bound their number.
    if count <= depth and 3 * formatting * count <= COPIES:
        return False
    return _nests(source, depth)


def _is_formatting(tag: str) -> bool:
    name = _NAME.match(tag)
    return name is not None and name[1].lower() in _FORMATTING


def _words(tag: str) -> int:
    """An upper bound of its attributes: white space, slashes and quotes all end one."""
    return len(tag.translate(_BREAKING).split())


def _nests(source: str, limit: int) -> bool:
    """Counts each name's closing tags only while it is open: stray ones close nothing."""
    opened: dict[str, int] = {}
    depth = formatting = copies = 0
    for closing, name in _TAG.findall(source):
        key = name.lower()
        if key in _FLAT:
            copies += formatting
        elif not closing:
            opened[key] = opened.get(key, 0) + 1
            depth += 1
            copies += formatting
            formatting += key in _FORMATTING
        elif opened.get(key, 0):
            opened[key] -= 1
            depth -= 1
            formatting -= key in _FORMATTING
        if depth > limit or copies > COPIES:
            return True
    return False


def _crowded(source: str) -> bool:
    """Whether one tag has too many attributes, minding quoted values that hold angle brackets."""
    start = -1
    quote = ""
    for found in _DELIMITER.finditer(source):
        char, at = found[0], found.start()
        if quote:
            quote = "" if char == quote else quote
        elif start < 0:
            if char == "<" and source[at + 1 : at + 2].isalpha():
                start = at
        elif char == ">":
            if at - start > ATTRIBUTES and _words(source[start:at]) > ATTRIBUTES:
                return True
            start = -1
        elif char in "\"'" and source[max(start, at - 8) : at].rstrip().endswith("="):
            quote = char
    rest = source[start:] if start >= 0 else ""
    return len(rest) > ATTRIBUTES and _words(rest) > ATTRIBUTES
