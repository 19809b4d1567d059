"""Rules that add nothing: another one finds all that they find, for all whom they are for, and is no milder."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

from smtp_gate.core.scope import Scope, Who
from smtp_gate.core.verdict import Mode, Terms
from smtp_gate.core.view import RegionKind
from smtp_gate.examine import Rule
from smtp_gate.families.clauses import Clause, Find, FindParams
from smtp_gate.ruleset.lint_find import implies
from smtp_gate.ruleset.lint_who import Ours, simple, spares_all
from smtp_gate.ruleset.marks import Document, Mistake
from smtp_gate.ruleset.rules import BuiltRule

MOST: Final = 30
"""Rules of one kind for the same people with which each other one is compared: it bounds what thousands of them cost."""

_Key = tuple[str, str, Who, Who]


@dataclass(frozen=True, slots=True)
class Written:
    """A rule as it was built, and the document it stands in."""

    document: Document
    built: BuiltRule


def shadowed_mistakes(rules: Sequence[Written], ours: Ours, waived: Collection[str]) -> Iterator[Mistake]:
    """One for each enforced rule that another enforced one makes needless. Rules that waivers name may spare more."""
    index: dict[_Key, list[Written]] = {}
    acting = [one for one in rules if one.built.rule.terms.mode is Mode.ENFORCE]
    for one in acting:
        if one.built.rule.id not in waived:
            for key in _own_keys(one.built.rule):
                index.setdefault(key, []).append(one)
    order = {id(one): number for number, one in enumerate(acting)}
    for one in acting:
        other = next((o for o in _candidates(one, index, ours) if _makes_needless(o, one, order, ours)), None)
        if other is not None:
            rule, by = one.built.rule, other.built.rule
            line = other.document.place((*other.built.at, "id"))[0]
            said = f"`{rule.id}` adds nothing: `{by.id}` finds all that it finds, and is no milder"
            hint = f"see {other.document.file}:{line}"
            yield one.document.mistake((*one.built.at, "id"), said, hint, severity="warning")


def _names(rule: Rule) -> Iterable[str]:
    """What rules are grouped by: the detectors of which one must be found, or nothing."""
    if not isinstance(rule.params, FindParams):
        return ("",)
    find = rule.params.find
    return dict.fromkeys(c.detector for c in (find.all[:1] or find.any))


def _own_keys(rule: Rule) -> Iterator[_Key]:
    for name, sender, to in product(_names(rule), simple(rule.when.senders), simple(rule.when.recipients)):
        yield rule.family.name, name, sender, to


def _candidates(one: Written, index: dict[_Key, list[Written]], ours: Ours) -> Iterator[Written]:
    """Rules that may cover this one: they name one of its detectors, and somebody no narrower than its first ones."""
    rule = one.built.rule
    sender, to = simple(rule.when.senders)[0], simple(rule.when.recipients)[0]
    names: Iterable[str] = ("",)
    if isinstance(rule.params, FindParams):
        names = dict.fromkeys(c.detector for c in (*rule.params.find.all, *rule.params.find.any))
    wider = product(names, (sender, *ours.wider(sender)), (to, *ours.wider(to)))
    for name, senders, recipients in wider:
        yield from index.get((rule.family.name, name, senders, recipients), ())[:MOST]


def _makes_needless(wide: Written, narrow: Written, order: dict[int, int], ours: Ours) -> bool:
    if wide is narrow or not _covers(wide.built.rule, narrow.built.rule, ours):
        return False
    # Of two that say the same, the later one is told.
    return order[id(wide)] < order[id(narrow)] or not _covers(narrow.built.rule, wide.built.rule, ours)


def _covers(wide: Rule, narrow: Rule, ours: Ours) -> bool:
    return (
        _as_strict(wide.terms, narrow.terms)
        and _scope(wide.when, narrow.when, ours)
        and all(any(spares_all(n, w, ours) for n in narrow.unless) for w in wide.unless)
        and _finds(wide.params, narrow.params)
    )


def _as_strict(wide: Terms, narrow: Terms) -> bool:
    return (
        wide.action >= narrow.action
        and wide.on_unscannable >= narrow.on_unscannable
        and wide.on_error >= narrow.on_error
    )


def _scope(wide: Scope, narrow: Scope, ours: Ours) -> bool:
    return ours.cover(wide.senders, narrow.senders) and ours.cover(wide.recipients, narrow.recipients)


def _finds(wide: object, narrow: object) -> bool:
    """Whether the first parameters find something wherever the second do."""
    if not isinstance(wide, FindParams) or not isinstance(narrow, FindParams):
        return wide == narrow
    if type(wide) is not type(narrow):
        return False
    ours, theirs = wide.find, narrow.find
    # A region that counts for more lets a `none` hold as well, so then all must be the same.
    same = all(wide.regions.get(k, 0) == narrow.regions.get(k, 0) for k in RegionKind)
    if not same and (ours.none or not all(_shift(wide, k) >= _shift(narrow, k) for k in RegionKind)):
        return False
    return (
        all(_is_sure(a, theirs) for a in ours.all)
        and (not ours.any or _one_is_sure(ours.any, theirs))
        and all(any(implies(n, forbidden) for forbidden in theirs.none) for n in ours.none)
    )


def _shift(params: FindParams, kind: RegionKind) -> int:
    """The shift of a region; one that is off lies below all."""
    shift = params.regions.get(kind, 0)
    return -len(RegionKind) if shift == "off" else int(shift)


def _is_sure(clause: Clause, find: Find) -> bool:
    """Whether the clause holds wherever all of this does."""
    by_any = bool(find.any) and all(implies(c, clause) for c in find.any)
    return by_any or any(implies(c, clause) for c in find.all)


def _one_is_sure(clauses: tuple[Clause, ...], find: Find) -> bool:
    """Whether one of the clauses holds wherever all of this does."""
    by_any = bool(find.any) and all(any(implies(c, a) for a in clauses) for c in find.any)
    return by_any or any(implies(c, a) for c in find.all for a in clauses)
