"""Mistakes: how they render and sort, and the nearest name."""

import difflib
from collections.abc import Iterable

import pytest

from smtp_gate.ruleset.marks import Mistake, nearest


def test_a_mistake_renders_as_people_and_editors_expect() -> None:
    assert str(Mistake("a.yaml", 3, 5, "unknown key `x`", "did you mean `y`?")) == (
        "a.yaml:3:5: unknown key `x` (did you mean `y`?)"
    )
    assert str(Mistake("a.yaml", 1, 1, "old", severity="warning")) == "a.yaml:1:1: warning: old"


def test_mistakes_sort_by_place() -> None:
    late, early = Mistake("a", 10, 1, "x"), Mistake("a", 9, 80, "x")
    assert sorted([Mistake("b", 1, 1, "x"), late, early]) == [early, late, Mistake("b", 1, 1, "x")]


def test_nearest() -> None:
    assert nearest("Quarantin", ["accept", "quarantine"]) == "did you mean `quarantine`?"
    assert nearest("zzz", ["b", "a"]) == "known: a, b"
    assert nearest("zzz", []) == ""
    assert nearest("zzz", map(str, range(100, 132))).endswith("and 8 more")


def test_a_wrong_name_among_thousands_is_still_understood_and_does_not_take_minutes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = [f"big.r{n}" for n in range(3000)] + ["pii.ssn", "health.diagnosis"]
    for wrong, right in (("pii.snn", "pii.ssn"), ("pi.ssn", "pii.ssn"), ("Health.diagnoses", "health.diagnosis")):
        assert nearest(wrong, names) == f"did you mean `{right}`?"
    compared: list[int] = []
    usual = difflib.get_close_matches

    def counted(word: str, possible: Iterable[str], n: int, cutoff: float) -> list[str]:
        compared.append(len(list(possible)))
        return usual(word, list(possible), n=n, cutoff=cutoff)

    monkeypatch.setattr(difflib, "get_close_matches", counted)
    assert nearest("big.x7", names).startswith("did you mean `big.r")
    assert max(compared) <= 200
