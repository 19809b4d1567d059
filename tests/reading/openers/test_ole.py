"""Compound files: Office before 2007, what is encrypted, what is embedded, macros, and files of which nobody knows more."""

import struct

import pytest

from smtp_gate.core.view import Reason
from smtp_gate.reading.openers.base import OpenLimits
from smtp_gate.reading.openers.compound import Compound, DamagedError
from smtp_gate.reading.openers.native import unpacked
from smtp_gate.reading.openers.strings import strings_of
from smtp_gate.reading.openers.vba import source_of
from tests.reading.openers import legacy, samples
from tests.reading.openers.opening import files, lost, opened, refused, text
from tests.reading.sealed_samples import cipher

NUMBER = "536-90-4399"


def test_the_pieces_of_a_word_file_are_joined() -> None:
    found = opened(
        legacy.doc([f"Her SSN is {NUMBER[:5]}", f"{NUMBER[5:]} ü\r", "Name\x07SSN\x07\x07Pat\x07", f"{NUMBER}\x07\x07"])
    )
    said = text(found).split("\n")
    assert said[:3] == [f"Her SSN is {NUMBER} ü", "Name\tSSN", f"Pat\t{NUMBER}"]
    assert lost(found) == set()


def test_fields_hyphens_and_marks_of_a_word_file() -> None:
    said = text(
        opened(legacy.doc([f"see \x13HYPERLINK http://x.example/{NUMBER}\x14here\x15 536\x1e90\x1e43\x1f99\x02."]))
    )
    assert "see here 536-90-4399." in said
    assert f"HYPERLINK http://x.example/{NUMBER}" in said


@pytest.mark.parametrize(
    ("name", "content"),
    [("doc", legacy.doc(["secret"], encrypted=True)), ("xls", legacy.xls([["secret"]], encrypted=True)),
     ("ppt", legacy.ppt(["secret"], encrypted=True))],
)  # fmt: skip
def test_a_password_is_told_apart(name: str, content: bytes) -> None:
    found = opened(content)
    assert lost(found) == {(name, Reason.ENCRYPTED)}
    assert text(found) == ""


def test_an_encrypted_package_is_encrypted() -> None:
    info, size = b"\4\0\4\0@\0\0\0<x/>", (5000).to_bytes(8, "little")
    assert refused(samples.ole({"EncryptedPackage": size + cipher(5000), "EncryptionInfo": info})) is Reason.ENCRYPTED


@pytest.mark.parametrize("package", [b"PK\3\4" + bytes(5000), b"SSN 536-90-4399 " * 300])
def test_a_package_that_holds_no_ciphertext_is_not_encrypted(package: bytes) -> None:
    info, size = b"\4\0\4\0@\0\0\0<x/>", len(package).to_bytes(8, "little")
    assert refused(samples.ole({"EncryptedPackage": size + package, "EncryptionInfo": info})) is Reason.UNKNOWN


def test_ciphertext_without_the_key_to_it_is_not_encrypted() -> None:
    assert refused(samples.ole({"EncryptedPackage": bytes(8) + cipher(5000)})) is Reason.UNKNOWN


def test_less_text_than_a_word_file_says_is_unscannable_and_strings_are_read() -> None:
    found = opened(legacy.doc([f"seen {NUMBER}"], claimed=1000))
    assert NUMBER in text(found)
    assert lost(found) == {("doc", Reason.UNKNOWN)}
    tree = legacy.doc_tree([f"seen {NUMBER}"])
    found = opened(samples.ole({**tree, "1Table": b"\x07nothing of the kind"}))
    assert NUMBER in text(found)
    assert lost(found) == {("doc", Reason.UNKNOWN)}


@pytest.mark.parametrize(("flags", "known"), [(0, True), (4, False)])
def test_a_file_of_word_6_is_read_and_doubted_where_changes_stand_behind_it(flags: int, known: bool) -> None:
    stream = bytearray(0x300)
    struct.pack_into("<HH6xH", stream, 0, 0xA5DC, 101, flags)
    struct.pack_into("<II", stream, 0x18, 0x300, 0x300 + 15)
    found = opened(samples.ole({"WordDocument": bytes(stream) + b"SSN 536-90-4399"}))
    assert NUMBER in text(found)
    assert lost(found) == (set() if known else {("doc", Reason.UNKNOWN)})


def test_values_of_a_workbook() -> None:
    found = opened(legacy.xls([["Name", "SSN", "x"], ["Pat", 536904399, 2.5]], sheet="Staff"))
    assert text(found).startswith("Staff\nName\tSSN\tx\nPat\t536904399\t2.5")
    assert lost(found) == set()


def test_slides_and_objects_in_them() -> None:
    embedded = samples.ole({"\x01Ole10Native": legacy.native("a.csv", b"Name,SSN\r\nPat,536-90-4399\r\n")})
    found = opened(legacy.ppt(["Title", f"SSN {NUMBER}"], embedded=embedded))
    assert text(found) == f"Title\nSSN {NUMBER}"
    assert files(found) == {"a.csv": b"Name,SSN\r\nPat,536-90-4399\r\n"}
    assert lost(found) == set()


def test_a_bomb_in_slides_stays_within_the_budget() -> None:
    found = opened(legacy.ppt(["before"], embedded=bytes(30_000_000)))
    assert text(found) == "before"
    assert lost(found) == {("ole", Reason.LIMIT)}


