"""What of a rule its examples reach: alternatives of `when` and `unless`, clauses, levels, regions, signals, statuses.

A point is one thing that a rule says and that an example can prove: each alternative of `when` (a hit that is found with
that alternative alone), each side of `when` that keeps mail out (a miss that would be found without that side), each
`unless` (a miss that would be found without it and is spared by it alone), each clause of `find` (a hit in which it
holds; for `none` a miss that would be found without it), each level that a clause counts of its detector (a hit that has a counted
match of that level), each region that `regions` names (a match in it; in a hit, unless it is off), and each of
`signals` and `statuses` (a hit that is found by that one alone; for links one that names it). Only examples that come out right
reach anything. Coverage is the share of points that are reached, in per cent.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from smtp_gate.core.scope import ANYONE, Spare
from smtp_gate.detect.detectors import Detectors
from smtp_gate.examine import Rule, examine
from smtp_gate.families.clauses import LEVELS, Find, FindParams, accounted, seen_in, uncounted, written
from smtp_gate.families.links import WEIGHTS, LinksParams
from smtp_gate.ruleset.examples import ExampleResult, Judged

LISTS: Final = ("signals", "statuses")
"""Parameters of which each value is a way to be found."""


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """One thing a rule says: of which kind, and which."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class RuleCoverage:
    """The points of one rule in the order of the rule, and those that examples reach."""

    rule: str
    points: tuple[Point, ...]
    reached: frozenset[Point] = frozenset()

    @property
    def unreached(self) -> tuple[Point, ...]:
        """What no example reaches."""
        return tuple(p for p in self.points if p not in self.reached)

    @property
    def per_cent(self) -> float:
        """The share that is reached; 100 where there is nothing to reach."""
        return _share(len(self.reached), len(self.points))


class Coverage:
    """Adds up what the examples of several rules reach."""

    def __init__(self, detectors: Detectors) -> None:
        """`detectors` are those of the ruleset, whose levels count."""
        self._levels = {d.name: {level.name for level in d.levels} for d in detectors.detectors}
        self._by_rule: dict[str, RuleCoverage] = {}

    def expect(self, rule: Rule) -> None:
        """Count this rule, whether or not it has any example."""
        points = tuple(dict.fromkeys(_points(rule, self._levels)))
        self._by_rule.setdefault(rule.id, RuleCoverage(rule.id, points))

    def add(self, result: ExampleResult) -> None:
        """Count what one example reaches; only one that came out right reaches anything."""
        judged = result.judged
        if not result.passed or judged is None:
            return
        (rule,) = judged.alone.rules
        self.expect(rule)
        covered = self._by_rule[rule.id]
        reached = _by_hit(rule, judged) if result.kind == "hit" else _by_miss(rule, judged)
        known = covered.reached | (frozenset(reached) & frozenset(covered.points))
        self._by_rule[rule.id] = replace(covered, reached=known)

    @property
    def rules(self) -> tuple[RuleCoverage, ...]:
        """Each rule, in the order in which they were named."""
        return tuple(self._by_rule.values())

    @property
    def per_cent(self) -> float:
        """The share of all points of all rules."""
        return _share(sum(len(r.reached) for r in self.rules), sum(len(r.points) for r in self.rules))


OTHERS: Final = {"sender": "(a miss from others)", "recipients": "(a miss to others)"}
"""How a side of `when` is told that no miss shows at work: mail that only this side keeps the rule from."""


