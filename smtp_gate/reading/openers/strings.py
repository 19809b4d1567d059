"""Runs of characters in octets of a format that nobody parses here: chance finds."""

import re
from collections.abc import Iterator
from typing import Final

_NARROW: Final = re.compile(rb"[\t\n\r\x20-\x7e]{5,}")
_WIDE: Final = re.compile(rb"(?:[\t\n\r\x20-\x7e\xa0-\xff]\0){5,}")
_SIGN: Final = re.compile(r"[^\W_]{3}")


def strings_of(content: bytes) -> Iterator[str]:
    """Every run of five ASCII characters or more, then every one of Latin-1 in UTF-16 (little-endian)."""
    for found in _NARROW.finditer(content):
        text = found[0].decode("ascii")
        if _SIGN.search(text):
            yield text
    for found in _WIDE.finditer(content):
        text = found[0].decode("utf-16-le")
        if _SIGN.search(text):
            yield text
