"""Zip files: what one reader shows and another does not, what is encrypted, what nobody can unpack."""

import struct
import zlib

import pytest

from smtp_gate.core.view import Part, Reason
from smtp_gate.reading.containers import open_container
from smtp_gate.reading.openers.base import OpenLimits
from tests.reading.openers import packed, samples
from tests.reading.openers.packed import File, deflated, part, zipped

NUMBER = b"SSN 536-90-4399"


def opened(content: bytes, limits: OpenLimits | None = None, name: str = "a.zip") -> tuple[Part, ...]:
    found = open_container(part(content, name, "zip"), limits or OpenLimits())
    assert isinstance(found, tuple), found
    assert len({member.part for member in found}) == len(found)
    return found


def seen(found: tuple[Part, ...], said: bytes = NUMBER) -> bool:
    """Whether some member that is text says it."""
    return any(said in member.content for member in found if member.kind in {"text", "html", "xml"})


def lost(found: tuple[Part, ...]) -> list[tuple[str, Reason | None]]:
    return [(member.name, member.lost) for member in found if member.lost is not None]


def names(found: tuple[Part, ...]) -> list[str]:
    return [member.name for member in found if member.names]


@pytest.mark.parametrize("method", [0, 8, 12, 14])
def test_files_of_each_method_are_read(method: int) -> None:
    found = opened(zipped([File(b"a.txt", NUMBER * 9, method=method), File(b"b/c.txt", b"two", method=method)]))
    assert [(m.name, m.content, m.lost) for m in found] == [("a.txt", NUMBER * 9, None), ("b/c.txt", b"two", None)]


@pytest.mark.parametrize("method", [1, 6, 9, 93, 95, 98])
def test_files_of_other_methods_are_lost_by_name(method: int) -> None:
    found = opened(zipped([File(b"a.txt", b"xxxxxxxx", method=method), File(b"b.txt", NUMBER)]))
    assert lost(found) == [("a.txt", Reason.UNKNOWN)]
    assert seen(found)


@pytest.mark.parametrize(
    "told",
    [
        {"flags": 1},
        {"flags": 0x41},
        {"flags": 1, "method": 99, "extra": b"\x01\x99\x07\0\x02\0AE\x03\x08\0"},
        {"flags": 0x2001},
        {"method": 99},
    ],
)
def test_an_encrypted_file_is_told_from_a_plain_one(told: dict[str, int]) -> None:
    found = opened(zipped([File(b"secret.txt", packed=bytes(range(40)), **told), File(b"b.txt", NUMBER)]))  # type: ignore[arg-type]  # numbers and octets, each where its field takes it
    assert lost(found) == [("secret.txt", Reason.ENCRYPTED)]
    assert seen(found)
    whole = opened(zipped([File(b"%d" % n, packed=bytes(40), **told) for n in range(3)]))  # type: ignore[arg-type]  # as above
    assert lost(whole) == [(str(n), Reason.ENCRYPTED) for n in range(3)]


def test_where_the_headers_disagree_on_encryption_both_are_believed() -> None:
    for file in (File(b"a", NUMBER, flags=1, local_flags=0), File(b"a", NUMBER, local_flags=1)):
        found = opened(zipped([file]))
        assert lost(found)[0] == ("a", Reason.ENCRYPTED)
        assert seen(found)


def test_a_file_the_directory_does_not_name_is_read() -> None:
    content = zipped([File(b"seen.txt", b"harmless"), File(b"hidden.txt", NUMBER, listed=False)])
    assert seen(opened(content))
    assert names(opened(content)) == ["seen.txt", "hidden.txt"]


def test_without_a_directory_files_are_found_by_their_own_headers() -> None:
    content = zipped([File(b"a.txt", b"one"), File(b"b.txt", NUMBER)], end=False)
    assert names(opened(content)) == ["a.txt", "b.txt"]
    cut = opened(content[:-1])
    assert seen(cut)
    assert lost(cut) == [("b.txt", Reason.UNKNOWN)]


def test_a_damaged_directory_hides_nothing() -> None:
    content = bytearray(zipped([File(b"a.txt", b"one"), File(b"b.txt", NUMBER)]))
    content[content.index(b"PK\1\2")] = 0
    found = opened(bytes(content))
    assert names(found) == ["a.txt", "b.txt"]
    assert seen(found)


def test_names_of_both_headers_are_names() -> None:
    (found,) = opened(zipped([File(b"shown.txt", NUMBER, local_name=b"other.exe")]))
    assert found.names == ("shown.txt", "other.exe")


def test_the_same_name_twice_is_two_files() -> None:
    found = opened(zipped([File(b"a.txt", b"harmless"), File(b"a.txt", NUMBER)]))
    assert [m.content for m in found] == [b"harmless", NUMBER]


def test_two_headers_that_lead_to_one_place_are_one_file_of_both_names() -> None:
    first = File(b"a.txt", NUMBER)
    content = zipped([first, File(b"b.txt", NUMBER, at=0)])
    found = opened(content)
    assert [m.content for m in found] == [NUMBER, b"b.txt\na.txt"]


