"""Where a signature begins in a stretch of somebody's own text: by a delimiter, a closing, the name, or what it is made of."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

TAIL: Final = 60
"""Lines at the end of a stretch that may be a signature."""
CLOSING_LINES: Final = 14
"""Lines that may follow a closing, unless they are a notice or ways to reach somebody."""
NAME_LINE: Final = 80
_BLOCK_LINES: Final = 12
_SHORT: Final = 64
_LONG_RULE: Final = 10
_FOOTER_LINES: Final = 5

_POSTSCRIPT: Final = re.compile(r"[ \t]*p\.? ?s\.?[ :.,-]", re.IGNORECASE)
_FILE: Final = re.compile(
    r"[ \t]*(?:- [^\t]{1,60}\.\w{2,4}|\(see attached file: [^\t]*|<<[^<>]*>>)[ \t]*", re.IGNORECASE
)
_RULE: Final = re.compile(r"[ \t]*[-_=*~#+]{3,}[ \t]*")
_REACH: Final = re.compile(
    r"\+?\(?\d[\d ().\-/]{5,}\d|[^\s@]@[^\s@]+\.\w|https?://|\bwww\.|\b(?:tel|phone|fax|mobile|cell|office|direct|ext|pager)\b[ .:#]*[\d(+]"
    r"|\b(?:x|ext)[-. ]?\d{3,6}\b|\b[A-Z]{2} +\d{5}(?:-\d{4})?\b|\b\d-\d{4}\b",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"[^\W\d_][\w.'\u2019-]*")
_NAME: Final = re.compile(r"[-~/ \t*]*[^\W\d_][\w'\u2019.-]*(?:[ ,]+(?:[^\W\d_][\w'\u2019.-]*|&)){0,3}[ \t.,_*]*")
_NO_NAMES: Final = frozenset(
    (  # noqa: SIM905 - one word a line would hide the code
        "yes no ok okay sure please the a an i we you he she it they this that these those all here there hello hi dear hey "
        "monday tuesday wednesday thursday friday saturday sunday january february march april june july august september "
        "october november december today tomorrow done agreed attached enclosed see fyi note notes agenda total subject re "
        "happy merry call good great congratulations welcome sorry help what when where who why how not and or but if do "
        "subscribe unsubscribe click more end begin start stop is are was will can my your our his her their its to from of in "
        "on at for with by as"
    ).split()
)


class Mark(IntEnum):
    """What a stretch of text announces. SIGNED comes from HTML elements and holds where it stands; STATED, FIELDS,
    NOTES and INITIALS become others on a second look.
    """

    QUOTE = 0
    WROTE = 1
    ORIGINAL = 2
    FORWARD = 3
    DASHES = 4
    MOBILE = 5
    CLOSING = 6
    NOTICE = 7
    SIGNED = 8
    STATED = 9
    FIELDS = 10
    NOTES = 11
    INITIALS = 12
    RETURNED = 13


SIGNS: Final = frozenset({Mark.DASHES, Mark.MOBILE, Mark.CLOSING, Mark.NOTICE, Mark.SIGNED})


@dataclass(frozen=True, slots=True)
class Event:
    """A mark with its place in the octets of a text."""

    start: int
    end: int
    mark: Mark


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    text: str

    @property
    def blank(self) -> bool:
        return not self.text or self.text.isspace()


def signature_of(
    octets: bytes, gap: tuple[int, int], signs: Sequence[Event], name: str, *, outer: bool
) -> tuple[int, int] | None:
    """Where the signature of one own stretch begins and ends; None where it has none.

    `signs` are the marks within the stretch, in order. `name` is the author's. Only an `outer` stretch, the first or the
    last of a text, is looked at for a signature that nothing announces. Looks at no more than TAIL lines from the end, but
    for delimiters.
    """
    lines = _tail(octets, gap)
    stop = _announced(lines, signs, gap[1])
    if stop is None:
        mobile = next((s.start for s in signs if s.mark is Mark.MOBILE), gap[1])
        notice = next((s.start for s in signs if s.mark is Mark.NOTICE and s.start >= lines[0].start), gap[1])
        stop = min(mobile, notice, _footer(lines, gap[1]))
    body = [line for line in lines if line.start < stop and not _FILE.fullmatch(line.text)]
    found = [_closed(body, [s for s in signs if s.mark is Mark.CLOSING and s.start < stop]), _by_name(body, name)]
    if outer:
        found.append(_by_looks(body))
    start = min((at for at in found if at is not None), default=stop)
    return (start, _end(lines, start, gap[1])) if start < gap[1] else None


def _announced(lines: list[_Line], signs: Sequence[Event], stop: int) -> int | None:
    """The first delimiter near enough to the end, or what an element marks."""
    first = lines[0].start
    return next(
        (s.start for s in signs if s.mark is Mark.SIGNED or (s.mark is Mark.DASHES and first <= s.start < stop)), None
    )


def _footer(lines: list[_Line], stop: int) -> int:
    """Where a long rule stands with no more than a few lines below it and a way to reach somebody: what lists add."""
    said = [line for line in lines if not line.blank]
    for place, line in reversed(list(enumerate(said))[-_FOOTER_LINES - 1 :]):
        if len(line.text) >= _LONG_RULE and _RULE.fullmatch(line.text):
            below = [line.text for line in said[place + 1 :]]
            return line.start if all(map(_belongs_below, below)) and any(map(_REACH.search, below)) else stop
    return stop


def _tail(octets: bytes, gap: tuple[int, int]) -> list[_Line]:
    """The last lines of the stretch, in order."""
    found: list[_Line] = []
    at = gap[1]
    if at > gap[0] and octets[at - 1] == 0x0A:
        at -= 1
    while len(found) < TAIL:
        start = octets.rfind(b"\n", gap[0], at) + 1 or gap[0]
        # What is cut here is longer than any line of a signature.
        found.append(_Line(start, octets[start : min(at, start + 4 * NAME_LINE)].decode("utf-8", "replace")))
        if start <= gap[0]:
            break
        at = start - 1
    found.reverse()
    return found


def _end(lines: list[_Line], start: int, stop: int) -> int:
    """A postscript below the signature is own text again, and so are the names of files that some programs add."""
    below = [line for line in lines if line.start > start]
    return next((line.start for line in below if _POSTSCRIPT.match(line.text) or _FILE.fullmatch(line.text)), stop)


def _closed(lines: list[_Line], closings: list[Event]) -> int | None:
    """The earliest of the closings behind which nothing stands but a signature."""
    found = None
    for closing in reversed(closings):
        rest = [line.text for line in lines if line.start >= closing.end and not line.blank]
        if closing.start < lines[0].start or not _signs(rest):
            break
        found = closing.start
    return found


def _signs(rest: list[str]) -> bool:
    """Whether lines behind a closing are a signature: nothing, or a name and what belongs to it."""
    if not rest:
        return True
    if len(rest[0]) > NAME_LINE or rest[0].rstrip().endswith(("?", ":")) or len(rest[0].split()) > 8:
        return False
    others = rest[1:]
    reach = sum(_REACH.search(line) is not None for line in others)
    if len(others) <= (CLOSING_LINES if reach else CLOSING_LINES // 2):
        return True
    return reach > 1 and sum(_belongs(line) for line in others) * 3 >= len(others) * 2


def _by_name(lines: list[_Line], name: str) -> int | None:
    """The last line that is the author's name, or the name they go by, and nothing else."""
    parts = {part.strip("\"'().").casefold() for part in name.replace(",", " ").split()} - {""}
    if sum(map(len, parts)) < 3:
        return None
    for line in reversed(lines):
        if line.blank or len(line.text) > NAME_LINE:
            continue
        said = [word.strip("-~*_.,/").casefold() for word in line.text.replace(",", " ").split()]
        said = [word for word in said if word]
        if said and set(said) <= parts and (len(said) > 1 or len(said[0]) > 2):
            return line.start
    return None


