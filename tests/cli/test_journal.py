"""`smtp-gate journal`: what it shows, and that its verification uses the sealed heads."""

import json
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from smtp_gate.cli import main
from smtp_gate.cli.journal import _line
from smtp_gate.store.heads import Sealer
from tests.running import write_settings
from tests.store.held import NOW, Writing, answered, decided


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(w) for w in words])


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Settings, and a sealed journal of one message."""
    made = write_settings(tmp_path, 10026)
    Writing(tmp_path / "data").add(decided("A", findings=[]), answered("A"))
    Sealer(tmp_path / "data" / "journal").seal(NOW)
    return made


def test_a_whole_journal_ends_with_0(config: Path) -> None:
    done = run("journal", "verify", "-c", config)
    assert (done.exit_code, done.output) == (0, "5 records hold, 0 flaws, 0 torn by a crash\n")


def test_a_cut_end_and_a_removed_segment_are_named(config: Path) -> None:
    segment = config.parent / "data" / "journal" / "w0-00000001.jsonl"
    segment.write_bytes(b"".join(segment.read_bytes().splitlines(keepends=True)[:-1]))
    done = run("journal", "verify", "-c", config)
    assert done.exit_code == 1
    assert "w0-00000001.jsonl:0: lines are missing that the next segment or a sealed head knows of" in done.output
    segment.unlink()
    done = run("journal", "verify", "-c", config)
    assert done.exit_code == 1
    assert "w0-00000001.jsonl:0: the segment is missing, and a sealed head knows of it" in done.output


def test_a_journal_without_seals_says_so(config: Path) -> None:
    for path in (config.parent / "data" / "journal").glob("heads*"):
        path.unlink()
    done = run("journal", "verify", "-c", config)
    assert done.exit_code == 0
    assert "nothing is sealed yet" in done.output


def test_a_logged_seal_is_looked_for(config: Path) -> None:
    root = config.parent / "data" / "journal"
    seal = json.loads((root / "heads.last").read_bytes())["last"]
    assert run("journal", "verify", "-c", config, "--seal", seal).exit_code == 0
    done = run("journal", "verify", "-c", config, "--seal", "0f" * 32)
    assert done.exit_code == 1
    assert "no seal 0f0f" in done.output


def test_seals_are_not_shown_among_the_records(config: Path) -> None:
    done = run("journal", "show", "-c", config, "--json")
    assert done.exit_code == 0
    assert "sealed" not in {json.loads(line)["kind"] for line in done.output.splitlines()}


def test_what_the_journal_writes_of_itself_is_shown_with_all(config: Path) -> None:
    def kinds(*more: str) -> list[str]:
        shown = run("journal", "show", "-c", config, "--json", *more)
        return [json.loads(line)["kind"] for line in shown.output.splitlines()]

    assert kinds() == ["decided", "answered"]
    assert {"opened", "sealed"} < set(kinds("--all"))


def test_records_of_one_message_stand_in_the_order_of_time(config: Path) -> None:
    late = (NOW + timedelta(hours=1)).isoformat(timespec="milliseconds")
    data = config.parent / "data"
    # The segment of the commands is read before those of the workers.
    Writing(data, "cli").add({"time": late, "kind": "released", "ref": "A"})
    shown = run("journal", "show", "-c", config, "--ref", "A", "--json")
    assert [json.loads(line)["kind"] for line in shown.output.splitlines()] == ["decided", "answered", "released"]


def test_a_person_reads_the_citys_time_and_a_program_utc(tmp_path: Path) -> None:
    config = write_settings(tmp_path, 10026, {"timezone": "America/Chicago"})
    Writing(tmp_path / "data").add(decided("A", findings=[]))
    assert run("journal", "show", "-c", config).output.startswith("2026-03-02 09:04:05 CST A ")
    assert json.loads(run("journal", "show", "-c", config, "--json").output)["time"] == "2026-03-02T15:04:05.000+00:00"


def test_a_hold_for_what_nobody_could_read_names_rule_reason_and_part(config: Path) -> None:
    weight = {"rule": "pii.ssn", "disposition": "quarantine", "cause": "unscannable", "lifted_from": ""}
    to = [{"address": "lee@example.org", "disposition": "quarantine", "weights": [weight]}]
    held = decided("B", verdict="quarantine", findings=[], recipients=to)
    Writing(config.parent / "data", "w1").add(held | {"unscannable": [{"part": "2", "reason": "encrypted"}]})
    assert "pii.ssn: unscannable (encrypted) in part 2" in run("journal", "show", "-c", config, "--ref", "B").output


@pytest.mark.parametrize("words", [("show",), ("verify",), ("show", "--ref", "A")])
def test_where_there_is_no_journal_it_says_so_and_makes_none(words: tuple[str, ...], tmp_path: Path) -> None:
    config = write_settings(tmp_path, 10026)
    before = sorted(tmp_path.rglob("*"))
    done = run("journal", *words, "-c", config)
    assert done.exit_code == 1
    assert "no journal in" in done.output
    assert sorted(tmp_path.rglob("*")) == before


def test_records_of_before_shadow_weights_are_shown_as_they_are() -> None:
    """The keys were added without a new version, so segments of old lack them."""
    weight = {"rule": "pii.ssn", "disposition": "quarantine", "cause": "unscannable", "lifted_from": ""}
    record = {
        "kind": "decided",
        "time": "2026-03-02T15:04:05.000+00:00",
        "ref": "A",
        "verdict": "quarantine",
        "sender": "dokafor@milwaukee.gov",
        "recipients": [{"address": "lee@example.org", "disposition": "quarantine", "weights": [weight]}],
        "findings": [],
        "unscannable": [{"part": "2", "reason": "encrypted"}],
        "failures": [{"rule": "id.spoof", "cause": "crash"}],
        "exempt": [{"rule": "pii.ssn", "by": "EX-1", "recipients": ["ana@milwaukee.gov"]}],
    }
    shown = _line(record, UTC).plain
    assert "lee@example.org (quarantine)" in shown
    assert "pii.ssn: unscannable (encrypted) in part 2" in shown
    assert "id.spoof: could not look (crash)" in shown
    assert shown.count("pii.ssn spared ana@milwaukee.gov by EX-1\n") == 1


def test_what_shadow_rules_would_have_done_is_shown() -> None:
    shadow = {"rule": "pii.ssn", "disposition": "reject", "cause": "unscannable", "lifted_from": ""}
    recipient = {
        "address": "lee@example.org",
        "disposition": "accept",
        "weights": [],
        "would": "reject",
        "shadow": [shadow],
    }
    record = {
        "kind": "decided",
        "verdict": "accept",
        "sender": "",
        "recipients": [recipient],
        "findings": [],
        "unscannable": [{"part": "2", "reason": "encrypted"}],
        "failures": [{"rule": "id.spoof", "cause": "crash", "mode": "shadow"}],
    }
    shown = _line(record, UTC).plain
    assert "<> -> lee@example.org (accept, would be reject)" in shown
    assert "pii.ssn (shadow): unscannable" in shown
    assert "id.spoof (shadow): could not look (crash)" in shown
