"""Cells and rows of tables as lines of text: values stay near the words that head their columns."""

import re
from collections.abc import Callable, Sequence
from typing import Final

NEAR: Final = 120
"""Characters of rows after which the header row is said again: evidence is looked for about that far away."""
WIDE: Final = 120
"""Characters of a header row beyond which its words are said beside each value instead."""
_FIRST: Final = 10
"""Rows among which a header is looked for; titles and notes often stand above it."""
_LABEL: Final = re.compile(r"[^\W\d_][^\n]{0,60}", re.DOTALL)
_REFERENCE: Final = re.compile("([A-Z]{1,3})[0-9]+")
_COLUMNS: Final = 1024
"""Columns in which cells keep their places; beyond, and behind wide gaps, they follow one another."""
_GAP: Final = 64
_DIGITS: Final = re.compile(r"\d{3}|\d[-./: ]\d")

Attributes = dict[str, str]


class Cell:
    """A cell under way: its attributes by local name, the lines in it, and the raw value that a sheet gives it."""

    def __init__(self, attributes: Attributes) -> None:
        self.attributes = attributes
        self.lines: list[str] = []
        self.value: list[str] = []

    def shown(self, own: str) -> str:
        """Its text, and the value behind it where that says more (`5.4E+08` for 536904399; ISO 26300-3, 19.385)."""
        at = self.attributes
        value = at.get("date-value") or at.get("value") or at.get("string-value") or "".join(self.value)
        if not value or _figures(value) == _figures(own) or (value in own):
            return own
        return f"{own} {value}" if own else value

    def place(self, row: list[str], text: str) -> None:
        """Put it into its row, in its column where the file tells one."""
        column = _column(self.attributes.get("r", ""))
        if column is not None and len(row) < column < min(len(row) + _GAP, _COLUMNS):
            row += [""] * (column - len(row))
        row.append(text)
        repeated = self.attributes.get("number-columns-repeated", "")
        if repeated.isdecimal() and len(repeated) < 4 and int(repeated) < min(_GAP, _COLUMNS - len(row)):
            row += [""] * (int(repeated) - 1)


def _figures(text: str) -> str:
    return "".join(char for char in text if char.isdecimal())


def _column(reference: str) -> int | None:
    """The column of a reference, from 0 (`C5` is 2)."""
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        return None
    number = 0
    for letter in found[1]:
        number = number * 26 + ord(letter) - 64
    return number - 1


class Table:
    """Takes rows one by one and says each as a line at once, so that no table is held in memory."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._seen = 0
        self._header: list[str] = []
        self._line = ""
        self._since = 0

    def add(self, row: Sequence[str]) -> None:
        """One row; empty cells keep the others in their columns."""
        line = "\t".join(cell for cell in row if cell)
        if not line:
            return
        self._seen += 1
        if not self._header:
            if self._seen <= _FIRST and is_header(row):
                self._header, self._line = [" ".join(cell.split()) for cell in row], line
                self._since = 0
            self._say(line)
            return
        if len(self._line) > WIDE:
            self._say("\t".join(self._labelled(row)))
            return
        if self._since > max(NEAR, len(self._line)):
            self._say(self._line)
            self._since = 0
        self._since += len(line)
        self._say(line)

    def _labelled(self, row: Sequence[str]) -> list[str]:
        heads = self._header
        return [
            f"{heads[place]}: {cell}" if place < len(heads) and heads[place] and heads[place] != cell else cell
            for place, cell in enumerate(row)
            if cell
        ]


def tabled(text: str, say: Callable[[str], None]) -> None:
    """Say lines; those one below the other that have tabs in them are the rows of a table."""
    table: Table | None = None
    for line in text.split("\n"):
        if "\t" in line:
            table = table or Table(say)
            table.add(line.split("\t"))
        else:
            table = None
            say(line)


def is_header(row: Sequence[str]) -> bool:
    """Whether a row names columns: two cells or more, and all of them words without numbers."""
    cells = [cell for cell in row if cell]
    return len(cells) > 1 and all(_LABEL.match(cell) and not _DIGITS.search(cell) for cell in cells)
