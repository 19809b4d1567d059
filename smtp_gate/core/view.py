"""What a reader saw in a message: headers, parts, texts with regions, links, defects, and what it could not see."""

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from smtp_gate.core.message import Envelope, Message

_NUMBER: Final = re.compile(r"\d(?:[^\w@]{0,3}_?\d){6,}")
"""A number as long as a secret may be, in the digits of any script, whatever a few signs stand in it."""


def _stars(number: re.Match[str]) -> str:
    return "".join("*" if char.isdigit() else char for char in number[0])


def covered(text: str) -> str:
    """The text with every number masked that is as long as a secret may be (law 9)."""
    return _NUMBER.sub(_stars, text)


class RegionKind(StrEnum):
    """Where text stands. A region is a claim that the sender can forge."""

    OWN = "own"
    QUOTED = "quoted"
    FORWARDED = "forwarded"
    RETURNED = "returned"
    SIGNATURE = "signature"
    SUBJECT = "subject"
    HEADER = "header"
    ATTACHMENT = "attachment"


@dataclass(frozen=True, slots=True, order=True)
class Region:
    """A kind and, for attachments, the path inside archives: `a.zip!b.docx`.

    A region is shown, logged and stored, and a file name is the sender's text: numbers as long as a secret are masked in it (law 9).
    """

    kind: RegionKind
    path: str = ""

    def __post_init__(self) -> None:
        if self.path and _NUMBER.search(self.path) is not None:
            object.__setattr__(self, "path", covered(self.path))

    def __str__(self) -> str:
        return f"{self.kind} {self.path}" if self.path else str(self.kind)


class Reason(StrEnum):
    """Why nobody could look into a piece of content."""

    ENCRYPTED = "encrypted"
    LIMIT = "limit"
    CRASH = "crash"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Header:
    """One header field. `value` is unfolded and decoded (RFC 2047); `raw` the octets after the colon, folding kept."""

    name: str
    value: str
    raw: bytes = field(repr=False)

    @property
    def key(self) -> str:
        """The name as it is compared."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Part:
    """One node of the MIME tree, in document order; `part` is its IMAP-like number (`1`, `2.1`; `0` for the root).

    `start` and `end` are offsets of the body in `Message.content`, or in the decoded parent where `nested` is set.
    `content` is decoded from its transfer encoding and empty for containers. `kind` is the type by content
    (`text`, `html`, `image`, `pdf`, `zip`, ... or `unknown`), `media_type` the declared one, lower-case. `charset` is
    the first one declared, `charsets` all of them, where a sender names several. `lost` says why nobody could look into a
    member that its archive or document names.
    """

    part: str
    depth: int
    media_type: str
    headers: tuple[Header, ...] = field(repr=False)
    start: int
    end: int
    nested: bool = False
    charset: str = ""
    encoding: str = ""
    disposition: str = ""
    names: tuple[str, ...] = ()
    container: bool = False
    kind: str = ""
    content: bytes = field(default=b"", repr=False)
    charsets: tuple[str, ...] = ()
    lost: Reason | None = None

    @property
    def name(self) -> str:
        """The file name as most clients would show it, or empty."""
        return self.names[0] if self.names else ""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a text, in characters, that belongs to one region."""

    start: int
    end: int
    region: Region


@dataclass(frozen=True, slots=True)
class Text:
    """One searchable reading of one part, normalised (NFKC, ASCII digits, no zero-width characters).

    `reading` says how it came about: `plain`, `html`, `html-joined`, `attributes`, `comments`, `subject`, `header`,
    `raw`, `preamble`, ... `octets` is `text` in UTF-8, what the engine searches. `spans` cover the whole text without
    gaps, in order.
    """

    part: str
    reading: str
    text: str = field(repr=False)
    spans: tuple[Span, ...]
    octets: bytes = field(repr=False, default=b"")

    def __post_init__(self) -> None:
        if not self.octets and self.text:
            object.__setattr__(self, "octets", self.text.encode("utf-8", "replace"))

    @property
    def is_ascii(self) -> bool:
        """Whether offsets in octets and in characters agree."""
        return len(self.octets) == len(self.text)

    def span_at(self, offset: int) -> Span:
        """The span that holds the character at `offset`."""
        if not self.spans:
            raise ValueError("a text without spans has no regions")
        index = bisect_right(self.spans, offset, key=lambda s: s.start) - 1
        return self.spans[max(index, 0)]

    def region_text(self, *kinds: RegionKind) -> str:
        """The stretches of these regions, joined by a line break."""
        return "\n".join(self.text[s.start : s.end] for s in self.spans if s.region.kind in kinds)


