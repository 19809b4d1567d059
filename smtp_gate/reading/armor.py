"""ASCII armor of OpenPGP (RFC 9580, section 6): the blocks in a text, decoded and checked, and clear-signed text."""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from smtp_gate.reading.transfer import decode_base64

ARMOR: Final = b"-----BEGIN PGP "
"""What every block begins with."""
_CLEAR: Final = b"SIGNED MESSAGE"

BLOCKS: Final = 200
"""Blocks looked at in one text."""
CHECKED: Final = 4 * 1024 * 1024
"""Octets up to which the checksum is worked out; it is optional, and the packets prove themselves."""

_LABEL: Final = re.compile(rb"-----BEGIN PGP ([A-Z][A-Z0-9 ,/]{2,40})-----")
_PREFIX: Final = re.compile(rb"[ \t>|]*")
_FIELD: Final = re.compile(rb"(?:Version|Comment|Hash|Charset|MessageID): ?[^\r\n]{0,100}")
_DIGIT: Final = re.compile(rb"[0-9]")
_DIGITS: Final = 8
_CONTENT: Final = re.compile(
    rb"[\s>|]*(?:(?:Version|Comment|Hash|Charset|MessageID):[^\n]*\n[\s>|]*){0,5}[A-Za-z0-9+/=]{24,}"
)
_WORD: Final = re.compile(rb"[A-Za-z0-9+/=]+")
_LINE: Final = 60
_CHECK: Final = re.compile(rb"=[A-Za-z0-9+/]{4}")
_POLYNOMIAL: Final = 0x1864CFB
_SEED: Final = 0xB704CE


@dataclass(frozen=True, slots=True)
class Armor:
    """One block from `start` to `end`. `octets` is None where it is no armor after all: damaged, cut off, a wrong sum.

    `plain`: its fields say nothing of their own. `size` counts the characters that look like its content.
    """

    start: int
    end: int
    label: str
    octets: bytes | None = field(repr=False)
    plain: bool = True
    size: int = 0


def armors(text: bytes) -> Iterator[Armor]:
    """Every block but clear-signed text, in order; at most BLOCKS of them, the last one standing for all that is left."""
    at = count = 0
    while (begin := _LABEL.search(text, at)) is not None:
        label = begin[1]
        if label == _CLEAR:
            at = begin.end()
            continue
        count += 1
        closing = b"-----END PGP " + label + b"-----"
        end = text.find(closing, begin.end()) if count <= BLOCKS else -1
        if end < 0:
            found = _CONTENT.match(text, begin.end())
            size = len(found[0]) if found is not None else 0
            yield Armor(_line_start(text, begin.start()), len(text), label.decode(), None, size=size)
            return
        # A block begins at the last of several beginnings: those before are only talked of.
        start = text.rfind(ARMOR + label + b"-----", begin.start(), end)
        at = end + len(closing)
        yield _block(text, start, start + len(begin[0]), end, label)


def clear_signed(text: bytes) -> bytes:
    """The text with its dash escapes undone (section 7.1), where a part of it is clear-signed; else empty."""
    if ARMOR + _CLEAR not in text or b"\n- " not in text:
        return b""
    return text.replace(b"\n- ", b"\n")


def is_clear_signed(text: bytes) -> bool:
    """Whether a part of the text is clear-signed: the line above it and the signature below."""
    begin = text.find(ARMOR + _CLEAR + b"-----")
    return begin >= 0 and text.find(ARMOR + b"SIGNATURE-----", begin) >= 0


def _line_start(text: bytes, at: int) -> int:
    return text.rfind(b"\n", 0, at) + 1


def _block(text: bytes, start: int, body: int, end: int, label: bytes) -> Armor:
    first = _line_start(text, start)
    found = _PREFIX.fullmatch(text, first, start)
    prefix = found[0].rstrip() if found is not None else b""
    if found is not None:
        start = first
    stop = end + len(label) + len(b"-----END PGP -----")
    lines = [_bare(line, prefix) for line in text[body:end].split(b"\n")]
    fields, payload = _parted(lines) if sum(map(bool, lines)) > 1 else _in_one_line(text[body:end].split())
    plain = all(_FIELD.fullmatch(line) and len(_DIGIT.findall(line)) <= _DIGITS for line in fields)
    check = payload.pop() if payload and _CHECK.fullmatch(payload[-1]) else b""
    joined = b"".join(payload)
    octets, exact = decode_base64(joined)
    holds = exact and bool(octets) and _sum_holds(octets, check)
    return Armor(start, stop, label.decode(), octets if holds else None, plain, len(joined))


def _bare(line: bytes, prefix: bytes) -> bytes:
    line = line.strip()
    return line.removeprefix(prefix).strip() if prefix else line


def _parted(lines: list[bytes]) -> tuple[list[bytes], list[bytes]]:
    """The fields of the block and the lines of its content, empty ones left out."""
    at = next((i for i, line in enumerate(lines) if line and b": " not in line and not line.endswith(b":")), len(lines))
    return [line for line in lines[:at] if line], [line for line in lines[at:] if line]


def _in_one_line(words: list[bytes]) -> tuple[list[bytes], list[bytes]]:
    """The same where markup has made one line of the block: the content begins with the first full line of it."""
    at = next((i for i in range(len(words) - 1, -1, -1) if _WORD.fullmatch(words[i]) is None), -1) + 1
    at = next((i for i in range(at, len(words)) if len(words[i]) >= _LINE), at)
    return ([b" ".join(words[:at])] if at else []), words[at:]


def _sum_holds(octets: bytes, check: bytes) -> bool:
    if not check or len(octets) > CHECKED:
        return True
    said, _ = decode_base64(check[1:])
    return crc24(octets) == int.from_bytes(said, "big")


def crc24(octets: bytes) -> int:
    """The checksum of armor (section 6.1.1), two octets at a time."""
    table = _table()
    crc = _SEED
    even = len(octets) & ~1
    for pair in struct.unpack(f">{even // 2}H", octets[:even]):
        crc = table[(crc >> 8) ^ pair] ^ ((crc & 0xFF) << 16)
    if even < len(octets):
        crc = table[((crc >> 16) ^ octets[-1])] ^ ((crc << 8) & 0xFFFFFF)
    return crc


@cache
def _table() -> tuple[int, ...]:
    """The remainder of every pair of octets followed by 24 zero bits."""
    single = []
    for octet in range(256):
        crc = octet << 16
        for _ in range(8):
            crc <<= 1
            if crc & 0x1000000:
                crc ^= _POLYNOMIAL
        single.append(crc & 0xFFFFFF)
    table = []
    for pair in range(65536):
        crc = single[pair >> 8]
        table.append(single[((crc >> 16) ^ pair) & 0xFF] ^ ((crc << 8) & 0xFFFFFF))
    return tuple(table)
