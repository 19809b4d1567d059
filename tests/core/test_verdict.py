"""The weights of rules on recipients, and what listener and sender make of a refusal."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.core.finding import Failure, Finding
from smtp_gate.core.message import Direction, Envelope, Upstream
from smtp_gate.core.verdict import Cause, Disposition, Exemption, Mode, Result, Terms, decide, spare
from smtp_gate.core.view import Reason, Region, RegionKind, Unscannable
from tests.builders import envelope, listener

FOUND = Finding(Region(RegionKind.OWN), "***")
SEALED = Unscannable("2", Region(RegionKind.ATTACHMENT, "x.zip"), Reason.UNKNOWN)


def reject(**more: object) -> Result:
    return Result("r", "f", Terms(action=Disposition.REJECT), frozenset({0}), (FOUND,), **more)  # type: ignore[arg-type]  # keyword bag of one test helper


def test_a_finding_for_one_recipient_leaves_the_other_alone() -> None:
    env = envelope(to=["a@example.org", "b@example.org"])
    one = Finding(Region(RegionKind.OWN), recipients=frozenset({1}))
    verdict = decide([Result("r", "f", Terms(), frozenset({0, 1}), (one,))], env)
    assert [r.disposition for r in verdict.rulings] == [Disposition.ACCEPT, Disposition.QUARANTINE]


def test_shadow_is_reported_and_never_weighed() -> None:
    shadow = Result("r", "f", Terms(action=Disposition.REJECT, mode=Mode.SHADOW), frozenset({0}), (FOUND,))
    verdict = decide([shadow], envelope())
    assert verdict.strictest is Disposition.ACCEPT
    assert verdict.results == (shadow,)


def test_a_failure_defers_and_an_unscannable_part_weighs_by_its_own_term() -> None:
    failed = Result("a", "f", Terms(), frozenset({0}), failure=Failure("crash"))
    sealed = Result("b", "f", Terms(on_unscannable=Disposition.QUARANTINE), frozenset({0}), unscannable=(SEALED,))
    assert decide([failed], envelope()).strictest is Disposition.DEFER
    verdict = decide([failed, sealed], envelope())
    assert [(w.rule, w.cause) for w in verdict.rulings[0].weights] == [("b", Cause.UNSCANNABLE), ("a", Cause.FAILURE)]


@pytest.mark.parametrize(
    ("sender", "upstream", "expected"),
    [
        ("dokafor@milwaukee.gov", Upstream.BEFORE_QUEUE, Disposition.REJECT),
        ("dokafor@milwaukee.gov", Upstream.QUEUE, Disposition.REJECT),
        ("someone@example.org", Upstream.QUEUE, Disposition.QUARANTINE),
        ("someone@example.org", Upstream.SUBMISSION, Disposition.REJECT),
        ("", Upstream.QUEUE, Disposition.QUARANTINE),
        ("", Upstream.BEFORE_QUEUE, Disposition.QUARANTINE),
    ],
)
def test_a_refusal_that_would_bounce_to_a_stranger_is_held(
    sender: str, upstream: Upstream, expected: Disposition
) -> None:
    verdict = decide([reject()], envelope(sender, at=listener(upstream=upstream)))
    assert verdict.strictest is expected
    lifted = verdict.rulings[0].weights[0].lifted_from
    assert lifted == (None if expected is Disposition.REJECT else Disposition.REJECT)


def test_an_inbound_listener_stops_nothing_but_still_defers_on_a_fault() -> None:
    env = envelope(at=listener(Direction.INBOUND))
    assert decide([reject()], env).strictest is Disposition.ACCEPT
    failed = Result("a", "f", Terms(), frozenset({0}), failure=Failure("crash"))
    assert decide([failed], env).strictest is Disposition.DEFER


def test_an_envelope_without_recipients_accepts_nothing() -> None:
    assert decide([], envelope(to=())).strictest is Disposition.DEFER


RESULTS = st.builds(
    lambda rule, action, applies, concerned, failed: Result(
        rule,
        "f",
        Terms(action=action, on_error=Disposition.DEFER),
        frozenset(applies),
        (Finding(Region(RegionKind.OWN), "***", recipients=None if concerned is None else frozenset(concerned)),),
        failure=Failure("crash") if failed else None,
    ),
    st.sampled_from("abcd"),
    st.sampled_from(Disposition),
    st.sets(st.integers(0, 2)),
    st.none() | st.sets(st.integers(0, 2)),
    st.booleans(),
)


@given(st.lists(RESULTS, max_size=6), st.sets(st.sampled_from("abcd")))
def test_sparing_never_tightens_and_spares_these_rules_alone(results: list[Result], rules: set[str]) -> None:
    env = envelope(to=["a@example.org", "b@example.org", "c@example.org"])
    before, after = decide(results, env), decide(spare(results, rules, "pass"), env)
    for old, new in zip(before.rulings, after.rulings, strict=True):
        assert new.disposition <= old.disposition
        assert [w for w in old.weights if w.rule not in rules] == list(new.weights)
    for was, spared in zip(results, after.results, strict=True):
        assert spared.findings == was.findings, "what was found stays visible"
        if was.rule in rules and was.applies:
            assert (spared.applies, spared.exempt[-1]) == (frozenset(), Exemption(was.applies, "pass"))
        else:
            assert spared is was


def enforced(results: list[Result]) -> list[Result]:
    """The same as if every rule in shadow were enforced."""
    return [
        replace(r, terms=replace(r.terms, mode=Mode.ENFORCE)) if r.terms.mode is Mode.SHADOW else r for r in results
    ]


MODED = st.builds(
    lambda result, mode, sealed, number: replace(
        result,
        rule=f"r{number}",
        terms=replace(result.terms, mode=mode, on_unscannable=Disposition.QUARANTINE),
        unscannable=(SEALED,) if sealed else (),
    ),
    RESULTS,
    st.sampled_from(Mode),
    st.booleans(),
    st.integers(0, 9),
)
PLACES = st.builds(
    lambda sender, upstream, direction: envelope(
        sender, ["a@example.org", "b@example.org", "c@example.org"], at=listener(direction, upstream)
    ),
    st.sampled_from(["dokafor@milwaukee.gov", "someone@example.org", ""]),
    st.sampled_from(Upstream),
    st.sampled_from(Direction),
)


@given(st.lists(MODED, max_size=6, unique_by=lambda r: r.rule), PLACES)
def test_shadow_says_exactly_what_enforcing_would_do(results: list[Result], env: Envelope) -> None:
    real, would = decide(results, env), decide(enforced(results), env)
    shadow = {r.rule for r in results if r.terms.mode is Mode.SHADOW}
    for now, then in zip(real.rulings, would.rulings, strict=True):
        assert now.would is then.disposition
        assert list(now.shadow) == [w for w in then.weights if w.rule in shadow]
        assert list(now.weights) == [w for w in then.weights if w.rule not in shadow]
        assert then.shadow == ()
        assert now.disposition <= now.would


@given(st.lists(MODED, max_size=6, unique_by=lambda r: r.rule), PLACES)
def test_what_is_in_shadow_never_decides(results: list[Result], env: Envelope) -> None:
    without = [r for r in results if r.terms.mode is not Mode.SHADOW]
    pairs = zip(decide(results, env).rulings, decide(without, env).rulings, strict=True)
    assert all((now.disposition, now.weights) == (then.disposition, then.weights) for now, then in pairs)
