"""The lattice over random plans: one reply for many recipients, and nobody left without delivery, hold or refusal."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtp_gate.core.facts import Facts
from smtp_gate.core.finding import Failure, Finding
from smtp_gate.core.message import Direction, Envelope, Upstream
from smtp_gate.core.reply import Reply
from smtp_gate.core.verdict import Disposition, Judgement, Mode, Result, Terms, decide
from smtp_gate.core.view import Reason, Region, RegionKind, Unscannable
from tests.builders import envelope, listener, message
from tests.fakes import FakeAttempt, FakeHop, FakeQuarantine, make_gate

OWN = Region(RegionKind.OWN)
ACTIONS = st.sampled_from(Disposition)


@st.composite
def results(draw: st.DrawFn, recipients: int) -> list[Result]:
    """Up to six rules, each with its terms, its recipients and what it saw."""
    some = st.frozensets(st.integers(0, recipients - 1), max_size=recipients)
    made = []
    for number in range(draw(st.integers(0, 6))):
        terms = Terms(draw(ACTIONS), draw(ACTIONS), draw(ACTIONS), draw(st.sampled_from(Mode)), "{count} in {where}")
        findings = tuple(Finding(OWN, "***", recipients=draw(st.none() | some)) for _ in range(draw(st.integers(0, 2))))
        sealed = (Unscannable("2", OWN, Reason.LIMIT),) if draw(st.booleans()) else ()
        failure = Failure("crash") if draw(st.booleans()) else None
        made.append(Result(f"r{number}", "f", terms, draw(some), findings, sealed, failure))
    return made


@dataclass(frozen=True)
class Plan:
    env: Envelope
    results: list[Result]
    hop: dict[str, int] = field(default_factory=dict)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """An envelope, what the rules said, and how the next hop will behave at each stage."""
    count = draw(st.integers(1, 6))
    at = listener(draw(st.sampled_from(Direction)), draw(st.sampled_from(Upstream)))
    sender = draw(st.sampled_from(["dokafor@milwaukee.gov", "x@example.net", ""]))
    env = envelope(sender, [f"r{i}@example.org" for i in range(count)], at=at)
    hop = {stage: draw(st.sampled_from([250, 250, 250, 450, 550])) for stage in ("mail", "rcpt", "dot")}
    return Plan(env, draw(results(count)), hop)


@given(plans())
@settings(max_examples=2_000, deadline=None)
def test_the_strictest_wins_and_more_never_loosens(plan: Plan) -> None:
    verdict = decide(plan.results, plan.env)
    assert len(verdict.rulings) == len(plan.env.recipients)
    fewer = decide(plan.results[:-1], plan.env)
    for less, more in zip(fewer.rulings, verdict.rulings, strict=True):
        assert more.disposition >= less.disposition
    for ruling in verdict.rulings:
        assert ruling.disposition == max((w.disposition for w in ruling.weights), default=Disposition.ACCEPT)
    assert decide(list(reversed(plan.results)), plan.env).rulings == verdict.rulings


@pytest.mark.parametrize("mirrored", [True, False])
@given(plan=plans())
@settings(max_examples=5_000, deadline=None)
async def test_no_recipient_is_left_without_delivery_hold_or_refusal(plan: Plan, mirrored: bool) -> None:
    """10,000 plans (5,000 in either RCPT mode): the one reply is true for every recipient."""
    hop, store = FakeHop(plan.hop), FakeQuarantine()
    judgement = Judgement(decide(plan.results, plan.env), Facts(), "sha256:0")
    gate = make_gate(hop, store)
    attempt = FakeAttempt(hop, plan.env) if mirrored else None
    if attempt is not None:
        attempt.accepted = list(plan.env.recipients)
    reply = await gate.enact(message(env=plan.env), judgement, attempt)
    check_reply_is_true(plan, judgement, reply, hop, store)


def check_reply_is_true(plan: Plan, judgement: Judgement, reply: Reply, hop: FakeHop, store: FakeQuarantine) -> None:
    verdict = judgement.verdict
    delivered = {r.path.address for r in hop.delivered}
    held = {plan.env.recipients[i].path.address for i in store.held}
    everyone = {r.path.address for r in plan.env.recipients}
    if reply.positive:
        assert delivered | held == everyone
        assert not delivered & held
        assert delivered == {plan.env.recipients[i].path.address for i in verdict.having(Disposition.ACCEPT)}
        assert not verdict.having(Disposition.REJECT)
        assert not verdict.having(Disposition.DEFER)
    else:
        assert not delivered
        assert not held
        assert not store.pending
    if verdict.having(Disposition.REJECT):
        assert (reply.code, reply.enhanced) == (550, "5.7.1")
    elif verdict.having(Disposition.DEFER):
        assert reply.temporary
        assert not hop.octets
    elif reply.permanent:
        assert 550 in plan.hop.values(), "a 5xx of our own making"
