"""Waivers as built, and each that is odd in some way warned of at its place, while the pack still loads."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from smtp_gate.ruleset.marks import Mistake
from tests.ruleset.test_broken import WAIVER
from tests.ruleset.toy import PACK, SETTINGS, loaded

TODAY = date(2026, 11, 25)
SIDES = 'sender: pay@milwaukee.gov, recipients: "domain:irs.gov"'


def warned(folder: Path, text: str, today: date | None = TODAY) -> list[Mistake]:
    result = loaded(folder, PACK + text, replace(SETTINGS, today=today))
    assert result.ruleset is not None, [str(m) for m in result.mistakes]
    assert all(m.severity == "warning" for m in result.mistakes)
    return list(result.mistakes)


def said(folder: Path, text: str, today: date | None = TODAY) -> list[str]:
    return [m.message for m in warned(folder, text, today)]


def test_all_fields_are_built(tmp_path: Path) -> None:
    text = WAIVER.replace(
        "expires: 2027-03-31", "starts: 2026-12-01, expires: 2027-03-31, note: until the portal is up"
    )
    result = loaded(tmp_path, PACK + text)
    assert result.ruleset is not None
    (waiver,) = result.ruleset.waivers
    assert (waiver.starts, waiver.expires, waiver.note) == (
        date(2026, 12, 1),
        date(2027, 3, 31),
        "until the portal is up",
    )
    assert [waiver.holds(d) for d in (date(2026, 11, 30), date(2026, 12, 1), date(2027, 3, 31), date(2027, 4, 1))] == [
        False, True, True, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("today", "message"),
    [
        (date(2027, 2, 28), None),
        (date(2027, 3, 1), "expires in 30 days"),
        (date(2027, 3, 29), "expires in 2 days"),
        (date(2027, 3, 30), "expires tomorrow"),
        (date(2027, 3, 31), "expires today"),
        (date(2027, 4, 1), "has expired"),
        (None, None),
    ],
)
def test_days_that_are_left(today: date | None, message: str | None, tmp_path: Path) -> None:
    assert said(tmp_path, WAIVER, today) == ([f"the waiver `EX-1` {message}"] if message else [])


def test_four_eyes(tmp_path: Path) -> None:
    (only,) = warned(tmp_path, WAIVER.replace("approver: cio", "approver: Comptroller"))
    assert only.message == "the waiver `EX-1` was approved by its own owner"
    assert only.line == PACK.count("\n") + 3


@pytest.mark.parametrize(
    ("sides", "message"),
    [
        ("sender: pay@milwaukee.gov, recipients: [external, internal]", "wider than its rule: `internal` names nobody"),
        (
            "sender: pay@milwaukee.gov, recipients: [domain:irs.gov, domain:milwaukee.gov]",
            "wider than its rule: `domain:",
        ),
        ("sender: pay@milwaukee.gov, recipients: internal", "can never apply: its rule is for none of these"),
        ("sender: pay@milwaukee.gov, recipients: cdiaz@milwaukee.gov", "can never apply: its rule is for none"),
        ("sender: external", "can never apply: nobody outside has proven"),
        ("sender: [external, internal], recipients: domain:irs.gov", None),
        ("sender: pay@milwaukee.gov, recipients: group:payroll", None),
        ("sender: pay@milwaukee.gov", None),
        ("recipients: domain:irs.gov", None),
        ("sender: payroll.example@example.org, recipients: domain:irs.gov", None),
    ],
)
def test_what_it_covers_beside_what_its_rule_is_for(sides: str, message: str | None, tmp_path: Path) -> None:
    found = said(tmp_path, WAIVER.replace(SIDES, sides))
    assert [m for m in found if "can never" in m or "wider" in m] == [m for m in found if message and message in m]
    assert bool(found) is (message is not None)


def second(**changed: str) -> str:
    text = WAIVER.replace("waivers:\n", "").replace("EX-1", "EX-2")
    for old, new in changed.items():
        text = text.replace(old, new)
    return text


@pytest.mark.parametrize(
    ("again", "twice"),
    [
        (second(), True),
        (second(**{"2027-03-31": "2028-03-31"}), True),
        (second(**{"expires:": "starts: 2027-04-01, expires:", "2027-03-31": "2028-03-31"}), False),
        (second(**{"irs.gov": "ssa.gov"}), False),
        (second(**{"2027-03-31": "2026-11-24"}), False),
    ],
)
def test_two_that_say_the_same_for_some_of_the_same_days(again: str, twice: bool, tmp_path: Path) -> None:
    found = [m for m in said(tmp_path, WAIVER + again) if "says the same" in m]
    assert found == (["the waiver `EX-2` says the same as `EX-1`"] if twice else [])


def test_a_last_day_before_the_first(tmp_path: Path) -> None:
    found = said(tmp_path, WAIVER.replace("expires:", "starts: 2027-04-01, expires:"))
    assert found == ["the waiver `EX-1` never begins: its last day is before its first"]
