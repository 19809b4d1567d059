"""Transfer encodings: base64, quoted-printable and uuencode, lenient, and every other way to read damaged ones."""

import binascii
import re
from collections.abc import Iterator
from itertools import zip_longest
from typing import Final

_SPACE: Final = b" \t\r\n"
_ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_URL_SAFE: Final = bytes.maketrans(b"-_", b"+/")
_JUNK: Final = bytes(o for o in range(256) if o not in _ALPHABET)
_JUNK_BUT_PAD: Final = bytes(o for o in _JUNK if o != ord("="))
_SOFT_BREAK: Final = re.compile(rb"=[ \t]+(?=\r?\n)")
_Y_BEGIN: Final = re.compile(rb"^=ybegin [^\r\n]*?name=([^\r\n]*)\r?\n", re.MULTILINE)
_Y_ESCAPE: Final = re.compile(rb"=(.)", re.DOTALL)
_Y_SHIFT: Final = bytes((octet - 42) & 255 for octet in range(256))
_BINHEX: Final = re.compile(rb"\(This file must be converted with BinHex[^\r\n]*\s+:")
_UU_BEGIN: Final = re.compile(rb"^begin(?:-base64)? +[0-7]{1,7} +([^\r\n]*)\r?\n", re.MULTILINE)
_UU_END: Final = re.compile(rb"^(?:end|====)[ \t]*\r?$", re.MULTILINE)


def decode_base64(raw: bytes) -> tuple[bytes, bool]:
    """The octets, and whether `raw` was exact: nothing but the alphabet, white space, and padding at its end.

    Inexact input is read past every character outside the alphabet, starting anew after padding (RFC 2045, section 6.8).
    """
    clean = raw.translate(None, _SPACE)
    if len(clean) % 4 == 0:
        try:
            return binascii.a2b_base64(clean, strict_mode=True), True
        except binascii.Error:
            pass
    pieces = raw.translate(_URL_SAFE, b"").translate(None, _JUNK_BUT_PAD).split(b"=")
    return b"".join(_quanta(p) for p in pieces if p), False


def alignments(raw: bytes) -> tuple[bytes, ...]:
    """Damaged base64 read from each of the four positions a quantum may start at, junk and padding skipped.

    Hyphen and underscore are the URL-safe alphabet (RFC 4648, section 5) to some readers and junk to others.
    """
    alphabets = [raw.translate(_URL_SAFE), raw] if b"-" in raw or b"_" in raw else [raw]
    return tuple(_quanta(text.translate(None, _JUNK)[shift:]) for text in alphabets for shift in range(4))


def decode_qp(raw: bytes) -> bytes:
    """Quoted-printable, lenient: white space before a soft break is dropped, bad escapes stay as they stand."""
    if b"= " in raw or b"=\t" in raw:
        raw = _SOFT_BREAK.sub(b"=", raw)
    return binascii.a2b_qp(raw)


def uu_blocks(raw: bytes) -> tuple[tuple[str, bytes], ...]:
    """The uuencoded files in a text, each with its name."""
    found = []
    at = 0
    while (begin := _UU_BEGIN.search(raw, at)) is not None:
        end = _UU_END.search(raw, begin.end())
        stop = end.start() if end else len(raw)
        payload = raw[begin.end() : stop]
        octets = decode_base64(payload)[0] if b"-base64" in begin[0][:12] else _uu(payload)
        found.append((begin[1].decode("utf-8", "replace").strip(), octets))
        at = end.end() if end else len(raw)
    return tuple(found)


def attached_files(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """The files that stand encoded in a text, uuencoded or as yEnc, each with its name."""
    if b"begin" not in raw:
        return
    yield from uu_blocks(raw)
    if b"=ybegin " in raw:
        yield from _yenc_blocks(raw)


def is_binhex(raw: bytes) -> bool:
    """Whether a text holds a BinHex 4.0 file (RFC 1741), which is told and not decoded."""
    return b"with BinHex" in raw and _BINHEX.search(raw) is not None


def _yenc_blocks(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """Each octet plus 42; an equals sign in front of one adds 64 more."""
    begins = list(_Y_BEGIN.finditer(raw))
    for begin, following in zip_longest(begins, begins[1:]):
        body = raw[begin.end() : following.start() if following is not None else len(raw)].partition(b"\n=yend")[0]
        if body.startswith(b"=ypart"):
            body = body[body.find(b"\n") + 1 :]
        escaped = _Y_ESCAPE.sub(lambda found: bytes([(found[1][0] - 64) & 255]), body.translate(None, b"\r\n"))
        yield begin[1].decode("utf-8", "replace").strip(), escaped.translate(_Y_SHIFT)


def _uu(payload: bytes) -> bytes:
    out = []
    for line in payload.splitlines():
        if not line:
            continue
        try:
            out.append(binascii.a2b_uu(line))
        except binascii.Error:
            # Some encoders pad the last quantum wrongly: read as many characters as the count asks for.
            room = (((line[0] - 32) & 63) * 4 + 5) // 3
            try:
                out.append(binascii.a2b_uu(line[:room]))
            except binascii.Error:
                continue
    return b"".join(out)


def _quanta(clean: bytes) -> bytes:
    """Base64 characters without padding; a lone last one carries no octet."""
    spare = len(clean) % 4
    if spare == 1:
        clean = clean[:-1]
    return binascii.a2b_base64(clean + b"=" * (-len(clean) % 4))
