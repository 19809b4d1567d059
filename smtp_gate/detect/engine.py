"""All detectors compiled once; one scan of a text serves every rule.

Patterns run on RE2, linear in the text whatever the pattern; a value is never a piece of a longer number or word.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from smtp_gate.core.view import Match, Text
from smtp_gate.detect.detectors import Detector, Detectors, Evidence, Level
from smtp_gate.detect.evidence import Budget, Lookup, Nearby, SpentError, Subjects
from smtp_gate.detect.masks import MASKS
from smtp_gate.detect.patterns import Pattern, PatternError, compile_pattern
from smtp_gate.detect.sieve import Sieve
from smtp_gate.detect.validators import FORMATS, VALIDATORS
from smtp_gate.detect.validators.base import PLAIN, Checked, Validator, whole
from smtp_gate.detect.words import fold_keyword

EMBEDDED: Final = "embedded"
"""The format of a value tied to what stands beside it (`536-90-4399-22`, `A536904399`): no level with a format fits."""

MOST: Final = 5000
"""Different values of one detector at one level in one text, and as many repeated ones: more would only fill memory."""

STEPS: Final = 1_000_000
"""The budget of one scan: a hundred thousand rows with two identifiers each, some seconds of one core at the worst."""

_RUN: Final = re.compile(rb"[0-9]+|[0-9A-Za-z]+|.", re.DOTALL)


class DetectorError(ValueError):
    """A detector that cannot be compiled: which one, which of its keys (`regex`, `validator`, ...), and why."""

    def __init__(self, detector: str, key: str, reason: str) -> None:
        super().__init__(f"{detector}: {key}: {reason}")
        self.detector = detector
        self.key = key
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Compiled:
    detector: Detector
    pattern: Pattern
    validator: Validator
    evidence: Mapping[str, Pattern]


@dataclass(frozen=True, slots=True)
class _Value:
    """A value in its place: characters from and to, its format, and its key where the validator gave one."""

    start: int
    end: int
    format: str
    key: str


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a scan found, and the texts that it did not look through to their ends: its budget was spent."""

    matches: tuple[Match, ...]
    beyond: tuple[Text, ...] = ()


class Engine:
    """The compiled detectors of one ruleset; immutable once built, usable from several threads."""

    def __init__(self, detectors: Detectors, steps: int = STEPS) -> None:
        """Compile; `steps` is the budget of one scan. Raises DetectorError for the first that will not compile."""
        self.detectors = detectors
        self._steps = steps
        self._compiled = tuple(_compile(d, detectors) for d in detectors.detectors)
        self._lookup = Lookup(detectors)
        self._sieve = Sieve(detectors)

    def scan(self, texts: Iterable[Text]) -> tuple[Match, ...]:
        """Every match within the budget, in the order of texts and places."""
        return self.search(texts).matches

    def search(self, texts: Iterable[Text]) -> Scanned:
        """Every match of every detector at the best level that holds, in the order of texts and places.

        Of one detector at one level in one text, MOST matches are told, and beyond them MOST different values. The
        budget counts candidates, look-ups of evidence and matches over all texts; what is beyond it is told as such.
        """
        every = tuple(texts)
        budget = Budget(self._steps)
        subjects = Subjects(every, self._lookup)
        beside = self._sieve.pieces(subjects.octets)
        found: list[Match] = []
        beyond: list[Text] = []
        for text in every:
            subject = subjects.before(text)
            possible = self._sieve.possible(text.octets, beside if subject is not None else frozenset())
            if not possible:
                continue
            scan = _Scan(text, Nearby(text, subject, self._lookup, budget), budget)
            try:
                for index in possible:
                    scan.run(self._compiled[index])
            except SpentError:
                beyond.append(text)
            found += sorted(scan.found, key=lambda m: (m.start, m.end, m.detector))
        return Scanned(tuple(found), tuple(beyond))


class _Scan:
    """One text, and what is found in it."""

    def __init__(self, text: Text, nearby: Nearby, budget: Budget) -> None:
        self.found: list[Match] = []
        self._text = text
        self._nearby = nearby
        self._budget = budget

    def run(self, compiled: _Compiled) -> None:
        """Add every match of one detector. Raises SpentError."""
        counted: dict[str, int] = {}
        tokens: dict[str, set[bytes]] = {}
        for value in _values(compiled, self._text, self._budget):
            level = next((lv.name for lv in compiled.detector.levels if self._holds(lv, compiled, value)), None)
            if level is None:
                continue
            self._budget.spend(5)
            match = _match(compiled.detector, level, self._text, value)
            known = tokens.setdefault(level, set())
            counted[level] = counted.get(level, 0) + 1
            if counted[level] <= MOST or (len(known) < MOST and match.token not in known):
                known.add(match.token)
                self.found.append(match)

    def _holds(self, level: Level, compiled: _Compiled, value: _Value) -> bool:
        if level.format and level.format != value.format:
            return False

        def stands(evidence: Evidence, *, weakens: bool = False) -> bool:
            pattern = None if evidence.keywords else compiled.evidence[evidence.regex]
            return self._nearby.stands(evidence, pattern, value.start, value.end, weakens=weakens)

        return (
            all(stands(e) for e in level.all)
            and (not level.any or any(stands(e) for e in level.any))
            and not any(stands(e, weakens=True) for e in level.none)
        )


