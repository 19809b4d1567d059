"""Mail kept in a file (.eml, .mht, mbox): its leaves decoded, its header fields, and its octets as they stand."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from smtp_gate.core.view import Header, Part, Reason
from smtp_gate.reading.kinds import text_kind
from smtp_gate.reading.limits import Limits
from smtp_gate.reading.mime import Tree, split
from smtp_gate.reading.openers.base import OpenLimits, lost, member, text_of
from smtp_gate.reading.second import Opinion, second_opinion
from smtp_gate.reading.union import AMBIGUOUS, BEYOND, CLOSED, DIVIDING, ambiguous_readings

_MARK: Final = b"\xef\xbb\xbf"
_COUNTED: Final = re.compile(rb"[ \t]*[0-9]{1,12}[ \t]*\r?\n")
"""The line of an .emlx file in front of its message: how long it is."""
_ENVELOPE: Final = re.compile(rb"^From [^\n]*\n", re.MULTILINE)
_IDENTITY: Final = frozenset({"", "7bit", "8bit", "binary"})


def open_mail(part: Part, limits: OpenLimits) -> tuple[Part, ...] | Reason:
    """One message. What its structure leaves in doubt is read in every way, as it is for mail that goes through."""
    start = len(_MARK) if part.content.startswith(_MARK) else 0
    counted = _COUNTED.match(part.content, start)
    content = part.content[start if counted is None else counted.end() :]
    tree = split(content, Limits(parts=max(1, min(limits.members, Limits().parts))))
    return tuple(_found(part, content, tree, limits))


def open_mbox(part: Part, limits: OpenLimits) -> tuple[Part, ...] | Reason:
    """Every message of an mbox file; a line that begins with `From ` begins one (RFC 4155, appendix A)."""
    marks = [found.span() for found in _ENVELOPE.finditer(part.content)]
    if not marks:
        return open_mail(part, limits)
    starts = [end for _, end in marks]
    ends = [start for start, _ in marks[1:]] + [len(part.content)]
    before = part.content[: marks[0][0]]
    lines = [before.decode("utf-8", "replace")] if before.strip() else []
    lines += [part.content[slice(*mark)].decode("utf-8", "replace").rstrip() for mark in marks]
    found = [text_of(part, 1, lines)]
    for number, (start, end) in enumerate(zip(starts, ends, strict=True), 2):
        if number > limits.members:
            found.append(lost(part, number, "", Reason.LIMIT, "mbox"))
            break
        found.append(member(part, number, f"{number - 1}.eml", part.content[start:end], kind="mail"))
    return tuple(found)


def _found(part: Part, content: bytes, tree: Tree, limits: OpenLimits) -> Iterator[Part]:
    opinion = second_opinion(content, tree)
    lines = [line for piece in tree.pieces for header in piece.part.headers for line in _lines(header)]
    yield text_of(part, 1, [*lines, *opinion.values, *opinion.names])
    number = 1
    for piece in tree.pieces:
        if not piece.part.container:
            number += 1
            yield _leaf(part, number, piece.part)
    for leaf in opinion.leaves:
        number += 1
        made = member(part, number, leaf.name, leaf.content)
        yield replace(made, media_type=leaf.media_type, charset=leaf.charset)
    for loose in tree.loose:
        number += 1
        yield member(part, number, "", loose.content)
    for entry in tree.unscannable:
        number += 1
        yield lost(part, number, "", entry.reason, entry.kind)
    room = limits.octets
    # The file is read as the kind of text that it was before anybody took it for mail.
    kind = text_kind(content, part.media_type, part.name)
    for octets in _readings(content, tree, opinion, kind):
        number += 1
        room -= len(octets or b"")
        if octets is None or room < 0:
            yield lost(part, number, "", Reason.LIMIT, "mail")
            return
        yield member(part, number, "", octets, kind=kind)


def _leaf(outer: Part, number: int, leaf: Part) -> Part:
    """A leaf of the message as a member of the file."""
    made = member(outer, number, "", leaf.content, kind=leaf.kind)
    return replace(
        made, names=leaf.names, media_type=leaf.media_type, charset=leaf.charset, disposition=leaf.disposition
    )


def _readings(content: bytes, tree: Tree, opinion: Opinion, kind: str) -> Iterator[bytes | None]:
    """The octets without what leaves show as it stands; in doubt, every further reading. None: there is more."""
    defects = {defect.name for defect in tree.defects} | set(opinion.defects)
    known = [] if defects & DIVIDING else [*tree.exact, *_shown(content, tree, kind)]
    if not defects & AMBIGUOUS:
        yield _without(content, known)
        return
    for name, octets in ambiguous_readings(content, known):
        if name == BEYOND:
            yield None
        elif name != CLOSED:
            yield octets


def _shown(content: bytes, tree: Tree, kind: str) -> Iterator[tuple[int, int]]:
    """The ranges that are leaves of this kind without any encoding."""
    for piece in tree.pieces:
        part = piece.part
        plain = part.encoding in _IDENTITY and part.kind == kind and not part.nested
        if plain and content[part.start : part.end] == part.content:
            yield part.start, part.end


def _without(content: bytes, ranges: list[tuple[int, int]]) -> bytes:
    kept, at = [], 0
    for start, end in sorted(ranges):
        kept.append(content[at : max(start, at)])
        at = max(at, end)
    kept.append(content[at:])
    return b"\n".join(kept)


def _lines(header: Header) -> Iterator[str]:
    """A field decoded, and as it was written where that differs."""
    yield f"{header.name}: {header.value}"
    if b"=?" in header.raw or b"\n" in header.raw.strip():
        yield header.raw.decode("utf-8", "replace")
