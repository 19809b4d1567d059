"""Rules that let everything pass, detectors and lists that nobody uses, examples that stand twice; shipped packs are clean."""

from dataclasses import replace
from pathlib import Path

import pytest

from smtp_gate.ruleset import build
from smtp_gate.ruleset.build import load
from smtp_gate.ruleset.packs import shipped_rules
from tests.ruleset.linted import FIND, SETTINGS, WORDS, rule, said, warnings

TWO = FIND.replace("]}", ", {detector: codename}]}")
SPARE = WORDS.replace("keywords:\n", "keywords:\n  spare: [unused]\n")


def test_a_rule_that_accepts_whatever_it_finds_is_told(tmp_path: Path) -> None:
    accept = rule(more="    on_unscannable: accept\n").replace("quarantine", "accept")
    ((line, column, message),) = said(warnings(tmp_path, accept))
    assert (line, column, message) == (
        8, 13, "this rule acts only where it fails (defer): whatever it finds, it accepts",
    )  # fmt: skip
    ((_, _, never),) = said(warnings(tmp_path, accept + "    on_error: accept\n"))
    assert never == "this rule can never act: whatever it finds, it accepts"


def test_a_rule_that_holds_what_it_cannot_look_into_is_passed_over(tmp_path: Path) -> None:
    assert said(warnings(tmp_path, rule().replace("quarantine", "accept"))) == []


def test_what_nobody_uses_is_told_at_its_name(tmp_path: Path) -> None:
    found = said(warnings(tmp_path, rule(), words=SPARE))
    lines = (tmp_path / "t.yaml").read_text().splitlines()
    assert [(lines[line - 1].strip()[:8], column, message) for line, column, message in found] == [
        ("codename", 3, "no rule names the detector `codename`"),
        ("spare: [", 3, "no detector names the keyword list `spare`"),
    ]


@pytest.mark.parametrize(
    "find",
    [TWO, FIND.replace("]}", "], none: [{detector: codename}]}"), FIND.replace("any", "all").replace("]}", "], any: [{detector: codename}]}")],
)  # fmt: skip
def test_what_any_clause_of_any_rule_names_is_used(find: str, tmp_path: Path) -> None:
    assert said(warnings(tmp_path, rule(find=find, more="    mode: off\n"), words=WORDS + "\n")) == []


def test_a_list_that_is_evidence_against_a_match_is_used(tmp_path: Path) -> None:
    words = SPARE.replace("levels: {medium: {}}", "levels: {medium: {none: [{keywords: spare, within: 20}]}}")
    assert said(warnings(tmp_path, rule(find=TWO), words=words)) == []
    words = SPARE.replace("levels: {medium: {}}", "levels: {medium: {any: [{column: spare}]}}")
    assert said(warnings(tmp_path, rule(find=TWO), words=words)) == []


def test_what_a_shipped_pack_offers_need_not_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "shipped_rules", lambda: tmp_path)
    assert said(warnings(tmp_path, rule(), words=SPARE)) == []


def test_the_shipped_packs_deserve_no_warning() -> None:
    folder = shipped_rules()
    assert folder is not None
    assert load([folder], SETTINGS).mistakes == ()


def test_nor_do_they_where_their_offers_are_judged_too(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = shipped_rules()
    assert folder is not None
    monkeypatch.setattr(build, "shipped_rules", lambda: None)
    assert load([folder], SETTINGS).mistakes == ()


def test_the_same_mail_as_hit_and_miss_is_an_error_and_twice_a_warning(tmp_path: Path) -> None:
    twice = rule().replace("[{text: miss a}]", "[{text: hit a}, {text: hit a, to: lee@irs.gov}, {text: b}, {text: b}]")
    (tmp_path / "t.yaml").write_text("pack: t\nrules:\n" + twice + WORDS)
    loaded = load([tmp_path / "t.yaml"], SETTINGS)
    assert loaded.ruleset is None
    assert [(m.severity, m.line, m.column, m.message) for m in loaded.mistakes] == [
        ("error", 9, 45, "the same mail is a hit of this rule as well"),
        ("warning", 9, 103, "the same mail stands here twice"),
    ]
    assert loaded.mistakes[0].hint.startswith("in line 9")


def test_rules_are_looked_at_though_others_are_broken(tmp_path: Path) -> None:
    both = rule(more="    when: {recipients: [internal, external]}\n") + rule("b").replace("quarantine", "hold")
    (tmp_path / "t.yaml").write_text("pack: t\nrules:\n" + both + WORDS)
    loaded = load([tmp_path / "t.yaml"], replace(SETTINGS))
    assert [(m.severity, m.line) for m in loaded.mistakes] == [("warning", 10), ("error", 16)]
