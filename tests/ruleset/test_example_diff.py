"""Examples that know a gap, that say for which reason they hit, and what is shown of those that come out wrong."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from smtp_gate.core.finding import Finding
from smtp_gate.core.view import Region, RegionKind
from smtp_gate.ruleset.build import BuildSettings, Loaded, load
from smtp_gate.ruleset.example_diff import differences
from smtp_gate.ruleset.example_expect import holds
from smtp_gate.ruleset.example_schema import ExpectModel
from smtp_gate.ruleset.examples import ExampleResult, failed, run_examples

PACK = """\
pack: codes
keywords: {code_words: [code], order_words: [order]}
detectors:
  code:
    primary: {regex: '\\d{4}-\\d{4}-\\d{4}'}
    levels:
      high: {all: [{keywords: code_words, within: 20}]}
      low: {none: [{keywords: order_words, within: 20}]}
rules:
  - id: codes.code
    title: Codes stay here
    policy: P-SENSITIVE
    family: sensitive
    when: {recipients: external}
    find: {any: [{detector: code}, {detector: code, min_level: low, unique: 3}]}
    action: quarantine
    examples:
      hit:
        - HIT
      miss:
        - MISS
"""
HIT = "text: the code 1111-2222-3333"
MISS = "text: nothing"


def load_pack(folder: Path, hit: str = HIT, miss: str = MISS, pack: str = PACK) -> Loaded:
    file = folder / "codes.yaml"
    file.write_text(pack.replace("- HIT", f"- {hit}").replace("- MISS", f"- {miss}"))
    return load([file], BuildSettings(frozenset({"milwaukee.gov"}), ZoneInfo("America/Chicago")))


def run(folder: Path, hit: str = HIT, miss: str = MISS) -> list[ExampleResult]:
    loaded = load_pack(folder, hit, miss)
    assert loaded.ruleset is not None, [str(m) for m in loaded.mistakes]
    return list(run_examples(loaded))


def rows(result: ExampleResult) -> list[str]:
    return [f"{r.sign} {r.said}" + (f" | {r.line}" if r.line else "") for r in differences(result)]


def test_a_known_gap_is_no_mistake_until_it_has_closed(tmp_path: Path) -> None:
    gap, _ = run(tmp_path, '{text: the token 1111-2222-3333, todo: "tokens are not known yet"}')
    assert (gap.passed, gap.is_gap, gap.is_closed, gap.todo) == (False, True, False, "tokens are not known yet")
    assert failed([gap]) == ()
    closed, _ = run(tmp_path, '{text: the code 1111-2222-3333, todo: "tokens are not known yet"}')
    (warning,) = failed([closed])
    assert not warning.is_error
    assert "comes out right now" in warning.message
    assert "take `todo` away" in warning.hint
    _, miss = run(tmp_path, miss='{text: the code 1111-2222-3333 of the door, todo: "doors"}')
    assert miss.is_gap


def test_todo_excuses_no_example_that_could_not_be_judged(tmp_path: Path) -> None:
    broken, _ = run(tmp_path, '{case: cases/none.eml, todo: "later"}')
    assert not broken.is_gap
    (mistake,) = failed([broken])
    assert mistake.is_error


def test_a_hit_must_be_found_for_the_reason_it_names(tmp_path: Path) -> None:
    right, _ = run(
        tmp_path, "{text: the code 1111-2222-3333, expect: [{detector: code, level: high, region: own, count: 1}]}"
    )
    assert right.passed
    wrong, _ = run(tmp_path, "{text: the code 1111-2222-3333, expect: {level: low}}")
    assert not wrong.passed
    assert wrong.why == "expected a finding low, found code high in own"
    assert rows(wrong)[:2] == ["- a finding low", "+ code high in own [0] | the code ****-****-3333"]


def test_all_that_is_expected_must_hold_in_one_finding(tmp_path: Path) -> None:
    text = "subject: the code 1111-2222-3333, text: the code 4444-5555-6666"
    both, _ = run(tmp_path, f"{{{text}, expect: [{{region: subject}}, {{region: own}}], only: true}}")
    assert both.passed
    mixed, _ = run(tmp_path, f"{{{text}, expect: [{{region: subject, count: 2}}]}}")
    assert not mixed.passed


def test_only_says_that_nothing_else_may_be_found(tmp_path: Path) -> None:
    text = "subject: the code 1111-2222-3333, text: the code 4444-5555-6666"
    loose, _ = run(tmp_path, f"{{{text}, expect: [{{region: own}}]}}")
    assert loose.passed
    strict, _ = run(tmp_path, f"{{{text}, expect: [{{region: own}}], only: true}}")
    assert not strict.passed
    assert [r.sign for r in differences(strict)] == [" ", "+"]


@pytest.mark.parametrize(
    ("expected", "fits"),
    [
        ({"detector": "code"}, True), ({"detector": "other"}, False), ({"level": "high"}, True), ({"level": "low"}, False),
        ({"region": "attachment"}, True), ({"region": "attachment a.csv"}, True), ({"region": "attachment b.csv"}, False),
        ({"part": "2"}, True), ({"part": "1"}, False), ({"count": 3}, True), ({"count": 2}, False),
        ({"detail": "why"}, True), ({"detail": "what"}, False), ({"detector": "code", "count": 2}, False),
    ],
)  # fmt: skip
def test_every_key_that_is_named_must_hold(expected: dict[str, object], fits: bool) -> None:
    finding = Finding(Region(RegionKind.ATTACHMENT, "a.csv"), "x", "code", "high", "2", count=3, detail="why")
    assert holds(ExpectModel.model_validate(expected), finding) is fits


@pytest.mark.parametrize(
    ("hit", "miss", "said"),
    [
        ("{text: a, expect: {}}", MISS, "must name something"),
        ("{text: a, expect: {lvl: high}}", MISS, "lvl"),
        ("{text: a, only: true}", MISS, "name what is expected"),
        (HIT, "{text: a, expect: {level: high}}", "a miss expects nothing"),
        ("{case: a.eml, attachments: [{name: a, text: b}]}", MISS, "its own attachments"),
        ('{text: a, todo: ""}', MISS, "one line of text"),
    ],
)
def test_what_an_example_cannot_say_is_refused(tmp_path: Path, hit: str, miss: str, said: str) -> None:
    loaded = load_pack(tmp_path, hit, miss)
    assert loaded.ruleset is None
    assert said in " ".join(f"{m.message} {m.hint}" for m in loaded.errors)


def test_files_that_come_with_an_example_are_looked_into(tmp_path: Path) -> None:
    text = 'text: see the file, attachments: [{name: "list Ü.csv", text: "code\\n1111-2222-3333"}, {name: b, text: c}]'
    hit, _ = run(tmp_path, f'{{{text}, expect: [{{region: "attachment list Ü.csv", part: "2"}}], only: true}}')
    assert hit.passed, hit.why


def test_a_hit_that_found_nothing_shows_what_nearly_counted(tmp_path: Path) -> None:
    wrong, _ = run(tmp_path, "text: the order 1111-2222-3333 of 4444-5555-6666 " + "and so on " * 3 + "7777-8888-9999")
    shown = rows(wrong)
    assert shown[:2] == ["- a finding", "+ nothing found"]
    assert "? any code, medium or surer: 0 different, 0 in all; does not hold" in shown
    assert "? any code, low or surer, 3 different: 2 different, 2 in all; does not hold" in shown
    assert any(s.startswith("? code in own [0] does not count: level low, and medium is wanted | ") for s in shown)
    assert "?     high: no word of code_words within 20" in shown
    assert "?     low: against it a word of order_words within 20" in shown
    assert not any("1111" in s or "4444" in s or "7777" in s for s in shown)


def test_a_miss_that_was_found_shows_it_in_its_line(tmp_path: Path) -> None:
    _, wrong = run(tmp_path, miss="text: the code 1111-2222-3333 stays")
    assert rows(wrong) == ["- no finding", "+ code high in own [0] | the code ****-****-3333 stays"]


def test_a_hit_of_a_rule_that_asks_shows_what_it_was_answered(tmp_path: Path) -> None:
    accounts = (
        PACK[: PACK.index("rules:")]
        + """\
rules:
  - id: codes.code
    title: Accounts
    policy: P-ACCESS
    family: accounts
    signals: [ended]
    action: reject
    examples:
      hit:
        - HIT
      miss:
        - MISS
"""
    )
    hit = "{from: c@milwaukee.gov, text: a, accounts: [{address: c@milwaukee.gov, name: Carla Diaz, valid_to: 2026-03-31}]}"
    loaded = load_pack(tmp_path, hit, pack=accounts)
    wrong = next(iter(run_examples(loaded)))
    shown = rows(wrong)
    assert "? asked directory c@milwaukee.gov: known, employee, person, current, to 2026-03-31" in shown
    assert not any("Carla" in row for row in shown)


def test_an_example_that_is_no_mail_has_a_diff_too(tmp_path: Path) -> None:
    broken, _ = run(tmp_path, "case: none.eml")
    assert rows(broken)[0] == "- a finding"
    assert rows(broken)[1].startswith("+ `case`: ")
