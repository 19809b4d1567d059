"""HTML: what is seen and what is not, glued and apart, links beside what they show, and parser time kept linear."""

import time

import pytest

from smtp_gate.core.view import Reason
from smtp_gate.reading.html import read_page
from smtp_gate.reading.limits import Limits
from tests.reading.reading_help import read_mail, said, seen

HEAD = "Content-Type: text/html; charset=utf-8\n\n"


@pytest.mark.parametrize(
    "markup",
    [
        "536-90-4399",
        "536<!-- x -->-90-<b>43</b>99",
        "536<wbr>-90<span>-</span>4399",
        "&#53;36&#x2d;90&#45;4399",
        "<p>536</p><p>-90-</p><p>4399</p>",
        "<table><tr><td>536</td><td>-90-</td><td>4399</td></tr></table>",
        '536<span style="display:none">777</span>-90-4399',
        '536<span style="FONT-SIZE: 0px">777</span>-90-4399',
        '<span style="display:none">536-90-4399</span>',
        "<template><p>536-90-4399</p></template>",
        "<!-- 536-90-4399 -->",
        "<!--[if mso]><b>536</b>-90-4399<![endif]-->",
        '<img alt="536-90-4399">',
        '<img alt="a > b 536-90-4399">',
        '<p data-x="&#53;36-90-4399">x</p>',
        "<script>var x = '536-90-4399'</script>",
        "<style>p:after{content:'536-90-4399'}</style>",
        "<title>536-90-4399</title>",
        "<unknown>536-90-4399</unknown>",
        "<textarea>536-90-4399</textarea>",
        "536\u200b-90\u00ad-4399",
        "\u0665\u0663\u0666-\uff19\uff10-\u0664\u0663\u0669\u0669",
        "<div>" * 3000 + "536-90-4399",
    ],
)
def test_the_number_is_seen(markup: str) -> None:
    assert seen(read_mail(HEAD + f"<html><body>{markup}</body></html>"), "536-90-4399")


def test_blocks_are_lines_and_inline_elements_are_not() -> None:
    view = read_mail(HEAD + "<div>a</div>b<p>wor<b>ld</b>\n  two</p><ul><li>x<li>y</ul><br>z")
    assert said(view, "html") == ["a\nb\nworld two\nx\ny\nz"]


def test_joined_and_visible_exist_only_where_they_differ() -> None:
    plain = read_mail(HEAD + "<p>one 1</p>\n<p>two</p><table><tr><td>a</td><td>b</td></tr></table>")
    assert [t.reading for t in plain.texts] == ["header", "html"]
    assert said(read_mail(HEAD + "<p>12</p><p>34</p>"), "html-joined") == ["1234"]
    assert said(read_mail(HEAD + 'a<i style="display: none">b</i>c'), "html-visible") == ["ac"]


def test_links_carry_target_and_shown_text() -> None:
    view = read_mail(
        HEAD
        + '<p>see <a href="http://evil.example/x?a=1&amp;b=2">www.milwaukee.gov</a> <img src="cid:logo"> http://plain.example/y.</p>'
    )
    assert [(link.target, link.shown, link.source) for link in view.links] == [
        ("http://evil.example/x?a=1&b=2", "www.milwaukee.gov", "href"),
        ("cid:logo", "", "src"),
        ("www.milwaukee.gov", "", "text"),
        ("http://plain.example/y", "", "text"),
    ]


def test_too_deep_markup_is_unscannable_but_still_read() -> None:
    view = read_mail(HEAD + "<div>" * 2100 + "deep words")
    assert [(u.reason, u.kind) for u in view.unscannable] == [(Reason.LIMIT, "html")]
    assert seen(view, "deep words")
    assert not read_mail(HEAD + "<div>" * 1900 + "x").unscannable


@pytest.mark.parametrize(
    "source",
    [
        "<div>" * 100_000,
        "".join(f"<font a={i}><p>" for i in range(3000)),
        "".join(f"<b a={i}>" for i in range(500)) + "<p>" * 5000,
        "<a " + " ".join(f"a{i}" for i in range(50_000)) + ">",
        "<a " + "".join(f'a{i}="<"' for i in range(50_000)) + ">",
        "<span>" * 999 + "<div></span>" * 20_000,
        "<" * 300_000,
        "<!--" * 100_000,
        '<a b="' * 50_000,
    ],
    ids=["depth", "font", "formatting", "attributes", "quoted", "stray", "lt", "comment", "quote"],
)
def test_hostile_markup_takes_bounded_time(source: str) -> None:
    started = time.process_time()
    read_page(source, Limits())
    assert time.process_time() - started < 1.5


def test_the_cells_of_a_row_are_parted_by_tabs_whatever_fills_them() -> None:
    page = read_page(
        "<table><tr><th>Name</th><th><p>SSN</p></th></tr><tr><td><div>Dana</div></td><td><table><tr><td>x<td>y</table></td></tr></table>z",
        Limits(),
    )
    assert page.text == "Name\tSSN\nDana\tx\ty\nz"
