"""The letter as its recipients see it: which alternative, and without what a page hides."""

import time

import pytest

from smtp_gate.core.view import RegionKind, Text
from smtp_gate.reading.regions import own_words
from smtp_gate.reading.shown import letters, outer, visible_source
from tests.families.seen import seen

HEAD = "From: Carla Diaz <cdiaz@milwaukee.gov>\nMIME-Version: 1.0\n"


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ('<p>a<span style="font-size:0">x</span>c</p>', '<p>a<span style="font-size:0"></span>c</p>'),
        ('<div style="display:none"><b hidden>x</b>y</div><p>a</p>', "<p>a</p>"),
        ('<p>a</p><div style="display:none">&#15;x&#xF;y</div>', "<p>a</p>"),
        ("<p>a</p><style>.h{display:none}</style><i class=h>x</i>", "<p>a</p>"),
        ("<title>t</title><p>a</p>", "<p>a</p>"),
        ("<p>a</p><style>@media (max-width:9px){.h{display:none}}</style><i class=h>x</i>", "<p>a</p>"),
    ],
)
def test_what_no_screen_shows_is_left_out(source: str, shown: str) -> None:
    visible = visible_source(source)
    assert visible is not None
    assert shown in visible
    assert "x" not in visible.replace(shown, "")


@pytest.mark.parametrize(
    "source", ["<div>" * 5_000 + "x", "<style>" + "p[a]{color:red}" * 500 + "</style><p>x", "<p>x" * 70_000]
)
def test_of_what_is_too_deep_or_too_large_nothing_is_surely_seen(source: str) -> None:
    assert visible_source(source) is None


def test_the_page_is_the_letter_and_its_regions_are_told_apart() -> None:
    text = (
        f"{HEAD}Content-Type: multipart/alternative; boundary=b\n\n--b\n\nplain\n--b\nContent-Type: text/html\n\n"
        '<p>page<i style="display:none">gone</i></p><blockquote>quoted</blockquote>\n--b--\n'
    )
    ((letter,),) = letters(seen(text))
    assert letter.text is not None
    assert letter.text.region_text(RegionKind.OWN).strip() == "page"
    assert letter.text.region_text(RegionKind.QUOTED).strip() == "quoted"
    assert letter.says


def test_a_placeholder_of_a_picture_is_no_word() -> None:
    ((letter,),) = letters(seen(f"{HEAD}\n[cid:image001.png@01DB] <http://x.example/a.png>\n"))
    assert letter.text is not None
    assert not letter.says
    assert own_words(Text("0", "plain", "[cid:a] b", letter.text.spans[:1]))


@pytest.mark.parametrize("piece", ["[cid", "[cid:", "<x:", "<x:y ", "[image", "[inline", "[", "<", "[cid:] ", "_"])
def test_notes_of_pictures_that_never_end_cost_linear_time(piece: str) -> None:
    view = seen(f"{HEAD}\n{piece * (1_000_000 // len(piece))}\n")
    started = time.process_time()
    letters(view)
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    "source",
    [
        "<hr>" * 250_000,
        "<hr><b>" * 140_000,
        "<p style='color:#fff'>x</p>" * 38_000,
        "<div class=gmail_quote>x</div>" * 30_000,
        "<blockquote>x</blockquote>" * 38_000,
        "<style>" + "".join(f"* * * .a{i} *{{display:none}}" for i in range(390)) + "</style>" + "<div><p>x" * 700,
        "<style>" + "".join(f"p:nth-child({i}){{color:#{i:03}}}" for i in range(390)) + "</style>" + "<p>x" * 50_000,
        "<p style='color:" + "hsl(" * 200_000 + "'>x",
        "<blockquote style='border:" + "(" * 500_000 + "'>x",
        "<style>" + "blockquote{margin:0}" * 50_000 + "</style>" + "<blockquote>x" * 1_000,
    ],
)
def test_hostile_pages_take_bounded_time(source: str) -> None:
    view = seen(f"{HEAD}Content-Type: text/html\n\n{source}\n")
    started = time.process_time()
    letters(view)
    assert time.process_time() - started < 5


@pytest.mark.parametrize(("number", "around"), [("1", "0"), ("2.1", "2"), ("2.0", "2"), ("0!1", "0"), ("0!1.2", "0!1")])
def test_the_number_around_a_number(number: str, around: str) -> None:
    assert outer(number) == around
