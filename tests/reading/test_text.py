"""Normalised text and charsets: every digit, nothing invisible, nothing raised."""

import base64
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.reading.charset import decode_octets, readings
from smtp_gate.reading.text import normalise, normalise_octets, turned
from smtp_gate.reading.words import decode_words
from tests.reading.reading_help import names, read_octets, seen


def test_every_decimal_digit_of_unicode_becomes_ascii() -> None:
    for point in range(sys.maxunicode + 1):
        if unicodedata.category(chr(point)) == "Nd":
            assert normalise(f"a{chr(point)}") == f"a{unicodedata.digit(chr(point))}"


def test_every_invisible_dash_and_space_between_digits() -> None:
    for point in range(0x80, sys.maxunicode + 1):
        char, category = chr(point), unicodedata.category(chr(point))
        if category == "Cf":
            assert normalise(f"1{char}2") == "12", hex(point)
        elif category == "Mn":
            assert "".join(c for c in normalise(f"1{char}2") if c.isdecimal()) == "12", hex(point)
        elif category == "Pd":
            assert normalise(f"1{char}2") == "1-2", hex(point)
        elif category == "Zs":
            assert normalise(f"1{char}2") == "1 2", hex(point)


def test_line_ends_and_controls() -> None:
    assert normalise_octets(b"a\r\nb\rc\nd\0e\x08f\tg") == ("a\nb\nc\ndef\tg", b"a\nb\nc\ndef\tg")
    assert normalise("\u00e9\r\nb\0\u2028c") == "\u00e9\nb\nc"


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once or unicodedata.normalize("NFKC", once) != once


def test_marks_piled_up_cost_no_more_than_their_number() -> None:
    assert normalise("a" + "\u0316\u0301" * 300_000).startswith("a")


@pytest.mark.parametrize(
    ("content", "declared", "expected"),
    [
        (b"abc", "", "abc"),
        ("\u00e4".encode(), "", "\u00e4"),
        ("\u00e4".encode("latin-1"), "iso-8859-1", "\u00e4"),
        (b"\x93hi\x94", "iso-8859-1", "\u201chi\u201d"),
        ("\u00e4".encode("latin-1"), "utf-8", "\u00e4"),
        ("\u00e4".encode("utf-16"), "us-ascii", "\u00e4"),
        (b"+AOQ-", "utf-7", "\u00e4"),
        (b'\x1b$B$"\x1b(B', "iso-2022-jp", "\u3042"),
        ("\u00e4".encode(), "no-such-charset", "\u00e4"),
        (b"abc", "rot13", "abc"),
        (b"abc", "unicode_escape", "abc"),
        (b"abc", "\0\xff", "abc"),
    ],
)
def test_charsets(content: bytes, declared: str, expected: str) -> None:
    assert decode_octets(content, declared)[0] == expected


BODY = "Her number is 536-90-4399."
SHIFTED = "Her number is +ADUAMwA2AC0AOQAwAC0ANAAzADkAOQ-."
WIDE = "Her number is \uff15\uff13\uff16-\uff19\uff10-\uff14\uff13\uff19\uff19.".encode("iso2022_jp").decode()


@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff", b"\xff\xfe\0\0", b"\xff\xfex"])
@pytest.mark.parametrize("declared", ["", "; charset=utf-8", "; charset=iso-8859-1"])
@pytest.mark.parametrize("kind", ["plain", "html"])
def test_a_byte_order_mark_hides_nothing_from_those_who_trust_the_label(mark: bytes, declared: str, kind: str) -> None:
    head = f"Content-Type: text/{kind}{declared}\r\n\r\n".encode()
    body = BODY.replace("6-9", "6<b></b>-9") if kind == "html" else BODY
    assert seen(read_octets(head + mark + body.encode()), "536-90-4399")


def test_a_link_behind_a_byte_order_mark_is_a_link() -> None:
    view = read_octets(
        b'Content-Type: text/html; charset=utf-8\r\n\r\n\xff\xfe<a href="https://evil.example/x">milwaukee.gov</a>'
    )
    assert ("https://evil.example/x", "milwaukee.gov") in {(k.target, k.shown) for k in view.links}


def test_a_byte_order_mark_in_an_encoded_word_hides_nothing() -> None:
    assert decode_words("=?utf-8?q?=FF=FE536-90-4399?=").endswith("536-90-4399")


@pytest.mark.parametrize(
    "fields",
    [
        "text/plain; charset=us-ascii; charset=utf-7",
        "text/plain; charset=us-ascii\r\nContent-Type: text/plain; charset=utf-7",
        "text/plain; charset=utf-7; charset*=us-ascii''us-ascii",
        "text/plain; charset=utf-7; charset*=us-ascii''us-ascii; charset=utf-8",
        *(
            f"text/plain; charset={label}"
            for label in ("csUTF7", "csUnicode11UTF7", "unicode-1-1-utf-7", "unicode-2-0-utf-7")
        ),
        *(f'text/plain; charset="{label}"' for label in ("x-unicode-2-0-utf-7", "x-utf7", "UTF_7", "no-such-charset")),
        "text/plain" + "".join(f"; charset=x-{n}" for n in range(20)) + "; charset=utf-7",
    ],
)
def test_every_declared_charset_is_read(fields: str) -> None:
    assert seen(read_octets(f"Content-Type: {fields}\r\n\r\n{SHIFTED}".encode()), "536-90-4399")


