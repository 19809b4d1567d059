"""Union reading: what else the octets of an ambiguous message could say, whatever its structure claims.

Mail readers disagree about broken structure, so where it is in doubt the raw octets are read as they stand, as
quoted-printable, and as base64 at every alignment. Where structure decoded everything exactly nothing is added, but
for blocks of base64 that stand in a text.
"""

import re
from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import Final

import re2

from smtp_gate.reading.kinds import container_of, kind_of
from smtp_gate.reading.media import media_of
from smtp_gate.reading.transfer import alignments, decode_base64, decode_qp

DEPTH: Final = 4
"""How many encodings inside each other are undone."""

TEXTUAL: Final = frozenset({"text", "html", "xml", "calendar", "mail", "mbox"})
"""Kinds that are text; mail in a file is opened as well."""
BLOCKS: Final = 2_000
"""Blocks of base64 looked at in one text."""

BEYOND: Final = "beyond"
"""Names a reading without octets: there was more than the budget allows."""

CLOSED: Final = "closed"
"""Names a reading that is no text but a document, an archive or a picture by its structure."""

# A line of base64 is long, or shorter at the end of a block; junk within is met by reading what damaged lines hold too.
_BLOCK: Final = re2.compile(rb"[A-Za-z0-9+/_-]{24}[A-Za-z0-9+/=_-]*(?:[ \t]*\r?\n[ \t]*[A-Za-z0-9+/=_-]+)*")
_HINT: Final = re2.compile(rb"[A-Za-z0-9+/_-]{24}")
_ESCAPE: Final = re.compile(rb"=[0-9A-Fa-f]{2}|=[ \t]*\r?\n")

AMBIGUOUS: Final = frozenset(
    (  # noqa: SIM905 - one word a line would hide the code
        "missing_header_break bare_newline nul malformed_header duplicate_content_type duplicate_encoding "
        "odd_boundary odd_delimiter duplicate_boundary duplicate_parameter odd_parameter odd_encoding unknown_encoding "
        "header_comment missing_boundary unused_boundary missing_end_boundary part_after_end encoded_container "
        "base64_damaged malformed_content_type mime_limit parser_disagreement parser_skipped parts_disagree "
        "content_disagrees types_disagree parser_refused"
    ).split()
)
"""Defects of structure after which readers part ways."""

DIVIDING: Final = AMBIGUOUS - frozenset(
    (  # noqa: SIM905 - one word a line would hide the code
        "duplicate_encoding odd_encoding unknown_encoding base64_damaged duplicate_parameter odd_parameter "
        "header_comment missing_end_boundary part_after_end mime_limit parser_disagreement types_disagree"
    ).split()
)
"""Those of them after which readers disagree where parts begin and end, so that no range of octets is beyond doubt."""

UNSURE: Final = DIVIDING | {"duplicate_encoding", "odd_encoding", "unknown_encoding"}
"""Those after which readers disagree how the part that has them is encoded."""


def ambiguous_readings(content: bytes, exact: list[tuple[int, int]]) -> Iterator[tuple[str, bytes]]:
    """Name and octets of every further reading of a message in doubt; ranges decoded exactly are left out."""
    rest = _without(content, exact)
    yield "raw", rest
    if b"=" in rest and _ESCAPE.search(rest):
        yield "qp", decode_qp(rest)
        # Soft breaks that lost their line feed, or gained a carriage return, are read past as well.
        yield "qp", decode_qp(rest.replace(b"\r", b""))
    yield from _blocks(rest, doubtful=True)


