"""What a reader of HTML does not see: hidden by style, sheet, attribute or colour, and values that stand in no text."""

import base64
import time

import pytest

from smtp_gate.core.view import Reason
from smtp_gate.reading.html import read_page
from smtp_gate.reading.html_style import colour, declarations, hides, rules
from smtp_gate.reading.limits import Limits
from tests.reading.reading_help import read_mail, said, seen

HEAD = "From: a@milwaukee.gov\nContent-Type: text/html; charset=utf-8\n\n"
NUMBER = "536-90-4399"
SAID = f"Her SSN is {NUMBER}"

HIDING = [
    "display:none", "DISPLAY : NONE !important", "visibility:hidden", "visibility:collapse", "font-size:0", "font-size:0px", "font-size: 1px",
    "font-size:.05em", "font:0/0 a", "opacity:0", "opacity:.01", "mso-hide:all", "color:transparent", "color:rgba(0,0,0,0)", "color:#ffffff",
    "color:white;background:#fff", "color:#fefefe", "background-color:#102030;color:#112233", "position:absolute;left:-9999px",
    "position:fixed;top:-200em", "text-indent:-9999px", "margin-left:-5000px", "width:0;height:0;overflow:hidden", "max-height:0;overflow:hidden",
    "clip:rect(0,0,0,0);position:absolute", "clip-path:inset(100%)", "transform:scale(0)", "content-visibility:hidden", "zoom:0",
    "-webkit-text-fill-color:transparent", "/* x */display:/* y */none", r"d\69splay:n\6fne", "color:rgb(255, 255, 255)",
]  # fmt: skip


@pytest.mark.parametrize("style", HIDING)
@pytest.mark.parametrize("way", ["inline", "class", "id", "tag", "compound", "media"])
def test_hidden_junk_between_digits_is_left_out(style: str, way: str) -> None:
    sheet, mark = {
        "inline": ("", f'style="{style}"'),
        "class": (f"<style>.z{{{style}}}</style>", "class='y z'"),
        "id": (f"<style type='text/css'><!-- #z {{ {style} }} --></style>", "id=z"),
        "tag": (f"<style>b{{color:red}} i{{{style}}}</style>", ""),
        "compound": (f"<style>p i.z , q {{{style}}}</style>", "class=z"),
        "media": (f"<style>@media screen and (min-width:1px) {{ i.z{{{style}}} }}</style>", "class=z"),
    }[way]
    page = f"{sheet}<p>SSN 53<i {mark}>77</i>6-90-<i {mark}>8</i>4399</p>"
    view = read_mail(HEAD + page)
    assert any(f"SSN {NUMBER}" in text for text in said(view, "html-visible")), said(view, "html-visible")
    assert seen(read_mail(HEAD + f"{sheet}<p>x<i {mark}>{SAID}</i></p>"), SAID)


@pytest.mark.parametrize(
    "page",
    [
        "<p>53<span hidden>77</span>6-90-4399",
        "<p>53<font color=white>77</font>6-90-4399",
        "<body bgcolor=black><p>53<font color='#000000'>77</font>6-90-4399",
        "<table bgcolor='#102030'><tr><td>53<span style='color:#102030'>77</span>6-90-4399",
        "<p>53<b style='display:none'>7<i>7</i><u style='display:none'>7</u></b>6-90-4399",
        "<div>53</div><div style='display:none'>77</div><div>6-90-4399</div>",
        "<style>@import 'x'; .a .z{color:red} .z{display:none}</style><p>53<i class=z>7</i>6-90-4399",
        "<style>.z{display:none}</style><style>.w{opacity:0}</style><p>53<i class=z>7</i>6-90<i class=w>7</i>-4399",
        "<style>.k{display:none} .k{display:inline} .z{display:none}</style><p><i class=k>53</i><i class=z>7</i>6-90-4399",
        "<style>.k{display:none} .z{display:none}</style><p><i class=k style='display:inline'>53</i><i class=z>7</i>6-90-4399",
        "<style>@media print{.k{display:none}} .z{display:none}</style><p><i class=k>53</i><i class=z>7</i>6-90-4399",
        "<p>53&#14;<i style='display:none'>77</i>6-90-4399&#15;",
    ],
)
def test_the_number_is_in_what_is_shown(page: str) -> None:
    assert any(NUMBER in text for text in said(read_mail(HEAD + page), "html-visible"))


def test_hidden_text_that_divides_nothing_costs_no_reading() -> None:
    page = "<div style='display:none'>preview text 12</div><p>Dear all,<br>the agenda.</p><p style='color:#fff;background:#336'>News</p>"
    assert said(read_mail(HEAD + page), "html-visible") == []


ENCODED = base64.b64encode(SAID.encode()).decode()
PERCENT = "".join(f"%{ord(c):02X}" for c in SAID)


