"""Regions of a text: what its author wrote, quoted, forwarded and signed, in plain text and in marked HTML text.

A region is a claim that a sender can forge, so only rules that relax nothing of weight may lean on it. All patterns run
on RE2 over the whole text once, and a second look goes a few lines either side, so the time is linear.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from smtp_gate.core.view import Region, RegionKind, Span, Text
from smtp_gate.reading import phrases
from smtp_gate.reading.attributions import SecondLook, compiled
from smtp_gate.reading.signatures import SIGNS, Event, Mark, signature_of

EVENTS: Final = 20_000
"""Marks looked at in one text; a text with more keeps the rest as the author's own, which is judged strictest."""

_FOLDED: Final = 60
"""Octets from which on a quoted line may have been folded by a mail program that left the rest without its sign."""
_FOLD: Final = 48
_SHOWN: Final = 400
_ANSWERING: Final = frozenset({Mark.QUOTE, Mark.WROTE})


@dataclass(frozen=True, slots=True)
class Author:
    """What is known of who writes: the display name, and whether the subject says the message is a forward.

    Where headers deny that it `answers` anything, signs of quoting and lines that announce it make no quote; a block of
    fields still does.
    """

    name: str = ""
    forwards: bool = False
    answers: bool = True


_SAID: Final = (RegionKind.OWN, RegionKind.SIGNATURE)
# A picture stands in plain text as a note of the mail program's.
_PICTURE: Final = re.compile(r"\[(?:cid|image|inline)\b[^\]\n]{0,200}\]|<[^<>\s]{0,200}:[^<>\s]{0,200}>", re.IGNORECASE)
_WORD: Final = re.compile(r"[^\W_]")
_Run = tuple[int, int, RegionKind]
_OWN: Final = Region(RegionKind.OWN)

_KINDS: Final = (
    (Mark.ORIGINAL, phrases.ORIGINAL),
    (Mark.FORWARD, phrases.FORWARD),
    (Mark.RETURNED, phrases.RETURNED),
    (Mark.DASHES, phrases.DASHES),
    (Mark.MOBILE, phrases.MOBILE),
    (Mark.NOTICE, phrases.NOTICE),
    (Mark.CLOSING, phrases.CLOSING),
    (Mark.FIELDS, phrases.HEADER),
    (Mark.NOTES, phrases.NOTES),
    (Mark.INITIALS, phrases.INITIALS),
    (Mark.STATED, phrases.STATED),
    (Mark.WROTE, phrases.WROTE),
)


class Regions:
    """The compiled marks; immutable, and usable from several threads."""

    def __init__(self) -> None:
        every = (phrases.QUOTE, *(pattern for _, pattern in _KINDS))
        self._any = compiled("|".join(f"(?:{pattern})" for pattern in every))
        self._each = tuple((mark, compiled(pattern)) for mark, pattern in _KINDS)
        self._forward = compiled(phrases.FORWARD)
        self._second = SecondLook()

    def spans(self, text: str, octets: bytes, author: Author, marked: Sequence[Event] = ()) -> tuple[Span, ...]:
        """Spans over the whole of `text`, whose UTF-8 is `octets`; `marked` are places known from HTML elements."""
        if not text:
            return ()
        taken, signs = self._taken(octets, self._events(octets, marked), author)
        return _spans(text, octets, _with_signatures(octets, taken, signs, author))

    def _events(self, octets: bytes, marked: Sequence[Event]) -> list[Event]:
        events = list(marked)
        quotes = [event.start for event in marked if event.mark is Mark.QUOTE]
        for number, found in enumerate(self._any.finditer(octets)):
            if number >= EVENTS:
                break
            start, end = found.span()
            first = octets[start : start + 8].lstrip()[:1]
            mark = Mark.QUOTE if first == b">" else self._which(octets[start:end])
            event = self._second.at(octets, Event(start, end, mark), quotes)
            if event is not None:
                events.append(event)
        events.sort(key=lambda e: (e.start, -e.end))
        return events

    def _which(self, matched: bytes) -> Mark:
        return next((mark for mark, pattern in self._each if pattern.match(matched)), Mark.CLOSING)

    def _taken(self, octets: bytes, events: list[Event], author: Author) -> tuple[list[_Run], list[Event]]:
        """The runs that are not the author's own, in order, and the marks of signatures between them."""
        taken: list[_Run] = []
        signs: list[Event] = []
        at = 0
        for place, event in enumerate(events):
            if event.start < at:
                continue
            if not author.answers and event.mark in _ANSWERING and not self._forwards(octets, event):
                continue
            if event.mark in SIGNS:
                signs.append(event)
                continue
            start, end, kind = self._run(octets, events, place, author, at)
            if taken and kind is taken[-1][2] and event.mark is Mark.QUOTE and _is_folded(octets, taken[-1], start):
                taken[-1] = (taken[-1][0], end, kind)
            else:
                taken.append((start, end, kind))
            at = end
        return taken, signs

    def _forwards(self, octets: bytes, event: Event) -> bool:
        head = octets[event.start : min(event.end, event.start + _SHOWN)]
        return b"orwarded" in head and self._forward.search(head) is not None

    def _run(self, octets: bytes, events: list[Event], place: int, author: Author, floor: int) -> _Run:
        event = events[place]
        if event.mark is Mark.QUOTE:
            kind = RegionKind.FORWARDED if self._forwards(octets, event) else RegionKind.QUOTED
            # GroupWise puts its attribution between signs, and what it quotes below without one.
            end = len(octets) if self._second.is_between_signs(octets, event) else event.end
            return self._second.above(octets, event.start, floor), end, kind
        if event.mark is Mark.WROTE:
            # An attribution over two lines may have been seen twice.
            follows = next((e for e in events[place + 1 : place + 4] if e.start >= event.end), None)
            if follows and follows.mark is Mark.QUOTE and not octets[event.end : follows.start].strip():
                return max(event.start, floor), follows.start, RegionKind.QUOTED
            return event.start, len(octets), RegionKind.QUOTED
        if event.mark is Mark.RETURNED:
            return event.start, len(octets), RegionKind.RETURNED
        forwarded = event.mark is Mark.FORWARD or author.forwards
        return event.start, len(octets), RegionKind.FORWARDED if forwarded else RegionKind.QUOTED


