"""Detectors and keyword lists that load and are still no good, and the known hits that every detector must find."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from smtp_gate.core.view import Region, RegionKind, Span, Text
from smtp_gate.detect.detectors import Detector, Evidence, Level
from smtp_gate.detect.engine import Engine
from smtp_gate.detect.together import Written
from smtp_gate.detect.words import fold_keyword
from smtp_gate.reading.text import normalise
from smtp_gate.ruleset.marks import Mistake
from smtp_gate.ruleset.packs import Source
from smtp_gate.ruleset.pattern_checks import Remark, cost, everywhere, written
from smtp_gate.ruleset.problems import Loc

_OWN: Final = Region(RegionKind.OWN)


def written_in(detectors: Iterable[Detector]) -> Iterator[Written]:
    """Every pattern of these detectors."""
    for detector in detectors:
        for _, regex, case_sensitive in _patterns(detector):
            yield regex, case_sensitive


def detector_mistakes(
    source: Source, detector: Detector, clock: Callable[[], float] | None, known: frozenset[Written] = frozenset()
) -> Iterator[Mistake]:
    """What is wrong with a detector that compiles. With a `clock` of the processor slow patterns are told as well.

    `known` are patterns that have been measured already and are not slow.
    """
    at: Loc = ("detectors", detector.name)
    for path, regex, case_sensitive in _patterns(detector):
        remarks = list(written(regex))
        if clock is not None and (regex, case_sensitive) not in known:
            remarks += cost(regex, clock, case_sensitive=case_sensitive)
        if path[0] == "primary":
            remarks += everywhere(
                regex, case_sensitive=case_sensitive, checked=bool(detector.validator or detector.edm)
            )
        yield from (_mistake(source, (*at, *path), remark) for remark in remarks)
    for place, level in enumerate(detector.levels):
        above = next((other for other in detector.levels[:place] if _covers(other, level)), None)
        if above is not None:
            path = (*at, "levels", level.name, _way(detector, place))
            said = f"never reached: whatever this takes is `{above.name}` already"
            yield source.document.mistake(
                path, said, "take it out, or let the level above take more", severity="warning"
            )


def known_mistakes(source: Source, detector: Detector, engine: Engine) -> Iterator[Mistake]:
    """The known hits that the whole engine does not find in this detector's name."""
    for number, said in enumerate(detector.known):
        text = normalise(said)
        spans = (Span(0, len(text), _OWN),)
        levels = [m.level for m in engine.scan((Text("1", "plain", text, spans),)) if m.detector == detector.name]
        best = detector.levels[0].name
        if best not in levels:
            found = f"is found at `{levels[0]}` alone" if levels else "is not found"
            yield source.document.mistake(
                ("detectors", detector.name, "known", number), f"the known hit {found}", f"it must be `{best}`"
            )


def keyword_mistakes(source: Source, lists: Mapping[str, Sequence[str]]) -> Iterator[Mistake]:
    """Words that never stand anywhere, or everywhere, or twice."""
    for name, words in lists.items():
        first: dict[str, int] = {}
        for number, word in enumerate(words):
            folded = fold_keyword(word)
            path: Loc = ("keywords", name, number)
            signs = [c for c in folded if c.isalnum()]
            if normalise(word) != word:
                said = f"`{word[:40]}` stands in no text: all of them are normalised before they are searched"
                yield source.document.mistake(path, said, f"write `{normalise(word)[:40]}`")
            elif len(signs) < 2 and word.isascii():
                said = f"`{word[:40]}` stands in nearly every text"
                yield source.document.mistake(path, said, "words of two letters or digits at least")
            elif folded in first:
                said = f"`{word[:40]}` stands in this list twice"
                hint = f"first in line {source.document.place((*path[:2], first[folded]))[0]}"
                yield source.document.mistake(path, said, hint, severity="warning")
            first.setdefault(folded, number)


def _mistake(source: Source, path: Loc, remark: Remark) -> Mistake:
    severity = "error" if remark.is_error else "warning"
    return source.document.mistake(path, f"regex: {remark.message}", remark.hint, severity=severity)


def _patterns(detector: Detector) -> Iterator[tuple[Loc, str, bool]]:
    """Every pattern of a detector: the way to it, and whether its case matters."""
    yield ("primary", "regex"), detector.regex, detector.case_sensitive
    seen: set[str] = set()
    for place, level in enumerate(detector.levels):
        for side in ("all", "any", "none"):
            for number, evidence in enumerate(getattr(level, side)):
                if evidence.regex and evidence.regex not in seen:
                    seen.add(evidence.regex)
                    way: Loc = ("levels", level.name, _way(detector, place), side, number, "regex")
                    yield way, evidence.regex, False


def _way(detector: Detector, place: int) -> int:
    """Which of several ways to its level this one is; a document that names one alone passes over the number."""
    return sum(level.name == detector.levels[place].name for level in detector.levels[:place])


def _covers(above: Level, below: Level) -> bool:
    """Whether `above` holds wherever `below` does, as far as that can be told from what they take."""
    alternatives = [*below.all, *(below.any if len(below.any) == 1 else ())]
    return (
        above.format in {"", below.format}
        and all(any(_implies(b, a) for b in alternatives) for a in above.all)
        and (
            not above.any
            or any(_implies(b, a) for b in alternatives for a in above.any)
            or (bool(below.any) and all(any(_implies(b, a) for a in above.any) for b in below.any))
        )
        and all(any(_implies(a, b) for b in below.none) for a in above.none)
    )


def _implies(sure: Evidence, open_: Evidence) -> bool:
    """Whether the second stands wherever the first does: the same, or the same words in a wider window."""
    same = (sure.keywords, sure.regex, sure.column) == (open_.keywords, open_.regex, open_.column)
    return same and (sure.within == open_.within or (bool(sure.keywords) and sure.within <= open_.within))
