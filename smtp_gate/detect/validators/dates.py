"""Days on which somebody may have been born."""

import re
from calendar import monthrange
from typing import Final

from smtp_gate.detect.validators.base import Checked, whole

NAMED: Final = "named"
NUMERIC: Final = "numeric"

MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SPANISH: Final = {"ene": 1, "abr": 4, "ago": 8, "set": 9, "dic": 12}
"""Months whose first three letters differ in Spanish."""

_NUMBERS: Final = {**_SPANISH, **{name: number for number, name in enumerate(MONTHS, 1)}}
_DATE_WORDS: Final = re.compile(r"[0-9]+|[A-Za-z]+")


def date_of_birth(value: str) -> Checked | None:
    """A day that exists and on which somebody alive may have been born (1900 to 2039), in the usual American forms and in Spanish.

    A year of two digits is always plausible. Where day and month could be either, the American order counts.
    """
    words = _DATE_WORDS.findall(value.lower())
    numbers = [w for w in words if w.isdigit()]
    if len(value) == 8 and numbers == [value]:
        years_first = value[:2] in {"19", "20"} and int(value[4:6]) <= 12
        numbers = [value[:4], value[4:6], value[6:]] if years_first else [value[:2], value[2:4], value[4:]]
    named = [_NUMBERS[w[:3]] for w in words if w[:3] in _NUMBERS]
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
