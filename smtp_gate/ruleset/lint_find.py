"""Clauses on detectors that can never hold, and what such a clause makes of its rule."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from smtp_gate.core.view import RegionKind
from smtp_gate.detect.detectors import Detector
from smtp_gate.families.clauses import LEVELS, Clause, FindParams
from smtp_gate.ruleset.marks import Document, Mistake
from smtp_gate.ruleset.problems import Loc
from smtp_gate.ruleset.rules import BuiltRule

_SIGNS: Final = re.compile(r"[\\.^$*+?{}\[\]|()]")
_EDGE: Final = re.compile(r"^\\b|\\b$")


def find_mistakes(document: Document, built: BuiltRule, detectors: Mapping[str, Detector]) -> Iterator[Mistake]:
    """What is odd about the clauses and regions of a rule that weighs what detectors found."""
    params = built.rule.params
    if not isinstance(params, FindParams):
        return
    if _looks_nowhere(params):
        said = "this rule never finds anything: every region is off"
        yield document.mistake((*built.at, "regions"), said, "leave one of them on", key=True, severity="warning")
        return
    find = params.find
    dead = []
    for side in ("all", "any", "none"):
        for number, clause in enumerate(getattr(find, side)):
            why = _why_never(clause, params, detectors)
            if not why and side != "none":
                why = _why_contradicted(clause, find.none)
            if why:
                dead.append((side, number))
                key, reason, hint = why
                said = f"{reason}, so {_effect(side, params)}"
                path: Loc = (*built.at, "find", side, number, key)
                yield document.mistake(path, said, hint, severity="warning")
    if len(find.any) > 1 and sum(side == "any" for side, _ in dead) == len(find.any):
        path = (*built.at, "find", "any")
        said = "this rule never finds anything: none of these can hold"
        yield document.mistake(path, said, "mend or remove them", key=True, severity="warning")


def _effect(side: str, params: FindParams) -> str:
    if side == "none":
        return "it forbids nothing"
    if side == "any" and len(params.find.any) > 1:
        return "this alternative never holds"
    return "this rule never finds anything"


def _looks_nowhere(params: FindParams) -> bool:
    return all(params.regions.get(kind, 0) == "off" for kind in RegionKind)


def _why_never(clause: Clause, params: FindParams, detectors: Mapping[str, Detector]) -> tuple[str, str, str] | None:
    """The key, the reason and the way out where the clause never holds whatever the mail; None where it may."""
    detector = detectors.get(clause.detector)
    if detector is None:
        return None
    best = max((LEVELS.index(level.name) for level in detector.levels), default=-1)
    least = LEVELS.index(clause.min_level)
    if _surest(best, params) < least:
        known = f"the surest level of `{detector.name}` is `{LEVELS[best]}`"
        if any(shift != 0 for shift in params.regions.values()) and best >= least:
            return "min_level", f"`regions` leave nothing of `{detector.name}` at `{clause.min_level}`", known
        return "min_level", f"no level of `{detector.name}` reaches `{clause.min_level}`", known
    if clause.unique > 1 and _is_one_word(detector):
        return "unique", f"`{detector.name}` has one value alone", "say `count` for how often it stands there"
    return None


def _surest(best: int, params: FindParams) -> int:
    """The surest level that a region leaves of this one; below zero where none leaves any."""
    shifts = [params.regions.get(kind, 0) for kind in RegionKind]
    return max((min(best + int(s), len(LEVELS) - 1) for s in shifts if s != "off"), default=-1)


def _is_one_word(detector: Detector) -> bool:
    """Whether the pattern is one word as it is written: values are the same in large and in small letters."""
    return not detector.validator and not _SIGNS.search(_EDGE.sub("", detector.regex))


def _why_contradicted(clause: Clause, none: tuple[Clause, ...]) -> tuple[str, str, str] | None:
    """The same where `none` forbids what the clause asks for."""
    if any(implies(clause, forbidden) for forbidden in none):
        return "detector", f"`none` forbids what is asked of `{clause.detector}` here", "ask for less in one of them"
    return None


def implies(sure: Clause, other: Clause) -> bool:
    """Whether the second holds wherever the first does."""
    return (
        sure.detector == other.detector
        and LEVELS.index(other.min_level) <= LEVELS.index(sure.min_level)
        and other.count <= max(sure.count, sure.unique)
        and other.unique <= sure.unique
    )
