"""What a zip file says in words beside its files: names in every reading, comments, extra fields."""

import re
from collections.abc import Iterator
from typing import Final

from smtp_gate.reading.kinds import kind_of
from smtp_gate.reading.openers.zip_layout import UTF8, Header, extras

_PATH: Final = 0x7075
_COMMENT: Final = 0x6375
_KNOWN: Final = frozenset(
    {0x0001, 0x000A, 0x000D, 0x0014, 0x0015, 0x0016, 0x0017, 0x0019, 0x5455, 0x5855, 0x7855, 0x7875, 0x756E, 0x6542,
     0x9901, 0xA11E, 0xA220, 0xCAFE, 0xD935}
)  # fmt: skip
"""Blocks of times, owners, sizes and padding, which hold no words as long as they are short."""
_SHORT: Final = 64
_BINARY: Final = 256
"""Octets of a block that is no text above which it could hold a file."""
_RUN: Final = re.compile(r"[^\x00-\x08\x0e-\x1f\x7f\ufffd]{4,}")


def names_of(header: Header) -> tuple[str, ...]:
    """The name as readers show it, in each of their ways: UTF-8 or code page 437, cut at a NUL or not (APPNOTE, D.1)."""
    said: list[str] = []
    for octets in (header.name, *(data[5:] for kind, data in extras(header.extra) if kind == _PATH)):
        for cut in dict.fromkeys((octets.partition(b"\0")[0], octets.replace(b"\0", b""))):
            said += _decoded(cut, header.flags)
    return tuple(dict.fromkeys(name for name in said if name))


def _decoded(octets: bytes, flags: int) -> Iterator[str]:
    if flags & UTF8 or octets.isascii():
        yield octets.decode("utf-8", "replace")
        return
    text = octets.decode("utf-8", "replace")
    if "\ufffd" not in text:
        yield text
    yield octets.decode("cp437")


def words_of(header: Header) -> Iterator[str]:
    """The comment, and what stands in extra fields."""
    if header.comment:
        yield from _decoded(header.comment, header.flags)
    for kind, data in extras(header.extra):
        octets = data[5:] if kind in {_PATH, _COMMENT} else data
        if kind not in _KNOWN or len(octets) > _SHORT:
            yield from _RUN.findall(octets.decode("utf-8", "replace"))


def hides_octets(header: Header) -> bool:
    """Whether an extra field could hold a file: long, and no text."""
    for _, data in extras(header.extra):
        octets = data.strip(b"\0")
        if len(octets) > _BINARY and kind_of(octets) != "text":
            return True
    return False
