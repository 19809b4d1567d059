"""What differs between packs is named by thing and key; nothing is said of packs that say the same."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.ruleset.differences import Change, ChangeKind, differences
from smtp_gate.ruleset.packs import Source, read_source, shipped_rules
from smtp_gate.ruleset.yaml12 import read_document

PACK: dict[str, Any] = {
    "pack": "pii",
    "internal_domains": ["milwaukee.gov"],
    "rules": [
        {
            "id": "pii.ssn",
            "action": "quarantine",
            "when": {"recipients": "external", "sender": {"department": "Health"}},
            "find": {"any": [{"detector": "ssn", "min_level": "high"}, {"detector": "itin", "min_level": "high"}]},
            "examples": {"hit": [{"text": "536-90-4399"}], "miss": [{"text": "nothing"}]},
        },
        {"id": "pii.dob", "action": "reject", "mode": "shadow"},
    ],
    "waivers": [{"id": "w1", "rule": "pii.ssn", "expires": "2027-01-01"}],
    "detectors": {"ssn": {"primary": {"regex": "[0-9]+", "validator": "ssn"}, "levels": {"high": {}, "low": None}}},
    "keywords": {"ssn_words": ["ssn", "social security"]},
    "overrides": {"rules": {"money.iban": {"mode": "off"}}, "keywords": {"npi_words": {"add": ["npi no"]}}},
}


def source(pack: object, file: str = "pii.yaml") -> Source:
    document = read_document(file, json.dumps(pack).encode())
    name = pack.get("pack", "") if isinstance(pack, dict) else ""
    return Source(Path(file), document, name)


def told(before: object, after: object) -> list[str]:
    return [
        f"{c.sign} {c.kind} {c.name} {c.key}: {c.before} -> {c.after}"
        for c in differences([source(before)], [source(after)])
    ]


def edited(*path: str | int, to: object) -> dict[str, Any]:
    pack = copy.deepcopy(PACK)
    here: Any = pack
    for step in path[:-1]:
        here = here[step]
    here[path[-1]] = to
    return pack


def test_each_kind_of_change_is_named_by_thing_and_key() -> None:
    assert told(PACK, edited("rules", 0, "action", to="reject")) == ['~ rule pii.ssn action: "quarantine" -> "reject"']
    assert told(PACK, edited("rules", 0, "when", "sender", "department", to="ITMD")) == [
        '~ rule pii.ssn when.sender.department: "Health" -> "ITMD"'
    ]
    assert told(PACK, edited("rules", 0, "find", "any", 1, "min_level", to="low")) == [
        '~ rule pii.ssn find.any[1].min_level: "high" -> "low"'
    ]
    assert told(PACK, edited("keywords", "ssn_words", to=["ssn", "ss no"])) == [
        '~ keywords ssn_words words: ["social security"] -> ["ss no"]'
    ]
    assert told(PACK, edited("overrides", "rules", "money.iban", "mode", to="shadow")) == [
        '~ override rules.money.iban mode: "off" -> "shadow"'
    ]
    assert told(PACK, edited("detectors", "ssn", "levels", "low", to={})) == ["~ detector ssn levels.low: null -> {}"]
    assert told(PACK, edited("waivers", 0, "expires", to="2028-01-01")) == [
        '~ waiver w1 expires: "2027-01-01" -> "2028-01-01"'
    ]
    assert told(PACK, edited("internal_domains", to=[])) == ['~ pack pii internal_domains: ["milwaukee.gov"] -> []']
    (examples,) = differences([source(PACK)], [source(edited("rules", 0, "examples", "hit", to=[]))])
    assert examples.key == "examples"


def test_whole_things_come_and_go() -> None:
    without = edited("rules", to=PACK["rules"][:1])
    (gone,) = differences([source(PACK)], [source(without)])
    assert (gone.sign, gone.kind, gone.name, gone.key, gone.after) == ("-", ChangeKind.RULE, "pii.dob", "", "")
    (come,) = differences([source(without)], [source(PACK)])
    assert (come.sign, come.before, come.after) == ("+", "", gone.before)
    assert {c.kind for c in differences([], [source(PACK)])} == set(ChangeKind)


def test_a_rule_that_moves_to_another_pack_is_the_same_rule() -> None:
    other = source({"pack": "mine", "rules": [PACK["rules"][1]]}, "mine.yaml")
    left = source(edited("rules", to=PACK["rules"][:1]))
    (pack, rule) = differences([source(PACK)], [left, other])
    assert (pack.sign, pack.kind, pack.name) == ("+", ChangeKind.PACK, "mine")
    assert rule == Change(ChangeKind.RULE, "pii.dob", "pack", '"pii"', '"mine"')


def test_neither_file_names_nor_the_order_of_keys_and_packs_make_a_difference() -> None:
    turned = {key: PACK[key] for key in reversed(PACK)}
    other = source({"pack": "b", "rules": []}, "b.yaml")
    assert differences([source(PACK), other], [other, source(turned, "renamed.yaml")]) == ()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"pack": "a"}, {"pack": "a", "rules": []}),
        ({"pack": "a", "rules": []}, {"pack": "a", "rules": None}),
        ({"pack": "a", "rules": {}}, {"pack": "a", "rules": []}),
        ({"pack": "a", "rules": [1]}, {"pack": "a", "rules": [2]}),
        ({"pack": "a", "rules": [{"mode": "off"}]}, {"pack": "a", "rules": [{"mode": "on"}]}),
        ({"pack": "a", "rules": [{"id": "x"}]}, {"pack": "a", "rules": [{"id": "x"}, {"id": "x"}]}),
        ({"pack": "a", "rules": [{"id": "x"}, {"id": "y"}]}, {"pack": "a", "rules": [{"id": "y"}, {"id": "x"}]}),
        ({"pack": "a", "keywords": {"k": ["a", "b"]}}, {"pack": "a", "keywords": {"k": ["b", "a"]}}),
        ({"pack": "a", "keywords": {"k": ["a"]}}, {"pack": "a", "keywords": {"k": ["a", "a"]}}),
        ({"pack": "a", "keywords": {"k": "a"}}, {"pack": "a", "keywords": {"k": ["a"]}}),
        ({"pack": "a", "overrides": {"rules": {}}}, {"pack": "a", "overrides": {}}),
        ({"pack": "a", "x": 1}, {"pack": "a", "x": True}),
    ],
)
def test_what_is_misshapen_or_means_little_still_differs(before: object, after: object) -> None:
    assert told(before, after)
    assert told(after, before)
    assert told(after, after) == []


def _leaves(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    inner: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if not inner:
        yield path
    for step, below in inner:
        yield from _leaves(below, (*path, step))


@given(st.sampled_from([p for p in _leaves(PACK) if p != ("pack",)]), st.sampled_from(["new", 7, None, [], {"a": 1}]))
def test_every_single_edit_is_named(path: tuple[str | int, ...], value: object) -> None:
    after = edited(*path, to=value)
    changes = differences([source(PACK)], [source(after)])
    assert bool(changes) is (json.dumps(PACK) != json.dumps(after))
    back = differences([source(after)], [source(PACK)])
    assert len(back) == len(changes)
    if path[-1] != "id" and changes:
        # One edit is one change, and its thing is named.
        (change,) = changes
        owner = PACK[str(path[0])]
        first = path[1] if len(path) > 1 else path[0]
        name = owner[first]["id"] if isinstance(first, int) and isinstance(owner[first], dict) else str(first)
        assert change.name in {name, "pii", f"{first}.{path[2] if len(path) > 2 else ''}"}
        if isinstance(path[-1], str) and "examples" not in path and change.key:
            assert path[-1] in change.key


_values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["a", "b", "id"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "a", "rules", "keywords"]), inner, max_size=3)
    ),
    max_leaves=8,
)
_packs = st.fixed_dictionaries(
    {"pack": st.just("a")},
    optional=dict.fromkeys(("rules", "waivers", "detectors", "keywords", "overrides", "x"), _values),
)


@given(_packs, _packs)
def test_differences_are_empty_exactly_where_the_packs_say_the_same(one: object, other: object) -> None:
    assert differences([source(one)], [source(one)]) == ()
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (differences([source(one)], [source(other)]) == ()) is same


def test_the_shipped_packs_do_not_differ_from_themselves() -> None:
    folder = shipped_rules()
    assert folder is not None
    read = [read_source(path, []) for path in sorted(folder.glob("*.yaml"))]
    sources = [s for s in read if s is not None]
    assert sources
    assert differences(sources, sources[::-1]) == ()
