"""The second opinion: where the other parser differs it is named, and what only it sees is read."""

import base64
import time

import pytest
from fast_mail_parser import ParseError

from smtp_gate.core.view import Reason
from smtp_gate.reading import second
from smtp_gate.reading.limits import Limits
from smtp_gate.reading.mime import split
from smtp_gate.reading.second import Opinion, second_opinion
from tests.reading.reading_help import names, read_mail, read_octets, said, seen

NUMBER = "536-90-4399"
HEAD = "From: a@milwaukee.gov\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\nMIME-Version: 1.0\n"
MIXED = HEAD + "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhello\n--b\n"


def opinion(mail: str) -> Opinion:
    content = mail.replace("\n", "\r\n").encode()
    return second_opinion(content, split(content, Limits()))


@pytest.mark.parametrize(
    "mail",
    [
        HEAD + "\nhello\n",
        HEAD + "Content-Transfer-Encoding: quoted-printable\n\na=20b=\nc\n",
        MIXED + "Content-Type: text/html\nContent-Transfer-Encoding: base64\n\nPHA+eDwvcD4=\n--b--\nepilogue\n",
        MIXED + "Content-Disposition: attachment; filename*=utf-8''%C3%A4.txt\n\nx\n--b--\n",
        MIXED + "Content-Type: message/rfc822\n\nSubject: inner\n\nbody\n--b--\n",
        "",
    ],
)
def test_plain_mail_is_read_alike_by_both(mail: str) -> None:
    assert opinion(mail) == Opinion()


@pytest.mark.parametrize(
    ("mail", "defect"),
    [
        (HEAD + "Content-Type: multipart/mixed; boundary=b\n\n--bx\n\nx\n--bx\n\ny\n--b--\n", "parts_disagree"),
        (HEAD + "Content-Transfer-Encoding: base64\n\nTlRN!!Mi0=\n", "parser_refused"),
        (HEAD + "Content-Transfer-Encoding : base64\n\nTlRNMi0=\n", "content_disagrees"),
        (HEAD.replace("=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "a=?utf-8?q?b?=c"), "subject_disagrees"),
    ],
)
def test_a_difference_is_named(mail: str, defect: str) -> None:
    found = opinion(mail).defects
    assert found[0] == second.DISAGREEMENT
    assert defect in found
    assert {second.DISAGREEMENT, defect} <= names(read_mail(mail))


def test_text_that_only_the_other_parser_sees_is_read() -> None:
    # A delimiter with something behind it is one for the other parser alone.
    mail = (
        HEAD
        + f"Content-Type: multipart/mixed; boundary=b\n\n--bx\nContent-Type: text/html\n\n<p>53<b></b>{NUMBER[2:]}</p>\n--b--\n"
    )
    view = read_mail(mail)
    assert second.DISAGREEMENT in names(view)
    assert seen(view, NUMBER)


def test_a_document_that_only_the_other_parser_sees_is_a_part_or_unscannable(monkeypatch: pytest.MonkeyPatch) -> None:
    leaf = second.Leaf("application/pdf", "a.pdf", b"%PDF-1.7\n%\xe2\xe3")
    monkeypatch.setattr(
        "smtp_gate.reading.reader.second_opinion", lambda *_: Opinion(("parser_disagreement",), (leaf,))
    )
    view = read_mail(HEAD + "\nhello\n")
    assert [(p.part, p.kind, p.name) for p in view.parts] == [("0", "text", ""), ("s1", "pdf", "a.pdf")]
    assert [(u.part, u.kind, u.reason) for u in view.unscannable] == [("s1", "pdf", Reason.UNKNOWN)]
    view = read_mail(HEAD + "\nhello\n", Limits(parts=1))
    assert [(u.part, u.reason) for u in view.unscannable] == [("0", Reason.LIMIT)]


def test_names_and_subjects_that_only_the_other_parser_reads_are_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    given = Opinion(("parser_disagreement",), (), (f"Subject: {NUMBER}",), ("536-90-4398.txt",))
    monkeypatch.setattr("smtp_gate.reading.reader.second_opinion", lambda *_: given)
    view = read_mail(HEAD + "\nhello\n")
    assert f"Subject: {NUMBER}" in said(view, "header")
    assert "536-90-4398.txt" in said(view, "header")


class PanicException(BaseException):
    pass


@pytest.mark.parametrize("error", [PanicException, ParseError])
def test_what_the_other_parser_breaks_over_is_a_refusal_and_read_in_every_way(
    monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(second, "parse_email_tree", breaks)
    assert opinion(HEAD).defects == (second.DISAGREEMENT, second.REFUSED)
    view = read_mail(HEAD + "\nhello\n")
    assert {second.DISAGREEMENT, second.REFUSED} <= set(names(view))
    assert said(view, "raw")


def test_of_countless_leaves_no_more_are_looked_at_than_parts_may_be() -> None:
    content = b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + b"--aa\r\n\r\nx\r\n" * 50
    assert second_opinion(content, split(content, Limits()), 100).more is False
    assert second_opinion(content, split(content, Limits()), 10).more is True
    lost = [(u.reason, u.kind) for u in read_octets(content, Limits(parts=10)).unscannable]
    assert (Reason.LIMIT, "mime") in lost


def test_what_else_breaks_in_it_is_not_taken_for_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(second, "parse_email_tree", breaks)
    with pytest.raises(KeyboardInterrupt):
        opinion(HEAD)


@pytest.mark.parametrize(
    "content",
    [
        b"Subject: " + b"=?utf-8?q?a?= " * 100_000 + b"\r\n\r\n",
        b"Content-Type: message/rfc822\r\n\r\n" * 250 + b"\r\n" + b"y" * 3_000_000,
    ],
    ids=["words", "depth"],
)
def test_what_would_take_the_other_parser_long_is_not_asked(content: bytes) -> None:
    started = time.process_time()
    view = read_octets(content)
    assert time.process_time() - started < 3
    assert second.SKIPPED in names(view)


def test_it_costs_next_to_nothing_on_plain_mail() -> None:
    body = base64.encodebytes(b"A letter of some length. " * 1100)
    content = (MIXED + "Content-Transfer-Encoding: base64\n\n").replace("\n", "\r\n").encode() + body + b"--b--\r\n"
    tree = split(content, Limits())
    best = 1.0
    for _ in range(20):
        started = time.perf_counter()
        second_opinion(content, tree)
        best = min(best, time.perf_counter() - started)
    # Some sixty microseconds on the machine it was written on; the bound only tells a mistake from that.
    assert best < 0.001
