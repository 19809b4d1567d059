"""Evidence stands anywhere in the value's text and in the subject before it, and a scan never costs more than its budget."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.core.view import Region, RegionKind, Span, Text
from smtp_gate.detect import evidence as evidence_module
from smtp_gate.detect.detectors import Detectors, Level
from smtp_gate.detect.engine import Engine
from tests.detect.texts import code, engine, near, shipped, text

WORD = engine(code(Level("high", all=(near("a", 20),)), Level("low")), a=("word", "two words"))


def header(said: str, *, part: str = "0") -> Text:
    whole = f"From: x\nSubject: {said}\nX-Y: z\n"
    return Text(part, "header", whole, (Span(0, len(whole), Region(RegionKind.HEADER)),))


def levels(*texts: Text, using: Engine = WORD) -> list[str]:
    return [m.level for m in using.scan(texts)]


@pytest.mark.parametrize(("gap", "level"), [(0, "high"), (15, "high"), (16, "low")])
def test_the_subject_stands_right_before_the_body(gap: int, level: str) -> None:
    # The break between them, the gap, its space and the word are the twenty characters that it may be away.
    body = "." * max(gap - 1, 0) + " " * min(gap, 1) + "1234"
    assert levels(header("a word"), text(body)) == [level]


def test_the_subject_stands_before_every_body_but_no_other_header() -> None:
    texts = (header("word"), text("1234"), text("1234", part="2", reading="html"), header("1234", part="3.0"))
    assert levels(*texts) == ["high", "high", "low"]


def test_the_subject_of_a_message_within_stands_before_its_own_bodies() -> None:
    inner = header("word", part="2.0")
    assert levels(inner, text("1234", part="2.0"), text("1234", part="2.1"), text("1234", part="1")) == [
        "high",
        "high",
        "low",
    ]


def test_a_pattern_looks_on_into_the_subject() -> None:
    made = engine(code(Level("high", all=(near(regex=r"born\s$"),)), Level("low")))
    assert levels(header("born"), text("1234"), using=made) == ["high"]
    assert levels(header("born then"), text("1234"), using=made) == ["low"]
    assert levels(header("born"), text("x 1234"), using=made) == ["low"]


def test_the_subject_weakens_nothing() -> None:
    made = engine(code(Level("high", none=(near("a"), near(regex="order"))), Level("low")), a=("word",))
    assert levels(header("word order"), text("1234"), using=made) == ["high"]
    assert levels(text("word 1234"), using=made) == ["low"]
    assert levels(text("order 1234"), using=made) == ["low"]


@pytest.mark.parametrize(
    "between",
    ["\n-- \n", "\n> ", "\n---------- Forwarded message ---------\nFrom: a\n\n"],
    ids=["signature", "quote", "forward"],
)
def test_no_line_that_a_sender_writes_parts_a_label_from_its_number(between: str) -> None:
    said = f"her SSN is{between}536-90-4399"
    cut = len(said) - len("536-90-4399")
    spans = (Span(0, cut, Region(RegionKind.OWN)), Span(cut, len(said), Region(RegionKind.SIGNATURE)))
    (match,) = [m for m in shipped().scan((Text("1", "plain", said, spans),)) if m.detector == "us_ssn"]
    assert (match.level, match.region.kind) == ("high", RegionKind.SIGNATURE)


@given(
    st.lists(st.sampled_from(["word", "two  words", "1234", " ", "\n", "é", "İ", "x", "."]), max_size=60).map("".join),
    st.integers(1, 50),
)
def test_blocks_of_any_size_find_the_same(content: str, size: int) -> None:
    made = Engine(WORD.detectors)
    made._lookup.block = size
    assert made.scan((text(content),)) == WORD.scan((text(content),))


DETECTORS = Detectors((code(Level("high", all=(near("a", 20),)), Level("low")),), {"a": ("word",)})


@pytest.mark.parametrize("piece", ["1234 ", "word 1234 ", "word "])
def test_a_text_that_spends_the_budget_is_told_and_what_was_found_stays(piece: str) -> None:
    small = Engine(DETECTORS, steps=500)
    texts = (text(piece * 3), text(piece * 1000, part="2"), text("word 1234 ", part="3"))
    scanned = small.search(texts)
    assert [t.part for t in scanned.beyond] == ([] if piece == "word " else ["2", "3"])
    assert {m.text.part for m in scanned.matches} == ({"3"} if piece == "word " else {"1", "2"})
    assert not Engine(DETECTORS).search(texts).beyond


def test_the_budget_counts_steps_so_that_equal_texts_spend_it_alike() -> None:
    small = Engine(DETECTORS, steps=900)
    first = small.search((text("word 1234 " * 400),))
    assert first.beyond
    assert small.search((text("word 1234 " * 400),)) == first


def test_keywords_are_looked_up_only_where_candidates_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence_module, "BLOCK", 100)
    made = Engine(replace(DETECTORS, keywords={"a": ("word",)}), steps=200)
    scanned = made.search((text("word " * 100_000 + "1234"),))
    assert [m.level for m in scanned.matches] == ["high"]
    assert not scanned.beyond