def _by_looks(lines: list[_Line]) -> int | None:
    """A last paragraph that is a name, or a name with ways to reach whoever it is; below other lines alone."""
    if len(lines) < 2:
        return None
    block: list[_Line] = []
    for line in reversed(lines):
        if line.blank:
            if block and _is_name(block[-1].text):
                break
            continue
        if len(block) >= _BLOCK_LINES or not _belongs(line.text):
            break
        block.append(line)
    block.reverse()
    while block and not (_is_name(block[0].text) or _RULE.fullmatch(block[0].text)):
        block.pop(0)
    if not block or block[0].start <= lines[0].start or not _stands_alone(lines, block[0]):
        return None
    reach = sum(_REACH.search(line.text) is not None for line in block)
    return block[0].start if reach or len(block) <= 2 else None


def _stands_alone(lines: list[_Line], first: _Line) -> bool:
    """Whether an empty line, or the end of a sentence, stands above, and nothing announces a list."""
    above = [line for line in lines if line.start < first.start]
    said = next((line.text.rstrip() for line in reversed(above) if not line.blank), "")
    return bool(said) and not said.endswith(":") and (above[-1].blank or said.endswith((".", "!", "?", ",")))


def _belongs(line: str) -> bool:
    """Whether a line could be a part of a signature: short, and no sentence; or a way to reach somebody."""
    text = line.strip()
    if _RULE.fullmatch(text):
        return True
    if len(text) > _SHORT:
        return len(text) <= 2 * _SHORT and _REACH.search(text) is not None
    if _REACH.search(text) is not None:
        return True
    words = _WORD.findall(text)
    if not words or text.endswith(("?", ":", ";")) or (text.endswith(".") and len(words) > 4):
        return False
    return sum(not word[0].islower() for word in words) * 2 >= len(words)


def _belongs_below(line: str) -> bool:
    """Whether a line could be what a list or a provider adds: short, or a way to reach somebody, and no sentence."""
    return _REACH.search(line) is not None or (len(line) <= _SHORT and not line.rstrip().endswith((".", ":", ",")))


def _is_name(line: str) -> bool:
    """One to four words like a name: letters, each beginning large, none of those that begin sentences."""
    text = line.strip()
    if len(text) > 40 or _NAME.fullmatch(text) is None:
        return False
    words = _WORD.findall(text)
    if any(word.strip(".,'").casefold() in _NO_NAMES for word in words):
        return False
    dashed = text[0] in "-~"
    return all(word[0].isupper() or dashed for word in words) and (len(words) > 1 or len(words[0]) > 1)
