"""Keyword lists: whole words in any case and spacing, at the offsets of the text as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.detect.words import Words, fold

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


@given(st.text())
def test_folding_gives_every_character_its_offset(text: str) -> None:
    folded, offsets = fold(text)
    back = [offsets.of(i) for i in range(len(folded))]
    assert back == sorted(set(back))
    assert all(0 <= at < len(text) for at in back)
    # What is left out is nothing but spacing.
    assert all(text[i] in " \t\r\n\v\f_-" for i in set(range(len(text))) - set(back))