@dataclass(frozen=True, slots=True)
class Link:
    """A link as written (`target`) beside the text shown for it (empty where the link is its own text)."""

    target: str
    shown: str
    part: str
    region: Region
    source: str = "text"


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One address of a header: `field` is the header's name in lower case, `display` its decoded display name.

    `address` is empty where the entry could not be read as an address.
    """

    field: str
    display: str
    local: str
    domain: str

    @property
    def address(self) -> str:
        """`local@domain`, or empty."""
        return f"{self.local}@{self.domain}" if self.domain else ""

    @property
    def key(self) -> str:
        """The address as look-ups compare it."""
        return self.address.casefold()


@dataclass(frozen=True, slots=True, order=True)
class Defect:
    """A named oddity of a message that rules can use (`bare_boundary`, `long_line`), with the part it stands in."""

    name: str
    part: str = ""

    def __str__(self) -> str:
        return f"{self.name}@{self.part}" if self.part else self.name


@dataclass(frozen=True, slots=True, order=True)
class Unscannable:
    """Content nobody could look into: its part, region and reason, and what it seems to be (`zip`, `pdf`)."""

    part: str
    region: Region
    reason: Reason
    kind: str = ""


class Extent(StrEnum):
    """How much of a message's content is encrypted."""

    NONE = "none"
    PARTLY = "partly"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class Protection:
    """What a message is encrypted and signed with, and how far.

    `encrypted` is WHOLE only where every leaf that bears content is; headers, the subject among them, never are. `by`
    names each wrapping once: `smime-enveloped`, `pgp-mime`, `pgp-inline`, `smime-signed`, `zip`, ... `parts` are the
    numbers of the parts that are encrypted or hold something that is.
    """

    encrypted: Extent = Extent.NONE
    signed: bool = False
    by: tuple[str, ...] = ()
    parts: frozenset[str] = frozenset()

    def __str__(self) -> str:
        said = str(self.encrypted) if not self.signed else f"{self.encrypted}, signed"
        return f"{said} ({', '.join(self.by)})" if self.by else said


@dataclass(frozen=True, slots=True)
class Match:
    """What the shared scan of a ruleset's detectors found in one text.

    `start` and `end` are characters of `text.text`. `evidence` is masked from birth (law 9). `token` tells equal values
    from different ones within one message and is never shown, logged or stored.
    """

    detector: str
    level: str
    text: Text = field(repr=False)
    start: int
    end: int
    region: Region
    evidence: str
    token: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message as read: what families look at. `matches` is empty until `examine` has scanned the texts."""

    message: Message
    headers: tuple[Header, ...] = ()
    parts: tuple[Part, ...] = ()
    texts: tuple[Text, ...] = ()
    links: tuple[Link, ...] = ()
    mailboxes: tuple[Mailbox, ...] = ()
    defects: tuple[Defect, ...] = ()
    unscannable: tuple[Unscannable, ...] = ()
    matches: tuple[Match, ...] = ()
    protection: Protection = Protection()

    @property
    def envelope(self) -> Envelope:
        """The envelope the message came in."""
        return self.message.envelope

    def header(self, name: str) -> str:
        """The first value of a header, decoded; empty where there is none."""
        key = name.lower()
        return next((h.value for h in self.headers if h.key == key), "")

    def all_headers(self, name: str) -> tuple[str, ...]:
        """Every value of a header, in order, decoded."""
        key = name.lower()
        return tuple(h.value for h in self.headers if h.key == key)

    def mailboxes_of(self, field_name: str) -> tuple[Mailbox, ...]:
        """The addresses of one header (`from`, `reply-to`), in order."""
        key = field_name.lower()
        return tuple(m for m in self.mailboxes if m.field == key)
