"""Numbers of the Social Security Administration, the IRS and the State Department: those that can exist, and others."""

import pytest

from smtp_gate.detect.validators.base import Checked
from smtp_gate.detect.validators.people import us_ein, us_itin, us_passport, us_ssn


def form(checked: Checked | None) -> str | None:
    return None if checked is None else checked.format


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("536-90-4399", "separated"),
        ("536.90.4399", "separated"),
        ("536904399", "plain"),
        ("536 90 4399", "irregular"),
        ("536-90 4399", "irregular"),
        ("536 - 90 - 4399", "separated"),
        ("899-01-0001", "separated"),
        ("536:90:4399", "irregular"),
        ("536..90..4399", "irregular"),
        ("5 3 6 9 0 4 3 9 9", "irregular"),
        ("5 3 6 - 9 0 - 4 3 9 9", "irregular"),
        ("000-90-4399", None),
        ("666-90-4399", None),
        ("900-90-4399", None),
        ("999-99-9999", None),
        ("536-00-4399", None),
        ("536-90-0000", None),
        ("078-05-1120", None),
        ("078051120", None),
        ("219-09-9999", None),
        ("457-55-5462", None),
        ("987-65-4320", None),
        ("123-45-6789", None),
        ("333333333", None),
        ("53690-4399", None),
        ("53202-1234", None),
        ("536-904399", None),
        ("536-90-43991", None),
        ("", None),
    ],
)
def test_us_ssn(value: str, expected: str | None) -> None:
    assert form(us_ssn(value)) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("912-78-3456", "separated"),
        ("912783456", "plain"),
        ("912 78 3456", "irregular"),
        ("900-50-0001", "separated"),
        ("900-65-0001", "separated"),
        ("900-70-0001", "separated"),
        ("900-88-0001", "separated"),
        ("900-92-0001", "separated"),
        ("900-99-0001", "separated"),
        ("900-49-0001", None),
        ("900-66-0001", None),
        ("900-69-0001", None),
        ("900-89-0001", None),
        ("900-93-0001", None),
        ("812-78-3456", None),
        ("912-783-456", None),
        ("999999999", None),
        ("", None),
    ],
)
def test_us_itin(value: str, expected: str | None) -> None:
    assert form(us_itin(value)) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("39-6005532", "separated"),
        ("396005532", "plain"),
        ("39 6005532", "separated"),
        ("01-2345678", "separated"),
        ("99-2345678", "separated"),
        ("07-2345678", None),
        ("89-2345678", None),
        ("00-2345678", None),
        ("39-0000000", None),
        ("396-005532", None),
        ("39-60055321", None),
        ("", None),
    ],
)
def test_us_ein(value: str, expected: str | None) -> None:
    assert form(us_ein(value)) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("512345678", "plain"),
        ("C12345678", "lettered"),
        ("c 12345678", "lettered"),
        ("C1234567", None),
        ("C123456789", None),
        ("51234567", None),
        ("111111111", None),
        ("CC1234567", None),
        ("", None),
    ],
)
def test_us_passport(value: str, expected: str | None) -> None:
    assert form(us_passport(value)) == expected