@pytest.mark.parametrize("label", ["ucs-2", "iso-10646-ucs-2", "unicode", "csUnicode"])
@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
def test_labels_of_wide_charsets_are_read_in_both_orders(label: str, order: str) -> None:
    octets = ("\u6f22" * 3000 + BODY + "\u6f22" * 300).encode(order)
    head = f"Content-Type: text/plain; charset={label}\r\nContent-Transfer-Encoding: base64\r\n\r\n".encode()
    assert seen(read_octets(head + base64.encodebytes(octets).replace(b"\n", b"\r\n")), "536-90-4399")


@pytest.mark.parametrize(
    "markup",
    [
        '<meta http-equiv="Content-Type" content="text/html; charset=utf-7"><p>' + SHIFTED,
        "<meta charset='csUTF7'><p>" + SHIFTED,
        "<meta charset=iso-2022-jp><p>" + WIDE,
        "<p>" + WIDE,
    ],
)
def test_the_charset_that_a_page_names_is_read(markup: str) -> None:
    assert seen(read_octets(f"Content-Type: text/html\r\n\r\n{markup}".encode()), "536-90-4399")


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_a_number_written_backwards_is_read_as_it_shows(kind: str) -> None:
    head = f"Content-Type: text/{kind}; charset=utf-8\r\n\r\n"
    assert seen(read_octets((head + "SSN \u202e9934-09-635\u202c ok").encode()), "SSN 536-90-4399 ok")
    assert seen(read_octets(("Subject: SSN \u202e9934-09-635\r\n\r\nx").encode()), "SSN 536-90-4399")


@pytest.mark.parametrize(
    "markup", ["<bdo dir=rtl>9934-09-635</bdo>", "<BDO DIR='RTL'>9934-09-635</BDO>", "&#8238;9934-09-635&#8236;"]
)
def test_markup_that_turns_a_number_is_followed(markup: str) -> None:
    assert seen(read_octets(f"Content-Type: text/html\r\n\r\n<p>SSN {markup} ok".encode()), "SSN 536-90-4399 ok")


def test_only_the_surroundings_of_what_is_turned_are_read_again() -> None:
    far, near = "x" * 5000, "y" * 100
    assert turned(f"{far}{near}") == ""
    once = f"{near}\u202e21\u202c{near}"
    shown = turned(f"{far}{once}{far}{once}\u202e43\n{near}")
    assert len(shown) < 3000
    assert shown.count(f"{near}12{near}") == 2
    assert shown.endswith(f"{near}34\n{near}")


MARKS = [chr(c) for c in range(0x80, sys.maxunicode + 1) if unicodedata.category(chr(c)) in {"Mn", "Me"}]


def test_no_mark_between_digits_hides_a_number() -> None:
    missed = [hex(ord(m)) for m in MARKS if normalise(f"53{m}6-{m}90{m}-4399") != "536-90-4399"]
    assert missed == []


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be", "utf-7", "cp037", "utf-32", "iso-2022-kr", "hz"])
def test_a_number_is_seen_in_every_charset_and_under_a_wrong_label(charset: str) -> None:
    octets = "Her number is 536-90-4399.".encode(charset)
    head = f"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: binary\r\n\r\n".encode()
    assert seen(read_octets(head + octets), "536-90-4399")
    if charset.startswith("utf-16"):
        assert seen(read_octets(b"Content-Type: text/plain\r\n\r\n" + octets), "536-90-4399")


def test_a_number_behind_the_label_of_an_odd_charset_is_seen() -> None:
    view = read_octets(b"Content-Type: text/plain; charset=cp037\r\n\r\n536-90-4399")
    assert seen(view, "536-90-4399")
    assert "charset_unusual" in names(view)


@given(st.binary(max_size=200), st.text(max_size=20))
def test_decoding_never_raises(content: bytes, declared: str) -> None:
    decode_octets(content, declared.lower())
    list(readings(content, declared.lower()))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Gr\u00fc\u00dfe"),
        ("=?utf-8?B?R3LDvA==?= =?utf-8?B?w59l?=", "Gr\u00fc\u00dfe"),
        ("=?utf-8?q?a=C3?= =?utf-8?q?=A4?=", "a\u00e4"),
        ("a =?iso-8859-1?Q?b_c?= d", "a b c d"),
        ("=?utf-8*en?q?x?=", "x"),
        ("=?utf-8?x?abc?= =?broken", "=?utf-8?x?abc?= =?broken"),
        ("=?no-such?q?abc?=", "abc"),
        ("=?utf-8?b?YWJj", "=?utf-8?b?YWJj"),
    ],
)
def test_encoded_words(raw: str, expected: str) -> None:
    assert decode_words(raw) == expected


@given(st.text(alphabet="=?qQbB_utf-8 \tA\u00e4", max_size=60))
def test_encoded_words_never_raise(text: str) -> None:
    decode_words(text)
