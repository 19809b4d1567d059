"""Disguises within texts: escapes of other formats, letters for digits, formats with commands, files encoded in text."""

import base64
import binascii
import time

import pytest

from smtp_gate.core.view import MessageView, Reason
from smtp_gate.reading.disguises import undisguised
from tests.reading.reading_help import read_mail, read_octets, said, seen

NUMBER = "536-90-4399"
SECRET = f"Her SSN is {NUMBER}, keep it safe."


def plain(body: str) -> MessageView:
    return read_mail(f"From: a@milwaukee.gov\n\n{body}\n")


@pytest.mark.parametrize(
    "body",
    [
        "SSN =35=33=36-90-4399",
        "SSN 536-=\n90-4399",
        "SSN 53=3536=2D90-4399".replace("=3536", "=36"),
        "SSN%20536%2D90%2D4399",
        "SSN %35%33%36-90-4399",
        "SSN &#53;&#51;6-90-4399",
        "SSN &amp;#53;&#x33;6-90-4399",
        r"SSN \u0035\u00336-90-4399",
        r"SSN \x35\x336-90-4399",
        "SSN 536<b></b>-90-<!-- x -->4399",
        "SSN =EF=BC=95=EF=BC=93=EF=BC=96-90-4399",
        "SSN =2535=2533=2536-90-4399",
    ],
)
def test_an_escape_is_undone_though_nothing_declares_it(body: str) -> None:
    assert seen(plain(body), NUMBER)


@pytest.mark.parametrize(
    "written", ["536-9O-4399", "536-9o-4399", "S36-90-4399".replace("S", "5"), "536 9O 4399", "5364OO399"]
)
def test_letters_that_look_like_digits(written: str) -> None:
    wanted = written.translate(str.maketrans("Oo", "00"))
    assert seen(plain(f"her SSN is {written} ok"), f"her SSN is {wanted} ok")


@pytest.mark.parametrize(
    "written", ["OlIlOlIlO", "l2l-OO-llOl", "A536-9O-4399", "no 10 others", "000 or 111 dollars I"]
)
def test_words_are_not_taken_for_numbers(written: str) -> None:
    assert said(plain(f"see {written} there"), "letters") == []


def test_ordinary_text_is_read_once() -> None:
    for body in (
        "x = 3\n====\na=b",
        "100% sure, see http://x.example/a?b=c&d=e",
        "AT&T &amp; co",
        r"C:\users\x",
        "5 < 6 > 4",
    ):
        assert list(undisguised(body, body.encode())) == []


def test_disguises_in_each_other() -> None:
    twice = "".join(f"=25{ord(c):02X}" for c in NUMBER)
    assert seen(plain(f"SSN {twice}"), NUMBER)
    inner = base64.b64encode(SECRET.encode() * 2).decode()
    coded = binascii.a2b_qp(b"").decode() + "=\n".join(inner[i : i + 60] for i in range(0, len(inner), 60))
    assert seen(plain(coded), NUMBER)


def test_four_encodings_inside_each_other_are_undone_and_more_are_told() -> None:
    coded = (SECRET * 3).encode()
    for depth in range(1, 9):
        coded = base64.encodebytes(coded).replace(b"\n", b"\r\n")
        view = read_octets(b"From: a@milwaukee.gov\r\n\r\n" + coded)
        assert seen(view, NUMBER) or any(u.reason is Reason.LIMIT for u in view.unscannable), depth
        assert seen(view, NUMBER) or depth > 4


def test_text_between_damaged_base64_is_read() -> None:
    for cut in range(30, 90):
        clean = base64.b64encode(SECRET.encode() + b" And some more text that stands behind it, for a while.")
        coded = clean[:cut] + clean[cut + 1 :]
        view = read_octets(b"From: a@milwaukee.gov\r\n\r\n" + coded)
        assert seen(view, "keep it safe") or seen(view, "stands behind it"), cut
        if cut > 42:
            assert seen(view, NUMBER), cut


@pytest.mark.parametrize("quote", ["> ", "| ", " "])
def test_quoted_base64(quote: str) -> None:
    lines = base64.encodebytes((SECRET * 4).encode()).decode().splitlines()
    assert seen(plain("\n".join(quote + line for line in lines)), NUMBER)


def test_yenc() -> None:
    coded = b"".join(
        b"=" + bytes([(o + 42 + 64) & 255]) if (o + 42) & 255 in b"\0\r\n=" else bytes([(o + 42) & 255])
        for o in SECRET.encode()
    )
    body = b"=ybegin line=128 size=%d name=a.txt\r\n" % len(SECRET) + coded + b"\r\n=yend size=1\r\n"
    view = read_octets(b"From: a@milwaukee.gov\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + body)
    assert said(view, "file") == [SECRET]


def test_binhex_is_told() -> None:
    body = "(This file must be converted with BinHex 4.0)\n\n:$f*TEQKPH'9MCQ0bG@9N!3!!!!!!!!!!!!:\n"
    assert [(u.kind, u.reason) for u in plain(body).unscannable] == [("binhex", Reason.UNKNOWN)]


@pytest.mark.parametrize("mode", ["64", "644", "0644", "100644"])
def test_uuencode_with_any_mode(mode: str) -> None:
    coded = binascii.b2a_uu(SECRET[:45].encode()).decode()
    assert seen(plain(f"begin {mode} a.txt\n{coded}`\nend"), NUMBER)


def test_commands_of_enriched_text_are_no_text() -> None:
    body = f"<bold>Her SSN</bold> is {NUMBER[:5]}<italic></italic><fontfamily><param>Arial</param>{NUMBER[5:]}</fontfamily> <<x\n"
    for kind in ("enriched", "richtext"):
        view = read_mail(f"From: a@milwaukee.gov\nContent-Type: text/{kind}\n\n{body}")
        assert any(f"Her SSN is {NUMBER} <x" in text for text in said(view, "stripped")), kind


def test_strings_that_postscript_draws_are_joined() -> None:
    body = "%!PS-Adobe-3.0\n/Helvetica 12 selectfont\n(Her SSN is 53) show 9 0 rmoveto (6-\\071) show (0-4399) show <2E> show\nshowpage\n"
    assert any(f"Her SSN is {NUMBER}." in text for text in said(plain(body), "stripped"))


@pytest.mark.parametrize(
    "source",
    [
        "%!" + "(" * 200_000,
        "&#" * 200_000,
        "=3D" * 200_000,
        "%25" * 200_000,
        "1O" * 200_000,
        "5 O 5 " * 80_000,
        "5<b>" * 100_000,
        "5=\n" * 100_000,
        "=ybegin name=x\n" * 20_000,
        "begin 644 x\n" * 20_000,
        "&amp;" * 100_000,
        r"\u0035" * 60_000,
    ],
    ids=["ps", "entity", "qp", "percent", "letters", "spaced", "tags", "soft", "yenc", "uu", "amp", "escape"],
)
def test_hostile_disguises_take_bounded_time(source: str) -> None:
    started = time.process_time()
    plain(source)
    assert time.process_time() - started < 2.5
