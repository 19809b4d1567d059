"""Clauses that can never hold, told at the word that makes them so; and clauses that may hold, passed over."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.core.view import Match, Region, RegionKind, Span, Text
from smtp_gate.families.clauses import Clause, Find, FindParams, weigh
from smtp_gate.ruleset.lint_find import implies
from tests.ruleset.linted import rule, said, warnings

ALL_OFF = ", ".join(f"{kind.value}: off" for kind in RegionKind)


@pytest.mark.parametrize(
    ("find", "words"),
    [
        ("find: {any: [{detector: codename, min_level: §high}]}", "no level of `codename` reaches `high`, so this rule never finds"),
        ("find: {any: [{detector: badge}, {detector: codename, min_level: §high}]}", "so this alternative never holds"),
        ("find: {all: [{detector: badge}, {detector: codename, min_level: §high}]}", "so this rule never finds anything"),
        ("find: {any: [{detector: badge}], none: [{detector: codename, min_level: §high}]}", "so it forbids nothing"),
        ("find: {any: [{detector: §badge}], none: [{detector: badge, min_level: low}]}", "`none` forbids what is asked of `badge` here"),
        ("find: {any: [{detector: §badge, count: 3}], none: [{detector: badge, count: 2}]}", "`none` forbids"),
        ("find: {any: [{detector: §badge, unique: 3}], none: [{detector: badge, count: 3}]}", "`none` forbids"),
        ("find: {any: [{detector: codename, unique: §2}]}", "`codename` has one value alone"),
        (f"§regions: {{{ALL_OFF}}}\n    find: {{any: [{{detector: badge}}]}}", "every region is off"),
    ],
)  # fmt: skip
def test_a_clause_that_never_holds_is_told(find: str, words: str, tmp_path: Path) -> None:
    before = rule(find=find.partition("§")[0]).partition("\n    action")[0]
    here = (before.count("\n") + 3, len(before) - before.rfind("\n"))
    ((line, column, message),) = said(warnings(tmp_path, rule(find=find.replace("§", ""))))
    assert words in message
    assert (line, column) == here


def test_a_rule_of_which_no_alternative_can_hold_is_told_as_a_whole(tmp_path: Path) -> None:
    find = "find: {any: [{detector: codename, min_level: high}, {detector: codename, unique: 2}]}"
    found = said(warnings(tmp_path, rule(find=find)))
    assert [m for _, _, m in found if "none of these can hold" in m]
    assert len(found) == 3


def test_shifts_that_leave_no_level_are_told(tmp_path: Path) -> None:
    down = ", ".join(f"{kind.value}: -1" for kind in RegionKind)
    find = f"regions: {{{down}}}\n    find: {{any: [{{detector: badge, min_level: high}}]}}"
    ((line, _, message),) = said(warnings(tmp_path, rule(find=find)))
    assert (line, message) == (8, "`regions` leave nothing of `badge` at `high`, so this rule never finds anything")


@pytest.mark.parametrize(
    "find",
    [
        "find: {any: [{detector: badge, min_level: high, count: 5, unique: 3}]}",
        "find: {any: [{detector: badge, min_level: low}], none: [{detector: badge, min_level: high}]}",
        "find: {any: [{detector: badge}], none: [{detector: badge, count: 2}]}",
        "find: {any: [{detector: codename, count: 2}]}",
        "regions: {own: 1}\n    find: {any: [{detector: codename, min_level: high}]}",
        "regions: {own: off, header: -2}\n    find: {any: [{detector: badge, min_level: high}]}",
    ],
)
def test_a_clause_that_may_hold_is_passed_over(find: str, tmp_path: Path) -> None:
    assert said(warnings(tmp_path, rule(find=find))) == []


CLAUSES = st.builds(
    Clause,
    detector=st.sampled_from(["x", "y"]),
    min_level=st.sampled_from(["low", "medium", "high"]),
    count=st.integers(1, 3),
    unique=st.integers(1, 3),
)
FOUND = st.lists(
    st.tuples(st.sampled_from("xy"), st.sampled_from(["low", "medium", "high"]), st.sampled_from("123")), max_size=8
)


def matches(found: list[tuple[str, str, str]]) -> list[Match]:
    region = Region(RegionKind.OWN)
    text = Text("1", "plain", "text", (Span(0, 4, region),))
    return [Match(name, level, text, n, n, region, "", token.encode()) for n, (name, level, token) in enumerate(found)]


@given(CLAUSES, CLAUSES, FOUND)
def test_what_implies_another_clause_never_holds_without_it(
    sure: Clause, other: Clause, found: list[tuple[str, str, str]]
) -> None:
    if implies(sure, other):
        here = matches(found)
        assert not weigh(here, FindParams(find=Find(all=(sure,)))) or weigh(here, FindParams(find=Find(all=(other,))))
        assert not weigh(here, FindParams(find=Find(all=(sure,), none=(other,))))
