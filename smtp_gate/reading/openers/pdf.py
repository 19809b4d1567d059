"""PDF: the text of every page, forms, notes, links, properties, and embedded files."""

from itertools import islice
from typing import Final

import pypdfium2 as pdfium  # type: ignore[import-untyped]  # the library has no types
from pypdfium2 import raw

from smtp_gate.core.view import Part, Reason
from smtp_gate.reading.openers.base import OpenLimits, lost, member, text_of
from smtp_gate.reading.openers.pdfnotes import notes_of, packets_of
from smtp_gate.reading.openers.pdftext import is_readable, tightened, untangled
from smtp_gate.reading.openers.said import Said, SpentError
from smtp_gate.reading.openers.xmltext import XmlText

_PAGES: Final = 10_000
_OBJECTS: Final = 500
"""Objects of a page without text that are looked at for pictures."""
_FAR: Final = 1e6
_COVERED: Final = 0.25
"""Share of a page without text that pictures cover where it counts as scanned."""
_AS_SHOWN, _FLATTENED = raw.FLAT_NORMALDISPLAY, raw.FLATTEN_SUCCESS
_PROTECTED: Final = frozenset({raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY})
_XMP: Final = (b"<x:xmpmeta", b"</x:xmpmeta>")
_PACKETS: Final = 1 << 20


def open_pdf(part: Part, limits: OpenLimits) -> tuple[Part, ...] | Reason:
    """The text of a PDF and its embedded files. A file that opens without a password is not encrypted."""
    try:
        document = pdfium.PdfDocument(part.content)
    except pdfium.PdfiumError as error:
        return Reason.ENCRYPTED if error.err_code in _PROTECTED else Reason.UNKNOWN
    try:
        return _Reading(part, limits, document).members()
    finally:
        document.close()


class _Reading:
    """What comes out of one document."""

    def __init__(self, part: Part, limits: OpenLimits, document: pdfium.PdfDocument) -> None:
        self._part = part
        self._limits = limits
        self._document = document
        self._said = Said(limits.octets)
        self._defects: dict[str, Reason] = {}
        self._files: list[tuple[str, bytes | None]] = []
        self._blank = True

    def members(self) -> tuple[Part, ...]:
        """The text first, then embedded files, then what could not be read."""
        try:
            if self._document.get_formtype() != raw.FORMTYPE_NONE:
                self._document.init_forms()
            self._about()
            self._pages()
        except SpentError:
            self._defects["pdf"] = Reason.LIMIT
        except pdfium.PdfiumError:
            self._defects["pdf"] = Reason.UNKNOWN
        self._embedded()
        if self._blank and not self._files:
            # Nobody sends a document of nothing: its content is damaged, or coded as this library does not know.
            self._defects.setdefault("pdf", Reason.UNKNOWN)
        found = [text_of(self._part, 1, self._said.lines)] if self._said.lines else []
        for name, content in self._files:
            number = len(found) + 1
            if content is None:
                found.append(lost(self._part, number, name, Reason.UNKNOWN, "unknown"))
            else:
                found.append(member(self._part, number, name, content))
        for kind, reason in self._defects.items():
            found.append(lost(self._part, len(found) + 1, "", reason, kind))
        return tuple(found)

    def _about(self) -> None:
        """Properties, bookmarks, scripts, and the streams of XFA forms."""
        say = self._said.say
        for key, value in self._document.get_metadata_dict(skip_empty=True).items():
            if not key.endswith("Date"):
                say(f"{key}: {value}")
        begin, end = _XMP
        at = self._part.content.find(begin)
        if at >= 0:
            stop = self._part.content.find(end, at, at + _PACKETS)
            if stop > 0:
                XmlText(say).read(self._part.content[at : stop + len(end)])
        for mark in islice(self._document.get_toc(), self._limits.members):
            say(mark.get_title())
        for packet in packets_of(self._document):
            XmlText(say).read(packet)

    def _pages(self) -> None:
        count = len(self._document)
        if count > _PAGES:
            self._defects["pdf"] = Reason.LIMIT
        for number in range(min(count, _PAGES)):
            try:
                if self._page(number):
                    # What forms and notes draw stands in its places on the page from now on.
                    self._say(*self._shown(number))
            except pdfium.PdfiumError:
                self._defects["pdf"] = Reason.UNKNOWN

    def _page(self, number: int) -> bool:
        """The text of one page and what stands beside it; tells whether notes drawn on it became part of it."""
        page = self._document[number]
        try:
            text, other = _texts(page, self._said.room)
            self._blank = self._blank and raw.FPDFPage_CountObjects(page) < 1 and raw.FPDFPage_GetAnnotCount(page) < 1
            unread = "" if any(char.isalnum() for char in text) else _drawn(page)
            if unread or not is_readable(text):
                # A font without a table of characters draws other characters than it tells.
                self._defects[unread or "font"] = Reason.UNKNOWN
            self._say(text, other)
            for note in notes_of(self._document, page, self._files, self._limits.members):
                self._said.say(note)
            return bool(raw.FPDFPage_GetAnnotCount(page) and raw.FPDFPage_Flatten(page, _AS_SHOWN) == _FLATTENED)
        finally:
            page.close()

    def _shown(self, number: int) -> tuple[str, str]:
        page = self._document[number]
        try:
            return _texts(page, self._said.room)
        finally:
            page.close()

    def _say(self, *readings: str) -> None:
        for reading in dict.fromkeys(untangled(text) for text in readings):
            self._said.say(reading)
            self._said.say(tightened(reading))

    def _embedded(self) -> None:
        room = self._limits.room(len(self._part.content))
        for number in range(self._document.count_attachments()):
            if number >= self._limits.members or room < 0:
                self._defects["embedded"] = Reason.LIMIT
                return
            name = ""
            try:
                attachment = self._document.get_attachment(number)
                name = attachment.get_name()
                content: bytes | None = bytes(attachment.get_data())
            except pdfium.PdfiumError:
                content = None
            room -= len(content or b"")
            self._files.append((name or f"embedded{number + 1}", content))


def _texts(page: pdfium.PdfPage, room: int) -> tuple[str, str]:
    """The text by its places on the page and beyond its edges; in the order of drawing too, where that holds more."""
    shown = page.get_textpage()
    try:
        count = min(shown.count_chars(), room)
        drawn = str(shown.get_text_range(0, count)) if count > 0 else ""
        placed = str(shown.get_text_bounded(-_FAR, -_FAR, _FAR, _FAR))[: room + 1]
    finally:
        shown.close()
    return placed, drawn if len("".join(drawn.split())) > len("".join(placed.split())) else ""


def _drawn(page: pdfium.PdfPage) -> str:
    """What a page without text shows: `scan` where pictures cover enough of it, `font` where text is drawn after all."""
    width, height = page.get_size()
    covered = 0.0
    for thing in islice(page.get_objects(max_depth=3), _OBJECTS):
        if thing.type == raw.FPDF_PAGEOBJ_TEXT:
            return "font"
        if thing.type == raw.FPDF_PAGEOBJ_IMAGE:
            left, bottom, right, top = thing.get_bounds()
            covered += max(0.0, right - left) * max(0.0, top - bottom)
    return "scan" if covered > _COVERED * width * height else ""
