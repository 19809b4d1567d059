"""What stands beside the pages of a PDF: values of forms, notes, targets of links, streams of XFA forms."""

import ctypes
from collections.abc import Callable, Iterator
from typing import Final

import pypdfium2 as pdfium  # type: ignore[import-untyped]  # the library has no types
from pypdfium2 import raw

_KEYS: Final = (b"Contents", b"T", b"TU", b"V", b"DV", b"Subj", b"RC")
"""Entries of an annotation or a field that hold text (ISO 32000-1, sections 12.5 and 12.7)."""
_LONGEST: Final = 1 << 20
_PACKETS: Final = 100
_OPTIONS: Final = 500


def notes_of(
    document: pdfium.PdfDocument, page: pdfium.PdfPage, files: list[tuple[str, bytes | None]], most: int
) -> Iterator[str]:
    """The texts of each annotation of a page on one line, so that a field's name stands before its value.

    Files attached to the page go to `files`.
    """
    for number in range(min(raw.FPDFPage_GetAnnotCount(page), most)):
        annotation = raw.FPDFPage_GetAnnot(page, number)
        if not annotation:
            continue
        try:
            said = [_wide(raw.FPDFAnnot_GetStringValue, annotation, key) for key in _KEYS]
            if document.formenv is not None:
                said += _field(document.formenv, annotation)
            said.append(_target(document, annotation))
            yield " ".join(dict.fromkeys(text for text in said if text))
            attached = raw.FPDFAnnot_GetFileAttachment(annotation)
            if attached:
                files.append(_file(document, attached, len(files) + 1))
        finally:
            raw.FPDFPage_CloseAnnot(annotation)


def packets_of(document: pdfium.PdfDocument) -> Iterator[bytes]:
    """The XML of an XFA form, in one piece: parts of it are no documents of their own."""
    packets = []
    for number in range(min(raw.FPDF_GetXFAPacketCount(document), _PACKETS)):
        size = ctypes.c_ulong()
        if not raw.FPDF_GetXFAPacketContent(document, number, None, 0, size) or not 0 < size.value <= _LONGEST * 16:
            continue
        room = (ctypes.c_char * size.value)()
        if raw.FPDF_GetXFAPacketContent(document, number, room, size.value, size):
            packets.append(bytes(room))
    if packets:
        yield b"".join(packets)


def _field(forms: object, annotation: object) -> list[str]:
    """The name and value of a form's field, which its widgets may inherit, and the choices it offers."""
    named = (raw.FPDFAnnot_GetFormFieldName, raw.FPDFAnnot_GetFormFieldAlternateName, raw.FPDFAnnot_GetFormFieldValue)
    offered = range(min(raw.FPDFAnnot_GetOptionCount(forms, annotation), _OPTIONS))
    return [
        *(_wide(read, forms, annotation) for read in named),
        *(_wide(raw.FPDFAnnot_GetOptionLabel, forms, annotation, number) for number in offered),
    ]


def _target(document: pdfium.PdfDocument, annotation: object) -> str:
    link = raw.FPDFAnnot_GetLink(annotation)
    action = raw.FPDFLink_GetAction(link) if link else None
    if not action:
        return ""
    size = raw.FPDFAction_GetURIPath(document, action, None, 0)
    if not 1 < size <= _LONGEST:
        return ""
    room = (ctypes.c_char * size)()
    raw.FPDFAction_GetURIPath(document, action, room, size)
    return bytes(room.value).decode("utf-8", "replace")


def _file(document: pdfium.PdfDocument, attached: object, number: int) -> tuple[str, bytes | None]:
    attachment = pdfium.PdfAttachment(attached, document)
    try:
        return attachment.get_name() or f"attached{number}", bytes(attachment.get_data())
    except pdfium.PdfiumError:
        return f"attached{number}", None


def _wide(read: Callable[..., int], *about: object) -> str:
    """A text of UTF-16 that the library writes into a room of the size it has told before."""
    size = read(*about, None, 0)
    if not 2 < size <= _LONGEST:
        return ""
    room = (ctypes.c_ushort * ((size + 1) // 2))()
    read(*about, room, size)
    return bytes(room).decode("utf-16-le", "replace").rstrip("\0")
