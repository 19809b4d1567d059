"""Zip files: every file that the directory or a local header leads to, and every octet that belongs to none of them."""

import lzma
import zlib
from collections.abc import Collection
from dataclasses import replace
from typing import Final

from smtp_gate.core.view import Part, Reason
from smtp_gate.reading.kinds import kind_of
from smtp_gate.reading.openers.base import OpenLimits, lost, member, text_of
from smtp_gate.reading.openers.office import is_office, open_office
from smtp_gate.reading.openers.streams import MEMORY, End, Source, Unpacked, bzip2, deflate, unpack
from smtp_gate.reading.openers.zip_layout import (
    DESCRIPTOR,
    LOCAL,
    STREAMED,
    Directory,
    Header,
    behind_descriptor,
    directory_of,
    gaps,
    local_at,
)
from smtp_gate.reading.openers.zip_words import hides_octets, names_of, words_of

_STORED, _DEFLATE, _BZIP2, _LZMA = 0, 8, 12, 14
_METHODS: Final = frozenset({*range(11), 12, 14, 16, 18, 19, 20, *range(93, 100)})
_SELF_ENDING: Final = frozenset({_DEFLATE, _BZIP2})
"""Methods whose streams tell their own end."""
_MARKERS: Final = frozenset({b"", DESCRIPTOR, b"PK00"})
"""Octets between records that mean nothing: padding, and what begins a volume (APPNOTE, section 8.5.3)."""
_WORK: Final = 8
"""How often the octets of the file may be read in all: headers may lead to the same place many times."""
_VOLUMES: Final = frozenset({0, 0xFFFF})


def open_zip(part: Part, limits: OpenLimits) -> tuple[Part, ...] | Reason:
    """The files of a zip file; of an office package its text, and every file that packages do not have."""
    reading = _Reading(part, limits)
    directory = directory_of(part.content)
    if directory is not None:
        reading.listed(directory)
    reading.unlisted()
    reading.end()
    return open_office(part, reading.found, limits) if is_office(reading.names) else tuple(reading.found)


class _FullError(Exception):
    """There are more members than the budget allows."""


