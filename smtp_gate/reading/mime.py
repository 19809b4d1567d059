"""The MIME splitter: iterative, with offsets, to a budget; what it cannot place it keeps as loose octets."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from smtp_gate.core.view import Defect, Header, Part, Reason, Region, RegionKind, Unscannable
from smtp_gate.reading.armor import ARMOR
from smtp_gate.reading.encryption import WRAPPED, is_entity, look_into
from smtp_gate.reading.headers import Block, parse_headers
from smtp_gate.reading.kinds import UNWRAPPED, kind_of
from smtp_gate.reading.limits import Limits
from smtp_gate.reading.params import Info, read_info
from smtp_gate.reading.sealed import ROOM
from smtp_gate.reading.transfer import decode_base64, decode_qp, uu_blocks
from smtp_gate.reading.union import UNSURE

OWN: Final = Region(RegionKind.OWN)
_IDENTITY: Final = frozenset({"", "7bit", "8bit", "binary"})
_EMBEDDED: Final = frozenset({"message/rfc822", "message/global", "message/news"})
_REPORTED: Final = frozenset({"message/delivery-status", "message/disposition-notification", "text/rfc822-headers"})


@dataclass(frozen=True, slots=True)
class Piece:
    """A part with the region that holds around it (own, forwarded, returned); `inexact`: damaged in its encoding."""

    part: Part
    base: Region
    raw: bytes = field(repr=False, default=b"")
    inexact: bool = False


@dataclass(frozen=True, slots=True)
class Loose:
    """Octets outside every part: preamble, epilogue, what is left beyond a limit."""

    part: str
    reading: str
    content: bytes = field(repr=False)
    base: Region


@dataclass(slots=True)
class Tree:
    """What the splitter found, in document order. `exact` are ranges of the message decoded without any doubt."""

    pieces: list[Piece] = field(default_factory=list)
    loose: list[Loose] = field(default_factory=list)
    defects: list[Defect] = field(default_factory=list)
    unscannable: list[Unscannable] = field(default_factory=list)
    exact: list[tuple[int, int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Task:
    buffer: bytes = field(repr=False)
    start: int
    end: int
    number: str
    depth: int
    base: Region
    nested: bool = False
    default_type: str = "text/plain"


def split(content: bytes, limits: Limits) -> Tree:
    """Split a message into its parts. Linear in its size for each level, of which there are at most `limits.depth`."""
    return _Splitter(limits).run(content)


class _Splitter:
    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.tree = Tree()
        self.steps = limits.steps
        self.room = ROOM
        self.stack: list[_Task] = []
        self.odd = False

    def run(self, content: bytes) -> Tree:
        self.room += 2 * len(content)
        self.stack.append(_Task(content, 0, len(content), "0", 0, OWN))
        while self.stack:
            task = self.stack.pop()
            if task.depth > self.limits.depth or self.steps < 0:
                self._beyond(task)
            else:
                self._entity(task)
        return self.tree

    def _beyond(self, task: _Task) -> None:
        self.tree.unscannable.append(Unscannable(task.number, task.base, Reason.LIMIT, "mime"))
        self._keep(task, "raw", task.start, task.end)
        self._defect("mime_limit", task)

    def _entity(self, task: _Task) -> None:
        block = parse_headers(task.buffer, task.start, task.end, self.limits.headers)
        info = read_info(block.headers, task.default_type)
        for name in (*block.defects, *info.defects):
            self._defect(name, task)
        if block.overflow:
            self.tree.unscannable.append(Unscannable(task.number, task.base, Reason.LIMIT, "headers"))
        self.steps -= 1 + len(block.headers)
        if info.media_type[:10] == "multipart/":
            self._multipart(task, info, block)
        elif info.media_type in _EMBEDDED:
            self._embedded(task, info, block.headers, block.body)
        else:
            self._leaf(task, info, block)

    def _multipart(self, task: _Task, info: Info, block: Block) -> None:
        headers, body = block.headers, block.body
        if info.encoding not in _IDENTITY:
            self._defect("encoded_container", task)
        if not info.boundaries:
            self._defect("missing_boundary", task)
            self._leaf(task, info, block)
            return
        self.odd = False
        marks = list(self._delimiters(task.buffer, info.boundaries, body, task.end))
        if self.odd:
            self._defect("odd_delimiter", task)
        if not marks:
            self._defect("unused_boundary", task)
            self._leaf(task, info, block)
            return
        self.tree.pieces.append(Piece(_part(task, info, headers, body, container=True), task.base))
        self._keep(task, "preamble", body, marks[0][0])
        children, epilogue = self._ranges(task, marks)
        if epilogue < task.end:
            self._keep(task, "epilogue", epilogue, task.end)
        prefix = (
            ""
            if task.number == "0"
            else task.number.removesuffix("0")
            if task.number.endswith(".0")
            else f"{task.number}."
        )
        room = max(0, self.limits.parts - len(self.tree.pieces) - len(self.stack))
        if len(children) > room:
            self._beyond(replace(task, start=children[room][0]))
            del children[room:]
        report = info.media_type == "multipart/report"
        digest = "message/rfc822" if info.media_type == "multipart/digest" else "text/plain"
        for index, (start, end) in reversed(list(enumerate(children, 1))):
            returned = report and index > 1 and task.base.kind is not RegionKind.RETURNED
            base = Region(RegionKind.RETURNED, task.base.path) if returned else task.base
            number = f"{prefix}{index}"
            self.stack.append(_Task(task.buffer, start, end, number, task.depth + 1, base, task.nested, digest))

    def _delimiters(
        self, buffer: bytes, boundaries: tuple[bytes, ...], start: int, end: int
    ) -> Iterator[tuple[int, int, bool]]:
        """The delimiter lines in order: where each begins, where the line after it begins, and whether it closes."""
        found: dict[int, tuple[int, int, bool]] = {}
        for boundary in boundaries:
            needle = b"--" + boundary
            at = buffer.find(needle, start, end)
            while at >= 0 and self.steps > 0:
                self.steps -= 1
                after = at + len(needle)
                if at == start or buffer[at - 1] in b"\r\n":
                    line = buffer.find(b"\n", after, end)
                    stop = end if line < 0 else line + 1
                    rest = buffer[after:stop].rstrip(b" \t\r\n")
                    closes = rest.startswith(b"--")
                    behind = rest[2:3] if closes else rest[:1]
                    if not behind or behind in b" \t":
                        # RFC 2046, section 5.1.1 takes the beginning of the line for it; not all readers do.
                        self.odd = self.odd or bool(behind)
                        found[at] = (at, stop, closes)
                at = buffer.find(needle, after, end)
        return iter([found[at] for at in sorted(found)])

    def _ranges(self, task: _Task, marks: list[tuple[int, int, bool]]) -> tuple[list[tuple[int, int]], int]:
        """The children's ranges and where the epilogue begins; the line break before a delimiter belongs to it."""
        children: list[tuple[int, int]] = []
        epilogue = task.end
        if not marks[-1][2]:
            self._defect("missing_end_boundary", task)
        for place, (_, after, closing) in enumerate(marks):
            last = place + 1 == len(marks)
            stop = task.end if last else _before_break(task.buffer, after, marks[place + 1][0])
            if not closing:
                children.append((after, stop))
            elif last:
                epilogue = after
            else:
                self._defect("part_after_end", task)
                self._keep(task, "epilogue", after, stop)
        return children, epilogue

    def _embedded(self, task: _Task, info: Info, headers: tuple[Header, ...], body: int) -> None:
        part = _part(task, info, headers, body, container=True)
        self.tree.pieces.append(Piece(part, task.base))
        returned = task.base.kind is RegionKind.RETURNED
        kind = RegionKind.RETURNED if returned else RegionKind.FORWARDED
        base = Region(kind, "!".join(x for x in (task.base.path, part.name) if x))
        number = f"{task.number}.0"
        if info.encoding in _IDENTITY:
            self.stack.append(_Task(task.buffer, body, task.end, number, task.depth + 1, base, task.nested))
            return
        # RFC 2045, section 6.4 forbids the encoding; some readers undo it, so the octets are read both ways.
        self._defect("encoded_container", task)
        content, _ = _decoded(info.encoding, task.buffer[body : task.end])
        self.stack.append(_Task(content, 0, len(content), number, task.depth + 1, base, nested=True))

    def _leaf(self, task: _Task, info: Info, block: Block) -> None:
        headers, body = block.headers, block.body
        raw = task.buffer[body : task.end]
        content, exact = _decoded(info.encoding, raw)
        if not exact and info.encoding == "base64":
            self._defect("base64_damaged", task)
        # What one reader decodes another shows as it stands, where the fields of the part leave room for doubt.
        certain = UNSURE.isdisjoint((*block.defects, *info.defects))
        if exact and certain and info.encoding == "base64" and not task.nested:
            self.tree.exact.append((body, task.end))
        base = task.base
        if info.media_type in _REPORTED and base.kind is RegionKind.OWN:
            base = Region(RegionKind.RETURNED)
            task = replace(task, base=base)
        part = self._unwrap(task, _part(task, info, headers, body, content=content))
        self.tree.pieces.append(Piece(part, base, raw if content is not raw else b"", not exact))

    def _unwrap(self, task: _Task, part: Part) -> Part:
        """Content that S/MIME or OpenPGP wraps without encrypting it becomes a part of its own: `2!1` inside `2`."""
        armored = part.kind == "text" and part.content[:64].lstrip().startswith(ARMOR)
        sealed = look_into(part.content, self.room) if armored or part.kind in WRAPPED else None
        if sealed is None or sealed.content is None:
            return part
        room = self.room - sealed.cost - len(sealed.content)
        if room < 0:
            self.tree.unscannable.append(Unscannable(task.number, task.base, Reason.LIMIT, part.kind))
            return part
        self.room = room
        content, base, number = sealed.content, task.base, f"{task.number}!1"
        if not is_entity(content):
            # A file, not mail: with an empty header block of its own it is a leaf whatever stands in it.
            content = b"\r\n" + content
            base = Region(RegionKind.ATTACHMENT, "!".join(x for x in (base.path, part.name, sealed.name) if x))
        self.stack.append(_Task(content, 0, len(content), number, task.depth + 1, base, nested=True))
        return replace(part, kind=UNWRAPPED)

    def _keep(self, task: _Task, reading: str, start: int, end: int) -> None:
        octets = task.buffer[start:end].strip()
        if octets:
            self.tree.loose.append(Loose(task.number, reading, octets, task.base))

    def _defect(self, name: str, task: _Task) -> None:
        self.tree.defects.append(Defect(name, task.number))


def _before_break(buffer: bytes, low: int, at: int) -> int:
    if at - 2 >= low and buffer[at - 2 : at] == b"\r\n":
        return at - 2
    return at - 1 if at - 1 >= low and buffer[at - 1] in b"\r\n" else max(at, low)


def _decoded(encoding: str, raw: bytes) -> tuple[bytes, bool]:
    if encoding in _IDENTITY:
        return raw, True
    if encoding == "base64":
        return decode_base64(raw)
    if encoding == "quoted-printable":
        return decode_qp(raw), True
    if "uu" in encoding:
        blocks = uu_blocks(raw)
        return (blocks[0][1], True) if len(blocks) == 1 else (raw, False)
    return raw, False


def _part(
    task: _Task, info: Info, headers: tuple[Header, ...], body: int, *, content: bytes = b"", container: bool = False
) -> Part:
    name = info.names[0] if info.names else ""
    return Part(
        task.number,
        task.depth,
        info.media_type,
        headers,
        body,
        task.end,
        task.nested,
        info.charset,
        info.encoding,
        info.disposition,
        info.names,
        container,
        "" if container else kind_of(content, info.media_type, name),
        content,
        info.charsets,
    )
