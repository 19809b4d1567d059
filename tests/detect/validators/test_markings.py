"""Markings on papers and subjects."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.detect.validators.markings import handling_marking


@pytest.mark.parametrize(
    ("line", "expected", "kept"),
    [
        ("ATTORNEY-CLIENT PRIVILEGED COMMUNICATION", "privileged", "ATTORNEY-CLIENT PRIVILEGED COMMUNICATION"),
        ("*** Privileged & Confidential ***", "privileged", "Privileged & Confidential"),
        ("> Attorney\u2019s Work Product", "privileged", "Attorney\u2019s Work Product"),
        ("CONFIDENTIAL: the shortlist is below", "confidential", "CONFIDENTIAL"),
        ("Subject: Re: Shortlist (confidential)", "confidential", "confidential"),
        ("Subject: Confidential - attorney/client privilege", "privileged", "Confidential"),
        ("Subject: Shortlist CONFIDENTIAL draft for you", "confidential", "CONFIDENTIAL"),
        ("Subject: ALL HANDS ON CONFIDENTIAL SHREDDING", None, ""),
        ("Confidential: the shortlist is below", None, ""),
        ("confidential", None, ""),
        ("Client Privilege.", None, ""),
        ("Confidentiality Notice", None, ""),
        ("The report is confidential", None, ""),
        ("CONFIDENTIAL " * 60, None, ""),
        ("", None, ""),
    ],
)
def test_handling_marking(line: str, expected: str | None, kept: str) -> None:
    checked = handling_marking(line)
    assert (checked.format if checked else None) == expected
    assert checked is None or line[checked.start : checked.end] == kept


@given(st.text(max_size=300))
def test_no_line_upsets_it(line: str) -> None:
    checked = handling_marking(line)
    assert checked is None or 0 <= checked.start < checked.end <= len(line)
