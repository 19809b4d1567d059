"""Values of binary workbooks in zip files (MS-XLSB), sheet by sheet, row by row."""

import datetime as dt
from collections.abc import Callable
from io import BytesIO

import python_calamine

from smtp_gate.reading.openers.numbers import plain
from smtp_gate.reading.openers.tables import Table

Value = int | float | str | bool | dt.time | dt.date | dt.datetime | dt.timedelta


class UnreadableError(Exception):
    """The workbook, or a sheet of it, is damaged or protected."""


def read_workbook(content: bytes, say: Callable[[str], None]) -> None:
    """Say the values of all sheets, hidden ones too. Raises UnreadableError, with what was read said already."""
    try:
        book = python_calamine.load_workbook(BytesIO(content))
    except Exception as error:
        raise UnreadableError(str(error)) from error
    damaged = False
    for number, name in enumerate(book.sheet_names):
        say(name)
        try:
            rows = book.get_sheet_by_index(number).iter_rows()
        except (python_calamine.CalamineError, OSError):
            # A chart has a sheet of its own, with no cells in it.
            damaged = damaged or book.sheets_metadata[number].typ is python_calamine.SheetTypeEnum.WorkSheet
            continue
        table = Table(say)
        for row in rows:
            table.add([shown(value) for value in row])
    if damaged:
        raise UnreadableError("a sheet cannot be read")


def shown(value: Value) -> str:
    """A value as text: whole numbers without decimals, dates as ISO 8601 writes them."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float | int):
        return plain(repr(value))
    if isinstance(value, dt.datetime):
        midnight = value.time() == dt.time()
        return value.date().isoformat() if midnight else value.isoformat(" ")
    return value if isinstance(value, str) else str(value)