@pytest.mark.parametrize("place", ["before", "behind", "comment"])
def test_text_outside_of_files_is_read(place: str) -> None:
    found = opened(zipped([File(b"a.txt", b"one")], **{place: NUMBER}))  # type: ignore[arg-type]  # each takes octets
    assert seen(found)
    assert not lost(found)


@pytest.mark.parametrize(
    "extra", [b"\x99\x77\x0f\0" + NUMBER, b"\x75\x70\x14\0\x01\0\0\0\0" + NUMBER, NUMBER[:3] + b"\xff\xff" + NUMBER]
)
def test_text_in_comments_and_extra_fields_is_read(extra: bytes) -> None:
    assert seen(opened(zipped([File(b"a", b"x", comment=NUMBER)])))
    found = opened(zipped([File(b"a", b"x", extra=extra)]))
    assert seen(found) or any(NUMBER.decode() in name for m in found for name in m.names)


def test_a_long_extra_field_that_is_no_text_is_lost() -> None:
    octets = deflated(bytes(range(256)) * 2 + NUMBER)
    found = opened(zipped([File(b"a", b"x", extra=struct.pack("<HH", 0x7799, len(octets)) + octets)]))
    assert ("", Reason.UNKNOWN) in lost(found)


def test_offsets_that_count_what_stands_in_front_and_those_that_do_not() -> None:
    before = b"#!/bin/sh\nexit 0\n"
    for shift in (0, len(before)):
        found = opened(zipped([File(b"a.txt", NUMBER)], before=before, shift=shift))
        assert seen(found)
        assert seen(found, b"exit 0")
        assert not lost(found)


def test_a_second_archive_in_the_comment_of_the_first_is_read_like_the_first() -> None:
    inner = zipped([File(b"b.txt", NUMBER)])
    outer = zipped([File(b"a.txt", b"one")], comment=inner)
    assert seen(opened(outer))
    assert seen(opened(outer), b"one")


def test_an_archive_in_front_of_another_is_read_as_well() -> None:
    found = opened(zipped([File(b"a.txt", NUMBER)]) + zipped([File(b"b.txt", b"two")]))
    assert seen(found)
    assert seen(found, b"two")


@pytest.mark.parametrize("width", ["<I", "<Q"])
@pytest.mark.parametrize("signature", [b"PK\7\x08", b""])
@pytest.mark.parametrize("content", [NUMBER, b""])
def test_sizes_behind_a_file_are_no_text_of_their_own(width: str, signature: bytes, content: bytes) -> None:
    octets = deflated(content)
    sizes = struct.pack(width, len(octets)) + struct.pack(width, len(content))
    descriptor = signature + struct.pack("<I", zlib.crc32(content)) + sizes
    files = [File(b"a.txt", content, descriptor=descriptor), File(b"b.txt", b"two", descriptor=b"")]
    for end in (True, False):
        found = opened(zipped(files, end=end))
        assert [(m.name, m.content, m.lost) for m in found] == [("a.txt", content, None), ("b.txt", b"two", None)]
        files = [File(b"a.txt", content, descriptor=descriptor), File(b"b.txt", b"two")]


def test_a_stored_file_whose_size_stands_behind_it_is_read_without_a_directory() -> None:
    told = b"PK\7\x08" + struct.pack("<III", zlib.crc32(NUMBER), len(NUMBER), len(NUMBER))
    found = opened(zipped([File(b"a.txt", NUMBER, method=0, descriptor=told), File(b"b", b"two")], end=False))
    assert [(m.name, m.content) for m in found] == [("a.txt", NUMBER), ("b", b"two")]


def test_sizes_of_zip64_are_understood() -> None:
    content = bytearray(zipped([File(b"a.txt", NUMBER, method=0, extra=b"\1\0\x10\0" + struct.pack("<QQ", 15, 15))]))
    central = content.index(b"PK\1\2")
    for at in (18, 22, central + 20, central + 24):
        content[at : at + 4] = b"\xff" * 4
    (found,) = opened(bytes(content))
    assert found.content == NUMBER


def test_a_directory_of_zip64_is_understood() -> None:
    plain = zipped([File(b"a.txt", NUMBER)])
    end = plain.index(b"PK\5\6")
    size, offset = struct.unpack_from("<II", plain, end + 12)
    wide = b"PK\6\6" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 1, 1, size, offset)
    wide += b"PK\6\7" + struct.pack("<IQI", 0, end, 1)
    tail = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    (found,) = opened(plain[:end] + wide + tail)
    assert (found.name, found.content, found.lost) == ("a.txt", NUMBER, None)


@pytest.mark.parametrize(
    "told",
    [
        {"size": 3},
        {"size": 0, "crc": 0},
        {"length": 5},
        {"local_length": 3},
        {"crc": 1},
        {"local_method": 0},
        {"method": 0, "local_method": 8, "packed": deflated(NUMBER)},
    ],
)
def test_headers_that_lie_hide_nothing(told: dict[str, int]) -> None:
    found = opened(zipped([File(b"a.txt", NUMBER, **told), File(b"b.txt", b"two")]))  # type: ignore[arg-type]  # each where its field takes it
    assert seen(found)
    assert seen(found, b"two")


