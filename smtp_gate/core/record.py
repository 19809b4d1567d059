"""A judgement as rows: the same keys in `explain --json`, the journal and held items (DESIGN.md, the command line)."""

from typing import TypedDict

from smtp_gate.core.facts import Account
from smtp_gate.core.finding import Failure
from smtp_gate.core.message import Envelope
from smtp_gate.core.verdict import Judgement, Ruling, Verdict
from smtp_gate.core.view import Unscannable


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
    """One rule that could not look."""

    rule: str
    cause: str


class WeightRow(TypedDict):
    """One rule's pull on one recipient."""

    rule: str
    disposition: str
    cause: str


class RecipientRow(TypedDict):
    """One recipient with its disposition and why."""

    address: str
    disposition: str
    weights: list[WeightRow]


class ExemptRow(TypedDict):
    """Recipients that a rule spared, and by what."""

    rule: str
    by: str
    recipients: list[str]


class FactRow(TypedDict):
    """One question and the answer that was used."""

    source: str
    subject: str
    answer: str


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
    return [FailureRow(rule=r.rule, cause=r.failure.cause) for r in verdict.results if r.failure is not None]


def recipient_rows(verdict: Verdict, envelope: Envelope) -> list[RecipientRow]:
    """Every recipient in the envelope's order."""
    return [
        RecipientRow(address=recipient.path.address, disposition=ruling.disposition.word, weights=_weights(ruling))
        for recipient, ruling in zip(envelope.recipients, verdict.rulings, strict=True)
    ]


def _weights(ruling: Ruling) -> list[WeightRow]:
    return [WeightRow(rule=w.rule, disposition=w.disposition.word, cause=str(w.cause)) for w in ruling.weights]


def exempt_rows(verdict: Verdict, envelope: Envelope) -> list[ExemptRow]:
    """Every exemption that was used."""
    return [
        ExemptRow(
            rule=result.rule,
            by=exempt.by,
            recipients=[envelope.recipients[i].path.address for i in sorted(exempt.recipients)],
        )
        for result in verdict.results
        for exempt in result.exempt
    ]


def fact_rows(judgement: Judgement) -> list[FactRow]:
    """Every fact that was used, with a short word for its answer (never personal addresses)."""
    rows = []
    for key, value in sorted(judgement.facts.answers.items(), key=lambda item: item[0]):
        if isinstance(value, Failure):
            said = f"failure:{value.cause}"
        elif isinstance(value, Account):
            said = f"{value.kind}:{value.status}:{'current' if value.current else 'ended'}"
        else:
            said = "unknown"
        rows.append(FactRow(source=key.source, subject=key.subject, answer=said))
    return rows
