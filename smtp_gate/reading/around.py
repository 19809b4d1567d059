"""Texts that no single part holds: the envelope's, those on both sides of a seam between parts, and names in stray fields."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final

from smtp_gate.core.message import Envelope
from smtp_gate.core.view import Header, Part, RegionKind, Text
from smtp_gate.reading.headers import value_of
from smtp_gate.reading.params import read_info

SIDE: Final = 320
"""Characters kept on each side of a seam, more than evidence may be away from a number."""

FIELDS: Final = 200
"""Stray fields of one message that are looked at."""

_XTEXT: Final = re.compile(rb"\+([0-9A-Fa-f]{2})")
_DIGITS: Final = re.compile(r"(?:[0-9][^0-9]{0,3}){4}")
_STARTS: Final = re.compile(r"(?:[0-9][^0-9]{0,3}){3}")
_STRAY: Final = re.compile(
    rb"^[ \t]*content-(?:type|disposition)[ \t]*:((?:[^\r\n]|\r?\n[ \t])*)", re.IGNORECASE | re.MULTILINE
)
_BODIES: Final = frozenset({"plain", "html"})


def envelope_text(envelope: Envelope) -> str:
    """Paths and parameters of the envelope in which there are enough digits to be an identifier, xtext decoded.

    They reach the other side as the message does (RFC 3461, sections 4 to 4.4). Empty for most.
    """
    said = [envelope.sender.raw, *envelope.sender_params]
    for recipient in envelope.recipients:
        said += [recipient.path.raw, *recipient.params]
    lines = (_XTEXT.sub(lambda found: bytes([int(found[1], 16)]), one).decode("utf-8", "replace") for one in said)
    return "\n".join(line for line in lines if _DIGITS.search(line) is not None)


def seams(texts: Sequence[Text], parts: Iterable[Part]) -> Iterator[tuple[str, str]]:
    """The part after each seam, and the end of the author's own text before it joined to the beginning of the one after.

    A label at the end of one part and its number at the start of the next stand together for whoever reads them. Parts
    that are alternatives of each other say the same and have no seam.
    """
    types = {part.part: part.media_type for part in parts if part.container}
    bodies = [t for t in texts if t.reading in _BODIES and t.spans[0].region.kind is RegionKind.OWN and t.part != "0"]
    for before, after in pairwise(bodies):
        outer = after.part.rpartition(".")[0] or "0"
        if before.part == after.part or types.get(outer) == "multipart/alternative":
            continue
        head = after.text[:SIDE]
        if _STARTS.search(head) is not None:
            yield after.part, f"{before.text[-SIDE:].rstrip()}\n{head.lstrip()}"


def stray_names(content: bytes) -> list[str]:
    """File names in fields that stand anywhere in a message in doubt, as their own part would have them."""
    names: dict[str, None] = {}
    for number, found in enumerate(_STRAY.finditer(content)):
        if number >= FIELDS:
            break
        field = Header("Content-Disposition", value_of(found[1]), found[1])
        names.update(dict.fromkeys((*read_info((field,)).names, *_named(field))))
    return list(names)


def _named(field: Header) -> tuple[str, ...]:
    return read_info((Header("Content-Type", field.value, field.raw),)).names
