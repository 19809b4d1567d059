"""What examples reach of their rule, point by point."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from smtp_gate.ruleset.build import BuildSettings, load
from smtp_gate.ruleset.coverage import Coverage, RuleCoverage
from smtp_gate.ruleset.examples import run_examples

DETECTORS = """\
pack: codes
keywords: {code_words: [code], order_words: [order]}
detectors:
  code:
    primary: {regex: 'c\\d{4}'}
    levels:
      high: {all: [{keywords: code_words, within: 20}]}
      low: {}
  other: {primary: {regex: 'zebra'}, levels: {high: {}}}
rules:
"""
RULE = """\
  - id: codes.code
    title: Codes stay here
    policy: P-DECENT
    family: sensitive
    when: {sender: [internal, "address:a@example.org"], recipients: [external, "address:b@milwaukee.gov"]}
    unless: [{sender: "address:a@milwaukee.gov"}, {encrypted: whole}]
    regions: {quoted: off, signature: 1}
    find:
      any: [{detector: code}, {detector: code, min_level: low, unique: 3}]
      none: [{detector: other}]
    action: quarantine
    examples:
      hit: [HITS]
      miss: [MISSES]
"""
EVERY = {
    "when sender internal", "when sender address:a@example.org", "when sender (a miss from others)",
    "when recipients external", "when recipients address:b@milwaukee.gov", "when recipients (a miss to others)",
    "unless 1: sender address:a@milwaukee.gov", "unless 2: encrypted",
    "find any code, medium or surer", "find any code, low or surer, 3 different", "find none other, medium or surer",
    "level code high", "level code low", "region quoted off", "region signature 1",
}  # fmt: skip


def covered(folder: Path, hits: str, misses: str = "{text: nothing}", rule: str = RULE) -> RuleCoverage:
    file = folder / "codes.yaml"
    file.write_text(DETECTORS + rule.replace("HITS", hits).replace("MISSES", misses))
    loaded = load([file], BuildSettings(frozenset({"milwaukee.gov"}), ZoneInfo("UTC")))
    assert loaded.ruleset is not None, [str(m) for m in loaded.mistakes]
    coverage = Coverage(loaded.ruleset.engine.detectors)
    for result in run_examples(loaded):
        coverage.add(result)
    (one,) = coverage.rules
    return one


def reached(folder: Path, hits: str, misses: str = "{text: nothing}", rule: str = RULE) -> set[str]:
    return {str(p) for p in covered(folder, hits, misses, rule).reached}


def test_the_points_are_what_the_rule_says(tmp_path: Path) -> None:
    one = covered(tmp_path, "{text: code c1234}")
    assert {str(p) for p in one.points} == EVERY
    assert set(one.unreached) | one.reached == set(one.points)


BASE = {"when sender internal", "when recipients external", "find any code, medium or surer", "level code high"}


@pytest.mark.parametrize(
    ("hit", "more", "less"),
    [
        ("{text: code c1234}", set(), set()),
        ("{text: c1111 c2222 c3333}", {"find any code, low or surer, 3 different", "level code low"}, {"find any code, medium or surer", "level code high"}),
        ("{from: a@example.org, text: code c1234}", {"when sender address:a@example.org"}, {"when sender internal"}),
        ("{to: b@milwaukee.gov, text: code c1234}", {"when recipients address:b@milwaukee.gov"}, {"when recipients external"}),
        ('{text: "Bye\\n\\n-- \\nDana, code c1234"}', {"region signature 1"}, set()),
        # A match that the clause which holds does not count reaches nothing.
        ("{text: code c1234 and so on and so on and c9999}", set(), set()),
        # What comes out wrong, or is a known gap, reaches nothing.
        ("{text: nothing here}", set(), BASE),
        ('{text: nothing yet, todo: "later"}', set(), BASE),
        ("{text: code c1234, expect: {level: low}}", set(), BASE),
    ],
)  # fmt: skip
def test_a_hit_reaches(tmp_path: Path, hit: str, more: set[str], less: set[str]) -> None:
    assert reached(tmp_path, hit) == BASE - less | more


@pytest.mark.parametrize(
    ("miss", "more"),
    [
        ("{text: nothing}", set()),
        # Outside of `when` only a mail proves anything in which something would be found.
        ("{to: c@milwaukee.gov, text: nothing}", set()),
        ("{to: c@milwaukee.gov, text: code c1234}", {"when recipients (a miss to others)"}),
        ("{from: x@example.org, text: code c1234}", {"when sender (a miss from others)"}),
        ("{from: x@example.org, to: c@milwaukee.gov, text: code c1234}", set()),
        ("{from: a@milwaukee.gov, login: a@milwaukee.gov, text: code c1234}", {"unless 1: sender address:a@milwaukee.gov"}),
        ("{from: a@milwaukee.gov, login: a@milwaukee.gov, text: nothing}", set()),
        ("{text: a zebra and code c1234}", {"find none other, medium or surer"}),
        ("{text: a zebra}", set()),
        ('{text: "On Mon, Mar 2, 2026 at 9:00 AM Lee <lee@example.org> wrote:\\n> code c1234"}', {"region quoted off"}),
    ],
)  # fmt: skip
def test_a_miss_reaches(tmp_path: Path, miss: str, more: set[str]) -> None:
    assert reached(tmp_path, "{text: code c1234}", miss) == BASE | more


def test_signals_and_statuses_are_reached_one_by_one(tmp_path: Path) -> None:
    rule = """\
  - id: codes.code
    title: Accounts
    policy: P-ACCESS
    family: accounts
    signals: [unknown, ended]
    action: reject
    examples:
      hit: [HITS]
      miss: [MISSES]
"""
    account = "accounts: [{address: c@milwaukee.gov, name: C, valid_to: 2026-01-31}]"
    assert reached(tmp_path, f"{{from: c@milwaukee.gov, text: a, {account}}}", rule=rule) == {"signals ended"}
    one = covered(
        tmp_path,
        f"{{from: c@milwaukee.gov, text: a, {account}}}, {{from: d@milwaukee.gov, text: a, {account}}}",
        rule=rule,
    )
    assert one.per_cent == 100


def test_signals_of_links_are_those_that_a_finding_names(tmp_path: Path) -> None:
    rule = """\
  - id: codes.code
    title: Links
    policy: P-MALWARE
    family: links
    weights: {script: 0}
    action: reject
    examples:
      hit: [HITS]
      miss: [MISSES]
"""
    one = covered(tmp_path, '{text: "https://www.milwaukee.gov@evil.example.net/pay"}', rule=rule)
    assert {str(p) for p in one.reached} == {"signals userinfo"}
    assert "signals script" not in {str(p) for p in one.points}


def test_a_rule_without_examples_reached_is_counted_and_nothing_is_rounded_up(tmp_path: Path) -> None:
    one = covered(tmp_path, "{text: code c1234}")
    assert one.per_cent == 26.6
    assert RuleCoverage("r", ()).per_cent == 100
