"""Numbers as sheets show them: dates, numbers under their formats, and everything else in full."""

import datetime as dt
import re
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Final

_DATES: Final = frozenset({*range(14, 18), 22, *range(27, 37), *range(50, 59)})
"""Built-in number formats that show a date (ISO 29500-1, section 18.8.30)."""
_QUOTED: Final = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
_MASK: Final = re.compile(r"[0 ()/-]*0[0 ()/-]*")
_LITERAL: Final = re.compile(r'\\(.)|"([^"]*)"')
_LONGEST: Final = 40
_FIRST: Final = dt.date(1899, 12, 30)
_LATER: Final = 1462
"""Days from there to the first day of a workbook that counts from 1904."""


class Formats:
    """The number formats of one workbook: `codes` by their numbers, and the number of each cell style."""

    def __init__(self) -> None:
        self.codes: dict[int, str] = {}
        self.styles: list[int] = []
        self.since1904 = False

    def shown(self, value: str, style: int) -> str:
        """What a cell of a style shows for a number, told in full whatever width it is shown in."""
        number = plain(value)
        chosen = self.styles[style] if 0 <= style < len(self.styles) else 0
        code = self.codes.get(chosen, "")
        if chosen in _DATES or (code and _is_date(code)):
            return self._date(value) or number
        return masked(number, code) if code else number

    def _date(self, value: str) -> str:
        try:
            serial = float(value)
            day = _FIRST + dt.timedelta(days=int(serial) + (_LATER if self.since1904 else 0))
        except (ValueError, OverflowError):
            return ""
        return day.isoformat() if serial >= 1 else ""


def plain(value: str) -> str:
    """A number without an exponent or empty decimals: `5.36904399E8` is `536904399`."""
    if len(value) > _LONGEST or (value.isdecimal() and value[0] != "0"):
        return value
    try:
        number = Decimal(value)
    except InvalidOperation:
        return value
    if not number.is_finite() or abs(number.adjusted()) > _LONGEST:
        return value
    shown = f"{number:f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def masked(number: str, code: str) -> str:
    r"""A whole number under a format of zeros and literals (`000\-00\-0000`), which fills it up; else as it is."""
    mask = _LITERAL.sub(lambda found: found[1] or found[2] or "", code.partition(";")[0])
    room = mask.count("0")
    if len(mask) > _LONGEST or not _MASK.fullmatch(mask) or not number.isdecimal() or len(number) > room:
        return number
    digits = iter(number.zfill(room))
    return "".join(next(digits) if char == "0" else char for char in mask)


@lru_cache(256)
def _is_date(code: str) -> bool:
    bare = _QUOTED.sub("", code.partition(";")[0].lower())
    return "y" in bare or ("d" in bare and "m" in bare)
