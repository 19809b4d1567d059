"""Rich text: runs, escapes, fields, hidden text, notes, tables, embedded objects, binary data, odd structure, time."""

import time

import pytest

from smtp_gate.core.view import Reason
from smtp_gate.reading.kinds import kind_of
from smtp_gate.reading.openers.base import OpenLimits
from tests.reading.openers import samples
from tests.reading.openers.legacy import native
from tests.reading.openers.opening import files, lost, opened, text

NUMBER = "536-90-4399"


def said(body: str) -> str:
    return text(opened(b"{\\rtf1\\ansi " + body.encode() + b"}"))


@pytest.mark.parametrize("split", [True, False])
def test_runs_are_joined(split: bool) -> None:
    assert (
        text(opened(samples.rtf([f"Größe € 日 {NUMBER} {{x}}", "two"], split_runs=split)))
        == f"Größe € 日 {NUMBER} {{x}}\ntwo"
    )


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("536{\\b -90}{\\*\\bkmkstart x}-4399", NUMBER),
        ("536\\_90\\_43\\-99", NUMBER),
        ("\\'35\\'33\\'36-90-4399", NUMBER),
        ("\\u53?\\u51?\\u54?-90-4399", NUMBER),
        ("\\uc0\\u53\\u51\\u54 -90-4399", NUMBER),
        ("\\uc2\\u53 ab\\u51\\'61\\'62{\\uc1\\u54?}-90-4399", NUMBER),
        ("5\r\n3\r\n6-90-4399", NUMBER),
        ("536{\\footnote aside}-90-4399", NUMBER),
        ("a{\\footnote 536-90-4399}b", NUMBER),
        ("{\\v 536-90-}4399", NUMBER),
        ('{\\field{\\*\\fldinst HYPERLINK "http://x.example/536-90-4399"}{\\fldrslt here}}', NUMBER),
        ("{\\info{\\title 536-90-4399}}", NUMBER),
        ("{\\header 536-90-4399\\par}", NUMBER),
        ("{\\*\\unknown 536-90-4399}", NUMBER),
        ("SSN\\tab 536-90-4399", f"SSN\t{NUMBER}"),
        ("\\trowd SSN\\cell 536-90-4399\\cell\\row", f"SSN\t{NUMBER}"),
        ("536-90-{\\pict\\wmetafile8 0102}4399", NUMBER),
        ("536-90-{\\pict\\bin6 }}}}}}}4399", NUMBER),
        ("\\ud\\uc1\\u-10179?\\u-8704?", "😀"),
        ("}}}536-90-4399", NUMBER),
        ("{{{536-90-4399", NUMBER),
        ("\\", ""),
        ("\\bin99999999 x", ""),
    ],
)  # fmt: skip
def test_a_value_is_seen_however_it_is_written(body: str, wanted: str) -> None:
    assert wanted in said(body)


def test_its_codepage_is_its_own() -> None:
    assert "Привет" in text(opened(b"{\\rtf1\\ansi\\ansicpg1251 \\'cf\\'f0\\'e8\\'e2\\'e5\\'f2}"))
    assert "\u65e5" in text(opened(b"{\\rtf1\\ansi\\ansicpg932 \\'93\\'fa}"))


@pytest.mark.parametrize("front", [b"", b" \r\n", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("head", [b"{\\rtf1", b"{\\rt1", b"{\\rtf"])
def test_octets_in_front_and_odd_heads_do_not_hide_it(front: bytes, head: bytes) -> None:
    content = front + head + b"\\ansi 5{\\b 3}6-90-4399}"
    assert kind_of(content) == "rtf"
    assert NUMBER in text(opened(content))


def carried(kind: bytes, content: bytes) -> bytes:
    """An object of the first version, as rich text carries it."""

    def counted(octets: bytes) -> bytes:
        return len(octets).to_bytes(4, "little") + octets

    return b"\x01\x05\0\0\x02\0\0\0" + counted(kind + b"\0") + counted(b"") * 2 + counted(content)


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (carried(b"Package", native("a.csv", b"SSN,536-90-4399")[4:]), {"a.csv": b"SSN,536-90-4399"}),
        (carried(b"Word.Document.8", samples.ole({"x": b"y"})), None),
        (carried(b"Other", b"plain octets"), {"object2": b"plain octets"}),
        (b"\xff\xff", {"object2": b"\xff\xff"}),
    ],
)
def test_embedded_objects_are_files(content: bytes, wanted: dict[str, bytes] | None) -> None:
    digits = content.hex()
    odd = "\r\n".join(digits[at : at + 7] for at in range(0, len(digits), 7)).replace("0", "{\\x }0", 1)
    found = opened(b"{\\rtf1 x{\\object{\\*\\objclass W}{\\*\\objdata " + odd.encode() + b"}}}")
    if wanted is None:
        assert ("ole", Reason.UNKNOWN) in lost(found)
    else:
        assert files(found) == wanted


@pytest.mark.parametrize(
    "content",
    [b"{" * 1_000_000, b"{\\*\\x" * 300_000, b"\\u53?" * 300_000, b"\\'35" * 400_000, b"\\" * 1_000_000, b"{\\objdata 0" * 100_000,
     b"\\bin0 " * 300_000, b"\\uc255\\u5 " * 200_000, b"a\\tab b\\par " * 150_000],
    ids=["groups", "asides", "unicode", "octets", "slashes", "objects", "binary", "skips", "rows"],
)  # fmt: skip
def test_time_is_linear(content: bytes) -> None:
    started = time.process_time()
    opened(b"{\\rtf1 x" + content)
    assert time.process_time() - started < 8


def test_text_is_bounded() -> None:
    found = opened(samples.rtf(["x" * 1000] * 20), limits=OpenLimits(octets=5000))
    assert lost(found) == {("rtf", Reason.LIMIT)}
