"""7z files, by py7zr: folder by folder, each within the budget, so that one nobody can read hides no other."""

import bz2
import lzma
import zlib
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from struct import unpack_from
from typing import Any, Final

from py7zr import SevenZipFile
from py7zr.exceptions import ArchiveError, PasswordRequired
from py7zr.io import MemIO, Py7zIO, WriterFactory
from py7zr.py7zr import ArchiveFile

from smtp_gate.core.view import Part, Reason
from smtp_gate.reading.kinds import kind_of
from smtp_gate.reading.openers.base import OpenLimits, lost, member
from smtp_gate.reading.openers.streams import MEMORY

_AES: Final = b"\x06\xf1\x07\x01"
_LZMA: Final = b"\x03\x01\x01"
_LZMA2: Final = b"\x21"
_PPMD: Final = b"\x03\x04\x01"
_BROKEN: Final = (
    ArchiveError, lzma.LZMAError, zlib.error, EOFError, OSError, ValueError, TypeError, KeyError, IndexError,
    AttributeError, AssertionError, OverflowError,
)  # fmt: skip
"""What the library raises of a file that is damaged or made of methods it does not know."""


class _OverError(Exception):
    """A folder yields more than it may."""


class _Sink(Py7zIO):
    """Takes one file's octets, within what is left for all of them; they come in order."""

    def __init__(self, factory: "_Sinks") -> None:
        self._factory = factory
        self.content = bytearray()

    def write(self, s: bytes | bytearray) -> int:
        """Keep octets. Raises _OverError beyond the budget."""
        self._factory.room -= len(s)
        if self._factory.room < 0:
            raise _OverError
        self.content += s
        return len(s)

    def read(self, size: int | None = None) -> bytes:
        """The octets so far."""
        return bytes(self.content[:size])

    def seek(self, offset: int, whence: int = 0) -> int:
        """Stay: the library goes back to the start once a file is done, and nowhere else."""
        return offset if not whence else len(self.content)

    def flush(self) -> None:
        """Nothing: they are in memory."""

    def size(self) -> int:
        """How many there are."""
        return len(self.content)


