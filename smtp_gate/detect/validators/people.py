"""Identifiers of people and employers that the Social Security Administration, the IRS and the State Department give."""

import re
from typing import Final

from stdnum.us import ssn

from smtp_gate.detect.validators.base import DIGITS, IRREGULAR, PLAIN, SEPARATED, Checked, whole

_PASSPORT: Final = re.compile(r"(?:[A-Za-z][ -]?)?[0-9]{8,9}")

EIN_PREFIXES: Final = frozenset(
    f"{n:02}"
    for first, last in ((1, 6), (10, 16), (20, 27), (30, 48), (50, 68), (71, 77), (80, 88), (90, 95), (98, 99))
    for n in range(first, last + 1)
)
"""The first two digits that the IRS gives out (IRS, How EINs are assigned and valid EIN prefixes)."""

_ITIN_GROUPS: Final = frozenset(
    f"{n:02}" for first, last in ((50, 65), (70, 88), (90, 92), (94, 99)) for n in range(first, last + 1)
)


def us_ssn(value: str) -> Checked | None:
    """A Social Security number: nine digits, 3-2-4 or digit by digit, issued area, group and serial, no published fake.

    Hyphens or dots make it `separated`; spaces or other signs, which columns of numbers have too, `irregular`.
    """
    form, digits = _grouped(value)
    # One digit nine times and the digits in order are what people type into a form that they do not want to fill in.
    if not form or len(set(digits)) == 1 or digits in {"123456789", "987654321"} or not ssn.is_valid(digits):
        return None
    return whole(value, form)


def us_itin(value: str) -> Checked | None:
    """An Individual Taxpayer Identification Number, written as Social Security numbers are: 9, and a group in use."""
    form, digits = _grouped(value)
    if not form or digits[0] != "9" or digits[3:5] not in _ITIN_GROUPS or len(set(digits)) == 1:
        return None
    return whole(value, form)


def _grouped(value: str) -> tuple[str, str]:
    """Format and digits of a number written 3-2-4 or without groups; no format for any other grouping."""
    groups = DIGITS.findall(value)
    digits = "".join(groups)
    lengths = [*map(len, groups)]
    if lengths == [9]:
        return PLAIN, digits
    if lengths == [1] * 9:
        return IRREGULAR, digits
    if lengths != [3, 2, 4]:
        return "", digits
    between = DIGITS.sub(" ", value).split()
    return SEPARATED if between in (["-", "-"], [".", "."]) else IRREGULAR, digits


def us_ein(value: str) -> Checked | None:
    """An Employer Identification Number: nine digits or 2-7 behind a prefix that is given out."""
    groups = DIGITS.findall(value)
    digits = "".join(groups)
    if [*map(len, groups)] not in ([9], [2, 7]) or digits[:2] not in EIN_PREFIXES or len(set(digits[2:])) == 1:
        return None
    return whole(value, PLAIN if len(groups) == 1 else SEPARATED)


def us_passport(value: str) -> Checked | None:
    """A United States passport or passport card: nine digits, or a letter and eight; one digit repeated is none."""
    digits = "".join(DIGITS.findall(value))
    lettered = value[:1].isalpha()
    if _PASSPORT.fullmatch(value) is None or len(digits) != (8 if lettered else 9) or len(set(digits)) == 1:
        return None
    return whole(value, LETTERED if lettered else PLAIN)


LETTERED: Final = "lettered"
"""The format of a number that has letters."""
