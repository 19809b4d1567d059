"""Workbooks before 2007 (MS-XLS), record by record: cells as they are shown, text boxes, headers, names of sheets.

Nothing is believed but the sizes of records, so that no octets cost more than they are; a record that lies is skipped.
"""

import struct
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Final

from smtp_gate.reading.openers.biffstrings import read_strings, text_at
from smtp_gate.reading.openers.numbers import Formats
from smtp_gate.reading.openers.strings import strings_of
from smtp_gate.reading.openers.tables import Table

_BOF, _EOF, _CONTINUE, _FILE_PASS = 0x0809, 0x000A, 0x003C, 0x002F
_DATES, _CODEPAGE, _FORMAT, _XF, _SHEET, _STRINGS = 0x0022, 0x0042, 0x041E, 0x00E0, 0x0085, 0x00FC
_FORMULA, _STRING, _TEXT = 0x0006, 0x0207, 0x01B6
_HEADERS: Final = frozenset({0x0014, 0x0015})
_MUTE: Final = frozenset(
    {0x0031, 0x00FF, 0x0293, 0x0892, 0x08A8, 0x088E, 0x0896, 0x087D, 0x089B, 0x089A, 0x00EC, 0x00EB, 0x004D}
)
"""Fonts, styles, drawings, settings of printers: records that programs fill, and that are many."""
_VERSION8: Final = 0x0600
_HIDDEN_GAP: Final = 64
_ERRORS: Final = "#N/A"


class DamagedBiffError(Exception):
    """The stream ends within a record, or has none that begins a workbook."""


def has_password(workbook: bytes) -> bool:
    """Whether a record `FilePass` stands among the globals of a workbook (MS-XLS, section 2.4.117)."""
    kinds = (kind for kind, _, _ in _records(workbook, 0, set()))
    return next((kind for kind in kinds if kind in {_FILE_PASS, _EOF}), _EOF) == _FILE_PASS


def read_biff(workbook: bytes, say: Callable[[str], None]) -> None:
    """Say all that a workbook holds. Raises DamagedBiffError, with what was read said already."""
    if workbook[:2] != _BOF.to_bytes(2, "little"):
        raise DamagedBiffError("no beginning")
    seen: set[int] = set()
    reading = _Reading(say, wide=int.from_bytes(workbook[4:6], "little") >= _VERSION8)
    damaged, rest = False, 0
    # Sheets follow one another; one to which only the list of sheets leads is read as well.
    for start in chain((0,), reading.sheets):
        for kind, chunks, end in _records(workbook, start, seen):
            reading.take(kind, chunks)
            rest = end
        reading.flush()
        damaged = damaged or (rest not in seen and bool(workbook[rest:].strip(b"\0")))
    for text in reading.unused():
        say(text)
    if damaged:
        raise DamagedBiffError("octets that are no record")


def _records(workbook: bytes, start: int, seen: set[int]) -> Iterator[tuple[int, list[bytes], int]]:
    """Kind and content of each record, which others may continue, and where the next one stands."""
    kind, chunks, at = -1, [b""], start
    while at + 4 <= len(workbook) and at not in seen:
        following, size = struct.unpack_from("<HH", workbook, at)
        if at + 4 + size > len(workbook) or (not following and not size):
            break
        seen.add(at)
        content = workbook[at + 4 : at + 4 + size]
        if following == _CONTINUE:
            chunks.append(content)
        else:
            if kind >= 0:
                yield kind, chunks, at
            kind, chunks = following, [content]
        at += 4 + size
    if kind >= 0:
        yield kind, chunks, at


