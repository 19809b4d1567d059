"""Keyword lists: where the words of each list stand in a text, as whole words, in any case and spacing."""

import re
from bisect import bisect_left
from collections.abc import Mapping
from typing import Final

from ahocorasick_rs import AhoCorasick, Implementation

_LOOSE: Final = {ord(c): " " for c in "\t\r\n\v\f_-"}
"""Signs that part words as spaces do: `Social_Security-number` in a column's head is still those three words."""

_RUN: Final = re.compile(r" {2,}")


class Words:
    """All keyword lists of a ruleset in one automaton; immutable and usable from several threads."""

    def __init__(self, lists: Mapping[str, tuple[str, ...]]) -> None:
        pairs = [(name, folded) for name, words in lists.items() for word in words if (folded := fold_keyword(word))]
        self._names = [name for name, _ in pairs]
        self._automaton = AhoCorasick([w for _, w in pairs], implementation=Implementation.DFA) if pairs else None

    def places(self, text: str, start: int = 0, end: int | None = None, reach: int = 0) -> "Places":
        """Every keyword that begins between two offsets and ends at most `reach` behind them, in characters of the text."""
        found: dict[str, list[tuple[int, int]]] = {}
        if self._automaton is None:
            return Places(found)
        stop = len(text) if end is None else end
        # The character before the stretch tells whether a word begins there.
        base = max(start - 1, 0)
        folded, offsets = fold(text[base : stop + reach])
        for index, first, last in self._automaton.find_matches_as_indexes(folded, overlapping=True):
            if _is_word(folded, first, last):
                at = base + offsets.of(first)
                if start <= at < stop:
                    found.setdefault(self._names[index], []).append((at, base + offsets.of(last - 1) + 1))
        return Places({name: sorted(at) for name, at in found.items()})


class Places:
    """Where the keywords of one text stand, by list."""

    def __init__(self, found: Mapping[str, list[tuple[int, int]]]) -> None:
        self._found = found

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(map(len, self._found.values()))

    def between(self, name: str, low: int, high: int) -> bool:
        """Whether a word of the list stands wholly between two offsets."""
        at = self._found.get(name)
        if not at:
            return False
        index = bisect_left(at, (low, 0))
        while index < len(at) and at[index][0] < high:
            if at[index][1] <= high:
                return True
            index += 1
        return False


class Offsets:
    """From characters of a folded text back to those of the text itself."""

    def __init__(self) -> None:
        self._folded: list[int] = []
        self._removed: list[int] = []

    def cut(self, folded: int, removed: int) -> None:
        """From this folded offset on, so many characters are missing in all."""
        self._folded.append(folded)
        self._removed.append(removed)

    def of(self, folded: int) -> int:
        """The offset in the text of the character at a folded offset."""
        index = bisect_left(self._folded, folded + 1) - 1
        return folded + (self._removed[index] if index >= 0 else 0)


def fold(text: str) -> tuple[str, Offsets]:
    """Lower case, and any run of spaces, line breaks, `_` and `-` as one space, with the way back."""
    lowered = text.lower()
    if len(lowered) != len(text):
        lowered = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    lowered = lowered.translate(_LOOSE)
    offsets = Offsets()
    if "  " not in lowered:
        return lowered, offsets
    pieces, last, removed = [], 0, 0
    for run in _RUN.finditer(lowered):
        pieces.append(lowered[last : run.start() + 1])
        last = run.end()
        removed += run.end() - run.start() - 1
        offsets.cut(last - removed, removed)
    return "".join([*pieces, lowered[last:]]), offsets


def fold_keyword(word: str) -> str:
    """A keyword as texts are folded; empty where nothing but spaces and hyphens stood there."""
    return fold(word)[0].strip()


def _is_word(text: str, start: int, end: int) -> bool:
    """Whether no letter goes on at a letter's edge and no digit at a digit's: `SSN1` holds the word, `lesson` not."""
    before = text[start - 1] if start else " "
    after = text[end] if end < len(text) else " "
    return not (_goes_on(before, text[start]) or _goes_on(after, text[end - 1]))


def _goes_on(neighbour: str, edge: str) -> bool:
    return (neighbour.isalpha() and edge.isalpha()) or (neighbour.isdigit() and edge.isdigit())
