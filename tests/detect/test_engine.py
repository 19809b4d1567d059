"""The engine: levels, proximity, formats, whole values, refusals, and its laws."""

import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtp_gate.core.view import RegionKind
from smtp_gate.detect import engine as engine_module
from smtp_gate.detect.compiled import DetectorError
from smtp_gate.detect.detectors import Detector, Detectors, Evidence, Level
from smtp_gate.detect.engine import Engine
from smtp_gate.detect.sieve import Sieve
from tests.detect.texts import code, engine, found, near, regions, shipped, text, value


def levels(engine: Engine, content: str) -> list[str]:
    return [level for _, level, _ in found(engine, content)]


def test_no_detectors_find_nothing() -> None:
    assert engine().scan((text("1234"), text(""))) == ()


def test_the_first_level_that_holds_wins_and_none_is_no_match() -> None:
    made = engine(
        code(Level("high", all=(near("a"), near("b"))), Level("medium", any=(near("a"), near("b"))), Level("low", none=(near("c"),))),
        a=("alpha",), b=("beta",), c=("gamma",),
    )  # fmt: skip
    assert levels(made, "alpha beta 1234") == ["high"]
    assert levels(made, "beta 1234") == ["medium"]
    assert levels(made, "1234") == ["low"]
    assert levels(made, "1234 gamma") == []


def test_a_match_tells_its_place_region_and_masked_evidence() -> None:
    made = engine(code(regex=r"\d{3}-\d{2}-\d{4}"))
    (match,) = made.scan((text("é 536-90-4399", part="2.1"),))
    assert (match.start, match.end, match.evidence, match.text.part) == (2, 13, "***-**-4399", "2.1")
    assert match.region.kind is RegionKind.OWN
    assert len(match.token) >= 8


def test_matches_stand_in_the_order_of_texts_and_places() -> None:
    made = engine(code(), replace(code(regex=r"x\d{4}"), name="other"))
    found = made.scan((text("x1234 5678"), text("9999")))
    assert [value(m) for m in found] == ["x1234", "1234", "5678", "9999"]


@pytest.mark.parametrize("filler", ["x", "é", "漢", "😀"])
@pytest.mark.parametrize(("distance", "holds"), [(15, True), (16, True), (17, False)])
def test_proximity_counts_characters_of_any_script(filler: str, distance: int, holds: bool) -> None:
    made = engine(code(Level("high", all=(near("a", 20),))), a=("word",))
    gap = " " + filler * (distance - 2) + " "
    assert levels(made, f"{filler * 9} word{gap}1234") == (["high"] if holds else [])
    assert levels(made, f"1234{gap}word {filler * 9}") == (["high"] if holds else [])


def test_evidence_counts_whatever_region_the_sender_claims_for_it() -> None:
    made = engine(code(Level("high", all=(near("a", 200),)), Level("low")), a=("word",))
    crossing = regions((RegionKind.OWN, "word "), (RegionKind.SIGNATURE, "1234 "), (RegionKind.QUOTED, "5678"))
    assert [(m.level, m.region.kind) for m in made.scan((crossing,))] == [
        ("high", RegionKind.SIGNATURE),
        ("high", RegionKind.QUOTED),
    ]
    assert [m.level for m in made.scan((text("word"), text("1234", part="2")))] == ["low"]


def test_a_pattern_as_evidence_sees_each_side_alone_and_never_the_value() -> None:
    made = engine(code(Level("high", all=(near(regex=r"\d{4}"),)), Level("low")))
    assert levels(made, "abcd 1234") == ["low"]
    assert levels(made, "1234 5678") == ["high", "high"]


