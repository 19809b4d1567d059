"""Tells which detectors can match a text at all, so that most texts cost two searches and no more."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import re2

from smtp_gate.detect.detectors import Detector, Detectors, Evidence
from smtp_gate.detect.patterns import Pattern, options
from smtp_gate.detect.words import fold_keyword

LONG_LIST: Final = 1000
"""A keyword list of more words is taken to stand in every text: the literal search inside RE2 is not made for more."""


@dataclass(frozen=True, slots=True)
class _Needs:
    """What must be possible in a text for a detector to match: its pattern, and one of its levels' evidence.

    Every level is a tuple of alternatives, one of each of which must be possible.
    """

    pattern: int
    levels: tuple[tuple[frozenset[int], ...], ...]

    def met(self, possible: Collection[int]) -> bool:
        return self.pattern in possible and any(
            all(not each.isdisjoint(possible) for each in level) for level in self.levels
        )


class Sieve:
    r"""Which of many detectors can match a text: sometimes wrong upwards, never downwards.

    One look for literal pieces tells patterns, keywords and evidence that cannot be there. Patterns without a literal
    piece (`\d{9}`) would be tried on every text, so one alternation of them is tried first.
    """

    def __init__(self, detectors: Detectors) -> None:
        """Build for detectors that compile."""
        pieces = _Pieces(detectors.keywords)
        self._needs = tuple(_needs(d, pieces) for d in detectors.detectors)
        self._filter = _filter(pieces.patterns)
        # Where the filter could not be built, every piece counts as possible.
        self._always = frozenset(
            range(len(pieces.patterns)) if self._filter is None else self._filter.Match(b"", True) or ()
        )
        # What no literal piece can rule out is possible in the empty text already.
        bare = [i for i, needs in enumerate(self._needs) if needs.met(self._always)]
        self._bare = frozenset(bare)
        self._gate = _alternation([detectors.detectors[i] for i in bare])

    def pieces(self, octets: bytes) -> frozenset[int]:
        """What literal pieces make possible in a text: numbers to hand to `possible`."""
        if self._filter is None or not octets:
            return self._always
        # The library answers None where nothing matched.
        return frozenset(self._filter.Match(octets, True) or ())

    def possible(self, octets: bytes, beside: frozenset[int] = frozenset()) -> list[int]:
        """The indexes of the detectors that may match, in order; `beside` are pieces of what counts as standing there."""
        pieces = self.pieces(octets) | beside
        shut = self._gate is not None and self._gate.search(octets) is None
        return [i for i, needs in enumerate(self._needs) if not (shut and i in self._bare) and needs.met(pieces)]


class _Pieces:
    """Every pattern and keyword list that a detector's match depends on, each once, by number."""

    def __init__(self, keywords: Mapping[str, Sequence[str]]) -> None:
        self._keywords = keywords
        self._numbers: dict[tuple[str, bool], int] = {}

    @property
    def patterns(self) -> list[tuple[str, bool]]:
        """The patterns by number, each with whether its case matters."""
        return list(self._numbers)

    def number(self, regex: str, *, case_sensitive: bool = False) -> int:
        """The number of a pattern."""
        return self._numbers.setdefault((regex, case_sensitive), len(self._numbers))

    def evidence(self, evidence: Evidence) -> int:
        """The number of the pattern that stands for a piece of evidence, at least wherever the evidence itself stands."""
        if not evidence.keywords:
            return self.number(evidence.regex)
        words = self._keywords[evidence.keywords]
        if len(words) > LONG_LIST:
            return self.number("")
        folded = {fold_keyword(word) for word in words} - {""}
        return self.number("|".join(sorted(r"[\s\v_-]+".join(map(re2.escape, w.split())) for w in folded)))


def _needs(detector: Detector, pieces: _Pieces) -> _Needs:
    def alternatives(every: Iterable[Evidence], some: Iterable[Evidence]) -> tuple[frozenset[int], ...]:
        one_of = frozenset(pieces.evidence(e) for e in some)
        return (*(frozenset({pieces.evidence(e)}) for e in every), *([one_of] if one_of else []))

    pattern = pieces.number(detector.regex, case_sensitive=detector.case_sensitive)
    return _Needs(pattern, tuple(alternatives(level.all, level.any) for level in detector.levels))


def _filter(patterns: Sequence[tuple[str, bool]]) -> re2.Filter | None:
    if not patterns:
        return None
    made = re2.Filter()
    try:
        for regex, case_sensitive in patterns:
            made.Add(regex, options(case_sensitive=case_sensitive))
        made.Compile()
    except re2.error:
        return None
    return made


def _alternation(detectors: Sequence[Detector]) -> Pattern | None:
    """All of their patterns in one; None where they do not fit into one (equal group names, too many of them)."""
    if not detectors:
        return None
    how = options(case_sensitive=True)
    how.never_capture = True
    try:
        return re2.compile(
            "|".join(f"(?:{d.regex})" if d.case_sensitive else f"(?i:{d.regex})" for d in detectors), how
        )
    except re2.error:
        return None
