"""Patterns that compile and are still no good: found nearly everywhere, never found, or slow on hostile text."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from smtp_gate.detect.patterns import PatternError, compile_pattern
from smtp_gate.detect.together import Written
from smtp_gate.reading.text import normalise
from smtp_gate.ruleset.ordinary import ORDINARY

SHARE: Final = 0.3
"""The share of ordinary lines from which on a pattern finds something nearly everywhere."""

CHECKED_SHARE: Final = 0.9
"""The same where a validator looks at what was found."""

SECONDS: Final = 0.25
"""CPU seconds that a pattern may take for a megabyte of hostile text, a hundred times what patterns usually take."""

SAMPLE: Final = 16 * 1024
"""Octets of each hostile text on which that is measured."""

ALLOWED: Final = SECONDS * SAMPLE / (1 << 20)
"""CPU seconds that a pattern may take for one of them."""

TOGETHER: Final = 16
"""Patterns that are measured together."""

SHORT: Final = 60
"""Signs of the longest pattern that is; of long ones several would be slow together, and each would be measured again."""

_LINES: Final = tuple(line for line in ORDINARY.splitlines() if line.strip())
_ALL: Final = "\n".join(_LINES).encode()
_ENDS: Final = re.compile(r"[$^]|\\[AzZ]")
_BESIDE: Final = re.compile(r"\\[bB][(?:]*[^\x00-\x7f]|[^\x00-\x7f][)?*+]*\\[bB]")
_ASCII_ONLY: Final = re.compile(r"\\[wW]")
_ESCAPE: Final = re.compile(r"\\(?:[pP]\{[^}]*\}|.)|\(\?[a-zA-Z:]*|\{[0-9,]*\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Remark:
    """What is wrong with a pattern, what to do, and whether it keeps the pattern from being used."""

    message: str
    hint: str
    is_error: bool = True


def written(regex: str) -> Iterator[Remark]:
    """What is wrong with a pattern as it is written, wherever it stands."""
    if beside := _BESIDE.search(regex):
        letter = next(c for c in beside[0] if not c.isascii())
        if letter.isalpha():
            yield Remark(
                f"\\b knows the letters of ASCII alone, so it never stands where `{letter}` begins or ends a word",
                r"write (?:^|[^\pL]) or (?:[^\pL]|$) for the edge of a word, and name the word by `group`",
            )
    elif _ASCII_ONLY.search(regex) and any(c.isalpha() and not c.isascii() for c in regex):
        yield Remark(
            r"\w knows the letters of ASCII alone", r"write [\pL\pN_] for letters of any script", is_error=False
        )
    literals = "".join(c for c in _ESCAPE.sub("", regex) if not c.isascii())
    if literals and normalise(literals) != literals:
        odd = next((c for c in literals if normalise(c) != c), literals)
        yield Remark(
            f"U+{ord(odd[0]):04X} stands in no text: all of them are normalised before they are searched",
            f"write {normalise(odd) or 'nothing'!r} for it",
            is_error=False,
        )


def everywhere(regex: str, *, case_sensitive: bool, checked: bool) -> Iterator[Remark]:
    """Whether a detector's own pattern finds something in nearly any text. `checked` says that a validator looks at it."""
    pattern = compile_pattern(regex, case_sensitive=case_sensitive)
    # What stands in no line together stands in none alone, if it does not ask for the end of a text.
    nowhere = not _ENDS.search(regex) and pattern.search(_ALL) is None
    hits = 0 if nowhere else sum(pattern.search(line.encode()) is not None for line in _LINES)
    if hits >= (CHECKED_SHARE if checked else SHARE) * len(_LINES):
        yield Remark(
            f"it finds something in {hits} of {len(_LINES)} lines of ordinary text",
            "say more of what the value looks like: how many letters or digits, what stands around it",
        )


