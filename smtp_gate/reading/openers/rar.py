"""Rar files, listed by rarfile: names and stored files are read, what is compressed is lost; no program is ever run."""

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from typing import Any, Final

import rarfile  # type: ignore[import-untyped]  # the library has no types

from smtp_gate.core.view import Part, Reason
from smtp_gate.reading.kinds import kind_of
from smtp_gate.reading.openers.base import OpenLimits, lost, member, text_of

_BROKEN: Final = (
    rarfile.Error, struct.error, zlib.error, OSError, ValueError, TypeError, IndexError, AttributeError, OverflowError
)  # fmt: skip
"""What the library raises of a damaged file."""
_SPLIT: Final = rarfile.RAR_FILE_SPLIT_BEFORE | rarfile.RAR_FILE_SPLIT_AFTER


def open_rar(part: Part, limits: OpenLimits) -> tuple[Part, ...] | Reason:
    """The files of a rar file by name, old versions too. Encrypted names: ENCRYPTED as a whole."""
    blocks: list[Any] = []
    try:
        with _without_programs():
            archive = rarfile.RarFile(BytesIO(part.content), part_only=True, info_callback=blocks.append)
        if archive.needs_password() and all(block.type != rarfile.RAR_BLOCK_FILE for block in blocks):
            return Reason.ENCRYPTED
        return _found(part, blocks, limits)
    except _BROKEN:
        return Reason.UNKNOWN


@contextmanager
def _without_programs() -> Iterator[None]:
    """Old comments are compressed, for which the library runs a program; here they stay unread."""
    before = rarfile.rar3_decompress
    rarfile.rar3_decompress = _stored_comment
    try:
        yield
    finally:
        rarfile.rar3_decompress = before


def _stored_comment(_: int, method: int, data: bytes, *_rest: object) -> bytes:
    return data if method == rarfile.RAR_M0 else b""


def _found(part: Part, blocks: list[Any], limits: OpenLimits) -> tuple[Part, ...]:
    found: list[Part] = []
    words: dict[str, None] = {}
    for block in blocks:
        if len(found) >= limits.members:
            found.append(lost(part, 0, "", Reason.LIMIT, "rar"))
            break
        words.update(dict.fromkeys(_words(block)))
        if block.type == rarfile.RAR_BLOCK_SUB and block.filename == "CMT":
            found.append(_comment(part, block))
        elif block.type == rarfile.RAR_BLOCK_FILE and not block.is_dir():
            found.append(_file(part, block, limits))
    rest = part.content[max((block.data_offset + block.add_size for block in blocks), default=0) :].strip(b"\0")
    if rest:
        # A header that is damaged ends the listing, and what follows it may be files or anything else.
        kind = kind_of(rest)
        found.append(member(part, 0, "", rest, kind="unknown" if kind == "rar" else kind))
    if words:
        found.append(text_of(part, 0, words))
    return tuple(replace(made, part=f"{part.part}!{number}") for number, made in enumerate(found, 1))


def _words(block: Any) -> Iterator[str]:  # noqa: ANN401 - the library has no types
    """What a header says beside files: comments, targets of links, names of folders."""
    if block.comment:
        yield block.comment
    redirected = getattr(block, "file_redir", None)
    if redirected:
        yield redirected[2]
    if block.type == rarfile.RAR_BLOCK_FILE and block.is_dir():
        yield block.filename


def _comment(part: Part, block: Any) -> Part:  # noqa: ANN401 - the library has no types
    """The archive's comment where it is stored; where it is compressed or encrypted, that there is one."""
    if block.needs_password():
        return lost(part, 0, "", Reason.ENCRYPTED, "rar")
    if block.compress_type != rarfile.RAR_M0:
        return lost(part, 0, "", Reason.UNKNOWN, "rar")
    return member(part, 0, "", part.content[block.data_offset : block.data_offset + block.add_size].rstrip(b"\0"))


def _file(part: Part, block: Any, limits: OpenLimits) -> Part:  # noqa: ANN401 - the library has no types
    if block.needs_password():
        return lost(part, 0, block.filename, Reason.ENCRYPTED, "rar")
    content = part.content[block.data_offset : block.data_offset + block.add_size]
    split = block.flags & _SPLIT or getattr(block, "block_flags", 0) & (
        rarfile.RAR5_BLOCK_FLAG_SPLIT_BEFORE | rarfile.RAR5_BLOCK_FLAG_SPLIT_AFTER
    )
    if block.compress_type != rarfile.RAR_M0 or split or len(content) != block.file_size:
        return lost(part, 0, block.filename, Reason.UNKNOWN, "rar")
    if len(content) > limits.octets:
        return lost(part, 0, block.filename, Reason.LIMIT, "rar")
    return member(part, 0, block.filename, content)
