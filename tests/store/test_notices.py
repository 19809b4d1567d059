"""Notices: who is owed one, what it says, and that it quotes nothing."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.core.message import Message, Path, Recipient
from smtp_gate.store.items import Item, make
from smtp_gate.store.notices import NoticeTerms, compose, envelope_of, owed
from smtp_gate.store.progress import Copy, Notice, Standing
from tests.builders import envelope, message, path
from tests.store.sample import SECRET, judgement, plain, secret_message

AT = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)
TERMS = NoticeTerms("gate.milwaukee.gov", True, "help@milwaukee.gov", "Ask the help desk.", ZoneInfo("America/Chicago"))


def _of(of: Message) -> Item:
    everyone = tuple(range(len(of.envelope.recipients)))
    base = make(message(env=envelope(to=["a@example.org"])), plain()[1], (0,))
    return replace(base, message=of, held=everyone)


def parsed(octets: bytes) -> EmailMessage:
    found = message_from_bytes(octets, policy=default)
    assert isinstance(found, EmailMessage)
    return found


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("Auto-Submitted: auto-replied", "automatic"),
        ("auto-submitted:\n auto-generated; x=y", "automatic"),
        ("Auto-Submitted: (comment) auto-replied", "automatic"),
        ("Auto-Submitted: no", ""),
        ("Auto-Submitted: No (a person)", ""),
        ("Precedence: bulk", "automatic"),
        ("List-Id: <x.milwaukee.gov>", "automatic"),
        ("X-List-Id: x", ""),
    ],
)
def test_automatic_mail_is_not_answered(header: str, why: str) -> None:
    to, silence = owed(_of(message(headers=f"From: dokafor@milwaukee.gov\n{header}\nSubject: s")), (0,), TERMS)
    assert to == (() if why else (0,))
    assert why in silence


@pytest.mark.parametrize(
    ("sender", "why"),
    [
        ("dokafor@milwaukee.gov", ""),
        ("", "null"),
        ("someone@example.org", "not internal"),
        ("x@sub.milwaukee.gov", "not internal"),
    ],
)
def test_only_internal_senders_are_told(sender: str, why: str) -> None:
    to, silence = owed(_of(message(env=envelope(sender))), (0,), TERMS)
    assert to == (() if why else (0,))
    assert why in silence


@pytest.mark.parametrize(
    ("params", "wanted"),
    [
        ((), True),
        ((b"NOTIFY=NEVER",), False),
        ((b"notify=never",), False),
        ((b"NOTIFY=SUCCESS,DELAY",), False),
        ((b"ORCPT=rfc822;x", b"NOTIFY=SUCCESS,failure"), True),
    ],
)
def test_notify_is_honoured_for_each_recipient(params: tuple[bytes, ...], *, wanted: bool) -> None:
    env = envelope(to=["a@example.org", "b@example.org"])
    env = replace(env, recipients=(Recipient(path("a@example.org"), params), env.recipients[1]))
    to, why = owed(_of(message(env=env)), (0, 1), TERMS)
    assert to == ((0, 1) if wanted else (1,))
    assert bool(why) is not wanted


def test_switched_off_it_is_silent() -> None:
    assert owed(_of(message()), (0,), replace(TERMS, wanted=False)) == ((), "notices are switched off")


def test_it_says_what_happened_to_whom_and_quotes_nothing() -> None:
    mail = secret_message("TESTREF0001")
    told = make(mail, judgement(mail), (0, 1, 3))
    copies = (
        Copy(Standing.FAILED, "550 5.1.1 no such user"),
        Copy(Standing.DISCARDED, before=Standing.UNKNOWN),
        Copy(Standing.EXPIRED),
    )
    octets = compose(told, copies, Notice((0, 1, 2), AT), TERMS)
    found = parsed(octets)
    assert found["From"] == "smtp-gate <help@milwaukee.gov>"
    assert found["To"] == "dokafor@milwaukee.gov"
    assert found["Auto-Submitted"] == "auto-replied"
    assert found["Subject"] == "Your message was not sent to everybody (ref TESTREF0001)"
    assert found["Date"] == "Mon, 09 Mar 2026 12:00:00 +0000"
    assert found["In-Reply-To"] is None, "a Message-ID that looks like an SSN is left out"
    text = found.get_content()
    for line in (
        "lee@example.org",
        "the next mail server said: 550 5.1.1 no such user",
        "kim@example.net",
        "whether an earlier attempt reached this recipient is not known",
        "müller@example.org",
        "was held until its time ran out",
        "2026-03-02 at 09:04 CST",
        "Ask the help desk.",
        "Questions: help@milwaukee.gov",
        "reference: TESTREF0001",
    ):
        assert line in text
    for quoted in (SECRET, "9999", "X-Note", "My number", "pii.ssn"):
        assert quoted.encode() not in octets
    assert all(line.endswith(b"\r") for line in octets.split(b"\n")[:-1])
    assert octets == compose(told, copies, Notice((0, 1, 2), AT), TERMS), "every attempt sends the same octets"


def test_it_answers_the_original_by_its_message_id() -> None:
    told = replace(_of(message()), message_id="<abc@milwaukee.gov>")
    found = parsed(compose(told, (Copy(Standing.DISCARDED),), Notice((0,), AT), replace(TERMS, contact="")))
    assert (found["In-Reply-To"], found["References"]) == ("<abc@milwaukee.gov>", "<abc@milwaukee.gov>")
    assert found["From"] == "smtp-gate <postmaster@gate.milwaukee.gov>"


def test_it_goes_from_nobody_to_the_sender() -> None:
    env = envelope_of(_of(message()), TERMS)
    assert env.sender.is_null
    assert [r.path.address for r in env.recipients] == ["dokafor@milwaukee.gov"]
    assert env.sender_params == ()
    eai = envelope_of(_of(message(env=envelope("müller@milwaukee.gov"))), TERMS)
    assert eai.sender_params == (b"SMTPUTF8",)


def odd() -> Iterator[Path]:
    yield Path(b'"a b"@milwaukee.gov', "a b", "milwaukee.gov")
    yield Path(b"a\r\nX: y@milwaukee.gov", "a\r\nX: y", "milwaukee.gov")
    yield Path("müller@milwaukee.gov".encode(), "müller", "milwaukee.gov")
    yield Path(b"x@[192.0.2.1]", "x", "[192.0.2.1]")


@pytest.mark.parametrize("sender", list(odd()))
def test_an_odd_sender_breaks_no_header(sender: Path) -> None:
    of = message(env=replace(envelope(), sender=sender))
    octets = compose(_of(of), (Copy(Standing.DISCARDED),), Notice((0,), AT), TERMS)
    head = octets.partition(b"\r\n\r\n")[0]
    assert b"\r\nX:" not in head
    assert b"\r\nAuto-Submitted: auto-replied" in head


@given(st.text(max_size=40), st.text(max_size=400))
def test_whatever_others_say_stays_one_line_of_text(local: str, reply: str) -> None:
    who = Path(local.encode("utf-8", "replace") or b"x", local.replace("\ud800", "?") or "x", "example.org")
    env = replace(envelope(), recipients=(Recipient(who),))
    octets = compose(_of(message(env=env)), (Copy(Standing.FAILED, reply),), Notice((0,), AT), TERMS)
    assert octets.count(b"Auto-Submitted") == 1
    assert parsed(octets).get_content_type() == "text/plain"
    assert all(len(line) <= 998 for line in octets.split(b"\r\n"))


def test_many_recipients_are_named_up_to_a_number() -> None:
    of = message(env=envelope(to=[f"r{n}@example.org" for n in range(150)]))
    told = replace(_of(of), held=tuple(range(150)))
    octets = compose(told, (Copy(Standing.DISCARDED),) * 150, Notice(tuple(range(150)), AT), TERMS)
    text = parsed(octets).get_content()
    assert text.count("@example.org") == 100
    assert "and 50 more" in text