class _Reading:
    """One zip file being read: what was found, what is left of the budget, which octets are accounted for."""

    def __init__(self, part: Part, limits: OpenLimits) -> None:
        self.part = part
        self.content = part.content
        self.found: list[Part] = []
        self.names: set[str] = set()
        self._words: dict[str, None] = {}
        self._ranges: list[tuple[int, int]] = []
        self._read: set[tuple[int, int, int]] = set()
        self._room = limits.room(len(part.content))
        self._places = limits.members
        self._work = _WORK * len(part.content)

    def listed(self, directory: Directory) -> None:
        """Read what the directory leads to."""
        self._ranges += directory.ranges
        if directory.comment:
            self._say(directory.comment.decode("utf-8", "replace"))
        if directory.doubtful:
            self._lose(("",), Reason.UNKNOWN)
        try:
            for header in directory.headers:
                self._listed(header, directory.shift)
        except _FullError:
            self._lose(("",), Reason.LIMIT)

    def _listed(self, header: Header, shift: int) -> None:
        names = names_of(header)
        self.names.update(names)
        self._mention(header)
        local = local_at(self.content, header.at + shift) or local_at(self.content, header.at)
        if local is None or header.disk not in _VOLUMES:
            self._place()
            self._lose(names, Reason.UNKNOWN)
            return
        self._ranges.append((local.start, local.stop))
        self._mention(local)
        names = tuple(dict.fromkeys((*names, *names_of(local))))
        if header.encrypted != local.encrypted:
            self._place()
            self._lose(names, Reason.ENCRYPTED)
            header = replace(header, flags=0)
        told = not local.flags & STREAMED or local.packed not in {0, 0xFFFFFFFF}
        others = (local.method, local.packed, local.crc) != (header.method, header.packed, header.crc) and told
        self._file(local.stop, header, names)
        if others and not local.encrypted:
            self._file(local.stop, local, names)

    def unlisted(self) -> None:
        """Read what no header of the directory has led to: further files, and what stands between all of them."""
        try:
            for start, stop in gaps(self._ranges, len(self.content)):
                at = rest = start
                while (at := self.content.find(LOCAL, at, stop)) >= 0:
                    header = local_at(self.content, at)
                    if header is None or header.method not in _METHODS:
                        at += 4
                        continue
                    self._rest(rest, at)
                    at = rest = self._unlisted(header, stop)
                self._rest(rest, stop)
        except _FullError:
            self._lose(("",), Reason.LIMIT)

    def _unlisted(self, header: Header, stop: int) -> int:
        """Read the file behind a local header; returns where it ends."""
        names = names_of(header)
        self.names.update(names)
        self._mention(header)
        if header.flags & STREAMED and not header.packed:
            end = self._streamed_end(header.stop, stop)
            header = replace(header, packed=end - header.stop, flags=header.flags | STREAMED)
        return max(self._file(header.stop, header, names), header.stop)

    def _streamed_end(self, start: int, stop: int) -> int:
        """Where a file ends whose size is only told behind it."""
        at = start
        while (at := self.content.find(DESCRIPTOR, at, stop)) >= 0:
            if int.from_bytes(self.content[at + 8 : at + 12], "little") == at - start:
                return at
            at += 4
        following = self.content.find(LOCAL, start, stop)
        return following if following >= 0 else stop

    def _file(self, start: int, header: Header, names: tuple[str, ...]) -> int:
        """Read the octets of one file in one way, unless they have been; returns where they end."""
        method, packed = header.method, header.packed
        key = (start, method, 0 if method in _SELF_ENDING else packed)
        if key in self._read:
            # Another header has led here, and its names are all that is new.
            for name in names:
                self._say(name)
            return self._cover(start, start + packed, header)
        self._read.add(key)
        if names and names[0].endswith(("/", "\\")) and not packed:
            self._say(names[0])
            return self._cover(start, start, header)
        self._place()
        if header.encrypted or method not in {_STORED, _DEFLATE, _BZIP2, _LZMA}:
            self._lose(names, Reason.ENCRYPTED if header.encrypted else Reason.UNKNOWN)
            return self._cover(start, start + packed, header)
        if header.size > self._room or self._work < 0:
            self._lose(names, Reason.LIMIT)
            return self._cover(start, start + packed, header)
        got = self._unpacked(start, header)
        self._work -= got.used
        if got.end is End.OVER:
            # It yields more than it says, so nobody knows how much others here would.
            self._room = 0
            self._lose(names, Reason.LIMIT)
            return self._cover(start, start + packed, header)
        self._room -= len(got.content)
        whole = got.end is End.WHOLE and zlib.crc32(got.content) == self._crc(header, start + got.used)
        if whole or got.content:
            self._add(names, got.content)
        if not whole:
            self._lose(names, Reason.UNKNOWN)
        return self._cover(start, start + (got.used if got.end is End.WHOLE else packed), header)

    def _crc(self, header: Header, at: int) -> int:
        """The checksum that a header tells, or the data descriptor behind the file."""
        if header.crc or not header.flags & STREAMED:
            return header.crc
        at += 4 * self.content.startswith(DESCRIPTOR, at)
        return int.from_bytes(self.content[at : at + 4], "little")

    def _unpacked(self, start: int, header: Header) -> Unpacked:
        """What the octets at `start` hold. Streams that end by themselves are followed to there, whatever a header says."""
        size = len(self.content)
        stop = min(start + header.packed, size)
        if header.method == _STORED:
            if stop - start > self._room:
                return Unpacked(b"", 0, End.OVER)
            whole = start + header.packed <= size
            return Unpacked(self.content[start:stop], stop - start, End.WHOLE if whole else End.CUT)
        if header.method != _LZMA:
            source = deflate() if header.method == _DEFLATE else bzip2()
            return unpack(source, self.content, start, size, self._room)
        raw = _raw_lzma(self.content[start : start + 9])
        if isinstance(raw, End):
            return Unpacked(b"", 0, raw)
        got = unpack(raw, self.content, start + 9, stop, self._room)
        whole = got.end is End.WHOLE or (got.end is End.CUT and len(got.content) == header.size)
        return Unpacked(got.content, stop - start, End.WHOLE if whole else got.end)

    def _cover(self, start: int, stop: int, header: Header) -> int:
        """Account for octets of a file and the descriptor behind them."""
        stop = min(stop, len(self.content))
        if header.flags & STREAMED:
            stop = behind_descriptor(self.content, stop, self._crc(header, stop), stop - start)
        self._ranges.append((start, stop))
        return stop

    def _rest(self, start: int, stop: int) -> None:
        """What no record accounts for is read for what it is."""
        octets = self.content[start:stop].strip(b"\0")
        if octets.strip(b" \r\n") in _MARKERS:
            return
        self._place()
        if len(octets) > self._room:
            self._lose(("",), Reason.LIMIT)
            return
        self._room -= len(octets)
        kind = kind_of(octets)
        # What looks like a zip file here is the remains of this one.
        self._add((), octets, kind="unknown" if kind == "zip" else kind)

    def _mention(self, header: Header) -> None:
        for said in words_of(header):
            self._say(said)
        if hides_octets(header):
            self._lose(("",), Reason.UNKNOWN)

    def _say(self, text: str) -> None:
        self._words[text] = None

    def end(self) -> None:
        """Tell what was said beside the files."""
        if self._words:
            self.found.append(text_of(self.part, len(self.found) + 1, self._words))

    def _place(self) -> None:
        """Take a place among the members. Raises _FullError where there is none."""
        self._places -= 1
        if self._places < 0:
            raise _FullError

    def _add(self, names: Collection[str], content: bytes, *, kind: str = "") -> None:
        name = next(iter(names), "")
        made = replace(member(self.part, len(self.found) + 1, name, content, kind=kind), names=tuple(names))
        self.found.append(made)

    def _lose(self, names: Collection[str], reason: Reason) -> None:
        made = lost(self.part, len(self.found) + 1, "", reason, "zip")
        self.found.append(replace(made, names=tuple(name for name in names if name)))


def _raw_lzma(head: bytes) -> Source | End:
    """A decompressor for the stream that such a head announces (APPNOTE, section 5.8.8)."""
    if len(head) < 9 or int.from_bytes(head[2:4], "little") != 5 or head[4] >= 225:
        return End.DAMAGED
    dictionary = int.from_bytes(head[5:9], "little")
    if dictionary > MEMORY:
        return End.OVER
    props = head[4]
    form = {"id": lzma.FILTER_LZMA1, "dict_size": max(dictionary, 4096), "lc": props % 9, "lp": props // 9 % 5, "pb": props // 45}  # fmt: skip
    try:
        return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[form])
    except (lzma.LZMAError, ValueError):
        return End.DAMAGED
