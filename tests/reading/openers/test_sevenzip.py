"""7z files: methods, encryption of files and of names, damage to one folder, octets that no folder takes."""

import io
import lzma
import zlib

import py7zr
import pytest

from smtp_gate.core.view import Part, Reason
from smtp_gate.reading.containers import open_container
from smtp_gate.reading.openers.base import OpenLimits
from tests.reading.openers.packed import part, sevenzip, zeros_lzma2

NUMBER = b"SSN 536-90-4399"


def opened(content: bytes, limits: OpenLimits | None = None) -> tuple[Part, ...]:
    found = open_container(part(content, "a.7z"), limits or OpenLimits())
    assert isinstance(found, tuple), found
    return found


def lost(found: tuple[Part, ...]) -> list[tuple[str, Reason | None]]:
    return [(member.name, member.lost) for member in found if member.lost is not None]


def written(files: dict[str, bytes], **how: object) -> bytes:
    out = io.BytesIO()
    with py7zr.SevenZipFile(out, "w", **how) as archive:  # type: ignore[arg-type]  # handed on as they are
        for name, content in files.items():
            archive.writestr(content, name)
    return out.getvalue()


@pytest.mark.parametrize(
    "filters",
    [
        [{"id": py7zr.FILTER_LZMA2, "preset": 6}],
        [{"id": py7zr.FILTER_LZMA, "preset": 6}],
        [{"id": py7zr.FILTER_BZIP2}],
        [{"id": py7zr.FILTER_DEFLATE}],
        [{"id": py7zr.FILTER_COPY}],
        [{"id": py7zr.FILTER_PPMD, "order": 6, "mem": 24}],
        [{"id": py7zr.FILTER_DELTA}, {"id": py7zr.FILTER_LZMA2, "preset": 1}],
    ],
)
def test_files_of_each_method_are_read(filters: list[dict[str, int]]) -> None:
    found = opened(written({"a.txt": NUMBER * 50, "b/c.txt": b"two"}, filters=filters))
    assert [(m.name, m.content, m.lost) for m in found] == [("a.txt", NUMBER * 50, None), ("b/c.txt", b"two", None)]


def test_encrypted_files_are_lost_by_name_and_encrypted_names_as_a_whole() -> None:
    found = opened(written({"a.txt": NUMBER, "b.txt": b"two"}, password="x"))
    assert lost(found) == [("a.txt", Reason.ENCRYPTED), ("b.txt", Reason.ENCRYPTED)]
    hidden = written({"a.txt": NUMBER}, password="x", header_encryption=True)
    assert open_container(part(hidden, "a.7z"), OpenLimits()) is Reason.ENCRYPTED


def test_a_method_that_nobody_knows_is_lost_by_name() -> None:
    found = opened(sevenzip([("a.txt", 15)], NUMBER, method=b"\x04\xf7\x11\x04"))
    assert lost(found) == [("a.txt", Reason.UNKNOWN)]


def test_damaged_octets_are_read_as_far_as_they_go_and_lost() -> None:
    crcs = [zlib.crc32(b"one"), 1]
    found = opened(sevenzip([("a.txt", 3), ("b.txt", 15)], b"one" + NUMBER, crcs=crcs))
    assert ("b.txt", Reason.UNKNOWN) in lost(found)
    assert [m.content for m in found if m.content] == [b"one", NUMBER]


@pytest.mark.parametrize("content", [b"7z\xbc\xaf\x27\x1c", b"7z\xbc\xaf\x27\x1c\0\4" + bytes(30)])
def test_a_broken_header_is_unknown(content: bytes) -> None:
    assert open_container(part(content, "a.7z"), OpenLimits()) is Reason.UNKNOWN


def test_octets_that_no_folder_takes_are_read_or_lost() -> None:
    for content in (
        sevenzip([("a.txt", 3)], b"one", between=NUMBER),
        sevenzip([("a.txt", 3)], b"one") + NUMBER,
    ):
        found = opened(content)
        assert any(NUMBER in m.content for m in found if m.kind == "text")
        assert not lost(found)
    assert lost(opened(sevenzip([("a.txt", 3)], b"one" + NUMBER)))
    form = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 16}]
    packed = lzma.compress(b"one", lzma.FORMAT_RAW, filters=form)
    assert not lost(opened(sevenzip([("a.txt", 3)], packed, method=b"\x21", properties=b"\x08")))
    assert lost(opened(sevenzip([("a.txt", 3)], packed + NUMBER, method=b"\x21", properties=b"\x08")))


def test_bombs_are_stopped_whatever_they_say() -> None:
    zeros = zeros_lzma2(256 << 20)
    told = sevenzip([("0", 256 << 20)], zeros, method=b"\x21", properties=b"\x10")
    assert lost(opened(told)) == [("0", Reason.LIMIT)]
    found = opened(sevenzip([("0", 1000)], zeros, method=b"\x21", properties=b"\x10"))
    assert sum(len(m.content) for m in found) == 1000
    assert lost(found) == [("0", Reason.UNKNOWN)]


@pytest.mark.parametrize(
    ("method", "properties"), [(b"\x21", b"\x27"), (b"\3\1\1", b"\x5d\0\0\0\xc0"), (b"\3\4\1", b"\x06\0\0\0\xc0")]
)
def test_a_dictionary_beyond_bounds_is_over_the_limit(method: bytes, properties: bytes) -> None:
    assert lost(opened(sevenzip([("0", 9)], bytes(9), method=method, properties=properties))) == [("0", Reason.LIMIT)]


def test_more_files_than_places() -> None:
    found = opened(sevenzip([(str(n), 1) for n in range(9)], b"123456789"), OpenLimits(members=5))
    assert [m.content for m in found][:5] == [b"1", b"2", b"3", b"4", b"5"]
    assert lost(found) == [("", Reason.LIMIT)]
