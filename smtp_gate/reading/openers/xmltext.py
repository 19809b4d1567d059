"""The text of an XML part of an office file: paragraphs joined, cells and rows apart, what is hidden beside it.

Elements are known by their local names, which OOXML (transitional and strict), its flat form and ODF share or do not use
for anything else. Nothing is held but the open elements, so neither depth nor size costs more than the octets.
"""

import html
import re
from collections.abc import Callable
from typing import Final
from xml.parsers import expat

from smtp_gate.core.view import Reason
from smtp_gate.reading.openers.tables import Attributes, Cell, Table
from smtp_gate.reading.openers.xmlnames import (
    ASIDE,
    ASIDE_WITHIN,
    BREAK,
    CELL,
    COUNTS,
    MEASURES,
    PARAGRAPH,
    PLAIN,
    ROW,
    TABLE,
    TOLD,
    TOLD_VALUES,
    UNLABELLED,
    UNTOLD_NAMES,
)

CellText = Callable[[Attributes, str, str], str]
"""What a sheet's cell shows, by its attributes, its own text and the raw value in it."""

_NESTED: Final = 16
_TAG: Final = re.compile(r"<[^<>]*>")
_LONG: Final = re.compile(r"\d{8}")
_WRITTEN: Final = re.compile(r"[^\W\d_]|\d{3}")


class _RefusedError(Exception):
    """The part declares entities."""


class _Paragraph:
    """A paragraph under way: its line, and what does not stand in it."""

    def __init__(self) -> None:
        self._line: list[str] = []
        self._whole: list[str] = []
        self._asides: dict[str, list[str]] = {}

    def add(self, text: str) -> None:
        """Text of the line."""
        self._line.append(text)
        self._whole.append(text)

    def aside(self, kind: str, text: str, *, struck: bool = False) -> None:
        """Text beside it; what is `struck` or hidden stands in its place once more."""
        self._asides.setdefault(kind, []).append(text)
        if struck:
            self._whole.append(text)

    def texts(self) -> list[str]:
        """The line, the line with everything hidden in it, and what stands beside it."""
        line = "".join(self._line)
        if not self._asides:
            return [line]
        return [*dict.fromkeys((line, "".join(self._whole), *("".join(said) for said in self._asides.values())))]


