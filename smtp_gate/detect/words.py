"""Keyword lists: where the words of each list stand in a text, as whole words, in any case."""

from bisect import bisect_left
from collections.abc import Mapping

from ahocorasick_rs import AhoCorasick, Implementation


class Words:
    """All keyword lists of a ruleset in one automaton; immutable and usable from several threads."""

    def __init__(self, lists: Mapping[str, tuple[str, ...]]) -> None:
        pairs = [(name, " ".join(word.lower().split())) for name, words in lists.items() for word in words]
        self._names = [name for name, _ in pairs]
        self._automaton = AhoCorasick([w for _, w in pairs], implementation=Implementation.DFA) if pairs else None

    def places(self, text: str) -> "Places":
        """Every keyword of the text; the text is folded without changing its length."""
        folded = fold(text)
        found: dict[str, list[tuple[int, int]]] = {}
        if self._automaton is not None:
            for index, start, end in self._automaton.find_matches_as_indexes(folded, overlapping=True):
                if _is_word(folded, start, end):
                    found.setdefault(self._names[index], []).append((start, end))
        return Places({name: sorted(at) for name, at in found.items()})


class Places:
    """Where the keywords of one text stand, by list."""

    def __init__(self, found: Mapping[str, list[tuple[int, int]]]) -> None:
        self._found = found

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


def fold(text: str) -> str:
    """Lower case and line breaks as spaces, character for character."""
    lowered = text.lower()
    if len(lowered) != len(text):
        lowered = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    return lowered.translate(_SPACES)


_SPACES = {ord(c): " " for c in "\t\r\n\v\f"}


def _is_word(text: str, start: int, end: int) -> bool:
    before = text[start - 1] if start else " "
    after = text[end] if end < len(text) else " "
    return not (before.isalnum() and text[start].isalnum()) and not (after.isalnum() and text[end - 1].isalnum())
