"""All detectors compiled once; one scan of a text serves every rule.

Patterns run on RE2, linear in the text whatever the pattern; a value is never a piece of a longer number or word.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Final, Protocol

from smtp_gate.core.view import Match, Text
from smtp_gate.detect.candidates import Value, values
from smtp_gate.detect.compiled import Clue, Compiled, Stage, compile_detector
from smtp_gate.detect.detectors import Detector, Detectors
from smtp_gate.detect.evidence import Budget, Lookup, Nearby, SpentError, Subject, Subjects
from smtp_gate.detect.masks import MASKS
from smtp_gate.detect.sieve import Sieve
from smtp_gate.detect.validators.wording import ranked

MOST: Final = 5000
"""Different values of one detector at one level in one text, and as many repeated ones: more would only fill memory."""

STEPS: Final = 1_000_000
"""The budget of one scan: a hundred thousand rows with two identifiers each, some seconds of one core at the worst."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a scan found, and the texts that it did not look through to their ends: its budget was spent."""

    matches: tuple[Match, ...]
    beyond: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """What one text holds, in order, and whether it was looked through to its end."""

    matches: list[Match]
    ended: bool = True

    def moved(self, text: Text) -> "_Found":
        """The same in another text of the same octets."""
        here = [replace(m, text=text, region=text.span_at(m.start).region) for m in self.matches]
        return _Found(here, self.ended)


class Witness(Protocol):
    """Who watches a search: the search itself is the same, so what a witness tells cannot differ from what counts."""

    detectors: frozenset[str]
    """The detectors that are run; a witness wants to see their candidates where they cannot count, too."""

    def refused(self, compiled: Compiled, text: Text, start: int, end: int, by: str) -> None:
        """A candidate that is no value (`detect.candidates`)."""
        ...

    def weighed(self, compiled: Compiled, text: Text, value: Value, level: str, nearby: Nearby) -> None:
        """A value, and the level at which it counts; empty where it does not."""
        ...


class Engine:
    """The compiled detectors of one ruleset; immutable once built, usable from several threads.

    Only the sieve, which spares a search of all detectors most of them, is built when it is first needed.
    """

    def __init__(self, detectors: Detectors, steps: int = STEPS) -> None:
        """Compile; `steps` is the budget of one scan. Raises DetectorError for the first that will not compile."""
        self.detectors = detectors
        self._steps = steps
        self._compiled = tuple(compile_detector(d, detectors) for d in detectors.detectors)
        self._lookup = Lookup(detectors)
        self._by_name: dict[str, list[int]] = {}
        for index, detector in enumerate(detectors.detectors):
            self._by_name.setdefault(detector.name, []).append(index)
        self._only: tuple[int, ...] | None = None

    @cached_property
    def _sieve(self) -> Sieve:
        return Sieve(self.detectors)

    def ready(self) -> None:
        """Build and load what a search of all detectors needs now: no mail waits for it, and processes share its memory."""
        self._sieve  # noqa: B018 - a cached property is built when it is looked at
        ranked()

    def only(self, names: Collection[str]) -> "Engine":
        """The same engine looking for these detectors alone, at once: names that it does not know are passed over.

        Of each of them it finds what the whole engine finds, since no detector knows of another; the budget alone, which
        all share, lasts longer.
        """
        # As `copy.copy` does, which takes several times as long: this is done for every rule with examples.
        made = Engine.__new__(Engine)
        made.__dict__.update(self.__dict__)
        chosen = sorted(index for name in set(names) for index in self._by_name.get(name, ()))
        made._only = tuple(chosen)  # noqa: SLF001 - it is one of this class, and not yet anybody's
        return made

    def scan(self, texts: Iterable[Text]) -> tuple[Match, ...]:
        """Every match within the budget, in the order of texts and places."""
        return self.search(texts).matches

    def search(self, texts: Iterable[Text], witness: Witness | None = None) -> Scanned:
        """Every match of every detector at the best level that holds, in the order of texts and places.

        Of one detector at one level in one text, MOST matches are told, and beyond them MOST different values. The
        budget counts candidates, look-ups of evidence and matches over all texts; what is beyond it is told as such.
        With a witness its detectors alone are run, on every text.
        """
        every = tuple(texts)
        budget = Budget(self._steps)
        subjects = Subjects(every, self._lookup)
        found: list[Match] = []
        beyond: list[Text] = []
        sizes = Counter(len(text.octets) for text in every)
        done: dict[tuple[bytes, Subject | None], _Found] = {}
        for text in every:
            subject = subjects.before(text)
            if sizes[len(text.octets)] == 1:
                here = self._text(text, subject, budget, witness)
            else:
                # Readings of one part are often the same octets; only the place of what was found there differs.
                key = (text.octets, subject)
                here = done[key].moved(text) if key in done else self._text(text, subject, budget, witness)
                done[key] = here
            found += here.matches
            if not here.ended:
                beyond.append(text)
        return Scanned(tuple(found), tuple(beyond))

    def _text(self, text: Text, subject: Subject | None, budget: Budget, witness: Witness | None) -> _Found:
        """What stands in one text."""
        possible = self._possible(text, subject, witness)
        if not possible:
            return _Found([])
        scan = _Scan(text, Nearby(text, subject, self._lookup, budget), budget, witness)
        ended = True
        try:
            for index in possible:
                scan.run(self._compiled[index])
        except SpentError:
            ended = False
        scan.found.sort(key=lambda m: (m.start, m.end, m.detector))
        return _Found(scan.found, ended)

    def _possible(self, text: Text, subject: Subject | None, witness: Witness | None) -> Sequence[int]:
        """The detectors to try; a few are tried as they are, which is no slower than asking which of all may match."""
        if witness is None and self._only is not None:
            return self._only
        if witness is None:
            return self._sieve.possible(text.octets, subject.octets if subject is not None else b"")
        return [n for n, compiled in enumerate(self._compiled) if compiled.detector.name in witness.detectors]


