"""What differs between two sets of packs, by meaning: rule by rule and key by key, whatever the files are called."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from smtp_gate.ruleset.packs import Source


class ChangeKind(StrEnum):
    """What has changed, in the order in which changes are told."""

    PACK = "pack"
    RULE = "rule"
    DETECTOR = "detector"
    KEYWORDS = "keywords"
    WAIVER = "waiver"
    OVERRIDE = "override"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `before` and `after` are values as JSON, empty where the thing or the key is not there.

    `key` is dotted below mappings (`when.sender`), and empty where the whole thing is new or gone. Of a keyword list `before`
    holds the words that are gone and `after` those that are new. An override is named by its section and what it is laid
    over (`rules.pii.ssn`).
    """

    kind: ChangeKind
    name: str
    key: str
    before: str
    after: str

    @property
    def sign(self) -> str:
        """`+` where a whole thing is new, `-` where one is gone, else `~`."""
        if self.key:
            return "~"
        return "-" if self.before else "+"


@dataclass(frozen=True, slots=True)
class _Item:
    """A thing that stands in a pack."""

    pack: str
    value: Any


Name = tuple[ChangeKind, str]
_KINDS: Final = tuple(ChangeKind)
_ABSENT: Final = object()
_OVERRIDES: Final = "overrides"
_LISTS: Final = {"rules": ChangeKind.RULE, "waivers": ChangeKind.WAIVER}
_MAPPINGS: Final = {"detectors": ChangeKind.DETECTOR, "keywords": ChangeKind.KEYWORDS}
_WHOLE: Final = frozenset({"examples"})
"""Keys that are told as one: nobody reads examples key by key."""


def differences(before: Sequence[Source], after: Sequence[Source]) -> tuple[Change, ...]:
    """Every difference, things in their order of kind and name; empty exactly where the packs say the same."""
    old, new = _things(before), _things(after)
    found: list[Change] = []
    for kind, name in sorted(old.keys() | new.keys(), key=_place):
        was, now = old.get((kind, name)), new.get((kind, name))
        if was is None or now is None:
            found.append(Change(kind, name, "", _said(was), _said(now)))
            continue
        if was.pack != now.pack:
            found.append(Change(kind, name, "pack", _json(was.pack), _json(now.pack)))
        found += (Change(kind, name, *change) for change in _changes(kind, was.value, now.value))
    return (*found, *_orders(before, after))


def _place(name: Name) -> tuple[int, str]:
    return _KINDS.index(name[0]), name[1]


def _things(sources: Sequence[Source]) -> dict[Name, _Item]:
    """Everything that stands in the packs by its kind and name; of a name that stands twice the second is `name (2)`."""
    found: dict[Name, _Item] = {}
    for source in sources:
        pack = _pack_name(source)
        for kind, name, value in ((ChangeKind.PACK, pack, _rest(source)), *_parts(source)):
            times, own = 1, name
            while (kind, own) in found:
                times += 1
                own = f"{name} ({times})"
            found[kind, own] = _Item("" if kind is ChangeKind.PACK else pack, value)
    return found


def _parts(source: Source) -> Iterator[tuple[ChangeKind, str, object]]:
    for section, kind in _LISTS.items():
        for index, item in source.items(section):
            yield kind, _id(index, item), item
    for section, kind in _MAPPINGS.items():
        for name, value in source.entries(section).items():
            yield kind, name, value
    for section, laid in source.entries(_OVERRIDES).items():
        if isinstance(laid, dict):
            for name, value in laid.items():
                yield ChangeKind.OVERRIDE, f"{section}.{name}", value


def _rest(source: Source) -> dict[str, object]:
    """What a pack says beside the things in it: its head, and what has no shape that could be told piece by piece."""
    root = source.document.root.value
    if not isinstance(root, dict):
        return {}
    rest: dict[str, object] = {}
    for key, value in root.items():
        if key == _OVERRIDES and isinstance(value, dict) and value:
            kept = {name: laid for name, laid in value.items() if not isinstance(laid, dict) or not laid}
            rest |= {key: kept} if kept else {}
        elif key in _LISTS and isinstance(value, list) and value:
            odd = [_id(n, item) if isinstance(item, dict) else [item] for n, item in enumerate(value)]
            odd = odd if any(isinstance(item, list) for item in odd) else []
            rest |= {key: odd} if odd else {}
        elif not (key in _MAPPINGS and isinstance(value, dict) and value):
            rest[key] = value
    return rest


def _orders(before: Sequence[Source], after: Sequence[Source]) -> Iterator[Change]:
    """Lists that hold the same things in another order: it means little, but their hash is another."""
    old = {_pack_name(source): source for source in before}
    for source in after:
        name = _pack_name(source)
        for section in _LISTS if name in old else ():
            was, now = ([_id(n, item) for n, item in s.items(section)] for s in (old[name], source))
            was, now = [i for i in was if i in now], [i for i in now if i in was]
            if was != now:
                yield Change(ChangeKind.PACK, name, f"order of {section}", _json(was), _json(now))


def _pack_name(source: Source) -> str:
    return source.name or source.path.stem


def _id(index: int, item: Mapping[str, object]) -> str:
    """What a rule or waiver calls itself, its place where it does not."""
    own = item.get("id")
    return own if isinstance(own, str) and own else f"#{index + 1}"


def _said(item: _Item | None) -> str:
    return "" if item is None else _json(item.value)


def _changes(kind: ChangeKind, was: object, now: object) -> Iterator[tuple[str, str, str]]:
    if kind is ChangeKind.KEYWORDS and isinstance(was, list) and isinstance(now, list):
        yield from _words(was, now)
    else:
        yield from _below("", was, now)


def _words(was: list[object], now: list[object]) -> Iterator[tuple[str, str, str]]:
    """The words that are gone and those that are new; or the order, since with another one the hash is another."""
    old, new = [_json(w) for w in was], [_json(w) for w in now]
    gone, come = (sorted((Counter(a) - Counter(b)).elements()) for a, b in ((old, new), (new, old)))
    if gone or come:
        yield "words", f"[{', '.join(gone)}]", f"[{', '.join(come)}]"
    elif old != new:
        yield "order", _json(was), _json(now)


def _below(key: str, was: object, now: object) -> Iterator[tuple[str, str, str]]:
    """The keys that differ, followed into mappings, and into lists of as many mappings."""
    for name, a, b in _pairs(key, was, now):
        if name == key:
            old, new = _json(a), _json(b)
            if old != new:
                # Where the thing itself is no mapping, there is no key to name.
                yield key or "value", old, new
        else:
            yield from _below(name, a, b)


def _pairs(key: str, was: object, now: object) -> list[tuple[str, object, object]]:
    """What is to be compared below a key, or the key itself where nothing below it can be."""
    if key in _WHOLE:
        return [(key, was, now)]
    if isinstance(was, dict) and isinstance(now, dict):
        keys = (*was, *(k for k in now if k not in was))
        return [(f"{key}.{k}" if key else str(k), was.get(k, _ABSENT), now.get(k, _ABSENT)) for k in keys]
    if not (isinstance(was, list) and isinstance(now, list) and len(was) == len(now)):
        return [(key, was, now)]
    if not all(isinstance(value, dict) for value in (*was, *now)):
        return [(key, was, now)]
    return [(f"{key}[{n}]", a, b) for n, (a, b) in enumerate(zip(was, now, strict=True))]


def _json(value: object) -> str:
    """One text for equal values whatever the order of their keys; empty for what is not there."""
    return "" if value is _ABSENT else json.dumps(value, ensure_ascii=False, sort_keys=True)
