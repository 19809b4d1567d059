"""Who must state that they are a contractor, and which mail carries no signature at all."""

from dataclasses import replace

import pytest

from smtp_gate.core.facts import Account, Standing
from smtp_gate.core.message import Client, Proof
from smtp_gate.families.signature import SignatureParams, family
from tests.builders import envelope
from tests.families.seen import CARLA, DANA, knowing, seen
from tests.families.test_signature import FIELDS, FROM_CARLA, HEAD, LINE, PLAIN, QUOTE, missing, of_parts
from tests.reading import sealed_samples

CALENDAR = "BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:REPLY\nBEGIN:VEVENT\nSUMMARY:Visit\nEND:VEVENT\nEND:VCALENDAR\n"
MEETING = f"Content-Type: text/calendar; method=REPLY; charset=utf-8\n\n{CALENDAR}"


@pytest.mark.parametrize(
    "account",
    [
        DANA,
        replace(CARLA, status="employee"),
        replace(CARLA, kind="shared"),
        replace(CARLA, kind="service"),
        replace(CARLA, standing=Standing.ENDED),
        replace(CARLA, standing=Standing.NOT_YET),
    ],
)
def test_employees_and_accounts_of_nobody_are_not_asked(account: Account) -> None:
    assert not missing("Friday is fine.", replace(account, address="cdiaz@milwaukee.gov"))


@pytest.mark.parametrize("status", ["contractor", "vendor", "agent", "Contractor"])
def test_every_status_of_the_policy_is_asked(status: str) -> None:
    assert missing("Friday is fine.", replace(CARLA, status=status))


def test_nobody_asks_of_whom_nobody_knows() -> None:
    assert not missing("Friday is fine.", DANA)


@pytest.mark.parametrize("method", ["REQUEST", "reply", "CANCEL", "COUNTER"])
def test_a_meeting_as_the_message_is_exempt(method: str) -> None:
    calendar = MEETING.replace("REPLY", method)
    header, _, body = calendar.partition("\n\n")
    assert not missing(body, headers=f"MIME-Version: 1.0\n{header}\n")
    for kind in ("alternative", "mixed"):
        headers, body = of_parts(kind, PLAIN, calendar)
        assert not missing(body, headers=headers)
    inner, body = of_parts("alternative", PLAIN, calendar)
    headers, body = of_parts("mixed", f"{inner}\n{body}", "Content-Type: application/ics; name=a.ics\n\nx\n")
    assert not missing(body, headers=headers)


@pytest.mark.parametrize(
    "part",
    [
        MEETING.replace("\n\n", "; name=visit.ics\nContent-Disposition: attachment\n\n", 1),
        MEETING.replace("\n\n", "; name=visit.ics\n\n", 1),
        MEETING.replace("; method=REPLY", ""),
        MEETING.replace("=REPLY", "=PUBLISH"),
        "Content-Type: text/calendar; method=REPLY\n\nFriday is fine.\n",
        f"Content-Type: message/rfc822\n\n{HEAD}{MEETING}",
    ],
)
def test_a_calendar_sent_along_with_a_letter_is_not(part: str) -> None:
    headers, body = of_parts("mixed", PLAIN, part)
    assert missing(body, headers=headers)


RECEIPT = "Content-Type: message/disposition-notification\n\nDisposition: manual-action/MDN-sent-manually; displayed\n"
BOUNCE = "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; a@b.example\n"


@pytest.mark.parametrize("part", [RECEIPT, BOUNCE])
def test_receipts_and_reports_are_exempt_unless_a_letter_carries_one(part: str) -> None:
    report, body = of_parts("report", "Content-Type: text/plain\n\nYour message was read.\n", part)
    assert not missing(body, headers=report)
    headers, mixed = of_parts("mixed", PLAIN, f"{report}\n{body}")
    assert missing(mixed, headers=headers)
    headers, mixed = of_parts("mixed", PLAIN, part)
    assert missing(mixed, headers=headers)


def test_a_report_without_a_report_is_a_letter() -> None:
    headers, body = of_parts("report", PLAIN, "Content-Type: text/plain\n\nmore\n")
    assert missing(body, headers=headers)