class _Scan:
    """One text, and what is found in it."""

    def __init__(self, text: Text, nearby: Nearby, budget: Budget, witness: Witness | None = None) -> None:
        self.found: list[Match] = []
        self._text = text
        self._nearby = nearby
        self._budget = budget
        self._witness = witness

    def run(self, compiled: Compiled) -> None:
        """Add every match of one detector. Raises SpentError."""
        counted: dict[str, int] = {}
        tokens: dict[str, set[bytes]] = {}
        witness = self._witness
        refused = None if witness is None else partial(witness.refused, compiled, self._text)
        for value in values(compiled, self._text, self._budget, refused):
            level = self._level(compiled.stages, value)
            if witness is not None:
                witness.weighed(compiled, self._text, value, level, self._nearby)
            if not level:
                continue
            self._budget.spend(5)
            match = _match(compiled.detector, level, self._text, value)
            known = tokens.setdefault(level, set())
            counted[level] = counted.get(level, 0) + 1
            if counted[level] <= MOST or (len(known) < MOST and match.token not in known):
                known.add(match.token)
                self.found.append(match)

    def _level(self, stages: tuple[Stage, ...], value: Value) -> str:
        """The first level that holds; empty where none does."""
        for stage in stages:
            if (
                (not stage.format or stage.format == value.format)
                and (not stage.all or self._all_stand(stage.all, value))
                and (not stage.any or self._one_stands(stage.any, value, weakens=False))
                and not (stage.none and self._one_stands(stage.none, value, weakens=True))
            ):
                return stage.name
        return ""

    def _all_stand(self, clues: tuple[Clue, ...], value: Value) -> bool:
        for clue in clues:
            if not self._nearby.stands(clue.evidence, clue.pattern, value.start, value.end, weakens=False):
                return False
        return True

    def _one_stands(self, clues: tuple[Clue, ...], value: Value, *, weakens: bool) -> bool:
        for clue in clues:
            if self._nearby.stands(clue.evidence, clue.pattern, value.start, value.end, weakens=weakens):
                return True
        return False


def _match(detector: Detector, level: str, text: Text, value: Value) -> Match:
    written = text.text[value.start : value.end]
    key = value.key or "".join(c for c in written if c.isalnum()).upper()
    token = hashlib.blake2b(key.encode("utf-8", "replace"), digest_size=16).digest()
    region = text.span_at(value.start).region
    return Match(detector.name, level, text, value.start, value.end, region, MASKS[detector.mask](written), token)
