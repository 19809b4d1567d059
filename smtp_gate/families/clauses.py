"""Clauses on what detectors found: levels, counts, values and regions, shared by the families that name detectors."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from smtp_gate.core.finding import Finding
from smtp_gate.core.view import Match, Region, RegionKind
from smtp_gate.families.base import Meanings, Params

LEVELS: Final = ("low", "medium", "high")
LEVEL_WORDS: Final = {
    "high": "the surest: form and surroundings speak for it",
    "medium": "likely",
    "low": "possible: counts in numbers (`unique: 10`), beside something else under `all`, or in a rule in shadow",
}
LevelName = Annotated[Literal["high", "medium", "low"], Meanings(LEVEL_WORDS)]
REGIONS: Final = {
    RegionKind.OWN: "what the sender has written",
    RegionKind.QUOTED: "the letter that is answered, below or between the sender's words",
    RegionKind.FORWARDED: "a letter that is passed on",
    RegionKind.RETURNED: "a message inside a report that it could not be delivered",
    RegionKind.SIGNATURE: "the sender's signature block",
    RegionKind.SUBJECT: "the subject",
    RegionKind.HEADER: "the other headers",
    RegionKind.ATTACHMENT: "attachments, and what archives among them hold",
}
Shift = Literal["off"] | Annotated[int, Field(strict=True, ge=-2, le=2)]


class Clause(Params):
    """One condition on one detector."""

    detector: str
    """The detector's name."""
    min_level: LevelName = "medium"
    """The least level that counts."""
    count: Annotated[int, Field(strict=True, ge=1)] = 1
    """How often it must be found; a value repeated in one text counts again, the same text read twice does not."""
    unique: Annotated[int, Field(strict=True, ge=1)] = 1
    """How many different values must be found."""


class Find(Params):
    """What must be found: all of `all`, one of `any`, and none of `none`, in the message as a whole."""

    any: tuple[Clause, ...] = ()
    """At least one of these."""
    all: tuple[Clause, ...] = ()
    """Every one of these."""
    none: tuple[Clause, ...] = ()
    """None of these, in none of the parts."""

    @model_validator(mode="after")
    def _looks_for_something(self) -> "Find":
        if not self.any and not self.all:
            raise ValueError("name at least one detector under any or all")
        return self

    @property
    def detectors(self) -> frozenset[str]:
        """The detectors that the clauses name."""
        return frozenset(c.detector for _, c in self.sides)

    @property
    def sides(self) -> tuple[tuple[str, Clause], ...]:
        """Each clause with the side it stands on: any, all or none."""
        return (*(("any", c) for c in self.any), *(("all", c) for c in self.all), *(("none", c) for c in self.none))


class FindParams(Params):
    """Parameters of a family that weighs what detectors found."""

    find: Find
    """What must be found."""
    regions: dict[Annotated[RegionKind, Meanings(REGIONS)], Shift] = Field(default_factory=dict)
    """A shift of the level by where the value stands (`quoted: -1`), or `off`; every region counts as it is unless it is
    named. Rules for P-SENSITIVE and P-PASSWORD may not look less closely."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One match at the level its region leaves it."""

    match: Match
    level: int


@dataclass(frozen=True, slots=True)
class Weighed:
    """One clause with what was counted for it: `side` is any, all or none, `holds` whether it has as much as it names."""

    side: str
    clause: Clause
    unique: int
    count: int

    @property
    def holds(self) -> bool:
        """Whether there is as much as the clause names."""
        return self.unique >= self.clause.unique and self.count >= self.clause.count


def written(side: str, clause: Clause) -> str:
    """A clause in words: `any us_ssn, medium or surer, 10 different`."""
    least = clause.min_level if clause.min_level == LEVELS[-1] else f"{clause.min_level} or surer"
    many = f", {clause.unique} different" if clause.unique > 1 else ""
    often = f", {clause.count} in all" if clause.count > 1 else ""
    return f"{side} {clause.detector}, {least}{many}{often}"


