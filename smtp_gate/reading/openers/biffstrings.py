"""Strings of workbooks before 2007: of one record, and the table of all that continues over many (MS-XLS, section 2.5.293)."""

import struct
from collections.abc import Iterator

from smtp_gate.reading.openers.codepages import codepage

_WIDE, _PHONETIC, _RICH = 1, 4, 8


def text_at(content: bytes, at: int, page: int, *, short: bool, wide: bool) -> str:
    """A string that stands in one record: its length in one octet where `short`, in the codepage where not `wide`."""
    size = 1 if short else 2
    length = int.from_bytes(content[at : at + size], "little")
    at += size
    if not wide:
        return content[at : at + length].decode(codepage(page) or "cp1252", "replace")
    flags = content[at] if at < len(content) else 0
    at += 1 + 2 * bool(flags & _RICH) + 4 * bool(flags & _PHONETIC)
    if flags & _WIDE:
        return content[at : at + 2 * length].decode("utf-16-le", "replace")
    return content[at : at + length].decode("latin-1")


def read_strings(chunks: list[bytes]) -> Iterator[str]:
    """The strings of a table and of the records that continue it; their counts are not believed."""
    chunks = [chunks[0][8:], *chunks[1:]]
    cursor = _Cursor(chunks)
    while True:
        head = cursor.take(3)
        if len(head) < 3:
            return
        length, flags = struct.unpack("<HB", head)
        runs = int.from_bytes(cursor.take(2), "little") if flags & _RICH else 0
        more = int.from_bytes(cursor.take(4), "little") if flags & _PHONETIC else 0
        yield cursor.characters(length, wide=bool(flags & _WIDE))
        cursor.skip(4 * runs + more)


class _Cursor:
    """A place in the chunks."""

    def __init__(self, chunks: list[bytes]) -> None:
        self._chunks = chunks
        self._chunk = self._at = 0

    def take(self, size: int) -> bytes:
        """The next octets, fewer at the end."""
        found = b""
        while len(found) < size and self._more():
            piece = self._chunks[self._chunk][self._at : self._at + size - len(found)]
            found += piece
            self._at += len(piece)
        return found

    def skip(self, size: int) -> None:
        """Past so many octets."""
        while size > 0 and self._more():
            step = min(size, len(self._chunks[self._chunk]) - self._at)
            self._at += step
            size -= step

    def characters(self, length: int, *, wide: bool) -> str:
        """So many characters; where they go on in another chunk it tells their width anew."""
        said: list[str] = []
        while length > 0:
            before = self._chunk
            if not self._more():
                break
            chunk = self._chunks[self._chunk]
            if self._chunk != before:
                wide = bool(chunk[0] & _WIDE)
                self._at = 1
            count = min(length, max((len(chunk) - self._at) // 2, 1) if wide else len(chunk) - self._at)
            piece = chunk[self._at : self._at + (2 * count if wide else count)]
            said.append(piece.decode("utf-16-le" if wide else "latin-1", "replace"))
            length -= count
            self._at += len(piece)
        return "".join(said)

    def _more(self) -> bool:
        """Go to the next chunk at the end of one; tells whether anything is left."""
        while self._chunk < len(self._chunks) and self._at >= len(self._chunks[self._chunk]):
            self._chunk, self._at = self._chunk + 1, 0
        return self._chunk < len(self._chunks)