class _Sinks(WriterFactory):
    """Makes a sink for each file, by the file's number."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.made: dict[int, _Sink] = {}

    def create(self, filename: str) -> Py7zIO:
        """A sink for the file of this number."""
        sink = self.made[int(filename)] = _Sink(self)
        return sink


def open_7z(part: Part, limits: OpenLimits) -> tuple[Part, ...] | Reason:
    """The files of a 7z file; those of an encrypted or unreadable folder by name. Encrypted names: ENCRYPTED as a whole."""
    try:
        with SevenZipFile(BytesIO(part.content), blocksize=1 << 20) as archive:
            found = [*_files(archive, part, limits), *_rest(archive, part)]
    except PasswordRequired:
        return Reason.ENCRYPTED
    except _BROKEN:
        return Reason.UNKNOWN
    return tuple(replace(made, part=f"{part.part}!{number}") for number, made in enumerate(found, 1))


def _rest(archive: SevenZipFile, part: Part) -> Iterator[Part]:
    """Octets that no folder and no header takes: in front of the folders, behind them, and behind all."""
    content = part.content
    offset, size = unpack_from("<QQ", content, 12)
    tail = archive.afterheader + int(offset)
    streams = getattr(archive.header, "main_streams", None)
    start = archive.afterheader + (streams.packinfo.packpos if streams is not None else 0)
    end = start + (streams.packinfo.packpositions[-1] if streams is not None else 0)
    # What the header tells of its own size is that of all its parts: the first 32 octets, the last ones, those between.
    between = archive.header.size - archive.afterheader - int(size)
    ranges = [(archive.afterheader, start), (tail + int(size), len(content))]
    if tail - end != between:
        ranges.append((end, tail))
    for low, high in ranges:
        octets = content[low:high].strip(b"\0")
        if octets:
            kind = kind_of(octets)
            yield member(part, 0, "", octets, kind="unknown" if kind == "7z" else kind)


def _files(archive: SevenZipFile, part: Part, limits: OpenLimits) -> Iterator[Part]:
    sinks = _Sinks(limits.room(len(part.content)))
    files = list(getattr(archive, "files", ()))
    why = _extract(archive, files, sinks)
    for number, file in enumerate(files):
        if number >= limits.members:
            yield lost(part, 0, "", Reason.LIMIT, "7z")
            return
        sink = sinks.made.get(file.id)
        content = bytes(sink.content) if sink is not None else b""
        reason = why.get(id(file.folder))
        if file.folder is None or content or (reason is None and not file.uncompressed):
            # What came out before a folder broke is there for everyone who repairs such files.
            yield member(part, 0, file.filename, content)
        if file.folder is not None and (reason is not None or len(content) != file.uncompressed):
            yield lost(part, 0, file.filename, reason or Reason.UNKNOWN, "7z")


def _extract(archive: SevenZipFile, files: list[ArchiveFile], sinks: _Sinks) -> dict[int, Reason]:
    """Read what can be read into the sinks; returns why a folder could not."""
    streams = getattr(archive.header, "main_streams", None)
    if streams is None:
        return {}
    # The library counts a folder's files as if none without octets stood between them.
    held: dict[int, list[ArchiveFile]] = {}
    for file in files:
        held.setdefault(id(file.folder), []).append(file)
    why: dict[int, Reason] = {}
    start = archive.afterheader + streams.packinfo.packpos
    positions = streams.packinfo.packpositions
    first = 0
    for folder in streams.unpackinfo.folders:
        after = first + len(folder.packed_indices)
        mine = held.get(id(folder), [])
        reason = _unfit(folder.coders)
        if reason is None and sum(file.uncompressed for file in mine) > sinks.room:
            reason = Reason.LIMIT
        if reason is None:
            reason = _extract_folder(archive, mine, sinks, (start + positions[first], start + positions[after]))
        if reason is None and _leaves_octets(folder.decompressor):
            reason = Reason.UNKNOWN
        if reason is not None:
            why[id(folder)] = reason
        first = after
    return why


def _extract_folder(
    archive: SevenZipFile, files: list[ArchiveFile], sinks: _Sinks, place: tuple[int, int]
) -> Reason | None:
    """Read the files of one folder, which lies between these places; returns why that was not possible."""
    for file in files:
        archive.worker.register_filelike(file.id, MemIO(str(file.id), sinks))
    try:
        archive.worker.extract_single(archive.fp, files, None, *place, None)
    except PasswordRequired:
        return Reason.ENCRYPTED
    except _OverError:
        # It yields more than it says, so nobody knows how much others here would.
        sinks.room = 0
        return Reason.LIMIT
    except MemoryError:
        return Reason.LIMIT
    except _BROKEN:
        return Reason.UNKNOWN
    return None


def _leaves_octets(decompressor: Any) -> bool:  # noqa: ANN401 - the library shows no type for its inner parts
    """Whether a folder holds octets that none of its files takes, packed or unpacked."""
    if decompressor is None or decompressor.consumed < decompressor.input_size or decompressor.unused_size > 0:
        return True
    if len(getattr(decompressor, "_buf", b"")) > getattr(decompressor, "_pos", 0):
        return True
    first = getattr(decompressor.chain[0], "_decompressor", decompressor.chain[0])
    if not isinstance(first, lzma.LZMADecompressor | bz2.BZ2Decompressor):
        return False
    if not first.eof and first.decompress(b"", 1):
        return True
    return first.eof and bool(first.unused_data)


def _unfit(coders: list[dict[str, object]]) -> Reason | None:
    """Why a folder of these coders is not even begun: encryption, or a dictionary beyond all bounds."""
    for coder in coders:
        method, properties = coder["method"], coder["properties"]
        if not isinstance(method, bytes):
            return Reason.UNKNOWN
        if method[:4] == _AES:
            return Reason.ENCRYPTED
        said = properties if isinstance(properties, bytes) else b""
        if _dictionary(method, said) > MEMORY:
            return Reason.LIMIT
    return None


def _dictionary(method: bytes, properties: bytes) -> int:
    """The octets of memory that a coder asks for (7zFormat.txt; LZMA2 as xz writes it, section 5.3.1)."""
    if method in {_LZMA, _PPMD} and len(properties) >= 5:
        return int.from_bytes(properties[1:5], "little")
    if method == _LZMA2 and properties:
        bits = properties[0]
        return (2 | bits & 1) << (bits // 2 + 11) if bits < 64 else 1 << 40
    return 0
