"""Everything that says who sends speaks of one account, or of one it may use: what agrees, and what does not."""

from dataclasses import replace

import pytest

from smtp_gate.core.message import Client, Direction, Proof
from smtp_gate.families.identity import IdentityParams, Signal, family
from tests.builders import envelope, listener
from tests.families.people import FIRST, LAST, found
from tests.families.seen import seen


def details(
    headers: str, sender: str = "dokafor@milwaukee.gov", login: str = "", signals: tuple[Signal, ...] = ()
) -> list[str]:
    view = seen(f"{headers}\nTo: lee@example.org\nSubject: x\n\nhello\n", envelope(sender, account=login))
    params = IdentityParams(officials=("group:officials", "Mayor Ada Byron"))
    return [f.detail for f in found(family, view, params.model_copy(update={"signals": signals} if signals else {}))]


@pytest.mark.parametrize(
    ("headers", "sender", "login"),
    [
        ("From: Dana Okafor <dokafor@milwaukee.gov>", "dokafor@milwaukee.gov", ""),
        ("From: Dana.Okafor@milwaukee.gov", "dokafor@milwaukee.gov", ""),
        ("From: dokafor@milwaukee.gov", "Dana.Okafor@milwaukee.gov", "dokafor@milwaukee.gov"),
        ("From: dokafor@milwaukee.gov", "dokafor@milwaukee.gov", "dokafor"),
        ("From: dokafor+news@milwaukee.gov", "dokafor@milwaukee.gov", ""),
        ("From: dokafor@milwaukee.gov", "prvs=1234abcdef=dokafor@milwaukee.gov", ""),
        ("From: permits@milwaukee.gov\nSender: dokafor@milwaukee.gov", "dokafor@milwaukee.gov", ""),
        ("From: permits@milwaukee.gov", "permits@milwaukee.gov", "dokafor@milwaukee.gov"),
        ("From: permits@milwaukee.gov", "permits@milwaukee.gov", ""),
        ("From: mlindgren@milwaukee.gov\nList-Id: <alerts.milwaukee.gov>", "alerts-bounces@milwaukee.gov", ""),
        ("From: mlindgren@milwaukee.gov\nSender: alerts-bounces@milwaukee.gov", "alerts-bounces@milwaukee.gov", ""),
        ("From: someone@example.com\nList-Post: <mailto:alerts@milwaukee.gov>", "alerts-bounces@milwaukee.gov", ""),
        ("From: someone@example.com\nX-Original-To: parks@milwaukee.gov", "parks@milwaukee.gov", ""),
        ("From: dokafor@milwaukee.gov\nAuto-Submitted: auto-replied\nIn-Reply-To: <1@x.org>", "", ""),
        ("From: tprice@milwaukee.gov\nSender: dokafor@milwaukee.gov", "tprice@milwaukee.gov", ""),
        ("From: Permits <permits@milwaukee.gov>\nSender: dokafor@milwaukee.gov", "permits@milwaukee.gov", ""),
        (
            "From: Maja via Alerts <alerts@milwaukee.gov>\nReply-To: mlindgren@milwaukee.gov\nList-Id: <alerts.milwaukee.gov>",
            "alerts-bounces@milwaukee.gov",
            "",
        ),
        (
            "From: \"'mlindgren@milwaukee.gov' via Alerts\" <alerts@milwaukee.gov>\nList-Id: <alerts.milwaukee.gov>",
            "alerts-bounces@milwaukee.gov",
            "",
        ),
        (
            "From: noreply@vendor.example\nReply-To: dokafor@milwaukee.gov\nDelivered-To: parks@milwaukee.gov",
            "noreply@vendor.example",
            "",
        ),
        ("From: Ann <ann@corp.example>\nResent-From: dokafor@milwaukee.gov", "dokafor@milwaukee.gov", ""),
        ("From: permits@milwaukee.gov\nReply-To: mlindgren@milwaukee.gov", "permits@milwaukee.gov", ""),
        ('From: "Dana.Okafor@milwaukee.gov" <dokafor@milwaukee.gov>', "dokafor@milwaukee.gov", ""),
        ("From: Doe, Ann <ann@corp.example>\nDelivered-To: parks@milwaukee.gov", "ann@corp.example", ""),
        ("From: someone@corp.example", "parks+SRS=ab=CD=corp.example=someone@milwaukee.gov", ""),
        ("From: dokafor@milwaukee.gov\nContent-Type: multipart/report; boundary=x", "", ""),
        ("From: someone@example.com", "someone@example.com", ""),
        ("From: news@shop.example", "bounce-17@mailer.example", ""),
        ("From: someone@example.com", "SRS0=ab=cd=example.com=someone@milwaukee.gov", ""),
        ("From: dokafor@milwaukee.gov", "SRS0=ab=cd=milwaukee.gov=dokafor@milwaukee.gov", ""),
        ("From: MAILER-DAEMON@milwaukee.gov", "", ""),
        ("From: dokafor@milwaukee.gov\nReply-To: permits@milwaukee.gov", "dokafor@milwaukee.gov", ""),
        ("From: dokafor@milwaukee.gov\nReply-To: Dana.Okafor@milwaukee.gov", "dokafor@milwaukee.gov", ""),
        ("From: dokafor@milwaukee.gov\nReply-To: survey@vendor.example", "dokafor@milwaukee.gov", ""),
        ("From: dokafor@milwaukee.gov\nResent-From: dokafor@milwaukee.gov", "dokafor@milwaukee.gov", ""),
        ("From: visitor@milwaukee.gov", "visitor+x@milwaukee.gov", ""),
    ],
)
def test_what_agrees(headers: str, sender: str, login: str) -> None:
    assert details(headers, sender, login) == []


