"""Detectors and keyword lists of all packs → one compiled engine, or every mistake in them at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from smtp_gate.detect.detectors import Detector, Detectors, Level
from smtp_gate.detect.engine import DetectorError, Engine
from smtp_gate.detect.masks import MASKS
from smtp_gate.detect.validators import VALIDATORS
from smtp_gate.ruleset.marks import Mistake, nearest
from smtp_gate.ruleset.packs import Source
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
        return self.source.document.mistake(path, f"{error.key}: {error.reason}", nearest(word, known) if word else "")


def _steps(detector: Detector, error: DetectorError) -> Loc:
    """The way from the detector to the key that the error speaks of, found by trying its pieces alone."""
    main: Loc = ("primary", error.key)
    if error.key in {"regex", "format"}:
        for level in detector.levels:
            if error.key == "format" and not _compiles(
                replace(detector, levels=(Level(level.name, format=level.format),))
            ):
                return ("levels", level.name, "format")
            for side in ("all", "any", "none"):
                for number, evidence in enumerate(getattr(level, side)):
                    alone = Detector(detector.name, evidence.regex or "x", ())
                    if error.key == "regex" and not _compiles(alone) and _compiles(replace(detector, levels=())):
                        return ("levels", level.name, side, number, "regex")
    return main if error.key in {"regex", "validator", "group", "case_sensitive"} else (error.key,)


def _compiles(detector: Detector) -> bool:
    try:
        Engine(Detectors((detector,)))
    except DetectorError:
        return False
    return True


def names(sources: Sequence[Source], section: str) -> frozenset[str]:
    """Every name in this section of any pack, broken entries included, so that one mistake causes no second."""
    return frozenset(name for source in sources for name in source.entries(section))


def build_engine(sources: Sequence[Source], mistakes: list[Mistake]) -> Engine | None:
    """Compile what the packs name; mistakes are added, and None is returned where there is any."""
    found = [*_twice(sources, "detectors"), *_twice(sources, "keywords")]
    keywords: dict[str, tuple[str, ...]] = {}
    for source in sources:
        keywords.update(_lists(source, found))
    known = names(sources, "keywords")
    placed = [p for source in sources for p in _detectors(source, known, found)]
    engine = _compiled(placed, keywords, found) if not found else None
    if found and engine is None:
        # The patterns are still tried one by one, so that a bad one is not hidden behind another mistake.
        _each(placed, keywords, found)
    mistakes += sorted(set(found))
    return engine


def _twice(sources: Sequence[Source], section: str) -> Iterator[Mistake]:
    """Names that two packs claim."""
    first: dict[str, Source] = {}
    for source in sources:
        for name in source.entries(section):
            if name in first:
                document = first[name].document
                line = document.place((section, name), key=True)[0]
                said = f"`{name}` is also named in another pack"
                yield source.document.mistake((section, name), said, f"{document.file}:{line}", key=True)
            else:
                first[name] = source


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
    for level, takes in model.levels.items():
        for side in ("all", "any", "none"):
            for number, evidence in enumerate(getattr(takes, side)):
                if evidence.keywords and evidence.keywords not in known:
                    path = (*at, "levels", level, side, number, "keywords")
                    said = f"unknown keyword list `{evidence.keywords[:60]}`"
                    yield source.document.mistake(path, said, nearest(evidence.keywords, known))


def _compiled(
    placed: Sequence[_Placed], keywords: Mapping[str, tuple[str, ...]], found: list[Mistake]
) -> Engine | None:
    """All of them in one engine; where that fails, every one that would fail alone is named."""
    try:
        return Engine(Detectors(tuple(p.detector for p in placed), keywords))
    except DetectorError as error:
        _each(placed, keywords, found)
        if not found:
            culprit = next((p for p in placed if p.detector.name == error.detector), placed[0])
            found.append(culprit.mistake(error))
        return None


def _each(placed: Sequence[_Placed], keywords: Mapping[str, tuple[str, ...]], found: list[Mistake]) -> None:
    for one in placed:
        detector = one.detector
        evidence = [e for level in detector.levels for e in (*level.all, *level.any, *level.none)]
        used = {e.keywords: keywords.get(e.keywords, ("x",)) for e in evidence if e.keywords}
        try:
            Engine(Detectors((detector,), used))
        except DetectorError as error:
            found.append(one.mistake(error))