def hidden_readings(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Blocks of base64 that stand in a text, undone up to `DEPTH` times."""
    if _HINT.search(content) is not None:
        yield from _blocks(content, doubtful=False)


def _without(content: bytes, exact: list[tuple[int, int]]) -> bytes:
    kept, at = [], 0
    for start, end in sorted(exact):
        if start > at:
            kept.append(content[at:start])
        at = max(at, end)
    kept.append(content[at:])
    return b"\r\n".join(kept)


def _blocks(content: bytes, *, doubtful: bool) -> Iterator[tuple[str, bytes]]:
    for count, found in enumerate(_BLOCK.finditer(content)):
        if count >= BLOCKS:
            yield BEYOND, b""
            return
        yield from _block(content[slice(*found.span())], doubtful=doubtful)
    if doubtful:
        yield from _block(b"\n".join(_dense_lines(content)), doubtful=True)


def _dense_lines(content: bytes) -> Iterator[bytes]:
    """Lines that are mostly of the alphabet without spaces between words: base64 with junk strewn in, or cut short."""
    for line in content.split(b"\n"):
        stripped = line.strip()
        if stripped and b":" not in stripped and (b" " not in stripped or stripped.count(b" ") * 12 < len(stripped)):
            yield stripped


def _block(block: bytes, *, doubtful: bool) -> Iterator[tuple[str, bytes]]:
    if len(set(block[:64])) < _FEWEST:
        return
    octets, exact = decode_base64(block)
    readings = [octets] if exact and not doubtful else [octets, *alignments(block)]
    for reading in dict.fromkeys(readings):
        yield from _deeper("base64", reading, 1)


def _deeper(name: str, octets: bytes, depth: int) -> Iterator[tuple[str, bytes]]:
    """A decoded reading, where it is text or a document, and what is encoded in it again."""
    if len(octets) < 8:
        return
    # Most blocks are no base64 at all, and what they decode to by chance holds no text.
    written = _written().search(octets) is not None
    if not (written and _tells(octets)):
        if container_of(octets) or media_of(octets):
            yield CLOSED, octets
            return
        octets = _readable(octets) if written else b""
        if not octets:
            return
    yield name, octets
    if depth >= DEPTH:
        if any(_tells(decode_base64(octets[slice(*found.span())])[0]) for found in islice(_BLOCK.finditer(octets), 9)):
            yield BEYOND, b""
        return
    if _HINT.search(octets) is not None:
        for found in _BLOCK.finditer(octets):
            yield from _deeper("base64", decode_base64(octets[slice(*found.span())])[0], depth + 1)
    if b"=" in octets and _ESCAPE.search(octets) is not None:
        yield from _deeper("qp", decode_qp(octets), depth + 1)


@cache
def _written() -> "re2._Regexp[bytes]":
    """A dozen characters in a row in ASCII, UTF-8, UTF-16 or EBCDIC, or all there are."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1  # type: ignore[attr-defined] # the stubs leave this class out
    return re2.compile(
        rb"^[\t\r\n -~]{8,15}$|[\t\r\n -~]{12}|(?:[\xc2-\xf4][\x80-\xbf]{1,3}[ -~]?){5}|(?:\x00[ -~]){6}|(?:[ -~]\x00){6}|"
        rb"[\x40\x4b\x60\x6b\x81-\x89\x91-\x99\xa2-\xa9\xc1-\xc9\xd1-\xd9\xe2-\xe9\xf0-\xf9]{12}",
        options,
    )


def _tells(octets: bytes) -> bool:
    """Whether it is text: mostly printable, or valid in UTF-8, so that words decoded by chance are left out."""
    if kind_of(octets) not in TEXTUAL:
        return False
    high = len(octets) - len(octets.translate(None, _HIGH))
    return high * 4 < len(octets) or "\ufffd" not in octets.decode("utf-8", "replace")


def _readable(octets: bytes) -> bytes:
    """The stretches of text in octets that are none as a whole: what stood before and behind the damage. Often empty.

    Sixteen characters in a row do not come about by chance; EBCDIC is told by the octets its letters have.
    """
    if len(octets) >= _STRETCH and len(octets.translate(None, _EBCDIC)) * 10 < len(octets):
        return octets.decode("cp037").encode()
    text = octets.decode("utf-8", "replace")
    return "\n".join(_STRETCHES.findall(text)).encode()


_HIGH: Final = bytes(range(128, 256))
_FEWEST: Final = 6
"""Different characters that a block of base64 has at least; fewer are a line drawn with signs."""
_STRETCH: Final = 16
_STRETCHES: Final = re.compile(r"[^\ufffd\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]{16,}")
_EBCDIC: Final = bytes(
    (0x05, 0x0D, 0x15, 0x25, 0x40, 0x4B, 0x4D, 0x5D, 0x60, 0x61, 0x6B, 0x6F, 0x7A, 0x7D, 0x7F)
) + bytes(o for o in range(0x81, 0xFA) if o & 0x0F <= 9 and not 0xB0 <= o <= 0xC0)
"""Letters, digits, spaces and common signs of code page 037."""
