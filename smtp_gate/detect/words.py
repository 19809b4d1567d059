"""Keyword lists: where the words of each list stand in a text, as whole words, in any case and spacing."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ahocorasick_rs import BytesAhoCorasick, Implementation

_LOOSE: Final = {ord(c): " " for c in "\t\r\n\v\f_-"}
"""Signs that part words as spaces do: `Social_Security-number` in a column's head is still those three words."""

_FOLDED: Final = bytes(ord(chr(n).lower().translate(_LOOSE)) if n < 128 else n for n in range(256))
"""The same for octets; those of other scripts stay, their letters are made small beforehand."""

_KIND: Final = bytes(1 if chr(n).isalpha() else 2 if chr(n).isdigit() else 0 for n in range(128)) + bytes(128)
"""Letters 1, digits 2, of ASCII."""

LONG: Final = 1000
"""Words from which on a list is no longer one pattern."""

_RUN: Final = re.compile(r" {2,}")


@dataclass(frozen=True, slots=True)
class _Entry:
    """What a piece that the automaton found may be: a word of a list, if `tail` stands so many octets behind its front."""

    name: str
    tail: re.Pattern[bytes] | None = None
    ahead: int = 0


class Words:
    """All keyword lists of a ruleset in one automaton; immutable and usable from several threads.

    Of several words the automaton looks for the first two, and for the first with a run of spaces behind it; the rest is
    tried where they stand, so that any run of spaces may part words and offsets stay those of the text.
    """

    def __init__(self, lists: Mapping[str, tuple[str, ...]]) -> None:
        pieces: dict[bytes, list[_Entry]] = {}
        for name, words in lists.items():
            for keyword in dict.fromkeys(map(fold_keyword, words)):
                for piece, entry in _entries(name, keyword.encode("utf-8", "replace").split()):
                    pieces.setdefault(piece, []).append(entry)
        self._entries = list(pieces.values())
        self._automaton = BytesAhoCorasick(list(pieces), implementation=Implementation.DFA) if pieces else None

    def places(
        self, text: str, start: int = 0, end: int | None = None, reach: int = 0, ascii_octets: bytes | None = None
    ) -> "Places":
        """Every keyword that begins between two offsets and ends at most `reach` behind them, in characters of the text.

        `ascii_octets` is the text in octets, where each of its characters is one.
        """
        stop = len(text) if end is None else end
        # The character before the stretch tells whether a word begins there.
        base = max(start - 1, 0)
        stretch = text[base : stop + reach] if ascii_octets is None else ""
        octets = (
            _small(stretch).encode("utf-8", "replace") if ascii_octets is None else ascii_octets[base : stop + reach]
        )
        folded = octets.translate(_FOLDED)
        found: dict[str, list[tuple[int, int]]] = {}
        hits = self._hits(folded)
        if ascii_octets is None and len(folded) != len(stretch):
            hits = _in_characters(hits, folded)
        for name, first, last in hits:
            at = base + first
            if start <= at < stop and (ascii_octets is not None or _is_word(stretch, first, last)):
                found.setdefault(name, []).append((at, base + last))
        return Places({name: sorted(at) for name, at in found.items()})

    def _hits(self, folded: bytes) -> Iterator[tuple[str, int, int]]:
        """List, from and to in octets, where no letter or digit of ASCII goes on at either edge."""
        if self._automaton is None:
            return
        padded = folded + b" "
        for index, first, last in self._automaton.find_matches_as_indexes(folded, overlapping=True):
            if first and _KIND[folded[first - 1]] & _KIND[folded[first]]:
                continue
            for entry in self._entries[index]:
                end = last
                if entry.tail is not None:
                    rest = entry.tail.match(folded, first + entry.ahead)
                    if rest is None:
                        continue
                    end = rest.end()
                if not _KIND[folded[end - 1]] & _KIND[padded[end]]:
                    yield entry.name, first, end


def _entries(name: str, words: list[bytes]) -> Iterator[tuple[bytes, _Entry]]:
    """The pieces of one keyword that the automaton looks for; none of an empty one."""
    if len(words) == 1:
        yield words[0], _Entry(name)
    elif words:
        tail = re.compile(b"".join(b" +" + re.escape(word) for word in words[1:]))
        for piece in (b" ".join(words[:2]), words[0] + b"  "):
            yield piece, _Entry(name, tail, len(words[0]))


def _in_characters(hits: Iterator[tuple[str, int, int]], octets: bytes) -> Iterator[tuple[str, int, int]]:
    """The same hits with their offsets in characters, in order; the octets are decoded once."""
    at = characters = 0
    for name, first, last in sorted(hits, key=lambda hit: hit[1]):
        characters += len(octets[at:first].decode("utf-8", "replace"))
        at = first
        yield name, characters, characters + len(octets[first:last].decode("utf-8", "replace"))


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


def _small(text: str) -> str:
    """In small letters, those left as they are whose small form has another length."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def fold_keyword(word: str) -> str:
    """A keyword as texts are folded: in small letters, any run of spaces, line breaks, `_` and `-` as one space.

    Empty where nothing but those stood there.
    """
    return _RUN.sub(" ", _small(word).translate(_LOOSE)).strip()


def any_of(words: Iterable[str]) -> str:
    """A pattern, whatever the case, that stands wherever a word of the list does; empty, which stands everywhere, for many.

    It knows the letters of ASCII alone, so between letters of other scripts it finds more.
    """
    folded = {fold_keyword(word) for word in words} - {""}
    if len(folded) > LONG:
        return ""
    edges: dict[tuple[str, str], list[str]] = {}
    for word in sorted(folded):
        written = r"[\s\v_-]+".join(re.escape(piece) for piece in word.split(" "))
        edges.setdefault((_no(word[0]), _no(word[-1])), []).append(written)
    return "|".join(f"(?:^|{a})(?:{'|'.join(some)})(?:{b}|$)" for (a, b), some in edges.items())


def _no(edge: str) -> str:
    """What may stand beside the edge of a word."""
    if edge.isalpha():
        return "[^a-z]"
    return "[^0-9]" if edge.isdigit() else ""


def _is_word(text: str, start: int, end: int) -> bool:
    """Whether no letter goes on at a letter's edge and no digit at a digit's: `SSN1` holds the word, `lesson` not."""
    before = text[start - 1] if start else " "
    after = text[end] if end < len(text) else " "
    return not (_goes_on(before, text[start]) or _goes_on(after, text[end - 1]))


def _goes_on(neighbour: str, edge: str) -> bool:
    return (neighbour.isalpha() and edge.isalpha()) or (neighbour.isdigit() and edge.isdigit())
