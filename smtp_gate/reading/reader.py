"""`read`: the octets of one message become the view that families look at."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from smtp_gate.core.message import Message
from smtp_gate.core.view import Defect, Header, MessageView, Part, Reason, Region, RegionKind, Span
from smtp_gate.reading.addresses import mailboxes
from smtp_gate.reading.around import envelope_text, seams, stray_names
from smtp_gate.reading.encryption import pretended, protection_of
from smtp_gate.reading.kinds import kind_of
from smtp_gate.reading.leaves import Leaves, region_of
from smtp_gate.reading.limits import Limits
from smtp_gate.reading.mime import Loose, Tree, split
from smtp_gate.reading.regions import Author
from smtp_gate.reading.second import Opinion, second_opinion
from smtp_gate.reading.sink import Sink
from smtp_gate.reading.text import normalise, turned
from smtp_gate.reading.union import AMBIGUOUS, DIVIDING, TEXTUAL, ambiguous_readings
from smtp_gate.reading.words import decode_words, has_unusual_words

_HEADER: Final = Region(RegionKind.HEADER)
_SUBJECT: Final = Region(RegionKind.SUBJECT)
_OWN: Final = Region(RegionKind.OWN)
_FORWARDS: Final = re.compile(r"[ \t]*(?:fwd?|wg|tr|rv|enc|doorst|vs|vb|i)[ \t]*:", re.IGNORECASE)
_PAIR: Final = re.compile(r"\\(.)", re.DOTALL)
_FOLD: Final = re.compile(rb"\r?\n[ \t]+")
_FOLDED: Final = re.compile(rb"[0-9][-. ]?\r?\n[ \t]+[-. ]?[0-9]")
_LINE_ROOM: Final = 998


Opened = Mapping[str, tuple[Part, ...] | Reason]
"""What an extractor found inside parts, by their numbers, or why it found nothing."""


def read(message: Message, limits: Limits, opened: Opened) -> MessageView:
    """Read a message; never raises. `opened` are the parts that an extractor was asked about."""
    tree = split(message.content, limits)
    headers = tree.pieces[0].part.headers if tree.pieces else ()
    sink = Sink(limits, len(message.content))
    boxes, odd = mailboxes(headers, "0", limits.steps)
    author = next((box.display for box in boxes if box.field == "from"), "")
    subject = next((h.value for h in headers if h.key == "subject"), "")
    decided = (p.part.content for p in tree.pieces if not p.part.container and p.part.kind not in TEXTUAL)
    leaves = Leaves(sink, Author(author, _FORWARDS.match(subject) is not None), decided)
    parts = _read_pieces(tree, leaves, sink, opened)
    for loose in tree.loose:
        _read_loose(loose, leaves)
    opinion = second_opinion(message.content, tree, limits.parts)
    parts += _read_opinion(opinion, leaves, opened, limits.parts - len(parts))
    for number, said in list(seams(sink.texts, parts)):
        sink.text(number, "seam", said, _OWN)
    sink.text("0", "envelope", envelope_text(message.envelope), _HEADER)
    defects = [*tree.defects, *odd, *sink.defects, *(Defect(name, "0") for name in opinion.defects)]
    if _has_long_line(message.content):
        defects.append(Defect("long_line", "0"))
    if any(defect.name in AMBIGUOUS for defect in defects):
        divided = any(defect.name in DIVIDING for defect in defects)
        leaves.further("0", ambiguous_readings(message.content, [] if divided else tree.exact), _OWN)
        sink.text("0", "header", "\n".join(stray_names(message.content)), _HEADER)
    unscannable = tuple(dict.fromkeys((*tree.unscannable, *sink.unscannable)))
    protection = protection_of(parts, sink, unscannable)
    return MessageView(
        message,
        headers,
        tuple(parts),
        tuple(sink.texts),
        tuple(sink.links),
        tuple(boxes),
        tuple(dict.fromkeys((*defects, *pretended(parts, protection)))),
        unscannable,
        protection=protection,
    )


def _read_pieces(tree: Tree, leaves: Leaves, sink: Sink, opened: Opened) -> list[Part]:
    parts: list[Part] = []
    described: list[str] = []
    for piece in tree.pieces:
        part = piece.part
        parts.append(part)
        if part.part == "0":
            _read_headers(part, leaves, root=True)
        elif part.part.endswith(".0"):
            _read_headers(part, leaves, root=False, base=piece.base)
        else:
            described += _lines(part.headers)
        described += _names(part)
        if not part.container:
            members = _read_leaf(part, piece.base, leaves, opened)
            parts += members
            described += [line for member in members for line in _names(member)]
    made = sink.text("0", "header", "\n".join(described), _HEADER) if described else None
    if made is not None:
        leaves.undisguise(made, _HEADER)
    return parts


def _read_leaf(part: Part, base: Region, leaves: Leaves, opened: Opened) -> list[Part]:
    """Read a leaf, or what was found inside it; returns what was."""
    inside = opened.get(part.part)
    if inside is None:
        leaves.read(part, base)
    elif isinstance(inside, Reason):
        leaves.sink.lost(part.part, region_of(part, base), inside, part.kind)
        if part.kind in TEXTUAL:
            leaves.read(part, base)
    else:
        return _read_opened(part, base, inside, leaves)
    return []


def _read_opinion(opinion: Opinion, leaves: Leaves, opened: Opened, room: int) -> list[Part]:
    """What only the other parser sees: fields, texts, and documents that become parts of their own (`s1`, `s2`)."""
    if opinion.values:
        leaves.sink.text("0", "header", "\n".join(opinion.values), _SUBJECT)
    if opinion.names:
        leaves.sink.text("0", "header", "\n".join(opinion.names), _HEADER)
    if opinion.more:
        leaves.sink.lost("0", _OWN, Reason.LIMIT, "mime")
    parts: list[Part] = []
    for number, leaf in enumerate(opinion.leaves, 1):
        kind = kind_of(leaf.content, leaf.media_type, leaf.name)
        if kind in TEXTUAL:
            leaves.textual("0", leaf.content, ("", leaf.charset), kind, _OWN, "second")
        elif kind != "empty" and room <= len(parts):
            leaves.sink.lost("0", _OWN, Reason.LIMIT, "mime")
        elif kind != "empty":
            size = len(leaf.content)
            names = (leaf.name,) if leaf.name else ()
            part = Part(
                f"s{number}", 1, leaf.media_type, (), 0, size, nested=True, names=names, kind=kind, content=leaf.content
            )
            parts += [part, *_read_leaf(part, _OWN, leaves, opened)]
    return parts


def _read_opened(part: Part, base: Region, inside: Iterable[Part], leaves: Leaves) -> list[Part]:
    """The members of an opened document or archive, each with its path within: `a.zip!b.docx`."""
    outer = region_of(part, base)
    read_parts = []
    for member in inside:
        known = member if member.kind else replace(member, kind=kind_of(member.content, member.media_type, member.name))
        read_parts.append(known)
        inner = Region(RegionKind.ATTACHMENT, outer.path)
        if known.lost is not None:
            leaves.sink.lost(known.part, region_of(known, inner), known.lost, known.kind)
        elif not known.container:
            leaves.read(known, inner)
    return read_parts


def _read_loose(loose: Loose, leaves: Leaves) -> None:
    kind = kind_of(loose.content)
    leaves.textual(loose.part, loose.content, (), kind if kind in TEXTUAL else "text", loose.base, loose.reading)


def _read_headers(part: Part, leaves: Leaves, *, root: bool, base: Region = _HEADER) -> None:
    """The header block as one text; the subject stands in it under its own region."""
    spans: list[Span] = []
    lines: list[str] = []
    at = begun = 0
    for header in part.headers:
        for line in _lines((header,)):
            end = at + len(line) + 1
            if root and header.key == "subject":
                if begun < at:
                    spans.append(Span(begun, at, base))
                spans.append(Span(at, end, _SUBJECT))
                begun = end
            lines.append(line)
            at = end
    if begun < at:
        spans.append(Span(begun, at, base))
    if lines:
        lines.append("")
        made = leaves.sink.ready(part.part, "header", "\n".join(lines), spans)
        if made is not None:
            leaves.undisguise(made, base)


def _lines(headers: Iterable[Header]) -> list[str]:
    """Each field as `Name: value`; where words were decoded, also as it was written."""
    lines = []
    for header in headers:
        line = f"{header.name}: {header.value}"
        lines.append(line if line.isascii() and line.isprintable() else normalise(line).replace("\n", " "))
        if b"=?" in header.raw:
            raw = header.raw.decode("utf-8", "replace")
            lines.append(normalise(raw).replace("\n", " "))
            if has_unusual_words(raw):
                lines.append(normalise(f"{header.name}: {decode_words(raw, 'utf-8')}").replace("\n", " "))
        if b"\n" in header.raw:
            lines += _unfolded(header)
        if b"\\" in header.raw:
            lines.append(normalise(_PAIR.sub(r"\1", line)).replace("\n", " "))
        if "\u202e" in line:
            lines.append(normalise(turned(line)).replace("\n", " "))
    return lines


def _unfolded(header: Header) -> list[str]:
    """The field without the white space of its folds, where one stands within a number."""
    if _FOLDED.search(header.raw) is None:
        return []
    tight = _FOLD.sub(b"", header.raw).decode("utf-8", "replace")
    return [normalise(f"{header.name}: {tight}").replace("\n", " ")]


def _names(part: Part) -> list[str]:
    """Every name of a part that does not stand in a header as it is: joined, decoded or unescaped ones."""
    written = "\n".join(h.value for h in part.headers if h.key[:8] == "content-") if part.names else ""
    return [normalise(name).replace("\n", " ") for name in part.names if name and name not in written]


def _has_long_line(content: bytes) -> bool:
    """A line of more than 998 octets (RFC 5322, section 2.1.1), found in strides of that length."""
    at, size = 0, len(content)
    while size - at > _LINE_ROOM:
        end = content.rfind(b"\n", at, at + _LINE_ROOM + 2)
        if end < 0:
            return True
        at = end + 1
    return False
