"""One leaf of a message becomes texts, links, defects, or a note that nobody could look into it."""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Final

import re2

from smtp_gate.core.view import Header, Link, Part, Reason, Region, RegionKind, Span, Text
from smtp_gate.reading.charset import decode_octets, readings
from smtp_gate.reading.html import MARKS, QUOTE_CLOSE, QUOTE_OPEN, REST_QUOTED, SIGNATURE, Page, read_page
from smtp_gate.reading.kinds import MEDIA, archive_behind, claims_text, container_of, is_enveloped, kind_of, text_kind
from smtp_gate.reading.media import tail_of
from smtp_gate.reading.regions import Author, Event, Mark, Regions
from smtp_gate.reading.sink import Sink
from smtp_gate.reading.text import normalise, normalise_octets, turned
from smtp_gate.reading.transfer import uu_blocks
from smtp_gate.reading.union import BEYOND, CLOSED, TEXTUAL, hidden_readings

_FOLD: Final = re.compile(rb"\r?\n[ \t]")
_FLOWED: Final = re.compile(rb" \r?\n")
_BDO: Final = re.compile(r"<(/?)bdo\b[^<>]*>", re.IGNORECASE)
_MARK: Final = re.compile(f"([{MARKS}])")
_PRINTABLE: Final = re.compile(rb"[\t -~]{6,}")
_WRITTEN: Final = re2.compile(rb"[\t\r\n -~]{8,}")
_META: Final = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_PROLOGUE: Final = 4096
_STRINGS: Final = 256 * 1024
_MISSES: Final = 50
_SIGNED: Final = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"
_SIGNATURE_TYPES: Final = frozenset({"application/pkcs7-signature", "application/x-pkcs7-signature"})
_ELSEWHERE: Final = frozenset({"message/partial", "message/external-body"})
_SMALL: Final = 8
_LOOSE: Final = frozenset({"preamble", "epilogue", "raw"})
_PGP: Final = b"-----BEGIN PGP MESSAGE-----"


@cache
def _regions() -> Regions:
    return Regions()


