"""What the eye takes for the same name is the same, and ordinary other names are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.reading.lookalikes import ROOM, deep_skeleton, is_like, name_words, skeleton


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Nancy Robles", "NANCY ROBLES"),
        ("Nancy Robles", "Nаncy Rоbles"),
        ("Nancy Robles", "Ｎancy Robles"),
        ("Nancy Robles", "Nancy Rob1es"),
        ("Nancy Robles", "Nancy RobIes"),
        ("Nancy Robles", "Nàncy Roblès"),
        ("Nancy Robles", "Nancy R0bles"),
        ("Nancy Robles", "Nancy Robels"),
        ("milwaukee.gov", "rnilwaukee.gov"),
        ("milwaukee.gov", "mi1waukee.gov"),
        ("milwaukee.gov", "milwaukee.g0v"),
        ("milwaukee.gov", "milwuakee.gov"),
        ("milwaukee.gov", "mílwaukee.gov"),
        ("milwaukee.gov", "milvvaukee.gov"),
    ],
)
def test_look_alikes(one: str, other: str) -> None:
    assert is_like(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("", ""),
        ("Kim", "Tim"),
        ("Lee", "Leo"),
        ("Nancy Robles", "Nancy Nobles Ortiz"),
        ("Dana Okafor", "Chidi Okafor"),
        ("milwaukee.gov", "madison.gov"),
        ("milwaukee.gov", "wisconsin.gov"),
    ],
)
def test_other_names(one: str, other: str) -> None:
    assert not is_like(one, other)


def test_the_order_of_words_and_commas_make_no_difference() -> None:
    assert name_words("Robles, Nancy") == name_words("nancy  ROBLES") == ("nancy", "robles")


@given(st.text(max_size=400), st.text(max_size=400))
def test_any_text_is_compared_and_the_same_both_ways(one: str, other: str) -> None:
    assert is_like(one, other) is is_like(other, one)
    assert len(skeleton(one)) <= 20 * ROOM
    assert deep_skeleton(one) == deep_skeleton(one.upper()) or not one.isascii()
