"""What a replay says of one message: before and after for each recipient, as rows that outlive the run."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, TypedDict

from smtp_gate.core.message import Envelope
from smtp_gate.core.record import FindingRow, UnscannableRow
from smtp_gate.core.verdict import Disposition, Ruling, Verdict


class Change(StrEnum):
    """What becomes of a copy under the candidate; for a whole message the first of these that befalls any copy.

    `held`, `refused` and `deferred` are new: the copy is accepted now. `changed` is another disposition than before, or the
    same by other rules. `untold` and `failed` are messages of which nobody can say: the content is nowhere, or judging it
    ended a worker.
    """

    REFUSED = "refused"
    HELD = "held"
    DEFERRED = "deferred"
    FREED = "freed"
    CHANGED = "changed"
    SAME = "same"
    UNTOLD = "untold"
    FAILED = "failed"


NEW: Final = frozenset({Change.REFUSED, Change.HELD, Change.DEFERRED})
"""Copies that go through now and would not."""
DIFFERENT: Final = NEW | {Change.FREED, Change.CHANGED}
"""All that the candidate changes."""
_ORDER: Final = tuple(Change)
_NEWLY: Final = {
    Disposition.REJECT: Change.REFUSED,
    Disposition.QUARANTINE: Change.HELD,
    Disposition.DEFER: Change.DEFERRED,
}


class How(StrEnum):
    """What a message was judged by: its content with recorded facts, with facts asked again, with none, or its record alone.

    Of facts that were asked again it says whether the very snapshot of the directory answered that had answered then.
    """

    NO_FACTS = "no facts"
    RECORDED_FACTS = "recorded facts"
    SAME_SNAPSHOT = "same snapshot"
    ASKED_AGAIN = "asked again"
    RECORD = "record"
    NOTHING = "nothing"


class CopyRow(TypedDict):
    """One recipient: its disposition before and after, and the rules behind each."""

    address: str
    before: str
    after: str
    change: str
    rules_before: list[str]
    rules_after: list[str]


class ReplayRow(TypedDict):
    """One message. `id` is the same in every run, `path` where it lies, `day` its day in the city's zone or empty.

    `asked` are the sources of facts that were asked again, `moved` says that one of them answers otherwise than it did.
    `as_recorded` is `yes` or `no` where the journal has a verdict of the very rules that run, and empty elsewhere.
    `joined` says by what content and record were brought together. Findings are masked; they and `unscannable` are
    filled in only where something changed, or everything was asked for.
    """

    id: str
    path: str
    source: str
    ref: str
    message_id: str
    day: str
    sender: str
    department: str
    how: str
    change: str
    before: str
    after: str
    recipients: list[CopyRow]
    findings_before: list[FindingRow]
    findings_after: list[FindingRow]
    unscannable: list[UnscannableRow]
    asked: list[str]
    moved: bool
    as_recorded: str
    joined: str
    why: str


def copies(envelope: Envelope, before: Verdict, after: Verdict) -> list[CopyRow]:
    """Every recipient in the envelope's order."""
    rulings = zip(envelope.recipients, before.rulings, after.rulings, strict=True)
    return [
        CopyRow(
            address=recipient.path.address,
            before=one.disposition.word,
            after=other.disposition.word,
            change=str(change_of(one, other)),
            rules_before=responsible(one),
            rules_after=responsible(other),
        )
        for recipient, one, other in rulings
    ]


def change_of(before: Ruling, after: Ruling) -> Change:
    """What becomes of one copy."""
    if before.disposition is after.disposition:
        return Change.SAME if set(responsible(before)) == set(responsible(after)) else Change.CHANGED
    if before.disposition is Disposition.ACCEPT:
        return _NEWLY[after.disposition]
    return Change.FREED if after.disposition is Disposition.ACCEPT else Change.CHANGED


def responsible(ruling: Ruling) -> list[str]:
    """The rules behind a disposition; nobody is responsible for a copy that goes on."""
    if ruling.disposition is Disposition.ACCEPT:
        return []
    return list(dict.fromkeys(w.rule for w in ruling.weights if w.disposition is ruling.disposition))


def foremost(changes: Sequence[Change]) -> Change:
    """What is told of a message whose copies fare differently."""
    return min(changes, key=_ORDER.index, default=Change.SAME)


def blank(ident: str, path: str, source: str) -> ReplayRow:
    """A row of a message of which nothing is known yet."""
    return ReplayRow(
        id=ident, path=path, source=source, ref="", message_id="", day="", sender="", department="",
        how=str(How.NOTHING), change=str(Change.FAILED), before="", after="", recipients=[], findings_before=[],
        findings_after=[], unscannable=[], asked=[], moved=False, as_recorded="", joined="", why="",
    )  # fmt: skip
