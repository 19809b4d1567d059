"""Records of workbooks before 2007: every kind of cell, formats, strings over several records, text boxes, stray sheets."""

import struct
import time

import pytest

from smtp_gate.core.view import Reason
from smtp_gate.reading.openers.biff import DamagedBiffError, has_password, read_biff
from tests.reading.openers import samples
from tests.reading.openers.opening import lost, opened, text

NUMBER = "536-90-4399"
BEGIN8 = struct.pack("<HHHHHHII", 0x0809, 16, 0x0600, 0x0005, 0, 0, 0, 0)
SHEET8 = struct.pack("<HHHHHHII", 0x0809, 16, 0x0600, 0x0010, 0, 0, 0, 0)
BEGIN5 = struct.pack("<HHHHHH", 0x0809, 8, 0x0500, 0x0005, 0, 0)


def record(kind: int, content: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


END = record(0x000A)


def cell(kind: int, row: int, column: int, content: bytes, style: int = 0) -> bytes:
    return record(kind, struct.pack("<HHH", row, column, style) + content)


def said(*records: bytes) -> list[str]:
    lines: list[str] = []
    read_biff(b"".join(records), lines.append)
    return lines


def test_every_kind_of_cell_is_a_value_in_its_row() -> None:
    lines = said(
        BEGIN8, END, SHEET8,
        cell(0x0203, 0, 0, struct.pack("<d", 536904399.0)),
        cell(0x027E, 0, 1, struct.pack("<I", 123456 << 2 | 2)),
        cell(0x027E, 0, 2, struct.pack("<I", 12345 << 2 | 3)),
        cell(0x027E, 0, 3, struct.pack("<d", 1.5)[4:]),
        record(0x00BD, struct.pack("<HHHIHIH", 0, 4, 0, 7 << 2 | 2, 0, (-5 << 2 & 0xFFFFFFFF) | 2, 5)),
        cell(0x0006, 0, 6, struct.pack("<d", 2.5) + bytes(8)),
        cell(0x0006, 0, 7, b"\0\0\0\0\0\0\xff\xff" + bytes(8)), record(0x0207, struct.pack("<HB", 11, 0) + NUMBER.encode()),
        cell(0x0006, 0, 8, b"\1\0\1\0\0\0\xff\xff" + bytes(8)),
        cell(0x0205, 0, 9, b"\0\0"),
        cell(0x0204, 1, 0, struct.pack("<HB", 3, 1) + "x\u20acy".encode("utf-16-le")),
        END,
    )  # fmt: skip
    assert lines == [f"536904399\t123456\t123.45\t1.5\t7\t-5\t2.5\t{NUMBER}\tTRUE\tFALSE", "x€y"]


def test_numbers_under_formats() -> None:
    lines = said(
        BEGIN8,
        record(0x041E, struct.pack("<HHB", 164, 13, 0) + rb"000\-00\-0000"),
        record(0x00E0, struct.pack("<HH", 0, 164) + bytes(16)),
        record(0x00E0, struct.pack("<HH", 0, 14) + bytes(16)),
        END, SHEET8,
        cell(0x0203, 0, 0, struct.pack("<d", 36904399.0), 0), cell(0x0203, 0, 1, struct.pack("<d", 29222.0), 1),
        END,
    )  # fmt: skip
    assert lines == ["036-90-4399\t1980-01-02"]


def test_strings_go_on_over_several_records_and_unused_ones_are_read() -> None:
    head = struct.pack("<II", 4, 4)
    first = struct.pack("<HB", 11, 0) + NUMBER[:5].encode()
    second = (
        b"\1"
        + NUMBER[5:].encode("utf-16-le")
        + struct.pack("<HBH", 3, 8, 1)
        + b"abc"
        + b"run!"
        + struct.pack("<HBI", 2, 5, 3)
    )
    third = b"\0de" + b"pho" + struct.pack("<HB", 6, 0) + b"unused"
    shared = record(0x00FC, head + first) + record(0x003C, second) + record(0x003C, third)
    cells = b"".join(cell(0x00FD, 0, n, struct.pack("<I", n)) for n in (0, 1, 2, 99))
    assert said(BEGIN8, shared, END, SHEET8, cells, END) == [f"{NUMBER}\tabc\tde", "unused"]


def test_text_boxes_headers_and_names_of_sheets_are_read() -> None:
    box = (
        record(0x01B6, struct.pack("<10xH6x", 11))
        + record(0x003C, b"\x00" + b"536-90-")
        + record(0x003C, b"\1" + "4399".encode("utf-16-le"))
    )
    box += record(0x003C, bytes(16))
    lines = said(
        BEGIN8, record(0x0085, struct.pack("<IBBBB", 0, 0, 2, 5, 0) + b"Staff"), END, SHEET8,
        record(0x0014, struct.pack("<HB", 4, 0) + b"Head"), box, END,
    )  # fmt: skip
    assert lines == ["Staff", "Head", NUMBER]


def test_a_workbook_of_the_version_before_has_strings_in_its_codepage() -> None:
    lines = said(
        BEGIN5, record(0x0042, struct.pack("<H", 1251)), END, BEGIN5,
        cell(0x0204, 0, 0, struct.pack("<H", 6) + "Привет".encode("cp1251")), END,
    )  # fmt: skip
    assert lines == ["Привет"]


def test_a_sheet_that_only_the_list_of_sheets_leads_to() -> None:
    sheet = SHEET8 + cell(0x0204, 0, 0, struct.pack("<HB", 11, 0) + NUMBER.encode()) + END
    head = BEGIN8 + record(0x0085, struct.pack("<IBBBB", 100, 0, 0, 1, 0) + b"x") + END
    stream = (head + b"\xff\xff\xff\xff").ljust(100, b"\xff") + sheet
    lines: list[str] = []
    with pytest.raises(DamagedBiffError):
        read_biff(stream, lines.append)
    assert lines == ["x", NUMBER]


def test_what_is_no_record_is_damage_and_what_was_before_it_is_read() -> None:
    stream = (
        BEGIN8
        + END
        + SHEET8
        + cell(0x0204, 0, 0, struct.pack("<HB", 3, 0) + b"abc")
        + struct.pack("<HH", 0x0204, 9999)
        + b"x"
    )
    lines: list[str] = []
    with pytest.raises(DamagedBiffError):
        read_biff(stream, lines.append)
    assert lines == ["abc"]
    found = opened(samples.ole({"Workbook": stream}))
    assert lost(found) == {("xls", Reason.UNKNOWN)}
    with pytest.raises(DamagedBiffError):
        read_biff(b"nothing", lines.append)


def test_records_too_short_for_their_kinds_say_nothing() -> None:
    short = b"".join(
        record(kind, b"\0")
        for kind in (0xFD, 0x204, 0x203, 0x27E, 0xBD, 0x06, 0x205, 0x207, 0x1B6, 0xFC, 0x85, 0x41E, 0xE0)
    )
    assert [line for line in said(BEGIN8, short, END) if line.strip("\0")] == []


def test_a_password_stands_among_the_globals() -> None:
    assert has_password(BEGIN8 + record(0x002F, bytes(6)) + END)
    assert not has_password(BEGIN8 + END + record(0x002F, bytes(6)))


def test_sheets_within_other_documents_are_read() -> None:
    book = BEGIN8 + END + SHEET8 + cell(0x0203, 0, 0, struct.pack("<d", 536904399.0)) + END
    found = opened(samples.ole({"WordDocument": b"", "ObjectPool": {"_1": {"Workbook": book}}}))
    assert "536904399" in text(found)


@pytest.mark.parametrize(
    "stream",
    [BEGIN8 + record(0x003C) * 200_000, BEGIN8 + record(0x0085, struct.pack("<IBBBB", 0, 0, 0, 0, 0)) * 50_000,
     BEGIN8 + record(0x00FC, bytes(8000)) + record(0x003C, bytes(8000)) * 100,
     BEGIN8 + cell(0x0203, 65535, 65535, bytes(8)) * 50_000],
    ids=["continued", "sheets", "strings", "far"],
)  # fmt: skip
def test_time_is_linear(stream: bytes) -> None:
    started = time.process_time()
    read_biff(stream, lambda _: None)
    assert time.process_time() - started < 2.5
