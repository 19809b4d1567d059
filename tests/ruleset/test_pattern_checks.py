"""Patterns that compile and are still refused, each told in words with the way out."""

import time

import pytest

from smtp_gate.detect.patterns import compile_pattern
from smtp_gate.ruleset import pattern_checks
from smtp_gate.ruleset.ordinary import ORDINARY
from smtp_gate.ruleset.pattern_checks import cost, everywhere, quick, written
from tests.detect.texts import shipped


@pytest.mark.parametrize("regex", [".", r"\w+", "[a-z]", r"\d", r"\d{2}", r"\S{3,}", "e", r"\b[A-Z]{2}\b", r"[^\n]+"])
def test_a_pattern_that_stands_in_ordinary_lines_is_told(regex: str) -> None:
    (remark,) = everywhere(regex, case_sensitive=False, checked=False)
    assert remark.is_error
    assert "of ordinary text" in remark.message


@pytest.mark.parametrize(
    "regex", [r"\d{9}", r"\bBP-\d{4}-\d{5}\b", r"password: \S+", r"\d{3}-\d{2}-\d{4}", "confidential", "[0-9a-f]{32}"]
)
def test_a_pattern_that_says_what_it_looks_for_is_not(regex: str) -> None:
    assert list(everywhere(regex, case_sensitive=False, checked=False)) == []


def test_what_a_validator_looks_at_may_stand_in_many_lines_but_not_in_all() -> None:
    assert list(everywhere(r"\d", case_sensitive=False, checked=True)) == []
    assert len(list(everywhere(r"\w", case_sensitive=False, checked=True))) == 1


@pytest.mark.parametrize(
    ("regex", "says", "is_error"),
    [
        (r"\bпривет\b", "`п`", True),
        (r"senha ação\b", "", True),
        (r"ação\w+", r"\w knows", False),
        ("ﬁnance", "U+FB01", False),
        ("pass–word", "U+2013", False),
    ],
)
def test_letters_beyond_ascii_are_told_where_they_would_be_missed(regex: str, says: str, is_error: bool) -> None:
    remarks = list(written(regex))
    if not says:
        assert remarks == []
        return
    assert [r.is_error for r in remarks] == [is_error]
    assert says in remarks[0].message
    assert remarks[0].hint


@pytest.mark.parametrize("regex", [r"contraseñ(?:a|as)\b", r"(?:^|[^\pL])привет", r"\bn[uú]mero\b", "[“”]", r"\w+ \b"])
def test_letters_beyond_ascii_are_fine_elsewhere(regex: str) -> None:
    assert [r for r in written(regex) if r.is_error] == []


def test_a_pattern_that_hostile_text_makes_slow_is_told_with_its_cost() -> None:
    (remark,) = cost(r"(a|b)*a(a|b){200}", time.process_time, case_sensitive=False)
    assert remark.is_error
    assert "s of the processor for a megabyte" in remark.message
    (own,) = cost(r"(x|y)*x(x|y){200}", time.process_time, case_sensitive=False)
    assert own.is_error


def test_no_shipped_pattern_comes_near_that_cost() -> None:
    for detector in shipped().detectors.detectors:
        assert list(cost(detector.regex, time.process_time, case_sensitive=detector.case_sensitive)) == []


def test_the_cost_is_what_the_clock_says() -> None:
    ticks = iter(range(1000))
    assert len(list(cost(r"\d{9}", lambda: next(ticks), case_sensitive=False))) == 1
    assert list(cost(r"\d{9}", lambda: 0.0, case_sensitive=False)) == []


@pytest.mark.parametrize(
    "regex",
    [r"\w\s+\w", "^[A-Z]", "[a-z]$", r"\A\w", r".\z", r"[,.]\b", r"\B.", r"\n", "zzz", r"\bthe\b", r"(?m)^\w", r"[^a]"],
)
def test_lines_are_counted_as_if_each_were_searched(regex: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pattern_checks, "SHARE", 1e-9)
    lines = [line for line in ORDINARY.splitlines() if line.strip()]
    pattern = compile_pattern(regex)
    hits = sum(pattern.search(line.encode()) is not None for line in lines)
    said = [r.message for r in everywhere(regex, case_sensitive=False, checked=False)]
    assert said == ([f"it finds something in {hits} of {len(lines)} lines of ordinary text"] if hits else [])


def test_a_search_that_is_quick_at_once_is_not_measured_again() -> None:
    ticks: list[float] = []

    def clock() -> float:
        ticks.append(0.0)
        return 0.0

    assert list(cost(r"\d{9}", clock, case_sensitive=False)) == []
    assert len(ticks) == 14


SLOW = r"(a|b)*a(a|b){200}"
OWN = r"(x|y)*x(x|y){200}"


def test_several_patterns_are_measured_at_once() -> None:
    ticks: list[float] = []

    def clock() -> float:
        ticks.append(0.0)
        return 0.0

    many = [(rf"\bP-{n:03d}-\d{{5}}\b", False) for n in range(100, 116)]
    assert quick(many, clock) == frozenset(many)
    # Six samples, and one more for each choice of signs that the patterns name.
    assert len(ticks) < 2 * (6 + len(many) + 1)


@pytest.mark.parametrize("slow", [SLOW, OWN])
@pytest.mark.parametrize("place", [0, 7, 15])
def test_a_slow_pattern_hides_behind_no_quick_ones(slow: str, place: int) -> None:
    many = [(rf"\bP-{n:03d}-\d{{5}}\b", False) for n in range(100, 115)]
    many.insert(place, (slow, False))
    assert (slow, False) not in quick(many, time.process_time)


def test_of_patterns_that_are_slow_together_nothing_is_said() -> None:
    ticks = iter(range(1000))
    assert quick([(r"\d{9}", False), (r"\d{8}", False)], lambda: next(ticks)) == frozenset()


@pytest.mark.parametrize("odd", ["a(", "a[", ")", r"\Qa(b", "(?P<x>", "x*", "a" * 61])
def test_what_could_change_its_neighbours_meaning_is_measured_alone(odd: str) -> None:
    around = [(r"\d{9}", False), (odd, False), (r"\d{8}", False), (r"[A-Z]\d{8}", True)]
    assert quick(around, lambda: 0.0) == frozenset({around[0], around[2], around[3]})


def test_no_pattern_is_searched_for_less_than_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    samples: list[set[bytes]] = []

    def timed(_search: object, sample: bytes, _clock: object) -> float:
        samples[-1].add(sample)
        return 0.0

    monkeypatch.setattr(pattern_checks, "_timed", timed)
    patterns = [(r"\bAB\d{9}", False), (r"\bCD\d{8}", False), (r"[xyz]\d{7}", True)]
    samples.append(set())
    assert quick(patterns, lambda: 0.0) == frozenset(patterns)
    for regex, case_sensitive in patterns:
        samples.append(set())
        assert list(cost(regex, lambda: 0.0, case_sensitive=case_sensitive)) == []
        assert samples[-1] <= samples[0]
