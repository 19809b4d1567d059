"""Which rules of two rulesets look at mail alike: then what one saw is what the other sees, without the mail."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from smtp_gate.core.verdict import Mode
from smtp_gate.detect.detectors import Detector, Detectors
from smtp_gate.examine import Rule, Ruleset


class Kinship(StrEnum):
    """How a rule of the candidate stands to the one that runs."""

    EQUAL = "equal"
    """It looks alike and the same follows."""
    TERMS = "terms"
    """It looks alike, and something else follows: its mode, its action, what happens where it cannot look."""
    LOOKS = "looks"
    """It looks otherwise, or for other people, or there is no such rule yet: its findings are unknown without the mail."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A rule of the candidate, and the one of that id that runs, if any."""

    before: Rule | None
    after: Rule
    kinship: Kinship


def pairs(base: Ruleset, candidate: Ruleset) -> tuple[Pair, ...]:
    """Every rule of the candidate that is not off, in its order; rules that fell away have no pair."""
    known = {rule.id: rule for rule in base.rules}
    alive = (rule for rule in candidate.rules if rule.terms.mode is not Mode.OFF)
    return tuple(Pair(known.get(r.id), r, _kinship(known.get(r.id), r, base, candidate)) for r in alive)


def _kinship(before: Rule | None, after: Rule, base: Ruleset, candidate: Ruleset) -> Kinship:
    if before is None or before.terms.mode is Mode.OFF or not looks_alike(before, after, base, candidate):
        return Kinship.LOOKS
    return Kinship.EQUAL if _follows(before) == _follows(after) else Kinship.TERMS


def _follows(rule: Rule) -> tuple[object, ...]:
    """What a rule's terms do; what they say to the sender changes no verdict."""
    terms = rule.terms
    return terms.mode, terms.action, terms.on_unscannable, terms.on_error, rule.rollout


def looks_alike(before: Rule, after: Rule, base: Ruleset, candidate: Ruleset) -> bool:
    """Whether both see the same in every message, and for the same people: family, parameters, detectors, scopes, waivers."""
    same = (before.family.name, before.params, before.when, before.unless) == (
        after.family.name,
        after.params,
        after.when,
        after.unless,
    )
    if not same or base.waivers_of(before) != candidate.waivers_of(after):
        return False
    named = before.family.detectors(before.params)
    return _looking(named, base.engine.detectors) == _looking(named, candidate.engine.detectors)


def _looking(names: Iterable[str], detectors: Detectors) -> Mapping[str, object]:
    """All that decides what these detectors find: they themselves, their words, and the lists they look values up in."""
    by_name = {d.name: d for d in detectors.detectors}
    found: dict[str, object] = {}
    for name in names:
        detector = by_name.get(name)
        found[name] = detector
        if detector is not None:
            found.update((f"words {w}", detectors.keywords.get(w)) for w in _words(detector))
            listed = detectors.lists.get(detector.edm)
            found[f"list {detector.edm}"] = listed.id if listed is not None else None
    return found


def _words(detector: Detector) -> Iterator[str]:
    for level in detector.levels:
        yield from (clue.keywords for clue in (*level.all, *level.any, *level.none) if clue.keywords)