def test_octets_behind_the_end_of_a_stream_are_read() -> None:
    found = opened(zipped([File(b"a.txt", b"one", packed=deflated(b"one") + NUMBER)]))
    assert seen(found)


def test_names_with_a_nul_and_names_in_several_charsets_are_read_each_way() -> None:
    (found,) = opened(zipped([File(b"a.txt\0.exe", b"x")]))
    assert found.names == ("a.txt", "a.txt.exe")
    (found,) = opened(zipped([File("f\u00fcr.txt".encode(), b"x")]))
    assert found.names == ("f\u00fcr.txt", "f\u251c\u255dr.txt")
    (found,) = opened(zipped([File(b"f\x81r.txt", b"x")]))
    assert found.names == ("f\u00fcr.txt",)


def test_a_volume_of_several_is_lost_in_part() -> None:
    assert lost(opened(zipped([File(b"a.txt", NUMBER)], disk=1)))[0] == ("", Reason.UNKNOWN)


def test_a_directory_entry_that_leads_nowhere_is_lost_by_name() -> None:
    assert ("b.txt", Reason.UNKNOWN) in lost(opened(zipped([File(b"a.txt", b"x"), File(b"b.txt", b"y", at=5)])))


def test_folders_are_names_only() -> None:
    found = opened(zipped([File(b"536-90-4399/", method=0), File(b"a.txt", b"x")]))
    assert [m.name for m in found if m.kind != "text" or m.names] == ["a.txt"]
    assert seen(found, b"536-90-4399")


def test_remains_of_a_zip_file_are_no_zip_file_of_their_own() -> None:
    (found,) = opened(b"PK\3\4" + bytes(range(20)))
    assert (found.kind, found.lost) == ("unknown", None)


def test_bombs_end_at_the_budget_and_leave_the_others_readable() -> None:
    bomb = File(b"bomb", packed=packed.zeros_deflated(64 << 20), size=64 << 20, crc=0)
    found = opened(zipped([bomb, File(b"b.txt", NUMBER)]))
    assert lost(found) == [("bomb", Reason.LIMIT)]
    assert seen(found)
    bomb.size, bomb.at = 5, -1
    found = opened(zipped([File(b"a.txt", NUMBER), bomb, File(b"b.txt", b"two")]))
    assert lost(found) == [("bomb", Reason.LIMIT), ("b.txt", Reason.LIMIT)]
    assert seen(found)


def test_overlapping_files_are_no_more_work_than_the_budget() -> None:
    found = opened(packed.overlapping(300, 1 << 20))
    assert sum(len(member.content) for member in found) < 12 << 20
    assert ("0010", Reason.LIMIT) in lost(found) or ("0100", Reason.LIMIT) in lost(found)


def test_octets_are_not_unpacked_again_for_each_of_many_headers() -> None:
    found = opened(packed.overlapping(200, 0, kernel=b"\0\0\0\xff\xff" * 20_000))
    assert len([reason for _, reason in lost(found) if reason is Reason.LIMIT]) > 150


def test_more_files_than_the_budget_has_places_for() -> None:
    content = zipped([File(b"%d.txt" % n, b"%d" % n) for n in range(20)])
    found = opened(content, OpenLimits(members=20))
    assert (len(found), lost(found)) == (20, [])
    found = opened(content, OpenLimits(members=19))
    assert [m.content for m in found][:19] == [b"%d" % n for n in range(19)]
    assert lost(found)[0] == ("", Reason.LIMIT)


def test_an_office_package_is_read_as_one_and_its_oddities_as_well() -> None:
    members = samples.docx_members(["The number is 536-90-4399."])
    listed = [File(name.encode(), body if isinstance(body, bytes) else body.encode()) for name, body in members.items()]
    plain = opened(zipped(listed), name="a.docx")
    assert seen(plain, b"The number is 536-90-4399.")
    for file in listed:
        file.at = -1
    odd = opened(zipped([*listed, File(b"hidden.txt", b"four words stand here", listed=False)], comment=b"and here"))
    assert seen(odd, b"The number is 536-90-4399.")
    assert seen(odd, b"four words stand here")
    assert seen(odd, b"and here")
    assert len(odd) == len(plain) + 2


def test_a_zip_file_behind_text_or_a_document_is_opened() -> None:
    archive = zipped([File(b"a.txt", NUMBER)])
    for front in (b"Dear all,\nplease find the list behind this.\n" * 30, samples.pdf(["hello"])):
        content = front + archive
        outer = part(content, "a", media_type="application/octet-stream")
        assert outer.kind in {"zip", "pdf"}
        found = open_container(outer, OpenLimits())
        assert isinstance(found, tuple)
        assert seen(found)
