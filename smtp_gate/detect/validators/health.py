"""Identifiers of patients and of those who treat them: Medicare, providers, prescribers, records, and diagnosis codes."""

import re
from typing import Final

from stdnum import luhn

from smtp_gate.detect.validators.base import DIGITS, IRREGULAR, PLAIN, SEPARATED, Checked, whole

DOTTED: Final = "dotted"
DIRECT: Final = "direct"
"""The label stands right before the number: `MRN: 0012345`."""
LOOSE: Final = "loose"
"""Words stand between the label and the number."""

_MBI_LETTER: Final = "[AC-HJKMNP-RT-Y]"
_MBI_SIGN: Final = "[0-9AC-HJKMNP-RT-Y]"
_MBI: Final = re.compile(f"[1-9]{_MBI_LETTER}{_MBI_SIGN}[0-9]{_MBI_LETTER}{_MBI_SIGN}[0-9]{_MBI_LETTER}{{2}}[0-9]{{2}}")
_SIGNS: Final = re.compile(r"[0-9A-Za-z]+")


def medicare_mbi(value: str) -> Checked | None:
    """A Medicare beneficiary identifier: eleven signs in the order that CMS sets, no S, L, O, I, B or Z.

    `separated` as it is printed on cards (4-3-4, with hyphens or spaces), `plain` in one piece, `irregular` otherwise.
    """
    groups = _SIGNS.findall(value)
    compact = "".join(groups).upper()
    if _MBI.fullmatch(compact) is None:
        return None
    if len(groups) == 1:
        return whole(value, PLAIN, compact)
    return whole(value, SEPARATED if list(map(len, groups)) == [4, 3, 4] else IRREGULAR, compact)


def npi(value: str) -> Checked | None:
    """A national provider identifier: ten digits from 1 or 2 on, with the Luhn digit of a card that begins with 80840."""
    digits = "".join(DIGITS.findall(value))
    if len(digits) != 10 or digits[0] not in "12" or not luhn.is_valid("80840" + digits):
        return None
    return whole(value, PLAIN if digits == value else SEPARATED, digits)


def dea_number(value: str) -> Checked | None:
    """A DEA registration: a registrant's letter, an initial or 9, seven digits, the last of which is their check.

    The sum of the first, third and fifth and twice that of the second, fourth and sixth ends in the seventh.
    """
    compact = "".join(_SIGNS.findall(value)).upper()
    digits = compact[2:]
    if len(compact) != 9 or not digits.isdecimal() or compact[0] not in "ABCDEFGHJKLMPRSTUX":
        return None
    if not (compact[1].isalpha() or compact[1] == "9") or len(set(digits)) < 3:
        return None
    first, second, third, fourth, fifth, sixth, check = map(int, digits)
    return whole(value, "", compact) if (first + third + fifth + 2 * (second + fourth + sixth)) % 10 == check else None


_ICD_10: Final = re.compile(r"(?:[A-TV-Z][0-9][0-9AB]|U07)(?:\.?[0-9A-TV-Z]{1,4})?", re.IGNORECASE)
_PLAIN_ICD_10: Final = re.compile(r"[A-TV-Z][0-9][0-9AB][0-9]{0,4}[0-9A-Z]?", re.IGNORECASE)


def icd_10(value: str) -> Checked | None:
    """A diagnosis code of ICD-10-CM by its shape: `dotted` (`F32.9`, `S52.501A`) or `plain` (`F329`, `I10`).

    Behind the dot stand digits first: `A01.txt` is a file, not a typhoid fever. Only injuries end in a letter.
    """
    head, dot, tail = value.partition(".")
    if not dot:
        return whole(value, PLAIN) if _PLAIN_ICD_10.fullmatch(value) else None
    if _ICD_10.fullmatch(value) is None or not (tail[0].isdigit() or tail[0] in "Xx"):
        return None
    # Letters stand at the end of the codes of injuries, pregnancies and joints only.
    lettered = tail.strip("0123456789Xx")
    if lettered and (len(lettered) > 1 or head[0].upper() not in "STVWXYMO"):
        return None
    return whole(value, DOTTED)


_NUMBER: Final = re.compile(r"(?<![A-Za-z])(?:[A-Z]{1,3}-?)?[0-9][0-9-]{3,13}[0-9]\Z")
_LABEL: Final = re.compile(
    r"(?:m\.r\.n\.?|(?:medical|health|patient|clinic|hospital)[\s_-]{1,2}(?:record|chart)s?|med\.?[\s_]rec(?:ord)?s?|[a-z]+)",
    re.IGNORECASE,
)
_BETWEEN: Final = re.compile(
    r"[\s:#=.()\-\"'*,|_]*(?:(?:numbers?|num|nbr|no|nr|id|ids|identifier|account|acct|is|was|of record)\b[\s:#=.()\-\"'*,|_]*){0,3}",
    re.IGNORECASE,
)
_NUMBERED: Final = re.compile(
    r"mrn|m\.r\.n|\b(?:number|num|nbr|no|id|identifier)\b|_(?:id|no|number)\b|#", re.IGNORECASE
)
_ASIDE: Final = re.compile(
    r"\b(?:call|phone|telephone|tel|fax|ext|suite|room|dated?|due|by|before|after|until|since|version|form|page|section|"
    r"chapter|statute|wis|stats?|order|invoice|po|zip|dept|policy|rule|between|through|item|model|serial|batch|lot|permit|ticket|reference|tracking|need|needed|required|missing)\b|"
    r"[.?!]\s",
    re.IGNORECASE,
)
_DAY: Final = re.compile(r"(?:\d{1,2}-\d{1,2}-\d{2,4}|\d{4}-\d{1,2}-\d{1,2}|(?:19|20)\d\d-(?:19|20)?\d\d)\Z")
_PHONE: Final = re.compile(r"(?:1-)?\d{3}-\d{3}-\d{4}\Z|\d{3}-\d{4}\Z|[2-9]\d{2}[2-9]\d{6}\Z")


def record_number(candidate: str) -> Checked | None:
    """The number behind a label such as `MRN` or `patient ID`, with which the candidate begins; it ends with the number.

    Five to twelve digits, up to three capitals before them; no day and, unless the label stands right before it, nothing
    that could be a phone number. `direct` where only signs, `number` or `is` stand between, else `loose`.
    """
    found = _NUMBER.search(candidate)
    label = _LABEL.match(candidate)
    if found is None or label is None:
        return None
    value = found[0]
    if not 5 <= sum(c.isdigit() for c in value) <= 12 or _DAY.search(value):
        return None
    between = candidate[label.end() : found.start()]
    if _BETWEEN.fullmatch(between):
        return Checked(DIRECT, found.start(), found.end())
    if _ASIDE.search(between) or _PHONE.search(value) or not _NUMBERED.search(candidate[: found.start()]):
        return None
    return Checked(LOOSE, found.start(), found.end())
