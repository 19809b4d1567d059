"""Near misses: what counts is what the engine's scan says, every reason is true, and nothing stands clear."""

from collections.abc import Iterator
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from smtp_gate.core.view import Match, RegionKind
from smtp_gate.detect.candidates import Value
from smtp_gate.detect.compiled import compile_detector
from smtp_gate.detect.detectors import Level
from smtp_gate.detect.engine import Engine
from smtp_gate.detect.evidence import Budget, Lookup, Nearby
from smtp_gate.detect.why import MOST, account, lacks
from tests.detect.texts import code, engine, near, regions, shipped, text

SSN = r"\d{3}-?\d{2}-?\d{4}"
PIECES = st.lists(
    st.sampled_from([
        "Her SSN is ", "work order ", "536-90-4399", "536904399", "000-12-3456", "212-09-9876", "x", " ", "\n", ",", "number",
        "4111 1111 1111 1111", "4111 1111 1111 1112", "Visa card ", "password: ", "Tr0ub4dor&3", "dob 04/12/1961", "9", "-", "é",
    ]),
    max_size=12,
).map("".join)  # fmt: skip


def told(content: str, *levels: Level, **keywords: tuple[str, ...]) -> list[tuple[str, tuple[str, ...]]]:
    made = engine(code(*levels, regex=SSN, validator="us_ssn"), **keywords)
    return [(m.level, m.reasons) for m in account(made, (text(content),), "code").misses]


def test_a_refused_candidate_says_by_what() -> None:
    assert told("000-12-3456") == [("", ("the validator us_ssn refuses it",))]
    assert told("1536-90-4399") == [("", ("it is a piece of a longer number or word",))]
    assert told("536-90-4399") == []


def test_each_way_to_a_level_says_all_that_it_lacks() -> None:
    levels = (
        Level("high", all=(near("a", 9),), format="separated"),
        Level("medium", any=(near("a", 30), near(regex="no $", within=5)), none=(near("b", 9),)),
    )
    words = {"a": ("ssn",), "b": ("order",)}
    assert told("order 536904399", *levels, **words) == [
        (
            "",
            (
                "high: its format is plain and not separated, no word of a within 9",
                "medium: no word of a within 30, nor match of /no $/ within 5, against it a word of b within 9",
            ),
        )
    ]


def test_a_lower_level_says_what_the_surer_one_lacks() -> None:
    levels = (Level("high", all=(near("a", 9),)), Level("low"))
    assert told("536-90-4399", *levels, a=("ssn",)) == [("low", ("high: no word of a within 9",))]
    assert told("ssn 536-90-4399", *levels, a=("ssn",)) == []


def test_a_detector_whose_words_stand_nowhere_is_looked_at_all_the_same() -> None:
    # The sieve passes such a text by, and that is just what somebody asks about.
    assert told("536-90-4399", Level("high", all=(near("a", 9),)), a=("ssn",)) == [
        ("", ("high: no word of a within 9",)),
    ]


def test_equal_candidates_are_told_once_and_the_rest_is_counted() -> None:
    made = engine(code(Level("high", all=(near("a", 9),))), a=("ssn",))
    (miss,) = account(made, (text("1234 1234"), text("1234", part="2")), "code").misses
    assert miss.times == 3
    many = account(made, (text(" ".join(str(n) for n in range(1000, 2000))),), "code")
    assert len(many.misses) == MOST
    assert len(many.misses) + many.left_out == 1000


def test_what_is_no_value_is_covered_and_a_value_masked() -> None:
    made = engine(code(Level("high", all=(near("a", 9),)), regex=SSN, validator="us_ssn"), a=("ssn",))
    shown = {m.evidence for m in account(made, (text("000-12-3456 and 536-90-4399"),), "code").misses}
    assert shown == {"***-**-****", "***-**-4399"}


def test_a_near_miss_knows_its_region() -> None:
    made = engine(code(Level("high", all=(near("a", 9),))), a=("ssn",))
    (miss,) = account(made, (regions((RegionKind.OWN, "text "), (RegionKind.QUOTED, "> 1234")),), "code").misses
    assert miss.region.kind is RegionKind.QUOTED


