"""`smtp-gate test` as people call it: what it prints of wrong examples, known gaps and coverage, and how it ends."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from smtp_gate.cli import examples as command
from smtp_gate.cli import main
from tests.running import PACK, write_settings

HIT = '[{text: "the word is sesame"}]'


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(w) for w in words])


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_settings(tmp_path, 10026)


def write(config: Path, hit: str, miss: str = '[{text: "nothing here"}]') -> None:
    pack = PACK.replace(HIT, hit, 1).replace('[{text: "nothing here"}]', miss, 1)
    (config.parent / "rules" / "test.yaml").write_text(pack)


def test_right_examples_end_with_0_and_tell_how_fast_they_were(config: Path) -> None:
    shown = run("test", "-c", config)
    assert shown.exit_code == 0, shown.output
    assert "4 of 4 examples come out right (" in shown.output
    assert " a second)" in shown.output


def test_a_wrong_example_is_shown_as_a_diff_in_its_line(config: Path) -> None:
    write(config, HIT, '[{text: "say sesame, then 414-286-2489"}]')
    shown = run("test", "-c", config, "--rule", "test.secret")
    assert shown.exit_code == 1
    assert "miss example 1 of test.secret" in shown.output
    assert "- expected  no finding" in shown.output
    assert "+ came out  word high in own [0]" in shown.output
    assert "| say ******, then ***-***-****" in shown.output
    assert "sesame" not in shown.output
    assert "1 of 2 examples come out right" in shown.output


def test_the_diff_stands_in_json_too(config: Path) -> None:
    write(config, HIT, '[{text: "say sesame"}]')
    rows = [json.loads(r) for r in run("test", "-c", config, "--json", "--rule", "test.secret").output.splitlines()]
    assert [r["passed"] for r in rows] == [True, False]
    assert rows[0]["diff"] == []
    assert rows[1]["diff"][1] == {"sign": "+", "said": "word high in own [0]", "line": "say ******"}


def test_a_known_gap_does_not_fail_until_it_has_closed(config: Path) -> None:
    write(config, '[{text: "the word is sesame"}, {text: "the word is open", todo: "other words"}]')
    gap = run("test", "-c", config)
    assert gap.exit_code == 0, gap.output
    assert "is a known gap: other words" in gap.output
    assert "4 of 5 examples come out right, 1 known not to" in gap.output
    assert run("check", "-c", config).exit_code == 0
    write(config, '[{text: "the word is sesame", todo: "other words"}]')
    closed = run("test", "-c", config)
    assert closed.exit_code == 1
    assert "comes out right now: take `todo` away" in closed.output
    checked = run("check", "-c", config)
    assert checked.exit_code == 0
    assert "take `todo` away" in checked.output


def test_rules_and_packs_can_be_chosen(config: Path) -> None:
    rows = run("test", "-c", config, "--json", "--rule", "test.forbidden").output.splitlines()
    assert {json.loads(r)["rule"] for r in rows} == {"test.forbidden"}
    both = run("test", "-c", config, "--json", "--rule", "test.forbidden", "--rule", "test.secret", "test").output
    assert len(both.splitlines()) == 4
    assert run("test", "-c", config, "--rule", "test.other").exit_code == 2
    assert run("test", "-c", config, "other").exit_code == 2


def test_coverage_names_what_no_example_reaches(config: Path) -> None:
    shown = run("test", "-c", config, "--coverage")
    assert shown.exit_code == 0
    assert "no example reaches when recipients (a miss to others)" in shown.output
    assert "100.0%  test.forbidden  2 of 2" in shown.output
    # when external, when outside, one clause, one level; and one clause, one level: five of six.
    assert "examples reach 83.3 per cent" in shown.output
    last = json.loads(run("test", "-c", config, "--coverage", "--json").output.splitlines()[-1])
    assert last["per_cent"] == 83.3
    assert {"point": "when recipients (a miss to others)", "reached": False} in last["coverage"][0]["points"]


def test_too_little_coverage_ends_with_1(config: Path) -> None:
    assert run("test", "-c", config, "--min-coverage", "83.3").exit_code == 0
    low = run("test", "-c", config, "--min-coverage", "84")
    assert low.exit_code == 1
    assert "examples reach 83.3 per cent of what the rules say, and 84 are wanted" in low.output
    assert run("test", "-c", config, "--json", "--min-coverage", "84").exit_code == 1
    assert run("test", "-c", config, "--min-coverage", "101").exit_code == 2


def test_the_measure_is_said_in_the_help() -> None:
    said = " ".join(run("test", "--help").output.split())
    assert "Coverage counts what a rule says that an example can reach" in said
    assert "It is the share of these that examples reach" in said


def test_no_bar_is_drawn_in_a_pipe(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "LONG", 1)
    assert "judging" not in run("test", "-c", config).output
