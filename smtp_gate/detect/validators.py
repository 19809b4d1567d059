"""Validators: is this text really such an identifier, which part of it, and in which format is it written."""

import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from stdnum import iban as stdnum_iban
from stdnum import luhn
from stdnum.us import rtn, ssn

SEPARATED: Final = "separated"
PLAIN: Final = "plain"
IRREGULAR: Final = "irregular"
NAMED: Final = "named"
NUMERIC: Final = "numeric"


@dataclass(frozen=True, slots=True)
class Checked:
    """A value that holds: its format, and the stretch of the candidate that it is (`start` and `end` in characters).

    `key` is the value in one spelling, so that equal values in different spellings are told to be equal; empty where
    letters and digits alone do that.
    """

    format: str
    start: int
    end: int
    key: str = ""


Validator = Callable[[str], Checked | None]


def whole(value: str, form: str = "", key: str = "") -> Checked:
    """The whole candidate is the value."""
    return Checked(form, 0, len(value), key)


_DIGITS: Final = re.compile(r"[0-9]+")


def us_ssn(value: str) -> Checked | None:
    """A Social Security number: nine digits or 3-2-4, an area, group and serial that are issued, no published fake.

    Hyphens or dots make it `separated`; spaces or mixed signs, which columns of numbers have too, `irregular`.
    """
    groups = _DIGITS.findall(value)
    digits = "".join(groups)
    if list(map(len, groups)) not in ([9], [3, 2, 4]):
        return None
    # One digit nine times and the digits in order are what people type into a form that they do not want to fill in.
    if len(set(digits)) == 1 or digits in {"123456789", "987654321"} or not ssn.is_valid(digits):
        return None
    if len(groups) == 1:
        return whole(value, PLAIN)
    between = _DIGITS.sub(" ", value).split()
    return whole(value, SEPARATED if between in (["-", "-"], [".", "."]) else IRREGULAR)


CARD_RANGES: Final[tuple[tuple[int, int, int, int], ...]] = (
    (2221, 2720, 16, 16),
    (3000, 3059, 14, 19),
    (3400, 3499, 15, 15),
    (3500, 3599, 16, 19),
    (3600, 3699, 14, 19),
    (3700, 3799, 15, 15),
    (3800, 3999, 14, 19),
    (4000, 4999, 13, 13),
    (4000, 4999, 16, 16),
    (4000, 4999, 19, 19),
    (5018, 5020, 12, 19),
    (5038, 5038, 12, 19),
    (5100, 5599, 16, 16),
    (5600, 5899, 12, 19),
    (6011, 6011, 16, 19),
    (6200, 6299, 16, 19),
    (6304, 6304, 12, 19),
    (6440, 6599, 16, 19),
    (6759, 6763, 12, 19),
    (2131, 2131, 15, 15),
    (1800, 1800, 15, 15),
)
"""Issuers by the first four digits, from and to, with the least and greatest length (ISO/IEC 7812), JCB a little wide."""

