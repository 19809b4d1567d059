"""Tar files of every dialect: files, names, and what stands where no header looks."""

import io
import tarfile

import pytest

from smtp_gate.core.view import Part, Reason
from smtp_gate.reading.containers import open_container
from smtp_gate.reading.openers.base import OpenLimits
from tests.reading.openers.packed import part, tar_header, tarred

NUMBER = b"SSN 536-90-4399"


def opened(content: bytes, limits: OpenLimits | None = None) -> tuple[Part, ...]:
    found = open_container(part(content, "a.tar", "tar"), limits or OpenLimits())
    assert isinstance(found, tuple), found
    return found


def seen(found: tuple[Part, ...], said: bytes = NUMBER) -> bool:
    return any(said in member.content for member in found if member.kind == "text")


def lost(found: tuple[Part, ...]) -> list[tuple[str, Reason | None]]:
    return [(member.name, member.lost) for member in found if member.lost is not None]


def written(form: int, names: list[str]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name in names:
            info = tarfile.TarInfo(name)
            info.size = len(NUMBER)
            archive.addfile(info, io.BytesIO(NUMBER))
    return out.getvalue()


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_files_with_short_and_long_names(form: int) -> None:
    long = "/".join(["folder" * 8] * 3) + "/a.txt"
    content = written(form, ["a.txt", long])
    assert part(content, "a").kind == "tar"
    found = opened(content)
    assert [m.content for m in found if m.names] == [NUMBER, NUMBER]
    assert {"a.txt", long} <= {name for m in found for name in m.names}
    assert not lost(found)


def test_a_tar_file_of_old_writers_is_known_by_its_checksum() -> None:
    content = tarred(b"a.txt", NUMBER, magic=b"")
    assert part(content, "a").kind == "tar"
    assert [(m.name, m.content) for m in opened(content)] == [("a.txt", NUMBER)]
    broken = content[:148] + b"0000000\0" + content[156:]
    assert part(broken, "a").kind != "tar"


def test_names_of_links_and_folders_are_read() -> None:
    content = tar_header(b"l", 0, kind=b"2", link=NUMBER) + tar_header(b"536-90-4398/", 0, kind=b"5")
    found = opened(content + tarred(b"a.txt", b"x"))
    assert seen(found)
    assert seen(found, b"536-90-4398")
    assert [m.name for m in found if m.names] == ["a.txt"]


def test_octets_of_a_link_are_read_though_no_reader_takes_them_for_a_file() -> None:
    assert seen(opened(tarred(b"l", NUMBER, kind=b"1") + tarred(b"a.txt", b"x")))


def test_nothing_ends_a_tar_file_before_its_last_octet() -> None:
    content = tarred(b"a.txt", b"x") + bytes(1024)
    assert seen(opened(content + tarred(b"b.txt", NUMBER)))
    assert seen(opened(content + NUMBER))
    assert seen(opened(content + bytes(512) + NUMBER + bytes(700)))


def test_a_size_beyond_the_end_is_lost_in_part() -> None:
    for size in (10_000, b"\x80" + bytes(3) + b"\x7f" + b"\xff" * 7):
        found = opened(tar_header(b"a.txt", size) + NUMBER)
        assert seen(found)
        assert lost(found) == [("a.txt", Reason.UNKNOWN)]


def test_two_sizes_are_two_readings() -> None:
    record = b"12 size=300\n"
    content = tarred(b"x", record, kind=b"x") + tarred(b"a.txt", b"y" * 500 + NUMBER)
    found = opened(content)
    assert seen(found)
    assert [len(m.content) for m in found if m.names] == [300, 515]


def test_words_of_extended_headers_are_read_and_broken_ones_harm_nobody() -> None:
    for record in (b"27 comment=SSN 536-90-4399\n", b"99 path=SSN 536-90-4399\n", b"0 a=b\nSSN 536-90-4399"):
        found = opened(tarred(b"x", record, kind=b"x") + tarred(b"a.txt", b"y"))
        assert seen(found)
        assert "a.txt" in {name for m in found for name in m.names}


def test_a_sparse_file_is_read_without_its_holes() -> None:
    head = bytearray(tar_header(b"a.txt", len(NUMBER), kind=b"S", magic=b"ustar  \0"))
    head[482] = 1
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    found = opened(bytes(head) + bytes(512) + NUMBER + bytes(512 - len(NUMBER)) + tarred(b"b", b"y"))
    assert [m.content for m in found if m.names] == [NUMBER, b"y"]


def test_more_files_than_places_and_more_octets_than_room() -> None:
    content = b"".join(tarred(b"%d" % n, b"x") for n in range(9))
    found = opened(content, OpenLimits(members=5))
    assert len([m for m in found if m.content == b"x"]) == 5
    assert lost(found) == [("", Reason.LIMIT)]
    assert ("2", Reason.LIMIT) in lost(opened(content, OpenLimits(octets=2)))
