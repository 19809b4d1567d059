"""Driver's licences: Wisconsin's to the letter, those of the other states by their shapes."""

import re
from calendar import monthrange
from typing import Final

from smtp_gate.detect.validators.base import PLAIN, SEPARATED, Checked, whole
from smtp_gate.detect.validators.people import LETTERED

_WISCONSIN: Final = re.compile(
    r"(?P<sound>[A-Z][0-6]{3})(?P<a>[- ]?)(?P<names>[0-9]{3})(?P<decade>[0-9])(?P<b>[- ]?)(?P<year>[0-9])(?P<day>[0-9]{3})(?P<c>[- ]?)[0-9]{2}"
)
_FEMALE: Final = 500
_MONTH: Final = 40
"""What Wisconsin counts up for each month before the day, and for women."""


def wi_driver_license(value: str) -> Checked | None:
    """A Wisconsin licence, letter and 13 digits, `separated` where it is grouped 4-4-4-2.

    The first four signs are the Soundex code of the last name, then three digits stand for first name and initial, two
    for the year of birth, three for its day (40 a month, 500 more for women), and two tell namesakes apart.
    """
    found = _WISCONSIN.fullmatch(value.upper())
    if found is None or not _sounds(found["sound"][1:]):
        return None
    code = int(found["day"]) % _FEMALE
    month, day = divmod(code - 1, _MONTH)
    # The year of birth has two digits, so 29 February is always let pass.
    if code < 1 or month > 11 or day + 1 > monthrange(2000, month + 1)[1]:
        return None
    signs = {found["a"], found["b"], found["c"]}
    if len(signs) > 1:
        return None
    return whole(value, PLAIN if signs == {""} else SEPARATED)


def _sounds(digits: str) -> bool:
    """Whether these are the digits of a Soundex code: none behind a zero, but for zeros."""
    return digits.rstrip("0").count("0") == 0


def _shape(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns))


_LETTERED: Final = _shape(
    r"[A-Z][0-9]{4,14}",  # most states: a letter of the last name, and digits
    r"[A-Z][0-9]{18}",  # New York, long ago
    r"[A-Z]{2}[0-9]{3,7}",  # Ohio, Colorado, West Virginia, the District of Columbia
    r"[A-Z]{3}[0-9]{6}",  # North Dakota
    r"[A-Z]{2}[0-9]{6}[A-Z]",  # Idaho
    r"[0-9]{3}[A-Z]{2}[0-9]{4}",  # Iowa
    r"[0-9]{2}[A-Z]{3}[0-9]{5}",  # New Hampshire
    r"[A-Z][0-9][A-Z][0-9][A-Z]",  # Kansas
    r"[0-9]{7,9}[A-Z]",  # Maine, Missouri, Vermont
    r"[0-9]{8}[A-Z]{2}|[0-9]{3}[A-Z][0-9]{6}|[A-Z][0-9]{6}R",  # Missouri
    r"WDL[0-9A-Z]{9}",  # Washington
    r"[A-Z*]{7}[0-9]{3}[0-9A-Z]{2}",  # Washington, before 2018
)
_GAP: Final = re.compile(r"[-. ]")
_NUMBER: Final = re.compile(r"[0-9]{7,14}")
_FOREIGN: Final = _shape(
    r"[0-9]{3}[-. ][0-9]{3}[-. ][0-9]{4}(?![0-9])",  # a telephone
    r"[0-9]{3}[-. ][0-9]{4}(?![0-9])",  # the same, without its area
    r"[0-9]{1,2}[-. ][0-9]{1,2}[-. ](?:[0-9]{2}){1,2}(?![0-9])|(?:19|20)[0-9]{2}[-. ][0-9]{1,2}[-. ][0-9]{1,2}(?![0-9])",  # a day
    r"[0-9]{5}-[0-9]{4}(?![0-9])",  # a ZIP code
)


def driver_license(value: str) -> Checked | None:
    """A licence in the shape of one of the states: `lettered`, or `plain` where it has digits alone (7 to 14 of them).

    Hyphens, spaces and dots within count for nothing; groups behind it are cut off. Telephones, days and ZIP codes are
    none.
    """
    ends = [len(value), *(m.start() for m in reversed(list(_GAP.finditer(value))))]
    forms = ((end, _form(value[:end])) for end in ends)
    return next((Checked(form, 0, end) for end, form in forms if form), None)


def _form(value: str) -> str:
    """The format of a whole licence; empty where it is none."""
    compact = _GAP.sub("", value.upper())
    if _FOREIGN.match(value) is not None or len(set(compact)) < 3:
        return ""
    if _LETTERED.fullmatch(compact) is not None:
        return LETTERED
    return PLAIN if _NUMBER.fullmatch(compact) is not None else ""
