"""Rules that another one makes needless, told once with the other's place; and rules that add something."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.examine import Rule
from smtp_gate.families.clauses import Clause, Find, FindParams, weigh
from smtp_gate.ruleset import lint_shadowed
from smtp_gate.ruleset.lint_shadowed import _finds
from smtp_gate.ruleset.lint_who import Ours
from tests.ruleset.linted import rule, said, warnings
from tests.ruleset.test_lint_find import CLAUSES, FOUND, matches

LOW = "find: {any: [{detector: badge, min_level: low}]}"
WAIVER = (
    "waivers:\n  - {id: EX-1, rule: t.wide, sender: cdiaz@milwaukee.gov, owner: a, approver: b, ticket: c,"
    " reason: d, expires: 2099-01-01}\n"
)


def needless(folder: Path, *rules: str, more: str = "") -> list[str]:
    return [m for _, _, m in said(warnings(folder, *rules, more=more)) if "adds nothing" in m]


@pytest.mark.parametrize(
    "narrow",
    [
        rule("narrow"),
        rule("narrow", find="find: {any: [{detector: badge, min_level: low, count: 3}]}"),
        rule("narrow", find="find: {all: [{detector: codename}, {detector: badge}]}"),
        rule("narrow", find="find: {any: [{detector: badge}], none: [{detector: codename}]}"),
        rule("narrow", find=f"regions: {{quoted: off, header: -1}}\n    {LOW}"),
        rule("narrow", find=LOW, more="    when: {recipients: lee@irs.gov}\n"),
        rule("narrow", find=LOW, more="    unless: [{encrypted: whole}]\n"),
        rule("narrow", find=LOW).replace("quarantine", "defer"),
        rule("narrow", find=LOW, more="    on_unscannable: accept\n    on_error: accept\n"),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_a_rule_that_another_covers_is_told(narrow: str, first: bool, tmp_path: Path) -> None:
    rules = (rule("wide", find=LOW), narrow)
    ((line, column, message),) = said(warnings(tmp_path, *(rules if first else rules[::-1])))
    assert message == "`t.narrow` adds nothing: `t.wide` finds all that it finds, and is no milder"
    text = (tmp_path / "t.yaml").read_text().splitlines()
    assert text[line - 1][column - 1 :] == "t.narrow"


def test_the_hint_names_the_place_of_the_other(tmp_path: Path) -> None:
    (mistake,) = warnings(tmp_path, rule("wide", find=LOW), rule("narrow"))
    assert mistake.hint == f"see {tmp_path / 't.yaml'}:3"


def test_of_two_equal_rules_the_later_is_told(tmp_path: Path) -> None:
    assert needless(tmp_path, rule("a"), rule("b")) == [
        "`t.b` adds nothing: `t.a` finds all that it finds, and is no milder"
    ]


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ("    when: {recipients: external}\n", ""),
        ("    when: {recipients: external}\n", "    when: {recipients: internal}\n"),
        ("    when: {recipients: 'domain:irs.gov'}\n", "    when: {recipients: 'domain:ssa.gov'}\n"),
        ("    unless: [{recipients: 'domain:irs.gov'}]\n", ""),
        ("    unless: [{encrypted: whole}]\n", "    unless: [{encrypted: whole, recipients: external}]\n"),
        ("    mode: shadow\n", ""),
        ("    mode: off\n", ""),
        ("", "    mode: shadow\n"),
        ("    on_error: accept\n", ""),
        ("    on_unscannable: accept\n", ""),
    ],
)
def test_a_rule_that_acts_where_the_other_does_not_is_passed_over(wide: str, narrow: str, tmp_path: Path) -> None:
    rules = rule("wide", wide, LOW), rule("narrow", narrow, LOW.replace("low", "high"))
    assert needless(tmp_path, *rules) == []


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ("find: {any: [{detector: badge, count: 2}]}", "find: {any: [{detector: badge}]}"),
        ("find: {any: [{detector: badge}]}", "find: {any: [{detector: badge}, {detector: codename}]}"),
        ("find: {all: [{detector: badge}, {detector: codename}]}", "find: {any: [{detector: badge}]}"),
        ("find: {any: [{detector: badge}], none: [{detector: codename}]}", "find: {any: [{detector: badge}]}"),
        ("regions: {quoted: off}\n    find: {any: [{detector: badge}]}", "find: {any: [{detector: badge}]}"),
        (
            "regions: {own: 1}\n    find: {any: [{detector: badge}], none: [{detector: codename}]}",
            "find: {any: [{detector: badge, count: 9}], none: [{detector: codename}]}",
        ),
    ],
)
def test_a_rule_that_finds_what_the_other_does_not_is_passed_over(wide: str, narrow: str, tmp_path: Path) -> None:
    mild = rule("wide", find=wide), rule("narrow", find=narrow).replace("quarantine", "defer")
    assert needless(tmp_path, *mild) == []


def test_a_rule_that_waivers_name_makes_no_other_needless(tmp_path: Path) -> None:
    assert needless(tmp_path, rule("wide", find=LOW), rule("narrow"), more=WAIVER) == []


def test_a_milder_rule_makes_no_stricter_one_needless(tmp_path: Path) -> None:
    assert needless(tmp_path, rule("wide", find=LOW), rule("narrow").replace("quarantine", "reject")) == []


def test_another_family_with_the_same_parameters_is_another_rule(tmp_path: Path) -> None:
    assert needless(tmp_path, rule("a"), rule("b", family="credentials")) == []


@pytest.mark.parametrize("same", [True, False])
def test_many_rules_on_one_detector_are_not_compared_each_with_each(
    same: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    covers = lint_shadowed._covers

    def counted(wide: Rule, narrow: Rule, ours: Ours) -> bool:
        asked.append(wide.id)
        return covers(wide, narrow, ours)

    monkeypatch.setattr(lint_shadowed, "_covers", counted)
    number = 300
    # Either for different people each, or for the same, none of which covers another.
    rules = [
        rule(str(n), find=f"find: {{any: [{{detector: badge, count: {number + n}, unique: {number - n}}}]}}")
        if same
        else rule(str(n), f"    when: {{recipients: 'domain:d{n}.example'}}\n")
        for n in range(number)
    ]
    assert needless(tmp_path, *rules) == []
    assert len(asked) <= number * (lint_shadowed.MOST + 1)


FINDS = st.builds(
    lambda any_, all_, none: FindParams(find=Find(any=any_, all=all_, none=none)),
    st.lists(CLAUSES, min_size=1, max_size=2).map(tuple),
    st.lists(CLAUSES, max_size=2).map(tuple),
    st.lists(CLAUSES, max_size=1).map(tuple),
)


@given(FINDS, FINDS, FOUND)
def test_parameters_that_find_all_that_others_find_do(
    wide: FindParams, narrow: FindParams, found: list[tuple[str, str, str]]
) -> None:
    if _finds(wide, narrow):
        here = matches(found)
        assert weigh(here, wide) or not weigh(here, narrow)


def test_the_property_above_is_not_empty() -> None:
    narrow = FindParams(find=Find(any=(Clause(detector="x", count=2), Clause(detector="y"))))
    wide = FindParams(find=Find(any=(Clause(detector="x"), Clause(detector="y", min_level="low"))))
    assert _finds(wide, narrow)
    assert not _finds(narrow, wide)
