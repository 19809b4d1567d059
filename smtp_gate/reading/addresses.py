"""Mailboxes of address headers, by a tolerant linear parser of our own; what it cannot read is a defect, not a guess."""

import re
from collections.abc import Iterable
from typing import Final

from smtp_gate.core.view import Defect, Header, Mailbox
from smtp_gate.reading.domains import canonical_domain
from smtp_gate.reading.headers import value_of

FIELDS: Final = frozenset(
    ("from", "sender", "reply-to", "to", "cc", "bcc", "return-receipt-to", "disposition-notification-to", "errors-to")
) | frozenset(f"resent-{name}" for name in ("from", "sender", "to", "cc", "bcc", "reply-to"))
"""The headers whose addresses a view holds."""

SINGLE: Final = frozenset({"from", "sender", "reply-to", "to", "cc", "bcc"})
"""Headers that RFC 5322, section 3.6 allows once."""

_SIMPLE: Final = re.compile(r"[ \t]*(?:([^\"<>,;:@()\\=?\[\]]*)<)?([\w.!#$%&'*+/=^`{|}~-]+)@([\w.-]+)(>?)[ \t]*")
_TOKEN: Final = re.compile(r'[ \t\r\n]+|[^\s"<>,;:@()\\\[\]]+|.', re.DOTALL)
_WIDEST: Final = 10_000


def mailboxes(headers: Iterable[Header], part: str, steps: int) -> tuple[list[Mailbox], list[Defect]]:
    """Every address of the address headers, in order; `steps` bounds the tokens looked at."""
    found: list[Mailbox] = []
    defects: list[Defect] = []
    seen: set[str] = set()
    for header in headers:
        key = header.key
        if key not in FIELDS:
            continue
        if key in seen and key in SINGLE:
            defects.append(Defect(f"duplicate_{key.replace('-', '_')}", part))
        seen.add(key)
        boxes = _of_header(key, header, steps - len(found) * 4)
        found += boxes
        if any(not box.domain for box in boxes):
            defects.append(Defect("unreadable_address", part))
        if key == "from" and len(boxes) != 1:
            defects.append(Defect("several_authors" if boxes else "no_author", part))
    if "from" not in seen:
        defects.append(Defect("no_author", part))
    return found, list(dict.fromkeys(defects))


def _of_header(key: str, header: Header, steps: int) -> list[Mailbox]:
    text = header.value
    if b"=?" in header.raw:
        # Encoded words are decoded only within a display name, where they cannot make new addresses.
        text = header.raw.decode("utf-8", "replace")
    simple = _SIMPLE.fullmatch(text)
    if simple is not None and (simple[1] is not None) == (simple[4] == ">"):
        return [_mailbox(key, simple[1] or "", simple[2], simple[3])]
    return list(_Parser(key, text, steps).boxes())


def _mailbox(key: str, display: str, local: str, domain: str) -> Mailbox:
    name = " ".join(display.split())
    if "=?" in name:
        name = value_of(name.encode("utf-8", "replace"))
    try:
        plain = canonical_domain(domain.encode())
    except UnicodeEncodeError:
        plain = None
    if plain is None or not local:
        return Mailbox(key, name or f"{local}@{domain}".strip("@"), "", "")
    return Mailbox(key, name, local, plain)


class _Parser:
    """One header's tokens, one at a time; every character is looked at once."""

    def __init__(self, key: str, text: str, steps: int) -> None:
        self.key = key
        self.pieces = _TOKEN.findall(text)[: max(0, min(steps, _WIDEST * 10))]
        self.cut = len(text) > sum(map(len, self.pieces))
        self.at = 0
        self.words: list[str] = []
        self.angle: str | None = None
        self.broken = False

    def boxes(self) -> Iterable[Mailbox]:
        while self.at < len(self.pieces):
            piece = self.pieces[self.at]
            self.at += 1
            if piece in ",;":
                yield from self._entry()
            elif piece == ":" and self.angle is None and not any("@" in w for w in self.words):
                # The name of a group (RFC 5322, section 3.4); its members follow.
                self.words = []
            elif piece == "<":
                self._angle()
            else:
                self._word(piece)
        yield from self._entry()
        if self.cut:
            yield Mailbox(self.key, "", "", "")

    def _word(self, piece: str) -> None:
        if piece == '"':
            self.words.append(self._quoted())
        elif piece == "(":
            self._comment()
        elif piece == "[":
            self.words.append("[" + self._until("]") + "]")
        elif piece in {">", "\\", ")"}:
            self.broken = True
        elif piece.isspace():
            self.words.append(" ")
        else:
            self.words.append(piece)

    def _angle(self) -> None:
        if self.angle is not None:
            # Two addresses in one entry: mail readers disagree which one counts.
            self.broken = True
        inner: list[str] = []
        closed = False
        while self.at < len(self.pieces):
            piece = self.pieces[self.at]
            self.at += 1
            if piece == ">":
                closed = True
                break
            if piece == '"':
                inner.append(self._quoted())
            elif piece == "(":
                self._comment()
            elif not piece.isspace():
                inner.append(piece)
        self.angle = "".join(inner)
        self.broken = self.broken or not closed

    def _quoted(self) -> str:
        out: list[str] = []
        while self.at < len(self.pieces):
            piece = self.pieces[self.at]
            self.at += 1
            if piece == '"':
                return "".join(out)
            if piece == "\\" and self.at < len(self.pieces):
                piece = self.pieces[self.at]
                self.at += 1
            out.append(piece)
        self.broken = True
        return "".join(out)

    def _comment(self) -> None:
        depth = 1
        while self.at < len(self.pieces) and depth:
            piece = self.pieces[self.at]
            self.at += 1
            if piece == "\\":
                self.at += 1
            elif piece == "(":
                depth += 1
            elif piece == ")":
                depth -= 1
        self.broken = self.broken or depth > 0

    def _until(self, close: str) -> str:
        out: list[str] = []
        while self.at < len(self.pieces):
            piece = self.pieces[self.at]
            self.at += 1
            if piece == close:
                return "".join(out)
            out.append(piece)
        self.broken = True
        return "".join(out)

    def _entry(self) -> Iterable[Mailbox]:
        words, angle, broken = "".join(self.words), self.angle, self.broken
        self.words, self.angle, self.broken = [], None, False
        if angle is None and not words.strip():
            if broken:
                yield Mailbox(self.key, "", "", "")
            return
        if angle == "" and not broken:
            return
        address = words.replace(" ", "") if angle is None else angle
        display = "" if angle is None else words
        if angle is not None and angle.startswith("@"):
            # A source route (RFC 5322, section 4.4) is read past, but nobody writes one today.
            address = angle.rpartition(":")[2]
            broken = True
        local, _, domain = address.rpartition("@")
        spaced = angle is None and " " in words.strip()
        if broken or spaced or not local:
            yield Mailbox(self.key, " ".join((display or words).split()), "", "")
            if not (local and domain) or spaced:
                return
        yield _mailbox(self.key, display, local, domain)
