"""Many patterns in one automaton, which tells in one pass which of them stand in a text."""

from collections.abc import Sequence
from typing import Final, Protocol, cast

import re2

from smtp_gate.detect.patterns import options

Written = tuple[str, bool]
"""A pattern and whether its case matters."""

_END: Final = r"(?s)\z"


class _Matching(Protocol):
    """A compiled set; the library's stubs take what `Match` gives for a flag."""

    def Match(self, text: bytes, /) -> list[int] | None:  # noqa: N802 - the library's name
        """The numbers of the patterns that stand in the text."""
        ...


class Together:
    """Which of several patterns stand in a text. Patterns that compile alone; immutable, usable from several threads."""

    def __init__(self, patterns: Sequence[Written], bits: Sequence[int]) -> None:
        """Every pattern has bits of its own, by which it is told."""
        self._set = _set(patterns) if patterns else None
        self._end = len(patterns)
        self._bits = (*bits, 0)
        self.every = sum(bits)
        """The bits of all of them."""

    def standing(self, octets: bytes) -> int:
        """The bits of the patterns that stand there, added up; those of all of them where that cannot be told."""
        found = self._set.Match(octets) if self._set is not None else None
        # The pattern behind them always stands. Where it does not, the library ran out of room for its states, which it
        # says in no other way, and its silence means nothing.
        if not found or self._end not in found:
            return self.every
        bits, standing = self._bits, 0
        for number in found:
            standing |= bits[number]
        return standing


def _set(patterns: Sequence[Written]) -> _Matching | None:
    """All of them and one that always stands; None where they do not fit."""
    made = re2.Set.SearchSet(options(case_sensitive=True))
    try:
        for regex, case_sensitive in patterns:
            made.Add(regex if case_sensitive else f"(?i:{regex})")
        made.Add(_END)
        made.Compile()
    except re2.error:
        return None
    return cast("_Matching", made)
