"""Mail as people keep it: .eml files, mbox files, Maildirs and folders, each message as CRLF octets with its label."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_FROM_LINE = re.compile(rb"From [^\r\n]*\r?\n")
_SEPARATOR = re.compile(rb"From \S+ [^\r\n]*\d\d:\d\d[^\r\n]*\d{4}[^\r\n]*\r?\n")
_HEADER = re.compile(rb"[!-9;-~]+:")
_EMPTY = (b"\n", b"\r\n")


@dataclass(frozen=True, slots=True)
class MailFile:
    """One message: `label` is the path, with `#n` behind it for the n-th message of an mbox.

    `start` and `size` say where it lies in the file, in octets, so that it can be read again alone (`message_at`).
    """

    label: str
    content: bytes
    start: int = 0
    size: int = 0


def files_below(path: Path) -> list[Path]:
    """The files that a PATH means: itself, or every file below a folder, in a stable order. Raises OSError."""
    if path.is_dir():
        return sorted(p for p in path.rglob("*") if p.is_file())
    path.stat()
    return [path]


def messages_in(path: Path) -> Iterator[MailFile]:
    """The messages of one file: several where it is an mbox, one otherwise. Raises OSError where it cannot be read.

    One message at a time is held, however large the mbox is.
    """
    with path.open("rb") as file:
        for number, (start, octets, is_last) in enumerate(_split(file), 1):
            label = str(path) if is_last and number == 1 else f"{path}#{number}"
            yield MailFile(label, crlf(octets), start, len(octets))


def message_at(path: Path, start: int, size: int) -> bytes:
    """One message of a file as `messages_in` gave it. Raises OSError."""
    with path.open("rb") as file:
        file.seek(start)
        return crlf(file.read(size))


def crlf(octets: bytes) -> bytes:
    """The octets with every line ended by CRLF, as a mail server would have sent them."""
    return octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")


def _split(file: BinaryIO) -> Iterator[tuple[int, bytes, bool]]:
    """Cut an mbox at its From_ lines: where each message starts, its octets, and whether it is the last.

    The line itself is dropped, also where only one leads a single message. What is no mbox is one message.
    """
    first = file.readline()
    if _FROM_LINE.fullmatch(first) is None:
        yield 0, first + file.read(), True
        return
    start = at = len(first)
    part, before, line = bytearray(), b"", file.readline()
    while line:
        after = file.readline()
        # A message has a line before the empty one, a separator is followed by a header: else it is text that begins so.
        if before in _EMPTY and len(part) > len(before) and _SEPARATOR.fullmatch(line) and _HEADER.match(after):
            yield start, bytes(part[: -len(before)]), False
            start, part, before = at + len(line), bytearray(), b""
        else:
            part += line
            before = line
        at += len(line)
        line = after
    yield start, bytes(part), True
