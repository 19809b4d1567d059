"""Links written out in text: trimmed as people mean them, each in its region."""

import pytest

from smtp_gate.core.view import Reason, RegionKind
from smtp_gate.reading.limits import Limits
from smtp_gate.reading.urls import trimmed
from tests.reading.reading_help import read_mail


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("see https://a.example/x.", ["https://a.example/x"]),
        ("(http://a.example/x_(y))", ["http://a.example/x_(y)"]),
        ("<HTTPS://A.example>", ["HTTPS://A.example"]),
        ("www.a.example, and ftp://b.example!", ["www.a.example", "ftp://b.example"]),
        ("short: bit.ly/abc and t.co/x", ["bit.ly/abc", "t.co/x"]),
        ("javascript:alert(1) data:text/html;base64,PGI+", ["javascript:alert(1)", "data:text/html;base64,PGI+"]),
        ("mailto:a@b.example", ["mailto:a@b.example"]),
        ("https:\\\\evil.example\\x", ["https:\\\\evil.example\\x"]),
        ("http://\u4f8b\u3048.example/\u00e4", ["http://\u4f8b\u3048.example/\u00e4"]),
        ("9:30 and/or 3/4, a@b.com", []),
    ],
)
def test_links_in_text(text: str, targets: list[str]) -> None:
    assert [link.target for link in read_mail(f"Subject: x\n\n{text}\n").links] == targets


def test_links_stand_in_regions_and_once() -> None:
    view = read_mail("Subject: x\n\nhttp://a.example http://a.example\n\n> \u00e4\u00e4 http://b.example\n")
    assert [(link.target, link.region.kind) for link in view.links] == [
        ("http://a.example", RegionKind.OWN),
        ("http://b.example", RegionKind.QUOTED),
    ]


def test_more_links_than_the_budget_are_unscannable() -> None:
    view = read_mail("Subject: x\n\n" + " ".join(f"http://a.example/{i}" for i in range(9)), Limits(links=5))
    assert len(view.links) == 5
    assert [(u.reason, u.kind) for u in view.unscannable] == [(Reason.LIMIT, "links")]


def test_trimming_keeps_balanced_brackets() -> None:
    assert trimmed("http://a/(b)))") == "http://a/(b)"
    assert trimmed("...") == ""
