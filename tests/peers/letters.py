"""Test mail: each letter carries a mark of its own by which it is found again, and octets that are easily changed."""

import hashlib
import itertools
from collections.abc import Mapping
from typing import Final

_numbers = itertools.count(1)
HEADERS: Final = (
    "From: Dana Okafor <dokafor@milwaukee.gov>\r\nTo: Lee <lee@example.org>\r\nSubject: Agenda\r\n"
    "Date: Mon, 02 Mar 2026 09:04:05 -0600\r\n"
)


def letter(body: bytes = b"Lee, the agenda is attached.\r\n", headers: str = HEADERS) -> tuple[bytes, bytes]:
    """A new mark, and the message that carries it in its Message-ID."""
    mark = f"peer-{next(_numbers)}-{hashlib.sha256(body).hexdigest()[:8]}@milwaukee.gov"
    return mark.encode(), f"{headers}Message-ID: <{mark}>\r\n\r\n".encode() + body


def typed(kind: str, encoding: str) -> str:
    """Headers of a message of this media type and encoding."""
    return f"{HEADERS}MIME-Version: 1.0\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n"


BODIES: Final[Mapping[str, tuple[bytes, str]]] = {
    "plain": (b"Lee, the agenda is attached.\r\n", HEADERS),
    "empty": (b"", HEADERS),
    "dots": (b".\r\n..\r\n...\r\n.leading\r\nmiddle .\r\n.\r\n", HEADERS),
    "blank lines": (b"\r\n\r\n\r\nend\r\n\r\n\r\n", HEADERS),
    "trailing spaces": (b"one  \r\n\ttwo\t\r\n   \r\n", HEADERS),
    "From line": (b"From the desk of Dana\r\n>From below\r\n", HEADERS),
    "8 bit UTF-8": ("Grüße aus Milwaukee – žluťoučký kůň\r\n".encode(), typed("text/plain; charset=utf-8", "8bit")),
    "8 bit of no charset": (bytes(range(128, 256)) + b"\r\n", typed("text/plain; charset=iso-8859-1", "8bit")),
    "controls": (b"bell \x07, escape \x1b[0m, delete \x7f, form feed \x0c\r\n" + b"and the agenda\r\n" * 50, HEADERS),
    "line of 998": (b"x" * 998 + b"\r\n", HEADERS),
    "line of 20,000": (b"long " * 4000 + b"\r\nnext\r\n", HEADERS),
    "many lines": (b"".join(b"line %d\r\n" % n for n in range(20000)), HEADERS),
    "broken multipart": (b"--a\r\n\r\nno end\r\n--b--\r\n", typed('multipart/mixed; boundary="a"', "7bit")),
}


def added(original: bytes, arrived: bytes) -> bytes:
    """The header lines on top of an arrived message; everything below them must be the original, octet by octet."""
    assert arrived.endswith(original), difference(original, arrived)
    return arrived.removesuffix(original)


def difference(original: bytes, arrived: bytes) -> str:
    """Where two messages part, from their ends."""
    pairs = zip(reversed(original), reversed(arrived), strict=False)
    same = sum(1 for _ in itertools.takewhile(lambda p: p[0] == p[1], pairs))
    return f"{same} octets from the end: sent {original[-same - 60 :][:80]!r}, got {arrived[-same - 60 :][:80]!r}"
