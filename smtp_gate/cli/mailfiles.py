"""Mail as people keep it: .eml files, mbox files, Maildirs and folders, each message as CRLF octets with its label."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FROM_LINE = re.compile(rb"From [^\r\n]*\r?\n")
_SEPARATOR = re.compile(rb"\n\r?\nFrom \S+ [^\r\n]*\d\d:\d\d[^\r\n]*\d{4}[^\r\n]*\r?\n(?=[!-9;-~]+:)")


@dataclass(frozen=True, slots=True)
class MailFile:
    """One message: `label` is the path, with `#n` behind it for the n-th message of an mbox."""

    label: str
    content: bytes


def files_below(path: Path) -> list[Path]:
    """The files that a PATH means: itself, or every file below a folder, in a stable order. Raises OSError."""
    if path.is_dir():
        return sorted(p for p in path.rglob("*") if p.is_file())
    path.stat()
    return [path]


def messages_in(path: Path) -> Iterator[MailFile]:
    """The messages of one file: several where it is an mbox, one otherwise. Raises OSError where it cannot be read."""
    octets = path.read_bytes()
    parts = list(_split(octets))
    for number, part in enumerate(parts, 1):
        yield MailFile(f"{path}#{number}" if len(parts) > 1 else str(path), crlf(part))


def crlf(octets: bytes) -> bytes:
    """The octets with every line ended by CRLF, as a mail server would have sent them."""
    return octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")


def _split(octets: bytes) -> Iterator[bytes]:
    """Cut an mbox at its From_ lines; the line itself is dropped, also where only one leads a single message."""
    first = _FROM_LINE.match(octets)
    if first is None:
        yield octets
        return
    start = first.end()
    for separator in _SEPARATOR.finditer(octets, start):
        yield octets[start : separator.start() + 1]
        start = separator.end()
    yield octets[start:]
