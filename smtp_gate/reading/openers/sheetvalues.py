"""What the cells of an OOXML sheet show: shared strings, and numbers under their formats (ISO 29500-1, section 18.3)."""

import re
from collections.abc import Callable, Iterator
from xml.parsers import expat

from smtp_gate.reading.openers.numbers import Formats
from smtp_gate.reading.openers.tables import Attributes


class Sheets:
    """The strings and formats of one workbook; `text` tells what a cell shows."""

    def __init__(self) -> None:
        self._tables: list[list[str]] = []
        self._used: set[int] = set()
        self.formats = Formats()

    def add_strings(self, content: bytes) -> None:
        """A table of shared strings (section 18.4); raises ExpatError and others where it is damaged."""
        table: list[str] = []
        said: list[str] = []
        self._tables.append(table)
        names: list[str] = []

        def start(name: str, _: Attributes) -> None:
            names.append(name.rpartition(":")[2])

        def end(_: str) -> None:
            if names.pop() == "si":
                table.append("".join(said))
                said.clear()

        def data(text: str) -> None:
            if names[-1] == "t" and "rPh" not in names[-2:]:
                said.append(text)

        _parse(content, start, end, data)

    def add_styles(self, content: bytes) -> None:
        """The number formats of styles (section 18.8)."""
        names: list[str] = []

        def start(name: str, attributes: Attributes) -> None:
            names.append(name.rpartition(":")[2])
            if names[-1] == "numFmt":
                self.formats.codes[_whole(attributes.get("numFmtId"))] = attributes.get("formatCode", "")
            elif names[-2:] == ["cellXfs", "xf"]:
                self.formats.styles.append(_whole(attributes.get("numFmtId")))

        _parse(content, start, lambda _: _drop(names), lambda _: None)

    def add_workbook(self, content: bytes) -> None:
        """Which day is the first (section 18.2.28)."""
        if re.search(rb"date1904\s*=\s*[\"'](?:1|true|on)", content[:65536]) is not None:
            self.formats.since1904 = True

    def text(self, attributes: Attributes, own: str, value: str) -> str:
        """What a cell shows; a number is told in full, whatever width it is shown in."""
        if not value:
            return own
        kind = attributes.get("t", "n")
        if kind == "s":
            place = _whole(value)
            self._used.add(place)
            value = "\n".join(table[place] for table in self._tables if 0 <= place < len(table))
        elif kind == "n":
            value = self.formats.shown(value, _whole(attributes.get("s")))
        return f"{own}\n{value}" if own and own != value else value

    def unused(self) -> Iterator[str]:
        """Strings that no cell shows, such as those of cells that were deleted."""
        for table in self._tables:
            yield from (text for place, text in enumerate(table) if place not in self._used)


def _whole(text: str | None) -> int:
    return int(text) if text is not None and text.isdecimal() and len(text) < 10 else 0


def _drop(names: list[str]) -> None:
    names.pop()


def _parse(
    content: bytes,
    start: Callable[[str, Attributes], None],
    end: Callable[[str], None],
    data: Callable[[str], None],
) -> None:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, data
    parser.EntityDeclHandler = _refuse
    parser.Parse(content, True)


def _refuse(*_: object) -> None:
    raise ValueError("entities are declared")


def root_of(content: bytes) -> str:
    """The local name of a part's first element, by its first octets; whatever the part is called."""
    head = content[:4096].replace(b"\0", b"")
    found = re.search(rb"<(?:[\w.-]+:)?([A-Za-z][\w.-]*)", head)
    return found[1].decode() if found else ""
