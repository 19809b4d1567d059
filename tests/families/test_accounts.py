"""Mail leaves from current accounts: each reason to stop it, its words for the sender, and who passes."""

from dataclasses import replace
from datetime import date

import pytest

from smtp_gate.core.message import Direction
from smtp_gate.families.accounts import AccountsParams, family, spoken
from tests.builders import envelope, listener
from tests.families.people import DAY, FIRST, GONE, HANDED_OVER, LAST, found
from tests.families.seen import seen

REPLACED = "ended on 30 June 2026 and was replaced: send from nrobles2@milwaukee.gov instead"
ALL = AccountsParams(signals=("unknown", "not_yet", "ended", "transferred", "foreign"))


def said(sender: str, day: date = DAY, *, author: str = "", more: str = "", login: str = "", to: int = 1) -> list[str]:
    env = envelope(sender, [f"lee{n}@example.org" for n in range(to)], account=login)
    view = seen(f"From: {author or sender}\nTo: lee@example.org\nSubject: x\n{more}\nhello\n", env)
    return [f"{f.detail}: {f.said}" for f in found(family, view, ALL, day)]


@pytest.mark.parametrize(
    ("day", "sender", "expected"),
    [
        (LAST, "nrobles@milwaukee.gov", []),
        (LAST, "Nancy.Robles@milwaukee.gov", []),
        (LAST, "nrobles2@milwaukee.gov", ["not_yet: nrobles2@milwaukee.gov begins on 1 July 2026"]),
        (
            FIRST,
            "nrobles@milwaukee.gov",
            [
                f"transferred: nrobles@milwaukee.gov {REPLACED}",
            ],
        ),
        (
            FIRST,
            "Nancy.Robles@milwaukee.gov",
            [
                f"transferred: nancy.robles@milwaukee.gov {REPLACED}",
            ],
        ),
        (FIRST, "nrobles2@milwaukee.gov", []),
        (HANDED_OVER, "Nancy.Robles@milwaukee.gov", []),
    ],
)
def test_the_transfer_day_by_day(day: date, sender: str, expected: list[str]) -> None:
    assert said(sender, day) == expected


@pytest.mark.parametrize(
    ("sender", "expected"),
    [
        ("ghost@milwaukee.gov", ["unknown: ghost@milwaukee.gov is no account of the city"]),
        ("bkowal@milwaukee.gov", ["ended: bkowal@milwaukee.gov ended on 31 December 2025"]),
        ("new@milwaukee.gov", ["not_yet: new@milwaukee.gov begins on 4 May 2026"]),
        ("e123456789@milwaukee.gov", ["unknown: e*********@milwaukee.gov is no account of the city"]),
        (
            "someone@example.com",
            ["foreign: someone@example.com is no address of the city, and no forward or list explains it"],
        ),
        ("dokafor@milwaukee.gov", []),
        ("DOKAFOR@milwaukee.gov", []),
        ("dokafor+x@milwaukee.gov", []),
        ("prvs=1234abcdef=dokafor@milwaukee.gov", []),
        ("permits@milwaukee.gov", []),
        ("alerts-bounces@milwaukee.gov", []),
        ("alerts-bounces+lee=example.org@milwaukee.gov", []),
        ("owner-alerts@milwaukee.gov", []),
        ("dokafor-bounces@milwaukee.gov", ["unknown: dokafor-bounces@milwaukee.gov is no account of the city"]),
        ("MAILER-DAEMON@milwaukee.gov", ["unknown: mailer-daemon@milwaukee.gov is no account of the city"]),
        (
            "prvs=1234abcdef=dokafor-owner@milwaukee.gov",
            ["unknown: prvs=1234abcdef=dokafor-owner@milwaukee.gov is no account of the city"],
        ),
        ("mayor@city.milwaukee.gov", ["unknown: mayor@city.milwaukee.gov is no account of the city"]),
        ("msprvs1=18abcdefghi=permits-bounces@milwaukee.gov", []),
        (
            "SRS0=ab=cd=milwaukee.gov=dokafor@milwaukee.gov",
            ["foreign: dokafor@milwaukee.gov is rewritten, and no forward explains it"],
        ),
    ],
)
def test_every_kind_of_sender(sender: str, expected: list[str]) -> None:
    assert said(sender) == expected


def test_the_login_is_asked_beside_the_envelope_sender() -> None:
    assert said("dokafor@milwaukee.gov", login="bkowal@milwaukee.gov") == [
        "ended: bkowal@milwaukee.gov ended on 31 December 2025"
    ]
    assert said("dokafor@milwaukee.gov", login="dokafor") == []
    assert said("dokafor@milwaukee.gov", login="ghost") == ["unknown: ghost is no account of the city"]


