"""A roll-out: the share is fair, the same for ever, and whoever is in stays in; outside of it a rule is in shadow."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.core.facts import Account, Facts, directory
from smtp_gate.core.finding import Failure
from smtp_gate.core.message import Path
from smtp_gate.core.rollout import Rollout, logged_in, sender_of, share_of
from smtp_gate.core.scope import Who, WhoKind
from smtp_gate.core.verdict import Mode, Terms
from tests.builders import envelope, path

SENDERS = st.text(st.characters(codec="utf-8"), min_size=0, max_size=12).map(lambda t: path(f"{t}@milwaukee.gov"))
PERCENT = st.floats(0, 100, exclude_min=True)
ITMD = Who(WhoKind.GROUP, "itmd")
DANA = directory("dokafor@milwaukee.gov")
TERMS = Terms()
DANAS_SHARE = 6.420411


@given(SENDERS, PERCENT, PERCENT, st.sampled_from(["pii.ssn", "links.odd"]))
def test_raising_the_percentage_takes_nobody_out(sender: Path, one: float, other: float, rule: str) -> None:
    low, high = sorted((one, other))
    env = replace(envelope(), sender=sender)
    few, many = (Rollout(p).terms(rule, TERMS, env, Facts()).mode for p in (low, high))
    assert few is Mode.SHADOW or many is Mode.ENFORCE
    assert Rollout(low).terms(rule, TERMS, env, Facts()).mode is few
    assert Rollout(100.0).terms(rule, TERMS, env, Facts()).mode is Mode.ENFORCE


@pytest.mark.parametrize("percent", [0.5, 1, 10, 33.3, 50, 99])
def test_the_share_of_ten_thousand_senders_is_what_was_asked_for(percent: float) -> None:
    """Within four standard deviations of a fair draw; the hash is fixed, so this never flickers."""
    inside = sum(share_of("pii.ssn", path(f"a{n}@milwaukee.gov")) < percent for n in range(10_000))
    share = percent / 100
    assert abs(inside - 10_000 * share) < 4 * (10_000 * share * (1 - share)) ** 0.5


def test_the_order_of_senders_is_fixed_for_ever_and_another_for_each_rule() -> None:
    """Changing the hash would swap who is in under a running roll-out, so its values are written down here."""
    assert round(share_of("pii.ssn", path("dokafor@milwaukee.gov")), 6) == DANAS_SHARE
    people = [path(f"a{n}@milwaukee.gov") for n in range(1000)]
    both = sum(share_of("pii.ssn", p) < 10 and share_of("links.odd", p) < 10 for p in people)
    assert both < 30, "two rules at 10 % share about 1 % of the people, not the same 10 %"
    assert all(0 <= share_of("x", p) < 100 for p in people)


def test_small_and_large_letters_are_one_sender_and_the_null_sender_is_one_as_well() -> None:
    assert share_of("r", path("A@Milwaukee.gov")) == share_of("r", path("a@milwaukee.gov"))
    assert 0 <= share_of("r", path("")) < 100


def test_the_account_counts_before_the_envelope_sender() -> None:
    env = envelope("clerk@milwaukee.gov", account="dokafor@milwaukee.gov")
    assert sender_of(env).key == "dokafor@milwaukee.gov"
    unproven = replace(env, client=replace(env.client, proof=None))
    assert logged_in(unproven) is None
    assert sender_of(unproven).key == "clerk@milwaukee.gov"


def test_a_sender_is_in_where_any_holds() -> None:
    def mode(rollout: Rollout, facts: Facts | None = None) -> Mode:
        return rollout.terms("pii.ssn", TERMS, envelope(), facts or Facts()).mode

    inside, outside = DANAS_SHARE + 0.001, DANAS_SHARE - 0.001
    member = Facts({DANA: Account("dokafor@milwaukee.gov", groups=frozenset({"itmd"}))})
    stranger = Facts({DANA: None})
    assert mode(Rollout(inside)) is Mode.ENFORCE
    assert mode(Rollout(outside)) is Mode.SHADOW
    assert mode(Rollout(0.0, (ITMD,)), member) is Mode.ENFORCE
    assert mode(Rollout(0.0, (ITMD,)), stranger) is Mode.SHADOW
    assert mode(Rollout(outside, (ITMD,)), member) is Mode.ENFORCE
    assert mode(Rollout(inside, (ITMD,)), stranger) is Mode.ENFORCE
    assert list(Rollout(1.0, (ITMD,)).needs(path("dokafor@milwaukee.gov"))) == [DANA]


def test_a_group_that_nobody_can_tell_leaves_the_rule_enforced() -> None:
    silent = Facts({DANA: Failure("timeout")})
    assert Rollout(0.0, (ITMD,)).terms("r", TERMS, envelope(), silent).mode is Mode.ENFORCE


@given(PERCENT, st.sampled_from([Mode.SHADOW, Mode.OFF]))
def test_a_roll_out_never_wakes_a_rule(percent: float, mode: Mode) -> None:
    asleep = Terms(mode=mode)
    assert Rollout(percent).terms("r", asleep, envelope(), Facts()) == asleep


def test_it_reads_as_people_say_it() -> None:
    assert str(Rollout(10.0, (ITMD,))) == "10 % or group:itmd"
    assert str(Rollout(0.5)) == "0.5 %"
    assert str(Rollout(0.0, (ITMD, Who(WhoKind.INTERNAL)))) == "group:itmd or internal"
