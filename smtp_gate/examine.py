"""The frozen ruleset and `examine`: what every rule says of one message. Pure, and never raises."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from typing import Any, Final

from smtp_gate.core import sparing
from smtp_gate.core.facts import FactKey, Facts
from smtp_gate.core.finding import Failure, Finding
from smtp_gate.core.message import Envelope, Path
from smtp_gate.core.rollout import Rollout, logged_in, sender_of
from smtp_gate.core.scope import Scope, Spare
from smtp_gate.core.sparing import Waiver
from smtp_gate.core.verdict import Disposition, Exemption, Mode, Result, Terms
from smtp_gate.core.view import MessageView, Reason, Unscannable
from smtp_gate.detect.engine import Engine, Scanned
from smtp_gate.families import senders
from smtp_gate.families.base import Family

ENCRYPTED: Final = "encrypted"
"""What an exemption is recorded as where encryption spares the mail."""


CRASHED: Final = "crashed"
"""The source that a question is addressed to which a family was too broken to ask."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One YAML rule, built: a family with its parameters, who it is for, what follows, and whom it spares."""

    id: str
    title: str
    policy: tuple[str, ...]
    pack: str
    family: Family[Any]
    params: Any
    when: Scope
    terms: Terms
    unless: tuple[Spare, ...] = ()
    rollout: Rollout | None = None

    @property
    def state(self) -> str:
        """The mode as people read it: `enforce (10 % or group:itmd)` where a roll-out is under way."""
        rolling = self.rollout is not None and self.terms.mode is Mode.ENFORCE
        return f"{self.terms.mode} ({self.rollout})" if rolling else str(self.terms.mode)

    def applies(self, envelope: Envelope, facts: Facts) -> frozenset[int]:
        """The recipients that `when` holds for, before anybody is spared; the facts that `when` asks for must be there."""
        if not self.when.covers_sender(envelope.sender, envelope.listener, facts):
            return frozenset()
        return self.when.covered(tuple(r.path for r in envelope.recipients), envelope.listener, facts)


@dataclass(frozen=True, slots=True)
class Ruleset:
    """All rules, detectors and waivers built and tested together, under one hash (`sha256:` and hex digits).

    `zone` is the city's time zone, in which a waiver's last day ends. `enforcing` is False where the settings put every
    rule in shadow.
    """

    hash: str
    rules: tuple[Rule, ...]
    engine: Engine = field(repr=False)
    waivers: tuple[Waiver, ...] = ()
    zone: tzinfo = UTC
    enforcing: bool = True

    def needs(self, view: MessageView) -> frozenset[FactKey]:
        """Every question that the active rules ask about this message; a family that crashes here asks nothing.

        Its crash comes back in `examine`, where it becomes the rule's failure.
        """
        keys: set[FactKey] = set()
        for rule in self.rules:
            if rule.terms.mode is not Mode.OFF:
                keys.update(_rule_needs(rule, self.waivers_of(rule), view, ignore_crash=True))
        return frozenset(keys)

    def waivers_of(self, rule: Rule) -> tuple[Waiver, ...]:
        """The waivers that speak of this rule."""
        return tuple(w for w in self.waivers if w.rule == rule.id) if self.waivers else ()


def asker(view: MessageView, facts: Facts) -> Path | None:
    """The account that asks to be spared, None where nobody has proven who they are (law 10).

    An authenticated login counts. The envelope sender counts only where the listener declares it authenticated and the
    message speaks with its voice alone: one author, beyond doubt, of the same account or by its grant.
    """
    asking = _may_ask(view)
    if asking is None or view.envelope.client.proof is not None:
        return asking
    return asking if senders.is_one_voice(view, facts) else None


def _may_ask(view: MessageView) -> Path | None:
    """The account that could ask, by what the connection has proven or the listener declares."""
    envelope = view.envelope
    account = logged_in(envelope)
    if account is not None:
        return account
    declared = envelope.listener.sender_is_authenticated and not envelope.sender.is_null
    return envelope.sender if declared else None


