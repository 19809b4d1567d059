"""Properties of messages as Outlook keeps them (MS-OXPROPS), whether in compound files or in TNEF."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from smtp_gate.core.view import Part, Reason
from smtp_gate.reading.openers.base import lost, member, text_of
from smtp_gate.reading.openers.codepages import codepage
from smtp_gate.reading.openers.lzfu import DamagedRtfError, decompressed

TEXT8, TEXT16, BINARY, OBJECT = 0x001E, 0x001F, 0x0102, 0x000D
BODY, HTML, RTF = 0x1000, 0x1013, 0x1009
DATA, METHOD = 0x3701, 0x3705
_NAMES: Final = (0x3707, 0x3704, 0x3001)
_CODEPAGES: Final = (0x3FFD, 0x3FDE, 0x66C3)
_LABELS: Final = {
    0x0037: "Subject", 0x0C1A: "From", 0x0C1F: "From", 0x5D01: "From", 0x0042: "Sent for", 0x0065: "Sent for",
    0x0E04: "To", 0x0E03: "Cc", 0x0E02: "Bcc", 0x007D: "Header", 0x3001: "Name", 0x39FE: "Address",
}  # fmt: skip
_APART: Final = frozenset({BODY, HTML, RTF})


@dataclass(frozen=True, slots=True)
class Property:
    """One property: its identifier and type, and its value as octets; text of eight bits has a codepage elsewhere."""

    id: int
    type: int
    value: bytes


class Item:
    """The properties of a message, an attachment or a recipient."""

    def __init__(self, properties: list[Property], codec: str = "cp1252") -> None:
        self.properties = properties
        self.codec = next((c for c in (codepage(self.number(id_)) for id_ in _CODEPAGES) if c), codec)

    def number(self, id_: int) -> int:
        """An integer, 0 where there is none."""
        return next((int.from_bytes(p.value[:4], "little") for p in self.properties if p.id == id_), 0)

    def octets(self, id_: int) -> bytes:
        """A value as it stands."""
        return next((p.value for p in self.properties if p.id == id_ and p.value), b"")

    def text(self, one: Property) -> str:
        """The text of a property."""
        if one.type == TEXT16:
            return one.value.decode("utf-16-le", "replace").rstrip("\0")
        return one.value.decode(self.codec, "replace").rstrip("\0")

    @property
    def name(self) -> str:
        """The name of an attachment."""
        found = (self.text(p) for id_ in _NAMES for p in self.properties if p.id == id_)
        return next((text for text in found if text), "")

    def lines(self) -> Iterator[str]:
        """Every text but the bodies, with a label where its meaning is known."""
        for one in self.properties:
            if one.type in {TEXT8, TEXT16} and one.id not in _APART:
                text = self.text(one)
                if text.strip():
                    label = _LABELS.get(one.id, "")
                    yield f"{label}: {text}" if label else text


def message_parts(outer: Part, item: Item, number: int, room: int) -> Iterator[Part]:
    """The bodies of a message, each as what it is; numbered from `number`."""
    for one in item.properties:
        if one.id == RTF and one.value:
            try:
                yield member(outer, number, "", decompressed(one.value, room), kind="rtf")
            except DamagedRtfError:
                yield lost(outer, number, "", Reason.UNKNOWN, "rtf")
        elif one.id == HTML and one.value:
            wide = one.type == TEXT16
            content = item.text(one).encode() if wide else one.value
            charset = "utf-8" if wide else item.codec
            yield replace(member(outer, number, "", content, kind="html"), media_type="text/html", charset=charset)
        elif one.id == BODY and one.value:
            yield text_of(outer, number, [item.text(one)])
        else:
            continue
        number += 1
