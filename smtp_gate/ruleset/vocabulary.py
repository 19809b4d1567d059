"""Detectors and keyword lists of all packs → one compiled engine, or every mistake in them at once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from smtp_gate.detect.compiled import DetectorError
from smtp_gate.detect.detectors import Detector, Detectors, Level
from smtp_gate.detect.edm import EdmList
from smtp_gate.detect.engine import Engine
from smtp_gate.detect.masks import MASKS
from smtp_gate.detect.patterns import PatternError
from smtp_gate.detect.validators import VALIDATORS
from smtp_gate.ruleset.aside import Aside, cut, here
from smtp_gate.ruleset.detector_checks import detector_mistakes, keyword_mistakes, known_mistakes, written_in
from smtp_gate.ruleset.marks import Mistake, nearest
from smtp_gate.ruleset.packs import Source
from smtp_gate.ruleset.pattern_checks import quick
from smtp_gate.ruleset.problems import Loc, problems
from smtp_gate.ruleset.schema import DetectorModel, KeywordLists, an_id


@dataclass(frozen=True, slots=True)
class _Placed:
    """A detector and the pack it stands in."""

    source: Source
    detector: Detector

    def mistake(self, error: DetectorError) -> Mistake:
        """What the engine says of it, at the key it speaks of."""
        path: Loc = ("detectors", self.detector.name, *_steps(self.detector, error))
        hints = {"validator": (self.detector.validator, VALIDATORS), "mask": (self.detector.mask, MASKS)}
        word, known = hints.get(error.key, ("", ()))
        return self.source.document.mistake(
            path, f"{error.key}: {error.reason}", nearest(word, known) if word else error.hint
        )


def _steps(detector: Detector, error: DetectorError) -> Loc:
    """The way from the detector to the key that the error speaks of, found by trying its pieces alone."""
    main: Loc = ("primary", error.key)
    if error.key in {"regex", "format"}:
        for place, level in enumerate(detector.levels):
            # Where a level has one way to it, the document lacks its number and passes over it.
            at: Loc = ("levels", level.name, sum(before.name == level.name for before in detector.levels[:place]))
            if error.key == "format" and not _compiles(
                replace(detector, levels=(Level(level.name, format=level.format),))
            ):
                return (*at, "format")
            for side in ("all", "any", "none"):
                for number, evidence in enumerate(getattr(level, side)):
                    alone = Detector(detector.name, evidence.regex or "x", ())
                    if error.key == "regex" and not _compiles(alone) and _compiles(replace(detector, levels=())):
                        return (*at, side, number, "regex")
    return main if error.key in {"regex", "validator", "group", "case_sensitive", "edm", "column"} else (error.key,)


def _compiles(detector: Detector) -> bool:
    try:
        Engine(Detectors((replace(detector, edm="", column=""),)))
    except DetectorError:
        return False
    return True


def names(sources: Sequence[Source], section: str) -> frozenset[str]:
    """Every name in this section of any pack, broken entries included, so that one mistake causes no second."""
    return frozenset(name for source in sources for name in source.entries(section))


def begin_engine(
    sources: Sequence[Source],
    clock: Callable[[], float] | None = None,
    edm: Mapping[str, EdmList] | None = None,
    aside: Aside = here,
) -> Callable[[list[Mistake]], Engine | None]:
    """Begin to compile what the packs name. Who calls what is returned gets the engine, None where there is any error in
    it; the mistakes are added to the list.

    With a `clock`, seconds of the processor, patterns are refused that are slow on hostile text. `edm` are the lists
    for exact data match. Patterns are tried `aside` from now on.
    """
    found = [*_twice(sources, "detectors"), *_twice(sources, "keywords")]
    keywords: dict[str, tuple[str, ...]] = {}
    for source in sources:
        lists = _lists(source, found)
        found += keyword_mistakes(source, lists)
        keywords.update(lists)
    known = names(sources, "keywords")
    placed = [p for source in sources for p in _detectors(source, known, found)]
    beside = Detectors((), keywords, edm or {})
    remarks = aside([partial(_remarks, some, clock) for some in cut(placed)])

    def built(mistakes: list[Mistake]) -> Engine | None:
        engine = _compiled(placed, beside, found) if not _broken(found) else None
        if engine is None:
            # The patterns are still tried one by one, so that a bad one is not hidden behind another mistake.
            _each(placed, beside, found)
        found.extend(chain.from_iterable(remarks()))
        if engine is not None:
            found.extend(m for one in placed for m in known_mistakes(one.source, one.detector, engine))
        mistakes += sorted(set(found))
        return engine if not _broken(found) else None

    return built


def _broken(found: Sequence[Mistake]) -> bool:
    return any(m.is_error for m in found)


def _remarks(placed: Sequence[_Placed], clock: Callable[[], float] | None) -> list[Mistake]:
    """What is to be said of the detectors among these that compile."""
    known = quick(written_in(p.detector for p in placed), clock) if clock else frozenset()
    found: list[Mistake] = []
    for one in placed:
        # A pattern that does not compile is told of already, in better words.
        with suppress(PatternError):
            for mistake in detector_mistakes(one.source, one.detector, clock, known):
                found.append(mistake)  # noqa: PERF402 - what was found before a pattern that does not compile stays
    return found


def _twice(sources: Sequence[Source], section: str) -> Iterator[Mistake]:
    """Names that two packs claim; of two packs of one name the name alone is told."""
    first: dict[str, Source] = {}
    for source in sources:
        for name in source.entries(section):
            if name in first and not source.is_copy_of(first[name]):
                document = first[name].document
                line = document.place((section, name), key=True)[0]
                said = f"`{name}` is also named in another pack"
                yield source.document.mistake((section, name), said, f"{document.file}:{line}", key=True)
            first.setdefault(name, source)


def _lists(source: Source, found: list[Mistake]) -> Mapping[str, tuple[str, ...]]:
    try:
        return KeywordLists.model_validate({"keywords": source.entries("keywords")}).keywords
    except ValidationError as error:
        found += problems(error, source.document, (), KeywordLists)
        return {}


def _detectors(source: Source, known: frozenset[str], found: list[Mistake]) -> Iterator[_Placed]:
    for name, raw in source.entries("detectors").items():
        at: Loc = ("detectors", name)
        try:
            model = DetectorModel.model_validate(raw)
        except ValidationError as error:
            found += problems(error, source.document, at, DetectorModel)
            continue
        try:
            yield _Placed(source, model.built(an_id(name)))
        except PydanticCustomError as error:
            context = error.context or {}
            found.append(source.document.mistake(at, str(context.get("said")), str(context.get("hint")), key=True))
        found += _unknown_lists(source, at, model, known)


def _unknown_lists(source: Source, at: Loc, model: DetectorModel, known: frozenset[str]) -> Iterator[Mistake]:
    ways = [(level, way, takes) for level, every in model.levels.items() for way, takes in enumerate(every)]
    for level, way, takes in ways:
        for side in ("all", "any", "none"):
            for number, evidence in enumerate(getattr(takes, side)):
                listed = evidence.keywords or evidence.column
                if listed and listed not in known:
                    path = (*at, "levels", level, way, side, number, "keywords" if evidence.keywords else "column")
                    yield source.document.mistake(path, f"unknown keyword list `{listed[:60]}`", nearest(listed, known))


def _compiled(placed: Sequence[_Placed], beside: Detectors, found: list[Mistake]) -> Engine | None:
    """All of them in one engine with what stands beside them; where that fails, each that would fail alone is named."""
    try:
        return Engine(replace(beside, detectors=tuple(p.detector for p in placed)))
    except DetectorError as error:
        _each(placed, beside, found)
        if not found:
            culprit = next((p for p in placed if p.detector.name == error.detector), placed[0])
            found.append(culprit.mistake(error))
        return None


def _each(placed: Sequence[_Placed], beside: Detectors, found: list[Mistake]) -> None:
    for one in placed:
        detector = one.detector
        evidence = [e for level in detector.levels for e in (*level.all, *level.any, *level.none)]
        used = {e.keywords: beside.keywords.get(e.keywords, ("x",)) for e in evidence if e.keywords}
        try:
            Engine(Detectors((detector,), used, beside.lists))
        except DetectorError as error:
            found.append(one.mistake(error))
