"""A second look at lines that may announce what somebody else wrote: whether they do, and where they begin."""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

import re2

from smtp_gate.core.view import Region, RegionKind, Span, Text
from smtp_gate.reading import phrases
from smtp_gate.reading.signatures import Event, Mark

ABOVE: Final = 2
"""Lines above the verb that may belong to an attribution, which mail programs fold."""
_FIELDS: Final = 9
_HEAD: Final = 6
_LONG: Final = 300
_NEAR: Final = 80
_SENT: Final = 2
"""The group of the pattern of fields that only mail programs write."""
_SIGNS: Final = 100
_WORDS: Final = 8
_BARE: Final = re.compile(
    r"^[ \t]*(?:(?P<who>[^\W\d_][\w.'\u2019-]{0,30}(?: [^\W\d_][\w.'\u2019-]{0,30}){0,4}) (?:wrote|writes|said|schrieb) ?:[ \t]*"
    rf"|[-_=*]{{5,80}}[ \t]*\n\n?[ \t]*(?:{phrases.FROM})[ \t]*:[^\n]*)$",
    re.IGNORECASE | re.MULTILINE,
)
_BARRED: Final = re.compile(r"^(?:[ \t]{0,4}\|[ \t](?![^\n]*\|[ \t]*$)[^\n]*(?:\n|\Z))+", re.MULTILINE)
"""Lines with a bar in front; one behind them makes a table of them."""
_ENDS: Final = (b":", "\uff1a".encode(), b"--", b"> wrote", b"> schrieb", "> a \u00e9crit".encode())


def compiled(pattern: str) -> "re2._Regexp[bytes]":
    """A pattern over octets, large and small letters alike, lines apart."""
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = False
    return re2.compile(f"(?m){pattern}".encode(), options)


