"""Exact data match: lists hold keyed hashes alone, every value that was built is found, and no other."""

import hashlib
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.detect.compiled import DetectorError
from smtp_gate.detect.detectors import Detector, Detectors, Level
from smtp_gate.detect.edm import ENTRY, SEAL, EdmError, EdmList, Head, entry, key_id, normalise, packed
from smtp_gate.detect.engine import Engine
from tests.detect.texts import found

KEY = bytes(range(32))
OTHER = bytes(range(1, 33))
VALUES = ("E4410023", "E4410024", "E4410031", "536904399")


def built(*values: str, key: bytes = KEY, column: str = "id") -> bytes:
    return b"".join(packed({column: {entry(key, column, normalise(v)) for v in values}}, key))


@cache
def listed() -> EdmList:
    return EdmList.of(built(*VALUES), KEY)


@given(st.sets(st.text(min_size=1).filter(normalise), max_size=40), st.text())
def test_every_value_built_is_found_and_no_other(values: set[str], other: str) -> None:
    one = EdmList.of(built(*values), KEY)
    assert all(one.holds("id", value) for value in values)
    assert one.holds("id", other) is (normalise(other) in {normalise(v) for v in values})


@pytest.mark.parametrize(
    ("written", "plain"),
    [("536-90-4399", "536904399"), (" e4410023 ", "E4410023"), ("e.441_00/23", "E4410023"), ("\uff25\uff14", "E4"),
     ("\u0665\u0663", "53"), ("Stra\u00dfe 5", "STRASSE5"), ("--", "")],
)  # fmt: skip
def test_spellings_of_a_value_are_one(written: str, plain: str) -> None:
    assert normalise(written) == plain


def test_the_file_holds_neither_values_nor_hashes_that_anybody_can_make() -> None:
    octets = built(*VALUES)
    for value in VALUES:
        assert value.encode() not in octets
        for name in ("md5", "sha1", "sha256", "sha512", "blake2b"):
            hashed = hashlib.new(name, value.encode()).digest()
            assert hashed[:ENTRY] not in octets
            assert hashed.hex().encode()[:16] not in octets
        assert entry(OTHER, "id", value) not in octets
    assert KEY not in octets


def test_equal_values_of_two_columns_look_unrelated() -> None:
    assert entry(KEY, "a", "E4410023") != entry(KEY, "b", "E4410023")
    assert not EdmList.of(built("E4410023", column="a"), KEY).columns.get("b")


def test_another_key_is_an_error_and_never_a_list_without_matches() -> None:
    with pytest.raises(EdmError, match="another key"):
        EdmList.of(built(*VALUES), OTHER)
    assert key_id(KEY) != key_id(OTHER)


def test_a_list_that_was_changed_is_refused_wherever_that_was() -> None:
    octets = built(*VALUES)
    for place in range(0, len(octets), 7):
        changed = octets[:place] + bytes([octets[place] ^ 1]) + octets[place + 1 :]
        with pytest.raises(EdmError):
            EdmList.of(changed, KEY)


@pytest.mark.parametrize("octets", [b"", b"x", b"smtp-gate edm 1\n", b"smtp-gate edm 1\n{}\n", b"smtp-gate edm 2\n{}\n",
                                    b"smtp-gate edm 1\n[]\n", b'smtp-gate edm 1\n{"columns": {"a": -1}}\n',
                                    b"smtp-gate edm 1\n" + b"[" * 5000 + b"\n"])  # fmt: skip
def test_what_is_no_list_is_refused(octets: bytes) -> None:
    with pytest.raises(EdmError):
        EdmList.of(octets, KEY)


@given(st.binary(max_size=300))
def test_any_octets_are_a_list_or_refused(octets: bytes) -> None:
    with pytest.raises(EdmError):
        EdmList.of(b"smtp-gate edm 1\n" + octets, KEY)


def test_a_list_of_another_size_is_refused() -> None:
    octets = built(*VALUES)
    for other in (octets[:-ENTRY], octets + bytes(ENTRY), octets[: -SEAL - ENTRY] + octets[-SEAL:]):
        with pytest.raises(EdmError, match="cut short"):
            Head.of(other).check(KEY, len(other))


def engine(detector: Detector) -> Engine:
    return Engine(Detectors((detector,), {}, {"staff": listed()}))


def staff(edm: str = "staff", column: str = "id", validator: str = "") -> Detector:
    regex = r"\b[A-Z]?\d{7,9}\b|\b\d{3}-\d{2}-\d{4}\b"
    return Detector("staff", regex, (Level("high"),), validator, mask="all", edm=edm, column=column)


def test_values_of_the_list_alone_are_found_however_they_are_written() -> None:
    said = "Ids e4410023, E4410025, 536-90-4399, 536-90-4398 and E44100231"
    assert [value for _, _, value in found(engine(staff()), said)] == ["e4410023", "536-90-4399"]


def test_a_validator_is_asked_first() -> None:
    assert found(engine(staff(validator="us_ssn")), "536-90-4399 E4410023") == [("staff", "high", "536-90-4399")]


@pytest.mark.parametrize(("how", "key"), [({"edm": "nobody"}, "edm"), ({"column": "ssn"}, "column")])
def test_a_list_or_column_that_is_not_there_is_a_mistake(how: dict[str, str], key: str) -> None:
    with pytest.raises(DetectorError) as caught:
        engine(staff(**how))
    assert caught.value.key == key


def test_nothing_of_a_list_or_its_key_is_shown() -> None:
    assert repr(KEY) not in repr(listed())
    assert "octets" not in repr(listed())
