"""The family `sensitive`: clauses, counts, regions, readings, and masked findings."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from smtp_gate.core.facts import Facts
from smtp_gate.core.finding import Finding
from smtp_gate.core.view import Match, MessageView, Region, RegionKind, Span, Text
from smtp_gate.families.sensitive import SensitiveParams, family
from tests.builders import message


def match(
    value: str = "a",
    level: str = "high",
    *,
    detector: str = "us_ssn",
    part: str = "1",
    reading: str = "plain",
    kind: RegionKind = RegionKind.OWN,
) -> Match:
    region = Region(kind)
    text = Text(part, reading, value, (Span(0, len(value), region),))
    return Match(detector, level, text, 0, len(value), region, "***", value.encode())


def check(matches: list[Match], find: dict[str, Any], **params: Any) -> tuple[Finding, ...]:
    view = replace(MessageView(message()), matches=tuple(matches))
    return tuple(family.check(view, Facts(), SensitiveParams.model_validate({"find": find, **params})))


def clause(detector: str = "us_ssn", **more: Any) -> dict[str, Any]:
    return {"detector": detector, **more}


def test_it_reads_content_and_asks_nothing_outside() -> None:
    params = SensitiveParams.model_validate(
        {"find": {"any": [clause("a")], "all": [clause("b")], "none": [clause("c")]}}
    )
    assert family.name == "sensitive"
    assert family.reads_content
    assert family.detectors(params) == {"a", "b", "c"}
    assert tuple(family.needs(MessageView(message()), params)) == ()


def test_a_match_at_the_level_is_a_masked_finding() -> None:
    (finding,) = check([match("536-90-4399")], {"any": [clause()]})
    assert finding == Finding(Region(RegionKind.OWN), "***", "us_ssn", "high", "1", 1)


@pytest.mark.parametrize(
    ("level", "least", "holds"),
    [
        ("high", None, True), ("medium", None, True), ("low", None, False),
        ("high", "high", True), ("medium", "high", False), ("low", "low", True),
    ],
)  # fmt: skip
def test_the_least_level_is_medium_unless_said(level: str, least: str | None, holds: bool) -> None:
    wanted = clause() if least is None else clause(min_level=least)
    assert bool(check([match(level=level)], {"any": [wanted]})) is holds


def test_other_detectors_do_not_count() -> None:
    assert check([match(detector="iban")], {"any": [clause()]}) == ()
    assert check([], {"any": [clause()]}) == ()


def test_unique_counts_different_values() -> None:
    same, other = [match("a"), match("a"), match("a")], match("b")
    assert check(same, {"any": [clause(unique=2)]}) == ()
    (finding,) = check([*same, other], {"any": [clause(unique=2)]})
    assert finding.count == 2


def test_count_counts_repeated_values_but_not_a_second_reading() -> None:
    plain = match("a")
    html = match("a", part="1.2", reading="html")
    joined = match("a", part="1.2", reading="html-joined")
    assert check([plain, html, joined], {"any": [clause(count=2)]}) == ()
    (finding,) = check([plain, plain, html], {"any": [clause(count=2)]})
    assert finding.count == 1


def test_equal_values_in_readings_and_alternatives_are_one_finding() -> None:
    matches = [match("a", "medium"), match("a", "high", part="1.2", reading="html"), match("a", "low", part="2")]
    (finding,) = check(matches, {"any": [clause(min_level="low")]})
    assert (finding.level, finding.part, finding.count) == ("high", "1.2", 1)


def test_findings_are_grouped_by_detector_level_region_and_part() -> None:
    matches = [
        match("a"), match("b"), match("c", "medium"), match("d", part="2"),
        match("e", kind=RegionKind.QUOTED), match("f", detector="iban"),
    ]  # fmt: skip
    found = check(matches, {"any": [clause(), clause("iban")]})
    assert {(f.detector, f.level, f.region.kind.value, f.part): f.count for f in found} == {
        ("us_ssn", "high", "own", "1"): 2,
        ("us_ssn", "medium", "own", "1"): 1,
        ("us_ssn", "high", "own", "2"): 1,
        ("us_ssn", "high", "quoted", "1"): 1,
        ("iban", "high", "own", "1"): 1,
    }


def test_any_all_and_none() -> None:
    ssn, iban, card = match("a"), match("b", detector="iban"), match("c", detector="card")
    both = {"all": [clause(), clause("iban")]}
    assert check([ssn], both) == ()
    assert {f.detector for f in check([ssn, iban], both)} == {"us_ssn", "iban"}
    barred = {"any": [clause()], "none": [clause("card")]}
    assert check([ssn, card], barred) == ()
    assert len(check([ssn, iban], barred)) == 1
    mixed = {"all": [clause()], "any": [clause("iban"), clause("card")]}
    assert check([ssn], mixed) == ()
    assert {f.detector for f in check([ssn, card], mixed)} == {"us_ssn", "card"}


def test_none_means_in_none_of_the_parts() -> None:
    barred = {"any": [clause()], "none": [clause("card")]}
    assert check([match("a", part="1"), match("c", detector="card", part="3")], barred) == ()


def test_only_clauses_that_hold_give_findings() -> None:
    matches = [match("a", "low"), match("b", "high", detector="iban")]
    found = check(matches, {"any": [clause(min_level="low", unique=10), clause("iban")]})
    assert [f.detector for f in found] == ["iban"]


@pytest.mark.parametrize(
    ("shift", "level", "expected"),
    [
        (-1, "high", "medium"), (-1, "medium", "low"), (-1, "low", None), (-2, "high", "low"),
        (1, "low", "medium"), (1, "high", "high"), (0, "high", "high"), ("off", "high", None),
    ],
)  # fmt: skip
def test_a_region_shifts_the_level(shift: int | str, level: str, expected: str | None) -> None:
    quoted = match(level=level, kind=RegionKind.QUOTED)
    found = check([quoted], {"any": [clause(min_level="low")]}, regions={"quoted": shift})
    assert [f.level for f in found] == ([expected] if expected else [])
    own = check([match(level=level)], {"any": [clause(min_level="low")]}, regions={"quoted": shift})
    assert [f.level for f in own] == [level]


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"find": {}},
        {"find": {"none": [clause()]}},
        {"find": {"any": []}},
        {"find": {"any": [{}]}},
        {"find": {"any": [clause(min_level="highest")]}},
        {"find": {"any": [clause(unique=0)]}},
        {"find": {"any": [clause(count=0)]}},
        {"find": {"any": [clause(typo=1)]}},
        {"find": {"any": [clause()]}, "regions": {"nowhere": 0}},
        {"find": {"any": [clause()]}, "regions": {"quoted": "on"}},
        {"find": {"any": [clause()]}, "regions": {"quoted": -3}},
    ],
)
def test_wrong_parameters_are_refused(params: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SensitiveParams.model_validate(params)


@given(
    st.lists(
        st.builds(
            match,
            st.sampled_from(["536-90-4399", "536-90-4398", "536-90-4397"]),
            st.sampled_from(["high", "medium", "low"]),
            part=st.sampled_from(["1", "2"]),
            reading=st.sampled_from(["plain", "html"]),
            kind=st.sampled_from([RegionKind.OWN, RegionKind.QUOTED]),
        )
    )
)
def test_every_value_is_counted_exactly_once_and_never_shown(matches: list[Match]) -> None:
    found = check(matches, {"any": [clause(min_level="low")]})
    assert sum(f.count for f in found) == len({m.token for m in matches})
    assert all("4399" not in repr(f) and "4398" not in repr(f) for f in found)
