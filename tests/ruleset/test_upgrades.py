"""What newer shipped packs mean for yours: each change has one fate, and what lies over it is named."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.ruleset.packs import Source
from smtp_gate.ruleset.upgrades import Fate, Step, touched, upgrade
from smtp_gate.ruleset.yaml12 import read_document

BASE: dict[str, Any] = {
    "pack": "pii",
    "rules": [
        {"id": "pii.ssn", "action": "quarantine", "when": {"recipients": "external", "sender": "internal"}},
        {"id": "pii.dob", "action": "reject", "mode": "shadow"},
    ],
    "detectors": {"ssn": {"primary": {"regex": "[0-9]+"}, "levels": {"high": {}}}},
    "keywords": {"words": ["ssn", "social"]},
}


def source(pack: object) -> Source:
    name = pack["pack"] if isinstance(pack, dict) else ""
    return Source(Path(f"{name}.yaml"), read_document(f"{name}.yaml", json.dumps(pack).encode()), name)


def edited(*edits: tuple[tuple[str | int, ...], object]) -> dict[str, Any]:
    pack = copy.deepcopy(BASE)
    for path, to in edits:
        here: Any = pack
        for step in path[:-1]:
            here = here[step]
        here[path[-1]] = to
    return pack


def told(*steps: Step) -> list[str]:
    return [f"{s.fate} {s.change.name} {s.change.key}".strip() for s in steps]


def three(yours: object, shipped: object) -> list[str]:
    return told(*upgrade([source(BASE)], [source(yours)], [source(shipped)]))


ACTION = ("rules", 0, "action")
WHEN = ("rules", 0, "when")


def test_each_change_has_its_fate() -> None:
    assert three(BASE, BASE) == []
    assert three(edited((ACTION, "reject")), BASE) == ["yours pii.ssn action"]
    assert three(BASE, edited((ACTION, "reject"))) == ["changed pii.ssn action"]
    assert three(edited((ACTION, "defer")), edited((ACTION, "reject"))) == ["conflict pii.ssn action"]
    assert three(edited((ACTION, "reject")), edited((ACTION, "reject"))) == [], "taken over already"
    assert three(BASE, edited((("rules",), BASE["rules"][:1]))) == ["gone pii.dob"]
    assert three(BASE, edited((("keywords", "more"), ["x"]))) == ["new more"]
    assert three(edited((ACTION, "reject")), edited((("rules", 1, "mode"), "off"))) == [
        "changed pii.dob mode", "yours pii.ssn action",
    ]  # fmt: skip


def test_what_overlaps_is_a_conflict_and_what_stands_beside_is_none() -> None:
    sender, recipients = (*WHEN, "sender"), (*WHEN, "recipients")
    assert three(edited((sender, "any")), edited((recipients, "any"))) == [
        "changed pii.ssn when.recipients", "yours pii.ssn when.sender",
    ]  # fmt: skip
    assert three(edited((WHEN, "any")), edited((recipients, "any"))) == ["conflict pii.ssn when.recipients"]
    (gone,) = upgrade(
        [source(BASE)], [source(edited((ACTION, "reject")))], [source(edited((("rules",), BASE["rules"][1:])))]
    )
    assert (gone.fate, gone.theirs and gone.theirs.after, gone.own and gone.own.after) == (
        Fate.CONFLICT,
        "",
        '"reject"',
    )
    words = [["ssn", "social", "mine"], ["ssn", "social", "theirs"]]
    (both,) = upgrade(
        [source(BASE)], *([source(edited((("keywords", "words"), some)))] for some in words)
    )  # fmt: skip
    assert both.fate is Fate.CONFLICT
    assert both.own is not None
    assert both.theirs is not None
    assert (both.own.after, both.theirs.after) == ('["mine"]', '["theirs"]')


def test_a_pack_that_you_do_not_have_is_new_and_one_that_you_removed_is_yours() -> None:
    other = {"pack": "other", "rules": [{"id": "other.x"}]}
    assert told(*upgrade([], [], [source(other)])) == ["new other", "new other.x"]
    assert told(*upgrade([source(other)], [], [source(other)])) == ["yours other", "yours other.x"]
    assert told(*upgrade([source(other)], [source(other)], [])) == ["gone other", "gone other.x"]


def test_without_a_base_only_two_sides_are_told() -> None:
    mine, theirs = edited((ACTION, "reject"), (("keywords",), {"a": ["b"]})), edited((("keywords",), {"c": ["d"]}))
    steps = upgrade([], [source(mine)], [source(theirs)])
    assert told(*steps) == ["differs pii.ssn action", "only_shipped c", "only_yours a"]
    assert steps[0].theirs is not None
    assert (steps[0].theirs.before, steps[0].theirs.after) == ('"reject"', '"quarantine"')


@pytest.mark.parametrize(
    ("shipped", "touches"),
    [
        (BASE, []),
        (edited((ACTION, "reject")), [("override", "rules.pii.ssn", False), ("waiver", "w1", False)]),
        (edited(((*WHEN, "sender"), "any")), [("override", "rules.pii.ssn", False), ("waiver", "w1", False)]),
        (edited((("rules",), BASE["rules"][1:])), [("override", "rules.pii.ssn", True), ("waiver", "w1", True)]),
        (edited((("keywords", "words"), ["ssn"])), [("override", "keywords.words", False)]),
        (edited((("rules", 0, "examples"), {"hit": []})), []),
        (edited((("rules", 1, "action"), "accept")), []),
    ],
)
def test_what_lies_over_a_change_is_named(shipped: object, touches: list[tuple[str, str, bool]]) -> None:
    own = source(
        {
            "pack": "ours",
            "overrides": {"rules": {"pii.ssn": {"action": "defer"}}, "keywords": {"words": {"add": ["x"]}}, "odd": 1},
            "waivers": [{"id": "w1", "rule": "pii.ssn"}, {"id": "w2", "rule": "other"}],
        }
    )
    steps = upgrade([source(BASE)], [source(BASE)], [source(shipped)])
    found = touched(steps, [source(BASE), own])
    assert [(str(t.kind), t.name, t.is_gone) for t in found] == touches
    assert all(t.over in {"pii.ssn", "words"} for t in found)


def test_an_override_that_replaces_nothing_of_what_has_changed_is_named_as_such() -> None:
    own = source({"pack": "ours", "overrides": {"rules": {"pii.ssn": {"action": "defer"}}}})
    beside = upgrade([source(BASE)], [source(BASE)], [source(edited(((*WHEN, "sender"), "any")))])
    (touch,) = touched(beside, [own])
    assert (touch.is_beside, touch.keys) == (True, ("when.sender",))
    over = upgrade([source(BASE)], [source(BASE)], [source(edited((ACTION, "reject"), ((*WHEN, "sender"), "any")))])
    (touch,) = touched(over, [own])
    assert (touch.is_beside, touch.keys) == (False, ("action",))


_edits = st.dictionaries(
    st.sampled_from(
        [ACTION, WHEN, ("rules", 1, "mode"), ("detectors", "ssn", "primary", "regex"), ("keywords", "words")]
    ),
    st.sampled_from(["a", "b", ["c"]]),
)


@given(_edits, _edits)
def test_nothing_is_lost_and_nothing_is_told_twice(
    own: dict[tuple[str | int, ...], object], theirs: dict[tuple[str | int, ...], object]
) -> None:
    steps = upgrade([source(BASE)], [source(edited(*own.items()))], [source(edited(*theirs.items()))])
    changed = {"conflict": 0, "yours": 0, "changed": 0, "same": 0}
    for path in {*own, *theirs}:
        both = path in own and path in theirs
        fate = ("same" if own[path] == theirs[path] else "conflict") if both else "yours" if path in own else "changed"
        changed[fate] += 1
    for fate in ("conflict", "yours", "changed"):
        assert sum(s.fate == fate for s in steps) == changed[fate]