@pytest.mark.parametrize(
    ("said", "exempt"),
    [
        ("auto-replied", True),
        ("Auto-Generated; type=x", True),
        ("auto-notified (x)", True),
        ("no", False),
        ("No (x)", False),
    ],
)
def test_automatic_replies_are_exempt(said: str, exempt: bool) -> None:
    assert missing("I am away.", headers=f"Auto-Submitted: {said}\n") is not exempt


def test_two_answers_to_whether_it_is_automatic_exempt_nothing() -> None:
    assert missing("I am away.", headers="Auto-Submitted: auto-replied\nAuto-Submitted: no\n")


FORWARD = f"---------- Forwarded message ---------\n{FIELDS}\nShall we meet?\n"


@pytest.mark.parametrize("text", ["", "\n \n", FORWARD, QUOTE, f"\n\n[cid:image001.png@01D]\n\n{FORWARD}"])
def test_mail_without_own_words_is_exempt_unless_the_rule_says_otherwise(text: str) -> None:
    assert not missing(text)
    assert missing(text, params=SignatureParams(empty_forwards="require"))


@pytest.mark.parametrize("words", ["See below.", "-- \nCarla Diaz", "Sent from my iPhone"])
def test_with_own_words_a_forward_is_not_empty(words: str) -> None:
    assert missing(f"{words}\n\n{FORWARD}")
    assert not missing(f"{words}\n{LINE}\n\n{FORWARD}")


def test_a_forward_in_html_or_as_an_attachment_may_be_empty_too() -> None:
    quote = (
        '<div><br></div><div class="gmail_quote">---------- Forwarded message ---------<br>From: Sam<br><br>Hi</div>'
    )
    assert not missing(quote, headers="Content-Type: text/html\n")
    headers, body = of_parts("mixed", "Content-Type: text/plain\n\n\n", f"Content-Type: message/rfc822\n\n{HEAD}\nHi\n")
    assert not missing(body, headers=headers)


def test_of_what_is_encrypted_as_a_whole_nobody_can_tell() -> None:
    octets = sealed_samples.armor(sealed_samples.pgp()).decode()
    assert not missing(octets.replace("\r\n", "\n"))


def test_signed_mail_is_read_within_its_wrapping() -> None:
    for line, lacks in ((LINE, False), ("Public Works", True)):
        inner = f"Content-Type: text/plain\r\n\r\nFriday is fine.\r\n\r\n-- \r\nCarla\r\n{line}\r\n"
        wrapped = sealed_samples.b64(sealed_samples.signed(inner.encode())).decode().replace("\r\n", "\n")
        headers = (
            "MIME-Version: 1.0\nContent-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\n"
            "Content-Transfer-Encoding: base64\n"
        )
        assert missing(wrapped, headers=headers) is lacks


def test_the_proven_account_is_asked_before_the_envelope_sender() -> None:
    client = Client("127.0.0.1", account="CDiaz@milwaukee.gov", proof=Proof.AUTH)
    view = seen(HEAD + "\nFriday.\n", replace(envelope("dokafor@milwaukee.gov"), client=client))
    assert [k.subject for k in family.needs(view, SignatureParams())] == ["cdiaz@milwaukee.gov"]
    assert list(family.check(view, knowing(CARLA, DANA), SignatureParams()))


def test_a_login_without_a_domain_is_of_one_of_ours() -> None:
    view = seen(HEAD + "\nFriday.\n", envelope("x@milwaukee.gov", account="CDiaz"))
    assert [k.subject for k in family.needs(view, SignatureParams())] == ["cdiaz@milwaukee.gov"]


def test_a_tag_hides_nobody() -> None:
    view = seen(HEAD + "\nFriday.\n", envelope("cdiaz+bids@milwaukee.gov"))
    keys = [k.subject for k in family.needs(view, SignatureParams())]
    assert keys == ["cdiaz+bids@milwaukee.gov", "cdiaz@milwaukee.gov"]
    assert list(family.check(view, knowing(CARLA), SignatureParams()))


def test_the_null_sender_is_nobody() -> None:
    view = seen(HEAD + "\nFriday.\n", envelope(""))
    assert not family.needs(view, SignatureParams())
    assert not list(family.check(view, knowing(CARLA), SignatureParams()))
    assert list(family.check(seen(HEAD + "\nFriday.\n", FROM_CARLA), knowing(CARLA), SignatureParams()))
