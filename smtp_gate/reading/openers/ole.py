"""Compound files told apart: Office before 2007, encrypted Office files, saved messages, embedded objects, macros."""

import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Final

# The library loads its formats only when it meets them, which a confined child cannot do.
from msoffcrypto.format.ooxml import OOXMLFile  # type: ignore[import-untyped]  # the library has no types
from msoffcrypto.format.xls97 import Xls97File  # type: ignore[import-untyped]  # the library has no types

from smtp_gate.core.view import Part, Reason
from smtp_gate.reading.openers.base import OpenLimits, lost, member, text_of
from smtp_gate.reading.openers.biff import DamagedBiffError, has_password, read_biff
from smtp_gate.reading.openers.compound import Compound, DamagedError, Path
from smtp_gate.reading.openers.msg import is_message, open_message
from smtp_gate.reading.openers.native import unpacked
from smtp_gate.reading.openers.powerpoint import is_ciphered, objects_of, read_slides
from smtp_gate.reading.openers.said import Said, SpentError
from smtp_gate.reading.openers.strings import strings_of
from smtp_gate.reading.openers.vba import source_of
from smtp_gate.reading.openers.word import head_of, read_word
from smtp_gate.reading.sealed import looks_random

_EMPTY_PASSWORD: Final = "VelvetSweatshop"  # noqa: S105 - what Excel itself tries before it asks (MS-OFFCRYPTO, 2.2.1)
_WORKBOOKS: Final = ("Workbook", "Book")
_WORD, _SLIDES, _NATIVE = "WordDocument", "PowerPoint Document", "\x01Ole10Native"
_BESIDE: Final = frozenset(
    {"ole", "compobj", "objinfo", "linkinfo", "olepres000", "summaryinformation", "documentsummaryinformation",
     "equation native", "print", "current user"}
)  # fmt: skip
"""Streams that stand beside the content of a document or an object."""
_FILES: Final = frozenset({"package", "contents", "embeddedodf"})


def open_ole(part: Part, limits: OpenLimits) -> tuple[Part, ...] | Reason:
    """The text of a compound file and the files in it; whatever is not known for sure is `lost` besides."""
    try:
        file = Compound(part.content, limits.room(len(part.content)))
    except DamagedError:
        return Reason.UNKNOWN
    if file.has("EncryptedPackage"):
        return _decrypted(part, file, limits)
    if is_message(file):
        return open_message(part, file, limits)
    return _Reading(part, limits, file).members()


