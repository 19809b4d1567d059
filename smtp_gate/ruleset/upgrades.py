"""What newer shipped packs mean for yours: what is new, changed, gone, yours alone, or changed by both; and what lies over it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from smtp_gate.ruleset.differences import Change, ChangeKind, differences
from smtp_gate.ruleset.packs import Source


class Fate(StrEnum):
    """What became of a thing, in the order in which it is told.

    The last three are all that can be said where nobody knows what was copied once.
    """

    CONFLICT = "conflict"
    NEW = "new"
    CHANGED = "changed"
    GONE = "gone"
    YOURS = "yours"
    DIFFERS = "differs"
    ONLY_SHIPPED = "only_shipped"
    ONLY_YOURS = "only_yours"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing or key: what the shipped packs changed in it since the base that was copied once, and what you changed.

    Where there is no base, `theirs` is what leads from yours to the shipped pack.
    """

    fate: Fate
    theirs: Change | None = None
    own: Change | None = None

    @property
    def change(self) -> Change:
        """The change itself, theirs where both made one. Raises ValueError where there is none."""
        found = self.theirs or self.own
        if found is None:
            raise ValueError("a step without a change")
        return found

    @property
    def is_news(self) -> bool:
        """Whether the shipped packs have changed here."""
        return self.fate in {Fate.CONFLICT, Fate.NEW, Fate.CHANGED, Fate.GONE, Fate.DIFFERS}


@dataclass(frozen=True, slots=True)
class Touch:
    """An override or a waiver of yours that lies over what has changed, or over what is gone.

    `keys` are what has changed there. `is_beside` says of an override that it replaces none of them: they come with the upgrade.
    """

    kind: ChangeKind
    name: str
    over: str
    is_gone: bool
    keys: tuple[str, ...] = ()
    is_beside: bool = False


def upgrade(base: Sequence[Source], yours: Sequence[Source], shipped: Sequence[Source]) -> tuple[Step, ...]:
    """Every step from yours to the shipped packs, in the order of fates.

    A pack of yours that has no base is compared with the shipped one alone; one that you do not have at all is new.
    """
    known = {source.name for source in base}
    alone = {source.name for source in yours} - known
    theirs = differences(base, [s for s in shipped if s.name not in alone])
    own = differences(base, [s for s in yours if s.name not in alone])
    two = differences([s for s in yours if s.name in alone], [s for s in shipped if s.name in alone])
    steps = (*_three_ways(theirs, own), *map(_two_ways, two))
    return tuple(sorted(steps, key=lambda step: list(Fate).index(step.fate)))


def _three_ways(theirs: Sequence[Change], own: Sequence[Change]) -> Iterator[Step]:
    by_thing: dict[tuple[ChangeKind, str], list[Change]] = {}
    for change in own:
        by_thing.setdefault((change.kind, change.name), []).append(change)
    met: set[Change] = set()
    for change in theirs:
        against = [o for o in by_thing.get((change.kind, change.name), ()) if _overlap(change.key, o.key)]
        met.update(against)
        if not against:
            fate = {"+": Fate.NEW, "-": Fate.GONE}.get(change.sign, Fate.CHANGED)
            yield Step(fate, theirs=change)
        # Who has taken the change over already has nothing to do.
        yield from (Step(Fate.CONFLICT, change, other) for other in against if other != change)
    yield from (Step(Fate.YOURS, own=change) for change in own if change not in met)


def _two_ways(change: Change) -> Step:
    fate = {"+": Fate.ONLY_SHIPPED, "-": Fate.ONLY_YOURS}.get(change.sign, Fate.DIFFERS)
    return Step(fate, theirs=change)


_WHOLE: Final = frozenset({"value", "words", "order"})
"""Keys of changes that stand for the whole thing."""


def _overlap(one: str, other: str) -> bool:
    """Whether one key is the other or lies below it; the whole thing, without a key, is above all."""
    short, long = sorted(("" if key in _WHOLE else key for key in (one, other)), key=len)
    return not short or long == short or long.startswith((f"{short}.", f"{short}["))


_SECTIONS: Final = {ChangeKind.RULE: "rules", ChangeKind.DETECTOR: "detectors", ChangeKind.KEYWORDS: "keywords"}


def touched(steps: Iterable[Step], yours: Sequence[Source]) -> tuple[Touch, ...]:
    """Your overrides and waivers that lie over what has changed in the shipped packs, or over what is gone from them."""
    news: dict[str, list[Change]] = {}
    for change in (step.change for step in steps if step.is_news):
        if change.kind in _SECTIONS and change.key != "examples":
            news.setdefault(f"{_SECTIONS[change.kind]}.{change.name}", []).append(change)
    found: list[Touch] = []
    for source in yours:
        for name, keys in _overrides(source):
            over = [s for s in news.get(name, ()) if not keys or any(_overlap(s.key, key) for key in keys)]
            found += _touch(ChangeKind.OVERRIDE, name, over)
            if not over:
                found += (replace(t, is_beside=True) for t in _touch(ChangeKind.OVERRIDE, name, news.get(name, ())))
        for _, waiver in source.items("waivers"):
            over = news.get(f"rules.{waiver.get('rule')}", [])
            found += _touch(ChangeKind.WAIVER, str(waiver.get("id")), over)
    return tuple(found)


def _overrides(source: Source) -> Iterator[tuple[str, list[str]]]:
    """Each override by section and name, with the keys that it sets (none: what it is laid over as a whole)."""
    for section, laid in source.entries("overrides").items():
        for name, keys in laid.items() if isinstance(laid, dict) else ():
            whole = section == "keywords" or not isinstance(keys, dict)
            yield f"{section}.{name}", [] if whole else [str(key) for key in keys]


def _touch(kind: ChangeKind, name: str, over: Sequence[Change]) -> Iterator[Touch]:
    if over:
        # A rule's own `-` is the rule that is gone; a key of it that is gone is a change of the rule.
        gone = any(change.sign == "-" and not change.key for change in over)
        yield Touch(kind, name, over[0].name, gone, tuple(dict.fromkeys(c.key for c in over if c.key)))
