"""Regions of a text: what its author wrote, quoted, forwarded and signed, in plain text and in marked HTML text.

A region is a claim that a sender can forge, so only rules that relax nothing of weight may lean on it. All patterns run
on RE2 over the whole text once, so the time is linear.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import re2

from smtp_gate.core.view import Region, RegionKind, Span
from smtp_gate.reading.phrases import CLOSING, DASHES, FORWARD, HEADER_BLOCK, MOBILE, ORIGINAL, QUOTE, WROTE

EVENTS: Final = 20_000
"""Marks looked at in one text; a text with more keeps the rest as the author's own, which is judged strictest."""

SIGNATURE_LINES: Final = 40
CLOSING_LINES: Final = 12
NAME_LINE: Final = 80
"""Longest signature in lines, longest stretch from a closing to what follows it, longest line with a name."""


class Mark(IntEnum):
    """What a stretch of text announces; MARKED kinds come from HTML elements and hold where they stand."""

    QUOTE = 0
    WROTE = 1
    ORIGINAL = 2
    FORWARD = 3
    DASHES = 4
    MOBILE = 5
    CLOSING = 6
    SIGNED = 7


@dataclass(frozen=True, slots=True)
class Event:
    """A mark with its place in the octets of a text."""

    start: int
    end: int
    mark: Mark


@dataclass(frozen=True, slots=True)
class Author:
    """What is known of who writes: the display name, and whether the subject says the message is a forward."""

    name: str = ""
    forwards: bool = False


_Run = tuple[int, int, RegionKind]
_OWN: Final = Region(RegionKind.OWN)
_SIGNS: Final = frozenset({Mark.DASHES, Mark.MOBILE, Mark.CLOSING, Mark.SIGNED})

_KINDS: Final = (
    (Mark.WROTE, WROTE),
    (Mark.ORIGINAL, ORIGINAL),
    (Mark.FORWARD, FORWARD),
    (Mark.DASHES, DASHES),
    (Mark.MOBILE, MOBILE),
    (Mark.CLOSING, CLOSING),
    (Mark.ORIGINAL, HEADER_BLOCK),
)


class Regions:
    """The compiled marks; immutable, and usable from several threads."""

    def __init__(self) -> None:
        options = re2.Options()
        options.log_errors = False
        options.case_sensitive = False
        every = (QUOTE, *(pattern for _, pattern in _KINDS))
        self._any = re2.compile("(?m)" + "|".join(f"(?:{pattern})" for pattern in every), options)
        self._each = tuple((mark, re2.compile("(?m)" + pattern, options)) for mark, pattern in _KINDS)
        self._forward = re2.compile("(?m)" + FORWARD, options)

    def spans(self, text: str, octets: bytes, author: Author, marked: Sequence[Event] = ()) -> tuple[Span, ...]:
        """Spans over the whole of `text`, whose UTF-8 is `octets`; `marked` are places known from HTML elements."""
        if not text:
            return ()
        events = self._events(octets, marked)
        if not events and not author.name:
            return (Span(0, len(text), _OWN),)
        taken, signs = self._taken(octets, events, author)
        runs = self._with_signatures(octets, taken, signs, author)
        return _spans(text, octets, runs)

    def _events(self, octets: bytes, marked: Sequence[Event]) -> list[Event]:
        events = list(marked)
        for found in self._any.finditer(octets):
            start, end = found.span()
            first = octets[start : start + 8].lstrip()[:1]
            mark = Mark.QUOTE if first == b">" else self._which(octets[start:end])
            events.append(Event(start, end, mark))
            if len(events) > EVENTS:
                break
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
            if event.mark in _SIGNS:
                signs.append(event)
                continue
            run = self._run(octets, events, place, author)
            taken.append(run)
            at = run[1]
        return taken, signs

    def _run(self, octets: bytes, events: list[Event], place: int, author: Author) -> _Run:
        event = events[place]
        if event.mark is Mark.QUOTE:
            head = octets[event.start : min(event.end, event.start + 400)]
            kind = RegionKind.FORWARDED if b"orwarded" in head and self._forward.search(head) else RegionKind.QUOTED
            return event.start, event.end, kind
        if event.mark is Mark.WROTE:
            follows = events[place + 1] if place + 1 < len(events) else None
            if follows and follows.mark is Mark.QUOTE and not octets[event.end : follows.start].strip():
                return event.start, follows.start, RegionKind.QUOTED
            return event.start, len(octets), RegionKind.QUOTED
        forwarded = event.mark is Mark.FORWARD or author.forwards
        return event.start, len(octets), RegionKind.FORWARDED if forwarded else RegionKind.QUOTED

    def _with_signatures(self, octets: bytes, taken: list[_Run], signs: list[Event], author: Author) -> list[_Run]:
        gaps = _gaps(taken, len(octets))
        last = next((gap for gap in reversed(gaps) if octets[gap[0] : gap[1]].strip()), None)
        starts = [s.start for s in signs]
        runs = list(taken)
        for gap in gaps:
            inside = signs[bisect_left(starts, gap[0]) : bisect_left(starts, gap[1])]
            start = _signature(octets, gap, inside, author, final=gap == last)
            if start is not None:
                runs.append((start, gap[1], RegionKind.SIGNATURE))
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


def _signature(octets: bytes, gap: tuple[int, int], signs: list[Event], author: Author, *, final: bool) -> int | None:
    """Where the signature of one own stretch begins; only the last stretch is searched for one without a delimiter."""
    sure = next((s.start for s in signs if s.mark in {Mark.DASHES, Mark.SIGNED}), None)
    mobile = next((s.start for s in signs if s.mark is Mark.MOBILE), None)
    if sure is not None:
        return sure
    if not final:
        return mobile
    closings = [s for s in signs if s.mark is Mark.CLOSING and (mobile is None or s.start < mobile)]
    room = CLOSING_LINES if mobile is not None else SIGNATURE_LINES
    stop = mobile if mobile is not None else gap[1]
    for closing in reversed(closings):
        rest = octets[closing.end : stop]
        name = rest.lstrip().partition(b"\n")[0]
        if rest.count(b"\n") > room:
            break
        if (name or mobile is not None) and len(name) <= NAME_LINE:
            return closing.start
    by_name = _author_line(octets, gap, author.name)
    found = [s for s in (by_name, mobile) if s is not None]
    return min(found, default=None)


def _author_line(octets: bytes, gap: tuple[int, int], name: str) -> int | None:
    """The last line that is the author's name and nothing else, near the end of the stretch."""
    wanted = " ".join(name.replace(",", " ").split()).casefold()
    if len(wanted) < 3:
        return None
    at = gap[1]
    for _ in range(SIGNATURE_LINES):
        start = octets.rfind(b"\n", gap[0], at) + 1 or gap[0]
        line = octets[start:at]
        if len(line) <= NAME_LINE:
            said = " ".join(line.decode("utf-8", "replace").replace(",", " ").split()).casefold()
            if said and (said == wanted or sorted(said.split()) == sorted(wanted.split())):
                return start
        if start <= gap[0]:
            return None
        at = start - 1
    return None


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
