"""Whoever knows only a part of an address, a name or an address outside finds the account."""

import pytest

from smtp_gate.core.directory import Dated, Entry, index
from smtp_gate.core.directory_search import search

PEOPLE = index([
    Entry("ann@b.c", name="Ann Lee", personal=(Dated("Ann@home.net"),)),
    Entry("anna@b.c", name="Anna Robles"),
    Entry("rob@b.c", name="Nancy Anna Robles", aliases=(Dated("Nancy.Robles@b.c"),)),
    Entry("rob@b.c", name="Nancy Anna Robles"),
    Entry("x@b.c"),
])  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("ann", ["ann@b.c", "anna@b.c", "rob@b.c"]),
        ("ANNA", ["anna@b.c", "rob@b.c"]),
        ("nancy.robles", ["Nancy.Robles@b.c"]),
        ("robles nan", ["rob@b.c"]),
        ("rob", ["rob@b.c", "anna@b.c"]),
        ("ann@HOME.net", ["ann@b.c"]),
        ("anna@other.net", ["anna@b.c"]),
        ("an@other.net", []),
        ("@b.c", []),
        ("nobody", []),
        (" ", []),
        ("", []),
    ],
)
def test_what_matches_comes_with_the_surest_first(asked: str, found: list[str]) -> None:
    assert search(PEOPLE, asked) == found
