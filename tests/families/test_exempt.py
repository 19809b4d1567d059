"""Mail that no person signs: automatic, a receipt, a report or a meeting, and what only calls itself one."""

import pytest

from smtp_gate.families.signature import SignatureParams, family
from tests.builders import envelope
from tests.families.seen import CARLA, knowing, seen
from tests.families.test_signature import HEAD, PLAIN, missing, of_parts
from tests.families.test_statements import of_nobody

EVENT = "BEGIN:VEVENT\nDTSTART:20260302T150000Z\nORGANIZER:mailto:a@b.example\nSUMMARY:Visit\nEND:VEVENT\n"
CALENDAR = f"BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:REPLY\n{EVENT}END:VCALENDAR\n"
MEETING = f"Content-Type: text/calendar; method=REPLY; charset=utf-8\n\n{CALENDAR}"


@pytest.mark.parametrize("method", ["REQUEST", "reply", "CANCEL", "COUNTER"])
def test_a_meeting_as_the_message_is_exempt(method: str) -> None:
    calendar = MEETING.replace("REPLY", method)
    header, _, body = calendar.partition("\n\n")
    assert not missing(body, headers=f"MIME-Version: 1.0\n{header}\n")
    headers, body = of_parts("alternative", PLAIN, calendar)
    assert not missing(body, headers=headers)
    headers, body = of_parts("mixed", PLAIN, calendar)
    assert missing(body, headers=headers)
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


@pytest.mark.parametrize(
    "calendar",
    [
        MEETING.replace("METHOD:REPLY", "METHOD:REQUEST"),
        MEETING.replace("METHOD:REPLY\n", ""),
        MEETING.replace("DTSTART:", "X-START:"),
        MEETING.replace("ORGANIZER:", "X-WHO:"),
        MEETING.replace(EVENT, ""),
        MEETING.replace("BEGIN:VCALENDAR", "Dear bidder\nBEGIN:VCALENDAR"),
        MEETING.replace("method=REPLY", 'x="method=REPLY"'),
    ],
)
def test_a_calendar_must_be_one_to_its_programs(calendar: str) -> None:
    headers, body = of_parts("alternative", PLAIN, calendar)
    assert missing(body, headers=headers)


def test_a_letter_beside_the_alternatives_of_a_meeting_is_a_letter() -> None:
    inner, body = of_parts("alternative", PLAIN, MEETING)
    headers, body = of_parts("mixed", f"{inner}\n{body}", "Content-Type: text/plain\n\nAnd a word more.\n")
    assert missing(body, headers=headers)


RECEIPT = (
    "Content-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; a@b.example\n"
    "Disposition: manual-action/MDN-sent-manually; displayed\n"
)
BOUNCE = "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; a@b.example\n"
READ = "Content-Type: text/plain\n\nYour message was read.\n"


@pytest.mark.parametrize("part", [RECEIPT, BOUNCE])
def test_receipts_and_reports_are_exempt_unless_a_letter_carries_one(part: str) -> None:
    report, body = of_parts("report", READ, part)
    assert not of_nobody(body, report)
    assert missing(body, headers=report) is (part == BOUNCE)
    headers, mixed = of_parts("mixed", PLAIN, f"{report}\n{body}")
    assert missing(mixed, headers=headers)
    headers, mixed = of_parts("mixed", PLAIN, part)
    assert missing(mixed, headers=headers)


@pytest.mark.parametrize("part", [RECEIPT.replace("Disposition:", "X:"), RECEIPT.replace("Final-Recipient:", "X:")])
def test_a_receipt_holds_its_fields(part: str) -> None:
    report, body = of_parts("report", READ, part)
    assert missing(body, headers=report)


def test_a_receipt_with_a_letter_in_it_is_a_letter() -> None:
    report, body = of_parts("report", READ.replace("read.", "read.\n" * 6), RECEIPT)
    assert missing(body, headers=report)


def test_a_report_without_a_report_is_a_letter() -> None:
    headers, body = of_parts("report", PLAIN, "Content-Type: text/plain\n\nmore\n")
    assert missing(body, headers=headers)


@pytest.mark.parametrize(
    ("said", "answer", "null"),
    [
        ("auto-replied", True, True),
        ("Auto-Generated; type=x", False, True),
        ("auto-notified (x)", False, True),
        ("no", False, False),
        ("No (x)", False, False),
    ],
)
def test_automatic_mail_has_no_sender_or_answers_one_person(said: str, answer: bool, null: bool) -> None:
    headers = f"Auto-Submitted: {said}\n"
    assert missing("I am away.", headers=headers)
    assert missing("I am away.", headers=f"{headers}In-Reply-To: <a@b.example>\n") is not answer
    assert of_nobody("I am away.", headers) is not null
    view = seen(
        f"{HEAD}{headers}In-Reply-To: <a@b.example>\n\nAway.\n",
        envelope("cdiaz@milwaukee.gov", ("a@b.example", "c@d.example")),
    )
    assert list(family.check(view, knowing(CARLA), SignatureParams()))


def test_two_answers_to_whether_it_is_automatic_exempt_nothing() -> None:
    assert missing("I am away.", headers="Auto-Submitted: auto-replied\nAuto-Submitted: no\n")
