"""Where readings of one message gather: texts, links, defects and what was out of reach, within the budget."""

import hashlib
from collections.abc import Sequence
from typing import Final

from smtp_gate.core.view import Defect, Link, Reason, Region, Span, Text, Unscannable
from smtp_gate.reading.limits import Limits
from smtp_gate.reading.sealed import ROOM, Seal
from smtp_gate.reading.text import normalise, normalise_octets
from smtp_gate.reading.urls import links_of

FURTHER: Final = 1024 * 1024
TIMES: Final = 12
"""Octets of further readings of one message: so many, and its size so many times. Readings of readings stay linear by it."""


class Sink:
    """Collects one message's readings; what goes over a limit is unscannable, never silently left out."""

    def __init__(self, limits: Limits, size: int = 0) -> None:
        """`size` is that of the message, which bounds how much may be read in further ways."""
        self.limits = limits
        self.room = limits.text
        self.spare = FURTHER + TIMES * size
        self.texts: list[Text] = []
        self.links: list[Link] = []
        self.defects: list[Defect] = []
        self.unscannable: list[Unscannable] = []
        self.seals: list[Seal] = []
        self.unfold = ROOM
        self._known: set[tuple[str, str, str]] = set()
        self._read: set[bytes] = set()

    def text(self, part: str, reading: str, said: str | bytes, region: Region) -> Text | None:
        """Add a reading that lies in one region as a whole; `said` is not normalised yet, octets are ASCII."""
        clean, octets = normalise_octets(said) if isinstance(said, bytes) else (normalise(said), b"")
        if not clean or clean.isspace():
            return None
        return self.ready(part, reading, clean, (Span(0, len(clean), region),), octets)

    def again(self, part: str, octets: bytes, region: Region) -> bool:
        """Whether octets may be read in a further way: not a second time, and within the budget of such readings."""
        digest = hashlib.blake2b(octets, digest_size=16).digest()
        if digest in self._read:
            return False
        if len(octets) > self.spare:
            self.lost(part, region, Reason.LIMIT, "readings")
            return False
        self.spare -= len(octets)
        self._read.add(digest)
        return True

    def ready(self, part: str, reading: str, text: str, spans: Sequence[Span], octets: bytes = b"") -> Text | None:
        """Add a normalised text with its spans; what exceeds the room is cut off and unscannable."""
        octets = octets or text.encode("utf-8", "replace")
        if len(octets) > self.room:
            region = spans[-1].region
            self.lost(part, region, Reason.LIMIT, "text")
            octets = octets[: self.room]
            text = octets.decode("utf-8", "ignore")
            octets = text.encode()
            spans = [Span(s.start, min(s.end, len(text)), s.region) for s in spans if s.start < len(text)]
            if not text:
                return None
        self.room -= len(octets)
        made = Text(part, reading, text, tuple(spans), octets)
        self.texts.append(made)
        return made

    def written_links(self, text: Text) -> None:
        """Add the links written out in a text."""
        found, more = links_of(text, self.limits.links - len(self.links))
        for link in found:
            # In undecoded octets a soft break or an escape cuts links; their whole form stands in another reading.
            if text.reading != "raw" or "=" not in link.target[-1:] + link.target.partition("=3D")[1]:
                self.link(link)
        if more:
            self.lost(text.part, text.spans[0].region, Reason.LIMIT, "links")

    def link(self, link: Link) -> None:
        """Add a link once for each part and shown text."""
        key = (link.part, link.target, link.shown)
        if key in self._known or (not link.shown and link.source == "text" and (*key[:2], link.target) in self._known):
            return
        if len(self.links) >= self.limits.links:
            self.lost(link.part, link.region, Reason.LIMIT, "links")
            return
        self._known.add(key)
        self.links.append(link)

    def lost(self, part: str, region: Region, reason: Reason, kind: str) -> None:
        """Note content that nobody looked into."""
        entry = Unscannable(part, region, reason, kind)
        if entry not in self.unscannable[-8:]:
            self.unscannable.append(entry)

    def defect(self, name: str, part: str) -> None:
        """Note an oddity."""
        self.defects.append(Defect(name, part))
