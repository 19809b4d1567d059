"""Whom a rule speaks of: alternatives that say nothing more, and an `unless` that takes all of a rule or nothing of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from smtp_gate.core.scope import ANYONE, Scope, Spare, Who, WhoKind
from smtp_gate.ruleset.marks import Document, Mistake
from smtp_gate.ruleset.problems import Loc
from smtp_gate.ruleset.rules import BuiltRule

_BOTH: Final = frozenset({Who(WhoKind.INTERNAL), Who(WhoKind.EXTERNAL)})
_ANY: Final = Who(WhoKind.ANY)
_OF_OURS: Final = frozenset({"unknown", "not_yet", "ended", "transferred"})
_FEW: Final = 40
"""Alternatives up to which each `unless` is compared with each other one."""


@dataclass(frozen=True, slots=True)
class Ours:
    """Our domains, and what can be said of people by them alone, whatever the directory holds."""

    domains: frozenset[str]

    def wider(self, who: Who) -> Iterator[Who]:
        """Every other alternative that means all whom this one means."""
        if who.kind is WhoKind.ANY:
            return
        yield _ANY
        if who.kind in {WhoKind.DOMAIN, WhoKind.ADDRESS}:
            local, _, domain = who.value.rpartition("@")
            if who.kind is WhoKind.ADDRESS:
                yield Who(WhoKind.DOMAIN, domain)
            # One that other servers would pass on is not ours, whatever domain it ends in.
            inside = domain in self.domains and not set(local) & set("%!@")
            yield Who(WhoKind.INTERNAL if inside else WhoKind.EXTERNAL)

    def cover(self, wide: tuple[Who, ...], narrow: tuple[Who, ...]) -> bool:
        """Whether everybody whom the second list means is meant by the first."""
        present = set(simple(wide))
        return all(n in present or any(w in present for w in self.wider(n)) for n in simple(narrow))

    def apart(self, some: tuple[Who, ...], others: tuple[Who, ...]) -> bool:
        """Whether nobody can be meant by both lists."""
        return all(self._are_apart(a, b) for a in simple(some) for b in simple(others))

    def _are_apart(self, one: Who, other: Who) -> bool:
        kinds = {one.kind, other.kind}
        if kinds & {WhoKind.ANY, WhoKind.GROUP} or one == other:
            return False
        if kinds == {WhoKind.DOMAIN}:
            return True
        return frozenset({*self._sides(one), *self._sides(other)}) == _BOTH

    def _sides(self, who: Who) -> set[Who]:
        return {w for w in (who, *self.wider(who)) if w in _BOTH}


def simple(whos: tuple[Who, ...]) -> tuple[Who, ...]:
    """The same alternatives, where both sides together are anybody."""
    return ANYONE if set(whos) >= _BOTH else whos


def who_mistakes(document: Document, built: BuiltRule, ours: Ours) -> Iterator[Mistake]:
    """What is odd about a rule's `when` and its `unless`."""
    when, unless = built.rule.when, built.rule.unless
    at: Loc = (*built.at, "when")
    yield from _sides(document, at, when, ours)
    yield from _asks_strangers(document, built, ours)
    for number, spare in enumerate(unless):
        place: Loc = (*built.at, "unless", number)
        yield from _sides(document, place, spare.scope, ours)
        yield from _reach(document, place, spare, when, ours)
        for other, wider in enumerate(unless[:_FEW]):
            same = spare == wider
            if other != number and spares_all(wider, spare, ours) and (other < number or not same):
                said = f"this spares nobody whom the `unless` in line {_line(document, (*built.at, 'unless', other))} does not spare"
                yield document.mistake(place, said, "take one of them out", severity="warning")
                break


def _line(document: Document, path: Loc) -> int:
    return document.place(path)[0]


def spares_all(wide: Spare, narrow: Spare, ours: Ours) -> bool:
    """Whether the first spares all mail that the second does."""
    kind = narrow.encrypted or not wide.encrypted
    # Where only people are named somebody must prove who they are, which encryption by itself never asks for.
    asks = narrow.names_people or not wide.names_people
    scope = ours.cover(wide.scope.senders, narrow.scope.senders)
    return kind and asks and scope and ours.cover(wide.scope.recipients, narrow.scope.recipients)


def _sides(document: Document, at: Loc, scope: Scope, ours: Ours) -> Iterator[Mistake]:
    for side, whos in (("sender", scope.senders), ("recipients", scope.recipients)):
        path: Loc = (*at, side)
        if set(whos) >= _BOTH:
            said = "`internal` and `external` together are everybody"
            yield document.mistake(path, said, f"leave `{side}` out, or name one of them", severity="warning")
            continue
        yield from _covered(document, path, whos, ours)


def _covered(document: Document, path: Loc, whos: tuple[Who, ...], ours: Ours) -> Iterator[Mistake]:
    """Alternatives that another one of the list covers."""
    first: dict[Who, int] = {}
    present = set(whos)
    for number, who in enumerate(whos):
        wider = who if who in first else next((w for w in ours.wider(who) if w in present), None)
        first.setdefault(who, number)
        if wider is not None:
            said = f"`{who}` says nothing more than `{wider}` beside it"
            if wider == who:
                said = f"`{who}` stands here twice"
            yield document.mistake((*path, number), said, "take it out", severity="warning")


def _reach(document: Document, at: Loc, spare: Spare, when: Scope, ours: Ours) -> Iterator[Mistake]:
    """An `unless` that spares all mail that the rule is for, or none of it."""
    scope = spare.scope
    if ours.apart(scope.recipients, when.recipients):
        said = "this `unless` spares nobody: the rule is not for these recipients"
        yield document.mistake((*at, "recipients"), said, "see the rule's `when`", severity="warning")
    elif (
        not spare.encrypted
        and ours.cover(scope.senders, when.senders)
        and ours.cover(scope.recipients, when.recipients)
    ):
        said = "this `unless` spares everybody whom the rule is for, as soon as the sender has proven who that is"
        yield document.mistake(at, said, "name fewer people, or say `mode: off` in the rule", severity="warning")


def _asks_strangers(document: Document, built: BuiltRule, ours: Ours) -> Iterator[Mistake]:
    """A rule on the city's accounts that is for senders who have none."""
    signals = set(getattr(built.rule.params, "signals", ()))
    if built.rule.family.name != "accounts" or not signals <= _OF_OURS:
        return
    if all(_is_stranger(who, ours) for who in built.rule.when.senders):
        names = "these senders are" if len(built.rule.when.senders) > 1 else "this sender is"
        said = f"{names} not of ours, and `{min(signals)}` is said of accounts of ours alone"
        hint = "leave `sender` out, or look for the signal `foreign`"
        yield document.mistake((*built.at, "when", "sender"), said, hint, severity="warning")


def _is_stranger(who: Who, ours: Ours) -> bool:
    """Whether nobody of a domain of ours is meant, nor of one below."""
    if who.kind is WhoKind.EXTERNAL:
        return True
    if who.kind not in {WhoKind.DOMAIN, WhoKind.ADDRESS}:
        return False
    labels = who.value.rpartition("@")[2].split(".")
    return not any(".".join(labels[n:]) in ours.domains for n in range(len(labels)))