def examine(
    view: MessageView,
    facts: Facts,
    ruleset: Ruleset,
    clock: Callable[[], float],
    timed: Callable[[str, float], None] = lambda _rule, _seconds: None,
) -> tuple[Result, ...]:
    """One result for every rule that is not off, in the ruleset's order; never raises.

    `clock` gives seconds for `timed`, which is told what each rule took; neither enters a result (law 7).
    """
    broken: Failure | None = None
    started = clock()
    try:
        scanned = ruleset.engine.search(view.texts)
        view = replace(view, matches=scanned.matches, unscannable=(*view.unscannable, *_beyond(scanned)))
    except Exception as error:  # noqa: BLE001 - any crash of the engine must become a failure of the rules that read it
        broken = Failure("crash", f"engine: {type(error).__name__}")
    timed("", clock() - started)
    results = []
    sound = facts.are_sound
    for rule in ruleset.rules:
        if rule.terms.mode is Mode.OFF:
            continue
        started = clock()
        results.append(_examine_rule(rule, ruleset, view, facts, broken, sound=sound))
        timed(rule.id, clock() - started)
    return tuple(results)


def _beyond(scanned: Scanned) -> Iterator[Unscannable]:
    """Each part with text that spent the budget of the scan, which is looked into no further (law 2)."""
    parts = {text.part: text.spans[0].region for text in reversed(scanned.beyond)}
    yield from (Unscannable(part, region, Reason.LIMIT, "text") for part, region in sorted(parts.items()))


def _examine_rule(
    rule: Rule, ruleset: Ruleset, view: MessageView, facts: Facts, broken: Failure | None, *, sound: bool
) -> Result:
    everyone = frozenset(range(len(view.envelope.recipients)))
    result = Result(rule.id, rule.family.name, rule.terms, everyone)
    waivers = ruleset.waivers_of(rule)
    try:
        if rule.rollout is not None:
            result = replace(result, terms=rule.rollout.terms(rule.id, rule.terms, view.envelope, facts))
        failure = None if sound else facts.failure(tuple(_rule_needs(rule, waivers, view)))
        if failure is not None:
            return replace(result, failure=failure)
        applies = rule.applies(view.envelope, facts)
        exempt = tuple(_exemptions(rule, ruleset, view, facts, applies))
        applies -= sparing.of(exempt)
        if not applies:
            result = replace(result, applies=applies, exempt=exempt)
            if not any(e.is_waiver for e in exempt):
                return result
            # Nobody is left to act for; it still looks, so that a waiver counts as used only where it spared something.
        if broken is not None and rule.family.detectors(rule.params):
            return replace(result, applies=applies, exempt=exempt, failure=broken)
        findings = _ordered(rule.family.check(view, facts, rule.params))
        waived = sparing.of(exempt, waivers=True)
        sealed = _sealed(rule, view, facts, applies | waived, findings)
        if waived:
            exempt = _counted(rule, view, findings, exempt, sealed)
        if sealed & applies:
            exempt, applies = (*exempt, Exemption(sealed & applies, ENCRYPTED)), applies - sealed
        if not applies:
            return replace(result, applies=applies, exempt=exempt)
    except Exception as error:  # noqa: BLE001 - failure is a value: a crashing rule must reach the decision (law 2)
        return replace(result, failure=Failure("crash", _where(error)))
    return replace(
        result,
        applies=applies,
        findings=findings,
        unscannable=view.unscannable if rule.family.reads_content else (),
        exempt=exempt,
    )


def _counted(
    rule: Rule, view: MessageView, findings: tuple[Finding, ...], exempt: tuple[Exemption, ...], sealed: frozenset[int]
) -> tuple[Exemption, ...]:
    """The exemptions, each waiver with what it has spared; a rule that accepts what nobody can read spares none of it."""
    acts = rule.family.reads_content and rule.terms.on_unscannable is not Disposition.ACCEPT
    return sparing.counted(exempt, findings, len(view.unscannable) if acts else 0, sealed)


