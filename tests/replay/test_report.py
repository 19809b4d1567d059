"""The report asks the network for nothing, runs nothing, escapes what mail says, and says its plots in words."""

import re
from collections import Counter
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

from smtp_gate.replay.compared import Compared
from smtp_gate.replay.page import document, table, text
from smtp_gate.replay.plots import bars, timeline
from smtp_gate.replay.report import COLUMNS, report, spans_of
from smtp_gate.replay.said import facts_lines, short, untold_lines
from smtp_gate.replay.tally import Tally
from tests.replay.test_tally import FREED, HELD, row, seen, tally_of

HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'&\u202egpj.exe\x00\x1b[31m\r\nX"
COMPARED = Compared("sha256:" + "a" * 64, "sha256:" + "b" * 64 + " + some.rule", (HOSTILE, "journal"), 2.0, 50.0, 2)


class Page(HTMLParser):
    """Tags with their attributes, and that every tag is closed where it was opened."""

    VOID = frozenset({"meta"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def hostile() -> Tally:
    copies = {**HELD, "rules_after": [HOSTILE]}
    named = row(
        1, copies, path=HOSTILE, sender=HOSTILE, message_id=HOSTILE, department=HOSTILE,  # type: ignore[arg-type]  # a copy with another rule
        findings_after=[seen(HOSTILE, HOSTILE)],
    )  # fmt: skip
    other = row(2, FREED, day="2026-03-09")
    lost = row(3, change="failed", path=HOSTILE, why=HOSTILE)
    return tally_of(named, other, lost, row(4, change="untold", why=HOSTILE))


def test_a_hostile_message_stays_text() -> None:
    page = report(hostile(), COMPARED, "today")
    parsed = Page(page)
    names = {tag for tag, _ in parsed.tags}
    assert names <= {
        "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "h3", "p", "ul", "li", "b", "div", "table",
        "caption", "thead", "tbody", "tr", "th", "td", "code", "svg", "desc", "rect", "text", "line",
    }  # fmt: skip
    attributes = {name for _, attrs in parsed.tags for name in attrs}
    assert not {a for a in attributes if a.startswith("on") or a in {"src", "href", "xlink:href", "action"}}
    assert "\u202e" not in page
    assert "\x00" not in page
    assert "\\u{202e}" in page
    # It was there at all.
    assert "&lt;script&gt;" in page


def test_nothing_is_fetched() -> None:
    page = report(hostile(), COMPARED, "today")
    assert "default-src &#x27;none&#x27;" in page or "default-src 'none'" in page
    assert re.findall(r"(?:https?:)?//|url\(|@import", page) == []


def test_every_plot_says_its_figures_and_is_an_image_to_a_reader() -> None:
    page = report(tally_of(row(1, HELD), row(2, HELD, day="2026-03-04")), COMPARED, "today")
    plots = re.findall(r'<svg role="img".*?</svg>', page, re.DOTALL)
    assert len(plots) == 4
    for plot in plots:
        root = ET.fromstring(plot)  # noqa: S314 - our own markup
        ids = {e.get("id") for e in root}
        assert set((root.get("aria-labelledby") or "").split()) <= ids
        title, desc = root[0], root[1]
        assert title.text
        assert desc.text
    assert "pii.ssn: 2 held" in page
    identifiers = re.findall(r' id="([^"]+)"', page)
    assert len(identifiers) == len(set(identifiers))


def test_figures_of_the_page_are_those_of_the_tally() -> None:
    page = report(tally_of(row(1, HELD), row(2, FREED), *(row(n) for n in range(3, 9))), COMPARED, "today")
    for said in ("<b>8</b> messages", "<b>1</b> newly held", "<b>1</b> freed", "<b>125.00</b> newly stopped of 1,000"):
        assert said in page
    assert "a" * 64 in page
    assert "b" * 64 + " + some.rule" in page


def test_an_empty_replay_is_a_page_too() -> None:
    Page(report(Tally(), Compared("a", "b", ()), "today"))


def test_differences_are_told_where_somebody_tells_them() -> None:
    page = report(Tally(), Compared("a", "b", (), differences=("pii.ssn: <action> reject",)), "today")
    assert "<li>pii.ssn: &lt;action&gt; reject</li>" in page


def bars_of(plot: str) -> list[ET.Element]:
    root = ET.fromstring(plot.split("</svg>", maxsplit=1)[0] + "</svg>")  # noqa: S314 - our own markup
    return root.findall("rect")


def test_bars_are_as_long_as_their_figures() -> None:
    plot = bars("p", "t", [("a", Counter(held=4, refused=4)), ("b", Counter(held=2))], ("refused", "held"))
    widths = [float(r.get("width") or 0) for r in bars_of(plot)]
    assert widths == pytest.approx([235.0, 235.0, 117.5])
    assert [r.get("class") for r in bars_of(plot)] == ["refused", "held", "held"]
    assert float(bars_of(plot)[1].get("x") or 0) == pytest.approx(230 + 235)


def test_a_timeline_stands_on_its_axis() -> None:
    plot = timeline(
        "p", "t", [("2026-03-01", Counter(held=1)), ("2026-03-02", Counter(held=1, freed=1))], ("held", "freed")
    )
    boxes = bars_of(plot)
    tops = [float(r.get("y") or 0) for r in boxes]
    heights = [float(r.get("height") or 0) for r in boxes]
    assert heights == pytest.approx([85.0, 85.0, 85.0])
    assert tops[0] + heights[0] == pytest.approx(tops[1] + heights[1])
    assert tops[2] + heights[2] == pytest.approx(tops[1])


def test_quiet_days_are_there_and_long_times_are_told_in_spans() -> None:
    days = {"2026-03-01": Counter(held=1), "2026-03-04": Counter(held=2)}
    assert [n for n, _ in spans_of(days)] == ["2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04"]
    years = {"2000-01-01": Counter(held=1), "2020-12-31": Counter(held=2)}
    spans = spans_of(years)
    assert len(spans) <= COLUMNS
    assert spans[0][0].startswith("2000-01-01 to ")
    assert (spans[0][1]["held"], spans[-1][1]["held"]) == (1, 2)
    assert spans_of({}) == []


def test_text_may_stand_in_an_attribute() -> None:
    assert text("a\"b'c<d>&") == "a&quot;b&#x27;c&lt;d&gt;&amp;"
    assert text("\ud800") == "\\u{d800}"
    assert "<td>&lt;b&gt;</td>" in table("c", ("h",), [("r", "<b>")])
    assert "<title>&lt;/title&gt;" in document("</title>", [])


def test_what_the_verdicts_rest_on_is_said() -> None:
    tally = tally_of(
        row(1, how="recorded facts", as_recorded="yes", joined="sha256"),
        row(2, how="asked again", asked=["directory"], as_recorded="no", joined="message-id", moved=True),
        row(3, how="record"),
        row(4, change="untold", how="nothing", why="new.rule"),
    )
    said = "\n".join((*facts_lines(tally, Compared("a", "b", (), unclaimed=7)), *untold_lines(tally)))
    for line in (
        "1 messages judged with recorded facts alone",
        "asked now, of today's directory and lists: directory (1)",
        "1 messages judged with their record alone",
        "1 of 2 come out under the rules that run exactly as the journal has them",
        "1 records joined with their content by message-id",
        "7 messages in files stand in no record",
        "1 messages cannot be told without their content: new.rule (1)",
    ):
        assert line in said
    assert short("sha256:" + "c" * 64 + " + a.rule") == "c" * 12 + " + a.rule"
