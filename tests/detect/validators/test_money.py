"""Cards, routing numbers and bank accounts: those that can exist, in every spelling, and those that cannot."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.detect.validators.base import Checked
from smtp_gate.detect.validators.money import aba_routing, account_number, iban, payment_card, swift_bic


def form(checked: Checked | None) -> str | None:
    return None if checked is None else checked.format


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
        ("4111,1111,1111,1111", "irregular", "4111,1111,1111,1111"),
        ("4111111 | 111111111", None, ""),
        ("4111111\n111111111", None, ""),
        ("180055500012345", "plain", "180055500012345"),
        ("630455500128", "plain", "630455500128"),
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
        ("DE 89 37040044 0532013000", "separated", "DE 89 37040044 0532013000"),
        ("DE89.3704.0044.0532.0130.00", "separated", "DE89.3704.0044.0532.0130.00"),
        ("DE89 3704-0044 0532-0130 00", "irregular", "DE89 3704-0044 0532-0130 00"),
        ("GF4120041010050500013M02606", "plain", "GF4120041010050500013M02606"),
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
        ("DEUTDEFF", "plain"),
        ("DEUTDEFF500", "plain"),
        ("CHASUS33XXX", "plain"),
        ("DEUTDEF", None),
        ("DEUTDEFF50", None),
        ("DEUTQQFF", None),
        ("DE1TDEFF", None),
        ("CONCERTS", None),
        ("PASSWORD", None),
        ("", None),
    ],
)
def test_swift_bic(value: str, expected: str | None) -> None:
    assert form(swift_bic(value)) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("123456", "plain"),
        ("000123456789", "plain"),
        ("1234-5678-90", "separated"),
        ("12345678901234567", "plain"),
        ("123456789012345678", None),
        ("12345", None),
        ("00000000", None),
        ("414-555-0100", None),
        ("555-0100", None),
        ("", None),
    ],
)
def test_account_number(value: str, expected: str | None) -> None:
    assert form(account_number(value)) == expected


@given(st.integers(min_value=10**8, max_value=10**9 - 1))
def test_one_wrong_digit_breaks_a_checksum(number: int) -> None:
    digits = str(number)
    if aba_routing(digits) is not None:
        for place in range(9):
            other = digits[:place] + str((int(digits[place]) + 1) % 10) + digits[place + 1 :]
            assert aba_routing(other) is None