class XmlText:
    """Reads one part. `say` takes its lines; `lost` says afterwards why some of it may be missing."""

    def __init__(self, say: Callable[[str], None], cell: CellText | None = None) -> None:
        self.lost: Reason | None = None
        self._cell_text = cell
        self._open: list[str] = []
        self._says: list[Callable[[str], None]] = [say]
        self._paragraphs: list[_Paragraph] = []
        self._tables: list[Table] = []
        self._rows: list[list[str]] = []
        self._cells: list[Cell] = []
        self._leaf: list[str] = []
        self._asides = 0
        self._hidden = False

    def read(self, content: bytes) -> None:
        """Read all of it; what is not well-formed is read as far as it goes, and the rest without its tags."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data
        parser.EntityDeclHandler = _refuse
        try:
            parser.Parse(content, True)
        except (expat.ExpatError, _RefusedError, ValueError, LookupError):
            # Office programs refuse declared entities as well; a more lenient parser than ours may read on.
            self.lost = Reason.UNKNOWN
            while self._open:
                self._end("")
            self._says[0](_untagged(content, max(parser.CurrentByteIndex, 0)))

    def _start(self, qualified: str, attributes: Attributes) -> None:
        name = qualified.rpartition(":")[2]
        self._flush()
        if name in CELL and len(self._cells) >= _NESTED:
            # The text of a cell is copied into the one around it; nobody draws tables this deep.
            name = ""
        elif name == "text" and not qualified.startswith("office:"):
            # A comment of a sheet.
            name = "si"
        self._open.append(name)
        if name in PARAGRAPH:
            self._paragraphs.append(_Paragraph())
        elif name in CELL:
            self._begin_cell(attributes)
        elif name in ROW:
            self._rows.append([])
        elif name in TABLE:
            self._tables.append(Table(self._says[-1]))
        elif name in ASIDE_WITHIN:
            self._asides += 1
        elif self._paragraphs and name in BREAK:
            self._paragraphs[-1].add(BREAK[name])
        else:
            self._odd(name, attributes)
        if attributes and name not in PLAIN:
            self._attributes(name, attributes)

    def _begin_cell(self, attributes: Attributes) -> None:
        prefixed = any(":" in key for key in attributes)
        cell = Cell({k.rpartition(":")[2]: v for k, v in attributes.items()} if prefixed else attributes)
        self._cells.append(cell)
        self._says.append(cell.lines.append)

    def _odd(self, name: str, attributes: Attributes) -> None:
        """Elements that stand for characters or hide some."""
        if name == "s" and self._paragraphs:
            # White space of OpenDocument (part 3, section 6.1.3).
            count = _attribute(attributes, "c")
            self._paragraphs[-1].add(" " * min(int(count) if count.isdecimal() and len(count) < 9 else 1, 1000))
        elif name == "sym" and self._paragraphs:
            code = _attribute(attributes, "char")
            if re.fullmatch("[0-9A-Fa-f]{1,4}", code):
                # Symbol fonts put their characters into the private range (ISO 29500-1, section 17.3.3.30).
                number = int(code, 16)
                self._paragraphs[-1].add(chr(number - 0xF000 if number >= 0xF000 else number))
        elif name in {"vanish", "webHidden"} and self._open[-3:-1] == ["r", "rPr"]:
            self._hidden = _attribute(attributes, "val") not in {"0", "false", "off"}

    def _attributes(self, name: str, attributes: Attributes) -> None:
        external = "External" in attributes.values()
        for qualified, value in attributes.items():
            key = qualified.rpartition(":")[2]
            told = key in TOLD and _WRITTEN.search(value) and not (key == "name" and name in UNTOLD_NAMES)
            if told or (key in {"val", "value", "v"} and name in TOLD_VALUES) or (key == "Target" and external):
                if self._paragraphs:
                    self._paragraphs[-1].aside("attributes", value + "\n")
                else:
                    self._says[-1](value)

    def _end(self, _: str) -> None:
        name = self._open[-1]
        if name in PARAGRAPH:
            for text in self._paragraphs.pop().texts():
                self._says[-1](text)
        else:
            self._flush()
        self._open.pop()
        if name in CELL:
            self._end_cell(name)
        elif name in ROW:
            row = self._rows.pop()
            if self._tables:
                self._tables[-1].add(row)
            else:
                self._says[-1]("\t".join(row))
        elif name in TABLE:
            self._tables.pop()
        elif name in ASIDE_WITHIN:
            self._asides -= 1
        elif name == "r":
            self._hidden = False

    def _end_cell(self, name: str) -> None:
        self._says.pop()
        cell = self._cells.pop()
        own = "\n".join(line for line in cell.lines if line)
        if name == "c" and self._cell_text is not None:
            own = self._cell_text(cell.attributes, own, "".join(cell.value))
        else:
            own = cell.shown(own)
        if self._rows:
            cell.place(self._rows[-1], own)
        else:
            self._says[-1](own)

    def _data(self, text: str) -> None:
        name = self._open[-1]
        if name == "v" and self._cells:
            self._cells[-1].value.append(text)
        elif not self._paragraphs:
            self._leaf.append(text)
        elif name in ASIDE:
            self._paragraphs[-1].aside(name, text, struck=name == "delText")
        elif name not in MEASURES:
            if self._asides or self._hidden:
                self._paragraphs[-1].aside("hidden", text, struck=True)
            else:
                self._paragraphs[-1].add(text)

    def _flush(self) -> None:
        """Say the text of an element that is no paragraph, with the element's name as its label."""
        if not self._leaf:
            return
        text = "".join(self._leaf).strip()
        self._leaf.clear()
        name = self._open[-1] if self._open else ""
        if text and (name not in COUNTS or _LONG.search(text)):
            self._says[-1](text if not name or name in UNLABELLED else f"{name}: {text}")


def _refuse(*_: object) -> None:
    raise _RefusedError


def _attribute(attributes: Attributes, local: str) -> str:
    return next((value for key, value in attributes.items() if key.rpartition(":")[2] == local), "")


def _untagged(content: bytes, at: int) -> str:
    """What stands behind the damage: characters without tags, entities as themselves."""
    wide = content[:2] in {b"\xff\xfe", b"\xfe\xff"}
    rest = content.decode("utf-16", "replace")[at // 2 :] if wide else content[at:].decode("utf-8", "replace")
    return html.unescape(_TAG.sub(" ", rest.replace("\0", "")))
