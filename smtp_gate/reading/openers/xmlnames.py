"""The elements and attributes of office files that text depends on, by their local names (ISO 29500, ISO 26300)."""

from typing import Final

PARAGRAPH: Final = frozenset({"p", "h", "si", "is"})
TABLE: Final = frozenset({"tbl", "table", "sheetData", "Table"})
ROW: Final = frozenset({"tr", "table-row", "row", "Row"})
CELL: Final = frozenset({"tc", "table-cell", "covered-table-cell", "c", "Cell"})
PLAIN: Final = frozenset({"c", "v", "row", "t", "r", "tr", "tc"})
"""Elements, by the million in large files, whose attributes nobody writes into."""
BREAK: Final = {
    "tab": "\t",
    "ptab": "\t",
    "br": "\n",
    "cr": "\n",
    "line-break": "\n",
    "noBreakHyphen": "-",
    "softHyphen": "",
}
"""Elements within a paragraph that stand for characters."""

ASIDE: Final = frozenset({"instrText", "delText", "delInstrText", "title", "desc"})
"""Elements in a paragraph whose text does not stand in its line."""

ASIDE_WITHIN: Final = frozenset({"rPh", "moveFrom", "note-citation", "ruby-text", "rt", "annotation", "note"})
"""Elements in a paragraph around such text."""

MEASURES: Final = frozenset(
    {"posOffset", "align", "pctWidth", "pctHeight", "pctPosHOffset", "pctPosVOffset", "relativeFrom"}
)
"""Elements in a paragraph whose text says where a picture stands."""

TOLD: Final = frozenset(
    (  # noqa: SIM905 - one word a line would hide the code
        "descr title alt author tooltip display displayText prompt promptTitle error errorTitle name location string "
        "string-value textvalue href initials formula instr label description caption userName placeholder content "
        "current-value"
    ).split()
)
"""Attributes that hold what people wrote."""

TOLD_VALUES: Final = frozenset(
    (  # noqa: SIM905 - one word a line would hide the code
        "docVar listItem default alias tag statusText helpText s n d result property user-defined placeholder param"
    ).split()
)
"""Elements whose attribute `val`, `value` or `v` does."""

COUNTS: Final = frozenset(
    (  # noqa: SIM905 - one word a line would hide the code
        "col row colOff rowOff Row Column Anchor AutoFill MoveWithCells SizeWithCells i4 ScaleCrop LinksUpToDate SharedDoc "
        "HyperlinksChanged DocSecurity TotalTime ptCount formatCode Pages Words Characters CharactersWithSpaces Lines "
        "Paragraphs AppVersion revision tableStyleId posOffset Slides Notes HiddenSlides MMClips"
    ).split()
)
"""Elements outside of paragraphs whose text programs count or measure."""

UNTOLD_NAMES: Final = frozenset({"style", "font", "latentStyles", "lsdException", "font-face", "cellStyle", "cNvPr"})
"""Elements that programs name, by the hundred."""

UNLABELLED: Final = frozenset({"t", "v", "f", "p", "text", "lpwstr", "lpstr", "Data"})
"""Elements whose names say nothing about their text."""
