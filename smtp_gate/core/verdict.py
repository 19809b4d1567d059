"""The decision: one result a rule goes in, one verdict for each recipient comes out. Pure, and total.

Invariants of this file: the strictest disposition wins; a further finding or failure never loosens a verdict; every
recipient of the envelope has exactly one disposition; shadow results are weighed apart, and never decide.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum

from smtp_gate.core.facts import Facts
from smtp_gate.core.finding import Failure, Finding
from smtp_gate.core.message import Direction, Envelope, Upstream
from smtp_gate.core.view import Protection, Unscannable


class Disposition(IntEnum):
    """What becomes of one recipient's copy, from the loosest to the strictest."""

    ACCEPT = 0
    DEFER = 1
    QUARANTINE = 2
    REJECT = 3

    @property
    def word(self) -> str:
        """The word of rules and JSON: accept, defer, quarantine, reject."""
        return self.name.lower()


class Mode(StrEnum):
    """Whether a rule acts, only reports, or sleeps."""

    ENFORCE = "enforce"
    SHADOW = "shadow"
    OFF = "off"


class Cause(StrEnum):
    """Why a rule weighs on a recipient."""

    FINDING = "finding"
    UNSCANNABLE = "unscannable"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Terms:
    """What the admin wants done when a rule finds, cannot look, or fails; `message` is the sender's text.

    `way_out` says whom a sender asks, also where the gate says the rest in words of its own.
    """

    action: Disposition = Disposition.QUARANTINE
    on_unscannable: Disposition = Disposition.ACCEPT
    on_error: Disposition = Disposition.DEFER
    mode: Mode = Mode.ENFORCE
    message: str = ""
    way_out: str = ""


@dataclass(frozen=True, slots=True)
class Exemption:
    """Who a rule spared and by what: `unless`, a waiver's id, or `pass`; recorded in the verdict.

    Of a waiver it knows ticket and approver, and in `spared` how many findings (and parts that nobody could look into)
    would have acted without it; 0: it covers the mail and nothing was there to spare, which is no use of it.
    """

    recipients: frozenset[int]
    by: str
    spared: int = 0
    ticket: str = ""
    approver: str = ""

    @property
    def is_waiver(self) -> bool:
        """Whether a waiver spared them: only those have a ticket."""
        return bool(self.ticket)


@dataclass(frozen=True, slots=True)
class Result:
    """What one rule says of one message. `applies` are the recipients its `when` holds for, the exempt ones left out."""

    rule: str
    family: str
    terms: Terms
    applies: frozenset[int] = frozenset()
    findings: tuple[Finding, ...] = ()
    unscannable: tuple[Unscannable, ...] = ()
    failure: Failure | None = None
    exempt: tuple[Exemption, ...] = ()


@dataclass(frozen=True, slots=True)
class Weight:
    """One rule's pull on one recipient; `lifted_from` is the action before the listener's `upstream` changed it."""

    rule: str
    disposition: Disposition
    cause: Cause
    lifted_from: Disposition | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """The disposition of one recipient and the weights behind it, strictest first.

    `shadow` are the weights that rules in shadow would have, lifted as the others are; they decide nothing.
    """

    disposition: Disposition
    weights: tuple[Weight, ...] = ()
    shadow: tuple[Weight, ...] = ()

    @property
    def would(self) -> Disposition:
        """What the disposition would be if every rule in shadow were enforced."""
        return max(self.disposition, self.shadow[0].disposition) if self.shadow else self.disposition