def test_dollar_is_the_front_of_the_value_and_not_the_end_of_the_window() -> None:
    made = engine(code(Level("high", none=(near(regex="order $", within=10),))))
    assert levels(made, "order 1234") == []
    assert levels(made, "1234 xxx order ") == ["high"]
    any_order = engine(code(Level("high", all=(near(regex="order[^0-9]*$"),))))
    assert levels(any_order, "order of 1234") == ["high"]
    assert levels(any_order, "1234 of order") == []
    price = engine(code(Level("high", all=(near(regex=r"US\$"),))))
    assert levels(price, "1234 US$") == ["high"]
    caret = engine(code(Level("high", all=(near(regex="^ units", within=10),))))
    assert levels(caret, "1234 units") == ["high"]
    assert levels(caret, " units 1234") == []


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("1234", ["1234"]),
        ("(1234)", ["1234"]),
        ("x1234y", ["1234"]),
        ("12345", []),
        ("01234", []),
        ("12345 6789", ["6789"]),
        ("1234 5678", ["1234", "5678"]),
        ("1234 1234", ["1234", "1234"]),
    ],
)
def test_a_value_is_never_a_piece_of_a_longer_number(content: str, expected: list[str]) -> None:
    assert [v for _, _, v in found(engine(code()), content)] == expected


def test_a_word_is_never_a_piece_of_a_longer_word() -> None:
    made = engine(code(regex="KEY[A-Z]{3}"))
    assert [v for _, _, v in found(made, "KEYABC keyabc, MONKEYABC KEYABCD")] == ["KEYABC", "keyabc"]


def test_case_matters_where_the_detector_says_so() -> None:
    made = engine(replace(code(regex="KEY[A-Z]{3}"), case_sensitive=True))
    assert [v for _, _, v in found(made, "KEYABC keyabc")] == ["KEYABC"]


@pytest.mark.parametrize(
    ("content", "level"),
    [
        ("536-90-4399", "high"),
        ("536904399", "medium"),
        ("536-90-4399-22", "low"),
        ("1/536-90-4399", "low"),
        ("A536904399", "low"),
        ("536904399kg", "low"),
        ("x536-90-4399y", "high"),
        ("536-90-4399. 22", "high"),
    ],
)
def test_a_value_tied_to_more_has_no_format(content: str, level: str) -> None:
    shape = r"\d{3}-?\d{2}-?\d{4}"
    stages = (Level("high", format="separated"), Level("medium", format="plain"), Level("low"))
    assert levels(engine(code(*stages, regex=shape, validator="us_ssn")), content) == [level]


def test_a_group_is_the_value_and_neighbours_may_share_a_guard() -> None:
    made = engine(code(regex=r"(?:^|[^0-9])(\d{4})(?:[^0-9]|$)", group=1))
    assert [v for _, _, v in found(made, "1234 5678,9012")] == ["1234", "5678", "9012"]


def test_a_group_that_took_no_part_or_is_empty_is_no_value() -> None:
    assert found(engine(code(regex=r"a(\d)?b", group=1)), "ab a1b ab") == [("code", "high", "1")]
    assert found(engine(code(regex=r"a(\d*)b", group=1)), "ab a12b") == [("code", "high", "12")]


def test_a_refused_candidate_does_not_hide_the_value_in_it() -> None:
    made = engine(code(regex=r"\d(?:[ -]?\d){11,18}", validator="payment_card"))
    assert [v for _, _, v in found(made, "12 4111 1111 1111 1111")] == ["4111 1111 1111 1111"]


def test_tokens_tell_equal_values_from_different_ones() -> None:
    made = engine(code(regex=r"\d{3}-?\d{2}-?\d{4}"))
    a, b, c = made.scan((text("536-90-4399 536904399 536-90-4398"),))
    assert a.token == b.token != c.token


