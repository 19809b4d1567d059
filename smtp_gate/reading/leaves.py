"""One leaf of a message becomes texts, links, defects, or a note that nobody could look into it."""

import re
from collections.abc import Iterable
from typing import Final

import re2

from smtp_gate.core.view import Header, Part, Reason, Region, RegionKind
from smtp_gate.reading.charset import decode_octets
from smtp_gate.reading.encryption import WRAPPED, look_into, note
from smtp_gate.reading.kinds import (
    MAILS,
    MEDIA,
    UNWRAPPED,
    archive_behind,
    claims_text,
    container_of,
    kind_of,
    text_kind,
)
from smtp_gate.reading.media import tail_of
from smtp_gate.reading.regions import Author
from smtp_gate.reading.richtext import drawn_strings, without_commands
from smtp_gate.reading.sealed import Sealed
from smtp_gate.reading.sink import Sink
from smtp_gate.reading.texts import Texts
from smtp_gate.reading.union import DEPTH, TEXTUAL

_FLOWED: Final = re.compile(rb" \r?\n")
_PRINTABLE: Final = re.compile(rb"[\t -~]{6,}")
_WRITTEN: Final = re2.compile(rb"[\t\r\n -~]{8,}")
_WIDE: Final = re.compile(rb"(?:[ -~]\0){6,}")
_STRINGS: Final = 256 * 1024
_ELSEWHERE: Final = frozenset({"message/partial", "message/external-body"})
_COMMANDED: Final = frozenset({"text/enriched", "text/richtext"})
_SMALL: Final = 8


class Leaves(Texts):
    """Reads the leaves of one message into a sink."""

    def __init__(self, sink: Sink, author: Author, decided: Iterable[bytes] = ()) -> None:
        """`decided` are the contents that structure has dealt with, which further readings bring forth once more."""
        super().__init__(sink, author)
        self.decided = tuple(octets for octets in decided if len(octets) > _SMALL)

    def read(self, part: Part, base: Region) -> None:
        """Read one leaf by its kind; `base` is the region that holds around it."""
        region = region_of(part, base)
        content, kind = part.content, part.kind
        if part.media_type in _ELSEWHERE:
            self.sink.lost(part.part, region, Reason.UNKNOWN, part.media_type)
        if kind in TEXTUAL:
            self._stripped(part, region)
            kind = text_kind(content, part.media_type, part.name) if kind in MAILS else kind
            self.textual(part.part, content, (part.charset, *part.charsets), kind, region)
            return
        if kind in MEDIA:
            self._media(part.part, content, region)
        elif kind != "empty":
            self._opaque(part, region)
        if kind in {*MEDIA, "unknown"} and claims_text(part.media_type, part.name):
            self._octets(part, region)

    def _stripped(self, part: Part, region: Region) -> None:
        """Text without what its own format adds to it, where it declares or begins as one that does."""
        said = ""
        if part.media_type == "text/plain" and _joins_lines(part.headers):
            said = decode_octets(_FLOWED.sub(b"", part.content), part.charset)[0]
        elif part.media_type in _COMMANDED:
            said = without_commands(decode_octets(part.content, part.charset)[0])
        elif part.content.startswith((b"%!", b"\x04%!")):
            said = drawn_strings(decode_octets(part.content, part.charset)[0])
        if said:
            self.sink.text(part.part, "stripped", said, region)

    def _octets(self, part: Part, region: Region) -> None:
        """What is no text, but shown as text: read as such too, and no more of it than anybody would look at."""
        if part.kind in MEDIA and len(part.content) > _STRINGS:
            self.sink.lost(part.part, region, Reason.LIMIT, part.kind)
        shown = text_kind(part.content, part.media_type, part.name)
        self.textual(part.part, part.content[:_STRINGS], (part.charset, *part.charsets), shown, region, "octets")

    def closed(self, part: str, octets: bytes, region: Region) -> None:
        """What a further reading decoded to a document or a picture, unless structure has dealt with those octets."""
        known = next((seen for seen in self.decided if octets.startswith(seen)), b"")
        kind = container_of(octets[len(known) :])
        if kind in WRAPPED:
            self._wrapped(part, octets[len(known) :], kind, region)
        elif kind:
            self.sink.lost(part, region, Reason.UNKNOWN, kind)
        elif not known:
            self._media(part, octets, region)

    def _media(self, part: str, content: bytes, region: Region) -> None:
        """A picture or sound holds no text of its own; what is written into it or stands behind it is looked for."""
        kind = archive_behind(content)
        if kind:
            self.sink.lost(part, region, Reason.UNKNOWN, kind)
        written = [content[slice(*m.span())] for m in _WRITTEN.finditer(content)]
        # Metafiles and tags of sounds hold their text two octets a character.
        written += [run.replace(b"\0", b"") for run in _WIDE.findall(content)]
        self.sink.text(part, "strings", b"\n".join(written), region)
        tail = tail_of(content)
        shown = kind_of(tail) if len(tail) >= _SMALL else ""
        if shown in TEXTUAL:
            self.textual(part, tail, (), shown, region, "tail")

    def file(self, part: str, octets: bytes, region: Region, name: str, media_type: str = "") -> None:
        """Read a file that stands encoded in a text; only what structure brought forth is opened."""
        kind = kind_of(octets, media_type, name)
        if kind in TEXTUAL:
            self.textual(part, octets, (), kind, region, "file")
        elif kind in MEDIA:
            self._media(part, octets, region)
        elif kind in WRAPPED and self._within < DEPTH:
            self._within += 1
            self._wrapped(part, octets, kind, region)
            self._within -= 1
        elif kind != "empty":
            self.sink.lost(part, region, Reason.UNKNOWN, kind)

    def _opaque(self, part: Part, region: Region) -> None:
        if part.kind in WRAPPED:
            self._wrapped(part.part, part.content, part.kind, region)
            return
        self.sink.lost(part.part, region, Reason.UNKNOWN, part.kind)
        self._strings(part.part, part.content, region)

    def _wrapped(self, part: str, content: bytes, kind: str, region: Region) -> None:
        """A cryptographic wrapping; what it holds in clear is read, if it has not become a part of its own."""
        sealed = look_into(content, self.sink.unfold) or Sealed(kind, reason=Reason.UNKNOWN)
        note(self.sink, part, region, sealed)
        if not sealed.encrypted:
            # Names in certificates, and whatever else stands in what is no content.
            self._strings(part, content, region)
        if sealed.content is not None and kind != UNWRAPPED:
            self.file(part, sealed.content, region, sealed.name)

    def _strings(self, part: str, content: bytes, region: Region) -> None:
        """Printable runs of octets nobody could parse: chance finds, which spare nothing its being unscannable."""
        self.sink.text(part, "strings", b"\n".join(_PRINTABLE.findall(content[:_STRINGS])), region)


def _joins_lines(headers: Iterable[Header]) -> bool:
    """Whether the part declares that a space at a line's end and the break behind it go (`delsp`, RFC 3676, section 4)."""
    return any(h.key == "content-type" and "delsp" in h.value.lower() for h in headers)


def region_of(part: Part, base: Region) -> Region:
    """The region of a whole leaf: an attachment where it is marked or named as one, else what holds around it."""
    if part.disposition == "attachment" or part.names or (part.kind not in TEXTUAL and part.kind != "empty"):
        return Region(RegionKind.ATTACHMENT, "!".join(x for x in (base.path, part.name) if x))
    return base
