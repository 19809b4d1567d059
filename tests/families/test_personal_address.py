"""Own addresses, forwards and replies to personal mailboxes are seen; constituents on free-mail are left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.core.facts import Facts
from smtp_gate.core.finding import Finding
from smtp_gate.families.personal_address import PersonalAddressParams, family, mask_address, plain_key, resembles
from tests.builders import envelope
from tests.families.seen import DANA, knowing, seen

LETTER = "From: Dana Okafor <dokafor@milwaukee.gov>\nTo: x@example.org\nSubject: {subject}\n{headers}\n\n{body}\n"
ALL = PersonalAddressParams(signals=("own_address", "auto_forward", "personal_reply_to", "personal_from", "bulk"))


def found(
    *to: str,
    subject: str = "hello",
    headers: str = "X-A: b",
    body: str = "Dear citizen, some words.",
    facts: Facts | None = None,
) -> list[Finding]:
    view = seen(LETTER.format(subject=subject, headers=headers, body=body), envelope(to=to))
    return list(family.check(view, facts or knowing(DANA), ALL))


@pytest.mark.parametrize(
    "address", ["dana.okafor.home@gmail.com", "danaokaforhome@gmail.com", "Dana.Okafor.Home+city@googlemail.com"]
)
def test_the_directorys_personal_address_is_the_senders_own_however_it_is_written(address: str) -> None:
    (finding,) = found(address)
    assert finding.detail == "own_address"
    assert finding.recipients == frozenset({0})
    assert "okafor" not in finding.evidence.lower()


@pytest.mark.parametrize(
    "address", ["danaokafor@yahoo.com", "okafor.dana@outlook.com", "d.okafor@aol.com", "dana_okafor77@gmx.com"]
)
def test_a_likeness_of_names_counts_with_a_second_sign(address: str) -> None:
    assert [f.detail for f in found(address, subject="Fwd: budget")] == ["resemblance+forward"]


@pytest.mark.parametrize("address", ["danaokafor@yahoo.com", "okafor.dana@outlook.com"])
@pytest.mark.parametrize("headers", ["X-A: b", "In-Reply-To: <1@x>", "References: <1@x>"])
def test_a_likeness_alone_never_counts(address: str, headers: str) -> None:
    subject = "Fwd: budget" if "X-A" not in headers else "Your permit"
    assert found(address, subject=subject, headers=headers) == []


@pytest.mark.parametrize(
    "address",
    [
        "chidi.okafor@gmail.com",
        "okafor@gmail.com",
        "the.okafors@yahoo.com",
        "dana@gmail.com",
        "lee.park@gmail.com",
        "d.park@aol.com",
    ],
)
def test_relatives_and_constituents_are_left_alone(address: str) -> None:
    assert found(address, subject="Fwd: your permit") == []


def test_a_likeness_among_several_recipients_is_no_sign() -> None:
    assert found("danaokafor@yahoo.com", "lee@example.org", subject="Fwd: budget") == []


@pytest.mark.parametrize(
    "mark", ["Resent-To: x@gmail.com", "X-Forwarded-To: x@gmail.com", "Auto-Submitted: auto-forwarded"]
)
def test_automatic_forwards_to_free_mail_are_seen(mark: str) -> None:
    (finding,) = found("somebody@gmail.com", "lee@example.org", headers=mark)
    assert finding.detail.startswith("auto_forward")
    assert finding.recipients == frozenset({0})


def test_an_automatic_reply_is_no_forward() -> None:
    assert found("somebody@gmail.com", headers="Auto-Submitted: auto-replied") == []


@pytest.mark.parametrize(
    ("headers", "details"),
    [
        ("Reply-To: dana.okafor.home@gmail.com", ["personal_reply_to"]),
        ("Reply-To: danaokafor@yahoo.com", ["personal_reply_to"]),
        ("Reply-To: permits@milwaukee.gov", []),
        ("Reply-To: lee.park@gmail.com", []),
    ],
)
def test_a_reply_to_ones_own_mailbox_is_seen(headers: str, details: list[str]) -> None:
    assert [f.detail for f in found("lee@example.org", headers=headers)] == details


def test_bulk_counts_free_mail_recipients_only() -> None:
    assert found(*[f"r{i}@gmail.com" for i in range(19)], *[f"r{i}@example.org" for i in range(19)]) == []
    (finding,) = found(*[f"r{i}@gmail.com" for i in range(20)], "x@example.org")
    assert (finding.count, finding.detail) == (20, "bulk")


def test_an_admins_own_list_of_domains_counts() -> None:
    view = seen(LETTER.format(subject="Fwd: x", headers="X: y", body=""), envelope(to=["danaokafor@mail.example"]))
    more = PersonalAddressParams(free_mail=("mail.example",))
    assert list(family.check(view, knowing(DANA), more))
    assert not list(family.check(view, knowing(DANA), PersonalAddressParams()))


def test_the_sender_is_asked_for_and_nobody_else() -> None:
    assert [k.subject for k in family.needs(seen("From: a@b\n\nx"), ALL)] == ["dokafor@milwaukee.gov"]
    assert family.needs(seen("From: a@b\n\nx", envelope("")), ALL) == ()


def test_masks_and_keys() -> None:
    assert mask_address("danaokafor", "gmail.com") == "d***r@gmail.com"
    assert mask_address("ab", "gmail.com") == "***@gmail.com"
    assert plain_key("D.Ana+x", "GoogleMail.com") == "dana@gmail.com"


@given(st.text(max_size=60), st.lists(st.text(max_size=20), max_size=4))
def test_no_text_makes_it_raise(local: str, names: list[str]) -> None:
    assert resembles(local, tuple(names)) in {True, False}


@given(st.text(max_size=200))
def test_no_header_makes_it_raise(text: str) -> None:
    found("lee@gmail.com", subject=text.replace("\n", " "), headers="Reply-To: " + text.replace("\n", " "))
