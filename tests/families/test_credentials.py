"""The family `credentials`: the clauses of `sensitive`, and evidence that shows nothing whatever the mask."""

from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from smtp_gate.core.facts import Facts
from smtp_gate.core.finding import Finding
from smtp_gate.core.view import Match, MessageView, Region, RegionKind, Span, Text
from smtp_gate.families.credentials import CredentialsParams, family
from tests.builders import message


def match(value: str, level: str = "high", detector: str = "password") -> Match:
    region = Region(RegionKind.OWN)
    return Match(
        detector,
        level,
        Text("1", "plain", value, (Span(0, len(value), region),)),
        0,
        len(value),
        region,
        f"{value[:2]}***{value[-4:]}",
        value.encode(),
    )


def check(matches: list[Match], find: dict[str, Any], **params: Any) -> tuple[Finding, ...]:
    view = replace(MessageView(message()), matches=tuple(matches))
    return tuple(family.check(view, Facts(), CredentialsParams.model_validate({"find": find, **params})))


def test_it_reads_content_and_asks_nothing_outside() -> None:
    params = CredentialsParams.model_validate({"find": {"any": [{"detector": "a"}], "none": [{"detector": "b"}]}})
    assert family.name == "credentials"
    assert family.reads_content
    assert family.detectors(params) == {"a", "b"}
    assert tuple(family.needs(MessageView(message()), params)) == ()


@pytest.mark.parametrize("value", ["Lakefront#42", "4821", "a" * 90])
def test_evidence_shows_neither_signs_nor_length(value: str) -> None:
    (finding,) = check([match(value)], {"any": [{"detector": "password"}]})
    assert finding == Finding(Region(RegionKind.OWN), "********", "password", "high", "1", 1)


def test_levels_and_counts_are_those_of_the_clauses() -> None:
    find = {
        "any": [
            {"detector": "password", "min_level": "medium"},
            {"detector": "password", "min_level": "low", "unique": 2},
        ]
    }
    assert check([match("a", "low")], find) == ()
    (finding,) = check([match("a", "low"), match("b", "low")], find)
    assert (finding.level, finding.count) == ("low", 2)
    assert check([match("a", "medium")], find, regions={"own": -1}) == ()


def test_parameters_nobody_knows_are_refused() -> None:
    with pytest.raises(ValidationError):
        CredentialsParams.model_validate({"find": {"any": [{"detector": "a"}]}, "entropy": 3})