@pytest.mark.parametrize(
    ("detector", "key", "says"),
    [
        (code(regex="a{2,1}"), "regex", "repetition"),
        (code(regex="(?=x)"), "regex", "(?="),
        (code(regex=r"(a)\1"), "regex", "\\1"),
        (code(regex="("), "regex", "missing"),
        (code(regex="a*"), "regex", "empty"),
        (code(regex=r"\b"), "regex", "empty|such"),
        (code(validator="us_sssn"), "validator", "us_sssn"),
        (code(mask="last5"), "mask", "last5"),
        (code(group=1), "group", "0 groups"),
        (code(Level("high", format="separated")), "format", "separated"),
        (code(Level("high", format="odd"), validator="us_ssn"), "format", "odd"),
        (code(Level("high", any=(near("none"),))), "keywords", "none"),
        (code(Level("high", all=(near("blank"),))), "keywords", "blank"),
        (code(Level("high", none=(near(regex="["),))), "regex", "missing"),
        (code(Level("high", none=(near(regex="x?"),))), "regex", "empty"),
    ],
)
def test_a_detector_that_cannot_be_compiled_is_refused_in_words(detector: Detector, key: str, says: str) -> None:
    if detector.regex == r"\b":
        # A boundary does not stand in the empty text; nothing it finds has any length, so nothing is ever found.
        assert found(engine(detector), "1234") == []
        return
    with pytest.raises(DetectorError) as caught:
        engine(detector, a=("word",), blank=(" - ",))
    assert (caught.value.detector, caught.value.key) == ("code", key)
    assert says in caught.value.reason


def test_no_pattern_error_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DetectorError):
        engine(code(regex="("))
    assert capfd.readouterr() == ("", "")


def test_patterns_with_equal_group_names_stand_side_by_side() -> None:
    made = engine(code(regex=r"(?P<x>\d{4})"), replace(code(regex=r"(?P<x>\d{2})"), name="two"))
    assert [(d, v) for d, _, v in found(made, "1234 12")] == [("code", "1234"), ("two", "12")]


def test_a_level_keeps_every_different_value_up_to_the_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "MOST", 5)
    made = engine(code())
    repeated = " ".join(["1111"] * 20 + [str(2000 + n) for n in range(20)])
    found = made.scan((text(repeated),))
    assert len(found) < 12
    assert len({m.token for m in found}) == 5


LISTS = {"a": ("alpha", "née é", "po"), "b": ("beta beta",), "long": tuple(f"w{n}" for n in range(1200))}
PIECES = st.sampled_from(
    [
        "1234",
        "536-90-4399",
        "alpha",
        "Née  É",
        "po",
        "beta\nbeta",
        "CONF-12",
        "w77",
        "order ",
        "İ",
        "é",
        " ",
        "x",
        "-",
        "9",
    ]
)


@st.composite
def detectors(draw: st.DrawFn) -> Detector:
    item = st.builds(near, st.sampled_from(sorted(LISTS)), st.integers(1, 30)) | st.builds(
        near, st.just(""), st.integers(1, 30), regex=st.sampled_from(["order $", "CONF", r"\d", "^ x"])
    )
    some = st.lists(item, max_size=2).map(tuple)
    every = draw(st.lists(st.builds(Level, st.sampled_from(["high", "medium", "low"]), some, some, some), max_size=3))
    regex = draw(st.sampled_from([r"\d{4}", r"CONF-\d+", r"(?:alpha|9)x?", r"\d{3}-\d{2}-\d{4}"]))
    return Detector(draw(st.sampled_from("xyz")), regex, tuple(every))


@given(st.lists(detectors(), max_size=4), st.lists(PIECES, max_size=12).map("".join))
@settings(max_examples=150, deadline=None)
def test_the_sieve_leaves_out_nothing_that_would_match(made: list[Detector], content: str) -> None:
    sieved = Engine(Detectors(tuple(made), LISTS))
    whole = Engine(Detectors(tuple(made), LISTS))
    whole._sieve.possible = lambda *_: list(range(len(made)))  # type: ignore[method-assign]  # the sieve is taken out on purpose
    assert sieved.scan((text(content),)) == whole.scan((text(content),))


