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
from smtp_gate.detect.masks import MASKS
from smtp_gate.detect.patterns import Pattern, PatternError, compile_pattern
from smtp_gate.detect.sieve import Sieve
from smtp_gate.detect.validators import FORMATS, PLAIN, VALIDATORS, Checked, Validator, whole
from smtp_gate.detect.words import Places, Words, fold_keyword

EMBEDDED: Final = "embedded"
"""The format of a value tied to what stands beside it (`536-90-4399-22`, `A536904399`): no level with a format fits."""

MOST: Final = 5000
"""Different values of one detector at one level in one text, and as many repeated ones: more would only fill memory."""

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


class Engine:
    """The compiled detectors of one ruleset; immutable once built, usable from several threads."""

    def __init__(self, detectors: Detectors) -> None:
        """Compile. Raises DetectorError for the first detector that will not compile."""
        self.detectors = detectors
        self._compiled = tuple(_compile(d, detectors) for d in detectors.detectors)
        self._words = Words(detectors.keywords)
        self._sieve = Sieve(detectors)

    def scan(self, texts: Iterable[Text]) -> tuple[Match, ...]:
        """Every match of every detector at the best level that holds, in the order of texts and places.

        Of one detector at one level in one text, MOST matches are told, and beyond them MOST different values.
        """
        found: list[Match] = []
        for text in texts:
            possible = self._sieve.possible(text.octets)
            if possible:
                scan = _Scan(text, self._words)
                matches = [m for i in possible for m in scan.matches(self._compiled[i])]
                found += sorted(matches, key=lambda m: (m.start, m.end, m.detector))
        return tuple(found)


class _Scan:
    """One text with its keywords, found when they are first asked for."""

    def __init__(self, text: Text, words: Words) -> None:
        self._text = text
        self._words = words
        self._places: Places | None = None

    def matches(self, compiled: _Compiled) -> Iterator[Match]:
        """Every match of one detector."""
        counted: dict[str, int] = {}
        tokens: dict[str, set[bytes]] = {}
        for value in _values(compiled, self._text):
            level = next((lv.name for lv in compiled.detector.levels if self._holds(lv, compiled, value)), None)
            if level is None:
                continue
            match = _match(compiled.detector, level, self._text, value)
            known = tokens.setdefault(level, set())
            counted[level] = counted.get(level, 0) + 1
            if counted[level] <= MOST or (len(known) < MOST and match.token not in known):
                known.add(match.token)
                yield match

    def _holds(self, level: Level, compiled: _Compiled, value: _Value) -> bool:
        if level.format and level.format != value.format:
            return False

        def stands(evidence: Evidence) -> bool:
            return self._stands(evidence, compiled, value)

        return (
            all(stands(e) for e in level.all)
            and (not level.any or any(stands(e) for e in level.any))
            and not any(stands(e) for e in level.none)
        )

    def _stands(self, evidence: Evidence, compiled: _Compiled, value: _Value) -> bool:
        """Whether the evidence stands on either side of the value, within its region.

        A pattern looks at each side alone. One that ends in `$` looks to the left only, where that is the value's
        front; one that begins with `^` to the right only, where that is its back.
        """
        text = self._text.text
        span = self._text.span_at(value.start)
        low, high = max(span.start, value.start - evidence.within), min(span.end, value.end + evidence.within)
        if evidence.keywords:
            if self._places is None:
                self._places = self._words.places(text)
            return self._places.between(evidence.keywords, low, high)
        pattern = compiled.evidence[evidence.regex]
        sides = []
        if not evidence.regex.startswith("^"):
            sides.append(text[low : value.start])
        if not evidence.regex.endswith("$") or evidence.regex.endswith("\\$"):
            sides.append(text[value.end : high])
        return any(pattern.search(side.encode("utf-8", "replace")) is not None for side in sides)


def _values(compiled: _Compiled, text: Text) -> Iterator[_Value]:
    """Every value of a detector, in order and without overlap."""
    octets, group = text.octets, compiled.detector.group
    position, counted, characters = 0, 0, 0
    while position < len(octets) and (found := compiled.pattern.search(octets, position)) is not None:
        start, end = found.span(group)
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
