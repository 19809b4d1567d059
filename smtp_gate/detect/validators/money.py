"""Identifiers of money: payment cards, routing numbers, international bank accounts."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Final

from stdnum import bic, luhn
from stdnum import iban as stdnum_iban
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
    (604, 604, 12, 12),
    (6304, 6304, 12, 19),
    (6390, 6390, 12, 19),
    (6440, 6599, 16, 19),
    (6759, 6763, 12, 19),
    (2131, 2131, 15, 15),
    (1800, 1800, 15, 15),
)
"""Issuers by the first four digits, from and to, with the least and greatest length (ISO/IEC 7812), JCB a little wide."""

_PRINTED: Final = frozenset({(4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (4, 4, 4, 4, 3)})
"""The groups that are printed on cards."""

_LOOSE: Final = frozenset(" -._")
"""What may part odd groups of one number; other signs part the columns of a table."""


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
        if len(digits) >= 15 and (lengths in _PRINTED or between <= _LOOSE):
            # Shorter rows in odd groups come about by chance in any table of numbers.
            fallback = fallback or Checked(IRREGULAR, 0, group.end())
    return fallback


def _is_card(digits: str) -> bool:
    fits = len(digits) >= 12 and len(digits) in _sizes(digits[:4]) and len(set(digits)) > 1
    return fits and bool(luhn.is_valid(digits))


@cache
def _sizes(prefix: str) -> frozenset[int]:
    """The lengths of the cards that begin with these four digits."""
    number = int(prefix)
    return frozenset(
        n for low, high, least, most in CARD_RANGES if low <= number <= high for n in range(least, most + 1)
    )


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

UNREGISTERED: Final[Mapping[str, tuple[int, ...]]] = {
    country: lengths
    for lengths, countries in {
        (16,): "BI",
        (18,): "AX",
        (24, 26): "DZ",
        (25,): "AO CV GW MZ",
        (26,): "IR",
        (27,): "CF CG CM GA GQ KM MG TD GF GP MQ RE YT PF TF NC BL MF PM WF",
        (27, 28): "BF",
        (28,): "BJ CI MA ML NE SN TG",
        (32,): "NI",
    }.items()
    for country in countries.split()
}
"""Countries and territories that write such numbers, or once did, without a structure registered for them."""

_ALNUM: Final = re.compile(r"[0-9A-Za-z]")
_APART: Final = re.compile(r"[^0-9A-Za-z]+")


def iban(value: str) -> Checked | None:
    """An IBAN of its country's own length, structure and check digits; what a greedy pattern took behind it is cut."""
    country = value[:2].upper()
    compact = _APART.sub("", value).upper()
    registered = IBAN_LENGTHS.get(country, 0)
    for length in (registered, *UNREGISTERED.get(country, ())):
        whole_one = compact[:length]
        if not length or len(whole_one) < length or not whole_one.startswith(country) or not _mod_97(whole_one):
            continue
        if length != registered or stdnum_iban.is_valid(whole_one, check_country=False):
            end = [m.end() for m in _ALNUM.finditer(value)][length - 1]
            # People part country and check digits from the rest in ways of their own.
            front = [m.end() for m in _ALNUM.finditer(value)][3]
            between = {"".join(m[0].split()) for m in _APART.finditer(value, front + 1, end)}
            form = PLAIN if end == length else SEPARATED if len(between) <= 1 else IRREGULAR
            return Checked(form, 0, end)
    return None


def _mod_97(compact: str) -> bool:
    """The check digits alone (ISO 7064): five times quicker than the whole check, which hostile text asks for often."""
    return int("".join(str(int(c, 36)) for c in compact[4:] + compact[:4])) % 97 == 1


_NO_IBAN: Final = "US CA MX AU NZ JP CN HK SG KR TW IN TH PH MY ID VN ZA NG KE AR CL CO PE PR"
BANKING: Final = frozenset((*IBAN_LENGTHS, *_NO_IBAN.split()))
"""Countries whose banks people wire money to; the codes of all countries would make a code of many an English word."""


def swift_bic(value: str) -> Checked | None:
    """The code of a bank (ISO 9362): four letters, a country, two signs, and three more for a branch."""
    known = len(value) in {8, 11} and value[4:6].upper() in BANKING and bic.is_valid(value.upper())
    return whole(value, PLAIN) if known else None


def account_number(value: str) -> Checked | None:
    """What may be the number of a bank account: 6 to 17 digits, no telephone's groups and not one digit repeated."""
    groups = DIGITS.findall(value)
    digits = "".join(groups)
    if not 6 <= len(digits) <= 17 or len(set(digits)) == 1 or [*map(len, groups)] in ([3, 3, 4], [3, 4]):
        return None
    return whole(value, PLAIN if len(groups) == 1 else SEPARATED)