@pytest.mark.parametrize(
    ("headers", "sender", "login", "expected"),
    [
        ("From: mlindgren@milwaukee.gov", "dokafor@milwaukee.gov", "", "from_mismatch"),
        ("From: mlindgren@milwaukee.gov", "mlindgren@milwaukee.gov", "dokafor@milwaukee.gov", "from_mismatch"),
        ("From: dokafor@milwaukee.gov", "mlindgren@milwaukee.gov", "dokafor@milwaukee.gov", "envelope_mismatch"),
        (
            "From: ann@corp.example\nResent-From: dokafor@milwaukee.gov",
            "someone@example.com",
            "dokafor@milwaukee.gov",
            "envelope_mismatch",
        ),
        ("From: permits@milwaukee.gov", "mlindgren@milwaukee.gov", "", "from_mismatch"),
        ("From: permits@milwaukee.gov", "permits@milwaukee.gov", "mlindgren@milwaukee.gov", "from_mismatch"),
        ("From: ghost@milwaukee.gov", "dokafor@milwaukee.gov", "", "from_mismatch"),
        ("From: someone@example.com", "dokafor@milwaukee.gov", "", "from_mismatch"),
        ("From: dokafor@milwaukee.gov", "someone@example.com", "", "from_mismatch"),
        ("From: dokafor@milwaukee.gov", "SRS0=ab=cd=example.com=someone@milwaukee.gov", "", "from_mismatch"),
        ("From: someone@example.com", "someone@example.com", "dokafor@milwaukee.gov", "from_mismatch"),
        ("From: mlindgren@milwaukee.gov", "alerts-bounces@milwaukee.gov", "dokafor@milwaukee.gov", "from_mismatch"),
        (
            "From: dokafor@milwaukee.gov\nSender: mlindgren@milwaukee.gov",
            "dokafor@milwaukee.gov",
            "",
            "sender_mismatch",
        ),
        ("From: dokafor@milwaukee.gov\nSender: x@example.com", "dokafor@milwaukee.gov", "", "sender_mismatch"),
        (
            "From: dokafor@milwaukee.gov\nResent-From: bkowal@milwaukee.gov",
            "dokafor@milwaukee.gov",
            "",
            "resent_from_mismatch",
        ),
        (
            "From: dokafor@milwaukee.gov\nReply-To: mlindgren@milwaukee.gov",
            "dokafor@milwaukee.gov",
            "",
            "reply_to_mismatch",
        ),
        ("From: dokafor@milwaukee.gov\nReply-To: bkowal@milwaukee.gov", "dokafor@milwaukee.gov", "", "reply_to_nobody"),
        (
            "From: dokafor@milwaukee.gov\nReply-To: dokafro@milwaukee.gov",
            "dokafor@milwaukee.gov",
            "",
            "reply_to_nobody",
        ),
        ("From: bkowal@milwaukee.gov", "dokafor@milwaukee.gov", "", "from_mismatch"),
        ("From: mlindgren@milwaukee.gov", "alerts-bounces@milwaukee.gov", "", "from_mismatch"),
        (
            "From: mlindgren@milwaukee.gov\nList-Id: <parks.milwaukee.gov>",
            "alerts-bounces@milwaukee.gov",
            "",
            "from_mismatch",
        ),
        ("From: someone@example.com", "parks@milwaukee.gov", "", "from_mismatch"),
        ("From: dokafor@milwaukee.gov", "", "", "null_sender"),
        ("From: dokafor@milwaukee.gov\nPrecedence: bulk", "", "", "null_sender"),
        ("From: tprice@milwaukee.gov\nAuto-Submitted: auto-generated", "", "", "null_sender"),
        ("From: permits@milwaukee.gov", "", "", "null_sender"),
        ("From: someone@evil.example\nSender: mlindgren@milwaukee.gov", "", "", "null_sender"),
        (
            "From: Gov <SRS0=ab=cd=milwaukee.gov=dokafor@wisconsin.gov>",
            "dokafor@milwaukee.gov",
            "dokafor@milwaukee.gov",
            "from_mismatch",
        ),
        (
            "From: dokafor@milwaukee.gov\nSender: SRS0=ab=cd=milwaukee.gov=dokafor@irs.gov",
            "dokafor@milwaukee.gov",
            "",
            "sender_mismatch",
        ),
        ("From: dokafor@milwaukee.gov", "SRS0=ab=cd=milwaukee.gov=dokafor@irs.gov", "", "from_mismatch"),
        ("From: Ada <mayor@city.milwaukee.gov>", "x@evil.example", "", "from_mismatch"),
        (
            "From: dokafor@milwaukee.gov\nReply-To: mayor@city.milwaukee.gov",
            "dokafor@milwaukee.gov",
            "",
            "reply_to_nobody",
        ),
        (
            "From: dokafor@milwaukee.gov\nSender: mlindgren @milwaukee.gov",
            "dokafor@milwaukee.gov",
            "",
            "unclear_sender",
        ),
        (
            "From: mlindgren@milwaukee.gov\nResent-From: dokafor@milwaukee.gov",
            "dokafor@milwaukee.gov",
            "",
            "from_mismatch",
        ),
        ("From: dokafor@milwaukee.gov\nFrom: cio@milwaukee.gov", "dokafor@milwaukee.gov", "", "several_from_lines"),
    ],
)
def test_what_does_not(headers: str, sender: str, login: str, expected: str) -> None:
    assert expected in details(headers, sender, login)