def cost(regex: str, clock: Callable[[], float], *, case_sensitive: bool) -> Iterator[Remark]:
    """Whether a pattern is slow where text is made to be hard for it; `clock` gives seconds of the processor."""
    try:
        # Behind the pattern stands what no text has, so that all of every text is searched.
        pattern = compile_pattern(f"(?:{regex})\\x01", case_sensitive=case_sensitive)
    except PatternError:
        return
    for sample in (*_samples(), _noise(_own_signs(regex))):
        # The first search builds the automaton as well, and what grows with the text is what the others take. A moment in
        # which somebody else had the processor is not the pattern's fault. So a slow one is measured again.
        took = _timed(pattern.search, sample, clock)
        if took > ALLOWED:
            took = min(_timed(pattern.search, sample, clock) for _ in range(3))
        if took > ALLOWED:
            yield Remark(
                f"it takes {took * SECONDS / ALLOWED:.1f} s of the processor for a megabyte of text made to be hard for it",
                f"{SECONDS} s are allowed: make large repeats smaller whose signs may also stand before them, as in a*(a|b){{200}}",
            )
            return


def quick(patterns: Iterable[Written], clock: Callable[[], float]) -> frozenset[Written]:
    """The patterns that `cost` would not refuse, found by searching for several at once; of the others nothing is said.

    The automaton of several patterns goes through what that of each goes through. So a text on which all of them together
    take no longer than one may is slow for none.
    """
    found: set[Written] = set()
    for group in _groups(patterns):
        either = "|".join(f"(?:{regex})" for regex, _ in group)
        try:
            pattern = compile_pattern(f"(?:{either})\\x01", case_sensitive=group[0][1])
        except PatternError:
            continue
        samples = (*_samples(), *map(_noise, {_own_signs(regex) for regex, _ in group}))
        if all(_timed(pattern.search, sample, clock) <= ALLOWED for sample in samples):
            found.update(group)
    return frozenset(found)


def _groups(patterns: Iterable[Written]) -> Iterator[list[Written]]:
    """Patterns in groups of one case. Long ones, and those that could spoil their neighbours' meaning, are in none."""
    groups: dict[bool, list[Written]] = {False: [], True: []}
    for pattern in dict.fromkeys(patterns):
        regex, case_sensitive = pattern
        if len(regex) <= SHORT and r"\Q" not in regex and _compiles(pattern):
            group = groups[case_sensitive]
            group.append(pattern)
            if len(group) == TOGETHER:
                yield group
                groups[case_sensitive] = []
    yield from (group for group in groups.values() if group)


def _compiles(pattern: Written) -> bool:
    try:
        compile_pattern(pattern[0], case_sensitive=pattern[1])
    except PatternError:
        return False
    return True


def _timed(search: Callable[[bytes], object], sample: bytes, clock: Callable[[], float]) -> float:
    began = clock()
    search(sample)
    return clock() - began


def _own_signs(regex: str) -> bytes:
    """The letters, digits and signs that the pattern itself names: its hardest text is made of them."""
    named = dict.fromkeys(c for c in _ESCAPE.sub("", regex) if c.isascii() and (c.isalnum() or c in " -./,:_@"))
    return "".join(named)[:8].encode() or b"ab"


@lru_cache(maxsize=1)
def _samples() -> tuple[bytes, ...]:
    ordinary = ORDINARY.encode()
    return (
        (ordinary * (SAMPLE // len(ordinary) + 1))[:SAMPLE],
        _noise(b"01"),
        _noise(b"0123456789"),
        _noise(b"0123456789- ."),
        _noise(b"ab"),
        _noise(b"abcdefgh 019\n"),
    )


def _noise(signs: bytes) -> bytes:
    """A text of these signs in an order without a pattern, the same one every time."""
    return _random().translate((signs * (256 // len(signs) + 1))[:256])


@lru_cache(maxsize=1)
def _random() -> bytes:
    state, made = 1, bytearray()
    for _ in range(SAMPLE):
        state = (state * 1103515245 + 12345) % (1 << 31)
        made.append(state >> 16 & 255)
    return bytes(made)
