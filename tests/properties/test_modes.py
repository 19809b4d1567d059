"""Modes over random rules and mail: shadow sees what enforcing sees, and a roll-out stands between the two."""

from dataclasses import replace
from datetime import UTC, date
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.core.facts import Facts
from smtp_gate.core.message import Direction, Message, Upstream
from smtp_gate.core.rollout import Rollout
from smtp_gate.core.scope import ANYONE, Scope, Spare, Who, WhoKind
from smtp_gate.core.sparing import Waiver
from smtp_gate.core.verdict import Disposition, Mode, Result, Terms, Verdict, decide
from smtp_gate.core.view import MessageView, Reason, Region, RegionKind, Unscannable
from smtp_gate.detect.detectors import Detectors
from smtp_gate.detect.engine import Engine
from smtp_gate.examine import Rule, Ruleset, examine
from tests.builders import envelope, listener, message
from tests.fakes import tick
from tests.test_examine import ReadsContent
from tests.test_gate import WordFamily, rule

SIDES = st.sampled_from([ANYONE, (Who(WhoKind.EXTERNAL),), (Who(WhoKind.DOMAIN, "irs.gov"),)])
SCOPES = st.builds(Scope, st.just(ANYONE), SIDES)
ACTIONS = st.sampled_from(Disposition)
SEALED = Unscannable("2", Region(RegionKind.ATTACHMENT, "x.zip"), Reason.UNKNOWN)


@st.composite
def rulesets(draw: st.DrawFn) -> Ruleset:
    """Up to five rules, some of which crash, some spare, some are waived; each enforced or in shadow."""
    rules, waivers = [], []
    for number in range(draw(st.integers(1, 5))):
        terms = Terms(draw(ACTIONS), draw(ACTIONS), draw(ACTIONS), draw(st.sampled_from([Mode.ENFORCE, Mode.SHADOW])))
        made = rule(draw(st.sampled_from(["secret", "plan", "crash"])))
        family = draw(st.sampled_from([WordFamily(), ReadsContent()]))
        unless = draw(st.lists(SCOPES.map(Spare), max_size=1))
        rules.append(
            replace(made, id=f"r{number}", family=family, when=draw(SCOPES), terms=terms, unless=tuple(unless))
        )
        if draw(st.booleans()):
            waivers.append(Waiver(f"EX-{number}", f"r{number}", draw(SCOPES), date(2027, 1, 1), "o", "a", "t", "r"))
    return Ruleset("sha256:0", tuple(rules), Engine(Detectors()), tuple(waivers), UTC)


@st.composite
def mails(draw: st.DrawFn) -> Message:
    """Mail to some of three recipients, from an account, a stranger or nobody."""
    to = draw(st.lists(st.sampled_from(["a@irs.gov", "b@example.org", "c@milwaukee.gov"]), min_size=1, unique=True))
    at = listener(draw(st.sampled_from(Direction)), draw(st.sampled_from(Upstream)))
    sender, account = draw(
        st.sampled_from([("dokafor@milwaukee.gov", "dokafor@milwaukee.gov"), ("x@example.net", ""), ("", "")])
    )
    body = draw(st.sampled_from(["the secret plan", "a plan", "nothing"]))
    return message(body, env=envelope(sender, to, account=account, at=at))


def judged(mail: Message, ruleset: Ruleset, *, sealed: bool) -> tuple[tuple[Result, ...], Verdict]:
    view = MessageView(mail, unscannable=(SEALED,) if sealed else ())
    results = examine(view, Facts(dict.fromkeys(ruleset.needs(view)), whole=True), ruleset, tick)
    return results, decide(results, mail.envelope)


def with_mode(ruleset: Ruleset, mode: Mode, rollout: Rollout | None = None) -> Ruleset:
    def moded(one: Rule) -> Rule:
        return replace(one, terms=replace(one.terms, mode=mode), rollout=rollout)

    return replace(ruleset, rules=tuple(moded(r) for r in ruleset.rules))


def bare(results: tuple[Result, ...]) -> list[Result]:
    return [replace(r, terms=replace(r.terms, mode=Mode.OFF)) for r in results]


@given(mails(), rulesets(), st.booleans())
def test_a_rule_in_shadow_sees_exactly_what_it_would_see_enforced(
    mail: Message, ruleset: Ruleset, sealed: bool
) -> None:
    results, verdict = judged(mail, ruleset, sealed=sealed)
    enforced, then = judged(mail, with_mode(ruleset, Mode.ENFORCE), sealed=sealed)
    assert bare(results) == bare(enforced)
    assert [r.would for r in verdict.rulings] == [r.disposition for r in then.rulings]
    for now, would in zip(verdict.rulings, then.rulings, strict=True):
        assert {*now.weights, *now.shadow} == set(would.weights)


@given(mails(), rulesets(), st.floats(0, 100, exclude_min=True), st.floats(0, 100, exclude_min=True))
def test_a_roll_out_stands_between_shadow_and_enforcing_and_grows(
    mail: Message, ruleset: Ruleset, one: float, other: float
) -> None:
    low, high = sorted((one, other))
    steps = [
        with_mode(ruleset, Mode.SHADOW),
        with_mode(ruleset, Mode.ENFORCE, Rollout(low)),
        with_mode(ruleset, Mode.ENFORCE, Rollout(high)),
        with_mode(ruleset, Mode.ENFORCE),
    ]
    verdicts = [judged(mail, step, sealed=False)[1] for step in steps]
    for looser, stricter in pairwise(verdicts):
        for before, after in zip(looser.rulings, stricter.rulings, strict=True):
            assert before.disposition <= after.disposition
            assert before.would is after.would
    assert judged(mail, steps[1], sealed=False) == judged(mail, steps[1], sealed=False)


@given(mails(), rulesets(), st.booleans())
def test_a_waiver_spares_only_and_counts_only_what_would_have_acted(
    mail: Message, ruleset: Ruleset, sealed: bool
) -> None:
    results, verdict = judged(mail, ruleset, sealed=sealed)
    plain, without = judged(mail, replace(ruleset, waivers=()), sealed=sealed)
    for before, after in zip(without.rulings, verdict.rulings, strict=True):
        assert after.disposition <= before.disposition
        assert after.would <= before.would
    for result, unwaived in zip(results, plain, strict=True):
        for exempt in (e for e in result.exempt if e.spared):
            assert unwaived.failure is None
            assert unwaived.findings or unwaived.unscannable
            assert exempt.recipients & unwaived.applies
