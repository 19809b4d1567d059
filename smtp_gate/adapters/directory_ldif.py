"""The dated directory from an LDIF file (RFC 2849), as slapcat, ldapsearch and ldifde write it.

The reader is our own: the `ldif` of the package index skips `:<` values, takes broken base64, stops at the first mistake
without its line and has no limits.
"""

import binascii
import os
import re
from collections.abc import Iterator
from datetime import date, tzinfo
from pathlib import Path
from typing import BinaryIO, Final

from smtp_gate.adapters.directory_attributes import Attributes, rows
from smtp_gate.adapters.directory_rows import RowMistake

MAX_OCTETS: Final = 4 * 1024**3
MAX_LINE: Final = 16 * 1024**2
"""Octets of one line once it is unfolded; photos are the longest."""
MAX_LINES: Final = 100_000
"""Lines of one record."""
MAX_MISTAKES: Final = 1000
"""Mistakes after which the rest of a file is not read: it is something else than LDIF."""

_NAME: Final = re.compile(rb"[A-Za-z0-9.-]+(?:;[A-Za-z0-9=.-]+)*")
_UTF_8: Final = b"\xef\xbb\xbf"
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")

_Line = tuple[int, bytes | None]
"""A line once it is unfolded, with the number of its first piece; None stands for one beyond the limit."""
_Record = tuple[int, str, dict[str, list[bytes]]]


class _Broken(Exception):  # noqa: N818 - it never leaves this module
    """A record cannot be used: the line, and why."""


def read(
    path: Path, attributes: Attributes, today: date, zone: tzinfo, mistakes: list[RowMistake]
) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of an LDIF file, each with the line on which its record begins. Raises OSError where it cannot be read.

    Every record that cannot be used is told in `mistakes` with its line, and so is every value that was left out.
    """
    with path.open("rb") as source:
        size = os.fstat(source.fileno()).st_size
        if size > MAX_OCTETS:
            mistakes.append(RowMistake(1, "", f"the file has {size} octets, {MAX_OCTETS} at most"))
            return
        wanted = frozenset(name.lower() for name in attributes.wanted())
        yield from rows(_records(source, wanted, mistakes), attributes, today, zone, mistakes)


def _records(source: BinaryIO, wanted: frozenset[str], mistakes: list[RowMistake]) -> Iterator[_Record]:
    """The records of entries with the values that are wanted."""
    if source.read(2) in _UTF_16:
        mistakes.append(RowMistake(1, "", "UTF-16; LDIF is ASCII or UTF-8 (ldifde writes it without -u)"))
        return
    source.seek(len(_UTF_8) if source.seek(0) == 0 and source.read(3) == _UTF_8 else 0)
    first = True
    for number, lines in _blocks(_unfolded(source, mistakes)):
        try:
            if first and lines and _is_version(number, lines[0]):
                del lines[0]
            first = False
            if lines and not _is_remark(lines):
                yield _record(lines, wanted)
        except _Broken as broken:
            line, reason = broken.args
            mistakes.append(RowMistake(line, "", reason))
            if len(mistakes) >= MAX_MISTAKES:
                mistakes.append(RowMistake(line, "", f"{MAX_MISTAKES} mistakes; the rest of the file is not read"))
                return


def _blocks(unfolded: Iterator[_Line]) -> Iterator[tuple[int, list[_Line]]]:
    """The lines between blank ones, without comments. Of a block beyond the limit one line too many is kept."""
    lines: list[_Line] = []
    for number, line in unfolded:
        if line == b"":
            if lines:
                yield lines[0][0], lines
                lines = []
        elif (line is None or not line.startswith(b"#")) and len(lines) <= MAX_LINES:
            lines.append((number, line))
    if lines:
        yield lines[0][0], lines


def _unfolded(source: BinaryIO, mistakes: list[RowMistake]) -> Iterator[_Line]:
    """The lines of the file; one that begins with a space goes on with the line before it.

    Whoever writes LDIF ends its last line, so one without an end tells that the rest is missing.
    """
    number = start = size = 0
    pieces: list[bytes] = []
    ended = True
    while raw := source.readline(MAX_LINE):
        # A piece without an end of line is as long as a line may be, and the next piece belongs to it.
        begins, ended = ended, raw.endswith(b"\n")
        number += begins
        text = raw.removesuffix(b"\n").removesuffix(b"\r")
        # What follows a blank line goes on with nothing.
        folded = begins and raw.startswith(b" ") and pieces not in ([], [b""])
        if begins and not folded:
            if pieces:
                yield start, _joined(pieces, size)
            start, size, pieces = number, 0, []
        size += len(text)
        if size <= MAX_LINE or not pieces:
            pieces.append(text[1:] if folded else text)
        if size > MAX_LINE:
            pieces = [pieces[0][:1]]
    if not ended:
        mistakes.append(RowMistake(number, "", "the file ends within a line: it was cut off"))
    if pieces:
        yield start, _joined(pieces, size)


def _joined(pieces: list[bytes], size: int) -> bytes | None:
    """The line; None where it is too long, which a comment may be."""
    return b"".join(pieces) if size <= MAX_LINE or pieces == [b"#"] else None


def _is_version(number: int, line: _Line) -> bool:
    """Whether the file's first line says its version. Raises _Broken for a version that is not known."""
    name, colon, value = (line[1] or b"").partition(b":")
    if name.lower() != b"version" or not colon:
        return False
    if value.strip() != b"1":
        raise _Broken(number, f"version {_shown(value.strip())} of LDIF is not known")
    return True


