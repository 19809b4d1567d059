"""Replies name rule, place, count and ref, and fit on one line that peers log."""

from dataclasses import replace

import pytest

from smtp_gate.core import answer
from smtp_gate.core.finding import Finding
from smtp_gate.core.verdict import Disposition, Result, Terms, decide
from smtp_gate.core.view import Reason, Region, RegionKind, Unscannable
from tests.builders import envelope, message

OWN = Region(RegionKind.OWN)


def result(rule: str, action: Disposition, *findings: Finding, text: str = "") -> Result:
    return Result(rule, "sensitive", Terms(action=action, message=text), frozenset(range(5)), findings)


def test_a_refusal_names_three_recipients_the_rules_and_the_ref() -> None:
    env = envelope(to=[f"r{i}@example.org" for i in range(5)])
    found = Finding(OWN, "***-**-8726", "us_ssn", "high", count=2)
    verdict = decide([result("pii.ssn", Disposition.REJECT, found, text="{count} number(s) in {where}.")], env)
    reply = answer.refused(message(env=env), verdict)
    assert (reply.code, reply.enhanced) == (550, "5.7.1")
    assert "2 number(s) in the text." in reply.text
    assert "rule pii.ssn" in reply.text
    assert "r0@example.org, r1@example.org, r2@example.org and 2 more" in reply.text
    assert "ref TESTREF0001" in reply.text


def test_a_refusal_with_a_very_long_message_still_names_rule_and_ref() -> None:
    env = envelope()
    verdict = decide([result("a.b", Disposition.REJECT, Finding(OWN), text="long " * 200)], env)
    text = answer.refused(message(env=env), verdict).text
    assert len(text) <= answer.ROOM
    assert text.endswith("ref TESTREF0001]")


def test_unreadable_content_is_named_as_such() -> None:
    sealed = Unscannable("2", Region(RegionKind.ATTACHMENT, "a.zip"), Reason.ENCRYPTED)
    terms = Terms(on_unscannable=Disposition.REJECT, message="{count} in {where}", way_out="Ask us.")
    only = Result("pii.ssn", "sensitive", terms, frozenset({0}), unscannable=(sealed,))
    said = answer.explanation(message(), only)
    assert said.startswith("the attachment a.zip is encrypted, and not the whole message: ")
    assert said.endswith(" Ask us.")
    damaged = replace(only, unscannable=(replace(sealed, reason=Reason.UNKNOWN),))
    assert answer.explanation(message(), damaged).startswith("the attachment a.zip cannot be read, ")


@pytest.mark.parametrize(
    ("actions", "code", "start"),
    [
        ([Disposition.QUARANTINE, Disposition.REJECT], 550, "message refused"),
        ([Disposition.DEFER], 451, "could not be checked"),
        ([Disposition.QUARANTINE], 250, "held for review, ref"),
    ],
)
def test_the_foretold_reply_follows_the_strictest(actions: list[Disposition], code: int, start: str) -> None:
    env = envelope()
    results = [result(f"r{i}", a, Finding(OWN)) for i, a in enumerate(actions)]
    reply = answer.foretold(message(env=env), decide(results, env))
    assert reply is not None
    assert reply.code == code
    assert reply.text.startswith(start)


def test_nothing_is_foretold_where_the_next_hop_answers() -> None:
    assert answer.foretold(message(), decide([], envelope())) is None


def test_a_mixed_verdict_counts_both_sides() -> None:
    env = envelope(to=["a@example.org", "b@milwaukee.gov"])
    only_first = Result("r", "f", Terms(action=Disposition.QUARANTINE), frozenset({0}), (Finding(OWN),))
    reply = answer.foretold(message(env=env), decide([only_first], env))
    assert str(reply) == "250 2.0.0 relayed to 1, held for 1, ref TESTREF0001"


@pytest.mark.parametrize(
    ("region", "words"),
    [
        (OWN, "the text"),
        (Region(RegionKind.QUOTED), "the quoted text"),
        (Region(RegionKind.SUBJECT), "the subject"),
        (Region(RegionKind.SIGNATURE), "the signature"),
        (Region(RegionKind.HEADER), "the headers"),
        (Region(RegionKind.ATTACHMENT, "list.zip!pay.xlsx"), "the attachment list.zip!pay.xlsx"),
        (Region(RegionKind.ATTACHMENT, "536-90-4399.pdf"), "the attachment ***-**-****.pdf"),
        (Region(RegionKind.ATTACHMENT), "an attachment"),
    ],
)
def test_a_place_is_named_in_a_senders_words(region: Region, words: str) -> None:
    only = result("pii.ssn", Disposition.REJECT, Finding(region), text="{where}")
    assert answer.explanation(message(), only) == words


def test_every_kind_of_region_has_words() -> None:
    assert answer.PLACES.keys() | {RegionKind.ATTACHMENT} == set(RegionKind)
