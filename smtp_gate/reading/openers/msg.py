"""Messages that Outlook saved (MS-OXMSG): subject, people, bodies, attachments, messages within messages."""

import re
import struct
from typing import Final

from smtp_gate.core.view import Part, Reason
from smtp_gate.reading.openers.base import OpenLimits, lost, member, text_of
from smtp_gate.reading.openers.compound import Compound, DamagedError, Path
from smtp_gate.reading.openers.mapi import DATA, Item, Property, message_parts

_VALUE: Final = re.compile(r"__substg1\.0_([0-9A-F]{4})([0-9A-F]{4})(?:-[0-9A-F]{8})?", re.IGNORECASE)
_PROPERTIES: Final = "__properties_version1.0"
_FIXED: Final = 16
_DEEP: Final = 8
_ATTACHED: Final = "__substg1.0_3701000d"


def is_message(file: Compound) -> bool:
    """Whether a compound file is a saved message."""
    return file.has(_PROPERTIES)


def open_message(part: Part, file: Compound, limits: OpenLimits) -> tuple[Part, ...]:
    """All that a message holds; what cannot be read is a member with `lost` set."""
    found: list[Part] = []
    waiting: list[tuple[Path, int]] = [((), 0)]
    while waiting:
        storage, depth = waiting.pop()
        try:
            waiting += [(inner, depth + 1) for inner in _read(part, file, storage, found)]
        except DamagedError:
            found.append(lost(part, len(found) + 1, "", Reason.UNKNOWN, "msg"))
        if depth > _DEEP or len(found) > limits.members or file.spent:
            found.append(lost(part, len(found) + 1, "", Reason.LIMIT, "msg"))
            break
    return tuple(found)


def _read(part: Part, file: Compound, storage: Path, found: list[Part]) -> list[Path]:
    """One message to `found`; returns the storages of messages attached to it."""
    item = _item(file, storage, 32 if not storage else 24)
    lines = list(item.lines())
    attached: list[Path] = []
    for below in file.storages(storage):
        name = below[-1].lower()
        if name.startswith("__recip"):
            lines += _item(file, below, 8, item.codec).lines()
        elif name.startswith("__attach"):
            attached.append(below)
    if lines:
        found.append(text_of(part, len(found) + 1, lines))
    found += message_parts(part, item, len(found) + 1, file.room)
    return [inner for place in attached for inner in _attachment(part, file, place, item.codec, found)]


def _attachment(part: Part, file: Compound, place: Path, codec: str, found: list[Part]) -> list[Path]:
    """One attachment to `found`; returns its storage where it is a message."""
    item = _item(file, place, 8, codec)
    lines = list(item.lines())
    if lines:
        found.append(text_of(part, len(found) + 1, lines))
    content = item.octets(DATA)
    if content:
        found.append(member(part, len(found) + 1, item.name or "attachment", content))
    embedded = next((s for s in file.storages(place) if s[-1].lower() == _ATTACHED), None)
    if embedded is None or file.has(*embedded, _PROPERTIES):
        return [] if embedded is None else [embedded]
    # An object of some program: its streams are files as far as they show what they are.
    for path in file.within(embedded):
        found.append(member(part, len(found) + 1, path[-1].strip("\x01\x03\x05"), file.read(*path)))
    return []


def _item(file: Compound, storage: Path, head: int, codec: str = "cp1252") -> Item:
    """The properties of one storage: streams of their own, and the fixed ones of sixteen octets behind a head."""
    depth = len(storage)
    properties: list[Property] = []
    fixed = file.read(*storage, _PROPERTIES)
    for at in range(head, len(fixed) - _FIXED + 1, _FIXED):
        type_, id_ = struct.unpack_from("<HH", fixed, at)
        properties.append(Property(id_, type_, fixed[at + 8 : at + 16]) if type_ < 8 else Property(id_, 0, b""))
    for path in file.within(storage):
        named = _VALUE.fullmatch(path[-1]) if len(path) == depth + 1 else None
        if named is None:
            continue
        type_ = int(named[2], 16)
        # Several values under one name have a stream each, and the names' own stream tells their sizes.
        many = bool(type_ & 0x1000)
        if not many or "-" in path[-1]:
            properties.append(Property(int(named[1], 16), type_ & 0xEFFF if many else type_, file.read(*path)))
    return Item([p for p in properties if p.type != 0 or p.value], codec)
