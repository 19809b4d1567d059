"""One leaf of a message becomes texts, links, defects, or a note that nobody could look into it."""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Final

from smtp_gate.core.view import Link, Part, Reason, Region, RegionKind, Span, Text
from smtp_gate.reading.charset import decode_octets, readings
from smtp_gate.reading.html import MARKS, QUOTE_CLOSE, QUOTE_OPEN, REST_QUOTED, SIGNATURE, Page, read_page
from smtp_gate.reading.kinds import MEDIA, kind_of, trailer_of
from smtp_gate.reading.regions import Author, Event, Mark, Regions
from smtp_gate.reading.sink import Sink
from smtp_gate.reading.text import normalise, normalise_octets
from smtp_gate.reading.transfer import uu_blocks
from smtp_gate.reading.union import BEYOND, TEXTUAL, hidden_readings

_FOLD: Final = re.compile(rb"\r?\n[ \t]")
_MARK: Final = re.compile(f"([{MARKS}])")
_PRINTABLE: Final = re.compile(rb"[\t -~]{6,}")
_STRINGS: Final = 256 * 1024
_MISSES: Final = 50
_SIGNED: Final = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"
_ENVELOPED: Final = (b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03", b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17")
_SIGNATURE_TYPES: Final = frozenset({"application/pkcs7-signature", "application/x-pkcs7-signature"})
_ELSEWHERE: Final = frozenset({"message/partial", "message/external-body"})
_LOOSE: Final = frozenset({"preamble", "epilogue", "raw"})
_PGP: Final = b"-----BEGIN PGP MESSAGE-----"


@cache
def _regions() -> Regions:
    return Regions()