@dataclass(frozen=True, slots=True)
class Verdict:
    """One ruling a recipient, in the order of `Envelope.recipients`, beside the results they rest on."""

    rulings: tuple[Ruling, ...]
    results: tuple[Result, ...] = field(repr=False, default=())

    @property
    def strictest(self) -> Disposition:
        """The strictest disposition over the recipients."""
        return max((r.disposition for r in self.rulings), default=Disposition.DEFER)

    @property
    def joint(self) -> Disposition:
        """What the one reply for all recipients says (the lattice): a refusal of any refuses all, else a deferral of
        any defers all, else somebody's copy is held, else all are accepted. An empty envelope defers.
        """
        present = {r.disposition for r in self.rulings} or {Disposition.DEFER}
        order = (Disposition.REJECT, Disposition.DEFER, Disposition.QUARANTINE, Disposition.ACCEPT)
        return next(d for d in order if d in present)

    def having(self, disposition: Disposition) -> tuple[int, ...]:
        """The indexes of the recipients with this disposition."""
        return tuple(i for i, r in enumerate(self.rulings) if r.disposition is disposition)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict, the facts it used, and the ruleset it was made under; `seconds` is for people, never compared."""

    verdict: Verdict
    facts: Facts
    ruleset: str
    seconds: float = field(default=0.0, compare=False)
    message_id: str = ""
    defects: tuple[str, ...] = ()
    unscannable: tuple[Unscannable, ...] = ()
    protection: Protection = field(default_factory=Protection)


def decide(results: Iterable[Result], envelope: Envelope) -> Verdict:
    """Weigh every enforced result for every recipient; the strictest wins. Those in shadow are weighed beside them.

    An empty envelope has no rulings, and `strictest` is then DEFER: nothing is ever accepted for nobody.
    """
    kept = tuple(results)
    weights: list[list[Weight]] = [[] for _ in envelope.recipients]
    shadow: list[list[Weight]] = [[] for _ in envelope.recipients]
    for result in kept:
        if result.terms.mode is Mode.OFF or not (result.findings or result.unscannable or result.failure):
            continue
        into = weights if result.terms.mode is Mode.ENFORCE else shadow
        for index, disposition, cause in _pulls(result):
            if 0 <= index < len(into):
                into[index].append(_lift(Weight(result.rule, disposition, cause), envelope))
    rulings = tuple(_rule(w, s) for w, s in zip(weights, shadow, strict=True))
    return Verdict(rulings, kept)


def spare(results: Iterable[Result], rules: Collection[str], by: str) -> tuple[Result, ...]:
    """The results with these rules weighing on nobody; whom they weighed on is recorded as exempt, `by` what.

    Their findings stay visible. Other results are the same objects, so sparing never tightens a verdict and never loosens
    it by more than these rules.
    """
    return tuple(
        replace(result, applies=frozenset(), exempt=(*result.exempt, Exemption(result.applies, by)))
        if result.rule in rules and result.applies
        else result
        for result in results
    )


def _pulls(result: Result) -> Iterable[tuple[int, Disposition, Cause]]:
    """Each recipient that a result weighs on, with what it asks for and why."""
    if result.failure is not None:
        yield from ((i, result.terms.on_error, Cause.FAILURE) for i in result.applies)
    for finding in result.findings:
        concerned = result.applies if finding.recipients is None else result.applies & finding.recipients
        yield from ((i, result.terms.action, Cause.FINDING) for i in concerned)
    if result.unscannable:
        yield from ((i, result.terms.on_unscannable, Cause.UNSCANNABLE) for i in result.applies)


def _lift(weight: Weight, envelope: Envelope) -> Weight:
    """Fit an action to where the message comes from and goes to.

    Inbound listeners stop nothing. A 5xx to mail from a queue becomes a bounce, so there a refusal of a null or foreign
    sender is held instead; null-sender mail is held wherever it comes from (DESIGN.md, the lattice).
    """
    wanted = weight.disposition
    if envelope.listener.direction is Direction.INBOUND and wanted > Disposition.DEFER:
        return Weight(weight.rule, Disposition.ACCEPT, weight.cause, wanted)
    if wanted is Disposition.REJECT and _bounce_would_stray(envelope):
        return Weight(weight.rule, Disposition.QUARANTINE, weight.cause, wanted)
    return weight


def _bounce_would_stray(envelope: Envelope) -> bool:
    if envelope.sender.is_null:
        return True
    foreign = not envelope.listener.is_internal(envelope.sender)
    return foreign and envelope.listener.upstream is Upstream.QUEUE


def _rule(weights: list[Weight], shadow: list[Weight]) -> Ruling:
    """The strictest of the weights, beside those in shadow."""
    unique = _ordered(weights)
    strictest = unique[0].disposition if unique else Disposition.ACCEPT
    return Ruling(strictest, unique, _ordered(shadow))


def _ordered(weights: list[Weight]) -> tuple[Weight, ...]:
    """Equal ones once a rule and cause, the strictest first, in a stable order."""
    return tuple(sorted(set(weights), key=lambda w: (-w.disposition, w.rule, w.cause))) if weights else ()
