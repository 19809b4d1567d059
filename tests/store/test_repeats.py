"""The same message deferred again: what makes it the same, and who is to blame."""

import pytest

from smtp_gate.store.repeats import blame, key_of, rules_to_blame
from tests.store.held import decided

SHA = "ab" * 32


def test_the_key_is_of_content_and_envelope_with_the_recipients_in_any_order() -> None:
    key = key_of(SHA, "a@x", ["b@x", "c@x"])
    assert key == key_of(SHA, "a@x", ["c@x", "b@x"])
    others = [
        key_of("cd" * 32, "a@x", ["b@x", "c@x"]),
        key_of(SHA, "", ["b@x", "c@x"]),
        key_of(SHA, "a@x", ["b@x"]),
        key_of(SHA, "a@x\ud800", ["b@x", "c@x"]),
    ]
    assert len({key, *others}) == 5
    assert "@" not in key


def test_a_rule_is_to_blame_that_failed_and_defers_for_it() -> None:
    record = decided("A", blame=[("links.known", "timeout"), ("id.spoof", "fact_missing")])
    assert rules_to_blame(record) == [("id.spoof", "fact_missing"), ("links.known", "timeout")]


def test_a_rule_that_lets_mail_pass_or_only_weighs_on_others_is_not() -> None:
    record = decided("A", blame=[("links.known", "timeout")])
    record["failures"].append({"rule": "soft", "cause": "crash"})
    record["recipients"][0]["weights"].append({"rule": "soft", "disposition": "accept", "cause": "failure"})
    held = {"rule": "pii", "disposition": "quarantine", "cause": "finding"}
    spared = {"rule": "elsewhere", "disposition": "defer", "cause": "failure"}
    record["recipients"].append({"address": "b@x", "disposition": "quarantine", "weights": [held, spared]})
    assert rules_to_blame(record) == [("links.known", "timeout")]


def test_a_rule_that_defers_by_its_action_is_named_with_what_it_saw() -> None:
    record = decided("A", verdict="defer")
    record["recipients"][0]["weights"] = [
        {"rule": "a", "disposition": "defer", "cause": "finding"},
        {"rule": "b", "disposition": "defer", "cause": "unscannable"},
    ]
    assert rules_to_blame(record) == [("a", "finding"), ("b", "unscannable")]


@pytest.mark.parametrize(
    ("outcome", "reply", "blamed"),
    [
        ("deferred", "451 4.7.1 later", [("r", "timeout")]),
        ("hop_deferred", "451 4.4.1 no answer from the next hop", [("next_hop", "4.4.1")]),
        ("hop_deferred", "421 4.3.2", [("next_hop", "4.3.2")]),
        ("hop_deferred", "450 try later", [("next_hop", "450")]),
        ("crashed", "451 4.3.0 x", [("fault", "crashed")]),
        ("late", "250 2.0.0 ok", [("fault", "late")]),
        ("abandoned", "451 4.4.2 x", [("fault", "abandoned")]),
        ("relayed", "250 2.0.0 ok", []),
        ("refused", "550 5.7.1 no", []),
        ("hop_refused", "550 5.1.1 no", []),
    ],
)
def test_who_is_to_blame(outcome: str, reply: str, blamed: list[tuple[str, str]]) -> None:
    assert blame(outcome, reply, [("r", "timeout")]) == blamed
