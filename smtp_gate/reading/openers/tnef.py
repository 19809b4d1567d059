"""Outlook's own wrapping of messages, `winmail.dat` (MS-OXTNEF): bodies, properties and attachments."""

import struct
from collections.abc import Iterator
from typing import Final

from smtp_gate.core.view import Part, Reason
from smtp_gate.reading.openers.base import OpenLimits, lost, member, text_of
from smtp_gate.reading.openers.mapi import BINARY, DATA, OBJECT, TEXT8, TEXT16, Item, Property, message_parts

_BODY, _PROPERTIES, _CODEPAGE = 0x0002800C, 0x00069003, 0x00069007
_BEGINS, _TITLE, _CONTENT, _ATTACHED, _PEOPLE = 0x00069002, 0x00018010, 0x0006800F, 0x00069005, 0x00069004
_SIZES: Final = {2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 10: 4, 11: 4, 20: 8, 64: 8, 72: 16}
"""Octets of values of fixed size, filled up to four (section 2.1.3.6)."""
_MANY: Final = 0x1000
_VALUES: Final = 100_000


class DamagedTnefError(Exception):
    """The stream is not what it says it is."""


def open_tnef(part: Part, limits: OpenLimits) -> tuple[Part, ...] | Reason:
    """All that the stream holds; damage is a member with `lost` set, behind what was read before it."""
    reading = _Reading(part, limits.room(len(part.content)))
    try:
        for id_, content in _attributes(part.content):
            reading.take(id_, content)
    except DamagedTnefError:
        reading.damaged = True
    return reading.members()


class _Reading:
    """What has been seen of one stream."""

    def __init__(self, part: Part, room: int) -> None:
        self._part = part
        self._room = room
        self._codec = "cp1252"
        self._lines: list[str] = []
        self._message: list[Property] = []
        self._files: list[_File] = []
        self.damaged = False

    def take(self, id_: int, content: bytes) -> None:
        """One attribute. Raises DamagedTnefError."""
        if id_ == _CODEPAGE:
            self._message.append(Property(0x3FFD, 3, content[:4]))
            self._codec = Item(self._message).codec
        elif id_ == _PROPERTIES:
            self._message += _properties(content)
        elif id_ == _BODY:
            self._message.append(Property(0x1000, TEXT8, content))
        elif id_ == _BEGINS:
            self._files.append(_File())
        elif id_ in {_TITLE, _CONTENT, _ATTACHED}:
            if not self._files:
                self._files.append(_File())
            self._files[-1].take(id_, content)
        elif id_ == _PEOPLE:
            self._people(content)
        elif id_ >> 16 in {1, 2} or id_ == 0x00008000:
            # Texts and addresses of the oldest kind (section 2.1.3.3).
            self._lines.append(content.replace(b"\0", b" ").decode(self._codec, "replace").strip())

    def _people(self, content: bytes) -> None:
        """The table of recipients: a count, and properties of each."""
        at = 4
        for _ in range(min(int.from_bytes(content[:4], "little"), _VALUES)):
            if at >= len(content):
                raise DamagedTnefError("fewer recipients than it says")
            found, at = _row(content, at)
            self._lines += Item(found, self._codec).lines()

    def members(self) -> tuple[Part, ...]:
        """Everything read."""
        item = Item(self._message, self._codec)
        found: list[Part] = []
        lines = [line for line in (*self._lines, *item.lines()) if line]
        if lines:
            found.append(text_of(self._part, 1, lines))
        found += message_parts(self._part, item, len(found) + 1, self._room)
        for file in self._files:
            found += file.parts(self._part, len(found) + 1, self._codec)
        if self.damaged:
            found.append(lost(self._part, len(found) + 1, "", Reason.UNKNOWN, "tnef"))
        return tuple(found)


class _File:
    """An attachment under way."""

    def __init__(self) -> None:
        self._title = b""
        self._content = b""
        self._properties: list[Property] = []

    def take(self, id_: int, content: bytes) -> None:
        """One attribute of it. Raises DamagedTnefError."""
        if id_ == _TITLE:
            self._title = content
        elif id_ == _CONTENT:
            self._content = content
        else:
            self._properties += _properties(content)

    def parts(self, part: Part, number: int, codec: str) -> Iterator[Part]:
        """What people wrote beside it, its content, and the object that it is where it is one."""
        item = Item(self._properties, codec)
        name = item.name or self._title.rstrip(b"\0").decode(codec, "replace") or f"attachment{number}"
        lines = list(item.lines())
        if lines:
            yield text_of(part, number, lines)
            number += 1
        for content in dict.fromkeys((self._content, item.octets(DATA))):
            if content:
                yield member(part, number, name, content)
                number += 1


def _attributes(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Identifier and content of each attribute in order; checksums are not compared, which readers do not either. Raises DamagedTnefError."""
    at = 6
    while at < len(content):
        if at + 9 > len(content) or content[at] not in {1, 2}:
            raise DamagedTnefError("no attribute")
        id_, size = struct.unpack_from("<II", content, at + 1)
        end = at + 9 + size
        if end + 2 > len(content):
            raise DamagedTnefError("an attribute longer than the stream")
        yield id_, content[at + 9 : end]
        at = end + 2


def _properties(content: bytes) -> list[Property]:
    """A list of properties. Raises DamagedTnefError."""
    return _row(content, 0)[0]


def _row(content: bytes, at: int) -> tuple[list[Property], int]:
    """The properties that begin at an offset, and where they end (section 2.1.3.4)."""
    found: list[Property] = []
    count, at = _number(content, at)
    for _ in range(min(count, _VALUES)):
        head, at = _number(content, at)
        type_, id_ = head & 0xFFFF, head >> 16
        if id_ >= 0x8000:
            at = _past_name(content, at + 16)
        many, type_ = bool(type_ & _MANY), type_ & ~_MANY
        fixed = _SIZES.get(type_)
        times = 1
        if many or fixed is None:
            times, at = _number(content, at)
        if fixed is None and type_ not in {TEXT8, TEXT16, BINARY, OBJECT}:
            raise DamagedTnefError("a type that does not exist")
        for _ in range(min(times, _VALUES)):
            size = fixed
            if size is None:
                size, at = _number(content, at)
            if at + size > len(content):
                raise DamagedTnefError("a value longer than its list")
            value = content[at : at + size]
            # An object begins with the identifier of its interface.
            found.append(Property(id_, type_, value[16:] if type_ == OBJECT else value))
            at += size + -size % 4
    return found, at


def _past_name(content: bytes, at: int) -> int:
    """Past a property's name: a number, or a text."""
    kind, at = _number(content, at)
    value, at = _number(content, at)
    return at + value + -value % 4 if kind == 1 else at


def _number(content: bytes, at: int) -> tuple[int, int]:
    if at + 4 > len(content):
        raise DamagedTnefError("cut short")
    return struct.unpack_from("<I", content, at)[0], at + 4
