"""Tar files: every file behind a header whose checksum holds, every name, and every octet that is neither."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from smtp_gate.core.view import Part, Reason
from smtp_gate.reading.kinds import kind_of
from smtp_gate.reading.openers.base import OpenLimits, lost, member, text_of

_BLOCK: Final = 512
_ZEROS: Final = bytes(_BLOCK)
_NAMED: Final = frozenset(b"LK")
_RECORDS: Final = frozenset(b"xgX")
_NO_DATA: Final = frozenset(b"123456")
"""Links, devices, folders and pipes: whatever size they tell, the next header follows at once."""
_SPARSE: Final = ord("S")
_RECORD: Final = re.compile(rb"([0-9]{1,10}) ([^=\n]{1,200})=")


@dataclass(frozen=True, slots=True)
class Block:
    """One header: its type, the names it tells, where the octets behind it begin, and how many it says there are."""

    type: int
    names: tuple[bytes, ...]
    start: int
    size: int
    told: bytes = field(repr=False)


def open_tar(part: Part, limits: OpenLimits) -> tuple[Part, ...] | Reason:
    """The files of a tar file (ustar, pax, GNU and older ones), to its last octet: nothing ends it before."""
    reading = _Reading(part, limits)
    try:
        reading.read()
    except _FullError:
        reading.lose((), Reason.LIMIT)
    reading.end()
    return tuple(reading.found)


class _FullError(Exception):
    """There are more members than the budget allows."""


class _Reading:
    """One tar file being read. `extended` and `names` are what records in front of a header say of it."""

    def __init__(self, part: Part, limits: OpenLimits) -> None:
        self.part = part
        self.content = part.content
        self.found: list[Part] = []
        self._places = limits.members
        self._room = limits.octets
        self._words: dict[str, None] = {}
        self._names: list[bytes] = []
        self._size = -1

    def read(self) -> None:
        """Read block by block. Raises _FullError."""
        at = rest = 0
        while at < len(self.content):
            block = _header(self.content, at)
            if block is None:
                at += _BLOCK
                continue
            self._rest(rest, at)
            at = rest = self._member(block)
        self._rest(rest, len(self.content))

    def _member(self, block: Block) -> int:
        """Read what a header is of; returns where the next one is to be looked for."""
        end = block.start + block.size
        data = self.content[block.start : end]
        if block.told.strip(b"\0 "):
            self._say(block.told)
        if block.type in _NAMED or block.type in _RECORDS:
            self._describe(block, data)
            return _padded(end, block.start)
        names = tuple(dict.fromkeys((*self._names, *block.names)))
        size = self._size if self._size >= 0 else block.size
        self._names, self._size = [], -1
        if block.type in _NO_DATA:
            for name in names:
                self._say(name)
            return block.start
        self._file(names, block.start, size)
        if size != block.size:
            # Readers without extensions go by the header, whose file is then another one.
            self._file(names, block.start, block.size)
        return _padded(block.start + size, block.start)

    def _describe(self, block: Block, data: bytes) -> None:
        """What a record in front of a header says: a long name, or pax records (POSIX.1-2001, pax, extended header)."""
        self._say(data)
        if block.type in _NAMED:
            self._names += [data.partition(b"\0")[0]] if block.type == ord("L") else []
            return
        for key, value in _records(data):
            if key in {b"path", b"GNU.sparse.name"}:
                self._names.append(value)
            elif key == b"size" and value.isdigit() and len(value) < 20:
                self._size = int(value)

    def _file(self, names: tuple[bytes, ...], start: int, size: int) -> None:
        content = self.content[start : start + size]
        shown = tuple(_shown(name) for name in names)
        self._place()
        self._room -= len(content)
        if self._room < 0:
            self.lose(shown, Reason.LIMIT)
            return
        self._add(shown, content)
        if len(content) < size:
            self.lose(shown, Reason.UNKNOWN)

    def _rest(self, start: int, stop: int) -> None:
        """What no header is of is read for what it is."""
        octets = self.content[start:stop].strip(b"\0")
        if not octets:
            return
        self._place()
        self._room -= len(octets)
        if self._room < 0:
            self.lose((), Reason.LIMIT)
            return
        kind = kind_of(octets)
        self._add((), octets, "unknown" if kind == "tar" else kind)

    def _place(self) -> None:
        self._places -= 1
        if self._places < 0:
            raise _FullError

    def _say(self, octets: bytes) -> None:
        self._words[_shown(octets)] = None

    def _add(self, names: tuple[str, ...], content: bytes, kind: str = "") -> None:
        self.found.append(replace(member(self.part, len(self.found) + 1, "", content, kind=kind), names=names))

    def lose(self, names: tuple[str, ...], reason: Reason) -> None:
        """Note a file that nobody can read whole."""
        self.found.append(replace(lost(self.part, len(self.found) + 1, "", reason, "tar"), names=names))

    def end(self) -> None:
        """Tell what was said beside the files: names of links and folders, owners, comments."""
        words = [word for word in self._words if word]
        if words:
            self.found.append(text_of(self.part, len(self.found) + 1, words))


def _header(content: bytes, at: int) -> Block | None:
    """The header in the block there, if its checksum holds."""
    head = content[at : at + _BLOCK]
    if len(head) < _BLOCK or head == _ZEROS or not _sums_up(head):
        return None
    name, prefix = head[:100].partition(b"\0")[0], head[345:500].partition(b"\0")[0]
    names = (prefix + b"/" + name, name) if prefix and head[257:263] == b"ustar\0" else (name,)
    start = at + _BLOCK
    if head[156] == _SPARSE and head[482]:
        # The map of a sparse file goes on in blocks of its own.
        while content[start + 504 : start + 505] > b"\0":
            start += _BLOCK
        start += _BLOCK
    told = b" ".join(head[low:high].partition(b"\0")[0] for low, high in ((157, 257), (265, 297), (297, 329)))
    return Block(head[156], names, start, _number(head[124:136]), told)


def _sums_up(head: bytes) -> bool:
    """Whether the checksum holds, counted with octets or, as some old writers did, with signed ones."""
    said = _number(head[148:156])
    rest = head[:148] + b" " * 8 + head[156:]
    total = sum(rest)
    return said in {total, total - 256 * sum(octet > 127 for octet in rest)}


def _number(octets: bytes) -> int:
    """Digits of base 8, or of base 256 where the first bit says so; 0 where there are none."""
    if octets[0] & 0x80:
        return 0 if octets[0] & 0x40 else int.from_bytes(bytes([octets[0] & 0x3F]) + octets[1:], "big")
    digits = octets.strip(b" \0").partition(b"\0")[0].partition(b" ")[0]
    return int(digits, 8) if digits.isdigit() and not set(digits) & set(b"89") else 0


def _records(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The records of an extended header: `length key=value`."""
    at = 0
    while (found := _RECORD.match(data, at)) is not None:
        size = int(found[1])
        end = at + size
        if end <= found.end() or end > len(data):
            return
        yield found[2], data[found.end() : end - 1]
        at = end


def _padded(end: int, start: int) -> int:
    return start + -(-(end - start) // _BLOCK) * _BLOCK


def _shown(octets: bytes) -> str:
    text = octets.rstrip(b"\0").decode("utf-8", "replace").replace("\0", " ")
    return text if "\ufffd" not in text else octets.rstrip(b"\0").decode("latin-1").replace("\0", " ")
