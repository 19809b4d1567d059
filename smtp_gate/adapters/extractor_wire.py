"""What passes between a worker and an extractor child: a JSON head and octets, both bounded, nothing that runs code."""

import json
import struct
from collections.abc import Iterator, Sequence
from typing import Any, Final

from smtp_gate.core.view import Part, Reason

SIZES: Final = struct.Struct(">II")
"""Octets of the head and of all contents that follow it."""
HEAD_ROOM: Final = 4 * 1024 * 1024
CONTENT_ROOM: Final = 256 * 1024 * 1024
STARTED: Final = b"S"
"""A child's first octet: it has the whole question and its clock runs."""


class GarbledError(ValueError):
    """The peer sent something that is no frame of ours."""


def question(part: Part) -> tuple[bytes, bytes]:
    """The octets that ask about a part: its frame, and its content, which is not copied."""
    return _frame([part], {}), part.content


def answer(found: tuple[Part, ...] | Reason) -> Iterator[bytes]:
    """The octets that answer."""
    if isinstance(found, Reason):
        yield _frame([], {"reason": str(found)})
        return
    yield _frame(found, {})
    yield from (member.content for member in found)


def sizes(octets: bytes) -> tuple[int, int]:
    """The octets of head and contents that follow. Raises GarbledError beyond all bounds."""
    head, contents = SIZES.unpack(octets)
    if head > HEAD_ROOM or contents > CONTENT_ROOM:
        raise GarbledError("a frame beyond all bounds")
    return head, contents


def parse(head: bytes, contents: bytes) -> tuple[Part, ...] | Reason:
    """The parts or the reason in a frame. Raises GarbledError."""
    try:
        said = json.loads(head)
        if "reason" in said:
            return Reason(said["reason"])
        return tuple(_parts(said["parts"], contents))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise GarbledError("not a frame of ours") from None


def _frame(parts: Sequence[Part], more: dict[str, Any]) -> bytes:
    rows = [
        {
            "part": p.part,
            "depth": p.depth,
            "media_type": p.media_type,
            "charset": p.charset,
            "kind": p.kind,
            "names": list(p.names),
            "lost": p.lost,
            "size": len(p.content),
        }
        for p in parts
    ]
    head = json.dumps({"parts": rows, **more}).encode()
    return SIZES.pack(len(head), sum(len(p.content) for p in parts)) + head


def _parts(rows: list[dict[str, Any]], contents: bytes) -> Iterator[Part]:
    at = 0
    for row in rows:
        end = at + int(row["size"])
        if not at <= end <= len(contents):
            raise GarbledError("contents cut short")
        yield Part(
            str(row["part"]),
            int(row["depth"]),
            str(row["media_type"]),
            (),
            0,
            end - at,
            nested=True,
            charset=str(row["charset"]),
            kind=str(row["kind"]),
            names=tuple(str(n) for n in row["names"]),
            content=contents[at:end],
            lost=None if row["lost"] is None else Reason(row["lost"]),
        )
        at = end