class _Reading:
    """What is known of a workbook so far."""

    def __init__(self, say: Callable[[str], None], *, wide: bool) -> None:
        self.sheets: list[int] = []
        self._say = say
        self._wide = wide
        self._codepage = 1252
        self._formats = Formats()
        self._strings: list[str] = []
        self._used: set[int] = set()
        self._literals: dict[str, None] = {}
        self._table = Table(say)
        self._number = -1
        self._row: list[str] = []
        self._takers: dict[int, Callable[[list[bytes]], None]] = {
            0x00FD: self._shared, 0x0204: self._label, 0x00D6: self._label, 0x0203: self._double, 0x027E: self._rk,
            0x00BD: self._several, _FORMULA: self._formula, 0x0205: self._boolean, _STRING: self._result,
            _TEXT: self._box, _STRINGS: self._table_of_strings, _SHEET: self._sheet, _FORMAT: self._format, _XF: self._style,
            _DATES: self._dates, _CODEPAGE: self._page,
        }  # fmt: skip

    def take(self, kind: int, chunks: list[bytes]) -> None:
        """One record; one that is too short for its kind says nothing."""
        taker = self._takers.get(kind)
        try:
            if taker is not None:
                taker(chunks)
            elif kind == _BOF:
                self.flush()
                self._table = Table(self._say)
            elif kind in _HEADERS and chunks[0]:
                self._say(self._text(chunks[0], 0))
            elif kind not in _MUTE:
                # Links, names, rules for what may be entered: formats of their own, of which strings are read.
                for text in strings_of(b"".join(chunks)):
                    self._say(text)
        except (struct.error, IndexError):
            return

    def flush(self) -> None:
        """End the row under way."""
        self._table.add(self._row)
        self._row, self._number = [], -1

    def _cell(self, row: int, column: int, text: str) -> None:
        if row != self._number:
            self.flush()
            self._number = row
        if len(self._row) < column < len(self._row) + _HIDDEN_GAP:
            self._row += [""] * (column - len(self._row))
        self._row.append(text)

    def _text(self, content: bytes, at: int, *, short: bool = False) -> str:
        return text_at(content, at, self._codepage, short=short, wide=self._wide)

    def _value(self, content: bytes, number: float) -> None:
        row, column, style = struct.unpack_from("<HHH", content)
        self._cell(row, column, self._formats.shown(repr(number), style))

    def _shared(self, chunks: list[bytes]) -> None:
        row, column, _, place = struct.unpack_from("<HHHI", chunks[0])
        if place < len(self._strings):
            self._used.add(place)
            self._cell(row, column, self._strings[place])

    def _label(self, chunks: list[bytes]) -> None:
        row, column = struct.unpack_from("<HH", chunks[0])
        self._cell(row, column, self._text(chunks[0], 6))

    def _double(self, chunks: list[bytes]) -> None:
        self._value(chunks[0], struct.unpack_from("<d", chunks[0], 6)[0])

    def _rk(self, chunks: list[bytes]) -> None:
        self._value(chunks[0], _unpacked(struct.unpack_from("<I", chunks[0], 6)[0]))

    def _several(self, chunks: list[bytes]) -> None:
        row, first = struct.unpack_from("<HH", chunks[0])
        for place, at in enumerate(range(4, len(chunks[0]) - 7, 6)):
            style, packed = struct.unpack_from("<HI", chunks[0], at)
            self._cell(row, first + place, self._formats.shown(repr(_unpacked(packed)), style))

    def _formula(self, chunks: list[bytes]) -> None:
        """The result that was saved; a text follows in a record of its own (section 2.5.133)."""
        content = chunks[0]
        self._literals.update(dict.fromkeys(strings_of(content[20:])))
        row, column = struct.unpack_from("<HH", content)
        if content[12:14] != b"\xff\xff":
            self._value(content, struct.unpack_from("<d", content, 6)[0])
        elif content[6] == 1:
            self._cell(row, column, "TRUE" if content[8] else "FALSE")
        else:
            self._cell(row, column, "")

    def _result(self, chunks: list[bytes]) -> None:
        text = self._text(chunks[0], 0)
        if self._row:
            self._row[-1] = text
        else:
            self._say(text)

    def _boolean(self, chunks: list[bytes]) -> None:
        row, column = struct.unpack_from("<HH", chunks[0])
        value, error = chunks[0][6:8]
        self._cell(row, column, _ERRORS if error else str(bool(value)).upper())

    def _box(self, chunks: list[bytes]) -> None:
        """A text box or comment, whose text continues the record (section 2.4.329)."""
        room = struct.unpack_from("<H", chunks[0], 10)[0]
        said = ""
        for chunk in chunks[1:]:
            if len(said) < room and chunk:
                said += (
                    chunk[1:].decode("utf-16-le", "replace") if chunk[0] & 1 else chunk[1:].decode("cp1252", "replace")
                )
        self._say(said[:room])

    def _table_of_strings(self, chunks: list[bytes]) -> None:
        self._strings += read_strings(chunks)

    def _sheet(self, chunks: list[bytes]) -> None:
        self.sheets.append(struct.unpack_from("<I", chunks[0])[0])
        self._say(self._text(chunks[0], 6, short=True))

    def _format(self, chunks: list[bytes]) -> None:
        number = struct.unpack_from("<H", chunks[0])[0]
        self._formats.codes[number] = self._text(chunks[0], 2, short=not self._wide)

    def _style(self, chunks: list[bytes]) -> None:
        self._formats.styles.append(struct.unpack_from("<H", chunks[0], 2)[0])

    def _dates(self, chunks: list[bytes]) -> None:
        self._formats.since1904 = chunks[0][:1] == b"\1"

    def _page(self, chunks: list[bytes]) -> None:
        self._codepage = struct.unpack_from("<H", chunks[0])[0]

    def unused(self) -> Iterator[str]:
        """Strings that no cell shows: of cells that were deleted, and written into formulas."""
        yield from (text for place, text in enumerate(self._strings) if place not in self._used)
        yield from self._literals


def _unpacked(packed: int) -> float:
    """A number in 32 bits (section 2.5.217)."""
    if packed & 2:
        number = float((packed >> 2) - (1 << 30 if packed & 0x80000000 else 0))
    else:
        number = float(struct.unpack("<d", struct.pack("<II", 0, packed & 0xFFFFFFFC))[0])
    return number / 100 if packed & 1 else number
