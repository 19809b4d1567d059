"""The second sign: what one sends to oneself, and what is said to a citizen who bears the same name."""

import pytest

from smtp_gate.families.owner import Owner
from smtp_gate.families.resemblance import STRONG, WEAK
from smtp_gate.families.self_mail import Signs
from tests.builders import envelope
from tests.families.seen import DANA, seen

TO = "danaokafor@yahoo.com"
INNER = "---------- Forwarded message ---------\nFrom: Lee <lpark@milwaukee.gov>\nSubject: x\n\nthe figures\n"
VENDOR = "---------- Forwarded message ---------\nFrom: Lamp <sales@example.net>\nSubject: x\n\nthe figures\n"
QUOTED = f"On Sun, Mar 1, 2026 at 8:12 PM Dana Okafor <{TO}> wrote:\n> when is it?\n"
OURS = "-----Original Message-----\nFrom: Lee Park <lpark@milwaukee.gov>\nSent: Monday\nTo: Dana\n\nthe figures\n"
THREAD = "In-Reply-To: <1@mail.example>\n"
SIGNED = "\n-- \nDana Okafor\nPublic Works\n"


def second(
    body: str,
    *,
    grade: str = STRONG,
    subject: str = "ward 3",
    headers: str = f"To: {TO}\n",
    to: tuple[str, ...] = (TO,),
    files: int = 0,
) -> str:
    head = f"From: Dana Okafor <dokafor@milwaukee.gov>\nSubject: {subject}\n{headers}"
    if files:
        parts = "".join(f"--b\nContent-Type: text/csv; name={n}.csv\n\na,b\n" for n in range(files))
        head += "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n"
        body = f"--b\nContent-Type: text/plain\n\n{body}\n{parts}--b--\n"
    local, _, domain = TO.partition("@")
    return Signs(seen(f"{head}\n{body}\n", envelope(to=to)), Owner([DANA])).second(grade, local, domain)


@pytest.mark.parametrize("grade", [STRONG, WEAK])
@pytest.mark.parametrize(
    ("body", "subject", "files", "sign"),
    [
        (f"\n{INNER}", "Fwd: x", 0, "internal_forward"),
        (f"see below{SIGNED}\n{VENDOR}", "Fwd: x", 0, "forward"),
        (f"fyi\n{OURS}", "FW: x", 0, "internal_forward"),
        ("The totals of last year, by ward and street." + SIGNED, "x", 1, "attachment"),
        ("The totals of last year, by ward and street." + SIGNED, "x", 3, "attachments"),
        ("", "call Lee", 0, "no_text"),
        (SIGNED, "call Lee", 0, "no_text"),
        ("Note to self: check the totals." + SIGNED, "x", 0, "note"),
        ("print this at home", "x", 0, "note"),
        ("ward 3: 214", "x", 0, "note"),
    ],
)
def test_what_one_sends_to_oneself(grade: str, body: str, subject: str, files: int, sign: str) -> None:
    assert second(body, grade=grade, subject=subject, files=files) == sign


def test_a_whole_name_alone_in_an_unsigned_text_that_speaks_to_nobody() -> None:
    text = "The totals of ward three are off by two hundred and fourteen dollars, as the second table says."
    assert second(text) == "sole"
    assert second(text, grade=WEAK) == ""
    assert second(text + SIGNED) == ""


@pytest.mark.parametrize("grade", [STRONG, WEAK])
@pytest.mark.parametrize(
    "body",
    [
        "Dear Ms. Okafor,\nthe permit is ready.",
        "Hi Dana,\nit is ready.",
        "Good morning Ms. Okafor,\nit is ready.",
        "Dana Okafor:\nit is ready.",
        "Your permit is ready and can be picked up at counter 3.",
        "Permit 2026-0417 was approved today and can be picked up at counter 3." + SIGNED,
    ],
)
def test_what_speaks_to_a_reader_is_for_a_citizen(grade: str, body: str) -> None:
    assert second(body, grade=grade) == ""
    assert second(body.replace("Permit", "Your permit"), grade=grade, files=1) == ""


def test_a_salutation_is_outweighed_by_mail_of_ours_and_by_many_files() -> None:
    assert second(f"Hi Dana,\nsee below\n{INNER}", subject="Fwd: x") == "internal_forward"
    assert second("Hi Dana,\nhere they are", files=3) == "attachments"
    assert second(f"Hi Dana,\nsee below\n{INNER}", subject="Fwd: x", grade=WEAK) == ""
    assert second(f"Hi Dana,\nsee below\n{VENDOR}", subject="Fwd: x") == ""


@pytest.mark.parametrize("files", [0, 1, 3])
def test_an_answer_to_that_address_is_an_exchange(files: int) -> None:
    assert second(f"Done.\n\n{QUOTED}", headers=f"To: {TO}\n{THREAD}", subject="Re: x", files=files) == ""


def test_a_thread_alone_is_no_exchange() -> None:
    thread = f"To: {TO}\n{THREAD}"
    assert second("fyi", headers=thread, subject="Re: x", files=1) == "attachment"
    assert second("Done.", headers=thread, subject="Re: x") == ""
    assert second(f"fyi\n{OURS}", headers=thread, subject="Fwd: x") == "internal_forward"
    assert second("fyi", headers=thread, subject="Re: x", files=1, grade=WEAK) == ""


@pytest.mark.parametrize("shown", [f"Cc: {TO}\n", ""])
def test_a_copy_of_a_letter_to_somebody_else(shown: str) -> None:
    headers, to = f"To: lee@example.org\n{shown}", ("lee@example.org", TO)
    assert second("Dear Lee,\nyour bids are in.", headers=headers, to=to) == "copy"
    assert second("Dear Lee,\nyour bids are in.", headers=headers, to=to, grade=WEAK) == "copy"
    assert second("The bids are in.", headers=headers, to=to, grade=WEAK) == ""
    assert second("Dear Lee, dear Ms. Okafor,\nyour bids are in.", headers=headers, to=to) == ""


def test_one_of_several_in_to_is_no_copy() -> None:
    headers, to = f"To: lee@example.org, {TO}\n", ("lee@example.org", TO)
    assert second("Dear neighbors,\nthe street will be closed.", headers=headers, to=to) == ""


def test_a_circular_says_nothing() -> None:
    many = tuple(f"r{i}@example.org" for i in range(12))
    assert second("The street will be closed.", headers="To: x@milwaukee.gov\n", to=(*many, TO)) == ""


def test_a_picture_in_a_signature_is_no_file() -> None:
    logo = "--b\nContent-Type: image/png; name=logo.png\nContent-ID: <a>\nContent-Disposition: inline\n\nx\n"
    head = f"From: a@milwaukee.gov\nTo: {TO}\nMIME-Version: 1.0\nContent-Type: multipart/related; boundary=b\n"
    view = seen(
        f"{head}\n--b\nContent-Type: text/plain\n\nAll streets of the ward.{SIGNED}\n{logo}--b--\n", envelope(to=[TO])
    )
    assert Signs(view, Owner([DANA])).second(STRONG, "danaokafor", "yahoo.com") == ""
