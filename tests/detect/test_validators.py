"""Validators: identifiers that can exist, in every spelling, and those that cannot."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.detect.validators import FORMATS, VALIDATORS
from smtp_gate.detect.validators.base import Checked
from smtp_gate.detect.validators.dates import date_of_birth
from smtp_gate.detect.validators.money import aba_routing, iban, payment_card
from smtp_gate.detect.validators.people import us_ssn


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
    ("value", "expected", "kept"),
    [
        ("4111111111111111", "plain", "4111111111111111"),
        ("4111 1111 1111 1111", "separated", "4111 1111 1111 1111"),
        ("4111-1111-1111-1111", "separated", "4111-1111-1111-1111"),
        ("4111 1111-1111 1111", "irregular", "4111 1111-1111 1111"),
        ("4111 11111111 1111", "irregular", "4111 11111111 1111"),
        ("4111 1111\n1111 1111", "irregular", "4111 1111\n1111 1111"),
        ("4111 1111 1111 1111 123", "separated", "4111 1111 1111 1111"),
        ("378282246310005", "plain", "378282246310005"),
        ("3782 822463 10005", "separated", "3782 822463 10005"),
        ("30569309025904", "plain", "30569309025904"),
        ("6011111111111117", "plain", "6011111111111117"),
        ("2223003122003222", "plain", "2223003122003222"),
        ("3530111333300000", "plain", "3530111333300000"),
        ("4222222222222", "plain", "4222222222222"),
        ("4111111111111112", None, ""),
        ("1111111111111117", None, ""),
        ("9111111111111111", None, ""),
        ("411111111111111", None, ""),
        ("0000000000000000", None, ""),
        ("1234567890123456", None, ""),
        ("", None, ""),
    ],
)
def test_payment_card(value: str, expected: str | None, kept: str) -> None:
    checked = payment_card(value)
    assert form(checked) == expected
    assert checked is None or value[checked.start : checked.end] == kept


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("075000022", "plain"),
        ("0750-0002-2", "separated"),
        ("011000015", "plain"),
        ("322271627", "plain"),
        ("075000023", None),
        ("000000000", None),
        ("530000000", None),
        ("07500002", None),
        ("0750000220", None),
        ("", None),
    ],
)
def test_aba_routing(value: str, expected: str | None) -> None:
    assert form(aba_routing(value)) == expected


@pytest.mark.parametrize(
    ("value", "expected", "kept"),
    [
        ("DE89370400440532013000", "plain", "DE89370400440532013000"),
        ("DE89 3704 0044 0532 0130 00", "separated", "DE89 3704 0044 0532 0130 00"),
        ("de89 3704 0044 0532 0130 00 zahlen bitte", "separated", "de89 3704 0044 0532 0130 00"),
        ("GB82WEST12345698765432 and", "plain", "GB82WEST12345698765432"),
        ("NO93 8601 1117 947", "separated", "NO93 8601 1117 947"),
        ("MA64011519000001205000534921", "plain", "MA64011519000001205000534921"),
        ("DE89370400440532013001", None, ""),
        ("MA64011519000001205000534922", None, ""),
        ("DE8937040044053201300", None, ""),
        ("XX89370400440532013000", None, ""),
        ("GB8212345698765432WEST", None, ""),
        ("", None, ""),
    ],
)
def test_iban(value: str, expected: str | None, kept: str) -> None:
    checked = iban(value)
    assert form(checked) == expected
    assert checked is None or value[checked.start : checked.end] == kept


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


@given(
    st.sampled_from(sorted(VALIDATORS)), st.text(alphabet="0123456789-. /ABDEGWadeprnov,\n", max_size=60) | st.text()
)
def test_any_text_is_judged_without_a_crash_and_in_a_declared_format(name: str, value: str) -> None:
    checked = VALIDATORS[name](value)
    if checked is not None:
        assert checked.format in FORMATS[name]
        assert 0 <= checked.start < checked.end <= len(value)


@given(st.integers(min_value=10**8, max_value=10**9 - 1))
def test_one_wrong_digit_breaks_a_checksum(number: int) -> None:
    digits = str(number)
    if aba_routing(digits) is not None:
        for place in range(9):
            other = digits[:place] + str((int(digits[place]) + 1) % 10) + digits[place + 1 :]
            assert aba_routing(other) is None
