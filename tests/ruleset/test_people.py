"""Groups and statuses that nothing knows are named at their place, with the nearest name there is."""

from datetime import date
from pathlib import Path

from smtp_gate.core.directory import Entry
from smtp_gate.ruleset.marks import Document
from smtp_gate.ruleset.packs import read_file
from smtp_gate.ruleset.people import (
    group_mistakes,
    known_statuses,
    named_status_mistakes,
    status_mistakes,
    unasked_mistakes,
)
from tests.ruleset.toy import PACK

WHO = """\
    when: {recipients: [external, group:benefit-office]}
    unless: [{sender: group:nosuch}]
"""
PLACED = PACK.replace("    when:\n      recipients: external\n", WHO)
WAIVERS = "waivers:\n  - {id: EX-1, rule: toy.word, sender: group:Benefits-Office}\n"
DAY = date(2026, 3, 2)
GROUPS = frozenset({"benefits-office", "Comptroller"})


def pack(folder: Path, text: str) -> Document:
    file = folder / "toys.yaml"
    file.write_text(text)
    return read_file(file)


def test_an_unknown_group_is_an_error_where_a_directory_is(tmp_path: Path) -> None:
    found = list(group_mistakes([pack(tmp_path, PLACED + WAIVERS)], GROUPS))
    assert [(m.severity, m.line, m.column, m.message) for m in found] == [
        ("error", 7, 35, "no account is in `group:benefit-office`"),
        ("error", 8, 23, "no account is in `group:nosuch`"),
    ]
    assert found[0].hint == "did you mean `benefits-office`?"
    assert "known: Comptroller, benefits-office" in found[1].hint


def test_it_is_a_warning_where_none_is_and_waivers_are_looked_at(tmp_path: Path) -> None:
    found = list(group_mistakes([pack(tmp_path, PLACED + WAIVERS)], None))
    assert [m.severity for m in found] == ["warning"] * 3
    assert found[2].line == (PLACED + WAIVERS).count("\n")


def test_a_group_that_the_directory_writes_large_is_told_to_be_written_small(tmp_path: Path) -> None:
    text = PACK.replace("recipients: external", "recipients: group:comptroller")
    (found,) = group_mistakes([pack(tmp_path, text)], GROUPS)
    assert found.hint == "the directory must write `Comptroller` in small letters"


def test_what_is_no_who_and_no_list_is_passed_over(tmp_path: Path) -> None:
    text = "pack: x\nrules: [7, {when: [group, [group:]], unless: 3}]\nwaivers: {sender: group:x}\n"
    assert list(group_mistakes([pack(tmp_path, text)], GROUPS)) == []


def test_a_status_that_no_rule_knows_is_named_at_its_line(tmp_path: Path) -> None:
    file = tmp_path / "directory.csv"
    said = (None, "vendor", "Contractor", "intern")
    entries = [Entry(f"a{n}@b.org", status=status or "employee", line=n + 4) for n, status in enumerate(said)]
    rules = pack(tmp_path, PACK.replace("    find:", "    statuses: [intern]\n    find:"))
    (found,) = status_mistakes(file, entries, known_statuses([rules]), DAY)
    assert (found.file, found.line, found.severity) == (str(file), 6, "error")
    assert "`Contractor`" in found.message
    assert found.hint == "did you mean `contractor`?"
    assert len(list(status_mistakes(file, entries, known_statuses([]), DAY))) == 2
    assert list(status_mistakes(file, entries[:2], known_statuses([]), DAY)) == []


def test_a_status_that_a_rule_names_and_nobody_has_is_a_warning(tmp_path: Path) -> None:
    rules = pack(tmp_path, PACK.replace("    find:", "    statuses: [vendor, contracter, intern]\n    find:"))
    (found,) = named_status_mistakes([rules], frozenset({"employee", "intern"}))
    assert (found.severity, found.message) == ("warning", "no account has the status `contracter`")
    assert found.hint == "did you mean `contractor`?"
    line = (tmp_path / "toys.yaml").read_text().splitlines()[found.line - 1]
    assert line[found.column - 1 :].startswith("contracter")


def test_a_group_of_officials_is_looked_for_too(tmp_path: Path) -> None:
    text = PACK.replace("    when:\n", "    officials: [Mayor Ada Byron, 'group:oficials']\n    when:\n")
    found = list(group_mistakes([pack(tmp_path, text)], frozenset({"officials"})))
    assert [(m.severity, m.message) for m in found] == [("warning", "no account is in `group:oficials`")]
    assert "mode: off" in found[0].hint


def test_a_status_of_the_past_is_history(tmp_path: Path) -> None:
    over = Entry("a@b.org", status="staff", until=date(2026, 3, 1), line=2)
    assert list(status_mistakes(tmp_path / "d.csv", [over], known_statuses([]), DAY)) == []


def test_a_rule_that_needs_a_directory_is_told_where_there_is_none(tmp_path: Path) -> None:
    (found,) = unasked_mistakes([pack(tmp_path, PACK.replace("family: toy", "family: accounts"))])
    assert (found.severity, found.message) == ("warning", "this rule looks at nothing: no directory is configured")
    assert list(unasked_mistakes([pack(tmp_path, PACK)])) == []


def test_a_roll_out_to_a_group_that_nobody_is_in_is_told(tmp_path: Path) -> None:
    text = PACK.replace("    action", "    rollout: {percent: 10, sender: [group:benefit-office]}\n    action")
    (found,) = group_mistakes([pack(tmp_path, text)], GROUPS)
    assert found.hint == "did you mean `benefits-office`?"