@pytest.mark.parametrize(
    "page",
    [
        f'<img alt="{SAID}">', f'<a title="{SAID}">x</a>', f'<input value="{SAID}">', f'<input placeholder="{SAID}">', f'<meta name=x content="{SAID}">',
        f"<p data-x='{SAID}'>", f'<p aria-label="{SAID}">', f'<a href="http://x.example/?q={PERCENT}">x</a>', f'<a href="mailto:a@b.example?body={PERCENT}">x</a>',
        f"<button formaction='x?{PERCENT}'>y</button>", f"<form action='x?{PERCENT}'>", f"<a href='x?{PERCENT.replace('%', '%25')}'>y</a>",
        "<input value='Her SSN is 536'><input value='-90-'><input value='4399'>", f"<select><option>{SAID}</select>", f"<textarea>{SAID}</textarea>",
        f'<iframe srcdoc="<p>{SAID}</p>"></iframe>', '<iframe srcdoc="&lt;p&gt;Her SSN is 53&lt;b&gt;&lt;/b&gt;6-90-4399"></iframe>',
        "<iframe srcdoc='<iframe srcdoc=&quot;<p>Her SSN is 53<b></b>6-90-4399&quot;>'>", f"<iframe src='data:text/html,{PERCENT}'></iframe>",
        f"<a href='data:text/plain;base64,{ENCODED}'>x</a>", f"<object data='data:text/plain;charset=utf-8;base64,{ENCODED}'>", f"<img src=data:;base64,{ENCODED}>",
        "<iframe src='data:text/html,Her SSN is 53%3Cb%3E%3C/b%3E6-90-4399'></iframe>", f"<style>p{{background:url(data:text/plain;base64,{ENCODED})}}</style>",
        f"<style>p:after{{content:'{SAID}'}}</style>", r"<style>p:after{content:'Her SSN is \35\33 6-90-4399'}</style>", r"<p style='x:\35\33 6; y: a'>Her SSN is 536-90-4399",
        "<style>p:after{content:'Her SSN is 536' '-90-' \"4399\"}</style>", "<style>a:before{content:'Her SSN is 536'} a:after{content:'-90-4399'}</style>",
        f"<script>var x = '{SAID}'</script>", "<script>x = 'Her SSN is 536' + '-90-' + \"4399\"</script>", r"<script>x='Her SSN is \x35\u00336-90-4399'</script>",
        f"<template>{SAID}</template>", f"<noscript>{SAID}</noscript>", f"<noframes>{SAID}</noframes>", f"<!--[if mso]>{SAID}<![endif]-->", "<!--[if mso]><b>Her SSN is 53</b>6-90-4399<![endif]-->",
        f"<![if !mso]>{SAID}<![endif]>", f"<svg><text>{SAID}</text></svg>", f"<math><mi>{SAID}</mi></math>", f"<plaintext>{SAID}", f"<xmp>{SAID}</xmp>", f"<title>{SAID}</title>",
        f"<![CDATA[{SAID}]]>", f"<?x {SAID} ?>", f"<!doctype x '{SAID}'>", f"<p {SAID}>", f"</{SAID}>", f"<p title='{SAID}", f"<!-- {SAID}", f"<!-- {SAID} --!>",
        "<table><tr><td>Her SSN is 536</td><td>-90-</td><td>4399</td></tr></table>", "Her SSN is <td>5</td><td>3</td><td>6</td>-90-4399", "Her SSN is 53<!-- > -->6-90-4399",
        "Her SSN is &amp;#53;36-90-4399", "Her SSN is &#53&#51&#54-90-4399", "Her SSN is &#x00035;36&#45;90&#8209;4399", "Her SSN is 536&shy;-90&#8203;-4399", "Her SSN is 536&hyphen;90&dash;4399",
        "Her SSN is 53<script>9</script>6-90-4399", "Her SSN is 53<style>9</style>6-90-4399", "Her SSN is 53<select></select>6-90-4399", "Her SSN is 5<rp>(</rp>36-90-4399",
    ],
)  # fmt: skip
def test_the_number_is_seen_wherever_it_stands(page: str) -> None:
    view = read_mail(HEAD + f"<html><body>{page}</body></html>")
    assert any(NUMBER in text.text.replace("(", "") for text in view.texts), [(t.reading, t.text) for t in view.texts]
    assert any("SSN" in text.text for text in view.texts)


def test_a_document_in_a_page_is_unscannable_and_a_picture_is_not() -> None:
    pdf = base64.b64encode(b"%PDF-1.7\n%\xe2\xe3\xcf").decode()
    view = read_mail(HEAD + f"<a href='data:application/pdf;base64,{pdf}'>x</a>")
    assert [(u.kind, u.reason) for u in view.unscannable] == [("pdf", Reason.UNKNOWN)]
    gif = base64.b64encode(b"GIF89a\x01\0\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;").decode()
    assert not read_mail(HEAD + f"<img src='data:image/gif;base64,{gif}'>").unscannable