class SecondLook:
    """The compiled parts of announcements; immutable. Every look is at a few lines."""

    def __init__(self) -> None:
        self._dated_start = compiled(phrases.STARTS_DATED)
        self._date = compiled(phrases.HAS_DATE)
        self._address = compiled(phrases.HAS_ADDRESS)
        self._beside = compiled(phrases.ADDRESS_WROTE)
        self._one_line = compiled(phrases.IN_ONE_LINE)
        self._closing = compiled(phrases.ONLY_CLOSING)
        names = (phrases.FROM, phrases.SENT, phrases.DATE, phrases.TO, phrases.SUBJECT)
        self._field = compiled(phrases.label("|".join(f"({name})" for name in names)))
        self._looks: dict[Mark, Callable[[bytes, Event, Sequence[int]], Event | None]] = {
            Mark.WROTE: self._wrote,
            Mark.STATED: self._stated,
            Mark.FIELDS: self._header,
            Mark.NOTES: self._notes,
            Mark.INITIALS: _initials,
            Mark.CLOSING: self._closes,
            Mark.MOBILE: _signs_off,
        }

    def at(self, octets: bytes, event: Event, quotes: Sequence[int]) -> Event | None:
        """The event as what it turns out to be, None where it announces nothing. `quotes` are where marked ones begin."""
        look = self._looks.get(event.mark)
        return event if look is None else look(octets, event, quotes)

    def above(self, octets: bytes, start: int, floor: int) -> int:
        """Where the attribution above a quote begins, in whatever language it is; `start` itself where there is none."""
        at = start
        if at - 1 > floor and octets[floor:at].endswith(b"\n\n"):
            at -= 1
        lines = _lines_above(octets, at, floor, ABOVE + 1)
        if not lines or not octets[lines[0] : at].rstrip().endswith((*_ENDS, b">")):
            return start
        for line in lines:
            said = octets[line:at]
            if len(said) <= _LONG and (self._address.search(said) or self._date.search(said)):
                return self._unfolded(octets, line, floor)
        return start

    def is_between_signs(self, octets: bytes, event: Event) -> bool:
        """Whether the quote is one line like `>>> Name <address> 12/04/00 01:30PM >>>`."""
        line = octets[event.start : min(event.end, event.start + _LONG)].strip()
        apart = line.startswith(b">>> ") and line.endswith(b">>>") and b"\n" not in line
        return apart and self._date.search(line) is not None

    def _wrote(self, octets: bytes, event: Event, quotes: Sequence[int]) -> Event | None:
        """A line with a verb: it, or the one behind it, must end as attributions do."""
        end = event.end
        if not octets[event.start : end].rstrip().endswith(_ENDS):
            end = octets.find(b"\n", event.end + 1, event.end + _NEAR * 2)
            end = len(octets) if end < 0 and len(octets) - event.end < _NEAR * 2 else end
            behind = octets[event.end + 1 : end]
            if not behind.rstrip().endswith(_ENDS) or (behind.lstrip()[:1] == b">" and behind.strip() != b">:"):
                return None
        if end - event.start > 2 * _LONG:
            return None
        for start in (event.start, *_lines_above(octets, event.start, 0, ABOVE)):
            said = octets[start:end]
            dated = self._dated_start.match(said) is not None and self._date.search(said) is not None
            if dated or self._beside.search(said) is not None:
                return Event(self._unfolded(octets, start, 0), end, Mark.WROTE)
        # Nothing but what follows says that it is no sentence of the author's.
        return Event(event.start, end, Mark.WROTE) if _is_followed(octets, end, quotes) else None

    def _unfolded(self, octets: bytes, start: int, floor: int) -> int:
        """The line above, where the attribution really begins there."""
        for line in _lines_above(octets, start, floor, ABOVE):
            said = octets[line:start]
            if self._dated_start.match(said) is not None and self._date.search(said) is not None:
                return line
        return start

    def _stated(self, octets: bytes, event: Event, quotes: Sequence[int]) -> Event | None:  # noqa: ARG002 - the form of a look
        """A line that ends in an address, with a date in it or above it."""
        for start in (event.start, *_lines_above(octets, event.start, 0, ABOVE)):
            said = octets[start : event.end]
            if (
                len(said) <= 2 * _LONG
                and self._date.search(said) is not None
                and self._dated_start.match(said) is not None
            ):
                return Event(start, event.end, Mark.WROTE)
        return None

    def _header(self, octets: bytes, event: Event, quotes: Sequence[int]) -> Event | None:  # noqa: ARG002 - the form of a look
        """A block of fields: three of them, or two that only a mail program writes."""
        lines = octets[event.start : event.start + 4 * _LONG].split(b"\n")[: 2 * _FIELDS]
        lines = [line for line in lines if line.strip()][:_FIELDS]
        if self._one_line.match(lines[0]) is None:
            kinds = {found.lastindex for found in map(self._field.match, lines) if found is not None}
            if len(kinds) < 2 or (len(kinds) < 3 and b"@" not in lines[0] and _SENT not in kinds):
                return None
        return Event(_below_rule(octets, event.start), event.end, Mark.ORIGINAL)

    def _notes(self, octets: bytes, event: Event, quotes: Sequence[int]) -> Event | None:  # noqa: ARG002 - the form of a look
        """Fields below a name and a date; where there is no date, somebody wrote a memo."""
        below = octets[event.start : event.start + 8 * _LONG].split(b"\n")[: 4 * _FIELDS]
        place = next((at for at, line in enumerate(below) if line.lstrip()[:3].lower() in {b"cc:", b"cc "}), -1)
        if place < 0 or not any(line.lstrip()[:8].lower() == b"subject:" for line in below[place:]):
            return None
        for line in _lines_above(octets, event.start, 0, _HEAD, blank=3):
            stop = octets.find(b"\n", line)
            if self._date.search(octets[line:stop]) is not None:
                start = line if stop - line >= _NEAR // 2 else _named_above(octets, line)
                return Event(start, event.end, Mark.ORIGINAL)
        return None

    def _closes(self, octets: bytes, event: Event, quotes: Sequence[int]) -> Event | None:  # noqa: ARG002 - the form of a look
        said = octets[event.start : event.end]
        return event if len(said) <= _SIGNS and self._closing.match(said) is not None else None


def _initials(octets: bytes, event: Event, quotes: Sequence[int]) -> Event | None:  # noqa: ARG001 - the form of a look
    """Two lines or more, all with the same initials."""
    lines = octets[event.start : event.end].rstrip(b"\n").split(b"\n")
    same = len({line.lstrip().partition(b">")[0] for line in lines}) == 1 and lines[0].lstrip()[:1].isupper()
    return Event(event.start, event.end, Mark.QUOTE) if same and len(lines) > 1 else None


