"""Masks: what may be seen of a value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.detect.masks import MASKS


@pytest.mark.parametrize(
    ("mask", "value", "shown"),
    [
        ("last4", "536-90-8726", "***-**-8726"),
        ("last4", "536908726", "*****8726"),
        ("last4", "4111 1111 1111 1234", "**** **** **** 1234"),
        ("last4", "12345678", "********"),
        ("last4", "", ""),
        ("all", "04/12/1961", "**/**/****"),
        ("all", "April 12, 1961", "***** **, ****"),
    ],
)
def test_masks(mask: str, value: str, shown: str) -> None:
    assert MASKS[mask](value) == shown


@given(st.sampled_from(sorted(MASKS)), st.text())
def test_at_most_four_signs_of_any_value_are_shown(mask: str, value: str) -> None:
    shown = MASKS[mask](value)
    assert len(shown) == len(value)
    assert sum(c.isalnum() for c in shown) <= 4
    signs = sum(c.isalnum() for c in value)
    assert signs == 0 or sum(c.isalnum() for c in shown) < signs
