"""Opening what holds other content, within a budget. Runs in an extractor child: hostile octets may kill it, nothing else."""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from smtp_gate.core.view import Part, Reason
from smtp_gate.reading.kinds import kind_of


@dataclass(frozen=True, slots=True)
class OpenLimits:
    """How much one opening may yield: `octets` in all, and how many times its own size once it is above `free` octets;
    `depth` counts containers within containers.

    The ratio tells bombs from documents: what people compress shrinks to a hundredth at most (TRUST.md, section 4).
    """

    octets: int = 64 * 1024 * 1024
    ratio: int = 100
    free: int = 10 * 1024 * 1024
    depth: int = 8


def open_container(part: Part, limits: OpenLimits) -> tuple[Part, ...] | Reason:
    """What a part holds, containers within it opened too, or why nobody can tell.

    May raise or crash on hostile octets: call it in a child. A container within that cannot be opened makes the whole
    unscannable, so nothing in it passes for read.
    """
    room = limits.octets
    members: list[Part] = []
    waiting = [(part, 0)]
    while waiting:
        outer, depth = waiting.pop()
        opener = OPENERS.get(outer.kind)
        if opener is None:
            return Reason.UNKNOWN
        if depth >= limits.depth:
            return Reason.LIMIT
        found = opener(outer, replace(limits, octets=room))
        if isinstance(found, Reason):
            return found
        for member in found:
            room -= len(member.content)
            known = replace(member, kind=kind_of(member.content, member.media_type, member.name))
            if known.kind in OPENERS:
                waiting.append((known, depth + 1))
            else:
                members.append(known)
    return tuple(members)


def _gzip(part: Part, limits: OpenLimits) -> tuple[Part, ...] | Reason:
    """Every member of a gzip file, one behind the other as decompressors write them (RFC 1952, section 2.2)."""
    room = min(limits.octets, max(limits.free, limits.ratio * len(part.content)))
    rest, found = part.content, bytearray()
    while rest.startswith(b"\x1f\x8b"):
        stream = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        try:
            found += stream.decompress(rest, room - len(found) + 1)
        except zlib.error:
            return Reason.UNKNOWN
        if len(found) > room:
            return Reason.LIMIT
        if not stream.eof:
            return Reason.UNKNOWN
        rest = stream.unused_data
    if rest.strip(b"\0"):
        # Octets behind the last member are nobody's by the standard, and could be anybody's text.
        return Reason.UNKNOWN
    return (_member(part, 1, _inner_name(part.name), bytes(found)),)


def _inner_name(name: str) -> str:
    """What decompressing names the file: `a.csv.gz` is `a.csv`, `b.tgz` is `b.tar`."""
    stem, dot, suffix = name.rpartition(".")
    if suffix.lower() == "tgz":
        return f"{stem}.tar"
    return stem if dot and suffix.lower() in {"gz", "gzip", "z"} else f"{name or 'content'}.opened"


def _member(outer: Part, number: int, name: str, content: bytes) -> Part:
    return Part(
        f"{outer.part}!{number}", outer.depth + 1, "", (), 0, len(content), nested=True, names=(name,), content=content
    )


Opener = Callable[[Part, OpenLimits], tuple[Part, ...] | Reason]
OPENERS: Final[Mapping[str, Opener]] = {"gz": _gzip}
"""Each kind that can be opened, and by what."""
OPENABLE: Final = frozenset(OPENERS)
