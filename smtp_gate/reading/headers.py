"""Header blocks: octets become fields with their defects; lenient about what real mail breaks."""

import re
from dataclasses import dataclass
from typing import Final

from smtp_gate.core.view import Header
from smtp_gate.reading.words import decode_words

_FIELD_BREAK: Final = re.compile(rb"\r\n(?![ \t])")
_ODD_BREAK: Final = re.compile(rb"(?:\r\n|\r|\n)(?![ \t])")
_ANY_BREAK: Final = re.compile(r"[\r\n]+")
_NAME: Final = re.compile(rb"[!-9;-~]+")
_BLANK: Final = b" \t\0"


@dataclass(frozen=True, slots=True)
class Block:
    """The header block of one entity. `body` is the offset where its body begins; `overflow`: fields were left out."""

    headers: tuple[Header, ...]
    body: int
    defects: tuple[str, ...] = ()
    overflow: bool = False


def parse_headers(buffer: bytes, start: int, end: int, room: int) -> Block:
    """Parse the fields between `start` and the first empty line before `end`; at most `room` of them.

    Without an empty line the block ends before the first line that is no field (RFC 7103, section 7.1.4).
    """
    defects: list[str] = []
    stop, body = _limits(buffer, start, end)
    if stop < 0:
        defects.append("missing_header_break")
        stop = body = _first_body_line(buffer, start, end)
    block = buffer[start:stop]
    if not block:
        return Block((), body, tuple(defects))
    breaks = block.count(b"\r\n")
    odd = block.count(b"\n") != breaks or block.count(b"\r") != breaks
    if odd:
        defects.append("bare_newline")
    if b"\0" in block:
        defects.append("nul")
    if not block.isascii():
        defects.append("eight_bit_header")
    fields = (_ODD_BREAK if odd else _FIELD_BREAK).split(block)
    if not fields[-1]:
        fields.pop()
    headers = []
    for field in fields[:room]:
        header = _field(field, defects)
        if header is not None:
            headers.append(header)
    return Block(tuple(headers), body, tuple(dict.fromkeys(defects)), overflow=len(fields) > room)


def _limits(buffer: bytes, start: int, end: int) -> tuple[int, int]:
    """Where the block ends and the body begins; (-1, -1) without an empty line."""
    if buffer.startswith(b"\r\n", start):
        return start, min(start + 2, end)
    if buffer.startswith(b"\n", start):
        return start, min(start + 1, end)
    crlf = buffer.find(b"\n\r\n", start, end)
    bare = buffer.find(b"\n\n", start, end if crlf < 0 else crlf + 1)
    if bare >= 0:
        return bare + 1, bare + 2
    if crlf >= 0:
        return crlf + 1, crlf + 3
    return -1, -1


def _first_body_line(buffer: bytes, start: int, end: int) -> int:
    at = start
    while at < end:
        stop = buffer.find(b"\n", at, end)
        stop = end if stop < 0 else stop + 1
        folded = at > start and buffer[at] in b" \t"
        colon = buffer.find(b":", at, stop)
        if not folded and (colon < 0 or _NAME.fullmatch(buffer, at, colon) is None):
            return at
        at = stop
    return end


def _field(field: bytes, defects: list[str]) -> Header | None:
    name, colon, raw = field.partition(b":")
    if not colon:
        defects.append("malformed_header")
        return None
    if _NAME.fullmatch(name) is None:
        # White space or NUL around a name is accepted by some readers and ends the headers for others.
        defects.append("malformed_header")
        name = name.strip(_BLANK + b"\r\n")
        if _NAME.fullmatch(name) is None:
            return None
    return Header(name.decode("ascii"), value_of(raw), raw)


def value_of(raw: bytes) -> str:
    """The octets after the colon as text: unfolded, encoded words decoded, NUL removed."""
    if raw.isascii():
        text = raw.decode("ascii")
    else:
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            text = raw.decode("cp1252", "replace")
    if "\n" in text or "\r" in text:
        text = _ANY_BREAK.sub("", text)
    if "\0" in text:
        text = text.replace("\0", "")
    if "=?" in text:
        text = decode_words(text)
        # A decoded line break must not look like a new field to anybody further on.
        text = _ANY_BREAK.sub(" ", text)
    return text.strip(" \t")
