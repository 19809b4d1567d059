"""Validators of patients' identifiers: what can exist, in which format, and what only looks like it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.detect.validators.base import Checked
from smtp_gate.detect.validators.health import dea_number, icd_10, medicare_mbi, npi, record_number


def form(checked: Checked | None) -> str | None:
    return None if checked is None else checked.format


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2QF5-XR7-NA41", "separated"),
        ("2qf5 xr7 na41", "separated"),
        ("2QF5XR7NA41", "plain"),
        ("2QF5-XR7NA41", "irregular"),
        ("2QF-5XR7-NA41", "irregular"),
        ("0QF5XR7NA41", None),
        ("2SF5XR7NA41", None),
        ("2QL5XR7NA41", None),
        ("2QFAXR7NA41", None),
        ("2QF51R7NA41", None),
        ("2QF5XRANA41", None),
        ("2QF5XR71A41", None),
        ("2QF5XR7N141", None),
        ("2QF5XR7NAA1", None),
        ("2QF5XR7NA4A", None),
        ("2QF5XR7NA4", None),
        ("2QF5XR7NA411", None),
        ("", None),
    ],
)
def test_medicare_mbi(value: str, expected: str | None) -> None:
    assert form(medicare_mbi(value)) == expected


def test_spellings_of_one_mbi_have_one_key() -> None:
    spellings = ("2QF5-XR7-NA41", "2qf5xr7na41", "2QF5 XR7 NA41")
    assert {checked.key for s in spellings if (checked := medicare_mbi(s)) is not None} == {"2QF5XR7NA41"}


@given(st.text("SLOIBZ", min_size=1, max_size=1), st.sampled_from([1, 2, 4, 5, 7, 8]))
def test_an_mbi_holds_no_letter_that_could_be_a_digit(letter: str, place: int) -> None:
    value = "2QF5XR7NA41"
    assert medicare_mbi(value[:place] + letter + value[place + 1 :]) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1234567893", "plain"),
        ("1245319599", "plain"),
        ("2174655029", "plain"),
        ("1245-319-599", "separated"),
        ("1245319590", None),
        ("3245319599", None),
        ("124531959", None),
        ("12453195990", None),
        ("", None),
    ],
)
def test_npi(value: str, expected: str | None) -> None:
    assert form(npi(value)) == expected


@pytest.mark.parametrize(
    ("value", "holds"),
    [
        ("AB1234563", True),
        ("ab1234563", True),
        ("BB1388568", True),
        ("FR-4857314", True),
        ("B94182654", True),
        ("AB1234560", False),
        ("NB1234563", False),
        ("A11234563", False),
        ("AA0000000", False),
        ("AB123456", False),
        ("AB12345633", False),
        ("ABC123456", False),
        ("", False),
    ],
)
def test_dea_number(value: str, *, holds: bool) -> None:
    assert (dea_number(value) is not None) is holds


@given(st.integers(0, 999_999))
def test_one_check_digit_in_ten_holds(body: int) -> None:
    held = [d for d in range(10) if dea_number(f"AB{body:06}{d}") is not None]
    assert len(held) == (1 if len({*f"{body:06}"}) > 2 else len(held))
    assert len(held) <= 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("F32.9", "dotted"),
        ("S52.501A", "dotted"),
        ("T40.2X1A", "dotted"),
        ("O24.410", "dotted"),
        ("C4A.10", "dotted"),
        ("U07.1", "dotted"),
        ("i10", "plain"),
        ("F329", "plain"),
        ("S52501A", "plain"),
        ("A01.txt", None),
        ("A01.B", None),
        ("F32.9A", None),
        ("U12.3", None),
        ("FF2.9", None),
        ("F3", None),
        ("", None),
    ],
)
def test_icd_10(value: str, expected: str | None) -> None:
    assert form(icd_10(value)) == expected


@pytest.mark.parametrize(
    ("candidate", "expected", "kept"),
    [
        ("MRN 8249813", "direct", "8249813"),
        ("MRN: 471-20-93-6", "direct", "471-20-93-6"),
        ("mrn number is 8249813", "direct", "8249813"),
        ("Medical Record Number: M-5511092", "direct", "M-5511092"),
        ("Patient ID: PMC-6431471", "direct", "PMC-6431471"),
        ("patient_id=8249813", "direct", "8249813"),
        ("MRN for the Okafor child is 00417723", "loose", "00417723"),
        ("Patient care fund 8249813", None, ""),
        ("MRN when you call 4145550100", None, ""),
        ("MRN of her, 414-555-0100", None, ""),
        ("MRN due by 03-01-2026", None, ""),
        ("MRN 2019-2024", None, ""),
        ("MRN 8249", None, ""),
        ("MRN 82498130041772", None, ""),
        ("MRN", None, ""),
        ("", None, ""),
    ],
)
def test_record_number(candidate: str, expected: str | None, kept: str) -> None:
    checked = record_number(candidate)
    assert form(checked) == expected
    assert checked is None or candidate[checked.start : checked.end] == kept


@given(st.text(max_size=200))
def test_no_text_upsets_them(value: str) -> None:
    for validator in (medicare_mbi, npi, dea_number, icd_10, record_number):
        checked = validator(value)
        assert checked is None or 0 <= checked.start < checked.end <= len(value)
