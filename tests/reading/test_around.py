"""Texts that no single part holds: the envelope, seams between parts, folds of fields, names in stray fields."""

import pytest

from smtp_gate.core.message import Envelope, Message, Recipient
from smtp_gate.reading.around import stray_names
from smtp_gate.reading.limits import Limits
from smtp_gate.reading.reader import read
from tests.builders import RECEIVED, envelope, path
from tests.reading.reading_help import read_mail, said, seen

NUMBER = "536-90-4399"


def mixed(*bodies: str, kind: str = "mixed") -> str:
    parts = "".join(f"--b\n\n{body}\n" for body in bodies)
    return f"From: a@milwaukee.gov\nContent-Type: multipart/{kind}; boundary=b\n\n{parts}--b--\n"


def test_a_label_and_its_number_in_parts_beside_each_other_stand_together() -> None:
    view = read_mail(mixed("Hello, her SSN is:", f"{NUMBER}. Bye"))
    assert said(view, "seam") == [f"Hello, her SSN is:\n{NUMBER}. Bye"]
    assert seen(read_mail(mixed("her SSN is 536-", "90-4399")), "her SSN is 536-\n90-4399")


def test_there_is_no_seam_between_alternatives_or_without_a_number() -> None:
    assert said(read_mail(mixed("her SSN:", NUMBER, kind="alternative")), "seam") == []
    assert said(read_mail(mixed("Hello", "and bye")), "seam") == []


def envelope_said(sender_params: tuple[bytes, ...], to: str, params: tuple[bytes, ...]) -> list[str]:
    known = envelope()
    given = Envelope(known.sender, (Recipient(path(to), params),), known.client, known.listener, sender_params)
    return said(
        read(Message("TESTREF0001", given, b"From: a@milwaukee.gov\r\n\r\nx", RECEIVED), Limits(), {}), "envelope"
    )


def test_what_the_envelope_carries_is_searched() -> None:
    assert envelope_said((b"ENVID=SSN+20536-90-4399",), "lee@example.org", ()) == [f"ENVID=SSN {NUMBER}"]
    assert envelope_said((), "lee@example.org", (b"ORCPT=rfc822;SSN+2B536-90-4399",)) == [f"ORCPT=rfc822;SSN+{NUMBER}"]
    assert envelope_said((), f"ssn.{NUMBER}@example.org", ()) == [f"ssn.{NUMBER}@example.org"]
    assert envelope_said((b"SIZE=12", b"BODY=8BITMIME"), "lee@example.org", (b"NOTIFY=NEVER",)) == []


@pytest.mark.parametrize("fold", ["\n ", "\n\t", "\n    "])
def test_a_number_folded_over_lines_of_a_field_is_read_with_and_without_the_space(fold: str) -> None:
    for at in range(1, len(NUMBER)):
        view = read_mail(f"From: a@milwaukee.gov\nX-Note: SSN {NUMBER[:at]}{fold}{NUMBER[at:]}\n\nx")
        assert seen(view, f"SSN {NUMBER}"), at


@pytest.mark.parametrize(
    "word",
    [
        "=?utf-16?q?SSN_536-90-4399?=",
        "=?utf-7?q?SSN_536-90-4399?=",
        "=?x-none?b?U1NOIDUzNi05MC00Mzk5?=",
        "=?hz?q?SSN_536-90-4399?=",
    ],
)
def test_an_encoded_word_with_a_wrong_charset_is_read_as_octets_too(word: str) -> None:
    assert seen(read_mail(f"From: a@milwaukee.gov\nSubject: {word}\n\nx"), f"SSN {NUMBER}")


def test_a_name_with_a_wrong_charset_is_read_as_octets_too() -> None:
    coded = "".join(f"%{ord(c):02X}" for c in f"SSN {NUMBER}")
    view = read_mail(f"From: a@milwaukee.gov\nContent-Disposition: attachment; filename*=utf-16''{coded}\n\nx")
    assert seen(view, f"SSN {NUMBER}")


def test_names_in_fields_that_stand_outside_every_part() -> None:
    stray = b'x\r\nContent-Disposition: attachment;\r\n filename*0="536-9"; filename*1="0-4399"\r\n\r\ny'
    assert NUMBER in stray_names(stray)
    mail = f'From: a@milwaukee.gov\nContent-Type: multipart/mixed; boundary="-"\n\n----\nContent-Disposition: x; filename*0="{NUMBER[:4]}"; filename*1="{NUMBER[4:]}"\n\nx\n-----\n'
    assert seen(read_mail(mail), NUMBER)