def test_the_sender_reads_what_is_wrong_and_nothing_that_a_detector_looks_for() -> None:
    view = seen("From: 536904399@milwaukee.gov\nTo: l@example.org\n\nx\n", envelope())
    (finding,) = found(family, view, IdentityParams())
    assert finding.said == "From shows *********@milwaukee.gov, which is not for dokafor@milwaukee.gov to use"
    assert "536904399" not in repr(finding)


@pytest.mark.parametrize("local", ["078=05=1120", "078--05--1120", "078/05/1120", "078_05_1120", "akiaiosfodnn7sample"])
def test_no_number_and_no_long_word_of_an_unknown_address_is_shown(local: str) -> None:
    view = seen(f"From: dokafor@milwaukee.gov\nReply-To: {local}@milwaukee.gov\nTo: l@example.org\n\nx\n", envelope())
    (finding,) = found(family, view, IdentityParams())
    assert finding.detail == "reply_to_nobody"
    assert "1120" not in finding.said + finding.evidence
    assert "odnn7" not in finding.said + finding.evidence


OFFICIAL: tuple[Signal, ...] = ("official",)


@pytest.mark.parametrize(
    "display",
    [
        "Terrence Price",
        "PRICE, TERRENCE",
        "Terrence Price, Records Manager",
        "Тerrence Рrice",
        "Terrance Price",
        "Terrence Pr\u0131ce",
        "Terrence Pr1ce",
        "=?utf-8?q?T=C3=A9rrence_Price?=",
        "Ada Byron, Mayor",
        "TerrencePrice",
        "T e r r e n c e P r i c e",
        "Terrance Price, City of Milwaukee",
        "Terrence Pr\u00a1ce",
        "Terr\u115fence Pr\u3164ice",
        "." * 400 + " Terrence Price",
        "Mayor Ada Byron",
    ],
)
def test_the_name_of_an_official(display: str) -> None:
    assert details(
        f'From: "{display}" <dokafor@milwaukee.gov>'
        if "=?" not in display
        else f"From: {display} <dokafor@milwaukee.gov>",
        signals=OFFICIAL,
    ) == ["official"]


@pytest.mark.parametrize(
    "line",
    [
        "From: Terrence Price <tprice@milwaukee.gov>",
        "From: Dana Okafor <dokafor@milwaukee.gov>",
        "From: Terry <dokafor@milwaukee.gov>",
        "From: Price <dokafor@milwaukee.gov>",
        "From: TP <dokafor@milwaukee.gov>",
        "From: dokafor@milwaukee.gov",
        "From: Dana Okafor on behalf of Terrence Price <dokafor@milwaukee.gov>",
        "From: Terrence Price <tprice+x@milwaukee.gov>",
    ],
)
def test_no_name_of_an_official(line: str) -> None:
    assert details(line, signals=OFFICIAL) == []


