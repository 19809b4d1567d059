"""Mistakes: how they render and sort, and the nearest name."""

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
    assert nearest("zzz", map(str, range(100, 120))).endswith("and 8 more")
