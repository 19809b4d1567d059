"""Mail kept in files: what its structure encodes is read and opened further, and nothing that stands in it is lost."""

import base64

import pytest

from smtp_gate.core.message import Message
from smtp_gate.core.view import MessageView, Part, Reason
from smtp_gate.reading.containers import open_container
from smtp_gate.reading.limits import Limits
from smtp_gate.reading.openers.base import OpenLimits
from smtp_gate.reading.reader import read
from tests.builders import RECEIVED, envelope
from tests.reading.openers import samples
from tests.reading.openers.packed import File, part, zipped

NUMBER = b"SSN 536-90-4399"


def opened(content: bytes, name: str = "a.eml", limits: OpenLimits | None = None) -> tuple[Part, ...]:
    found = open_container(part(content, name), limits or OpenLimits())
    assert isinstance(found, tuple), found
    return found


def seen(found: tuple[Part, ...], said: bytes = NUMBER) -> bool:
    return any(said in member.content for member in found if member.kind in {"text", "html"})


def viewed(content: bytes, name: str, media_type: str = "application/octet-stream") -> MessageView:
    """A message that carries the file, read with everything opened that can be."""
    body = base64.encodebytes(content).replace(b"\n", b"\r\n")
    head = f'Content-Type: {media_type}; name="{name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    message = Message("TESTREF0001", envelope(), b"MIME-Version: 1.0\r\n" + head.encode() + body, RECEIVED)
    closed = read(message, Limits(), {})
    found = {p.part: open_container(p, OpenLimits()) for p in closed.parts if not p.container}
    return read(message, Limits(), {k: v for k, v in found.items() if v is not Reason.UNKNOWN})


def test_leaves_are_decoded_and_attachments_opened_further() -> None:
    inner = zipped([File(b"list.txt", NUMBER)])
    found = opened(samples.eml(["Dear all,"], attachments={"a.zip": inner, "b.csv": b"name,number\r\n"}))
    assert seen(found)
    assert {"a.zip!list.txt", "b.csv"} <= {member.name for member in found}
    assert not any(member.lost for member in found)


def test_fields_are_read_decoded_and_as_written() -> None:
    found = opened(b"From: a@b.example\r\nSubject: =?utf-8?q?SSN_536-90-4399?=\r\n\r\nhello\r\n")
    assert seen(found)
    assert seen(found, b"=?utf-8?q?SSN_536")


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "7bit"])
def test_what_is_encoded_within_is_seen_in_the_message_around(encoding: str) -> None:
    body = {"base64": base64.encodebytes(NUMBER), "quoted-printable": b"SSN 536-9=\n0-4399\n"}.get(encoding, NUMBER)
    mail = b"MIME-Version: 1.0\nContent-Type: text/plain\nContent-Transfer-Encoding: %b\n\n%b" % (
        encoding.encode(),
        body,
    )
    for name in ("a.eml", "a.mht", "a.bin", ""):
        view = viewed(mail, name)
        assert any("536-90-4399" in text.text for text in view.texts), name
        assert not view.unscannable, name
    view = viewed(zipped([File(b"deep/a.bin", mail)]), "a.zip")
    assert any("536-90-4399" in text.text for text in view.texts)
    assert not view.unscannable


def test_broken_structure_is_read_in_every_way() -> None:
    body = base64.encodebytes(NUMBER)
    mail = b"Content-Type: multipart/mixed; boundary=x\nMIME-Version: 1.0\n\n--y\nContent-Transfer-Encoding: base64\n\n"
    assert seen(opened(mail + body))
    assert seen(opened(b"Content-Transfer-Encoding : base64x\n" + mail[:46] + b"\n\n" + body))


def test_the_file_is_still_read_as_it_stands() -> None:
    mail = b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=536-90-4399\n\n--536-90-4399\n\nhello\n"
    assert seen(opened(mail), b"--536-90-4399")
    page = b"<html>\n<body>536-90-4399</body>\n"
    assert "html" in {m.kind for m in opened(page, "page.mht") if b"<body>" in m.content}
    page = b"MIME-Version: 1.0\n\n<p>536-90-<b>4399</b></p>\n"
    assert {"html", "text"} <= {m.kind for m in opened(page, "a.eml") if b"<b>" in m.content}


def test_a_page_that_a_browser_saved_is_read() -> None:
    mail = b"From: <Saved by a browser>\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: "
    found = opened(mail + b"quoted-printable\r\n\r\n<p class=3D'x'>SSN 536-9=\r\n0-4399</p>", "page.mht")
    assert any(m.kind == "html" and NUMBER in m.content for m in found)


def test_every_message_of_an_mbox_file_is_read() -> None:
    one = b"From a@b.example Mon Jan  1 00:00:00 2024\nFrom: a@b.example\nSubject: one\n\nhello\n\n"
    two = b"From 536-90-4398 Mon Jan  1 00:00:00 2024\nMIME-Version: 1.0\nContent-Transfer-Encoding: base64\n\n"
    content = one + two + base64.encodebytes(NUMBER) + b"\n"
    assert part(content, "inbox").kind == "mbox"
    found = opened(content, "inbox")
    assert seen(found)
    assert seen(found, b"536-90-4398")
    assert seen(opened(b"garbage 536-90-4399\n" + content, "a.mbox"), b"garbage 536")
    few = opened(one * 30, "inbox", OpenLimits(members=10))
    assert Reason.LIMIT in {member.lost for member in few}


def test_marks_and_counts_in_front_are_passed_over() -> None:
    mail = b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(NUMBER)
    assert seen(opened(b"\xef\xbb\xbf" + mail))
    assert seen(opened(b"%d       \n" % len(mail) + mail, "1.emlx"))


def test_mail_beyond_the_budget_is_lost_in_part() -> None:
    mail = b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n" + b"--x\n\nhello\n" * 500
    found = opened(mail, limits=OpenLimits(members=50))
    assert Reason.LIMIT in {member.lost for member in found}
    view = viewed(mail, "a.eml")
    assert not view.unscannable


def test_mail_in_mail_to_the_depth() -> None:
    mail = samples.eml([NUMBER.decode()])
    for _ in range(5):
        mail = samples.eml(["see attachment"], attachments={"a.eml": mail})
    assert seen(opened(mail))
    for _ in range(5):
        mail = samples.eml(["see attachment"], attachments={"a.eml": mail})
    assert Reason.LIMIT in {member.lost for member in opened(mail)}


def test_an_opener_that_fails_leaves_the_text_readable() -> None:
    content = b"MIME-Version: 1.0\r\n\r\nSSN 536-90-4399"
    head = b'Content-Type: application/octet-stream; name="a.eml"\r\n\r\n'
    message = Message("TESTREF0001", envelope(), head + content, RECEIVED)
    view = read(message, Limits(), {"0": Reason.CRASH})
    assert [entry.reason for entry in view.unscannable] == [Reason.CRASH]
    assert any("536-90-4399" in text.text for text in view.texts)
