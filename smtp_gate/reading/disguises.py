"""Disguises within a text that a reader sees through: escapes of other formats left in it, and letters that look like digits.

Each undone reading is made only where its signs stand in the text, so that ordinary mail is searched once.
"""

import html
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

import re2

from smtp_gate.reading.transfer import decode_qp

TOKENS: Final = 100
"""Numbers with letters in one text that are written in digits."""

# One pass tells whether there is anything to undo. An escape counts where it stands for a digit or what separates digits.
_CODED_OCTET: Final = rb"(?:^|[^A-Za-z_\]])=(?:3[0-9Dd]|2[05DdEe])|(?:=[0-9A-Fa-f]{2}){2}|[^=\s]=\n[^=\s]"
"""Quoted-printable: what stands behind a name and an equals sign is most often the value of a link."""
_SIGN: Final = re2.compile(
    _CODED_OCTET
    + rb"|[0-9][-. ]?<[/!A-Za-z]|%(?:3[0-9]|2[5DdEe]|20[0-9])|&#[0-9xX]|&amp;#|\\(?:u00|x)[23][0-9DdEe]|[0-9OolI|][-. ]?[OolI|][-. ]?[0-9]|"
    rb"[0-9][-. ]?[OolI|][-. ]?[0-9OolI|]"
)
_QP: Final = re2.compile(_CODED_OCTET)
_TAGGED: Final = re2.compile(rb"[0-9][-. ]?(?:<[/!A-Za-z][^<>]*>[-. ]?){1,9}[0-9]")
_TAG: Final = re.compile(r"<[/!A-Za-z][^<>]*>")
# In markup an equals sign before digits is most often an attribute without quotes.
_QUOTED: Final = re2.compile(
    rb"=3[Dd][\"']|=3C[A-Za-z/!]|(?:=[0-9A-Fa-f]{2}){2}|[0-9][-. ]?=3[0-9]|[0-9]=2[DdEe0]|[0-9][-. ]?=\r?\n[-0-9. ]|>=\r?\n<"
)
_PERCENT: Final = re2.compile(rb"%(?:3[0-9]|2[5DdEe]|20[0-9])")
_ENTITY: Final = re2.compile(rb"&#[0-9xX]|&amp;#")
_CODED: Final = re.compile(r"\\(?:u00|x)([2-7][0-9A-Fa-f])")
_LETTERED: Final = re2.compile(rb"(?:^|[^0-9A-Za-z|])([0-9OolI|](?:[-. ]?[0-9OolI|]){7,22})(?:[^0-9A-Za-z|]|$)")
_AS_DIGITS: Final = bytes.maketrans(b"OolI|", b"00111")


def is_quoted(octets: bytes) -> bool:
    """Whether there are signs of quoted-printable in octets that were not declared as such."""
    return _QUOTED.search(octets) is not None


def undisguised(text: str, octets: bytes) -> Iterator[tuple[str, str]]:
    """How each further reading of a text came about, and the reading; most often there is none. Linear.

    `octets` is the text in UTF-8.
    """
    if _SIGN.search(octets) is None:
        return
    if _QP.search(octets) is not None:
        yield "qp", decode_qp(octets).decode("utf-8", "replace")
    if _TAGGED.search(octets) is not None:
        yield "untagged", _TAG.sub("", text)
    if _PERCENT.search(octets) is not None:
        yield "percent", unquote(text)
    if _ENTITY.search(octets) is not None:
        once = html.unescape(text)
        yield "entities", html.unescape(once) if "&" in once else once
    if b"\\u00" in octets or b"\\x" in octets:
        yield "escapes", _CODED.sub(lambda found: chr(int(found[1], 16)), text)
    letters = _with_digits(octets)
    if letters:
        yield "letters", letters


def _with_digits(octets: bytes) -> str:
    """The text with each number in which letters stand for digits written in digits; empty where there is none.

    Seven tenths of such a number are digits, the rest O or l. The text stays whole: cut off around the number, other
    values in it would stand without what tells of them.
    """
    pieces: list[bytes] = []
    at = last = 0
    while len(pieces) < 2 * TOKENS and (found := _LETTERED.search(octets, at)) is not None:
        start, at = found.span(1)
        bare = octets[start:at].translate(None, b"-. ")
        letters = len(bare.translate(None, b"0123456789"))
        if letters and letters * 10 <= len(bare) * 3:
            pieces += [octets[last:start], octets[start:at].translate(_AS_DIGITS)]
            last = at
    return b"".join([*pieces, octets[last:]]).decode("utf-8", "replace") if pieces else ""