class Leaves:
    """Reads the leaves of one message into a sink."""

    def __init__(self, sink: Sink, author: Author, decided: Iterable[bytes] = ()) -> None:
        """`decided` are the contents that structure has dealt with, which further readings bring forth once more."""
        self.sink = sink
        self.author = author
        self.decided = tuple(octets for octets in decided if len(octets) > _SMALL)

    def read(self, part: Part, base: Region) -> None:
        """Read one leaf by its kind; `base` is the region that holds around it."""
        region = region_of(part, base)
        content, kind = part.content, part.kind
        if part.media_type in _ELSEWHERE:
            self.sink.lost(part.part, region, Reason.UNKNOWN, part.media_type)
        if kind in TEXTUAL:
            if part.media_type == "text/plain" and _joins_lines(part.headers):
                self.sink.text(part.part, "flowed", decode_octets(_FLOWED.sub(b"", content), part.charset)[0], region)
            self.textual(part.part, content, (part.charset, *part.charsets), kind, region)
            return
        if kind in MEDIA:
            self._media(part.part, content, region)
        elif kind != "empty":
            self._opaque(part, region)
        if kind in {*MEDIA, "unknown"} and claims_text(part.media_type, part.name):
            self._octets(part, region)

    def _octets(self, part: Part, region: Region) -> None:
        """What is no text, but shown as text: read as such too, and no more of it than anybody would look at."""
        if part.kind in MEDIA and len(part.content) > _STRINGS:
            self.sink.lost(part.part, region, Reason.LIMIT, part.kind)
        shown = text_kind(part.content, part.media_type, part.name)
        self.textual(part.part, part.content[:_STRINGS], (part.charset, *part.charsets), shown, region, "octets")

    def textual(
        self, part: str, content: bytes, charsets: tuple[str, ...], kind: str, region: Region, reading: str = ""
    ) -> None:
        """Read octets that are text of some kind; `reading` names how they came about, where not by structure.

        Regions are told apart only where structure is sound: a doubtful reading must not pass for a signature.
        """
        if kind == "calendar":
            content = _FOLD.sub(b"", content)
        marked_up = kind in {"html", "xml"}
        if marked_up:
            charsets = (*(charsets or ("",)), *(m.decode().lower() for m in _META.findall(content[:_PROLOGUE])[:8]))
        source, defect = decode_octets(content, charsets[0] if charsets else "")
        if defect:
            self.sink.defect(defect, part)
        if marked_up:
            made = self._html(part, source, region, reading)
        else:
            made = self._plain(
                part, content if not defect and content.isascii() else source, region, reading or "plain"
            )
        self._others(part, (r for r in readings(content, *charsets) if r and r != source), region, marked_up=marked_up)
        if made is not None and (not reading or reading in _LOOSE):
            self._hidden(made, content, region)

    def _others(self, part: str, found: Iterable[str], region: Region, *, marked_up: bool) -> None:
        """The same octets in other charsets; what is damaged in one of them is no markup there."""
        for other in found:
            room = self.sink.room
            if len(other) > room:
                # Cut before it is worked on, so that no number of charsets costs more than the budget.
                self.sink.lost(part, region, Reason.LIMIT, "text")
            if room <= 0:
                return
            if marked_up and "\ufffd" not in other:
                self._html(part, other[:room], region, "charset")
            else:
                self._plain(part, other[:room], region, "charset")

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
        if isinstance(said, str):
            self._turned(part, said, region)
        if made is not None:
            self.sink.written_links(made)
        return made

    def _turned(self, part: str, said: str, region: Region) -> None:
        shown = turned(said)
        if shown:
            self.sink.text(part, "visual", shown, region)

    def _html(self, part: str, source: str, region: Region, reading: str) -> Text | None:
        page = read_page(source, self.sink.limits)
        if page.deep:
            self.sink.lost(part, region, Reason.LIMIT, "html")
        self._turned(part, page.text, region)
        if "<bdo" in source or "<BDO" in source:
            self._turned(part, read_page(_BDO.sub(_override, source), self.sink.limits).text, region)
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
            elif name == CLOSED:
                self._closed(part, octets, region)
            else:
                if _PGP in octets:
                    self.sink.lost(part, region, Reason.ENCRYPTED, "pgp")
                kind = kind_of(octets)
                self.textual(part, octets, (), kind if kind in TEXTUAL else "text", region, name)

    def _closed(self, part: str, octets: bytes, region: Region) -> None:
        """What a further reading decoded to a document or a picture, unless structure has dealt with those octets."""
        known = next((seen for seen in self.decided if octets.startswith(seen)), b"")
        kind = container_of(octets[len(known) :])
        if kind:
            self.sink.lost(part, region, Reason.ENCRYPTED if kind == "smime" else Reason.UNKNOWN, kind)
        elif not known:
            self._media(part, octets, region)

    def _media(self, part: str, content: bytes, region: Region) -> None:
        """A picture or sound holds no text of its own; what is written into it or stands behind it is looked for."""
        kind = archive_behind(content)
        if kind:
            self.sink.lost(part, region, Reason.UNKNOWN, kind)
        self.sink.text(
            part, "strings", b"\n".join(content[slice(*m.span())] for m in _WRITTEN.finditer(content)), region
        )
        tail = tail_of(content)
        shown = kind_of(tail) if len(tail) >= _SMALL else ""
        if shown in TEXTUAL:
            self.textual(part, tail, (), shown, region, "tail")

    def _file(self, part: str, octets: bytes, region: Region, name: str) -> None:
        kind = kind_of(octets, "", name)
        if kind in TEXTUAL:
            self.textual(part, octets, (), kind, region, "uu")
        elif kind in MEDIA:
            self._media(part, octets, region)
        elif kind != "empty":
            self.sink.lost(part, region, Reason.UNKNOWN, kind)

    def _opaque(self, part: Part, region: Region) -> None:
        head = part.content[:128]
        if part.media_type in _SIGNATURE_TYPES and head[:1] == b"0" and _SIGNED in head:
            # A detached signature is no content of its own; names in its certificates are still read.
            self._strings(part.part, part.content, region)
            return
        if head[:1] == b"0" and is_enveloped(head):
            self.sink.lost(part.part, region, Reason.ENCRYPTED, "smime")
            return
        self.sink.lost(part.part, region, Reason.UNKNOWN, part.kind)
        self._strings(part.part, part.content, region)

    def _strings(self, part: str, content: bytes, region: Region) -> None:
        """Printable runs of octets nobody could parse: chance finds, which spare nothing its being unscannable."""
        self.sink.text(part, "strings", b"\n".join(_PRINTABLE.findall(content[:_STRINGS])), region)


def _override(tag: re.Match[str]) -> str:
    """The character that says what the element says (HTML, section 4.5.26)."""
    return "\u202c" if tag[1] else "\u202e" if "rtl" in tag[0].lower() else ""


def _joins_lines(headers: Iterable[Header]) -> bool:
    """Whether the part declares that a space at a line's end and the break behind it go (`delsp`, RFC 3676, section 4)."""
    return any(h.key == "content-type" and "delsp" in h.value.lower() for h in headers)


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
