"""All detectors compiled once; one scan of a text serves every rule.

Patterns run on RE2, linear in the text whatever the pattern; a value is never a piece of a longer number or word.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import re2

from smtp_gate.core.view import Match, Span, Text
from smtp_gate.detect.detectors import Detector, Detectors, Evidence, Level
from smtp_gate.detect.masks import MASKS
from smtp_gate.detect.validators import FORMATS, VALIDATORS, Checked, Validator, whole
from smtp_gate.detect.words import Places, Words

EMBEDDED: Final = "embedded"
"""The format of a value that a separator ties to further digits (`536-90-4399-22`): no level that names a format fits."""
MEMORY: Final = 32 << 20


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
    pattern: "re2._Regexp[str]"
    validator: Validator
    evidence: dict[str, "re2._Regexp[str]"]


class Engine:
    """The compiled detectors of one ruleset; immutable once built, usable from several threads."""

    def __init__(self, detectors: Detectors) -> None:
        """Compile. Raises DetectorError for the first detector that will not compile."""
        self.detectors = detectors
        self._words = Words(detectors.keywords)
        self._compiled = tuple(_compile(d, detectors) for d in detectors.detectors)
        folded = [d.regex for d in detectors.detectors if not d.case_sensitive]
        exact = [d.regex for d in detectors.detectors if d.case_sensitive]
        # One alternation tells most clean texts apart from all others before any single pattern is tried.
        alternatives = [f"(?:(?i){r})" for r in folded] + [f"(?:{r})" for r in exact]
        self._gate = _pattern("|".join(alternatives), case_sensitive=True) if alternatives else None

    def scan(self, texts: Iterable[Text]) -> tuple[Match, ...]:
        """Every match of every detector in these texts at the best level that holds, in the order of texts and places."""
        found: list[Match] = []
        for text in texts:
            if self._gate is None or self._gate.search(text.octets) is None:
                continue
            found += sorted(self._scan_text(text), key=lambda m: (m.start, m.end, m.detector))
        return tuple(found)

    def _scan_text(self, text: Text) -> Iterator[Match]:
        scan = _Scan(text, self._words)
        for compiled in self._compiled:
            for start, end, form in _values(compiled, text):
                level = next(
                    (lv for lv in compiled.detector.levels if scan.holds(lv, compiled, start, end, form)), None
                )
                if level is not None:
                    yield _match(compiled.detector, level.name, text, start, end)


class _Scan:
    """One text with its keywords, found when they are first asked for."""

    def __init__(self, text: Text, words: Words) -> None:
        self._text = text
        self._words = words
        self._places: Places | None = None

    def holds(self, level: Level, compiled: _Compiled, start: int, end: int, form: str) -> bool:
        if level.format and level.format != form:
            return False
        span = self._text.span_at(start)

        def stands(evidence: Evidence) -> bool:
            return self._stands(evidence, compiled, span, start, end)

        return (
            all(stands(e) for e in level.all)
            and (not level.any or any(stands(e) for e in level.any))
            and not any(stands(e) for e in level.none)
        )

    def _stands(self, evidence: Evidence, compiled: _Compiled, span: Span, start: int, end: int) -> bool:
        """Whether the evidence stands near the value, within its region."""
        low, high = max(span.start, start - evidence.within), min(max(span.end, end), end + evidence.within)
        if evidence.keywords:
            if self._places is None:
                self._places = self._words.places(self._text.text)
            return self._places.between(evidence.keywords, low, high)
        return compiled.evidence[evidence.regex].search(self._text.text[low:high].encode()) is not None


def _values(compiled: _Compiled, text: Text) -> Iterator[tuple[int, int, str]]:
    """Every value of a detector: its place in characters and its format."""
    position, octets, characters, counted = 0, text.octets, 0, 0
    group = compiled.detector.group
    while position <= len(octets) and (found := compiled.pattern.search(octets, position)) is not None:
        start, end = found.span(group)
        # Offsets in characters are counted on from the last match, so that the whole text is decoded once at most.
        characters += start - counted if text.is_ascii else len(octets[counted:start].decode("utf-8", "replace"))
        counted = start
        value = octets[start:end].decode("utf-8", "replace")
        checked = compiled.validator(value)
        if checked is None:
            position = max(found.end(), position + 1)
            continue
        first, last = characters + checked.start, characters + checked.end
        form = _form(text.text, first, last, checked)
        if form is not None:
            yield first, last, form
        kept = len(value[: checked.end].encode())
        position = max(start + kept, position + 1) if checked.end < len(value) else max(found.end(), position + 1)


def _form(text: str, start: int, end: int, checked: Checked) -> str | None:
    """The format of a value in its place: None for a piece of a longer one, `embedded` where a separator goes on."""
    before, after = text[max(start - 2, 0) : start], text[end : end + 2]
    if (before and _same_kind(before[-1], text[start])) or (after and _same_kind(after[0], text[end - 1])):
        return None
    tied = (len(before) == 2 and before[1] in "-./" and before[0].isdigit()) or (
        len(after) == 2 and after[0] in "-./" and after[1].isdigit()
    )
    return EMBEDDED if tied else checked.format


def _same_kind(neighbour: str, edge: str) -> bool:
    if edge.isdigit():
        return neighbour.isdigit()
    return edge.isalpha() and neighbour.isalnum()


def _match(detector: Detector, level: str, text: Text, start: int, end: int) -> Match:
    value = text.text[start:end]
    bare = "".join(c for c in value if c.isalnum()).upper()
    token = hashlib.blake2b(bare.encode(), digest_size=16).digest()
    region = text.span_at(start).region
    return Match(detector.name, level, text, start, end, region, MASKS[detector.mask](value), token)


def _compile(detector: Detector, detectors: Detectors) -> _Compiled:
    """One detector, each of its references checked. Raises DetectorError."""
    name = detector.name
    if detector.validator and detector.validator not in VALIDATORS:
        raise DetectorError(name, "validator", f"there is no validator {detector.validator!r}")
    if detector.mask not in MASKS:
        raise DetectorError(name, "mask", f"there is no mask {detector.mask!r}")
    pattern = _checked(name, detector.regex, case_sensitive=detector.case_sensitive)
    if not 0 <= detector.group <= pattern.groups:
        raise DetectorError(name, "group", f"the pattern has {pattern.groups} groups")
    evidence = {}
    for level in detector.levels:
        if level.format and level.format not in FORMATS[detector.validator]:
            raise DetectorError(name, "format", f"no format {level.format!r} from this validator")
        for item in (*level.all, *level.any, *level.none):
            if item.regex:
                evidence[item.regex] = _checked(name, item.regex, case_sensitive=False)
            elif item.keywords not in detectors.keywords:
                raise DetectorError(name, "keywords", f"there is no keyword list {item.keywords!r}")
    return _Compiled(detector, pattern, VALIDATORS.get(detector.validator, whole), evidence)


def _checked(name: str, regex: str, *, case_sensitive: bool) -> "re2._Regexp[str]":
    try:
        pattern = _pattern(regex, case_sensitive=case_sensitive)
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error.args[0])
        raise DetectorError(name, "regex", reason) from None
    if pattern.search(b"") is not None:
        raise DetectorError(name, "regex", "it matches the empty text, so it would match everywhere")
    return pattern


def _pattern(regex: str, *, case_sensitive: bool) -> "re2._Regexp[str]":
    options = re2.Options()
    options.case_sensitive = case_sensitive
    options.log_errors = False
    options.max_mem = MEMORY
    return re2.compile(regex, options)
