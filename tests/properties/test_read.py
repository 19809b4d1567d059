"""Laws of `read`: any octets give a view, spans cover their texts, offsets are right, and what is planted is seen."""

import base64
import binascii
import os
import time
from pathlib import Path as FilePath
from unittest import mock

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from smtp_gate.core.view import MessageView, Text
from smtp_gate.reading import reader
from smtp_gate.reading.limits import Limits
from tests.bench.mutants import mutant
from tests.detect.texts import shipped
from tests.reading.reading_help import read_octets, seen

NUMBER = "536-90-4399"
PIECES = st.sampled_from(
    [
        b"Content-Type: ",
        b"multipart/mixed",
        b"multipart/report",
        b"message/rfc822",
        b"text/html",
        b"; boundary=",
        b"a",
        b'"a"',
        b"--a\r\n",
        b"--a--\r\n",
        b"\r\n\r\n",
        b"\r\n",
        b"\n",
        b"\r",
        b"\0",
        b" ",
        b"Content-Transfer-Encoding: base64\r\n",
        b"Content-Transfer-Encoding: quoted-printable\r\n",
        b"Content-Disposition: attachment; filename*0*=utf-8''%41",
        b"; charset=utf-7",
        b"; charset=utf-16",
        b"From: ",
        b"<a@b.example>",
        b'"',
        b"(",
        b"=?utf-8?q?=C3?=",
        b"NTM2LTkwLTQzOTk=",
        b"begin 644 x\r\n",
        b"<blockquote><a href='",
        b"<div style='display:none'>",
        b"> quoted\r\n",
        b"On Friday 1:20 x@y.example wrote:\r\n",
        b"-- \r\n",
        "\u0665\u200b\ufdfa".encode(),
        b"http://x.example/",
        b"\xff\xfe",
        b"%PDF-",
    ]
)
HOSTILE = st.lists(st.one_of(PIECES, st.binary(max_size=6)), max_size=40).map(b"".join)


def check(view: MessageView) -> None:
    content = view.message.content
    for text in view.texts:
        assert text.spans[0].start == 0
        assert text.spans[-1].end == len(text.text)
        assert all(one.end == two.start for one, two in zip(text.spans, text.spans[1:], strict=False))
        assert text.octets == text.text.encode("utf-8", "replace")
    for part in view.parts:
        assert 0 <= part.start <= part.end
        if not part.nested:
            assert part.end <= len(content)
            if not part.container and part.encoding in {"", "7bit", "8bit"}:
                assert content[part.start : part.end] == part.content
    assert len({part.part for part in view.parts}) == len(view.parts)


@given(st.binary(max_size=400))
def test_any_octets_give_a_view(content: bytes) -> None:
    check(read_octets(content))


@settings(max_examples=400)
@given(HOSTILE)
@example(b"Content-Type: message/rfc822\r\n\r\n" * 60)
@example(b"Content-Type: multipart/mixed; boundary=\r\n\r\n--\r\n--\r\n----\r\n")
def test_broken_structure_gives_a_view(content: bytes) -> None:
    view = read_octets(content)
    check(view)
    assert read_octets(content) == view


@given(HOSTILE, st.integers(1, 6), st.integers(0, 3), st.integers(0, 200))
def test_small_budgets_hold(content: bytes, parts: int, depth: int, text: int) -> None:
    view = read_octets(content, Limits(parts=parts, depth=depth, text=text, headers=3, links=1, html_depth=5))
    check(view)
    assert len(view.parts) <= parts
    assert sum(len(t.octets) for t in view.texts) <= text
    assert len(view.links) <= 1


@settings(max_examples=300)
@given(st.integers(0, 10_000_000))
def test_mails_full_of_tricks_give_a_view(seed: int) -> None:
    content, _ = mutant(seed)
    view = read_octets(content)
    check(view)
    assert read_octets(content) == view


class Everything(frozenset[str]):
    """Stands for the defects after which everything is read: any of them."""

    def __contains__(self, name: object) -> bool:
        return True