def _signs_off(octets: bytes, event: Event, quotes: Sequence[int]) -> Event | None:  # noqa: ARG001 - the form of a look
    """The whole line must be short, or it is a sentence."""
    line = octets[event.start : event.start + 2 * _SIGNS].partition(b"\n")[0].rstrip()
    sentence = line.endswith(b".") and len(line.split()) > _WORDS
    return event if len(line) < 2 * _SIGNS and not sentence else None


def _below_rule(octets: bytes, start: int) -> int:
    """Where a line of underscores or dashes begins that stands above, else `start`."""
    before = octets[max(0, start - _LONG) : start].rstrip(b" \t\n")
    line = before.rpartition(b"\n")[2]
    bare = line.strip(b" \t")
    return (
        start - len(octets[max(0, start - _LONG) : start]) + len(before) - len(line)
        if len(bare) > 4 and not bare.strip(b"_-")
        else start
    )


def _named_above(octets: bytes, dated: int) -> int:
    """Where the name above a date begins, with what stands above it up to an empty line.

    A page keeps no empty lines: there no more than the line above is a name, and none where the date has one beside it.
    """
    names = _lines_above(octets, dated, 0, 3)
    if not names:
        return dated
    top = names[-1]
    above = octets[max(0, top - _LONG) : top].split(b"\n")
    if len(above) > 1 and not above[-2].strip():
        return top
    beside = octets[dated : octets.find(b"\n", dated)].lstrip()[:1].isalpha()
    return dated if beside else names[0]


def _is_followed(octets: bytes, end: int, quotes: Sequence[int]) -> bool:
    """Whether a quote comes next."""
    if octets[end : end + _NEAR].lstrip()[:1] == b">":
        return True
    place = bisect_left(quotes, end - 1)
    return place < len(quotes) and not octets[end : quotes[place]][:_NEAR].strip() and quotes[place] - end < _NEAR


def _lines_above(octets: bytes, at: int, floor: int, count: int, *, blank: int = 0) -> list[int]:
    """Where the lines above begin, the nearest first, up to `count` of them and up to an empty or a very long one."""
    found: list[int] = []
    while len(found) < count and at > floor:
        start = octets.rfind(b"\n", max(floor, at - 1 - _LONG), at - 1) + 1
        if start == 0 and floor == 0 and at - 1 <= _LONG:
            start = 0
        elif start == 0:
            start = floor if at - 1 - floor <= _LONG else -1
        if start < 0:
            break
        if not octets[start:at].strip():
            blank -= 1
            if blank < 0:
                break
        else:
            if octets[start:at].lstrip()[:1] == b">":
                break
            found.append(start)
        at = start
    return found


def doubtful(text: str, name: str) -> list[tuple[int, int]]:
    """Stretches of a text that may be somebody else's, in order, by less than `Regions` takes for a quote.

    It is lines with a bar in front, and all below a bare `Name wrote:` or a field of a sender below a rule, unless the
    author's `name` stands below it as a line of its own.
    """
    names = {word.strip("\"'().").casefold() for word in name.replace(",", " ").split()} - {""}
    rest = len(text)
    for found in _BARE.finditer(text):
        who = (found["who"] or "").split()
        if any(not word[0].isupper() for word in who) or (who and names & {word.casefold() for word in who}):
            continue
        if not _is_signed(text[found.end() :], names):
            rest = found.start()
        break
    barred = [found.span() for found in _BARRED.finditer(text, 0, rest)]
    return [*barred, (rest, len(text))] if rest < len(text) else barred


def _is_signed(below: str, names: set[str]) -> bool:
    """Whether a line is the name and nothing else; one with a comma behind it greets."""
    for line in below.split("\n"):
        said = line.strip(" \t-~*_.")
        words = {word.casefold() for word in said.split()} if len(said) < _NEAR else set()
        if words and words <= names and len(said) > 2:
            return True
    return False


def surely_own(text: Text | None, name: str) -> Text | None:
    """The text with those stretches quoted that may be somebody else's by less than a mail program would write."""
    if text is None:
        return None
    spans: list[Span] = []
    at = 0
    for start, end in (*doubtful(text.text, name), (len(text.text), len(text.text))):
        spans += _between(text.spans, at, start)
        if end > start:
            spans.append(Span(start, end, Region(RegionKind.QUOTED)))
        at = end
    return replace(text, spans=tuple(spans))


def _between(spans: Iterable[Span], start: int, end: int) -> Iterator[Span]:
    return (Span(max(s.start, start), min(s.end, end), s.region) for s in spans if s.start < end and s.end > start)