def test_a_record_longer_than_its_stream_is_unscannable() -> None:
    stream = struct.pack("<HHI", 0, 0x0FA8, 9) + b"SSN 12345" + struct.pack("<HHI", 0, 0x0FA8, 1 << 30)
    found = opened(samples.ole({"PowerPoint Document": stream, "Current User": legacy.PLAIN_USER}))
    assert "SSN 12345" in text(found)
    assert lost(found) == {("ole", Reason.UNKNOWN)}


def test_objects_in_a_word_file() -> None:
    tree = legacy.doc_tree(["text"])
    tree["ObjectPool"] = {
        "_1": {
            "\x01Ole10Native": legacy.native("list.txt", b"SSN 536-90-4399"),
            "\x01CompObj": b"x",
            "\x03ObjInfo": b"\0",
        },
        "_2": {"Package": samples.xlsx([["SSN", NUMBER]]), "\x01Ole": b"\0"},
        "_3": {"Equation Native": bytes(100)},
    }
    found = opened(samples.ole(tree))
    assert files(found)["list.txt"] == b"SSN 536-90-4399"
    assert f"SSN\t{NUMBER}" in text(found)
    assert lost(found) == set()


def literal(source: bytes) -> bytes:
    """A compressed container in which nothing repeats."""
    packed = b"".join(b"\0" + source[at : at + 8] for at in range(0, len(source), 8))
    return b"\x01" + struct.pack("<H", 0xB000 | (len(packed) - 1)) + packed


def test_the_source_of_macros_is_a_file() -> None:
    source = b'Attribute VB_Name = "M"\r\n\' SSN 536-90-4399\r\n'
    project: samples.Tree = {
        "PROJECT": b"ID=x",
        "VBA": {"dir": b"\x01\0", "_VBA_PROJECT": b"\xcc\x61", "M": b"code" * 20 + literal(source)},
    }
    found = opened(samples.ole(project))
    assert files(found) == {"M.bas": source}
    assert lost(found) == set()


def test_copies_in_a_compressed_container_are_followed() -> None:
    # Eight characters, then a copy of eleven octets from eight back.
    token = struct.pack("<H", (8 - 1) << 12 | (11 - 3))
    packed = b"\0Attribut" + b"\x01" + token
    assert source_of(b"\x01" + struct.pack("<H", 0xB000 | (len(packed) - 1)) + packed, 100) == b"Attribut" * 2 + b"Att"
    assert source_of(b"no container", 100) == b""
    assert len(source_of(b"\x01" + b"\xff\xbf\0Attribut" + b"\xff\xff\xff" * 3000, 10_000)) <= 10_000 + 4200


def test_a_file_of_unknown_kind_is_strings_and_unscannable() -> None:
    found = opened(samples.ole({"Contents of mine": f"SSN {NUMBER}".encode("utf-16-le"), "b": b"plain words"}))
    assert NUMBER in text(found)
    assert "plain words" in text(found)
    assert lost(found) == {("ole", Reason.UNKNOWN)}


def test_streams_are_found_in_any_case_and_read_once_for_their_budget() -> None:
    file = Compound(samples.ole({"A": b"x" * 5000, "B": {"c": b"y" * 100}}), 5100)
    assert file.has("a")
    assert [len(file.read("a")), len(file.read("A")), len(file.read("b", "C"))] == [5000, 5000, 100]
    assert not file.spent
    assert file.storages(()) == (("B",),)
    small = Compound(samples.ole({"A": b"x" * 5000}), 100)
    assert small.read("A") == b""
    assert small.spent
    with pytest.raises(DamagedError):
        Compound(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), 100)


def test_what_is_over_the_budget_is_told() -> None:
    found = opened(samples.ole({"A": b"x" * 50_000}), limits=OpenLimits(octets=1000))
    assert ("ole", Reason.LIMIT) in lost(found)


def test_packed_files_that_are_odd_are_given_as_they_are() -> None:
    assert unpacked(legacy.native("a.txt", b"x")) == ("a.txt", b"x")
    assert unpacked(b"\0\0\0\0rest") == ("", b"rest")
    assert unpacked(legacy.native("a.txt", b"x" * 50)[:-20])[0] == ""


def test_strings_are_runs_of_characters_narrow_and_wide() -> None:
    octets = b"\0\1abcdef\xff" + "wide 123".encode("utf-16-le") + b"\0\0...........\0"
    assert list(strings_of(octets)) == ["abcdef", "wide 123"]


def test_an_unlocked_object_is_read_even_where_it_is_not_compressed() -> None:
    inner = samples.ole({"\x01Ole10Native": legacy.native("a.txt", b"words")})
    stream = struct.pack("<HHI", 0, 0x1011, len(inner)) + inner
    found = opened(samples.ole({"PowerPoint Document": stream, "Current User": legacy.PLAIN_USER}))
    assert files(found) == {"a.txt": b"words"}
    broken = struct.pack("<HHI", 0x10, 0x1011, 9) + b"\0\0\0\0notzl"
    found = opened(samples.ole({"PowerPoint Document": broken, "Current User": legacy.PLAIN_USER}))
    assert lost(found) == {("ole", Reason.UNKNOWN)}
