"""Validators: is this text really such an identifier, which part of it, and in which format is it written."""

import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from stdnum import iban as stdnum_iban
from stdnum import luhn
from stdnum.exceptions import ValidationError
from stdnum.us import rtn, ssn

SEPARATED: Final = "separated"
PLAIN: Final = "plain"
IRREGULAR: Final = "irregular"
_DIGITS: Final = re.compile(r"[^0-9]")
_SEPARATORS: Final = re.compile(r"[0-9A-Za-z]")


@dataclass(frozen=True, slots=True)
class Checked:
    """A value that holds: its format, and the stretch of the candidate that it is (`start` and `end` in characters)."""

    format: str
    start: int
    end: int


Validator = Callable[[str], Checked | None]


def whole(value: str, form: str = "") -> Checked:
    """The whole candidate is the value."""
    return Checked(form, 0, len(value))


def us_ssn(value: str) -> Checked | None:
    """A Social Security number: area, group and serial that can be issued, no published fake, one kind of separator."""
    digits = _DIGITS.sub("", value)
    separators = _SEPARATORS.sub("", value)
    # 457-55-5462 and 078-05-1120 were printed in advertisements; 987-65-432x are reserved for those.
    # One separator alone makes a ZIP+4 or the like; two different ones are no way to write one.
    if len(digits) != 9 or separators not in {"", "--", "..", "  "}:
        return None
    if digits in {"457555462", "123456789"} or len(set(digits)) == 1:
        return None
    try:
        ssn.validate(digits)
    except ValidationError:
        return None
    return whole(value, SEPARATED if separators else PLAIN)


CARD_LENGTHS: Final[tuple[tuple[int, int, frozenset[int]], ...]] = (
    (4, 4, frozenset({13, 16, 19})),
    (51, 55, frozenset({16})),
    (2221, 2720, frozenset({16})),
    (34, 34, frozenset({15})),
    (37, 37, frozenset({15})),
    (6011, 6011, frozenset({16, 17, 18, 19})),
    (644, 659, frozenset({16, 17, 18, 19})),
    (300, 305, frozenset({14, 16, 19})),
    (36, 36, frozenset({14, 16, 19})),
    (38, 39, frozenset({14, 16, 19})),
    (3528, 3589, frozenset({16, 17, 18, 19})),
    (62, 62, frozenset({16, 17, 18, 19})),
)
"""Issuer ranges of ISO/IEC 7812 as first digits from and to, with the lengths that their issuers use."""


def payment_card(value: str) -> Checked | None:
    """A payment card number: an issuer's range and length, and the Luhn check digit; also inside a longer row of groups."""
    if _is_card(_DIGITS.sub("", value)):
        return whole(value, _card_format(value))
    groups = list(re.finditer(r"[0-9]+", value))
    for first in range(len(groups)):
        for last in range(first, len(groups)):
            if (first, last) == (0, len(groups) - 1):
                continue
            start, end = groups[first].start(), groups[last].end()
            if _is_card(_DIGITS.sub("", value[start:end])):
                return Checked(_card_format(value[start:end]), start, end)
    return None


def _is_card(digits: str) -> bool:
    if not 13 <= len(digits) <= 19 or len(set(digits)) < 2:
        return False
    for low, high, lengths in CARD_LENGTHS:
        prefix = int(digits[: len(str(low))])
        if low <= prefix <= high and len(digits) in lengths:
            return bool(luhn.is_valid(digits))
    return False


