"""The sieve saves work and changes nothing: with it and without it the shipped detectors find the same."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from smtp_gate.core.view import Match, Region, RegionKind, Span, Text
from smtp_gate.detect import sieve as sieve_module
from smtp_gate.detect.detectors import Detectors, Level
from smtp_gate.detect.engine import Engine
from smtp_gate.detect.sieve import Sieve
from tests.detect.texts import RULES, code, engine, near, shipped, text

PAGES = Path(__file__).parent / "pages"


@cache
def plodding() -> Engine:
    """The shipped detectors, each of them tried on every text."""
    made = Engine(shipped().detectors)
    every = list(range(len(made.detectors.detectors)))
    made._sieve.possible = lambda *_: every  # type: ignore[method-assign]  # the sieve is taken out on purpose
    return made


def said(node: Any) -> list[str]:
    """Every text in a piece of YAML."""
    if isinstance(node, str):
        return [node]
    return (
        [s for item in (node.values() if isinstance(node, dict) else node or ()) for s in said(item)]
        if isinstance(node, dict | list)
        else []
    )


@cache
def sentences() -> list[str]:
    """What the shipped packs and the pages of their detectors say to show hits and misses, and the known hits."""
    found = [s for d in shipped().detectors.detectors for s in d.known]
    for file in sorted(PAGES.glob("*.yaml")):
        content = yaml.safe_load(file.read_text())
        found += [s for key, node in content.items() if key not in {"detector", "acts"} for s in said(node)]
    for file in sorted(RULES.glob("*.yaml")):
        for rule in yaml.safe_load(file.read_text()).get("rules", ()):
            found += said(rule["examples"])
    return found


def header(subject: str) -> Text:
    whole = f"Subject: {subject}\n"
    return Text("0", "header", whole, (Span(0, len(whole), Region(RegionKind.SUBJECT)),))


def test_every_sentence_of_the_packs_gives_the_same_with_and_without() -> None:
    assert len(sentences()) > 500
    different = [s for s in sentences() if shipped().scan((text(s),)) != plodding().scan((text(s),))]
    assert different == []


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_sentences_cut_and_mixed_give_the_same_with_and_without(data: st.DataObject) -> None:
    pieces = st.sampled_from(sentences()) | st.text(alphabet="0123456789-./ \nabSNé年", max_size=12)
    parts = data.draw(st.lists(pieces, min_size=1, max_size=5))
    cuts = [part[data.draw(st.integers(0, 8)) :][: data.draw(st.integers(1, 400))] for part in parts]
    texts = (header(cuts[0][:60].replace("\n", " ")), text(" ".join(cuts)), text(" ".join(cuts), reading="html"))
    assert shipped().search(texts) == plodding().search(texts)


def test_evidence_that_only_the_cut_of_a_window_lets_stand_counts() -> None:
    made = engine(code(Level("high", all=(near(regex=r"\bcode $", within=5),))))
    assert [m.level for m in made.scan((text("barcode 1234"),))] == ["high"]
    assert [m.level for m in made.scan((text("bar code 1234"),))] == ["high"]


def test_evidence_that_reaches_over_the_break_behind_the_subject_counts() -> None:
    made = engine(code(Level("high", all=(near(regex=r"born\son $", within=20),))))
    assert [m.level for m in made.scan((header("born"), text("on 1234")))] == ["high"]
    assert made.scan((header("borne"), text("on 1234"))) == ()


def test_detectors_that_cannot_match_are_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sieve_module, "FEW", 0)
    made = Sieve(
        Detectors(
            (
                code(Level("high", all=(near("a"),)), regex=r"\d{4}"),
                code(regex=r"KEY-\d{4}"),
                code(regex=r"[a-z]{3}9"),
                code(regex="[0-9]" + "xy" * 500),
            ),
            {"a": ("word",)},
        )
    )
    assert made.possible(b"") == []
    assert made.possible(b"1234") == []
    assert made.possible(b"1234 words") == []
    assert made.possible(b"1234 word KEY-1") == [0]
    assert made.possible(b"1234", b"a word\n") == [0]
    assert made.possible(b"KEY-1234 abc9") == [1, 2]


def test_a_keyword_list_of_any_length_lets_its_detectors_through() -> None:
    long = tuple(f"w{n}ord" for n in range(3000))
    made = Sieve(Detectors((code(Level("high", all=(near("a"),))),), {"a": long}))
    assert made.possible(b"1234 w2999ord") == [0]


def test_where_the_filter_cannot_be_built_every_pattern_may_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sieve_module, "_filter", lambda _: None)
    many = tuple(code(regex=f"[0-9]{'xy' * 500}{n}") for n in range(5))
    assert Sieve(Detectors(many)).possible(b"") == [0, 1, 2, 3, 4]


def test_few_shipped_detectors_are_tried_on_a_text_that_says_nothing() -> None:
    dull = (
        "Received: from mx1.example (mx1.example [192.0.2.7]) by mx2.example id 4BxY1z7Q; Wed, 4 Nov 2026 09:41:07 -0600\n"
        "The benches on Water Street were painted, and the crew comes back on 12 November at 9:30 or by 414-555-0137."
    )
    names = [shipped().detectors.detectors[i].name for i in shipped()._sieve.possible(dull.encode())]
    assert len(names) <= 2, names


def places(matches: tuple[Match, ...]) -> list[tuple[str, str, int, int]]:
    return [(m.detector, m.level, m.start, m.end) for m in matches]


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_the_order_of_detectors_changes_nothing(data: st.DataObject) -> None:
    some = data.draw(st.permutations(range(len(shipped().detectors.detectors))))[:12]
    listed = shipped().detectors
    made = Engine(Detectors(tuple(listed.detectors[i] for i in some), listed.keywords, listed.lists))
    content = (text(" ".join(data.draw(st.lists(st.sampled_from(sentences()), min_size=1, max_size=3)))),)
    names = {listed.detectors[i].name for i in some}
    expected = [p for p in places(shipped().scan(content)) if p[0] in names]
    assert sorted(places(made.scan(content))) == sorted(expected)


FAR = "\n" + "x " * 1500 + "\n"
WINDOWED = engine(
    code(
        Level("high", all=(near("a", 40),), none=(near(regex="order $", within=30),)),
        Level("medium", any=(near("b", 200), near(regex="c{3,9}", within=100))),
        Level("low"),
    ),
    a=("alpha", "née"), b=("beta beta",),
)  # fmt: skip
NEAR = st.lists(
    st.sampled_from(["1234", "5678", "alpha", "Née", "beta  beta", "order ", "ccc", " ", "é", "."]), max_size=12
)


@given(NEAR.map(" ".join), NEAR.map(" ".join), NEAR.map(" ".join))
def test_what_stands_beyond_every_window_changes_no_level(before: str, middle: str, after: str) -> None:
    alone = [(m.level, m.start) for m in WINDOWED.scan((text(middle),))]
    whole = f"{before}{FAR}{middle}{FAR}{after}"
    offset = len(before) + len(FAR)
    inside = [m for m in WINDOWED.scan((text(whole),)) if offset <= m.start < offset + len(middle)]
    assert [(m.level, m.start - offset) for m in inside] == alone


@given(NEAR.map(" ".join), st.sampled_from(["1234", "9999"]))
def test_a_further_occurrence_makes_no_value_fewer(said: str, value: str) -> None:
    few = {m.token for m in WINDOWED.scan((text(said),))}
    more = {m.token for m in WINDOWED.scan((text(f"{said}{FAR}{value}"),))}
    assert few <= more
    assert len(more) >= len(few)


@given(NEAR.map(" ".join))
def test_the_same_octets_read_twice_are_found_twice_in_their_own_regions(said: str) -> None:
    other = Text("2", "raw", said, (Span(0, len(said), Region(RegionKind.ATTACHMENT, "a.txt")),))
    first = WINDOWED.scan((text(said),))
    both = WINDOWED.scan((text(said), other))
    assert both == (*first, *WINDOWED.scan((other,)))
