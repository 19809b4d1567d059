"""One detector, compiled: its patterns, its validator and its levels' evidence, each reference checked."""

from collections.abc import Iterable
from dataclasses import dataclass

from smtp_gate.detect.detectors import Detector, Detectors, Evidence, Level
from smtp_gate.detect.masks import MASKS
from smtp_gate.detect.patterns import Pattern, PatternError, compile_pattern
from smtp_gate.detect.validators import FORMATS, VALIDATORS
from smtp_gate.detect.validators.base import Validator
from smtp_gate.detect.words import fold_keyword


class DetectorError(ValueError):
    """A detector that cannot be compiled: which one, which of its keys (`regex`, `validator`, ...), why, and what to do."""

    def __init__(self, detector: str, key: str, reason: str, hint: str = "") -> None:
        super().__init__(f"{detector}: {key}: {reason}")
        self.detector = detector
        self.key = key
        self.reason = reason
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Clue:
    """Evidence with its pattern compiled; no pattern where it is a keyword list."""

    evidence: Evidence
    pattern: Pattern | None


@dataclass(frozen=True, slots=True)
class Stage:
    """One level with its evidence compiled."""

    name: str
    format: str
    all: tuple[Clue, ...]
    any: tuple[Clue, ...]
    none: tuple[Clue, ...]


@dataclass(frozen=True, slots=True)
class Compiled:
    """A detector that is ready to search; without a validator the whole candidate is the value."""

    detector: Detector
    pattern: Pattern
    validator: Validator | None
    stages: tuple[Stage, ...]


def compile_detector(detector: Detector, detectors: Detectors) -> Compiled:
    """One detector, each of its references checked. Raises DetectorError."""
    name = detector.name
    if detector.validator and detector.validator not in VALIDATORS:
        raise DetectorError(name, "validator", f"there is no validator {detector.validator!r}")
    if detector.mask not in MASKS:
        raise DetectorError(name, "mask", f"there is no mask {detector.mask!r}")
    pattern = _pattern(name, detector.regex, case_sensitive=detector.case_sensitive)
    if not 0 <= detector.group <= pattern.groups:
        raise DetectorError(name, "group", f"the pattern has {pattern.groups} groups")
    stages = tuple(_stage(detector, level, detectors) for level in detector.levels)
    return Compiled(detector, pattern, _validator(detector, detectors), stages)


def _validator(detector: Detector, detectors: Detectors) -> Validator | None:
    """Who checks a candidate; with a list for exact data match, what the validator leaves of it must stand there."""
    validator = VALIDATORS.get(detector.validator)
    if not detector.edm:
        return validator
    listed = detectors.lists.get(detector.edm)
    if listed is None:
        names = ", ".join(sorted(detectors.lists)) or "none"
        raise DetectorError(detector.name, "edm", f"there is no list {detector.edm!r}", f"the settings name {names}")
    if detector.column not in listed.columns:
        known = ", ".join(sorted(listed.columns))
        raise DetectorError(detector.name, "column", f"the list has no column {detector.column!r}", f"it has {known}")
    return listed.validator(detector.column, validator)


def _stage(detector: Detector, level: Level, detectors: Detectors) -> Stage:
    if level.format and level.format not in FORMATS[detector.validator]:
        raise DetectorError(detector.name, "format", f"no format {level.format!r} from this validator")

    def clues(listed: Iterable[Evidence]) -> tuple[Clue, ...]:
        return tuple(_clue(detector.name, evidence, detectors) for evidence in listed)

    return Stage(level.name, level.format, clues(level.all), clues(level.any), clues(level.none))


def _clue(name: str, evidence: Evidence, detectors: Detectors) -> Clue:
    if evidence.regex:
        return Clue(evidence, _pattern(name, evidence.regex, case_sensitive=False))
    listed = evidence.keywords
    if listed not in detectors.keywords:
        raise DetectorError(name, "keywords", f"there is no keyword list {listed!r}")
    if not any(fold_keyword(word) for word in detectors.keywords[listed]):
        raise DetectorError(name, "keywords", f"the keyword list {listed!r} holds no word")
    return Clue(evidence, None)


def _pattern(name: str, regex: str, *, case_sensitive: bool) -> Pattern:
    try:
        return compile_pattern(regex, case_sensitive=case_sensitive)
    except PatternError as error:
        raise DetectorError(name, "regex", str(error), error.hint) from None