@pytest.mark.parametrize(
    "line", ["From: dokafor@milwaukee.gov (Terrence Price)", "From: (Terrence Price) <dokafor@milwaukee.gov>"]
)
def test_an_officials_name_in_a_comment(line: str) -> None:
    assert "official" in details(line, signals=OFFICIAL)


def test_an_outsiders_mail_that_is_redirected_is_a_signal_of_its_own() -> None:
    line = "From: Ann <ann@corp.example>\nResent-From: dokafor@milwaukee.gov"
    assert details(line, signals=("redirected",)) == ["redirected"]


@pytest.mark.parametrize(
    ("domain", "alike"),
    [
        ("rnilwaukee.gov", True),
        ("milwaukee-gov.com", True),
        ("milwaukee.gov.example.org", True),
        ("mi1waukee.gov", True),
        ("milwuakee.gov", True),
        ("mílwaukee.gov", True),
        ("milwaukeegov.com", True),
        ("lists.milwaukee.gov", False),
        ("madison.gov", False),
        ("wisconsin.gov", False),
        ("example.com", False),
    ],
)
def test_a_domain_that_looks_like_ours(domain: str, alike: bool) -> None:
    found_details = details(f"From: x@{domain}", f"x@{domain}", signals=("lookalike_domain",))
    assert found_details == (["lookalike_domain"] if alike else [])


@pytest.mark.parametrize(
    ("display", "other"),
    [
        ("Northside Boxing Club", True),
        ("Dana", False),
        ("D. Okafor", False),
        ("Okafor, Dana (DPW)", False),
        ("", False),
    ],
)
def test_a_name_that_has_nothing_of_the_accounts(display: str, other: bool) -> None:
    line = f'From: "{display}" <dokafor@milwaukee.gov>'
    assert details(line, signals=("other_name",)) == (["other_name"] if other else [])


def test_answers_that_leave_the_city_are_a_signal_of_their_own() -> None:
    line = "From: dokafor@milwaukee.gov\nReply-To: survey@vendor.example"
    assert details(line, signals=("foreign_reply_to",)) == ["foreign_reply_to"]


def test_a_certificate_proves_as_a_login_does() -> None:
    client = Client("127.0.0.1", account="scanner@milwaukee.gov", proof=Proof.CERTIFICATE)
    view = seen("From: dokafor@milwaukee.gov\n\nx\n", replace(envelope(), client=client))
    assert "from_mismatch" in [f.detail for f in found(family, view, IdentityParams())]


def test_an_ended_account_of_the_same_person_is_shown_no_more() -> None:
    env = envelope("nrobles2@milwaukee.gov", account="nrobles2@milwaukee.gov")
    view = seen("From: nrobles@milwaukee.gov\nTo: l@example.org\n\nx\n", env)
    assert [f.detail for f in found(family, view, IdentityParams(), day=FIRST)] == ["from_mismatch"]
    assert found(family, view, IdentityParams(), day=LAST) == ()


def test_a_login_that_nothing_proves_is_nobody() -> None:
    client = Client("127.0.0.1", account="mlindgren@milwaukee.gov", proof=None)
    view = seen("From: dokafor@milwaukee.gov\n\nx\n", replace(envelope(), client=client))
    assert found(family, view, IdentityParams()) == ()


def test_without_a_directory_nobody_knows_which_of_our_addresses_belong_together() -> None:
    view = seen("From: Dana.Okafor@milwaukee.gov\n\nx\n", envelope())
    assert found(family, view, IdentityParams(), city=()) == ()
    view = seen("From: someone@example.com\n\nx\n", envelope())
    assert [f.detail for f in found(family, view, IdentityParams(), city=())] == ["from_mismatch"]


def test_inbound_mail_is_not_asked() -> None:
    env = replace(envelope("someone@example.com"), listener=listener(Direction.INBOUND))
    assert found(family, seen("From: a@b.c, d@e.f\n\nhello\n", env), IdentityParams()) == ()


def test_outsiders_who_show_two_of_their_own_addresses_claim_nothing_of_ours() -> None:
    line = 'From: "ann@list.example" <list@list.example>'
    assert details(line, "bounce@list.example") == []
    assert details('From: "ann@milwaukee.gov" <list@list.example>', "bounce@list.example") != []
