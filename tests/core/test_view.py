"""Regions: what is shown of a file's name."""

import pytest

from smtp_gate.core.view import Region, RegionKind


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("SSN 536-90-4399.pdf", "SSN ***-**-****.pdf"),
        ("a.zip!4111 1111 1111 1111.txt", "a.zip!**** **** **** ****.txt"),
        ("minutes-2026-04-12.docx", "minutes-2026-04-12.docx"),
    ],
)
def test_an_identifier_in_a_file_name_is_covered(name: str, shown: str) -> None:
    assert Region(RegionKind.ATTACHMENT, name).path == shown
