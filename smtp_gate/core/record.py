"""A judgement as rows: the same keys in `explain --json`, the journal and held items (DESIGN.md, the command line)."""

import re
from typing import Final, TypedDict

from smtp_gate.core.facts import Account, Listed
from smtp_gate.core.finding import Failure
from smtp_gate.core.message import Envelope
from smtp_gate.core.verdict import Judgement, Verdict, Weight
from smtp_gate.core.view import Unscannable

_SSN_SHAPE: Final = re.compile(r"(?<![0-9])[0-9]{3}([ ._-])[0-9]{2}\1[0-9]{4}(?![0-9])")

_SHORT: Final = len("sha256:") + 16
"""How much of a feed's name a row shows: a message may ask of a thousand domains."""


class FindingRow(TypedDict):
    """One finding; `evidence` is masked."""

    rule: str
    family: str
    detector: str
    level: str
    mode: str
    action: str
    region: str
    part: str
    evidence: str
    count: int


class UnscannableRow(TypedDict):
    """One piece of content nobody could look into."""

    part: str
    reason: str


class FailureRow(TypedDict):
    """One rule that could not look, in the mode it had for this message."""

    rule: str
    cause: str
    mode: str


class WeightRow(TypedDict):
    """One rule's pull on one recipient; `lifted_from` is what it asked for before the listener changed it, or empty."""

    rule: str
    disposition: str
    cause: str
    lifted_from: str


class RecipientRow(TypedDict):
    """One recipient with its disposition and why; `would` is what it would be if every rule in shadow were enforced.

    `shadow` are the weights that these rules would have.
    """

    address: str
    disposition: str
    weights: list[WeightRow]
    would: str
    shadow: list[WeightRow]


class ExemptRow(TypedDict):
    """Recipients that a rule spared, and by what.

    Of a waiver `spared` is how many findings would have acted without it: 0 is no use of it. Others have no ticket.
    """

    rule: str
    by: str
    recipients: list[str]
    spared: int
    ticket: str
    approver: str


class AccountRow(TypedDict):
    """What rules may have used of an account: neither names nor private addresses. Days are ISO 8601, empty if open."""

    kind: str
    status: str
    person: str
    department: str
    groups: list[str]
    current: bool
    standing: str
    valid_from: str
    valid_to: str
    successor: str


class FactRow(TypedDict):
    """One question and the answer used: `known`, `unknown` or `failed` (with its cause); `account` where there is one.

    Of a list that holds the domain, `entry` is what covers it and `content` the first digits of the list's own name.
    """

    source: str
    subject: str
    answer: str
    cause: str
    account: AccountRow | None
    entry: str
    content: str


def finding_rows(verdict: Verdict) -> list[FindingRow]:
    """Every finding of every rule, shadow ones included, in the ruleset's order."""
    return [
        FindingRow(
            rule=result.rule,
            family=result.family,
            detector=finding.detector or finding.detail,
            level=finding.level,
            mode=str(result.terms.mode),
            action=result.terms.action.word,
            region=str(finding.region),
            part=finding.part,
            evidence=finding.evidence,
            count=finding.count,
        )
        for result in verdict.results
        for finding in result.findings
    ]


def unscannable_rows(unscannable: tuple[Unscannable, ...]) -> list[UnscannableRow]:
    """Every unscannable part with its reason."""
    return [UnscannableRow(part=u.part, reason=str(u.reason)) for u in unscannable]


def failure_rows(verdict: Verdict) -> list[FailureRow]:
    """Every rule that failed."""
    return [
        FailureRow(rule=r.rule, cause=r.failure.cause, mode=str(r.terms.mode))
        for r in verdict.results
        if r.failure is not None
    ]


def recipient_rows(verdict: Verdict, envelope: Envelope) -> list[RecipientRow]:
    """Every recipient in the envelope's order."""
    return [
        RecipientRow(
            address=recipient.path.address,
            disposition=ruling.disposition.word,
            weights=_weights(ruling.weights),
            would=ruling.would.word,
            shadow=_weights(ruling.shadow),
        )
        for recipient, ruling in zip(envelope.recipients, verdict.rulings, strict=True)
    ]


def _weights(weights: tuple[Weight, ...]) -> list[WeightRow]:
    return [
        WeightRow(
            rule=w.rule,
            disposition=w.disposition.word,
            cause=str(w.cause),
            lifted_from="" if w.lifted_from is None else w.lifted_from.word,
        )
        for w in weights
    ]


def exempt_rows(verdict: Verdict, envelope: Envelope) -> list[ExemptRow]:
    """Every exemption that was used."""
    return [
        ExemptRow(
            rule=result.rule,
            by=exempt.by,
            recipients=[envelope.recipients[i].path.address for i in sorted(exempt.recipients)],
            spared=exempt.spared,
            ticket=exempt.ticket,
            approver=exempt.approver,
        )
        for result in verdict.results
        for exempt in result.exempt
    ]


def fact_rows(judgement: Judgement) -> list[FactRow]:
    """Every fact that was used, in a stable order."""
    rows = []
    for key, value in sorted(judgement.facts.answers.items(), key=lambda item: item[0]):
        account, cause, entry, content = None, "", "", ""
        if isinstance(value, Failure):
            answer, cause = "failed", value.cause
        elif isinstance(value, Account):
            answer, account = "known", account_row(value)
        elif isinstance(value, Listed):
            answer, entry, content = "known", value.entry, value.feed[:_SHORT]
        else:
            # Of a group it is enough that it answered: who is in it belongs to the directory's snapshot.
            answer = "unknown" if value is None else "known"
        row = FactRow(
            source=key.source,
            subject=key.subject,
            answer=answer,
            cause=cause,
            account=account,
            entry=entry,
            content=content,
        )
        rows.append(row)
    return rows


def account_row(account: Account) -> AccountRow:
    """What a record says of an account."""
    return AccountRow(
        kind=account.kind,
        status=account.status,
        person=account.person,
        department=account.department,
        groups=sorted(account.groups),
        current=account.current,
        standing=str(account.standing),
        valid_from="" if account.valid_from is None else account.valid_from.isoformat(),
        valid_to="" if account.valid_to is None else account.valid_to.isoformat(),
        successor=account.successor,
    )


def journal_id(message_id: str) -> str:
    """A Message-ID as the journal shows it: at most 998 characters, and nothing in it that looks like an SSN.

    It is the sender's text and yet what people search by, so only that unmistakable shape is masked.
    """
    return _SSN_SHAPE.sub("***-**-****", message_id[:998])
