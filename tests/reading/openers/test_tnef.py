"""`winmail.dat`: bodies, properties with and without names, recipients, attachments, objects, damage."""

import struct

import pytest

from smtp_gate.core.view import Reason
from tests.reading.openers import legacy, samples
from tests.reading.openers.opening import files, lost, opened, text

NUMBER = "536-90-4399"


def test_all_that_it_holds_is_read() -> None:
    content = legacy.tnef(
        f"SSN {NUMBER} ü",
        properties={0x0037: "About", 0x1009: legacy.literal_rtf(b"{\\rtf1 rich}"), 0x1013: b"<p>page</p>"},
        files={"list.csv": b"Name,SSN\r\n", "a.docx": samples.docx(["in a file"])},
    )
    found = opened(content, "winmail.dat")
    said = text(found)
    for wanted in (f"SSN {NUMBER} ü", "Subject: About", "rich", "in a file"):
        assert wanted in said
    assert files(found)["list.csv"] == b"Name,SSN\r\n"
    assert [m.content for m in found if m.kind == "html"] == [b"<p>page</p>"]
    assert lost(found) == set()


def attribute(level: int, id_: int, content: bytes) -> bytes:
    return struct.pack("<BII", level, id_, len(content)) + content + struct.pack("<H", sum(content) & 0xFFFF)


HEAD = struct.pack("<IH", 0x223E9F78, 1)


def test_properties_of_every_shape() -> None:
    wide = NUMBER.encode("utf-16-le") + b"\0\0"
    listed = struct.pack("<I", 6)
    listed += struct.pack("<HHI", 0x0002, 0x1111, 7)
    listed += struct.pack("<HHQ", 0x0040, 0x1112, 7)
    listed += struct.pack("<HH16sII", 0x0003, 0x8001, bytes(16), 0, 5) + struct.pack("<I", 9)
    name = "Own".encode("utf-16-le") + b"\0\0"
    listed += struct.pack("<HH16sII", 0x001F, 0x8002, bytes(16), 1, len(name)) + name
    listed += struct.pack("<II", 1, len(wide)) + wide
    listed += (
        struct.pack("<HHI", 0x101E, 0x1113, 2) + struct.pack("<I", 4) + b"one\0" + struct.pack("<I", 6) + b"two22\0\0\0"
    )
    listed += struct.pack("<HHI", 0x1003, 0x1114, 2) + struct.pack("<II", 1, 2)
    said = text(opened(HEAD + attribute(1, 0x00069003, listed)))
    assert said.split("\n") == [NUMBER, "one", "two22"]


def test_recipients_and_texts_of_the_oldest_kind() -> None:
    row = struct.pack("<I", 1) + struct.pack("<HHII", 0x001E, 0x3001, 1, 4) + b"Pat\0"
    content = HEAD + attribute(1, 0x00018004, b"Old subject\0") + attribute(1, 0x00069004, struct.pack("<I", 1) + row)
    assert text(opened(content)).split("\n") == ["Old subject", "Name: Pat"]


def test_a_message_attached_to_it_is_opened() -> None:
    inner = legacy.tnef(f"inner {NUMBER}")
    value = bytes(16) + inner
    value = struct.pack("<I", len(value)) + value + b"\0" * (-len(value) % 4)
    listed = struct.pack("<I", 1) + struct.pack("<HHI", 0x000D, 0x3701, 1) + value
    assert f"inner {NUMBER}" in text(
        opened(HEAD + attribute(2, 0x00069002, bytes(14)) + attribute(2, 0x00069005, listed))
    )


@pytest.mark.parametrize(
    "more",
    [b"\x07", b"\x01\x00", struct.pack("<BII", 1, 0x0002800C, 1 << 30), attribute(1, 0x00069003, b"\x01"),
     attribute(1, 0x00069003, struct.pack("<IHH", 1, 0x0099, 1) + bytes(8)),
     attribute(1, 0x00069003, struct.pack("<IHHII", 1, 0x001E, 1, 1, 1 << 30)),
     attribute(1, 0x00069004, struct.pack("<I", 9))],
)  # fmt: skip
def test_damage_is_unscannable_and_what_was_before_it_is_read(more: bytes) -> None:
    found = opened(legacy.tnef(f"SSN {NUMBER}") + more)
    assert NUMBER in text(found)
    assert lost(found) == {("tnef", Reason.UNKNOWN)}
