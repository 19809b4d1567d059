"""Tells which detectors can match a text at all, so that an ordinary text costs a few passes and no more."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import re2

from smtp_gate.detect.detectors import Detector, Detectors, Evidence, Level
from smtp_gate.detect.loosened import core, freed, widened
from smtp_gate.detect.patterns import PatternError, compile_pattern, options
from smtp_gate.detect.together import Together, Written
from smtp_gate.detect.words import any_of

SMALL: Final = 70
"""Instructions of the largest pattern in the automaton of the small ones. Its states are those of all patterns together: a
large one multiplies them, and building them takes longer than searching for that pattern by itself."""

LABELLED: Final = 700
"""Instructions of the largest pattern in the automaton of those that begin with a word, which multiply far less."""

ROOM: Final = 6000
"""Instructions of all patterns of one automaton; they bound what an octet costs where hostile text fills it."""

MEDIUM: Final = 250
"""Instructions of the largest pattern among a few others that every text is searched for."""

MEDIUM_ROOM: Final = 600
"""Instructions of all of those."""

LEAST: Final = 3
"""What is left there of the lower bounds of repeats."""

FEW: Final = 2
"""Patterns up to which searching each by itself is no slower."""

_NOISE: Final = b"""\
Ab Cde 414-555-0137 12 Fgh St 01/02/2003 2003-02-01 4 May 2003 AB1234567 1a2b3c4d5e6f7a8b9c0d 1234 5678 9012 3456 78 90
Ab, Cde, 12, 34.56, AB-12-3456, a.b-c_d@e.example, 12:34:56, <x1y2z3.4567890123@f.example>, (A1) B2:C3; D4|E5
"""
"""Names, numbers and dates without a word that says what they are: a pattern that stands here is alive in most places."""


class Sieve:
    """Which of many detectors can match a text: sometimes wrong upwards, never downwards.

    One pass each tells which keyword lists and which patterns of evidence stand there, and, of the detectors for which
    there is enough of it, which patterns.
    """

    def __init__(self, detectors: Detectors) -> None:
        """Build for detectors that compile."""
        keys = _Keys()
        self._needs = tuple(_needs(d, keys) for d in detectors.detectors)
        self._free = sum(1 << i for i, needs in enumerate(self._needs) if needs.met(0))
        self._asking = tuple((1 << i, needs.asked, needs) for i, needs in enumerate(self._needs) if not needs.met(0))
        # Evidence is looked up in a stretch of the text, whose ends a pattern takes for ends of the text.
        clues: dict[Written, int] = {}
        for regex, bit in keys.regexes.items():
            clue = (core(freed(regex)), False)
            clues[clue] = clues.get(clue, 0) | bit
        quiet = {clue: bits for clue, bits in clues.items() if not _is_noise(clue)}
        self._clues = Together(list(quiet), list(quiet.values()))
        self._noise = sum(bits for clue, bits in clues.items() if clue not in quiet)
        lists = [(any_of(detectors.keywords[name]), False) for name in keys.lists]
        self._lists = Together(lists, list(keys.lists.values()))
        self._patterns = _Patterns(detectors.detectors, self._free)

    def possible(self, octets: bytes, before: bytes = b"") -> list[int]:
        """The indexes of the detectors that may match, in order.

        `before` is what counts as standing before the text, with the break between them.
        """
        around = before + octets if before else octets
        have = self._noise | self._clues.standing(around) | self._lists.standing(around)
        met = self._free
        if have:
            for bit, asked, needs in self._asking:
                if asked & have and needs.met(have):
                    met |= bit
        return _indexes(self._patterns.standing(octets, met))


def _indexes(bits: int) -> list[int]:
    """The numbers of the bits that are set, in order."""
    found = []
    while bits:
        lowest = bits & -bits
        found.append(lowest.bit_length() - 1)
        bits ^= lowest
    return found


class _Keys:
    """A bit for every piece of evidence: keyword lists by name, patterns as written."""

    def __init__(self) -> None:
        self.lists: dict[str, int] = {}
        self.regexes: dict[str, int] = {}

    def bit(self, evidence: Evidence) -> int:
        """The bit of this one."""
        among = self.lists if evidence.keywords else self.regexes
        return among.setdefault(evidence.keywords or evidence.regex, 1 << (len(self.lists) + len(self.regexes)))


@dataclass(frozen=True, slots=True)
class _Needs:
    """The evidence of which one level must be possible: for each level some groups of bits, one of each group."""

    levels: tuple[tuple[int, ...], ...]

    @property
    def asked(self) -> int:
        """The bits of every piece of evidence that is asked for."""
        asked = 0
        for level in self.levels:
            for group in level:
                asked |= group
        return asked

    def met(self, have: int) -> bool:
        for level in self.levels:
            for group in level:
                if not group & have:
                    break
            else:
                return True
        return False


def _needs(detector: Detector, keys: _Keys) -> _Needs:
    def groups(level: Level) -> tuple[int, ...]:
        one_of = 0
        for evidence in level.any:
            one_of |= keys.bit(evidence)
        return (*(keys.bit(evidence) for evidence in level.all), *([one_of] if level.any else []))

    return _Needs(tuple(groups(level) for level in detector.levels))


class _Patterns:
    """Which detectors' own patterns stand in a text; a detector's bit is the one of its index."""

    def __init__(self, detectors: Sequence[Detector], free: int) -> None:
        """`free` are the bits of the detectors that take no evidence."""
        rest = {i: (d.regex, d.case_sensitive) for i, d in enumerate(detectors)}
        small = _taken(rest, rest, _as_small, ROOM)
        labelled = _taken(rest, rest, _as_labelled, ROOM)
        medium = _taken(rest, [i for i in rest if free >> i & 1], _as_medium, MEDIUM_ROOM)
        groups = [g for g in (small, labelled, medium) if g]
        self._groups = tuple(Together(list(g.values()), [1 << i for i in g]) for g in groups)
        # Of other patterns the pieces of text that they name tell whether they may stand there, if they name any.
        apart, written = sorted(rest), rest
        self._bits = [1 << i for i in apart]
        self._apart = sum(self._bits)
        self._filter = _filter([written[i] for i in apart])

    def standing(self, octets: bytes, among: int) -> int:
        """Of these detectors those whose pattern may stand in the text."""
        for group in self._groups:
            if (group.every & among).bit_count() > FEW:
                among &= ~group.every | group.standing(octets)
        if self._filter is not None and (self._apart & among).bit_count() > FEW:
            # The library answers None where nothing matched.
            found = sum(self._bits[n] for n in self._filter.Match(octets, True) or ())
            among &= ~self._apart | found
        return among


def _taken(
    rest: dict[int, Written], among: Iterable[int], fit: Callable[[Written], tuple[str, int]], room: int
) -> dict[int, Written]:
    """Those that fit into one automaton, as they are written there, taken from the rest; `fit` says how and how large."""
    chosen = {}
    for index in list(among):
        regex, size = fit(rest[index])
        if 0 < size <= room:
            room -= size
            chosen[index] = (regex, rest.pop(index)[1])
    return chosen


def _as_small(pattern: Written) -> tuple[str, int]:
    return _up_to(SMALL, pattern)


def _as_medium(pattern: Written) -> tuple[str, int]:
    return _up_to(MEDIUM, pattern)


def _up_to(most: int, pattern: Written) -> tuple[str, int]:
    regex = widened(pattern[0])
    size = compile_pattern(regex, case_sensitive=pattern[1]).programsize
    return regex, size if size <= most else 0


def _as_labelled(pattern: Written) -> tuple[str, int]:
    for hard in (True, False):
        regex = core(widened(pattern[0], least=LEAST), hard=hard)
        if not _is_noise((regex, pattern[1])):
            size = compile_pattern(regex, case_sensitive=pattern[1]).programsize
            if size <= LABELLED:
                return regex, size
    return "", 0


def _is_noise(pattern: Written) -> bool:
    """Whether a pattern stands nearly everywhere: among names and numbers without a word, or where nothing stands."""
    try:
        return compile_pattern(pattern[0], case_sensitive=pattern[1]).search(_NOISE) is not None
    except PatternError:
        return True


def _filter(patterns: Sequence[Written]) -> re2.Filter | None:
    """What tells patterns that may stand in a text by pieces of text that they name; None where it cannot be built."""
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
