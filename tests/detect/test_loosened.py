"""A loosened pattern stands wherever the given one does, whatever it is made of."""

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.detect.loosened import core, freed, widened
from smtp_gate.detect.patterns import PatternError, compile_pattern, options
from tests.detect.texts import shipped


@pytest.mark.parametrize(
    ("regex", "loose"),
    [
        (r"\d{9}", r"\d{9}"),
        (r"a{3,40}b", r"a{3,}b"),
        (r"a{1,2}b", r"a{1,2}b"),
        (r"a{3,}?b{0,9}", r"a{3,}?b{0,}"),
        (r"[{3,9}]\{3,9}\x{1F600}\p{Lu}", r"[{3,9}]\{3,9}\x{1F600}\p{Lu}"),
        (r"[]{3,9}][^]{3,9}][[:alpha:]{3,9}]", r"[]{3,9}][^]{3,9}][[:alpha:]{3,9}]"),
        (r"\Qa{3,9}\Eb{3,9}", r"\Qa{3,9}\Eb{3,}"),
    ],
)
def test_upper_bounds_go(regex: str, loose: str) -> None:
    assert widened(regex) == loose


def test_lower_bounds_come_down() -> None:
    assert widened("a{40}b{2}c{3,9}", least=3) == "a{3,}b{2}c{3,}"


def test_what_is_tied_to_an_edge_is_freed() -> None:
    assert freed(r"^(?:^|[^a-z])\bdob\b[^$^]{3,9}\$$") == r"(?:|[^a-z])dob[^$^]{3,}\$"
    assert freed(r"\b") == ""


@pytest.mark.parametrize(
    ("regex", "loose"),
    [
        ("abc", "abc"),
        ("a?bc*", "b"),
        ("(?:x|)b(?:c?)+", "b"),
        ("(?:^|[^a-z])pw[0-9]{0,3}|x{0,4}y", "pw|y"),
        ("((?:a?b|c)(?s:.)*)", "(?:(?:b|c))"),
        ("(?s)a.?", "(?s)a"),
        (r"\x41?b", "b"),
        (r"a\Qb?\E", r"a\Qb?\E"),
    ],
)
def test_what_may_be_missing_at_the_ends_goes(regex: str, loose: str) -> None:
    assert core(regex) == loose


def test_cut_hard_no_repeat_stays_at_the_end() -> None:
    assert core("AKIA[A-Z]{16}|key=[a-z]+", hard=True) == "AKIA|key="


PIECES = ["a", "b", "[ab]", r"\d", "(?:a|b1)", "(?:^|b)", r"\b", "(?:a|)", "$", "(?i:A)", "(b)", "(?:a?b|1)", r"\x61"]
REPEATS = ["", "?", "*", "+", "{0,3}", "{2}", "{1,4}", "{3,}", "+?", "{0,5}?"]
REGEX = st.lists(
    st.lists(st.builds(str.__add__, st.sampled_from(PIECES), st.sampled_from(REPEATS)), min_size=1, max_size=4).map("".join),
    min_size=1,
    max_size=3,
).map("|".join)  # fmt: skip


@given(REGEX, st.text(alphabet="ab1 \n", max_size=12), st.integers(0, 6), st.integers(0, 6))
def test_a_loosened_pattern_is_never_wrong_downwards(regex: str, said: str, start: int, cut: int) -> None:
    try:
        given = compile_pattern(regex)
    except PatternError:
        return
    octets = said.encode()
    loose = [widened(regex), widened(regex, least=1), core(regex), core(widened(regex, least=1), hard=True)]
    if given.search(octets) is not None:
        for one in loose:
            assert re2.compile(f"(?:{one})", options(case_sensitive=False)).search(octets), one
    if given.search(octets[start : max(len(octets) - cut, 0)]) is not None:
        for one in (freed(regex), core(freed(regex))):
            assert re2.compile(f"(?:{one})", options(case_sensitive=False)).search(octets), one


def shipped_patterns() -> list[str]:
    """Every pattern of the shipped packs."""
    found = {d.regex: None for d in shipped().detectors.detectors}
    for detector in shipped().detectors.detectors:
        for level in detector.levels:
            found |= {e.regex: None for e in (*level.all, *level.any) if e.regex}
    return list(found)


@pytest.mark.parametrize("regex", shipped_patterns())
def test_shipped_patterns_loosened_still_compile(regex: str) -> None:
    for one in (widened(regex, least=3), core(widened(regex, least=3), hard=True), core(freed(regex))):
        re2.compile(one, options(case_sensitive=False))
