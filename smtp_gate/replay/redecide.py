"""A verdict of the candidate from a record alone, where nothing else needs the content; and where not, which rules do.

It is told only from what the very rules that run have seen: of the other rules' records nobody can say what changed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from smtp_gate.core.facts import Facts
from smtp_gate.core.finding import Failure, Finding
from smtp_gate.core.message import Envelope
from smtp_gate.core.ports import FactSource
from smtp_gate.core.rollout import sender_of
from smtp_gate.core.verdict import Cause, Mode, Result, Verdict, decide
from smtp_gate.core.view import Reason, Region, RegionKind, Unscannable
from smtp_gate.examine import Rule, Ruleset
from smtp_gate.replay.recorded import Decided, path_of
from smtp_gate.replay.sameness import Kinship, Pair

SEEN = Region(RegionKind.HEADER)
"""Where a recorded finding stands does not weigh; the rows themselves say it."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the record tells: both verdicts, or the reasons why it cannot tell."""

    before: Verdict | None
    after: Verdict | None
    why: tuple[str, ...] = ()


async def redecide(record: Decided, base: Ruleset, pairs: tuple[Pair, ...], facts: FactSource) -> Told:
    """The verdicts that a record tells of, before and under the candidate."""
    if record.ruleset != base.hash:
        return Told(None, None, ("it was judged under other rules than run now",))
    known = {rule.id: rule for rule in base.rules}
    old = tuple(_weighed(record, known))
    before = decide(old, record.envelope)
    if [r.disposition.word for r in before.rulings] != [row["disposition"] for row in record.recipients]:
        return Told(None, None, ("its record does not come out as it was written",))
    by_rule: dict[str, list[Result]] = {}
    for result in old:
        by_rule.setdefault(result.rule, []).append(result)
    new: list[Result] = []
    lacking: list[str] = []
    for pair in pairs:
        results = await _after(pair, record, by_rule.get(pair.after.id, []), facts)
        if results is None:
            lacking.append(pair.after.id)
        else:
            new += results
    if lacking:
        return Told(before, None, tuple(lacking))
    return Told(before, decide(new, record.envelope))


def _weighed(record: Decided, rules: Mapping[str, Rule]) -> Iterator[Result]:
    """The results behind the recorded weights, one a rule and cause."""
    weighed: dict[tuple[str, Cause], set[int]] = {}
    for index, row in enumerate(record.recipients):
        for weight in row["weights"]:
            weighed.setdefault((weight["rule"], Cause(weight["cause"])), set()).add(index)
    for (rule, cause), people in weighed.items():
        if rule in rules:
            yield _result(rules[rule], cause, frozenset(people))


def _result(rule: Rule, cause: Cause, people: frozenset[int]) -> Result:
    """A result that weighs on these people for this cause, under the rule's terms."""
    return Result(
        rule.id,
        rule.family.name,
        rule.terms,
        people,
        findings=(Finding(SEEN, recipients=people),) if cause is Cause.FINDING else (),
        unscannable=(Unscannable("", SEEN, Reason.UNKNOWN),) if cause is Cause.UNSCANNABLE else (),
        failure=Failure("recorded") if cause is Cause.FAILURE else None,
    )


async def _after(pair: Pair, record: Decided, weighed: list[Result], facts: FactSource) -> list[Result] | None:
    """What a rule of the candidate says of the message, None where that takes its content."""
    rule = pair.after
    if pair.kinship is Kinship.EQUAL or rule.terms.mode is not Mode.ENFORCE:
        # A rule that does not act weighs on nobody, whatever it would see.
        return weighed if rule.terms.mode is Mode.ENFORCE else []
    acts = await _acts(rule, record, facts)
    acted = await _acts(pair.before, record, facts) if pair.before is not None else False
    if acts is False:
        return []
    if pair.kinship is Kinship.TERMS and acts and acted:
        return [_result(rule, _cause(result), result.applies) for result in weighed]
    applies = await _applies(rule, record.envelope, facts, record.received)
    if applies is not None and not applies:
        return []
    if pair.kinship is Kinship.LOOKS or applies is None or acts is None or acted is None:
        return None
    return _from_shadow(rule, record, applies)


async def _acts(rule: Rule, record: Decided, facts: FactSource) -> bool | None:
    """Whether the rule acts for this sender, by mode and roll-out; None where that cannot be told."""
    if rule.rollout is None or rule.terms.mode is not Mode.ENFORCE:
        return rule.terms.mode is Mode.ENFORCE
    keys = frozenset(rule.rollout.needs(sender_of(record.envelope)))
    answers = Facts(await facts.ask(keys, record.received) if keys else {})
    if answers.failure(keys) is not None:
        return None
    return rule.rollout.terms(rule.id, rule.terms, record.envelope, answers).mode is Mode.ENFORCE


def _cause(result: Result) -> Cause:
    if result.failure is not None:
        return Cause.FAILURE
    return Cause.FINDING if result.findings else Cause.UNSCANNABLE


async def _applies(rule: Rule, envelope: Envelope, facts: FactSource, on: datetime) -> frozenset[int] | None:
    """Whom the rule is for; None where who is in a group cannot be told."""
    keys = frozenset(rule.when.needs(envelope.sender, tuple(r.path for r in envelope.recipients)))
    answers = Facts(await facts.ask(keys, on) if keys else {})
    return None if answers.failure(keys) is not None else rule.applies(envelope, answers)


def _from_shadow(rule: Rule, record: Decided, applies: frozenset[int]) -> list[Result] | None:
    """What a rule in shadow saw, as if it had acted; None where its record does not say whom a finding concerns."""
    if any(row["rule"] == rule.id for row in record.failures):
        # Whether it failed for everybody, or only for those it is for, the record does not say.
        return None
    spared = {path_of(a).key for row in record.exempt if row["rule"] == rule.id for a in row["recipients"]}
    applies = frozenset(i for i in applies if record.envelope.recipients[i].path.key not in spared)
    if not applies:
        return []
    found = any(row["rule"] == rule.id for row in record.findings)
    if found and len(record.envelope.recipients) > 1 and not rule.family.reads_content:
        return None
    results = [_result(rule, Cause.FINDING, applies)] if found else []
    if record.unscannable and rule.family.reads_content:
        results.append(_result(rule, Cause.UNSCANNABLE, applies))
    return results
