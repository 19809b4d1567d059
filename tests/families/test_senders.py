"""Addresses that stand for an account: tags, bounce tags, lists and rewritten senders; and whether all speak with one voice."""

import pytest

from smtp_gate.core.directory import index
from smtp_gate.core.facts import Facts
from smtp_gate.core.view import MessageView
from smtp_gate.families import senders
from tests.builders import envelope
from tests.families.people import CITY, DAY
from tests.families.seen import seen


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("SRS0=ab=cd=example.com=someone", ("someone", "example.com")),
        ("srs0+ab=cd=Example.COM=some=one", ("some=one", "example.com")),
        ("SRS0-ab=cd=example.com=someone", ("someone", "example.com")),
        ("SRS1=zz=other.example==ab=cd=example.com=someone", ("someone", "example.com")),
        ("SRS0=ab=cd", ("", "")),
        ("SRS0=", ("", "")),
        ("srs0wrong", ("", "")),
        ("dokafor", ("", "")),
    ],
)
def test_the_original_of_a_rewritten_sender(local: str, expected: tuple[str, str]) -> None:
    assert senders.forward_of(local) == expected


def facts_for(view: MessageView) -> Facts:
    return Facts(index(CITY).answer(tuple(senders.questions(view)), DAY))


def voice(headers: str, sender: str = "dokafor@milwaukee.gov") -> bool:
    view = seen(f"{headers}\nTo: l@example.org\n\nx\n", envelope(sender))
    return senders.is_one_voice(view, facts_for(view))


@pytest.mark.parametrize(
    "headers",
    [
        "From: Dana <dokafor@milwaukee.gov>",
        "From: Dana.Okafor@milwaukee.gov",
        "From: permits@milwaukee.gov\nSender: dokafor@milwaukee.gov",
    ],
)
def test_one_voice(headers: str) -> None:
    assert voice(headers)


@pytest.mark.parametrize(
    "headers",
    [
        "From: mlindgren@milwaukee.gov",
        "From: dokafor@milwaukee.gov, mlindgren@milwaukee.gov",
        "From: dokafor@milwaukee.gov\nFrom: dokafor@milwaukee.gov",
        "From: dokafor@milwaukee.gov\nSender: mlindgren@milwaukee.gov",
        "From: dokafor@milwaukee.gov\nResent-From: mlindgren@milwaukee.gov",
        "From: dokafor@milwaukee.gov\nResent-Sender: x@example.com",
        'From: "cio@milwaukee.gov" <dokafor@milwaukee.gov>',
        "Sender: dokafor@milwaukee.gov",
    ],
)
def test_more_than_one(headers: str) -> None:
    assert not voice(headers)


def test_the_null_sender_has_none() -> None:
    assert not voice("From: dokafor@milwaukee.gov", "")


def test_a_bare_login_is_the_account_of_that_name_in_one_of_our_domains() -> None:
    view = seen("From: dokafor@milwaukee.gov\n\nx\n", envelope(account="dokafor"))
    who = senders.login(view, facts_for(view))
    assert who is not None
    assert (who.domain, who.account and who.account.name) == ("milwaukee.gov", "Dana Okafor")


def test_a_login_outside_our_domains_stays_there() -> None:
    view = seen("From: dokafor@milwaukee.gov\n\nx\n", envelope(account="dokafor@evil.example"))
    who = senders.login(view, facts_for(view))
    assert who is not None
    assert who.account is None


def test_questions_are_bounded_however_many_authors_there_are() -> None:
    many = ", ".join(f"a{n}@milwaukee.gov" for n in range(1000))
    view = seen(f"From: {many}\nReply-To: {many}\n\nx\n", envelope())
    assert len(set(senders.questions(view))) <= 6 * 4 * senders.MOST


def test_only_addresses_of_ours_are_asked_for() -> None:
    view = seen("From: a@example.com\nReply-To: b@example.net\n\nx\n", envelope("c@example.org"))
    assert {key.subject for key in senders.questions(view)} == {"c@example.org"}
