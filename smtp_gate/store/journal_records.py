"""What the journal says of a message: the typed records, built from the gate's values; masked evidence only."""

from typing import Final, NotRequired, TypedDict

from smtp_gate.core.message import Message
from smtp_gate.core.ports import Outcome
from smtp_gate.core.record import (
    ExemptRow,
    FactRow,
    FailureRow,
    FindingRow,
    RecipientRow,
    UnscannableRow,
    exempt_rows,
    fact_rows,
    failure_rows,
    finding_rows,
    journal_id,
    recipient_rows,
    unscannable_rows,
)
from smtp_gate.core.reply import Reply
from smtp_gate.core.verdict import Judgement


class DecidedRecord(TypedDict):
    """One verdict: who, what, why, under which rules and facts. `sha256` and `size` are of the content judged."""

    kind: str
    ref: str
    received: str
    message_id: str
    sha256: str
    size: int
    listener: str
    direction: str
    upstream: str
    client: str
    account: str
    proof: str
    sender: str
    verdict: str
    joint: str
    recipients: list[RecipientRow]
    findings: list[FindingRow]
    unscannable: list[UnscannableRow]
    failures: list[FailureRow]
    exempt: list[ExemptRow]
    defects: list[str]
    facts: list[FactRow]
    ruleset: str


class AnsweredRecord(TypedDict):
    """What was answered. `late`: the client had gone or was past the deadline, and never read it.

    The last three stand only in the answer to a message without a written verdict: else nothing would say which it was.
    """

    kind: str
    ref: str
    outcome: str
    reply: str
    late: bool
    sha256: NotRequired[str]
    sender: NotRequired[str]
    recipients: NotRequired[list[str]]


class EventRecord(TypedDict, total=False):
    """Something a person or the gate did to a message later: `what` is release, discard, start, reload, ..."""

    what: str
    ref: str
    who: str
    detail: str


WAIVER_EVENTS: Final = frozenset({"waiver_added", "waiver_revoked"})
"""What commands do to waivers, as an EventRecord says it; `detail` is the waiver's id and what it says."""


class OpenedRecord(TypedDict):
    """The first record of a segment: its own name, and the segment and hash it follows (empty for the first)."""

    kind: str
    segment: str
    after: str
    after_hash: str


def decided(message: Message, judgement: Judgement, sha256: str) -> DecidedRecord:
    """The record of one verdict."""
    envelope, verdict = message.envelope, judgement.verdict
    client, listener = envelope.client, envelope.listener
    return DecidedRecord(
        kind="decided",
        ref=message.ref,
        received=message.received.isoformat(),
        message_id=journal_id(judgement.message_id),
        sha256=sha256,
        size=len(message.content),
        listener=listener.name,
        direction=str(listener.direction),
        upstream=str(listener.upstream),
        client=client.address,
        account=client.account,
        proof="" if client.proof is None else str(client.proof),
        sender=envelope.sender.address,
        verdict=verdict.strictest.word,
        joint=verdict.joint.word,
        recipients=recipient_rows(verdict, envelope),
        findings=finding_rows(verdict),
        unscannable=unscannable_rows(judgement.unscannable),
        failures=failure_rows(verdict),
        exempt=exempt_rows(verdict, envelope),
        defects=list(judgement.defects),
        facts=fact_rows(judgement),
        ruleset=judgement.ruleset,
    )


def answered(message: Message, outcome: Outcome, reply: Reply, *, late: bool) -> AnsweredRecord:
    """The record of one answer."""
    return AnsweredRecord(kind="answered", ref=message.ref, outcome=str(outcome), reply=str(reply), late=late)


def with_identity(record: AnsweredRecord, message: Message, sha256: str) -> AnsweredRecord:
    """An answer that says itself which message it was given to, for one whose verdict was never written."""
    envelope = message.envelope
    return AnsweredRecord(
        **record,
        sha256=sha256,
        sender=envelope.sender.address,
        recipients=[r.path.address for r in envelope.recipients],
    )