@pytest.mark.parametrize(
    "more",
    [
        "Delivered-To: parks@milwaukee.gov\n",
        "X-Original-To: <parks@milwaukee.gov>\n",
        "X-Forwarded-For: parks@milwaukee.gov lee@example.org\n",
        "Resent-From: Dana <dokafor@milwaukee.gov>\n",
        "List-Post: <mailto:alerts@milwaukee.gov>\n",
        "List-Id: Alerts <alerts.lists.milwaukee.gov>\n",
        "List-Id: <alerts.milwaukee.gov>\n",
    ],
)
def test_forwards_and_lists_explain_foreign_senders(more: str) -> None:
    assert said("someone@example.com", more=more) == []
    assert said("SRS0=ab=cd=example.com=someone@milwaukee.gov", author="someone@example.com", more=more) == []
    assert (
        said("SRS1=zz=other.example==ab=cd=example.com=someone@milwaukee.gov", author="someone@example.com", more=more)
        == []
    )


@pytest.mark.parametrize(
    "more",
    [
        "Delivered-To: ghost@milwaukee.gov\n",
        "Delivered-To: bkowal@milwaukee.gov\n",
        "Delivered-To: parks@example.com\n",
        "List-Id: <dokafor.milwaukee.gov>\n",
        "List-Post: <mailto:permits@milwaukee.gov>\n",
        "List-Id: <alerts.notmilwaukee.gov>\n",
    ],
)
def test_what_explains_nothing(more: str) -> None:
    assert said("someone@example.com", more=more)


def test_the_null_sender_speaks_through_its_author() -> None:
    assert said("", author="MAILER-DAEMON@milwaukee.gov") == []
    assert said("", author="dokafor@milwaukee.gov") == []
    assert said("", author="ghost@milwaukee.gov") == ["unknown: ghost@milwaukee.gov is no account of the city"]
    assert said("", author="someone@example.com") == []


def test_an_automatic_reply_of_an_ended_account_says_that_it_has_ended() -> None:
    reply = "Auto-Submitted: auto-replied\nIn-Reply-To: <1@example.org>\n"
    assert said("", author=GONE.address, more=reply) == []
    assert said("", author=GONE.address, more="Auto-Submitted: auto-replied (vacation)\n") != []
    assert said("", author=GONE.address, more=reply, to=2) != []
    assert said("", author=GONE.address, more="In-Reply-To: <1@example.org>\n") != []
    assert said(GONE.address, more=reply) != []
    assert said("", author="ghost@milwaukee.gov", more=reply) != []


def test_an_automatic_reply_may_be_asked_too() -> None:
    view = seen(
        f"From: {GONE.address}\nTo: l@example.org\nAuto-Submitted: auto-replied\nIn-Reply-To: <1@x.org>\n\nhello\n",
        envelope(""),
    )
    assert found(family, view, AccountsParams(automatic_replies="ask"))


def test_without_a_directory_nothing_is_known_and_nothing_held_against_anybody() -> None:
    view = seen("From: ghost@milwaukee.gov\n\nhello\n", envelope("ghost@milwaukee.gov"))
    assert found(family, view, ALL, city=()) == ()


def test_inbound_mail_is_not_asked() -> None:
    env = replace(envelope("someone@example.com"), listener=listener(Direction.INBOUND))
    assert found(family, seen("From: someone@example.com\n\nhello\n", env), ALL) == ()


def test_what_mail_servers_write_by_themselves_is_nobodys_account() -> None:
    marks = "Auto-Submitted: auto-generated\n"
    assert said("MAILER-DAEMON@milwaukee.gov", more=marks) == []
    assert said("root@milwaukee.gov", more=marks) == []
    assert said("root@milwaukee.gov") != []
    assert said("dokafor@milwaukee.gov", login="root", more=marks) == ["unknown: root is no account of the city"]


def test_an_ended_author_behind_a_list_has_ended() -> None:
    listed = "List-Id: <alerts.milwaukee.gov>\n"
    assert said("alerts-bounces@milwaukee.gov", author="dokafor@milwaukee.gov", more=listed) == []
    assert said("alerts-bounces@milwaukee.gov", author=GONE.address, more=listed) != []


def test_only_the_wanted_signals_count() -> None:
    view = seen("From: ghost@milwaukee.gov\n\nhello\n", envelope("ghost@milwaukee.gov"))
    assert found(family, view, AccountsParams(signals=("ended",))) == ()


def test_days_are_spoken_as_people_say_them() -> None:
    assert spoken(date(2026, 6, 3)) == "3 June 2026"
    assert spoken(None) == "a day nobody wrote down"


def test_anybody_is_everybody_directory_or_not() -> None:
    view = seen("From: dokafor@milwaukee.gov\n\nhello\n", envelope())
    for city in ((), (GONE,)):
        assert [f.detail for f in found(family, view, AccountsParams(signals=("anybody",)), city=city)] == ["anybody"]