SENTENCES = st.sampled_from(
    [
        "Her SSN is 536-90-4399.",
        "SSN 536904398",
        "Card 4111 1111 1111 1111, expiry 12/27",
        "Work order 536-90-4399 is closed.",
        "See https://example.org/a?b=20&c=536904399 for more.",
        "On 12/11/2024 we paid $ 1,234.56 to 414-555-0100.",
        "\u00e4\u00f6\u00fc and \uff15\uff13\uff16-\uff19\uff10-\uff14\uff13\uff19\uff19 ssn",
        "x = 3D, 100 % sure, 5 < 6",
        "Regards,\nDana",
    ]
)
LEAVES = st.tuples(
    st.sampled_from(["plain", "html"]),
    st.sampled_from(["7bit", "base64", "quoted-printable"]),
    st.lists(SENTENCES, max_size=5),
)


def clean_mail(leaves: list[tuple[str, str, list[str]]], kind: str) -> bytes:
    """A mail as sound mailers write it; nobody is its author, which is the one defect it has."""
    entities = []
    for subtype, encoding, said in leaves:
        text = "<br>\n".join(said) if subtype == "html" else "\n".join(said)
        octets = (text + "\n").replace("\n", "\r\n").encode()
        how = encoding if encoding != "7bit" or octets.isascii() else "quoted-printable"
        body = {
            "7bit": octets,
            "base64": base64.encodebytes(octets).replace(b"\n", b"\r\n"),
            "quoted-printable": binascii.b2a_qp(octets.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n"),
        }[how]
        head = f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: {how}\r\n\r\n"
        entities.append(head.encode() + body)
    if len(entities) == 1:
        return b"Subject: letter\r\nMIME-Version: 1.0\r\n" + entities[0]
    parts = b"".join(b"--=_b_1\r\n" + entity + b"\r\n" for entity in entities)
    head = f'Subject: letter\r\nMIME-Version: 1.0\r\nContent-Type: multipart/{kind}; boundary="=_b_1"\r\n\r\n'
    return head.encode() + parts + b"--=_b_1--\r\n"


@settings(max_examples=250, deadline=None)
@given(st.lists(LEAVES, min_size=1, max_size=3), st.sampled_from(["mixed", "alternative", "related"]))
def test_what_is_left_out_for_sound_mail_would_have_found_nothing_more(
    leaves: list[tuple[str, str, list[str]]], kind: str
) -> None:
    content = clean_mail(leaves, kind)
    view = read_octets(content)
    assert {d.name for d in view.defects} == {"no_author"}
    with mock.patch.object(reader, "AMBIGUOUS", Everything()), mock.patch.object(reader, "DIVIDING", Everything()):
        full = read_octets(content)
    assert len(full.texts) > len(view.texts)

    def found(texts: tuple[Text, ...]) -> set[tuple[str, bytes]]:
        matches = shipped().scan(texts)
        return {(m.detector, m.token) for m in matches if m.detector in {"us_ssn", "payment_card"} and m.level != "low"}

    assert found(full.texts) == found(view.texts)


SAFE_HEAD = st.sampled_from(
    [b"", b"X: y\r\n", b"Content-Type: text/plain\r\n", b"Content-Type: text/html\r\n", b"MIME-Version: 1.0\r\n"]
)
BODY = b"Name: Pat Example\r\nNumber: " + NUMBER.encode() + b"\r\nKeep this to yourself, please.\r\n"


def encoded(how: str) -> bytes:
    if how == "base64":
        return base64.encodebytes(BODY).replace(b"\n", b"\r\n")
    return binascii.b2a_qp(BODY, istext=False).replace(b"\n", b"\r\n") if how == "quoted-printable" else BODY


@settings(max_examples=300)
@given(
    st.sampled_from(["base64", "quoted-printable", "7bit"]),
    st.lists(SAFE_HEAD, max_size=3),
    st.sampled_from(
        [
            b"Content-Transfer-Encoding: %s",
            b"Content-Transfer-Encoding : %s",
            b"content-transfer-encoding:%s",
            b" Content-Transfer-Encoding: %s",
            b"Content-Transfer-Encoding: x%s",
            b"Content-Transfer-Encoding: %s (x)",
            b"Content-Transfer-Encoding: 8bit\r\nContent-Transfer-Encoding: %s",
        ]
    ),
    st.sampled_from([b"", b"x", b"x; boundary=y", b'"x', b"(c)x", b"x\0", b" x "]),
    st.booleans(),
)
def test_a_planted_number_is_seen_whatever_the_structure(
    how: str, head: list[bytes], field: bytes, boundary: bytes, closed: bool
) -> None:
    leaf = b"".join(head) + field.replace(b"%s", how.encode()) + b"\r\n\r\n" + encoded(how)
    assert seen(read_octets(leaf), NUMBER)
    whole = b"Content-Type: multipart/mixed; boundary=" + boundary + b"\r\n\r\n--x\r\n\r\nhello\r\n--x\r\n" + leaf
    assert seen(read_octets(whole + (b"--x--\r\n" if closed else b"")), NUMBER)


@pytest.mark.parametrize(
    "content",
    [
        b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + b"--a\r\n\r\nx\r\n" * 50_000,
        b'Content-Type: multipart/mixed; boundary=""\r\n\r\n' + b"--\r\n" * 100_000,
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(5_000)),
        b"Content-Type: text/plain" + b" ; " * 100_000 + b"\r\n\r\nx",
        b"Content-Type: text/plain" + b"".join(b"; name*%d=a" % i for i in range(30_000)) + b"\r\n\r\nx",
        b"To: " + b"(" * 300_000 + b"\r\n\r\nx",
        b"A: b\r\n" + b" x\r\n" * 100_000 + b"\r\nx",
        b"\r\n" + b"> a\r\nb\r\n" * 50_000,
        b"\r\n" + b"From: x\r\n" * 50_000,
        b"\r\n" + b"QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB QUFB. " * 10_000,
        b"\r\nhttp://a" + b")" * 300_000,
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n=" + b" " * 300_000,
        b"A: b\r\n" * 300_000 + b"\r\nx",
        b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + b"--aa\r\n" * 300_000,
        b"Content-Type: multipart/mixed; boundary=-\r\n\r\n" + b"-" * 2_000_000,
        b"Content-Type: text/html\r\n\r\n" + b"<a href='data:text/plain,x'>" * 50_000,
        b"Content-Type: text/plain; boundary=(" + b"(x)" * 200_000 + b"\r\n\r\nx",
        b"Subject: " + b"=?utf-8?q?a?= " * 100_000 + b"\r\n\r\nx",
        b"\r\n" + b"=3D" * 300_000,
        b"Content-Type: x\r\n\r\n" + b"Content-Type: a; name=b\r\n\r\n" * 50_000,
        b"Content-Type: x\r\n\r\n" + bytes(range(256)) * 2_000,
    ],
    ids=[
        "parts",
        "empty",
        "depth",
        "semicolons",
        "sections",
        "comments",
        "folds",
        "quotes",
        "froms",
        "blocks",
        "brackets",
        "qp",
        "fields",
        "prefixes",
        "dashes",
        "uris",
        "nested comments",
        "words",
        "escapes",
        "stray fields",
        "binary",
    ],
)
def test_hostile_mail_takes_bounded_time(content: bytes) -> None:
    started = time.process_time()
    check(read_octets(content))
    assert time.process_time() - started < 2.5


@pytest.mark.corpora
def test_mail_kept_outside_the_project_is_read_without_an_exception() -> None:
    root = os.environ.get("SMTP_GATE_CORPORA")
    if not root:
        pytest.skip("SMTP_GATE_CORPORA names no folder of mail")
    files = [f for folder in sorted(FilePath(root).glob("parser-*")) for f in sorted(folder.rglob("*")) if f.is_file()]
    assert files
    for file in files:
        if file.stat().st_size < 5_000_000:
            check(read_octets(file.read_bytes()))


@pytest.mark.corpora
def test_the_planted_number_of_evasion_mail_is_seen() -> None:
    root = os.environ.get("SMTP_GATE_CORPORA")
    if not root:
        pytest.skip("SMTP_GATE_CORPORA names no folder of mail")
    files = sorted((FilePath(root) / "attack-mimeminer" / "rendered").glob("*.eml"))
    missed = [f.name for f in files if not seen(read_octets(f.read_bytes()), NUMBER)]
    # These two templates, each in two encodings, hold no number.
    assert {name.partition(".")[0] for name in missed} <= {"manual_case", "normal_msg"}