def _is_remark(lines: list[_Line]) -> bool:
    """Whether it is what ldapsearch writes beside entries: referrals, and how the search ended. Raises _Broken."""
    if not (lines[0][1] or b"").startswith((b"search:", b"ref:")):
        return False
    said = dict((line or b"").partition(b": ")[::2] for _, line in lines)
    if b"search" not in said or b"result" not in said:
        return set(said) == {b"ref"}
    if said[b"result"].split()[:1] != [b"0"]:
        raise _Broken(lines[0][0], f"the search broke off, so entries are missing: {_shown(said[b'result'])}")
    return True


def _record(lines: list[_Line], wanted: frozenset[str]) -> _Record:
    """The entry that a record describes. Raises _Broken."""
    start = lines[0][0]
    if len(lines) > MAX_LINES:
        raise _Broken(start, f"a record of more than {MAX_LINES} lines")
    name, octets = _parted(*lines[0], frozenset({"dn"}))
    if name != "dn":
        raise _Broken(start, f"a record begins with dn:, not with {name[:40]}:")
    try:
        dn = octets.decode()
    except UnicodeDecodeError as error:
        raise _Broken(start, "the dn is not UTF-8") from error
    values: dict[str, list[bytes]] = {}
    for number, line in lines[1:]:
        name, octets = _parted(number, line, wanted)
        if name == "dn":
            raise _Broken(number, "a second dn: in one record; a blank line parts records")
        if name == "control" or (name == "changetype" and octets.strip().lower() != b"add"):
            raise _Broken(start, "a change of an entry, not an entry: export the entries themselves")
        if name.partition(";")[0] in wanted:
            values.setdefault(name, []).append(octets)
    return start, dn, values


def _parted(number: int, line: bytes | None, wanted: frozenset[str]) -> tuple[str, bytes]:
    """A line's name in lower case, and its value where it is wanted. Raises _Broken."""
    if line is None:
        raise _Broken(number, f"a line of more than {MAX_LINE} octets")
    if line == b"-":
        raise _Broken(number, "a change of an entry, not an entry: export the entries themselves")
    described, colon, rest = line.partition(b":")
    if not colon or not _NAME.fullmatch(described):
        raise _Broken(number, f"not of the form name: value: {_shown(line)}")
    name = described.decode("ascii").lower()
    if rest.startswith(b"<"):
        raise _Broken(number, f"{name[:40]} is kept elsewhere (:<), and nothing is fetched")
    if not rest.startswith(b":"):
        return name, rest.lstrip(b" ")
    # Photos are long and nobody asks for them, so only what is wanted is decoded.
    if name.partition(";")[0] not in wanted:
        return name, b""
    try:
        return name, binascii.a2b_base64(rest[1:].strip(b" "), strict_mode=True)
    except binascii.Error as error:
        raise _Broken(number, f"{name[:40]} is not base64") from error


def _shown(octets: bytes) -> str:
    return repr(octets[:40].decode(errors="replace"))
