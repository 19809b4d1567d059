"""Own addresses, forwards and replies to personal mailboxes are seen; constituents on free-mail are left alone."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.core.facts import Account
from smtp_gate.core.finding import Finding
from smtp_gate.families.personal_address import PersonalAddressParams, Signal, family
from tests.builders import envelope
from tests.families.asking import answered
from tests.families.seen import DANA, seen

LETTER = "From: Dana Okafor <dokafor@milwaukee.gov>\nTo: {to}\nSubject: {subject}\n{headers}\n\n{body}\n"
EVERY: tuple[Signal, ...] = (
    "own_address",
    "auto_forward",
    "personal_reply_to",
    "personal_from",
    "personal_cc",
    "bulk",
    "disposable",
)
ALL = PersonalAddressParams(signals=EVERY)


def found(
    *to: str,
    subject: str = "hello",
    headers: str = "X-A: b",
    body: str = "Dear citizen, some words.",
    shown: str = "",
    accounts: tuple[Account, ...] = (DANA,),
    params: PersonalAddressParams = ALL,
) -> list[Finding]:
    text = LETTER.format(to=shown or ", ".join(to), subject=subject, headers=headers, body=body)
    view = seen(text, envelope(to=to))
    return list(family.check(view, answered(family.needs(view, params), *accounts), params))


@pytest.mark.parametrize(
    "address", ["dana.okafor.home@gmail.com", "danaokaforhome@gmail.com", "Dana.Okafor.Home+city@googlemail.com"]
)
def test_the_directorys_personal_address_is_the_senders_own_however_it_is_written(address: str) -> None:
    (finding,) = found(address)
    assert finding.detail == "own_address"
    assert finding.recipients == frozenset({0})
    assert "okafor" not in finding.evidence.lower()
    assert finding.said == finding.evidence


@pytest.mark.parametrize(
    "address", ["danaokafor@yahoo.com", "okafor.dana@outlook.com", "d.okafor@aol.com", "dana_okafor77@gmx.com"]
)
def test_a_likeness_of_names_counts_with_a_second_sign(address: str) -> None:
    assert [f.detail for f in found(address, subject="Fwd: budget", body="see below")] == ["resemblance+forward"]
    assert found(address, subject="Fwd: budget", params=PersonalAddressParams(resemblance=False)) == []


@pytest.mark.parametrize("address", ["danaokafor@yahoo.com", "okafor.dana@outlook.com", "d.okafor@aol.com"])
@pytest.mark.parametrize("subject", ["Your permit", "Fwd: your permit", "Re: your permit"])
def test_a_likeness_alone_never_counts(address: str, subject: str) -> None:
    assert found(address, subject=subject, body="Dear Ms. Okafor, your permit is ready.") == []


@pytest.mark.parametrize(
    "address",
    ["chidi.okafor@gmail.com", "okafor@gmail.com", "the.okafors@yahoo.com", "dana@gmail.com", "lee.park@gmail.com"],
)
def test_relatives_and_constituents_are_left_alone(address: str) -> None:
    assert found(address, subject="Fwd: permit", body="see below") == []


def test_a_likeness_at_a_domain_of_its_own_is_none() -> None:
    assert found("danaokafor@okafor.example", subject="Fwd: budget", body="") == []


@pytest.mark.parametrize(
    "mark", ["Resent-To: x@gmail.com", "X-Forwarded-To: x@gmail.com", "Auto-Submitted: auto-forwarded"]
)
def test_automatic_forwards_to_free_mail_are_seen(mark: str) -> None:
    (finding,) = found("somebody@gmail.com", "lee@example.org", headers=mark)
    assert finding.detail.startswith("auto_forward:")
    assert finding.recipients == frozenset({0})


def test_a_redirection_is_seen_at_its_recipient() -> None:
    text = "From: Lee <lee@example.org>\nTo: dokafor@milwaukee.gov\nSubject: permit\n\nIs it ready?\n"
    view = seen(text, envelope("lee@example.org", ["lee@example.net", "danaokafor@gmail.com"]))
    (finding,) = family.check(view, answered(family.needs(view, ALL), DANA), ALL)
    assert (finding.detail, finding.recipients) == ("auto_forward:redirect", frozenset({1}))


def test_an_automatic_reply_is_no_forward() -> None:
    assert found("somebody@gmail.com", headers="Auto-Submitted: auto-replied") == []


@pytest.mark.parametrize(
    ("headers", "details"),
    [
        ("Reply-To: dana.okafor.home@gmail.com", ["personal_reply_to"]),
        ("Reply-To: danaokafor@yahoo.com", ["personal_reply_to"]),
        ("Reply-To: dokafor@yahoo.com", []),
        ("Reply-To: permits@milwaukee.gov", []),
        ("Reply-To: lee.park@gmail.com", []),
        ("Reply-To: not an address", []),
        ("Cc: Dana <dana.okafor.home+x@gmail.com>", ["personal_cc"]),
        ("Bcc: dana.okafor.home@gmail.com", ["personal_cc"]),
        ("Cc: danaokafor@yahoo.com", []),
    ],
)
def test_a_header_that_shows_ones_own_mailbox_is_seen(headers: str, details: list[str]) -> None:
    findings = found("lee@example.org", headers=headers)
    assert [f.detail for f in findings] == details
    assert all(f.recipients is None for f in findings)


def test_a_copy_concerns_the_copy_alone() -> None:
    findings = found(
        "lee@example.org", "danaokafor@yahoo.com", shown="lee@example.org", headers="Cc: danaokafor@yahoo.com"
    )
    assert {f.detail for f in findings} == {"resemblance+copy", "personal_cc"}
    assert {f.recipients for f in findings} == {frozenset({1})}


def test_a_personal_author_is_seen() -> None:
    view = seen("From: Dana <dana.okafor.home@gmail.com>\nTo: lee@example.org\n\nx\n")
    params = PersonalAddressParams(signals=("personal_from",))
    assert [f.detail for f in family.check(view, answered(family.needs(view, params), DANA), params)] == [
        "personal_from"
    ]


def test_bulk_counts_free_mail_recipients_only() -> None:
    assert found(*[f"r{i}@gmail.com" for i in range(19)], *[f"r{i}@example.org" for i in range(19)]) == []
    (finding,) = found(*[f"r{i}@gmail.com" for i in range(20)], "x@example.org")
    assert (finding.count, finding.detail, finding.said) == (20, "bulk", "20 free-mail recipients")


def test_throw_away_mailboxes_are_seen() -> None:
    (finding,) = found("x7@sub.mailinator.com", "lee@example.org")
    assert (finding.detail, finding.recipients) == ("disposable", frozenset({0}))


def test_an_admins_own_domains_count() -> None:
    more = PersonalAddressParams(free_mail=("mail.example",))
    less = PersonalAddressParams(not_free_mail=("yahoo.com",))
    assert found("danaokafor@eu.mail.example", subject="Fwd: x", body="", params=more)
    assert not found("danaokafor@eu.mail.example", subject="Fwd: x", body="")
    assert not found("danaokafor@yahoo.com", subject="Fwd: x", body="", params=less)


def test_only_what_is_needed_is_asked() -> None:
    many = [f"r{i}@gmail.com" for i in range(500)] + [f"x{i}@milwaukee.gov" for i in range(500)]
    view = seen("From: a@milwaukee.gov\n\nx", envelope(to=many))
    keys = family.needs(view, ALL)
    assert [(k.source, k.subject) for k in keys if k.source.startswith("feed.")] == [
        ("feed.free_mail", "gmail.com"),
        ("feed.disposable", "gmail.com"),
    ]
    assert {k.subject for k in keys if k.source == "directory"} == {"dokafor@milwaukee.gov", "a@milwaukee.gov"}
    assert family.needs(view, PersonalAddressParams(signals=("disposable",))) == keys[-1:]
    assert family.needs(seen("From: a@b\n\nx", envelope("")), PersonalAddressParams(signals=("bulk",))) != ()


def test_a_thousand_recipients_take_linear_time() -> None:
    began = time.process_time()
    found(*[f"dana.okafor{i}@gmail.com" for i in range(1000)], body="", subject="Fwd: x")
    assert time.process_time() - began < 5


@given(st.text(max_size=200))
def test_no_header_makes_it_raise(text: str) -> None:
    found("lee@gmail.com", subject=text.replace("\n", " "), headers="Reply-To: " + text.replace("\n", " "))


@given(st.text(max_size=300))
def test_no_text_makes_it_raise(text: str) -> None:
    found("danaokafor@gmail.com", body=text)
