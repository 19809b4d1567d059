"""Rows that name a person beside an identifier."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.detect.validators.rows import has_name, person_row


@pytest.mark.parametrize(
    ("candidate", "expected", "kept"),
    [
        ("Dana Okafor,04/12/1961", "born", "04/12/1961"),
        ("OKAFOR, DANA\t1961-04-12", "born", "1961-04-12"),
        ("Okafor\nDana\n04/12/1961", "born", "04/12/1961"),
        ("Dana Okafor,04/12/2026", "unnamed", "04/12/2026"),
        ("Dana Okafor,13/45/1961", "unnamed", "13/45/1961"),
        ("Work Order,04/12/1961", "unnamed", "04/12/1961"),
        ("Dana Okafor,8249813", "numbered", "8249813"),
        ("Dana Okafor,PMC-6431471", "numbered", "PMC-6431471"),
        ("Student ID\tName\n4410023\tDana Okafor", "numbered", "4410023"),
        ("\n4410023,Dana Okafor", "numbered", "4410023"),
        ("Dana Okafor 414-555-0100", "reached", "414-555-0100"),
        ("Dana Okafor, 841 N 27th St", "reached", "841 N 27th St"),
        ("City Clerk 414-555-0100", "unnamed", "414-555-0100"),
        ("Dana Okafor", "unnamed", " "),
    ],
)
def test_person_row(candidate: str, expected: str, kept: str) -> None:
    checked = person_row(candidate)
    assert checked is not None
    assert checked.format == expected
    assert candidate[checked.start : checked.end] == kept


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("Dana Okafor", True),
        ("Okafor, Dana", True),
        ("Okafor\tDana", True),
        ('"Okafor","Dana"', True),
        ("Mary-Ann O'Brien", True),
        ("Kou Vang", True),
        ("Harpreet Chaudhry", True),
        ("Robert L. Young", True),
        ("City Clerk", False),
        ("Wells Street", False),
        ("Water Works", False),
        ("Dana", False),
        ("dana okafor", False),
        ("", False),
    ],
)
def test_has_name(said: str, *, named: bool) -> None:
    assert has_name(said) is named


@given(st.text(min_size=1, max_size=300))
def test_no_text_upsets_it(value: str) -> None:
    checked = person_row(value)
    assert checked is None or 0 <= checked.start < checked.end <= len(value)
