"""Driver's licences: Wisconsin's code of name and birth, and the shapes of the other states."""

import pytest

from smtp_gate.detect.validators.base import Checked
from smtp_gate.detect.validators.licences import driver_license, wi_driver_license


def form(checked: Checked | None) -> str | None:
    return None if checked is None else checked.format


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("J525-4209-0465-05", "separated"),
        ("J525 4209 0465 05", "separated"),
        ("J5254209046505", "plain"),
        ("j525-4209-0465-05", "separated"),
        ("S530-4209-5965-05", "separated"),
        ("L000-4209-0001-05", "separated"),
        ("L500-4209-0501-05", "separated"),
        ("L500-4209-0060-05", "separated"),
        ("L500-4209-0069-05", "separated"),
        ("L500-4209-0471-05", "separated"),
        ("L500-4209-0971-05", "separated"),
        ("L500-4209-0000-05", None),
        ("L500-4209-0500-05", None),
        ("L500-4209-0032-05", None),
        ("L500-4209-0070-05", None),
        ("L500-4209-0472-05", None),
        ("L500-4209-0480-05", None),
        ("L505-4209-0465-05", None),
        ("L725-4209-0465-05", None),
        ("1525-4209-0465-05", None),
        ("J525-4209 0465-05", None),
        ("J525-42090465-05", None),
        ("J525-4209-0465-5", None),
        ("J525-4209-0465-055", None),
        ("", None),
    ],
)
def test_wi_driver_license(value: str, expected: str | None) -> None:
    assert form(wi_driver_license(value)) == expected


@pytest.mark.parametrize(
    ("value", "expected", "kept"),
    [
        ("D1234567", "lettered", "D1234567"),
        ("d1234567", "lettered", "d1234567"),
        ("F255-9215-0094", "lettered", "F255-9215-0094"),
        ("G123-456-78-901-0", "lettered", "G123-456-78-901-0"),
        ("K 123 456 789 012", "lettered", "K 123 456 789 012"),
        ("A12345678901234", "lettered", "A12345678901234"),
        ("123AB4567", "lettered", "123AB4567"),
        ("12ABC34567", "lettered", "12ABC34567"),
        ("WDL1234567AB", "lettered", "WDL1234567AB"),
        ("SMITHJ*123AB", "lettered", "SMITHJ*123AB"),
        ("1234567A", "lettered", "1234567A"),
        ("12345678", "plain", "12345678"),
        ("123 456 789", "plain", "123 456 789"),
        ("D1234567 04-12", "lettered", "D1234567 04-12"),
        ("D1234567-12-34567", "lettered", "D1234567-12-34567"),
        ("AB123456 12 1234", "lettered", "AB123456"),
        ("123456", None, ""),
        ("1111111", None, ""),
        ("414-555-0100", None, ""),
        ("555-0100", None, ""),
        ("04-12-1961", None, ""),
        ("1961-04-12", None, ""),
        ("53202-1234", None, ""),
        ("ABCDEFGH", None, ""),
        ("", None, ""),
    ],
)
def test_driver_license(value: str, expected: str | None, kept: str) -> None:
    checked = driver_license(value)
    assert form(checked) == expected
    assert checked is None or value[checked.start : checked.end] == kept
