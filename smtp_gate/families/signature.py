"""The family `signature`: contractors say in the signature of their own text that they are no city employees.

It asks of the letter as its recipients see it: of alternatives the page, else the plain text, without what is hidden.
Quoted and forwarded text says nothing of who writes now, and neither do attachments. Of a message that is encrypted as a
whole nobody can tell, and nothing is found; rules of encrypted mail deal with it.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from smtp_gate.core.facts import Account, FactKey, Facts
from smtp_gate.core.finding import Finding
from smtp_gate.core.view import Extent, MessageView, Part, Region, RegionKind, Span, Text
from smtp_gate.families import senders
from smtp_gate.families.base import Params
from smtp_gate.reading.shown import letters, outer, own_words

TAIL_LINES: Final = 12
"""How many lines of the own text before its end, or before what is marked as a signature, are taken for one."""
ABOVE_LINES: Final = 6
"""The same before a delimiter, below which its author has put the signature."""
LINE: Final = 100
PARAGRAPH: Final = 4
"""A paragraph counts a line for each LINE characters, but no more than PARAGRAPH lines."""
_HEAD: Final = 512

_NOT_WORDS: Final = re.compile(r"[\W_]+")
_NON: Final = re.compile(r"\bnon (?=\w)")
_REVERSED: Final = re.compile(
    r" (?:not|never|no|nor|neither|cannot|former|formerly|ex|\w+n t)"
    r"(?: (?:a|an|the|longer|currently|presently|actually|really|yet|been|be|considered|as|any|in|fact))* \Z"
)
"""Words before a wording that turn it into its opposite."""
_DELIMITER: Final = re.compile(r"\s*(?:- )?--?[ \t]*(?:\n|\Z)")
_SAID: Final = frozenset({RegionKind.OWN, RegionKind.SIGNATURE})
_MEETING: Final = re.compile(
    r"\bmethod\s*=\s*[\"']?\s*(?:request|reply|cancel|counter|declinecounter|add|refresh)\b", re.IGNORECASE
)
_REPORTS: Final = frozenset({"message/disposition-notification", "message/delivery-status"})
_REPORT_PARTS: Final = _REPORTS | {"message/global-disposition-notification", "message/global-delivery-status"}


class SignatureParams(Params):
    """Parameters of the family `signature`."""

    statuses: Annotated[tuple[str, ...], Field(min_length=1)] = ("contractor", "vendor", "agent")
    """Directory statuses whose people must identify themselves."""
    statements: Annotated[tuple[str, ...], Field(min_length=1)] = (
        "not an employee of the city",
        "non-city employee",
        "not a city employee",
        "contractor for the city",
        "contractor to the city",
        "contract employee of the city",
    )
    """Wordings of which one must stand in the signature, word by word; one with a negation before it does not count."""
    line: str = ""
    """The line that a refusal shows in place of {what}, to be added to the signature; the first wording if left out."""
    tolerant: bool = True
    """Whether case, line breaks, dashes and other signs between the words make no difference."""
    empty_forwards: Literal["exempt", "require"] = "exempt"
    """Whether mail without a word of its author's, such as a bare forward, is let pass or must have the statement."""

    @model_validator(mode="after")
    def _line_is_enough(self) -> Self:
        if self.line and not states(self.line, self):
            raise ValueError("`line` must hold one of `statements`, or whoever adds it is refused again")
        return self

    @property
    def shown_line(self) -> str:
        """The line to add."""
        return self.line or self.statements[0]


class SignatureFamily:
    """Looks at the signature and the end of the own text."""

    name = "signature"
    schema = SignatureParams
    reads_content = False

    def detectors(self, params: SignatureParams) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's form
        """None."""
        return ()

    def needs(self, view: MessageView, params: SignatureParams) -> tuple[FactKey, ...]:  # noqa: ARG002 - the protocol's form
        """The account that sends."""
        return tuple(dict.fromkeys(senders.base_questions(view)))

    def check(self, view: MessageView, facts: Facts, params: SignatureParams) -> Iterable[Finding]:
        """One finding where a person of such a status sends own words without the statement."""
        base = senders.base(view, facts)
        account = base.account if base is not None else None
        if account is None or not _is_asked(account, params):
            return ()
        if view.protection.encrypted is Extent.WHOLE or _is_exempt(view):
            return ()
        texts = letters(view)
        if not any(map(own_words, texts)):
            if params.empty_forwards == "exempt":
                return ()
        elif any(states(block, params) for block in signatures(texts)):
            return ()
        shown = f"{account.status} without statement"
        return (Finding(Region(RegionKind.SIGNATURE), shown, detail="statement_missing", said=params.shown_line),)


