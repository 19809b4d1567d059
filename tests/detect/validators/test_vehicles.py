"""Vehicle numbers: the check digit, the letters that are left out, and what is a serial number."""

import pytest

from smtp_gate.detect.validators.vehicles import vin


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1M8GDM9AXKP042788", "plain"),
        ("1HGCM82633A004352", "plain"),
        ("1hgcm82633a004352", "plain"),
        ("5GZCZ43D13S812715", "plain"),
        ("1M8GDM9A1KP042788", None),
        ("1M8GDM9AXKP042789", None),
        ("1M8GDM9AXKP04278", None),
        ("IM8GDM9AXKP042788", None),
        ("11111111111111111", None),
        ("1M8GDM9AXUP042788", None),
        ("", None),
    ],
)
def test_vin(value: str, expected: str | None) -> None:
    checked = vin(value)
    assert (checked and checked.format) == expected


def test_any_wrong_sign_breaks_the_check_digit() -> None:
    right = "1HGCM82633A004352"
    others = [right[:i] + "9" + right[i + 1 :] for i in range(17) if right[i] != "9"]
    # Only R and Z weigh as much as 9, and neither stands in this number.
    assert [o for o in others if vin(o) is not None] == []