@given(st.lists(detectors(), max_size=4), st.lists(PIECES, max_size=12).map("".join), st.sets(st.sampled_from("xyw")))
@settings(max_examples=150, deadline=None)
def test_a_few_detectors_alone_find_what_the_whole_engine_finds_in_their_names(
    made: list[Detector], content: str, names: set[str]
) -> None:
    whole = Engine(Detectors(tuple(made), LISTS))
    texts = (text("Subject: order", part="0", reading="header"), text(content), text(content, reading="html"))
    assert whole.only(names).scan(texts) == tuple(m for m in whole.scan(texts) if m.detector in names)
    assert whole.only(names).detectors is whole.detectors


def test_the_sieve_is_built_once_when_it_is_needed_or_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[Detectors] = []

    class Counted(Sieve):
        def __init__(self, detectors: Detectors) -> None:
            built.append(detectors)
            super().__init__(detectors)

    monkeypatch.setattr(engine_module, "Sieve", Counted)
    detectors = Detectors((Detector("code", r"\d{4}", (Level("high"),)),))
    late, early = Engine(detectors), Engine(detectors)
    late.only({"code"}).scan((text("1234"),))
    assert built == []
    assert len(late.scan((text("1234"),))) == len(late.scan((text("5678"),))) == 1
    assert len(built) == 1
    early.ready()
    assert len(built) == 2
    early.scan((text("1234"),))
    assert len(built) == 2


@given(st.text() | st.text(alphabet="0123456789-. /\nabdnosXé年İ"))
def test_any_text_is_scanned_alike_twice_and_shows_no_value(content: str) -> None:
    first = shipped().scan((text(content),))
    assert first == shipped().scan((text(content),))
    for match in first:
        assert value(match) not in match.evidence


@given(
    st.sampled_from(["536-90-4399", "4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00"]),
    st.text(alphabet="abc \né年😀.,;:()", max_size=400),
    st.text(alphabet="abc \né年😀.,;:()", max_size=400),
)
def test_a_planted_value_is_found_in_its_place_and_masked(planted: str, before: str, after: str) -> None:
    matches = shipped().scan((text(f"{before} {planted} {after}"),))
    (match,) = [m for m in matches if value(m) == planted]
    assert match.start == len(before) + 1
    assert match.evidence[-2:] == planted[-2:]
    assert planted[:4] not in match.evidence


MEGABYTE = 1 << 20


@pytest.mark.parametrize(
    "piece",
    ["1", "1-", "1 ", "4", "444 ", "111-11-", "536904399", "A1", "é", "ab", "12/", "social ", "\n", "DE89"],
)
def test_a_megabyte_of_hostile_text_takes_less_than_a_second(piece: str) -> None:
    hostile = text(piece * (MEGABYTE // len(piece)))
    shipped().scan((text("warm 1 2"),))
    began = time.process_time()
    shipped().scan((hostile,))
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    "piece", ["ssn 536-90-4399 ", "DOB 04/12/61 ", "4111 1111 1111 1111 ", "AD12 ", "born 1/1/01 ", "4111 "]
)
def test_time_grows_with_the_text_and_no_faster(piece: str) -> None:
    def seconds(size: int) -> float:
        made = text(piece * (size // len(piece)))
        began = time.process_time()
        shipped().scan((made,))
        return time.process_time() - began

    seconds(1000)
    small = min(seconds(20_000) for _ in range(3))
    assert seconds(160_000) < 8 * small * 3 + 0.05


@pytest.mark.parametrize("size", [900, 1100, 20_000])
def test_keyword_lists_of_any_length_are_all_found(size: int) -> None:
    wanted = code(Level("high", all=(near("a", 30),)), regex=r"\d{6}")
    made = engine(wanted, a=tuple(f"word{n}x" for n in range(size)))
    assert levels(made, f"123456 and word{size - 1}x") == ["high"]
    assert levels(made, f"123456 and word{size}x") == []


def test_evidence_of_no_kind_is_refused() -> None:
    with pytest.raises(DetectorError):
        engine(code(Level("high", all=(Evidence(10),))))