def test_reasons_take_no_step_from_the_scan() -> None:
    detectors = engine(code(Level("high", all=(near("a", 9),)), Level("low")), a=("ssn",)).detectors
    content = (text(" ".join(str(n) for n in range(1000, 1200))),)
    ended = []
    for steps in range(500, 4000, 100):
        made = Engine(detectors, steps)
        assert account(made, content, "code").counted == made.scan(content)
        ended.append(not made.search(content).beyond)
    assert set(ended) == {True, False}


def test_what_weakens_does_not_count_from_the_subject_here_either() -> None:
    made = engine(
        code(Level("high", all=(near("b", 90),)), Level("medium", none=(near("a", 90),))), a=("order",), b=("ssn",)
    )
    texts = (text("Subject: the order", part="0", reading="header"), text("1234"))
    (miss,) = account(made, texts, "code").misses
    assert (miss.level, miss.reasons) == ("medium", ("high: no word of b within 90",))


def matches(found: tuple[Match, ...], detector: str) -> list[Match]:
    return [m for m in found if m.detector == detector]


@settings(max_examples=60, deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=3), st.data())
def test_what_counts_is_exactly_what_the_scan_finds(contents: list[str], data: st.DataObject) -> None:
    texts = tuple(text(c, part=str(n)) for n, c in enumerate(contents, 1))
    made = shipped()
    detector = data.draw(st.sampled_from([d.name for d in made.detectors.detectors]))
    assert list(account(made, texts, detector).counted) == matches(made.scan(texts), detector)


EVIDENCE = st.builds(near, st.sampled_from(["a", "b"]), st.integers(1, 12)) | st.builds(
    lambda r, n: near(regex=r, within=n), st.sampled_from(["order $", "^ no", "x"]), st.integers(1, 12)
)
SOME = st.lists(EVIDENCE, max_size=2).map(tuple)
LEVELS = st.lists(
    st.builds(Level, st.sampled_from(["high", "medium", "low"]), SOME, SOME, SOME, st.sampled_from(["", "separated"])),
    min_size=1,
    max_size=4,
)
WORDS = st.lists(
    st.sampled_from(["alpha ", "beta ", "order ", " no", "x", " ", "536-90-4399", "536904399"]), max_size=8
)


@settings(max_examples=150, deadline=None)
@given(LEVELS, WORDS.map("".join))
def test_a_level_holds_where_it_lacks_nothing(levels: list[Level], content: str) -> None:
    detector = code(*levels, regex=SSN, validator="us_ssn")
    made = engine(detector, a=("alpha",), b=("beta",))
    compiled = compile_detector(detector, made.detectors)
    here = text(content)
    for level, value in weighed(made, content):
        nearby = Nearby(here, None, Lookup(made.detectors), Budget(10_000))
        first = next((s.name for s in compiled.stages if not [*lacks(s, value, nearby)]), "")
        assert first == level


def weighed(made: Engine, content: str) -> Iterator[tuple[str, Value]]:
    kept: list[tuple[str, Value]] = []

    class Keeper:
        detectors = frozenset({"code"})

        def refused(self, *_: object) -> None: ...

        def weighed(self, _compiled: object, _text: object, value: Value, level: str, _nearby: object) -> None:
            kept.append((level, value))

    made.search((text(content),), Keeper())
    yield from kept


@settings(max_examples=60, deadline=None)
@given(PIECES)
def test_no_reason_holds_a_word_of_the_message(content: str) -> None:
    made = shipped()
    for detector in ("us_ssn", "payment_card", "password"):
        for miss in account(made, (text(content),), detector).misses:
            said = " ".join(miss.reasons)
            for value in ("4399", "536904399", "9876", "3456", "1112", "Tr0ub4dor"):
                assert value not in said
            assert sum(c.isalnum() for c in miss.evidence) <= 4


def test_a_search_without_witness_runs_every_detector() -> None:
    made = engine(code(), replace(code(regex=r"x\d{4}"), name="other"))
    assert {m.detector for m in made.scan((text("x1234 5678"),))} == {"code", "other"}
