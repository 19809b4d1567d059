"""The family `signature`: contractors say in the signature of their own text that they are no city employees.

It asks of the letter as its recipients see it: of alternatives each that may be shown in place of the plain text, else the
plain text, without what is hidden. Quoted and forwarded text says nothing of who writes now, and neither do attachments. Of
a message that is encrypted as a whole nobody can tell, and nothing is found; rules of encrypted mail deal with it.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from smtp_gate.core.facts import Account, FactKey, Facts
from smtp_gate.core.finding import Finding
from smtp_gate.core.view import Extent, MessageView, Region, RegionKind, Span, Text
from smtp_gate.families import senders
from smtp_gate.families.base import Meanings, Params
from smtp_gate.families.exempt import is_exempt
from smtp_gate.reading.shown import letters

TAIL_LINES: Final = 12
"""How many lines of the own text before its end, or before what is marked as a signature, are taken for one."""
ABOVE_LINES: Final = 6
"""The same before a delimiter, below which its author has put the signature."""
LINE: Final = 100
PARAGRAPH: Final = 4
"""A paragraph counts a line for each LINE characters, but no more than PARAGRAPH lines."""
MOST_LINES: Final = 200
"""How many lines are gone through in all; without a bound, empty ones would cost as much as their number."""
BESIDE: Final = 24
"""How many words may stand beside a wording in its sentence: whoever says what they are says it in few."""

_NOT_WORDS: Final = re.compile(r"[\W_]+")
_NON: Final = re.compile(r"\bnon (?=\w)")
_SAID: Final = frozenset({RegionKind.OWN, RegionKind.SIGNATURE})
_DELIMITER: Final = re.compile(r"\s*(?:- )?--?[ \t]*(?:\n|\Z)")
_REVERSED: Final = re.compile(
    r" (?:not|never|no|nor|neither|cannot|former|formerly|ex|\w+n t)"
    r"(?: (?:a|an|the|longer|currently|presently|actually|really|yet|been|be|considered|as|any|in|fact))* \Z"
)
"""Words before a wording that turn it into its opposite."""
_DENIED: Final = re.compile(
    r" (?:nobody|no one|wrong|wrongly|untrue|false|falsely|incorrect|incorrectly|lie|lies|lying|myth|nonsense|deny|denies|denied|"
    r"the claim|the claims|claim that|claims that|claiming|alleged|allegedly|allegation|pretend|pretends|pretending|supposed|"
    r"supposedly|mistaken|mistakenly|joke|joking|contrary|opposite|dispute|disputes|disputed|reject|rejects|rejected|"
    r"(?:call|calls|called|calling|label|labels|labelled|labeled) (?:me|us|him|her|them|myself)|(?:am|is|being) called|"
    r"(?:don t|do not|never|can t|cannot|must not|should not|shall not|not) (?:to )?(?:say|call|think|believe|claim|assume|mean|suggest|imply)) "
)
"""Words anywhere in its sentence that say it is not so."""
_OTHERS: Final = re.compile(r" (?:he|she|they|you|is|are|was|were|he s|she s) ")
_SELF: Final = re.compile(
    r" (?:i|i m|me|we|we re|this|sender|author|writer|undersigned|myself|user|account|mailbox|signatory|who) "
)
"""A sentence of somebody who is or was something speaks of its author only where it says so."""
_SENTENCE: Final = re.compile(r"[.!?](?=\s|\Z|[\"\u201d')])|\n[ \t]*\n|[|\u2022\u00b7]")
_LINE_END: Final = re.compile(r"\n")


EMPTY: Final = {"exempt": "it passes", "require": "it must have the statement too"}


class SignatureParams(Params):
    """Whether people who are no employees say so in the signature of their own text. Without a directory it knows nobody.

    Accounts of kind `person` only; meeting requests, receipts and reports are exempt.
    """

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
    """Wordings of which one must stand in the signature of the sender's own text, word by word; a negation before one turns
    it into nothing. In mail with a page (HTML) beside the plain text the page decides, since nearly everybody reads that;
    what it hides does not count."""
    line: str = ""
    """What {what} shows the sender to add; it must hold one of the `statements`; the first of them where it is left out."""
    tolerant: bool = True
    """Whether case, line breaks, dashes and other signs between the words make no difference."""
    empty_forwards: Annotated[Literal["exempt", "require"], Meanings(EMPTY)] = "exempt"
    """What becomes of mail without a word of its author's, such as a bare forward."""

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
        """The account that sends; of mail without a sender its authors, for a letter needs none to be read."""
        names = senders.questions if _is_of_nobody(view) else senders.base_questions
        return tuple(dict.fromkeys(names(view)))

    def check(self, view: MessageView, facts: Facts, params: SignatureParams) -> Iterable[Finding]:
        """One finding where a person of such a status sends own words without the statement."""
        account = next((a for a in _accounts(view, facts) if _is_asked(a, params)), None)
        if account is None or view.protection.encrypted is Extent.WHOLE or is_exempt(view):
            return ()
        told = [letter for letter in letters(view) if any(shown.says for shown in letter)]
        if not told and params.empty_forwards == "exempt":
            return ()
        if told and all(_is_signed([s.text for s in letter if s.text], account, params) for letter in told):
            return ()
        shown = f"{account.status} without statement"
        return (Finding(Region(RegionKind.SIGNATURE), shown, detail="statement_missing", said=params.shown_line),)


