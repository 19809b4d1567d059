"""Office packages (OOXML, ODF): the text of every XML part, and every other member as a file of its own."""

import base64
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Final
from xml.parsers import expat

from smtp_gate.core.view import Part, Reason
from smtp_gate.reading.kinds import kind_of
from smtp_gate.reading.openers.base import OpenLimits, lost, member, text_of
from smtp_gate.reading.openers.said import Said, SpentError
from smtp_gate.reading.openers.sheets import UnreadableError, read_workbook
from smtp_gate.reading.openers.sheetvalues import Sheets, root_of
from smtp_gate.reading.openers.strings import strings_of
from smtp_gate.reading.openers.xmltext import XmlText

_TYPES: Final = "[content_types].xml"
_MANIFEST: Final = "meta-inf/manifest.xml"
_XML_NAMES: Final = (".xml", ".rels", ".vml", ".rdf", ".xhtml")
_MARKS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_LEFT: Final = frozenset({"Types", "theme"})
"""Roots of parts in which nobody writes."""
_MUTE: Final = re.compile(
    r"printersettings[0-9]*\.bin$|\.odttf$|\.fntdata$|^layout-cache$|^objectreplacements/", re.IGNORECASE
)
"""Members that programs write for themselves in formats of their own; their strings are read, and that is all."""
_CARRIED: Final = re.compile(
    rb"<(?:[\w.-]+:)?(?:binaryData|binData|binary-data)\b[^<>]*>([A-Za-z0-9+/=\s]*)</", re.ASCII
)
_SMALL: Final = 300
"""Characters below which texts of a package are told together: properties, settings, targets of links."""


def is_office(names: Collection[str]) -> bool:
    """Whether a zip file of these members is an office package."""
    known = {name.lower().lstrip("/") for name in names}
    return _TYPES in known or ("mimetype" in known and bool({"content.xml", _MANIFEST} & known))


def open_office(part: Part, found: Iterable[Part], limits: OpenLimits) -> tuple[Part, ...]:
    """What a package holds, of which `found` are the members: the texts of its XML, and all others as they are."""
    package = _Package(part, limits)
    try:
        package.read(tuple(found))
    except SpentError:
        package.add_lost("", Reason.LIMIT, "office")
    return package.members()


def open_flat(part: Part, limits: OpenLimits) -> tuple[Part, ...] | Reason:
    """An office document in one XML file (flat OPC, flat ODF, Office 2003): its text, and the files carried in it."""
    package = _Package(part, limits)
    carried = [found[1] for found in _CARRIED.finditer(part.content)]
    try:
        package.read_xml("", _CARRIED.sub(b"</", part.content), None)
    except SpentError:
        package.add_lost("", Reason.LIMIT, "office")
    for number, encoded in enumerate(carried, 1):
        package.add(member(part, 0, f"binary{number}", _decoded(encoded)))
    return package.members()


class _Package:
    """What comes out of one package."""

    def __init__(self, part: Part, limits: OpenLimits) -> None:
        self._part = part
        self._said = Said(limits.octets)
        self._small: list[str] = []
        self._found: list[Part] = []

    def read(self, found: Sequence[Part]) -> None:
        """Read all members. Raises SpentError where there is more text than the budget allows."""
        encrypted = any(b"encryption-data" in one.content for one in found if one.name.lower() == _MANIFEST)
        if encrypted:
            self.add_lost("", Reason.ENCRYPTED, "odf")
        sheets = self._sheets(found)
        binary = any(one.name.lower().endswith("workbook.bin") for one in found)
        for one in found:
            if encrypted and one.lost is None and kind_of(one.content) == "unknown":
                continue
            if _is_xml(one):
                self.read_xml(one.name, one.content, sheets)
            elif _MUTE.search(one.name) or (binary and one.name.lower().endswith(".bin")):
                self._mute(one)
            elif one.name != "mimetype":
                self.add(one)
        for text in sheets.unused():
            self._said.say(text)
        self._text()
        if binary:
            self._binary()

    def _sheets(self, found: Iterable[Part]) -> Sheets:
        """The strings and formats on which cells depend, wherever they stand."""
        sheets = Sheets()
        for one in found:
            root = root_of(one.content) if _is_xml(one) else ""
            try:
                if root == "sst":
                    sheets.add_strings(one.content)
                elif root == "styleSheet":
                    sheets.add_styles(one.content)
                elif root == "workbook":
                    sheets.add_workbook(one.content)
            except (expat.ExpatError, ValueError, LookupError):
                self.add_lost(one.name, Reason.UNKNOWN, "xml")
        return sheets

    def read_xml(self, name: str, content: bytes, sheets: Sheets | None) -> None:
        """The text of one XML part. Raises SpentError."""
        root = root_of(content)
        if root in _LEFT or (root == "sst" and sheets is not None):
            return
        reader = XmlText(self._said.say, sheets.text if sheets is not None else None)
        reader.read(content)
        self._text()
        if reader.lost is not None:
            self.add_lost(name, reader.lost, "xml")

    def _mute(self, one: Part) -> None:
        for text in strings_of(one.content):
            self._said.say(text)
        self._text()

    def _binary(self) -> None:
        try:
            read_workbook(self._part.content, self._said.say)
        except UnreadableError:
            self.add_lost("", Reason.UNKNOWN, "xlsb")
        self._text()

    def _text(self) -> None:
        """What was said since the last time as a text of its own, where it is more than a few words."""
        lines = self._said.take()
        if sum(map(len, lines)) < _SMALL:
            self._small += lines
        else:
            self._found.append(text_of(self._part, len(self._found) + 1, lines))

    def add(self, one: Part) -> None:
        """A member as it is."""
        self._found.append(replace(one, part=f"{self._part.part}!{len(self._found) + 1}"))

    def add_lost(self, name: str, reason: Reason, kind: str) -> None:
        """A member nobody can read."""
        self._found.append(lost(self._part, len(self._found) + 1, name, reason, kind))

    def members(self) -> tuple[Part, ...]:
        """Everything found."""
        self._text()
        if self._small:
            self._found.append(text_of(self._part, len(self._found) + 1, self._small))
        return tuple(self._found)


def _is_xml(one: Part) -> bool:
    """Whether a member is XML: by its first octets, or by a name under which it would be read as such."""
    head = one.content[:64].lstrip() if one.names and one.lost is None else b""
    for mark in _MARKS:
        head = head.removeprefix(mark)
    if head.replace(b"\0", b"").lstrip().startswith(b"<?xml"):
        return True
    return one.name.lower().endswith(_XML_NAMES) and bool(head)


def _decoded(encoded: bytes) -> bytes:
    try:
        return base64.b64decode(encoded)
    except ValueError:
        return encoded
