"""Why a candidate did not count: what a detector's pattern matched, and what each level would have taken beside it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from smtp_gate.core.view import Match, Region, Text
from smtp_gate.detect.candidates import BY_VALIDATOR, Value
from smtp_gate.detect.compiled import Clue, Compiled, Stage
from smtp_gate.detect.engine import Engine
from smtp_gate.detect.evidence import Budget, Nearby, SpentError
from smtp_gate.detect.masks import MASKS, every

MOST: Final = 20
"""Different near misses that are told of one detector."""

_KEPT: Final = 200
_STEPS: Final = 100_000
_REGEX_SHOWN: Final = 40


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A candidate that did not count, or not at the surest level.

    `start` and `end` are characters of `text.text`; `evidence` is masked, and wholly covered where it is no value.
    `level` is the level that holds, empty for none. `reasons` says, one a way to a surer level, what it lacked; none of
    them holds a word of the message. `times` counts equal candidates with equal reasons.
    """

    detector: str
    text: Text = field(repr=False)
    start: int
    end: int
    region: Region
    evidence: str
    level: str
    reasons: tuple[str, ...]
    times: int = 1


@dataclass(frozen=True, slots=True)
class Account:
    """What one detector made of all texts: what counts, exactly as a scan tells it, and what does not.

    `left_out` counts the near misses that are not told.
    """

    counted: tuple[Match, ...]
    misses: tuple[NearMiss, ...]
    left_out: int = 0


def account(engine: Engine, texts: Iterable[Text], detector: str) -> Account:
    """What the detector makes of these texts, through the engine's own search."""
    witness = _Witness(frozenset({detector}))
    scanned = engine.search(texts, witness)
    # Values come before what a validator refused: it is likelier that somebody asks for one of them.
    told = _merged((*witness.values, *witness.others))
    return Account(scanned.matches, told[:MOST], len(told[MOST:]) + witness.left_out)


class _Witness:
    """Keeps what a search tells of candidates that count at no level or not at the surest."""

    def __init__(self, detectors: frozenset[str]) -> None:
        self.detectors = detectors
        self.values: list[NearMiss] = []
        self.others: list[NearMiss] = []
        self.left_out = 0
        self._budget = Budget(_STEPS)

    def refused(self, compiled: Compiled, text: Text, start: int, end: int, by: str) -> None:
        """Keep a candidate that is no value."""
        why = _refusal(compiled) if by == BY_VALIDATOR else "it is a piece of a longer number or word"
        miss = _miss(compiled, text, (start, end), "", (why,))
        self._keep(self.others, replace(miss, evidence=every(text.text[start:end])))

    def weighed(self, compiled: Compiled, text: Text, value: Value, level: str, nearby: Nearby) -> None:
        """Keep a value that a surer level would have taken."""
        if compiled.stages and level == compiled.stages[0].name:
            return
        if len(self.values) >= _KEPT:
            self.left_out += 1
            return
        try:
            reasons = tuple(_lacking(compiled.stages, value, nearby.paid_from(self._budget)))
        except SpentError:
            reasons = ("there is too much to say why",)
        self._keep(self.values, _miss(compiled, text, (value.start, value.end), level, reasons))

    def _keep(self, kept: list[NearMiss], miss: NearMiss) -> None:
        if len(kept) < _KEPT:
            kept.append(miss)
        else:
            self.left_out += 1


def _miss(compiled: Compiled, text: Text, place: tuple[int, int], level: str, reasons: tuple[str, ...]) -> NearMiss:
    start, end = place
    shown = MASKS[compiled.detector.mask](text.text[start:end])
    return NearMiss(compiled.detector.name, text, start, end, text.span_at(start).region, shown, level, reasons)


def _merged(misses: Iterable[NearMiss]) -> tuple[NearMiss, ...]:
    """Equal candidates with equal reasons once: readings of one part often tell the same."""
    first: dict[tuple[str, str, tuple[str, ...], Region], list[NearMiss]] = {}
    for miss in misses:
        key = (miss.text.text[miss.start : miss.end], miss.level, miss.reasons, miss.region)
        first.setdefault(key, []).append(miss)
    return tuple(replace(group[0], times=len(group)) for group in first.values())


def _refusal(compiled: Compiled) -> str:
    detector = compiled.detector
    if detector.edm:
        return f"the validator refuses it, or it does not stand in the list {detector.edm}"
    return f"the validator {detector.validator} refuses it"


def _lacking(stages: tuple[Stage, ...], value: Value, nearby: Nearby) -> Iterator[str]:
    """For each way to a level before the one that holds, all that it lacks."""
    for stage in stages:
        lacking = tuple(lacks(stage, value, nearby))
        if not lacking:
            return
        yield f"{stage.name}: {', '.join(lacking)}"


def lacks(stage: Stage, value: Value, nearby: Nearby) -> Iterator[str]:
    """What keeps one way to a level from holding; nothing where it holds. Raises SpentError."""

    def stands(clue: Clue, *, weakens: bool) -> bool:
        return nearby.stands(clue.evidence, clue.pattern, value.start, value.end, weakens=weakens)

    if stage.format and stage.format != value.format:
        yield f"its format is {value.format or 'none'} and not {stage.format}"
    yield from (f"no {said(clue)}" for clue in stage.all if not stands(clue, weakens=False))
    if stage.any and not any(stands(clue, weakens=False) for clue in stage.any):
        yield "no " + ", nor ".join(said(clue) for clue in stage.any)
    yield from (f"against it a {said(clue)}" for clue in stage.none if stands(clue, weakens=True))


def said(clue: Clue) -> str:
    """Evidence in words: which list or pattern, and how near."""
    evidence = clue.evidence
    if evidence.column:
        return f"title of {evidence.keywords} over its column"
    if clue.pattern is None:
        return f"word of {evidence.keywords} within {evidence.within}"
    regex = " ".join(evidence.regex.split())
    shown = regex if len(regex) <= _REGEX_SHOWN else regex[: _REGEX_SHOWN - 3] + "..."
    return f"match of /{shown}/ within {evidence.within}"
