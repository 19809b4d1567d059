"""Tables within a text: in which column a value stands, and what the lines above call that column."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

LONGEST: Final = 4096
"""Characters of a line up to which it is taken for a row: looking for a value's cell costs no more than that."""

TITLE: Final = 40
"""Characters of a cell up to which it may be a column's title."""

TITLES: Final = 64
"""Titled cells of a table that are remembered for columns in line with each other."""

_SIGNS: Final = ("\t", "|", ";", ",")
_CELLS: Final = {sign: re.compile(rf'"[^"\n]*"|{re.escape(sign)}') for sign in _SIGNS}
_GAP: Final = re.compile(r" {2,}")
_GAPS: Final = "  "
_STRICT: Final = frozenset({";", ","})
"""Signs of prose too: with them only lines of equally many cells are rows of one table."""

_DIGITS: Final = 4
"""Digits of a cell up to which it may be a title: `Address 2`, `Wages 2026`."""

Span = tuple[int, int]
Spend = Callable[[int], None]
Holds = Callable[[int, int], bool]


@dataclass(slots=True)
class _Table:
    """A run of lines that are rows by one sign; `heads` are the cells of the lines that may be heads, in order."""

    start: int
    end: int
    sign: str
    heads: list[list[Span]] = field(default_factory=list)
    titled: dict[str, "_Titled"] = field(default_factory=dict)


@dataclass(slots=True)
class _Titled:
    """What one list of words titles: columns by number with the offset of the title, or stretches of a line."""

    columns: dict[int, int] = field(default_factory=dict)
    stretches: list[tuple[int, int, int]] = field(default_factory=list)


class Tables:
    """The tables of one text, each read once, when a value in it is first asked for: linear in the text altogether."""

    def __init__(self, text: str, spend: Spend) -> None:
        """`spend` is told how many lines are read."""
        self._text = text
        self._spend = spend
        self._found: dict[str, list[_Table]] = {}

    def titled(self, name: str, at: int, holds: Holds) -> bool:
        """Whether a title above the value at an offset says a word of the list `name`; `holds` looks into a stretch."""
        # Only so much is looked at for each value, or one long line of values would take the square of its length.
        near = self._text[max(at - LONGEST - 1, 0) : at + LONGEST + 1]
        if len(near) > LONGEST and "\n" not in near:
            return False
        start, end = self._line(at)
        if end - start > LONGEST:
            return False
        return any(self._by(sign, name, at, holds) for sign in self._signs(start, end))

    def _signs(self, start: int, end: int) -> Iterator[str]:
        """The signs by which a line may be a row."""
        line = self._text[start:end]
        yield from (sign for sign in _SIGNS if sign in line)
        if _GAPS in line.strip():
            yield _GAPS

    def _by(self, sign: str, name: str, at: int, holds: Holds) -> bool:
        table = self._table(sign, at)
        titled = table.titled.get(name)
        if titled is None:
            titled = table.titled[name] = self._titles(table, holds)
        start, end = self._line(at)
        cells = self._cells(start, end, sign)
        column = max(bisect_right(cells, at, key=lambda c: c[0]) - 1, 0)
        if sign == _GAPS:
            low, high = cells[column][0] - start, cells[column][1] - start
            return any(a < high and low < b for line, a, b in titled.stretches if line < start)
        return titled.columns.get(column, start) < start

    def _table(self, sign: str, at: int) -> _Table:
        """The table by this sign around an offset, read now or before."""
        known = self._found.setdefault(sign, [])
        index = bisect_right(known, at, key=lambda t: t.start) - 1
        if index >= 0 and at <= known[index].end:
            return known[index]
        start, end = self._line(at)
        count = len(self._cells(start, end, sign))
        above = list(self._rows(start, sign, count, down=False))
        rows = [*above[::-1], (start, end), *self._rows(end, sign, count, down=True)]
        self._spend(len(rows))
        table = _Table(rows[0][0], rows[-1][1], sign)
        table.heads = [cells for low, high in rows if self._is_head(cells := self._cells(low, high, sign), sign)]
        known.insert(index + 1, table)
        return table

    def _rows(self, edge: int, sign: str, count: int, *, down: bool) -> Iterator[Span]:
        """The rows below or above the line that ends or begins at `edge`; one empty line in between parts nothing."""
        empty = 0
        while 0 < edge < len(self._text):
            start, end = self._line(edge + 1 if down else edge - 1)
            edge = end if down else start
            line = self._text[start:end]
            if not line.strip(" \r>"):
                empty += 1
                if empty > 1 or sign in _STRICT:
                    return
                continue
            if end - start > LONGEST or not self._is_row(line, start, end, sign, count):
                return
            empty = 0
            yield start, end

    def _is_row(self, line: str, start: int, end: int, sign: str, count: int) -> bool:
        if sign == _GAPS:
            return _GAPS in line.strip() or set(line) <= set("-=+ ")
        if sign not in line:
            return sign == "|" and set(line) <= set("-=+ ")
        return sign not in _STRICT or len(self._cells(start, end, sign)) == count

    def _is_head(self, cells: list[Span], sign: str) -> bool:
        said = [self._text[a:b] for a, b in cells]
        # Two spaces stand behind a sentence too; a title is none.
        if sign == _GAPS and any(s.rstrip()[-1:] in {".", "!", "?"} for s in said[:-1]):
            return False
        # Commas part the pieces of a sentence too; titles are short, and no full stop ends them.
        if sign in _STRICT and (said[-1].rstrip()[-1:] in {".", "!", "?", ":"} or max(map(len, said)) > TITLE):
            return False
        return sum(bool(s.strip()) for s in said) > 1 and all(sum(c.isdigit() for c in s) <= _DIGITS for s in said)

    def _titles(self, table: _Table, holds: Holds) -> _Titled:
        titled = _Titled()
        for cells in table.heads:
            line = self._line(cells[0][0])[0]
            self._spend(1)
            for column, (start, end) in enumerate(cells):
                if end - start <= TITLE and holds(start, end):
                    titled.columns.setdefault(column, line)
                    if len(titled.stretches) < TITLES:
                        titled.stretches.append((line, start - line, end - line))
        return titled

    def _cells(self, start: int, end: int, sign: str) -> list[Span]:
        """The cells of a line, from and to; a sign within quotes parts nothing."""
        if sign == _GAPS:
            gaps = [(m.start(), m.end()) for m in _GAP.finditer(self._text, start, end)]
        else:
            found = _CELLS[sign].finditer(self._text, start, end)
            gaps = [(m.start(), m.end()) for m in found if m[0] == sign]
        starts, ends = [start, *(g[1] for g in gaps)], [*(g[0] for g in gaps), end]
        cells = list(zip(starts, ends, strict=True))
        return [c for c in cells if c[0] < c[1]] or cells if sign == _GAPS else cells

    def _line(self, at: int) -> Span:
        """The line that holds an offset."""
        start = self._text.rfind("\n", 0, at) + 1
        end = self._text.find("\n", at)
        return start, end if end >= 0 else len(self._text)