def _is_asked(account: Account, params: SignatureParams) -> bool:
    statuses = {status.casefold() for status in params.statuses}
    return account.kind == "person" and account.current and account.status.casefold() in statuses


def _is_exempt(view: MessageView) -> bool:
    """Meeting requests and replies, receipts, reports and automatic replies carry no signature of a person."""
    said = [value.partition(";")[0].partition("(")[0].strip().lower() for value in view.all_headers("auto-submitted")]
    if said and all(word not in {"", "no"} for word in said):
        return True
    return _is_report(view) or any(_is_meeting(part, view) for part in view.parts)


def _is_report(view: MessageView) -> bool:
    """A receipt or a delivery report, with what programs read in it (RFC 6522); one that a letter carries is none."""
    root = next(iter(view.parts), None)
    if root is None or root.media_type in _REPORTS:
        return root is not None
    inside = {p.media_type for p in view.parts if outer(p.part) == root.part and p.part != root.part}
    return root.media_type == "multipart/report" and not _REPORT_PARTS.isdisjoint(inside)


def _is_meeting(part: Part, view: MessageView) -> bool:
    """A calendar that calls for, answers or cancels a meeting as the message itself (RFC 6047), not one sent along."""
    if part.media_type != "text/calendar" or part.disposition == "attachment":
        return False
    if b"BEGIN:VCALENDAR" not in part.content[:_HEAD].upper():
        return False
    declared = next((h.value for h in part.headers if h.key == "content-type"), "")
    if _MEETING.search(declared) is None:
        return False
    around = {p.part: p.media_type for p in view.parts}
    number, kinds = part.part, []
    while number != "0":
        number = outer(number)
        kinds.append(around.get(number, ""))
    if not all(kind.startswith("multipart/") for kind in kinds):
        return False
    # Beside a letter a named calendar is a file that its author sends along; as an alternative it is the letter.
    return not kinds or kinds[0] == "multipart/alternative" or not part.names


def states(block: str, params: SignatureParams) -> bool:
    """Whether one of the wordings stands in it, and is not turned into its opposite."""
    return any(_holds(block, wanted, params) for wanted in params.statements)


def _holds(block: str, wanted: str, params: SignatureParams) -> bool:
    if params.tolerant:
        text, pattern = folded(block), re.escape(folded(wanted))
    else:
        text, pattern = block, rf"(?<!\w){re.escape(wanted)}(?!\w)"
    # Two wordings may share the space between them, so that the search looks ahead.
    found = re.finditer(f"(?={pattern})", text) if pattern.strip("\\ ") else iter(())
    before = (text[max(place.start() - LINE, 0) : place.start()] for place in found)
    return any(_REVERSED.search(folded(words)) is None for words in before)


def folded(words: str) -> str:
    """Words in one case with a space between and around them, whatever signs stood there."""
    said = _NOT_WORDS.sub(" ", unicodedata.normalize("NFKC", words).casefold()).strip()
    return f" {_NON.sub('non', said)} "


def signatures(texts: Iterable[Text]) -> Iterator[str]:
    """What may be a signature of the own text: above the first quote, around the last, and wherever one is marked.

    What a mailing list adds stands below the last quote as well.
    """
    stretches = [(t, own) for t in texts for own in _stretches(t)]
    said = [n for n, (t, own) in enumerate(stretches) if any(t.text[s.start : s.end].strip() for s in _own(own))]
    ends = {*said[:1], *said[-2:]}
    for number, (text, own) in enumerate(stretches):
        signed = next((s.start for s in own if s.region.kind is RegionKind.SIGNATURE), None)
        if signed is not None or number in ends:
            yield _end_of(text.text, own[0].start, own[-1].end, signed)


def _stretches(text: Text) -> Iterator[list[Span]]:
    """Runs of spans that are all the author's."""
    for mine, spans in groupby(text.spans, key=lambda s: s.region.kind in _SAID):
        if mine:
            yield list(spans)


def _own(spans: Iterable[Span]) -> Iterator[Span]:
    return (s for s in spans if s.region.kind is RegionKind.OWN)


def _end_of(text: str, start: int, stop: int, signed: int | None) -> str:
    """The signature with the last lines above it, or the last lines where none is marked."""
    at = stop if signed is None else signed
    room = ABOVE_LINES if signed is not None and _DELIMITER.match(text, signed) else TAIL_LINES
    while at > start:
        line = text.rfind("\n", start, at - 1) + 1 or start
        words = _NOT_WORDS.sub(" ", text[line:at]).strip()
        room -= min(1 + len(words) // LINE, PARAGRAPH) if words else 0
        if room < 0:
            break
        at = line
    return text[at:stop]


family = SignatureFamily()