def _is_folded(octets: bytes, before: _Run, start: int) -> bool:
    """Whether the one line between two quotes is the end of a quoted line that was too long."""
    rest = octets[before[1] : start]
    if len(rest) > _FOLD or rest.count(b"\n") != 1 or not rest.strip():
        return False
    last = octets.rfind(b"\n", before[0], before[1] - 1) + 1
    first = rest.lstrip()[:1]
    return before[1] - last >= _FOLDED and not (b"A" <= first <= b"Z" and b":" not in rest)


def _with_signatures(octets: bytes, taken: list[_Run], signs: list[Event], author: Author) -> list[_Run]:
    gaps = _gaps(taken, len(octets))
    said = [gap for gap in gaps if octets[gap[0] : gap[1]].strip()]
    outer = {said[0], said[-1]} if said else set()
    starts = [s.start for s in signs]
    runs = list(taken)
    for gap in said:
        inside = signs[bisect_left(starts, gap[0]) : bisect_left(starts, gap[1])]
        found = signature_of(octets, gap, inside, author.name, outer=gap in outer)
        if found is not None:
            runs.append((*found, RegionKind.SIGNATURE))
    runs.sort()
    return runs


def _gaps(taken: list[_Run], length: int) -> list[tuple[int, int]]:
    gaps, at = [], 0
    for start, end, _ in taken:
        if start > at:
            gaps.append((at, start))
        at = end
    if at < length:
        gaps.append((at, length))
    return gaps


def _spans(text: str, octets: bytes, runs: list[_Run]) -> tuple[Span, ...]:
    """Runs in octets as spans in characters, the gaps filled with the author's own text."""
    spans: list[Span] = []
    ascii_only = len(text) == len(octets)
    at = chars = 0

    def advance(to: int) -> int:
        return chars + (to - at if ascii_only else len(octets[at:to].decode("utf-8", "replace")))

    for start, end, kind in (*runs, (len(octets), len(octets), RegionKind.OWN)):
        if start > at:
            stop = advance(start)
            spans.append(Span(chars, stop, _OWN))
            at, chars = start, stop
        if end > at:
            stop = advance(end)
            spans.append(Span(chars, stop, Region(kind)))
            at, chars = end, stop
    return tuple(spans)


def own_words(text: Text) -> bool:
    """Whether its author wrote any word of it, a signature included."""
    said = text.region_text(*_SAID)
    at = 0
    while (word := _WORD.search(said, at)) is not None:
        # Only what opens next before the word may be a note around it.
        opened = max(said.rfind("[", at, word.start()), said.rfind("<", at, word.start()))
        note = _PICTURE.match(said, opened) if opened >= 0 else None
        if note is None or note.end() <= word.start():
            return True
        at = note.end()
    return False