def _is_of_nobody(view: MessageView) -> bool:
    client = view.envelope.client
    return view.envelope.sender.is_null and (not client.account or client.proof is None)


def _accounts(view: MessageView, facts: Facts) -> Iterator[Account]:
    base = senders.base(view, facts)
    ours = view.envelope.listener.internal_domains
    authors = (who for who in senders.named(view, facts, "from") if who.domain in ours) if base is None else (base,)
    return (who.account for who in authors if who.account is not None)


def _is_asked(account: Account, params: SignatureParams) -> bool:
    statuses = {status.casefold() for status in params.statuses}
    return account.kind == "person" and account.current and account.status.casefold() in statuses


def _is_signed(texts: Iterable[Text], account: Account, params: SignatureParams) -> bool:
    return any(states(block, params, account.name) for block in signatures(texts))


def states(block: str, params: SignatureParams, name: str = "") -> bool:
    """Whether one of the wordings stands in it, and its sentence does not turn it into its opposite; `name` is who signs."""
    said = unicodedata.normalize("NFKC", block)
    return any(
        _holds_good(said, place, name)
        for wanted in params.statements
        for place in _wording(wanted, params).finditer(said)
    )


def _wording(wanted: str, params: SignatureParams) -> re.Pattern[str]:
    """The words in a row, whatever signs stand between them; or the wording by the letter."""
    if not params.tolerant:
        return re.compile(rf"(?<!\w){re.escape(wanted)}(?!\w)")
    words = _NON.sub("non", folded(wanted)).split()
    spelt = [rf"non[\W_]*{re.escape(w[3:])}" if w.startswith("non") else re.escape(w) for w in words]
    row = r"[\W_]+".join(spelt)
    return re.compile(rf"(?<![^\W_]){row}(?![^\W_])" if words else r"(?!)", re.IGNORECASE)


def _holds_good(said: str, place: re.Match[str], name: str) -> bool:
    start, stop = place.span()
    before, after, end = _sentence(said, start, stop)
    if _REVERSED.search(folded(said[max(start - LINE, 0) : start])) is not None:
        return False
    beside = folded(f"{before} {after}")
    if end == "?" or len(beside.split()) > BESIDE or _DENIED.search(beside) is not None:
        return False
    about = folded(before)
    names = set(folded(name).split())
    return _OTHERS.search(about) is None or _SELF.search(about) is not None or not names.isdisjoint(about.split())


def _sentence(said: str, start: int, stop: int) -> tuple[str, str, str]:
    """What stands before and behind a wording in its sentence, and the sign that ends it.

    The line above belongs to it where the wording's own line goes on in small letters, as folded prose does.
    """
    above = said[max(start - 4 * LINE, 0) : start]
    at = max((cut.end() for cut in _SENTENCE.finditer(above)), default=0)
    for line in reversed([cut.end() for cut in _LINE_END.finditer(above, at)]):
        first = next((char for char in said[start - len(above) + line : stop] if char.isalpha()), "")
        if not first.islower():
            at = line
            break
    below = said[stop : stop + 4 * LINE]
    cut = _SENTENCE.search(below)
    behind, broken, _ = (below[: cut.start()] if cut is not None else below).partition("\n")
    return above[at:], behind, cut[0] if cut is not None and not broken else ""


def folded(words: str) -> str:
    """Words in one case with a space between and around them, whatever signs stood there."""
    return f" {_NOT_WORDS.sub(' ', unicodedata.normalize('NFKC', words).casefold()).strip()} "


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
    for _ in range(MOST_LINES):
        if at <= start:
            break
        line = text.rfind("\n", start, at - 1) + 1 or start
        words = _NOT_WORDS.sub(" ", text[line:at]).strip()
        room -= min(1 + len(words) // LINE, PARAGRAPH) if words else 0
        if room < 0:
            break
        at = line
    return text[at:stop]


family = SignatureFamily()
