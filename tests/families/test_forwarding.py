"""Mailboxes that send their mail on by themselves: marks, and recipients whom no header names."""

import pytest

from smtp_gate.core.message import Envelope
from smtp_gate.families import forwarding
from tests.builders import envelope
from tests.families.seen import CARLA, DANA, knowing, seen

FOREIGN = "From: Lee <lee@example.org>\nTo: dokafor@milwaukee.gov\nSubject: permit\n"


def redirected(text: str, env: Envelope) -> list[int]:
    view = seen(text, env)
    facts = knowing(*(a for a in (DANA, CARLA) if any(k.subject == a.key for k in forwarding.questions(view))))
    return list(forwarding.redirected(view, facts, lambda domain: domain in {"gmail.com", "yahoo.com"}))


@pytest.mark.parametrize(
    ("header", "mark"),
    [
        ("Resent-To: x@gmail.com", "resent-to"),
        ("X-Forwarded-To: x@gmail.com", "x-forwarded-to"),
        ("X-Forwarded-For: dokafor@milwaukee.gov x@gmail.com", "x-forwarded-for"),
        ("Auto-Submitted: auto-forwarded (by rule)", "auto-submitted"),
        ("X-Autoforward: 1", "x-autoforward"),
        ("X-MS-Exchange-Inbox-Rules-Loop: dokafor@milwaukee.gov", "x-ms-exchange-inbox-rules-loop"),
        ("X-MS-Exchange-Organization-AutoForwarded: true", "x-ms-exchange-organization-autoforwarded"),
        ("X-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent", "mailbox_rules_agent"),
        ("X-Sieve-Redirected-From: dokafor@milwaukee.gov", "x-sieve-redirected-from"),
        ("X-MS-Exchange-Organization-AutoForwarded: false", ""),
        ("X-MS-Exchange-Generated-Message-Source: Antispam Agent", ""),
        ("Auto-Submitted: auto-replied", ""),
        ("Auto-Submitted: no", ""),
        ("Subject: Fwd: by hand", ""),
        ("Resent-To: x@gmail.com\nList-Id: <council.milwaukee.gov>", ""),
        ("Resent-To: x@gmail.com\nContent-Type: multipart/report; boundary=b", ""),
    ],
)
def test_marks_of_programs(header: str, mark: str) -> None:
    assert forwarding.marks(seen(f"From: a@milwaukee.gov\n{header}\n\nx\n")) == mark


@pytest.mark.parametrize(
    "sender", ["lee@example.org", "", "SRS0=ab12=XY=example.org=lee@milwaukee.gov", "dokafor@milwaukee.gov"]
)
def test_a_recipient_whom_no_header_names(sender: str) -> None:
    assert redirected(FOREIGN + "\nx\n", envelope(sender, ["danaokafor@gmail.com"])) == [0]
    assert redirected(FOREIGN + "\nx\n", envelope(sender, ["dana.okafor.home@gmail.com"])) == [0]
    assert redirected(FOREIGN + "\nx\n", envelope(sender, ["somebody@gmail.com", "danaokafor@gmail.com"])) == [1]


def test_initials_need_the_trace_of_a_delivery() -> None:
    env = envelope("lee@example.org", ["dokafor@gmail.com"])
    assert redirected(FOREIGN + "\nx\n", env) == []
    assert redirected(f"{FOREIGN}Delivered-To: dokafor@milwaukee.gov\n\nx\n", env) == [0]
    assert redirected(f"{FOREIGN}X-Original-To: cdiaz@milwaukee.gov\n\nx\n", env) == []


@pytest.mark.parametrize(
    ("text", "env"),
    [
        # One of ours wrote it and sends it blind.
        ("From: a@milwaukee.gov\nTo: dokafor@milwaukee.gov\n\nx\n", envelope(to=["danaokafor@gmail.com"])),
        # The sender named both.
        (f"{FOREIGN}Cc: danaokafor@gmail.com\n\nx\n", envelope("lee@example.org", ["danaokafor@gmail.com"])),
        (f"{FOREIGN}List-Id: <c.milwaukee.gov>\n\nx\n", envelope("lee@example.org", ["danaokafor@gmail.com"])),
        (f"{FOREIGN}Auto-Submitted: auto-replied\n\nx\n", envelope("", ["danaokafor@gmail.com"])),
        # Of a domain where not everybody has a mailbox.
        (f"{FOREIGN}\nx\n", envelope("lee@example.org", ["danaokafor@example.net"])),
        ("Content-Type: multipart/report; boundary=b\n" + FOREIGN + "\nx\n", envelope("", ["danaokafor@gmail.com"])),
    ],
)
def test_what_is_no_redirection(text: str, env: Envelope) -> None:
    assert redirected(text, env) == []


def test_few_accounts_are_asked_for() -> None:
    crowd = ", ".join(f"u{i}@milwaukee.gov" for i in range(500))
    view = seen(f"From: lee@example.org\nTo: {crowd}\n\nx\n", envelope("lee@example.org", ["x@gmail.com"]))
    assert len(list(forwarding.questions(view))) == forwarding.MOST
    assert list(forwarding.questions(seen("From: a@milwaukee.gov\nTo: lee@example.org\n\nx\n"))) == []