def _share(part: int, whole: int) -> float:
    """Per cent, cut to a tenth, so that 100 means all."""
    return (1000 * part // whole) / 10 if whole else 100.0


def _points(rule: Rule, levels: dict[str, set[str]]) -> Iterator[Point]:
    for side, alternatives in (("sender", rule.when.senders), ("recipients", rule.when.recipients)):
        if alternatives != ANYONE:
            yield from (Point(f"when {side}", str(who)) for who in alternatives)
            yield Point(f"when {side}", OTHERS[side])
    yield from (Point("unless", _spared(n, spare)) for n, spare in enumerate(rule.unless, 1))
    params = rule.params
    if isinstance(params, FindParams):
        yield from (Point("find", written(side, clause)) for side, clause in params.find.sides)
        for detector, least in sorted(_least(params.find).items()):
            names = [x for x in reversed(LEVELS[least:]) if x in levels.get(detector, ())]
            yield from (Point("level", f"{detector} {name}") for name in names)
        yield from (Point("region", f"{kind} {shift}") for kind, shift in params.regions.items())
    if isinstance(params, LinksParams):
        weights = WEIGHTS | params.weights
        yield from (Point("signals", name) for name, weight in weights.items() if weight)
    for key, values in _lists(rule):
        yield from (Point(key, str(value)) for value in values)


def _spared(number: int, spare: Spare) -> str:
    sides = (("sender", spare.scope.senders), ("recipients", spare.scope.recipients))
    said = [f"{side} {', '.join(map(str, who))}" for side, who in sides if who != ANYONE]
    return f"{number}: {'; '.join([*said, 'encrypted'] if spare.encrypted else said)}"


def _least(find: Find) -> dict[str, int]:
    """The least level that any clause counts of each detector whose finding is wanted."""
    least: dict[str, int] = {}
    for clause in (*find.any, *find.all):
        level = LEVELS.index(clause.min_level)
        least[clause.detector] = min(level, least.get(clause.detector, level))
    return least


def _lists(rule: Rule) -> Iterator[tuple[str, tuple[object, ...]]]:
    for key in LISTS:
        values = getattr(rule.params, key, None)
        if isinstance(values, tuple):
            yield key, values


def _by_hit(rule: Rule, judged: Judged) -> Iterator[Point]:
    yield from (point for point, narrowed in _narrowed(rule) if _finds(narrowed, judged))
    if isinstance(rule.params, FindParams):
        yield from _found(rule.params, judged)
    if isinstance(rule.params, LinksParams):
        details = _result(rule, judged)
        yield from (Point("signals", name) for detail in details for name in detail.split("+"))


def _narrowed(rule: Rule) -> Iterator[tuple[Point, Rule]]:
    """The rule with one alternative alone, beside the point that it is reached by."""
    when = rule.when
    for who in when.senders if when.senders != ANYONE else ():
        yield Point("when sender", str(who)), replace(rule, when=replace(when, senders=(who,)))
    for who in when.recipients if when.recipients != ANYONE else ():
        yield Point("when recipients", str(who)), replace(rule, when=replace(when, recipients=(who,)))
    for key, values in _lists(rule):
        for value in values:
            yield Point(key, str(value)), replace(rule, params=rule.params.model_copy(update={key: (value,)}))


def _found(params: FindParams, judged: Judged) -> Iterator[Point]:
    """The clauses that hold, and the levels and regions of what they count."""
    matches = judged.alone.engine.scan(judged.view.texts)
    held = [w for w in accounted(matches, params) if w.holds and w.side != "none"]
    yield from (Point("find", written(w.side, w.clause)) for w in held)
    for match in matches:
        if any(w.clause.detector == match.detector and not uncounted(match, w.clause, params) for w in held):
            yield Point("level", f"{match.detector} {match.level}")
            yield from _region(params, (match.region.kind,))


def _region(params: FindParams, kinds: Iterable[str]) -> Iterator[Point]:
    yield from (Point("region", f"{k} {shift}") for k, shift in params.regions.items() if k in kinds)


def _by_miss(rule: Rule, judged: Judged) -> Iterator[Point]:
    when = rule.when
    if when.senders != ANYONE and _finds(replace(rule, when=replace(when, senders=ANYONE)), judged):
        yield Point("when sender", OTHERS["sender"])
    if when.recipients != ANYONE and _finds(replace(rule, when=replace(when, recipients=ANYONE)), judged):
        yield Point("when recipients", OTHERS["recipients"])
    if rule.unless and _finds(replace(rule, unless=()), judged):
        for number, spare in enumerate(rule.unless, 1):
            if not _finds(replace(rule, unless=(spare,)), judged):
                yield Point("unless", _spared(number, spare))
    if isinstance(rule.params, FindParams):
        yield from _not_found(rule, rule.params, judged)


def _not_found(rule: Rule, params: FindParams, judged: Judged) -> Iterator[Point]:
    matches = judged.alone.engine.scan(judged.view.texts)
    off = {m.region.kind for m in matches if m.detector in params.find.detectors}
    yield from (p for p in _region(params, off) if p.name.endswith(" off") and not seen_in(matches, params))
    if not params.find.none:
        return
    free = params.model_copy(update={"find": params.find.model_copy(update={"none": ()})})
    if _finds(replace(rule, params=free), judged):
        held = (w for w in accounted(matches, params) if w.holds and w.side == "none")
        yield from (Point("find", written(w.side, w.clause)) for w in held)


def _finds(rule: Rule, judged: Judged) -> bool:
    return bool(_result(rule, judged))


def _result(rule: Rule, judged: Judged) -> tuple[str, ...]:
    """The details of what the rule, changed in one thing, finds for somebody it is for."""
    alone = replace(judged.alone, rules=(rule,))
    (result,) = examine(judged.view, judged.facts, alone, lambda: 0.0)
    return tuple(f.detail for f in result.findings if f.recipients is None or f.recipients & result.applies)