class Leaves:
    """Reads the leaves of one message into a sink."""

    def __init__(self, sink: Sink, author: Author) -> None:
        self.sink = sink
        self.author = author

    def read(self, part: Part, base: Region) -> None:
        """Read one leaf by its kind; `base` is the region that holds around it."""
        region = region_of(part, base)
        content, kind = part.content, part.kind
        if part.media_type in _ELSEWHERE:
            self.sink.lost(part.part, region, Reason.UNKNOWN, part.media_type)
        if kind in TEXTUAL:
            self.textual(part.part, content, part.charset, kind, region)
        elif kind in MEDIA:
            rest = trailer_of(content)
            if len(rest) > 16:
                self._strings(part.part, rest, region)
        elif kind != "empty":
            self._opaque(part, region)

    def textual(self, part: str, content: bytes, charset: str, kind: str, region: Region, reading: str = "") -> None:
        """Read octets that are text of some kind; `reading` names how they came about, where not by structure.

        Regions are told apart only where structure is sound: a doubtful reading must not pass for a signature.
        """
        if kind == "calendar":
            content = _FOLD.sub(b"", content)
        source, defect = decode_octets(content, charset)
        if defect:
            self.sink.defect(defect, part)
        if kind in {"html", "xml"}:
            made = self._html(part, source, region, reading)
        else:
            made = self._plain(
                part, content if not defect and content.isascii() else source, region, reading or "plain"
            )
        if not content.isascii() or defect:
            for other in readings(content, charset):
                if other != source:
                    self.sink.text(part, "charset", other, region)
        if made is not None and (not reading or reading in _LOOSE):
            self._hidden(made, content, region)

    def _plain(self, part: str, said: str | bytes, region: Region, reading: str) -> Text | None:
        if region.kind is not RegionKind.OWN or reading != "plain":
            made = self.sink.text(part, reading, said, region)
        else:
            if isinstance(said, bytes):
                text, octets = normalise_octets(said)
            else:
                text = normalise(said)
                octets = text.encode("utf-8", "replace")
            if not text or text.isspace():
                return None
            made = self.sink.ready(part, reading, text, _regions().spans(text, octets, self.author), octets)
        if made is not None:
            self.sink.written_links(made)
        return made

    def _html(self, part: str, source: str, region: Region, reading: str) -> Text | None:
        page = read_page(source, self.sink.limits)
        if page.deep:
            self.sink.lost(part, region, Reason.LIMIT, "html")
        text, events = _without_marks(page.text)
        made = None
        if text and not text.isspace():
            octets = text.encode("utf-8", "replace")
            if region.kind is RegionKind.OWN and not reading:
                spans: Sequence[Span] = _regions().spans(text, octets, self.author, events)
            else:
                spans = (Span(0, len(text), region),)
            made = self.sink.ready(part, reading or "html", text, spans, octets)
        others = (
            ("html-joined", page.joined),
            ("html-visible", page.visible),
            ("attributes", page.attributes),
            ("comments", page.comments),
        )
        for name, said in others:
            if said:
                self.sink.text(part, name, said, region)
        self._targets(part, page, made, region)
        if made is not None:
            self.sink.written_links(made)
        return made

    def _targets(self, part: str, page: Page, text: Text | None, region: Region) -> None:
        """Links of the markup, each in the region where its shown text stands."""
        at = misses = 0
        for target in page.targets:
            where = region
            if text is not None and len(text.spans) > 1:
                shown = target.shown if misses < _MISSES else ""
                found = text.text.find(shown, at) if shown else -1
                misses += found < 0
                at = max(at, found)
                where = text.span_at(at).region
            self.sink.link(Link(target.target, target.shown, part, where, target.source))

    def _hidden(self, text: Text, content: bytes, region: Region) -> None:
        """What is encoded within a text: uuencoded files, base64 blocks, an encrypted message."""
        if _PGP in text.octets:
            self.sink.lost(text.part, region, Reason.ENCRYPTED, "pgp")
        if b"begin" in content:
            for name, octets in uu_blocks(content):
                attached = Region(RegionKind.ATTACHMENT, "!".join(x for x in (region.path, name) if x))
                self._file(text.part, octets, attached, name)
        self.further(text.part, hidden_readings(text.octets), region)

    def further(self, part: str, found: Iterable[tuple[str, bytes]], region: Region) -> None:
        """Read what a union reading brought forth; more than its budget is unscannable."""
        for name, octets in found:
            if name == BEYOND:
                self.sink.lost(part, region, Reason.LIMIT, "base64")
                continue
            kind = kind_of(octets)
            self.textual(part, octets, "", kind if kind in TEXTUAL else "text", region, name)

    def _file(self, part: str, octets: bytes, region: Region, name: str) -> None:
        kind = kind_of(octets, "", name)
        if kind in TEXTUAL:
            self.textual(part, octets, "", kind, region, "uu")
        elif kind not in MEDIA and kind != "empty":
            self.sink.lost(part, region, Reason.UNKNOWN, kind)

    def _opaque(self, part: Part, region: Region) -> None:
        head = part.content[:128]
        if part.media_type in _SIGNATURE_TYPES and head[:1] == b"0" and _SIGNED in head:
            # A detached signature is no content of its own; names in its certificates are still read.
            self._strings(part.part, part.content, region)
            return
        if head[:1] == b"0" and any(oid in head for oid in _ENVELOPED):
            self.sink.lost(part.part, region, Reason.ENCRYPTED, "smime")
            return
        self.sink.lost(part.part, region, Reason.UNKNOWN, part.kind)
        self._strings(part.part, part.content, region)

    def _strings(self, part: str, content: bytes, region: Region) -> None:
        """Printable runs of octets nobody could parse: chance finds, which spare nothing its being unscannable."""
        self.sink.text(part, "strings", b"\n".join(_PRINTABLE.findall(content[:_STRINGS])), region)


def region_of(part: Part, base: Region) -> Region:
    """The region of a whole leaf: an attachment where it is marked or named as one, else what holds around it."""
    if part.disposition == "attachment" or part.names or (part.kind not in TEXTUAL and part.kind != "empty"):
        return Region(RegionKind.ATTACHMENT, "!".join(x for x in (base.path, part.name) if x))
    return base


def _without_marks(marked: str) -> tuple[str, list[Event]]:
    """The normalised text, and the marks of HTML elements as events in its octets; nested quotes count as one."""
    pieces = _MARK.split(marked)
    if len(pieces) == 1:
        return normalise(marked), []
    out: list[str] = []
    events: list[Event] = []
    at = depth = opened = 0
    for piece in pieces:
        if piece == QUOTE_OPEN:
            opened = opened if depth else at
            depth += 1
        elif piece == QUOTE_CLOSE:
            depth -= 1
            if depth == 0 and at > opened:
                events.append(Event(opened, at, Mark.QUOTE))
        elif piece == REST_QUOTED:
            events.append(Event(at, at, Mark.ORIGINAL))
        elif piece == SIGNATURE:
            events.append(Event(at, at, Mark.SIGNED))
        else:
            clean = normalise(piece)
            out.append(clean)
            at += len(clean) if clean.isascii() else len(clean.encode("utf-8", "replace"))
    if depth > 0 and at > opened:
        events.append(Event(opened, at, Mark.QUOTE))
    return "".join(out), events
