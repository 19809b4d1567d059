"""Evidence in its line: what stands around a value, with the value masked and everything else covered that may be one."""

import re
from collections.abc import Iterable
from typing import Final

from smtp_gate.core.view import Match, Text
from smtp_gate.detect.why import NearMiss

ROOM: Final = 100
"""Characters of a line that are shown, the evidence in it."""

_PIECE: Final = re.compile(r"\w{3,}")
_WORD: Final = re.compile(r"\S+")
_PIECES: Final = 2000
_LONG: Final = 400
_Key = tuple[str, str, bytes]


class Lines:
    """Shows lines of one message's texts; no value that any detector found in any of its texts stands clear in one."""

    def __init__(self, matches: Iterable[Match], nearly: Iterable[NearMiss] = ()) -> None:
        """`matches` are all that the scan of the message found, `nearly` what is to be covered although it did not count."""
        self._by_text: dict[_Key, list[Match]] = {}
        self._spans: dict[_Key, list[tuple[int, int]]] = {}
        self._pieces: set[str] = set()
        self._secret: set[str] = set()
        for match in matches:
            self._by_text.setdefault(_key(match.text), []).append(match)
            self._cover_everywhere(match, secret=not any(c.isalnum() for c in match.evidence))
        for miss in nearly:
            self._cover_everywhere(miss, secret=False)

    def _cover_everywhere(self, found: Match | NearMiss, *, secret: bool) -> None:
        """Cover it in its own place, and its pieces wherever they stand: in another reading nothing may be found of it."""
        self._spans.setdefault(_key(found.text), []).append((found.start, found.end))
        written = found.text.text[found.start : found.end]
        if len(written) <= _LONG and len(self._pieces) < _PIECES:
            pieces = [piece.casefold() for piece in _PIECE.findall(written)]
            self._pieces.update(pieces)
            if secret:
                self._secret.update(pieces)

    def around(self, text: Text, start: int, end: int, evidence: str) -> str:
        """The line around the value from `start` to `end`, `evidence` in its place: printable, about ROOM characters.

        Every word with a digit outside the evidence is covered, and so is all that any detector found.
        """
        shown = self._shown(text, start, end, evidence)
        room = max(ROOM - len(shown), 20)
        before = self._side(text, start - room, start)
        behind = self._side(text, end, end + room)
        left = before.rpartition("\n")[2]
        right = behind.partition("\n")[0]
        half = room // 2
        kept_left = max(half, room - len(right))
        kept_right = max(half, room - len(left))
        left = left if len(left) <= kept_left else "..." + left[len(left) - kept_left :]
        right = right if len(right) <= kept_right else right[:kept_right] + "..."
        return _printable(left).lstrip() + _printable(shown) + _printable(right).rstrip()

    def _shown(self, text: Text, start: int, end: int, evidence: str) -> str:
        """The evidence; covered wholly where another detector found something across it, which may be shown less of."""
        here = self._by_text.get(_key(text), ())
        crossing = any(m.start < end and start < m.end and m.evidence != evidence for m in here)
        written = text.text[start:end].casefold()
        crossing = crossing or any(piece in written for piece in self._secret)
        shown = "".join("*" if c.isalnum() else c for c in evidence) if crossing else evidence
        return shown if len(shown) <= ROOM // 2 else shown[: ROOM // 2 - 3] + "..."

    def _side(self, text: Text, low: int, high: int) -> str:
        """One side of a value, covered; whole words of a little more are looked at, so that none is cut into."""
        low, high = max(low, 0), min(high, len(text.text))
        first, last = max(low - _LONG, 0), min(high + _LONG, len(text.text))
        signs = list(text.text[first:last])
        for word in _PIECE.finditer(text.text, first, last):
            if self._is_of_a_value(word[0].casefold()):
                _cover(signs, word.start() - first, word.end() - first)
        for start, end in self._spans.get(_key(text), ()):
            if start < last and first < end:
                _cover(signs, max(start - first, 0), min(end, last) - first)
        # A number, or a word with a digit in it, may be a secret that no detector knows.
        for word in _WORD.finditer(text.text, first, last):
            if any(c.isnumeric() for c in word[0]):
                _cover(signs, word.start() - first, word.end() - first, letters=True)
        return "".join(signs[low - first : high - first])

    def _is_of_a_value(self, word: str) -> bool:
        """Whether a word holds a piece of a value, or is a piece of one that is shown to nobody."""
        return any(piece in word for piece in self._pieces) or any(word in piece for piece in self._secret)


def _key(text: Text) -> _Key:
    """A part may have several readings of one name; equal octets hold equal matches."""
    return text.part, text.reading, text.octets


def _cover(signs: list[str], start: int, end: int, *, letters: bool = False) -> None:
    for index in range(start, end):
        if signs[index].isalnum() if letters else not signs[index].isspace():
            signs[index] = "*"


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " if c.isspace() else "." for c in text)
