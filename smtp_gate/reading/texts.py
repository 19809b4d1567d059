"""Octets that are text of some kind become texts, in every charset and markup they could be read in."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Final

import re2

from smtp_gate.core.view import Link, Reason, Region, RegionKind, Span, Text
from smtp_gate.reading.armor import ARMOR, clear_signed
from smtp_gate.reading.charset import decode_octets, readings
from smtp_gate.reading.disguises import is_quoted, undisguised
from smtp_gate.reading.encryption import armored
from smtp_gate.reading.escapes import unescaped
from smtp_gate.reading.html import Page, read_page
from smtp_gate.reading.html_quotes import MARKS, QUOTE_CLOSE, QUOTE_OPEN, REST_QUOTED, SIGNATURE
from smtp_gate.reading.kinds import kind_of
from smtp_gate.reading.regions import Author, Regions
from smtp_gate.reading.signatures import Event, Mark
from smtp_gate.reading.sink import Sink
from smtp_gate.reading.text import normalise, normalise_octets, turned
from smtp_gate.reading.transfer import attached_files, decode_qp, is_binhex
from smtp_gate.reading.union import BEYOND, CLOSED, DEPTH, TEXTUAL, hidden_readings

_FOLD: Final = re.compile(rb"\r?\n[ \t]")
_BDO: Final = re.compile(r"<(/?)bdo\b[^<>]*>", re.IGNORECASE)
_MARK: Final = re.compile(f"([{MARKS}])")
_META: Final = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_MARKUP: Final = re2.compile(rb"<(?:/?[A-Za-z][A-Za-z0-9:]{0,12}(?:[\s/][^<>]*)?|!--[^<>]*)>")
_PROLOGUE: Final = 4096
_MISSES: Final = 50
_LAYERED: Final = frozenset({"qp", "percent", "entities"})
_LOOSE: Final = frozenset({"preamble", "epilogue", "raw"})


@cache
def _regions() -> Regions:
    return Regions()


class Texts(ABC):
    """Reads what is text into a sink; what turns out to be none goes to `file` and `closed`."""

    def __init__(self, sink: Sink, author: Author) -> None:
        self.sink = sink
        self.author = author
        self._within = 0

    @abstractmethod
    def file(self, part: str, octets: bytes, region: Region, name: str, media_type: str = "") -> None:
        """Read a file that stands encoded in a text."""

    @abstractmethod
    def closed(self, part: str, octets: bytes, region: Region) -> None:
        """Deal with a reading that is a document or a picture."""

    def textual(
        self, part: str, content: bytes, charsets: tuple[str, ...], kind: str, region: Region, reading: str = ""
    ) -> None:
        """Read octets that are text of some kind; `reading` names how they came about, where not by structure.

        Regions are told apart only where structure is sound: a doubtful reading must not pass for a signature.
        """
        if kind == "calendar":
            content = _FOLD.sub(b"", content)
        # Without a tag it shows as it stands, whatever it is called; EBCDIC has another sign for one.
        marked_up = kind in {"html", "xml"} and (b"<" in content or not content.isascii() or b"+" in content)
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
        if (marked_up or not content.isascii()) and is_quoted(content):
            # Octets that stand beside escapes make characters with them, so both are decoded before their charset.
            said = decode_octets(decode_qp(content), charsets[0] if charsets else "")[0]
            self._html(part, said, region, "qp") if marked_up else self._plain(part, said, region, "qp")
        if made is None:
            return
        self.undisguise(made, region)
        for name, said in unescaped(kind, source):
            self.sink.text(part, name, said, region)
        if ARMOR in made.octets:
            self._armored(made, region)
        if not reading or reading in _LOOSE:
            self._hidden(made, content, region)

    def undisguise(self, text: Text, region: Region, depth: int = 1) -> None:
        """Read a text with its disguises undone, and what that brings forth again, each reading once."""
        for name, said in undisguised(text.text, text.octets):
            if not self.sink.again(text.part, said.encode("utf-8", "replace"), region):
                continue
            plain = self.sink.text(text.part, name, said, region)
            if plain is None or name not in _LAYERED:
                continue
            if name == "qp" and self._within < DEPTH:
                self._within += 1
                self.further(text.part, hidden_readings(plain.octets), region)
                if _MARKUP.search(plain.octets) is not None:
                    self._html(text.part, plain.text, region, name)
                self._within -= 1
            if depth < DEPTH:
                self.undisguise(plain, region, depth + 1)

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
                # Readers drop what is no character, or show a sign for it that nobody takes for a separator.
                made = self._plain(part, other[:room].replace("\ufffd", ""), region, "charset")
                if made is not None:
                    self.undisguise(made, region)

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
            *(("html-visible", visible) for visible in page.visible),
            ("attributes", page.attributes),
            ("comments", page.comments),
        )
        for name, said in others:
            if said:
                self.sink.text(part, name, said, region)
        self._targets(part, page, made, region)
        self._inner(part, page, region)
        if made is not None:
            self.sink.written_links(made)
        return made

    def _inner(self, part: str, page: Page, region: Region) -> None:
        """The pages and files written into a page, and those within them to a depth."""
        if page.more or ((page.pages or page.files) and self._within >= DEPTH):
            self.sink.lost(part, region, Reason.LIMIT, "html")
        if self._within >= DEPTH:
            return
        self._within += 1
        for source in page.pages:
            self._html(part, source, region, "frame")
        for embedded in page.files:
            self.file(part, embedded.content, region, "", embedded.media_type)
        self._within -= 1

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

    def _armored(self, text: Text, region: Region) -> None:
        """What stands in ASCII armor, encrypted or in clear, and clear-signed text without its escapes."""
        unescaped = clear_signed(text.octets)
        if unescaped:
            self.sink.text(text.part, "unescaped", unescaped.decode("utf-8", "replace"), region)
        if self._within >= DEPTH:
            self.sink.lost(text.part, region, Reason.LIMIT, "pgp")
            return
        self._within += 1
        for name, octets in armored(self.sink, text, region):
            self.file(text.part, octets, region, name)
        self._within -= 1

    def _hidden(self, text: Text, content: bytes, region: Region) -> None:
        """What is encoded within a text: uuencoded files, base64 blocks."""
        for name, octets in attached_files(content):
            attached = Region(RegionKind.ATTACHMENT, "!".join(x for x in (region.path, name) if x))
            self.file(text.part, octets, attached, name)
        if is_binhex(content):
            self.sink.lost(text.part, region, Reason.UNKNOWN, "binhex")
        # A page without a tag is no page, and its lines, which markup would run together, are those of an encoding.
        whole = content if b"<" not in content and b"\0" not in content else text.octets
        self.further(text.part, hidden_readings(whole), region)

    def further(
        self, part: str, found: Iterable[tuple[str, bytes]], region: Region, charsets: tuple[str, ...] = ()
    ) -> None:
        """Read what a union reading brought forth, in each of the charsets; more than its budget is unscannable."""
        for name, octets in found:
            if name == BEYOND:
                self.sink.lost(part, region, Reason.LIMIT, "base64")
            elif name == CLOSED:
                self.closed(part, octets, region)
            elif self.sink.again(part, octets, region):
                kind = kind_of(octets)
                self.textual(part, octets, charsets, kind if kind in TEXTUAL else "text", region, name)
                if kind not in {"html", "xml"} and _MARKUP.search(octets) is not None:
                    self.textual(part, octets, charsets, "html", region, name)


def _override(tag: re.Match[str]) -> str:
    """The character that says what the element says (HTML, section 4.5.26)."""
    return "\u202c" if tag[1] else "\u202e" if "rtl" in tag[0].lower() else ""


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