def _card_format(value: str) -> str:
    """Written in the groups that cards carry, in one run, or in some other way."""
    groups = re.split(r"[ -]", value)
    if len(groups) == 1:
        return PLAIN
    lengths = tuple(map(len, groups))
    printed = {(4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (4, 4, 4, 4, 3), (4, 4, 4, 1)}
    one_kind = len(set(_SEPARATORS.sub("", value))) == 1
    return SEPARATED if lengths in printed and one_kind else IRREGULAR


def aba_routing(value: str) -> Checked | None:
    """An ABA routing transit number: nine digits, a district that exists, and the check digit."""
    prefix = int(value[:2]) if value[:2].isdigit() else -1
    in_use = 1 <= prefix <= 12 or 21 <= prefix <= 32 or 61 <= prefix <= 72 or prefix == 80
    return whole(value, PLAIN) if in_use and rtn.is_valid(value) else None


def iban(value: str) -> Checked | None:
    """An IBAN of a country's own length with its check digits; what a greedy pattern took behind it is cut off."""
    for end in range(len(value), 14, -1):
        part = value[:end]
        if part[-1] in " -":
            continue
        compact = re.sub(r"[ -]", "", part)
        if 15 <= len(compact) <= 34 and stdnum_iban.is_valid(compact, check_country=False) and _iban_length(compact):
            return Checked(SEPARATED if compact != part else PLAIN, 0, end)
    return None


IBAN_LENGTHS: Final[Mapping[str, int]] = {
    "AD": 24,
    "AE": 23,
    "AL": 28,
    "AT": 20,
    "AZ": 28,
    "BA": 20,
    "BE": 16,
    "BG": 22,
    "BH": 22,
    "BR": 29,
    "BY": 28,
    "CH": 21,
    "CR": 22,
    "CY": 28,
    "CZ": 24,
    "DE": 22,
    "DK": 18,
    "DO": 28,
    "EE": 20,
    "EG": 29,
    "ES": 24,
    "FI": 18,
    "FO": 18,
    "FR": 27,
    "GB": 22,
    "GE": 22,
    "GI": 23,
    "GL": 18,
    "GR": 27,
    "GT": 28,
    "HR": 21,
    "HU": 28,
    "IE": 22,
    "IL": 23,
    "IQ": 23,
    "IS": 26,
    "IT": 27,
    "JO": 30,
    "KW": 30,
    "KZ": 20,
    "LB": 28,
    "LC": 32,
    "LI": 21,
    "LT": 20,
    "LU": 20,
    "LV": 21,
    "LY": 25,
    "MC": 27,
    "MD": 24,
    "ME": 22,
    "MK": 19,
    "MR": 27,
    "MT": 31,
    "MU": 30,
    "NL": 18,
    "NO": 15,
    "PK": 24,
    "PL": 28,
    "PS": 29,
    "PT": 25,
    "QA": 29,
    "RO": 24,
    "RS": 22,
    "SA": 24,
    "SC": 31,
    "SE": 24,
    "SI": 19,
    "SK": 24,
    "SM": 27,
    "ST": 25,
    "SV": 28,
    "TL": 23,
    "TN": 24,
    "TR": 26,
    "UA": 29,
    "VA": 22,
    "VG": 24,
    "XK": 20,
}
"""Length of an IBAN by country, from the public IBAN registry."""


def _iban_length(compact: str) -> bool:
    return IBAN_LENGTHS.get(compact[:2].upper()) == len(compact)


MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATE_WORDS: Final = re.compile(r"[0-9]+|[A-Za-z]+")


def birth_date(value: str) -> Checked | None:
    """A day that exists and on which somebody alive may have been born (1900 to 2040), in the usual American forms."""
    words = _DATE_WORDS.findall(value.lower())
    named = [w for w in words if w[:3] in MONTHS]
    numbers = [int(w) for w in words if w.isdigit()]
    if named and len(numbers) == 2:
        day, year = (numbers[0], numbers[1]) if numbers[1] > 31 else (numbers[1], numbers[0])
        months = [(MONTHS.index(named[0][:3]) + 1, day)]
    elif len(numbers) == 3 and numbers[0] > 31:
        year, months = numbers[0], [(numbers[1], numbers[2])]
    elif len(numbers) == 3:
        year, months = numbers[2], [(numbers[0], numbers[1]), (numbers[1], numbers[0])]
    else:
        return None
    year = year if year >= 100 else year + (1900 if year > 40 else 2000)
    exists = 1900 <= year <= 2040 and any(1 <= m <= 12 and 1 <= d <= monthrange(year, m)[1] for m, d in months)
    return whole(value, "named" if named else "numeric") if exists else None


VALIDATORS: Final[Mapping[str, Validator]] = {
    "us_ssn": us_ssn,
    "payment_card": payment_card,
    "aba_routing": aba_routing,
    "iban": iban,
    "birth_date": birth_date,
}
"""Every validator by the name that packs use."""

FORMATS: Final[Mapping[str, frozenset[str]]] = {
    "": frozenset(),
    "us_ssn": frozenset({SEPARATED, PLAIN}),
    "payment_card": frozenset({SEPARATED, PLAIN, IRREGULAR}),
    "aba_routing": frozenset({PLAIN}),
    "iban": frozenset({SEPARATED, PLAIN}),
    "birth_date": frozenset({"named", "numeric"}),
}
"""The formats that each validator gives, so that a level asking for another one is refused at load."""
