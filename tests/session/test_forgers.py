"""Who asks to be spared must have proven who they are (law 10): twenty ways to forge it at a real door, none of them granted."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date
from ipaddress import ip_network
from typing import Any

import pytest

from smtp_gate.core.directory import Entry, index
from smtp_gate.core.facts import Facts
from smtp_gate.core.message import Message
from smtp_gate.core.scope import Scope, Spare, Who, WhoKind
from smtp_gate.core.sparing import Waiver
from smtp_gate.detect.detectors import Detectors
from smtp_gate.detect.engine import Engine
from smtp_gate.examine import Ruleset, examine
from smtp_gate.reading.limits import Limits
from smtp_gate.reading.reader import read
from tests.builders import listener
from tests.fakes import tick
from tests.families.people import dated
from tests.session.harness import LOOPBACK, house
from tests.test_gate import SECRET

PAYROLL = Entry("payroll@milwaukee.gov", "service", "Payroll", groups=dated("benefits"))
MALLORY = Entry("mallory@milwaukee.gov", name="Mallory Hale", aliases=dated("M.Hale@milwaukee.gov"))
CITY = index((PAYROLL, MALLORY))
WAIVER = Waiver(
    "EX-1", SECRET.id, Scope((Who(WhoKind.ADDRESS, "payroll@milwaukee.gov"),)), date(2030, 1, 1), "o", "cio", "T", "r"
)
RULES = Ruleset(
    "sha256:0",
    (
        replace(
            SECRET,
            unless=(
                Spare(Scope((Who(WhoKind.GROUP, "benefits"),))),
                Spare(Scope((Who(WhoKind.ADDRESS, "payroll@milwaukee.gov"),))),
            ),
        ),
    ),
    Engine(Detectors()),
    (WAIVER,),
    UTC,
)

HOSTS = frozenset({"mail.milwaukee.gov"})
VOUCHED = {"vouchers": LOOPBACK, "voucher_hosts": HOSTS}
DECLARED = {"listener": listener(sender_is_authenticated=True)}
ELSEWHERE = (ip_network("192.0.2.0/24"),)


def received(login: str = "", host: str = "mail.milwaukee.gov", protocol: str = "ESMTPSA") -> str:
    line = f"\t(Authenticated sender: {login})\r\n" if login else ""
    return f"Received: from pc (pc [10.0.0.9])\r\n{line}\tby {host} (Postfix) with {protocol} id 4X\r\n\tfor <l@example.org>; x\r\n"


FROM = "From: payroll@milwaukee.gov\r\n"
PLAIN = received(protocol="ESMTP")


async def granted(settings: Mapping[str, Any], lines: str, headers: str, sender: str = "payroll@milwaukee.gov") -> bool:
    """Whether anybody is spared in a message sent over a real connection: its envelope is what the door made of it."""
    async with house(**settings) as h:
        script = await h.play(
            f">> EHLO payroll.milwaukee.gov\n<< 250 *\n{lines}>> MAIL FROM:<{sender}>\n<< 250 *\n"
            ">> RCPT TO:<lee@example.org>\n<< 250 *\n>> DATA\n<< 354 *"
        )
        await script.send(f"{headers}To: lee@example.org\r\nSubject: x\r\n\r\nsecret\r\n.\r\n".encode())
        await script.play("<< 250 *")
        return is_spared(h.gate.messages[-1])


def is_spared(message: Message) -> bool:
    view = read(message, Limits(), {})
    facts = Facts(CITY.answer(tuple(RULES.needs(view)), message.received.date()))
    (result,) = examine(view, facts, RULES, tick)
    assert result.failure is None
    assert bool(result.exempt) is not bool(result.findings)
    return bool(result.exempt)


FORGED: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "the envelope sender alone": ({}, "", FROM, "payroll@milwaukee.gov"),
    "its own Received line": ({}, "", received("payroll@milwaukee.gov") + FROM, "payroll@milwaukee.gov"),
    "a Received line below the trusted one": (VOUCHED, "", PLAIN + received("payroll@milwaukee.gov") + FROM, "payroll@milwaukee.gov"),
    "a Received line of another host": (VOUCHED, "", received("payroll@milwaukee.gov", "evil.example") + FROM, "payroll@milwaukee.gov"),
    "a trusted line from an address that is not trusted": (
        {"vouchers": ELSEWHERE, "voucher_hosts": HOSTS}, "", received("payroll@milwaukee.gov") + FROM, "payroll@milwaukee.gov"
    ),
    "a line without authentication in its protocol": (VOUCHED, "", received("payroll@milwaukee.gov", protocol="ESMTPS") + FROM, "payroll@milwaukee.gov"),
    "a name in EHLO": (VOUCHED, "", PLAIN.replace("from pc", "from (Authenticated_sender:_payroll@milwaukee.gov)") + FROM, "payroll@milwaukee.gov"),
    "a header above the trusted line": (VOUCHED, "", "X-Top: 1\r\n" + received("payroll@milwaukee.gov") + FROM, "payroll@milwaukee.gov"),
    "the trusted line of another login": (VOUCHED, "", received("mallory@milwaukee.gov") + FROM, "payroll@milwaukee.gov"),
    "two logins in one line": (
        VOUCHED, "", received("mallory@milwaukee.gov").replace("\t(A", "\t(Authenticated sender: payroll@milwaukee.gov)\r\n\t(A") + FROM, "payroll@milwaukee.gov"
    ),
    "AUTH= on MAIL": ({"xforward": LOOPBACK}, "", FROM, "payroll@milwaukee.gov> AUTH=<payroll@milwaukee.gov"),
    "XCLIENT from nobody": ({}, ">> XCLIENT LOGIN=payroll@milwaukee.gov\n<< 550 *\n", FROM, "payroll@milwaukee.gov"),
    "a Received line behind XCLIENT": (
        {**VOUCHED, "xclient": LOOPBACK},
        ">> XCLIENT ADDR=127.0.0.9\n<< 220 *\n>> EHLO pc.milwaukee.gov\n<< 250 *\n",
        received("payroll@milwaukee.gov") + FROM,
        "payroll@milwaukee.gov",
    ),
    "a Received line against a login": (
        {**VOUCHED, "xclient": LOOPBACK},
        ">> XCLIENT LOGIN=mallory@milwaukee.gov\n<< 220 *\n>> EHLO pc.milwaukee.gov\n<< 250 *\n",
        received("payroll@milwaukee.gov") + FROM,
        "payroll@milwaukee.gov",
    ),
    "a declared sender with an unreadable Sender": (
        DECLARED, "", FROM + "Sender: mallory @milwaukee.gov\r\n", "payroll@milwaukee.gov"
    ),
    "XFORWARD with an identity": (
        {"xforward": LOOPBACK}, ">> XFORWARD NAME=payroll.milwaukee.gov IDENT=payroll@milwaukee.gov\n<< 250 *\n", FROM, "payroll@milwaukee.gov"
    ),
    "our own header names": ({}, "", "X-Smtp-Gate-Pass: payroll.secret\r\nAuthentication-Results: gate.milwaukee.gov; auth=pass smtp.auth=payroll\r\n" + FROM, "payroll@milwaukee.gov"),
    "a declared sender under another From": (DECLARED, "", "From: mallory@milwaukee.gov\r\n", "payroll@milwaukee.gov"),
    "a declared sender with two authors": (DECLARED, "", "From: payroll@milwaukee.gov, mallory@milwaukee.gov\r\n", "payroll@milwaukee.gov"),
    "a declared sender with two From lines": (DECLARED, "", FROM + "From: mallory@milwaukee.gov\r\n", "payroll@milwaukee.gov"),
    "a declared sender without From": (DECLARED, "", "Sender: payroll@milwaukee.gov\r\n", "payroll@milwaukee.gov"),
    "a declared sender with another Sender": (DECLARED, "", FROM + "Sender: mallory@milwaukee.gov\r\n", "payroll@milwaukee.gov"),
    "a declared sender that is resent": (DECLARED, "", FROM + "Resent-From: mallory@milwaukee.gov\r\n", "payroll@milwaukee.gov"),
    "a declared sender whose From shows a second address": (DECLARED, "", 'From: "mallory@milwaukee.gov" <payroll@milwaukee.gov>\r\n', "payroll@milwaukee.gov"),
    "a declared sender rewritten": (DECLARED, "", FROM, "SRS0=ab=cd=milwaukee.gov=payroll@milwaukee.gov"),
    "a declared sender with a tag": (DECLARED, "", FROM, "payroll+mallory@milwaukee.gov"),
    "another declared sender under its own name": (DECLARED, "", FROM, "mallory@milwaukee.gov"),
    "a null declared sender": (DECLARED, "", FROM, ""),
    "a group syntax around it": (DECLARED, "", "From: City: payroll@milwaukee.gov;\r\n", "payroll@milwaukee.gov"),
    "an encoded author": (DECLARED, "", "From: =?utf-8?q?payroll?=@milwaukee.gov\r\n", "payroll@milwaukee.gov"),
}  # fmt: skip


@pytest.mark.parametrize(("settings", "lines", "headers", "sender"), list(FORGED.values()), ids=list(FORGED))
async def test_a_forger_is_granted_nothing(settings: dict[str, Any], lines: str, headers: str, sender: str) -> None:
    assert not await granted(settings, lines, headers, sender)


PROVEN: dict[str, tuple[dict[str, Any], str, str]] = {
    "the trusted server's word": (VOUCHED, "", received("payroll@milwaukee.gov") + FROM),
    "its word of a bare name in the city's domain": (
        {**VOUCHED, "login_domain": "milwaukee.gov"},
        "",
        received("payroll") + FROM,
    ),
    "XCLIENT of a listed peer": (
        {"xclient": LOOPBACK},
        ">> XCLIENT LOGIN=payroll@milwaukee.gov\n<< 220 *\n>> EHLO pc.milwaukee.gov\n<< 250 *\n",
        FROM,
    ),
    "a declared sender with one voice": (DECLARED, "", FROM),
}


@pytest.mark.parametrize(("settings", "lines", "headers"), list(PROVEN.values()), ids=list(PROVEN))
async def test_who_has_proven_it_is_granted(settings: dict[str, Any], lines: str, headers: str) -> None:
    assert await granted(settings, lines, headers)


def test_there_are_twenty_ways_and_more() -> None:
    assert len(FORGED) >= 20