class _Reading:
    """What comes out of one file."""

    def __init__(self, part: Part, limits: OpenLimits, file: Compound) -> None:
        self._part = part
        self._limits = limits
        self._file = file
        self._said = Said(limits.octets)
        self._found: list[Part] = []
        self._read: set[Path] = set()
        self._lost: dict[tuple[str, Reason], None] = {}

    def members(self) -> tuple[Part, ...]:
        """The document's text, its embedded files, its macros, and the strings of every other stream."""
        try:
            for storage in ((), *self._storages()):
                self._document(storage)
            for path in self._file.paths:
                if path not in self._read:
                    self._stream(path)
        except SpentError:
            self._lost["ole", Reason.LIMIT] = None
        if self._file.spent:
            self._lost["ole", Reason.LIMIT] = None
        if self._said.lines:
            self._found.append(text_of(self._part, len(self._found) + 1, self._said.lines))
        self._found += [
            lost(self._part, len(self._found) + number, "", reason, kind)
            for number, (kind, reason) in enumerate(self._lost, 1)
        ]
        return tuple(self._found)

    def _storages(self) -> Iterator[Path]:
        """Every storage, the inner ones after those around them."""
        seen = {path[:depth] for path in self._file.paths for depth in range(1, len(path))}
        return iter(sorted(seen, key=lambda storage: (len(storage), storage)))

    def _document(self, storage: Path) -> None:
        """The document that a storage is, where it is one."""
        try:
            if self._file.has(*storage, _WORD):
                self._word(storage)
            for name in _WORKBOOKS:
                if self._file.has(*storage, name):
                    self._workbook(storage, name)
                    break
            if self._file.has(*storage, _SLIDES):
                self._slides(storage)
        except (DamagedError, zlib.error, IndexError, ValueError):
            self._lost["ole", Reason.UNKNOWN] = None

    def _word(self, storage: Path) -> None:
        stream = (*storage, _WORD)
        if head_of(self._file.read(*stream)).encrypted:
            self._encrypted(storage, "doc")
            return
        try:
            read_word(self._file, storage, self._said.say)
            self._read |= {stream, (*storage, "0Table"), (*storage, "1Table")}
        except DamagedError:
            # What could not be followed is read as strings, below.
            self._lost["doc", Reason.UNKNOWN] = None

    def _workbook(self, storage: Path, name: str) -> None:
        """All that a workbook tells."""
        workbook = self._file.read(*storage, name)
        if has_password(workbook):
            workbook = b"" if storage else self._unlocked(name)
            if not workbook:
                self._encrypted(storage, "xls")
                return
        self._read.add((*storage, name))
        try:
            read_biff(workbook, self._said.say)
        except DamagedBiffError:
            self._lost["xls", Reason.UNKNOWN] = None

    def _unlocked(self, name: str) -> bytes:
        """The stream of a workbook that opens without a question; empty where it asks for a password."""
        content = _unlocked(Xls97File, self._part.content)
        return Compound(content, self._limits.octets).read(name) if content else b""

    def _slides(self, storage: Path) -> None:
        stream = self._file.read(*storage, _SLIDES)
        if is_ciphered(self._file.read(*storage, "Current User"), stream):
            self._encrypted(storage, "ppt")
            return
        read_slides(stream, self._said.say)
        self._read.add((*storage, _SLIDES))
        for number, content in enumerate(objects_of(stream, self._limits.room(len(stream))), 1):
            self._found.append(member(self._part, len(self._found) + 1, f"object{number}", content))

    def _encrypted(self, storage: Path, kind: str) -> None:
        self._lost[kind, Reason.ENCRYPTED] = None
        self._read |= set(self._file.within(storage))

    def _stream(self, path: Path) -> None:
        """A stream that no document accounts for: a file, a macro, or strings."""
        try:
            content = self._file.read(*path)
        except DamagedError:
            self._lost["ole", Reason.UNKNOWN] = None
            return
        name = path[-1]
        if name == _NATIVE:
            inner, octets = unpacked(content)
            self._found.append(member(self._part, len(self._found) + 1, inner or "object", octets))
        elif name.lower() in _FILES and content:
            self._found.append(member(self._part, len(self._found) + 1, name, content))
        elif len(path) > 1 and path[-2].upper() == "VBA":
            source = source_of(content, self._limits.octets)
            if source:
                self._found.append(member(self._part, len(self._found) + 1, f"{name}.bas", source, kind="text"))
        else:
            if not self._known(path):
                self._lost["ole", Reason.UNKNOWN] = None
            for text in strings_of(content):
                self._said.say(text)

    def _known(self, path: Path) -> bool:
        """Whether a stream belongs to a format that is read here."""
        storages = [path[:depth] for depth in range(len(path))]
        roots = (_WORD, _SLIDES, _NATIVE, *_WORKBOOKS)
        if path[-1].strip("\x01\x02\x03\x05").lower() in _BESIDE:
            return True
        vba = any(name.upper() in {"VBA", "_VBA_PROJECT_CUR", "MACROS"} for name in path) or self._file.has("PROJECT")
        return vba or any(self._file.has(*storage, root) for storage in storages for root in roots)


def _unlocked(form: type, content: bytes) -> bytes:
    """A workbook that everybody may open without being asked for a password; empty where one is needed."""
    out = BytesIO()
    try:
        file = form(BytesIO(content))
        file.load_key(password=_EMPTY_PASSWORD)
        file.decrypt(out)
    except Exception:  # noqa: BLE001 - whatever the library stumbles over, the answer is the same: it needs a password
        return b""
    return out.getvalue()


def _decrypted(part: Part, file: Compound, limits: OpenLimits) -> tuple[Part, ...] | Reason:
    """An encrypted package: what everybody may open is a package within, else it is encrypted if it looks so at all."""
    # A length of eight octets stands before the ciphertext (MS-OFFCRYPTO, section 2.3.4.4).
    if not file.has("EncryptionInfo") or not looks_random(file.read("EncryptedPackage")[8:]):
        return Reason.UNKNOWN
    content = _unlocked(OOXMLFile, part.content)
    if not content.startswith(b"PK") or len(content) > limits.octets:
        return Reason.ENCRYPTED
    return (member(part, 1, "", content, kind="zip"),)
