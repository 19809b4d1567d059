"""From what a detector's pattern finds to values: each checked, in its place, and never a piece of something longer."""

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from smtp_gate.core.view import Text
from smtp_gate.detect.compiled import Compiled
from smtp_gate.detect.evidence import Budget
from smtp_gate.detect.validators.base import PLAIN

EMBEDDED: Final = "embedded"
"""The format of a value tied to what stands beside it (`536-90-4399-22`, `A536904399`): no level with a format fits."""

BY_VALIDATOR: Final = "validator"
BY_NEIGHBOUR: Final = "neighbour"
Refused = Callable[[int, int, str], None]
"""Who is told of a candidate that is no value: its characters from and to, and which of the two above refused it."""

_RUN: Final = re.compile(rb"[0-9]+|[0-9A-Za-z]+|.", re.DOTALL)
_TIES: Final = frozenset("-./")


class Value(NamedTuple):
    """A value in its place: characters from and to, its format, and its key where the validator gave one."""

    start: int
    end: int
    format: str
    key: str


def values(compiled: Compiled, text: Text, budget: Budget, refused: Refused | None = None) -> Iterator[Value]:
    """Every value of a detector, in order and without overlap; `refused` is told what is none. Raises SpentError."""
    octets, group, find = text.octets, compiled.detector.group, compiled.pattern.finditer
    place: _Place | None = None
    position, size = 0, len(octets)
    while position < size:
        for found in find(octets, position):
            start, end = found.span(group)
            behind = end if group == 0 else found.end()
            budget.spend(2 + (end - start >> 3))
            if start < 0 or start == end:
                position = max(behind, position + 1)
            else:
                place = place or _Place(text)
                value, taken = _value(compiled, place, start, end, refused)
                position = max(taken, position + 1)
                if value is not None:
                    yield value
            # The search goes on behind the match by itself; anywhere else it begins anew.
            if position != behind:
                break
        else:
            return


class _Place:
    """A text, and how many characters stand before an octet, counted on so that all of it is decoded once at most."""

    def __init__(self, text: Text) -> None:
        self.said = text.text
        self.octets = text.octets
        self.is_ascii = text.is_ascii
        self._octet = self._character = 0

    def character(self, octet: int) -> int:
        """The number of the character that begins at an octet; octets never go back."""
        if self.is_ascii:
            return octet
        self._character += len(self.octets[self._octet : octet].decode("utf-8", "replace"))
        self._octet = octet
        return self._character


def _value(
    compiled: Compiled, place: _Place, start: int, end: int, refused: Refused | None
) -> tuple[Value | None, int]:
    """What the candidate between two octets is, and the octet where the search goes on."""
    at = place.character(start)
    candidate = place.octets[start:end].decode("utf-8", "replace")
    form, key, first, last = "", "", 0, len(candidate)
    if compiled.validator is not None:
        checked = compiled.validator(candidate)
        if checked is None:
            if refused is not None:
                refused(at, at + last, BY_VALIDATOR)
            return None, _behind(place.octets, start, end)
        form, key, first, last = checked.format, checked.key, checked.start, checked.end
    placed = _form(place.said, at + first, at + last, form)
    if placed is None:
        if refused is not None:
            refused(at + first, at + last, BY_NEIGHBOUR)
        return None, _behind(place.octets, start, end)
    taken = start + last if place.is_ascii else start + len(candidate[:last].encode())
    return Value(at + first, at + last, placed, key), taken


def _behind(octets: bytes, start: int, end: int) -> int:
    """Behind the number or word that a refused candidate begins with: the rest of it may hide a true value."""
    run = _RUN.match(octets, start)
    return run.end() if run is not None else end


def _form(said: str, start: int, end: int, form: str) -> str | None:
    """The format of a value in its place: None for a piece of a longer one, `embedded` where something is tied to it."""
    before = said[start - 1] if start else ""
    after = said[end] if end < len(said) else ""
    if _piece(before, said[start]) or _piece(after, said[end - 1]):
        return None
    if before in _TIES and start > 1 and said[start - 2].isdigit():
        return EMBEDDED
    if after in _TIES and said[end + 1 : end + 2].isdigit():
        return EMBEDDED
    # A bare run of digits tied to a letter is a serial or an address; a shape with separators stays what it is.
    return EMBEDDED if form == PLAIN and (before.isalpha() or after.isalpha()) else form


def _piece(neighbour: str, edge: str) -> bool:
    """Whether the neighbour makes the value a piece of something longer."""
    return neighbour.isdigit() if edge.isdigit() else edge.isalpha() and neighbour.isalnum()
