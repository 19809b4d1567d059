"""The text of Word files before 2007: the pieces of which a document says it is made (MS-DOC, section 2.4.1)."""

import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from smtp_gate.reading.openers.compound import Compound, DamagedError, Path
from smtp_gate.reading.openers.tables import tabled

_IDENTS: Final = frozenset({0xA5EC, 0xA5DC})
_ENCRYPTED: Final = 0x0100
_SECOND_TABLE: Final = 0x0200
_QUICK_SAVES: Final = 0x0004
_WORD97: Final = 193
_CLX: Final = 0x01A2
_LENGTHS: Final = 0x4C
"""Where the counts of characters stand: main text, footnotes, headers, macros, comments, endnotes, text boxes."""
_EIGHT_BIT: Final = 0x40000000
_FIELD: Final = re.compile("\x13([^\x13-\x15]*)\x14?")
_MARKS: Final = {
    0x07: "\t", 0x0B: "\n", 0x0C: "\n", 0x0D: "\n", 0x0E: "\n", 0x1E: "-", 0x1F: "", 0x13: "", 0x14: "", 0x15: "",
    0x01: "", 0x02: "", 0x03: "", 0x04: "", 0x05: "", 0x08: "", 0x00: "",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Head:
    """What the file information block says of one document."""

    version: int
    flags: int
    table: str

    @property
    def encrypted(self) -> bool:
        """Encrypted or obfuscated with a password."""
        return bool(self.flags & _ENCRYPTED)


def head_of(stream: bytes) -> Head:
    """The beginning of a stream `WordDocument`. Raises DamagedError."""
    if len(stream) < 32 or int.from_bytes(stream[:2], "little") not in _IDENTS:
        raise DamagedError("no file information block")
    version, flags = struct.unpack_from("<2xH6xH", stream)
    return Head(version, flags, "1Table" if flags & _SECOND_TABLE else "0Table")


def read_word(file: Compound, storage: Path, say: Callable[[str], None]) -> None:
    """Say all text of the document in a storage. Raises DamagedError where it may not be all, said or not."""
    stream = file.read(*storage, "WordDocument")
    head = head_of(stream)
    if head.version < _WORD97:
        start, end = struct.unpack_from("<II", stream, 0x18)
        _say(stream[start:end].decode("cp1252", "replace"), say)
        if head.flags & _QUICK_SAVES:
            raise DamagedError("changes saved behind the text")
        return
    table = file.read(*storage, head.table)
    if len(stream) < _CLX + 8:
        raise DamagedError("cut short")
    place, size = struct.unpack_from("<II", stream, _CLX)
    told = sum(struct.unpack_from("<8i", stream, _LENGTHS))
    found = 0
    text: list[str] = []
    for piece in _pieces(table[place : place + size], stream, file.room):
        found += len(piece)
        text.append(piece)
    _say("".join(text), say)
    if found < told or found == 0:
        raise DamagedError("there is less text than the file says")


def _pieces(clx: bytes, stream: bytes, room: int) -> Iterator[str]:
    """The text of each piece, in order (sections 2.8.35 and 2.9.177). Raises DamagedError."""
    at = 0
    while clx[at : at + 1] == b"\x01":
        at += 3 + int.from_bytes(clx[at + 1 : at + 3], "little")
    if clx[at : at + 1] != b"\x02":
        raise DamagedError("no table of pieces")
    plc = clx[at + 5 : at + 5 + int.from_bytes(clx[at + 1 : at + 5], "little")]
    count = (len(plc) - 4) // 12
    if count < 1:
        raise DamagedError("an empty table of pieces")
    places = struct.unpack_from(f"<{count + 1}I", plc)
    for number in range(count):
        length = places[number + 1] - places[number]
        where = struct.unpack_from("<I", plc, 4 * (count + 1) + 8 * number + 2)[0]
        if length < 0 or length > room:
            raise DamagedError("a piece of no possible size")
        room -= length
        if where & _EIGHT_BIT:
            start = (where & ~_EIGHT_BIT) // 2
            yield stream[start : start + length].decode("cp1252", "replace")
        else:
            yield stream[where : where + 2 * length].decode("utf-16-le", "replace")


def _say(text: str, say: Callable[[str], None]) -> None:
    """The text with its marks as what they show; instructions of fields stand behind it."""
    fields = _FIELD.findall(text)
    shown = _FIELD.sub("", text) if fields else text
    tabled(shown.replace("\x07\x07", "\n").translate(_MARKS), say)
    for field in fields:
        say(field.strip())
