"""Messages that Outlook saved: bodies of all kinds, people, attachments, messages within, compressed rich text."""

import struct

import pytest

from smtp_gate.core.view import Reason
from smtp_gate.reading.openers.lzfu import DamagedRtfError, decompressed
from smtp_gate.reading.openers.mapi import TEXT8, Item, Property
from tests.reading.openers import legacy, samples
from tests.reading.openers.opening import files, lost, opened, text

NUMBER = "536-90-4399"


def test_all_that_a_message_holds_is_read() -> None:
    found = opened(
        legacy.msg(
            "About you",
            "Plain body",
            html=f"<p>SSN {NUMBER}</p>".encode(),
            rtf=legacy.uncompressed_rtf(b"{\\rtf1 rich body}"),
            files={"a.csv": b"Name,SSN\r\n", "b.docx": samples.docx([f"in a file {NUMBER}"])},
            people=["pat@out.example"],
        )
    )
    said = text(found)
    for wanted in ("Subject: About you", "Plain body", "rich body", "Address: pat@out.example", f"in a file {NUMBER}"):
        assert wanted in said
    assert files(found)["a.csv"] == b"Name,SSN\r\n"
    assert [m.content for m in found if m.kind == "html"] == [f"<p>SSN {NUMBER}</p>".encode()]
    assert lost(found) == set()


def test_a_message_within_a_message_within_one() -> None:
    inner = legacy.msg_tree("two", "", inner=legacy.msg_tree("three", f"SSN {NUMBER}", top=False), top=False)
    said = text(opened(legacy.msg("one", "", inner=inner)))
    assert [word in said for word in ("one", "two", "three", NUMBER)] == [True] * 4


def test_messages_nested_without_end_are_over_the_limit() -> None:
    tree = legacy.msg_tree("deepest", "", top=False)
    for _ in range(12):
        tree = legacy.msg_tree("outer", "", inner=tree, top=False)
    assert ("msg", Reason.LIMIT) in lost(opened(legacy.msg("top", "", inner=tree)))


def test_an_object_of_a_program_is_its_streams() -> None:
    tree = legacy.msg_tree("one", "", inner={"Package": samples.xlsx([["SSN", NUMBER]])})
    assert f"SSN\t{NUMBER}" in text(opened(samples.ole(tree)))


def test_texts_of_eight_bits_are_in_the_codepage_of_the_message() -> None:
    tree = legacy.msg_tree("", "")
    tree["__properties_version1.0"] = bytes(32) + struct.pack("<HHIII", 3, 0x3FFD, 0, 1251, 0)
    tree["__substg1.0_1000001E"] = "Привет".encode("cp1251")
    assert "Привет" in text(opened(samples.ole(tree)))
    assert Item([Property(0x3FFD, 3, (99999).to_bytes(4, "little"))]).codec == "cp1252"
    assert Item([Property(0x3FDE, 3, (28597).to_bytes(4, "little"))]).codec == "iso8859-7"
    assert list(Item([Property(0x0037, TEXT8, b"x\0")]).lines()) == ["Subject: x"]


def test_compressed_rich_text() -> None:
    content = b"{\\rtf1\\ansi\\mac " + bytes(range(32, 127)) * 3 + b"}"
    assert decompressed(legacy.literal_rtf(content), 10_000) == content
    assert decompressed(legacy.uncompressed_rtf(content), 10_000) == content


@pytest.mark.parametrize(
    ("packed", "wanted"),
    [
        (
            "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0",
            b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n",
        ),
        ("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0", b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"),
    ],
)
def test_the_examples_of_the_specification_of_compressed_rich_text(packed: str, wanted: bytes) -> None:
    """MS-OXRTFCP, sections 4.1 and 4.2: copies out of the dictionary, and one that reaches into itself."""
    assert decompressed(bytes.fromhex(packed), 1000) == wanted


@pytest.mark.parametrize("content", [b"", b"\0" * 16, b"\0\0\0\0\xff\xff\xff\x7fLZFu\0\0\0\0", b"x" * 15])
def test_what_is_no_compressed_rich_text(content: bytes) -> None:
    with pytest.raises(DamagedRtfError):
        decompressed(content, 1000)


def test_compressed_rich_text_that_grows_is_stopped() -> None:
    packed = b"\xff" + b"\x00\x0f" * 8
    with pytest.raises(DamagedRtfError):
        decompressed(struct.pack("<II4sI", 0, 10, b"LZFu", 0) + packed * 1000, 10_000)


def test_damaged_rich_text_is_unscannable() -> None:
    assert ("rtf", Reason.UNKNOWN) in lost(opened(legacy.msg("x", "y", rtf=b"not compressed rich text")))
