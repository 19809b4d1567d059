"""The whole "why not" of one rule for one message: whom it is for and spares, what it asked, counted, saw and says."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from smtp_gate.core import answer
from smtp_gate.core.facts import Facts
from smtp_gate.core.message import Path
from smtp_gate.core.rollout import sender_of
from smtp_gate.core.scope import ANYONE, Scope, Who
from smtp_gate.core.verdict import Judgement, Mode, Result
from smtp_gate.core.view import Extent, MessageView
from smtp_gate.examine import Rule, Ruleset, asker
from smtp_gate.ruleset.asked import answers
from smtp_gate.ruleset.reasons import Row, Shown, link_reasons, reasons

SEALED: Final = {
    Extent.WHOLE: "all of it is encrypted",
    Extent.PARTLY: "only a part of it is encrypted",
    Extent.NONE: "nothing is encrypted",
}


@dataclass(frozen=True, slots=True)
class Case:
    """One judged message and the ruleset it was judged under."""

    view: MessageView
    judgement: Judgement
    ruleset: Ruleset
    shown: Shown

    @property
    def facts(self) -> Facts:
        """The answers that were used."""
        return self.judgement.facts


def why_rule(case: Case, rule: Rule) -> Iterator[Row]:
    """Why the rule acted or did not, in order. Nothing of value stands clear in a row."""
    result = next((r for r in case.judgement.verdict.results if r.rule == rule.id), None)
    yield Row(" ", f"{rule.id} ({rule.state}, {rule.terms.action.word}): {rule.title}")
    if result is None:
        yield Row("?", "is off: it did not look" if rule.terms.mode is Mode.OFF else "did not look")
        return
    if rule.rollout is not None and rule.terms.mode is Mode.ENFORCE:
        acts = "acts" if result.terms.mode is Mode.ENFORCE else "is in shadow"
        who = sender_of(case.view.envelope).address or "<>"
        yield Row("?", f"roll-out: {acts} for {who}")
    yield Row(" ", f"is for: {_people(case, result.applies) or 'none of these recipients'}")
    yield from _when(case, rule)
    yield from _spared(case, rule, result)
    asked = replace(case.ruleset, rules=(rule,)).needs(case.view)
    yield from (Row("?", f"asked {said}") for said in answers(case.facts, asked))
    if result.failure is not None:
        yield Row("+", f"could not look: {result.failure.cause} {result.failure.detail}".rstrip())
    yield from (case.shown.row("+", f) for f in result.findings)
    yield from (Row("+", f"cannot see into [{u.part}] {u.region}: {u.reason}") for u in result.unscannable)
    if not result.findings and result.failure is None:
        yield Row(" ", "saw: nothing" if result.applies else "did not look")
    if result.applies and result.failure is None:
        yield from reasons(rule, case.shown)
        yield from link_reasons(rule, case.view)
    said = answer.explanation(case.view.message, result)
    if said and (result.findings or result.unscannable):
        yield Row(" ", f"says: {said}")


def _people(case: Case, indexes: frozenset[int]) -> str:
    return ", ".join(case.view.envelope.recipients[i].path.address for i in sorted(indexes))


def _when(case: Case, rule: Rule) -> Iterator[Row]:
    """Which alternatives of `when` hold, for the sender and for each recipient."""
    envelope = case.view.envelope
    if rule.when.senders != ANYONE:
        yield Row("?", f"when: sender {envelope.sender} {_held(case, rule.when.senders, envelope.sender)}")
    if rule.when.recipients != ANYONE:
        for recipient in envelope.recipients:
            said = _held(case, rule.when.recipients, recipient.path)
            yield Row("?", f"when: recipient {recipient.path} {said}")


def _held(case: Case, alternatives: tuple[Who, ...], path: Path) -> str:
    listener = case.view.envelope.listener
    held = [str(who) for who in alternatives if who.matches(path, listener, case.facts)]
    return f"is {' and '.join(held)}" if held else f"is not {' or '.join(map(str, alternatives))}"


def _spared(case: Case, rule: Rule, result: Result) -> Iterator[Row]:
    """Whom the rule spared and by what; and for each `unless` and waiver why it spares nobody."""
    for exempt in result.exempt:
        yield Row("+", f"spared by {exempt.by}: {_people(case, exempt.recipients)}")
    waivers = case.ruleset.waivers_of(rule)
    if waivers or any(spare.names_people for spare in rule.unless):
        asking = asker(case.view, case.facts)
        yield Row("?", f"who asks: {asking}" if asking else "who asks: nobody has proven who they are (see --login)")
    for number, spare in enumerate(rule.unless, 1):
        said = _scope(case, spare.scope) if spare.names_people else ""
        if spare.encrypted:
            said = "; ".join(filter(None, (said, SEALED[case.view.protection.encrypted])))
        yield Row("?", f"unless {number}: {said}")
    today = case.view.message.received.astimezone(case.ruleset.zone).date()
    for waiver in waivers:
        over = f"ended on {waiver.expires}" if waiver.expires < today else f"until {waiver.expires}"
        if waiver.starts is not None and waiver.starts > today:
            over = f"starts on {waiver.starts}"
        yield Row("?", f"waiver {waiver.id} ({waiver.ticket}), {over}: {_scope(case, waiver.scope)}")


def _scope(case: Case, scope: Scope) -> str:
    """Whether a scope that spares holds, for who asks and for each recipient."""
    asking = asker(case.view, case.facts)
    sender = f"nobody asks, {' or '.join(map(str, scope.senders))} may" if asking is None else ""
    if asking is not None and scope.senders != ANYONE:
        sender = f"{asking} {_held(case, scope.senders, asking)}"
    said = [sender] if sender else []
    if scope.recipients != ANYONE:
        paths = [r.path for r in case.view.envelope.recipients]
        said += [
            f"{p} is passed on elsewhere" if p.is_rerouted else f"{p} {_held(case, scope.recipients, p)}" for p in paths
        ]
    return "; ".join(said)