def test_a_page_in_quoted_printable_that_nothing_declares_is_read() -> None:
    page = f'<p><img src=3D"data:text/plain;base64,{ENCODED[:20]}=\n{ENCODED[20:].replace("=", "=3D")}"></p>'
    assert seen(read_mail(HEAD + page), SAID)


def test_pages_within_pages_are_read_to_a_depth_and_what_is_deeper_is_told() -> None:
    page = "<p>deep</p>"
    for _ in range(7):
        page = f'<iframe srcdoc="{page.replace("&", "&amp;").replace(chr(34), "&quot;")}"></iframe>'
    view = read_mail(HEAD + page)
    assert any(u.reason is Reason.LIMIT and u.kind == "html" for u in view.unscannable)


def test_styles_are_understood_as_far_as_they_hide() -> None:
    assert declarations("Display: none ! important; COLOR:#FFF") == {"display": "none", "color": "#fff"}
    assert [(r.selector, r.certain) for r in rules("@media (x){.a,.b{c:d}} /* { */ q{e:f} @font-face{src:x} .z{g:h}")] == [
        (".a", False), (".b", False), ("q", True), (".z", True),
    ]  # fmt: skip
    assert colour("1px solid #abc") == (0xAA, 0xBB, 0xCC)
    for shown in (
        "font-size:12px",
        "font:bold 12px Arial",
        "opacity:.9",
        "left:-9999px",
        "height:0",
        "margin-left:-10px",
        "display:block",
        "color:#333",
        "zoom:1",
    ):
        assert not hides(declarations(shown)), shown


@pytest.mark.parametrize(
    "source",
    [
        "<style>" + ".a{display:none}" * 50_000 + "</style>" + "<p class=a>x" * 2_000,
        "<style>" + "".join(f".a{i}{{display:none}}" for i in range(3_000)) + "</style>" + "<p class=a>x" * 5_000,
        "<style>* * * *{display:none}</style>" + "<div>" * 1_500,
        "<style>" + "{" * 200_000,
        "<style>" + "/*" * 200_000,
        "<style>" + "@media{" * 50_000,
        "<p style='" + "a:b;" * 200_000 + "'>",
        "".join(f"<p style='color:#fff;x:{i}'>a" for i in range(10_000)),
        "<font color=white>" * 1_000 + "x",
        "<p x='data:," + "data:," * 100_000 + "'>",
        "".join(f"<p x='data:,{i}'>" for i in range(20_000)),
        "<iframe srcdoc='<iframe srcdoc=x>'>" * 10_000,
        "<p x='" + "%25" * 300_000 + "'>",
        "<script>" + "'1'+" * 200_000,
        "<style>" + "content:'1' " * 50_000,
        "<p x='" + "a" * 10_000_000 + "'>",
        "<p " + "a" * 1_000_000,
        "<!" * 200_000,
        "</a " * 100_000,
        "&#14;" * 200_000,
        "&amp;" * 500_000,
        "<input value=1>" * 20_000,
        "5<i style='display:none'>x</i>" * 10_000,
        "<i style='display:none'>" * 1_500 + "x",
        "<!--" * 200_000,
    ],
    ids=[
        "rules", "selectors", "related", "braces", "comments", "media", "declarations", "colours", "fonts", "data", "uris", "frames", "percent", "strings",
        "content", "attribute", "open", "declared", "closing", "controls", "entities", "inputs", "hidden", "nested", "unclosed",
    ],
)  # fmt: skip
def test_hostile_styles_and_values_take_bounded_time(source: str) -> None:
    started = time.process_time()
    read_page(source, Limits())
    assert time.process_time() - started < 1.5


@pytest.mark.parametrize(
    "piece",
    ["@media (x){a{b}", "color:rgba(rgba(", "color:rgba(0,0,0,", "a{color:rgba(/000", "@media print{", "a{{", "0"],
)
def test_no_sheet_takes_long_however_it_nests(piece: str) -> None:
    sheet = piece * (400_000 // len(piece))
    started = time.process_time()
    found = list(rules(sheet))
    some = [hides(declarations(piece * 20_000)) for _ in range(2)]
    assert time.process_time() - started < 2.0
    assert isinstance(found, list)
    assert some == some[:1] * 2


@pytest.mark.parametrize(
    ("sheet", "shown"),
    [
        ("@media print{.a{display:none}}", []),
        ("@media print{@supports (x){.a{display:none}}}", []),
        ("@media print{.b{c:d}}.a{display:none}", [(".a", True)]),
        ("@media screen{.a{display:none}}", [(".a", True)]),
        ("@media (max-width:9px){@layer x{.a{display:none}}}", [(".a", False)]),
        ("}}.a{display:none}", [(".a", True)]),
    ],
)
def test_a_rule_holds_as_the_blocks_around_it_do(sheet: str, shown: list[tuple[str, bool]]) -> None:
    assert [(rule.selector, rule.certain) for rule in rules(sheet) if hides(rule.declarations)] == shown
