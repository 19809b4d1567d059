"""Identifiers of money: payment cards, routing numbers, international bank accounts."""

import re
from collections.abc import Mapping
from typing import Final

from stdnum import iban as stdnum_iban
from stdnum import luhn
from stdnum.us import rtn

from smtp_gate.detect.validators.base import DIGITS, IRREGULAR, PLAIN, SEPARATED, Checked, whole

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
    for group in DIGITS.finditer(value):
        digits += group[0]
        lengths += (len(group[0]),)
        if len(digits) > 19:
            break
        if not _is_card(digits):
            continue
        if len(lengths) == 1:
            return Checked(PLAIN, 0, group.end())
        between = set(DIGITS.sub("", value[: group.end()]))
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
    digits = "".join(DIGITS.findall(value))
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