_PRINTED: Final = frozenset({(4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (4, 4, 4, 4, 3)})
"""The groups that are printed on cards."""


def payment_card(value: str) -> Checked | None:
    """A payment card number at the front of a row of groups: an issuer's range and length, and the Luhn check digit.

    Further groups (a CVV, the next column) may follow; they are cut off. Test numbers such as 4111 1111 1111 1111 are
    cards: whoever writes them into mail writes real ones the same way.
    """
    digits, lengths, fallback = "", (), None  # type: str, tuple[int, ...], Checked | None
    for group in _DIGITS.finditer(value):
        digits += group[0]
        lengths += (len(group[0]),)
        if len(digits) > 19:
            break
        if not _is_card(digits):
            continue
        if len(lengths) == 1:
            return Checked(PLAIN, 0, group.end())
        between = set(_DIGITS.sub("", value[: group.end()]))
        if lengths in _PRINTED and between in ({" "}, {"-"}, {"."}):
            return Checked(SEPARATED, 0, group.end())
        if len(digits) >= 15:
            # Shorter rows in odd groups come about by chance in any table of numbers.
            fallback = fallback or Checked(IRREGULAR, 0, group.end())
    return fallback


def _is_card(digits: str) -> bool:
    if len(digits) < 12 or len(set(digits)) == 1:
        return False
    prefix, size = int(digits[:4]), len(digits)
    return any(a <= prefix <= b and c <= size <= d for a, b, c, d in CARD_RANGES) and luhn.is_valid(digits)


def aba_routing(value: str) -> Checked | None:
    """An ABA routing transit number: nine digits, a district that exists, and the check digit."""
    digits = "".join(_DIGITS.findall(value))
    district = int(digits[:2]) if len(digits) == 9 else -1
    in_use = 1 <= district <= 12 or 21 <= district <= 32 or 61 <= district <= 72 or district == 80
    return whole(value, PLAIN if digits == value else SEPARATED) if in_use and rtn.is_valid(digits) else None


IBAN_LENGTHS: Final[Mapping[str, int]] = {
    country: length
    for length, countries in {
        15: "NO",
        16: "BE",
        18: "DK FI FK FO GL NL SD",
        19: "MK SI",
        20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA",
        23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST",
        26: "IS TR",
        27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
        29: "BR EG PS QA UA",
        30: "JO KW MU YE",
        31: "MT SC",
        32: "LC",
        33: "RU",
    }.items()
    for country in countries.split()
}
"""Length of an IBAN by country, from the public IBAN registry (ISO 13616)."""

UNREGISTERED: Final[Mapping[str, int]] = {
    country: length
    for length, countries in {
        25: "AO CV GW MZ",
        26: "DZ IR",
        27: "CF CG CM GA GQ KM MG TD",
        28: "BF BJ CI MA ML NE SN TG",
    }.items()
    for country in countries.split()
}
"""Countries that write such numbers without having registered a structure: length and check digits must do."""

_ALNUM: Final = re.compile(r"[0-9A-Za-z]")


def iban(value: str) -> Checked | None:
    """An IBAN of its country's own length, structure and check digits; what a greedy pattern took behind it is cut."""
    country = value[:2].upper()
    length = IBAN_LENGTHS.get(country) or UNREGISTERED.get(country, 0)
    compact = value.replace(" ", "").replace("-", "")[:length].upper()
    if not length or len(compact) < length or not compact.isalnum() or not compact.isascii() or not _mod_97(compact):
        return None
    if country not in UNREGISTERED and not stdnum_iban.is_valid(compact, check_country=False):
        return None
    end = [m.end() for m in _ALNUM.finditer(value)][length - 1]
    return Checked(PLAIN if end == length else SEPARATED, 0, end)


def _mod_97(compact: str) -> bool:
    """The check digits alone (ISO 7064): five times quicker than the whole check, which hostile text asks for often."""
    return int("".join(str(int(c, 36)) for c in compact[4:] + compact[:4])) % 97 == 1


MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATE_WORDS: Final = re.compile(r"[0-9]+|[A-Za-z]+")


def date_of_birth(value: str) -> Checked | None:
    """A day that exists and on which somebody alive may have been born (1900 to 2039), in the usual American forms.

    A year of two digits is always plausible. Where day and month could be either, the American order counts.
    """
    words = _DATE_WORDS.findall(value.lower())
    numbers = [w for w in words if w.isdigit()]
    if len(value) == 8 and numbers == [value]:
        years_first = value[:2] in {"19", "20"} and int(value[4:6]) <= 12
        numbers = [value[:4], value[4:6], value[6:]] if years_first else [value[:2], value[2:4], value[4:]]
    named = [MONTHS.index(w[:3]) + 1 for w in words if w[:3] in MONTHS]
    if named and len(numbers) == 2:
        year, day = numbers if len(numbers[0]) == 4 else numbers[::-1]
        orders = [(named[0], int(day))]
    elif len(numbers) == 3 and len(numbers[0]) == 4:
        year, orders = numbers[0], [(int(numbers[1]), int(numbers[2]))]
    elif len(numbers) == 3:
        first, second, year = int(numbers[0]), int(numbers[1]), numbers[2]
        orders = [(first, second), (second, first)]
    else:
        return None
    if len(year) not in {2, 4} or (len(year) == 4 and not 1900 <= int(year) <= 2039):
        return None
    # A leap year stands in for a year of two digits, so that 29 February is not lost.
    full = int(year) if len(year) == 4 else 2000
    days = [(m, d) for m, d in orders if 1 <= m <= 12 and 1 <= d <= monthrange(full, m)[1]]
    key = f"{int(year) % 100:02}-{days[0][0]:02}-{days[0][1]:02}" if days else ""
    return whole(value, NAMED if named else NUMERIC, key) if days else None


VALIDATORS: Final[Mapping[str, Validator]] = {
    "us_ssn": us_ssn,
    "payment_card": payment_card,
    "aba_routing": aba_routing,
    "iban": iban,
    "date_of_birth": date_of_birth,
}
"""Every validator by the name that packs use."""

FORMATS: Final[Mapping[str, frozenset[str]]] = {
    "": frozenset(),
    "us_ssn": frozenset({SEPARATED, PLAIN, IRREGULAR}),
    "payment_card": frozenset({SEPARATED, PLAIN, IRREGULAR}),
    "aba_routing": frozenset({SEPARATED, PLAIN}),
    "iban": frozenset({SEPARATED, PLAIN}),
    "date_of_birth": frozenset({NAMED, NUMERIC}),
}
"""The formats that each validator gives, so that a level asking for another one is refused at load."""
