"""Days on which somebody may have been born, in the forms that people write."""

import pytest

from smtp_gate.detect.validators.dates import date_of_birth


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("04/12/1961", "61-04-12"),
        ("4-12-61", "61-04-12"),
        ("1961-04-12", "61-04-12"),
        ("19610412", "61-04-12"),
        ("04121961", "61-04-12"),
        ("April 12th, 1961", "61-04-12"),
        ("12 Apr 1961", "61-04-12"),
        ("12-APR-61", "61-04-12"),
        ("31/12/1961", "61-12-31"),
        ("02/29/1960", "60-02-29"),
        ("29 Feb 60", "60-02-29"),
        ("12 de abril de 1961", "61-04-12"),
        ("3 de enero del 1961", "61-01-03"),
        ("Apr 12 '61", "61-04-12"),
        ("04 12 1961", "61-04-12"),
        ("02/29/1961", None),
        ("02/30/60", None),
        ("13/13/1961", None),
        ("04/12/1861", None),
        ("04/12/2061", None),
        ("04/12/196", None),
        ("00/12/1961", None),
        ("April 31, 1961", None),
        ("Oct 1961", None),
        ("", None),
    ],
)
def test_date_of_birth(value: str, expected: str | None) -> None:
    checked = date_of_birth(value)
    assert (checked and checked.key) == expected


def test_spellings_of_one_day_have_one_key_and_different_days_different_keys() -> None:
    keys = {c.key for v in ("1/11/1961", "11/1/1961", "January 11, 1961") if (c := date_of_birth(v))}
    assert len(keys) == 2
