"""Regions: what is shown of a file's name."""

import pytest

from smtp_gate.core.view import Region, RegionKind


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("", "attachment"),
        ("report.pdf", "attachment report.pdf"),
        ("2026-03 budget v12.xlsx", "attachment 2026-03 budget v12.xlsx"),
        ("219-09-9999.pdf", "attachment ***-**-****.pdf"),
        ("a.zip!4111 1111 1111 1111.txt", "attachment a.zip!**** **** **** ****.txt"),
        ("219099999", "attachment *********"),
    ],
)
def test_a_file_name_keeps_its_words_and_loses_its_long_numbers(path: str, word: str) -> None:
    assert str(Region(RegionKind.ATTACHMENT, path)) == word
