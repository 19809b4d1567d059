"""The letter as its recipients see it: which alternative, and without what a page hides."""

import pytest

from smtp_gate.core.view import RegionKind
from smtp_gate.reading.shown import letters, outer, own_words, visible_source
from tests.families.seen import seen

HEAD = "From: Carla Diaz <cdiaz@milwaukee.gov>\nMIME-Version: 1.0\n"


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ('<p>a<span style="font-size:0">b</span>c</p>', "<p>ac</p>"),
        ('<div style="display:none"><b hidden>x</b>y</div><p>a</p>', "<p>a</p>"),
        ('<p>a</p><div style="display:none">&#15;x&#xF;y</div>', "<p>a</p>"),
        ("<p>a</p><style>.h{display:none}</style><i class=h>x</i>", "<p>a</p>"),
        ("<title>t</title><p>a</p>", "<p>a</p>"),
        ("<style>@media (max-width:9px){.h{display:none}}</style><i class=h>x</i>", '<i class="h">x</i>'),
    ],
)
def test_what_no_screen_shows_is_left_out(source: str, shown: str) -> None:
    assert shown in visible_source(source)
    assert "x" not in visible_source(source).replace(shown, "")


def test_what_nests_too_deep_is_left_as_it_is() -> None:
    deep = "<div>" * 5_000 + '<p style="display:none">x</p>'
    assert visible_source(deep) == deep


def test_the_page_is_the_letter_and_its_regions_are_told_apart() -> None:
    text = (
        f"{HEAD}Content-Type: multipart/alternative; boundary=b\n\n--b\n\nplain\n--b\nContent-Type: text/html\n\n"
        '<p>page<i style="display:none">gone</i></p><blockquote>quoted</blockquote>\n--b--\n'
    )
    (letter,) = letters(seen(text))
    assert letter.region_text(RegionKind.OWN).strip() == "page"
    assert letter.region_text(RegionKind.QUOTED).strip() == "quoted"
    assert own_words(letter)


def test_a_placeholder_of_a_picture_is_no_word() -> None:
    (letter,) = letters(seen(f"{HEAD}\n[cid:image001.png@01DB]\n"))
    assert not own_words(letter)


@pytest.mark.parametrize(("number", "around"), [("1", "0"), ("2.1", "2"), ("2.0", "2"), ("0!1", "0"), ("0!1.2", "0!1")])
def test_the_number_around_a_number(number: str, around: str) -> None:
    assert outer(number) == around
