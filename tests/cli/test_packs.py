"""`smtp-gate pack diff` as a person types it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from smtp_gate.cli import main
from smtp_gate.server.shipped import BASE


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(w) for w in words])


@pytest.fixture
def city(tmp_path: Path) -> Path:
    """The settings of a gate that `init` has made."""
    assert run("init", tmp_path / "city").exit_code == 0
    return tmp_path / "city" / "config" / "smtp-gate.yaml"


def rules(city: Path) -> Path:
    return city.parents[1] / "rules"


def test_fresh_copies_are_as_shipped(city: Path) -> None:
    shown = run("pack", "diff", "-c", city)
    assert (shown.exit_code, shown.output.startswith("yours are as they are shipped: accounts, ")) == (0, True)
    assert (rules(city) / BASE / "pii.yaml").is_file()
    assert run("check", "-c", city).exit_code == 0


def test_an_edit_is_yours_and_a_change_of_both_is_shown_with_both_values(city: Path) -> None:
    pack, base = rules(city) / "records.yaml", rules(city) / BASE / "records.yaml"
    text = pack.read_text()
    line = next(part for part in text.splitlines() if "action: " in part)
    # The shipped pack is newer than the base, which had another action then.
    base.write_text(text.replace(line, line.split("action:")[0] + "action: defer", 1))
    assert "changed in the shipped packs, not by you" not in run("pack", "diff", "-c", city).output
    pack.write_text(text.replace(line, line.split("action:")[0] + "action: accept", 1))
    shown = run("pack", "diff", "-c", city, "records").output
    assert shown.startswith("changed by both")
    assert "yours:   ~ records." in shown
    assert "action defer -> accept" in shown
    (row,) = [json.loads(part) for part in run("pack", "diff", "-c", city, "--json").output.splitlines()]
    assert (row["fate"], row["kind"], row["key"]) == ("conflict", "rule", "action")
    assert (row["yours"]["after"], row["yours"]["before"], row["shipped"]["before"]) == (
        '"accept"',
        '"defer"',
        '"defer"',
    )


def test_without_a_base_it_says_so(city: Path) -> None:
    pack = rules(city) / "records.yaml"
    pack.write_text(pack.read_text().replace("action: ", "action: defer # ", 1))
    (rules(city) / BASE / "records.yaml").unlink()
    shown = run("pack", "diff", "-c", city).output
    assert "different, from yours to the shipped ones" in shown
    assert "records: no .shipped folder says what was copied" in shown


def test_a_name_that_is_no_shipped_pack_is_a_usage_error(city: Path) -> None:
    shown = run("pack", "diff", "-c", city, "nothing")
    assert (shown.exit_code, "no shipped pack `nothing`; they are accounts, " in shown.output) == (2, True)
