"""A change on one line says what, where, from what and to what, and never more than fits."""

import json

import pytest

from smtp_gate.ruleset.changes_told import ROOM, gone_rules, line, shown, summary
from smtp_gate.ruleset.differences import Change, ChangeKind

RULE = ChangeKind.RULE


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (Change(RULE, "pii.ssn", "action", '"quarantine"', '"reject"'), "~ pii.ssn: action quarantine -> reject"),
        (Change(RULE, "pii.ssn", "", "", "{}"), "+ pii.ssn"),
        (Change(ChangeKind.WAIVER, "w1", "", "{}", ""), "- waiver w1"),
        (Change(RULE, "pii.ssn", "when.sender", "", '{"department": "Health"}'), '~ pii.ssn: when.sender - -> {"department": "Health"}'),
        (Change(ChangeKind.KEYWORDS, "k", "words", '["a"]', '["b", "c d"]'), "~ keywords k: +2 words: b, c d -a"),
        (Change(ChangeKind.KEYWORDS, "k", "order", '["a", "b"]', '["b", "a"]'), "~ keywords k: order"),
        (Change(RULE, "r", "examples", '{"hit": [1]}', '{"hit": [1, 2], "miss": [3]}'), "~ r: 2 examples new, 0 gone"),
        (Change(RULE, "r", "examples", "null", "[]"), "~ r: 0 examples new, 0 gone"),
        (Change(RULE, "r", "title", '""', '"a\\n  b"'), '~ r: title "" -> a b'),
    ],
)  # fmt: skip
def test_a_line_for_each_kind_of_change(change: Change, said: str) -> None:
    assert line(change) == said


def test_long_values_are_shortened() -> None:
    assert shown(json.dumps("x" * ROOM)) == "x" * ROOM
    assert shown(json.dumps("x" * (ROOM + 1))) == "x" * (ROOM - 3) + "..."


def test_a_summary_names_rules_first_and_counts_the_rest() -> None:
    words = [Change(ChangeKind.DETECTOR, f"d{n}", "", "", "{}") for n in range(5)]
    rule = Change(RULE, "pii.ssn", "", "{}", "")
    assert summary([*words, rule], 2) == ["- pii.ssn", "+ detector d0", "and 4 more"]
    assert summary([rule], 2) == ["- pii.ssn"]
    assert gone_rules([*words, rule]) == ("pii.ssn",)
    assert gone_rules([Change(RULE, "a", "action", '"x"', "")]) == ()