def weigh(matches: Iterable[Match], params: FindParams) -> tuple[Finding, ...]:
    """One finding for each detector, level and place behind the clauses that hold."""
    seen = seen_in(matches, params)
    if not seen:
        return ()
    weighed = tuple(_weighed(params.find, seen))
    held = [w.clause for w in weighed if w.side != "none" and w.holds]
    if any(w.holds is (w.side == "none") for w in weighed if w.side != "any"):
        return ()
    if params.find.any and not any(w.holds for w in weighed if w.side == "any"):
        return ()
    return tuple(_findings(held, seen))


def accounted(matches: Iterable[Match], params: FindParams) -> tuple[Weighed, ...]:
    """Every clause with what is counted for it, as `weigh` counts it."""
    return tuple(_weighed(params.find, seen_in(matches, params)))


def seen_in(matches: Iterable[Match], params: FindParams) -> list[Seen]:
    """The matches of the detectors that the clauses name, at the levels that their regions leave them."""
    wanted = params.find.detectors
    return [s for m in matches if m.detector in wanted for s in _shifted(m, params)]


def _weighed(find: Find, seen: list[Seen]) -> Iterator[Weighed]:
    for side, clause in find.sides:
        counted = _counted(clause, seen)
        yield Weighed(side, clause, len({s.match.token for s in counted}), _occurrences(counted))


def uncounted(match: Match, clause: Clause, params: FindParams) -> str:
    """Why a clause on the match's detector does not count it, in words; empty where it does."""
    kind = match.region.kind
    seen = next(_shifted(match, params), None)
    if seen is None:
        return (
            f"`regions` turns {kind} off" if params.regions.get(kind) == "off" else f"`regions` leaves {kind} no level"
        )
    if seen.level >= LEVELS.index(clause.min_level):
        return ""
    now = LEVELS[seen.level]
    shifted = f", shifted from {match.level} by `regions`" if now != match.level else ""
    return f"level {now}{shifted}, and {clause.min_level} is wanted"


def _shifted(match: Match, params: FindParams) -> Iterator[Seen]:
    """The match at its shifted level; nothing where the region is off or the shift leaves no level."""
    shift = params.regions.get(match.region.kind, 0)
    if shift == "off":
        return
    level = LEVELS.index(match.level) + int(shift)
    if level >= 0:
        yield Seen(match, min(level, len(LEVELS) - 1))


def _counted(clause: Clause, seen: list[Seen]) -> list[Seen]:
    least = LEVELS.index(clause.min_level)
    return [s for s in seen if s.match.detector == clause.detector and s.level >= least]


def _occurrences(seen: list[Seen]) -> int:
    """How often values occur: of each value, as often as in the one text that has it most.

    Texts may be readings or alternatives of each other, so a value that stands once in each of them stands once.
    """
    by_text: dict[tuple[bytes, str, str], int] = {}
    for one in seen:
        key = (one.match.token, one.match.text.part, one.match.text.reading)
        by_text[key] = by_text.get(key, 0) + 1
    most: dict[bytes, int] = {}
    for (token, _, _), number in by_text.items():
        most[token] = max(most.get(token, 0), number)
    return sum(most.values())


def _findings(clauses: Iterable[Clause], seen: list[Seen]) -> Iterator[Finding]:
    """Each value once, where it is surest (the first place among equals), grouped by detector, level and place."""
    surest: dict[tuple[str, bytes], Seen] = {}
    for clause in clauses:
        for one in _counted(clause, seen):
            key = (one.match.detector, one.match.token)
            if key not in surest or one.level > surest[key].level:
                surest[key] = one
    groups: dict[tuple[str, int, Region, str], list[Seen]] = {}
    for one in surest.values():
        match = one.match
        groups.setdefault((match.detector, one.level, match.region, match.text.part), []).append(one)
    for (detector, level, region, part), values in groups.items():
        evidence = values[0].match.evidence
        yield Finding(region, evidence, detector, LEVELS[level], part, count=len(values))