def _rule_needs(
    rule: Rule, waivers: tuple[Waiver, ...], view: MessageView, *, ignore_crash: bool = False
) -> Iterator[FactKey]:
    envelope = view.envelope
    recipients = tuple(r.path for r in envelope.recipients)
    yield from rule.when.needs(envelope.sender, recipients)
    if rule.rollout is not None:
        yield from rule.rollout.needs(sender_of(envelope))
    spared = (*(s.scope for s in rule.unless if s.names_people), *(w.scope for w in waivers))
    asking = _may_ask(view) if spared else None
    if asking is not None:
        if envelope.client.proof is None:
            yield from senders.questions(view)
        for scope in spared:
            yield from scope.needs(asking, recipients)
    try:
        yield from _asked(rule, view)
    except Exception:
        if not ignore_crash:
            raise
        # Nobody answers this one, so that the facts are not sound and the crash comes back when the rule is examined.
        yield FactKey(CRASHED, rule.id)


def _asked(rule: Rule, view: MessageView) -> tuple[FactKey, ...]:
    """What the family asks. Raises what it raises, and TypeError for what is no question."""
    asked: tuple[object, ...] = tuple(rule.family.needs(view, rule.params))
    keys = tuple(key for key in asked if isinstance(key, FactKey))
    if len(keys) < len(asked):
        raise TypeError("what the family asks is no question")
    return keys


def _exemptions(
    rule: Rule, ruleset: Ruleset, view: MessageView, facts: Facts, applies: frozenset[int]
) -> Iterator[Exemption]:
    """Whom the rule spares, and by what; nobody unless the asker has proven who they are."""
    waivers = ruleset.waivers_of(rule)
    unless = [spare.scope for spare in rule.unless if not spare.encrypted]
    asking = asker(view, facts) if unless or waivers else None
    if asking is None:
        return
    listener = view.envelope.listener
    paths = tuple(r.path for r in view.envelope.recipients)
    applies -= sparing.rerouted(view.envelope)
    today = view.message.received.astimezone(ruleset.zone).date()
    scopes = [(scope, "unless", "", "") for scope in unless]
    scopes += [(w.scope, w.id, w.ticket, w.approver) for w in waivers if w.holds(today)]
    for scope, name, ticket, approver in scopes:
        if scope.covers_sender(asking, listener, facts):
            spared = scope.covered(paths, listener, facts) & applies
            if spared:
                yield Exemption(spared, name, ticket=ticket, approver=approver)


def _sealed(
    rule: Rule, view: MessageView, facts: Facts, applies: frozenset[int], findings: tuple[Finding, ...]
) -> frozenset[int]:
    """Whom the rule spares because the whole content is encrypted; nobody where it has seen something in clear."""
    spares = [spare for spare in rule.unless if spare.encrypted]
    if (
        not spares
        or not sparing.is_sealed(view)
        or (rule.family.reads_content and any(sparing.in_clear(f, view) for f in findings))
    ):
        return frozenset()
    if not all(spare.names_people for spare in spares):
        return applies
    asking = asker(view, facts)
    if asking is None:
        return frozenset()
    envelope = view.envelope
    paths = tuple(r.path for r in envelope.recipients)
    covered: frozenset[int] = frozenset()
    for spare in spares:
        if spare.scope.covers_sender(asking, envelope.listener, facts):
            covered |= spare.scope.covered(paths, envelope.listener, facts)
    return covered & (applies - sparing.rerouted(envelope))


def _ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """A stable order, so that equal input gives an equal result whatever order a family found things in.

    Raises TypeError for what is no finding: a plug-in may give anything, and that must fail the rule, not the gate.
    """
    found: tuple[object, ...] = tuple(findings)
    sound = [f for f in found if isinstance(f, Finding) and isinstance(f.recipients, frozenset | None)]
    if len(sound) < len(found):
        raise TypeError("what the family gave is no finding")
    return tuple(sorted(sound, key=lambda f: (f.part, f.region, f.detector, f.level, f.detail, f.evidence)))


def _where(error: Exception) -> str:
    """The exception's type and the line it came from; its text may quote the message and is left out."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" at {trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}" if trace is not None else ""
    return type(error).__name__ + place