def _values(compiled: _Compiled, text: Text, budget: Budget) -> Iterator[_Value]:
    """Every value of a detector, in order and without overlap. Raises SpentError."""
    octets, group = text.octets, compiled.detector.group
    position, counted, characters = 0, 0, 0
    while position < len(octets) and (found := compiled.pattern.search(octets, position)) is not None:
        start, end = found.span(group)
        budget.spend(2 + (end - start) // 8)
        if start < 0 or start == end:
            position = max(found.end(), position + 1)
            continue
        # Characters are counted on from the last match, so that the whole text is decoded once at most.
        characters += start - counted if text.is_ascii else len(octets[counted:start].decode("utf-8", "replace"))
        counted = start
        candidate = octets[start:end].decode("utf-8", "replace")
        checked = compiled.validator(candidate)
        form = _form(text.text, characters, checked) if checked is not None else None
        if checked is None or form is None:
            # A refused candidate may hide a true value, so only the number or word that it begins with is left behind.
            run = _RUN.match(octets, start)
            position = max(run.end() if run is not None else end, position + 1)
            continue
        yield _Value(characters + checked.start, characters + checked.end, form, checked.key)
        position = max(start + len(candidate[: checked.end].encode()), position + 1)


def _form(text: str, offset: int, checked: Checked) -> str | None:
    """The format of a value in its place: None for a piece of a longer one, `embedded` where something is tied to it."""
    start, end = offset + checked.start, offset + checked.end
    before, after = text[max(start - 2, 0) : start], text[end : end + 2]
    if _piece(before[-1:], text[start]) or _piece(after[:1], text[end - 1]):
        return None
    tied = (before[-1:] in {"-", ".", "/"} and before[0].isdigit()) or (
        after[:1] in {"-", ".", "/"} and after[-1].isdigit()
    )
    # A bare run of digits tied to a letter is a serial or an address; a shape with separators stays what it is.
    lettered = checked.format == PLAIN and (before[-1:].isalpha() or after[:1].isalpha())
    return EMBEDDED if tied or lettered else checked.format


def _piece(neighbour: str, edge: str) -> bool:
    """Whether the neighbour makes the value a piece of something longer."""
    return neighbour.isdigit() if edge.isdigit() else edge.isalpha() and neighbour.isalnum()


def _match(detector: Detector, level: str, text: Text, value: _Value) -> Match:
    written = text.text[value.start : value.end]
    key = value.key or "".join(c for c in written if c.isalnum()).upper()
    token = hashlib.blake2b(key.encode("utf-8", "replace"), digest_size=16).digest()
    region = text.span_at(value.start).region
    return Match(detector.name, level, text, value.start, value.end, region, MASKS[detector.mask](written), token)


def _compile(detector: Detector, detectors: Detectors) -> _Compiled:
    """One detector, each of its references checked. Raises DetectorError."""
    name = detector.name
    if detector.validator and detector.validator not in VALIDATORS:
        raise DetectorError(name, "validator", f"there is no validator {detector.validator!r}")
    if detector.mask not in MASKS:
        raise DetectorError(name, "mask", f"there is no mask {detector.mask!r}")
    pattern = _pattern(name, detector.regex, case_sensitive=detector.case_sensitive)
    if not 0 <= detector.group <= pattern.groups:
        raise DetectorError(name, "group", f"the pattern has {pattern.groups} groups")
    evidence = {}
    for level in detector.levels:
        if level.format and level.format not in FORMATS[detector.validator]:
            raise DetectorError(name, "format", f"no format {level.format!r} from this validator")
        for item in (*level.all, *level.any, *level.none):
            if item.regex:
                evidence[item.regex] = _pattern(name, item.regex, case_sensitive=False)
            else:
                _check_keywords(name, item.keywords, detectors)
    return _Compiled(detector, pattern, VALIDATORS.get(detector.validator, whole), evidence)


def _check_keywords(name: str, listed: str, detectors: Detectors) -> None:
    if listed not in detectors.keywords:
        raise DetectorError(name, "keywords", f"there is no keyword list {listed!r}")
    if not any(fold_keyword(word) for word in detectors.keywords[listed]):
        raise DetectorError(name, "keywords", f"the keyword list {listed!r} holds no word")


def _pattern(name: str, regex: str, *, case_sensitive: bool) -> Pattern:
    try:
        return compile_pattern(regex, case_sensitive=case_sensitive)
    except PatternError as error:
        raise DetectorError(name, "regex", str(error)) from None
