"""Keyword lists: whole words in any case and spacing, at the offsets of the text as it is."""

import re

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.detect.words import Words, any_of, fold_keyword

LISTS = {"ssn": ("SSN", "social security", "ss#", "d.o.b"), "card": ("visa", "née")}


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("my ssn is", [("ssn", "ssn")]),
        ("lesson, ssns, assn", []),
        ("SSN536-90-4399", [("ssn", "SSN")]),
        ("ssn1 ssn_2", [("ssn", "ssn"), ("ssn", "ssn")]),
        ("Social  \r\n\t Security", [("ssn", "Social  \r\n\t Security")]),
        ("social_security_number", [("ssn", "social_security")]),
        ("Social-Security", [("ssn", "Social-Security")]),
        ("socialsecurity", []),
        ("SS#536", [("ssn", "SS#")]),
        ("D.O.B.", [("ssn", "D.O.B")]),
        ("née  VISA", [("card", "née"), ("card", "VISA")]),
        ("İİİ visa", [("card", "visa")]),
    ],
)
def test_places(text: str, places: list[tuple[str, str]]) -> None:
    found = Words(LISTS).places(text)._found
    assert sorted((name, text[a:b]) for name, at in found.items() for a, b in at) == sorted(places)


def test_a_word_counts_only_where_it_stands_wholly_between() -> None:
    places = Words({"a": ("word",)}).places("0123 word 0123")
    assert places.between("a", 5, 9)
    assert not places.between("a", 6, 14)
    assert not places.between("a", 0, 8)
    assert not places.between("b", 0, 14)


@given(st.text(alphabet="sn SN_-\nİß#1é"), st.text(alphabet=" \t\n_-İ", max_size=9), st.text(max_size=20))
def test_offsets_lead_back_to_the_word_whatever_stands_around_it(before: str, between: str, after: str) -> None:
    text = f"{before} social {between}security {after}"
    at = Words(LISTS).places(text)._found.get("ssn", [])
    spaced = all(c in " \t\n_-" for c in between)
    assert ((len(before) + 1, len(before) + 1 + len(f"social {between}security")) in at) is spaced


def plainly(lists: dict[str, tuple[str, ...]], text: str) -> list[tuple[str, int, int]]:
    """Every word of every list, looked for at every place with nothing but the definition."""
    small = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    if len(text.lower()) == len(text):
        small = text.lower()
    found = set()
    for name, words in lists.items():
        for word in words:
            pattern = re.compile(r"[ \t\r\n\v\f_-]+".join(map(re.escape, fold_keyword(word).split(" "))))
            for at in range(len(small)):
                hit = pattern.match(small, at)
                if hit is None or not hit[0]:
                    continue
                edges = ((small[at - 1 : at], small[at]), (small[hit.end() : hit.end() + 1], small[hit.end() - 1]))
                if not any((a.isalpha() and b.isalpha()) or (a.isdigit() and b.isdigit()) for a, b in edges):
                    found.add((name, at, hit.end()))
    return sorted(found)


SAID = st.text(max_size=60) | st.lists(
    st.sampled_from(
        ["ssn", "SSN", "social", "security", "ss#", " ", "  ", "-", "_", "\n", "visa", "N\u00c9E", "\u0130", "\u00e9", "1", "x", "d.o.b", "\u5e74"]
    ),
    max_size=25,
).map("".join)  # fmt: skip


@given(SAID)
def test_the_automaton_finds_what_the_definition_says(said: str) -> None:
    lists = {**LISTS, "three": ("my social security", "social", "social security no"), "odd": ("x-1", "\u5e74", "- ")}
    places = Words(lists).places(said)
    assert sorted((name, *at) for name, some in places._found.items() for at in some) == plainly(lists, said)
    for name, words in lists.items():
        stands = re2.compile(f"(?i:{any_of(words)})").search(said.encode("utf-8", "replace")) is not None
        # Between letters of other scripts the pattern may find more, never less.
        assert stands or name not in places._found
        assert not said.isascii() or stands is (name in places._found)
    if said.isascii():
        assert Words(lists).places(said, ascii_octets=said.encode())._found == places._found


def test_a_keyword_is_folded_and_may_be_nothing() -> None:
    assert fold_keyword("Social__SECURITY-\n no") == "social security no"
    assert fold_keyword(" -_ ") == ""
    assert Words({"a": (" - ",)}).places("a - b").count == 0
