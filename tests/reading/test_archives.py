"""Archives and mail by their octets: what is told apart, and what must not be taken for one."""

import pytest

from smtp_gate.reading.archives import is_tar, zip_start
from smtp_gate.reading.kinds import container_of, kind_of
from tests.reading.openers.packed import File, tarred, zipped

BINARY = bytes(range(256)) * 2


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\x1f\x9d\x90", "z"),
        (b"\x60\xea\x2a\0", "arj"),
        (b"!<arch>\n\0\0\0\0", "ar"),
        (b"070707\0\0\0", "cpio"),
        (b"\xc7\x71", "cpio"),
        (b"MSWIM\0\0\0", "wim"),
        (b"\x04\x22\x4d\x18", "lz4"),
        (b"\xed\xab\xee\xdb", "rpm"),
        (b"\0\0-lh5-\0", "lzh"),
        (b"1234567**ACE**", "ace"),
        (bytes(32_769) + b"CD001", "iso"),
        (b"\x28\xb5\x2f\xfd", "zst"),
        (b"MSCF\0\0\0\0", "cab"),
        (b"\x5d\0\0\x80\0" + b"\xff" * 8 + b"\0", "lzma"),
    ],
)
def test_archives_that_are_not_opened_are_told_apart(head: bytes, kind: str) -> None:
    assert kind_of(head + BINARY) == kind
    assert kind_of(head + BINARY, "text/plain") in {"unknown", "zst", "cab"}


@pytest.mark.parametrize("text", [b"070707 is a number", b"xar! said the cat", b"!<arch>\nx", b"`\xc3\xaa quoted"])
def test_text_that_begins_like_an_archive_is_text(text: bytes) -> None:
    assert kind_of(text * 3) == "text"


def test_a_zip_file_is_known_by_its_end_where_something_stands_in_front() -> None:
    archive = zipped([File(b"a", b"x" * 50)])
    assert zip_start(archive) == 0
    for front in (b"text in front\n" * 40, BINARY):
        assert kind_of(front + archive) == "zip"
        assert container_of(front + archive) == "zip"
        assert zip_start(front + archive) == len(front)
        shifted = zipped([File(b"a", b"x" * 50)], before=front)
        assert zip_start(shifted) in {0, len(front)}
    assert zip_start(b"PK\5\6" + bytes(18)) == -1
    assert zip_start(b"text PK\5\6 text") == -1
    assert kind_of(b"a text about PK\5\6 and what follows it in the file") == "text"


def test_a_tar_header_needs_its_checksum_or_its_magic() -> None:
    content = tarred(b"name", b"x" * 300, magic=b"")
    assert kind_of(content) == "tar"
    assert kind_of(content[:100] + b"1" + content[101:]) != "tar"


@pytest.mark.parametrize(
    ("content", "media_type", "name", "kind"),
    [
        (b"hello", "", "a.eml", "mail"),
        (b"hello", "text/plain", "a.EML", "mail"),
        (b"hello", "", "a.mht", "mail"),
        (b"hello", "", "inbox.mbox", "mbox"),
        (b"MIME-Version: 1.0\r\n\r\nx", "application/octet-stream", "", "mail"),
        (b"From: a\nTo: b\n\nx", "", "notes", "mail"),
        (b"From a@b Mon\nFrom: a\nTo: b\n\nx", "", "", "mbox"),
        (b"Received: x\n y\nContent-Type: text/plain\n\nx", "", "", "mail"),
        (b"MIME-Version: 1.0\r\n\r\nx", "text/plain", "", "text"),
        (b"MIME-Version: 1.0\r\n\r\nx", "text/plain", "a.txt", "text"),
        (b"From: Monday we are closed.\n\nx", "", "", "text"),
        (b"key: value\nother: value\n", "", "a.yaml", "text"),
        (b"Dear all,\nMIME-Version: 1.0\n\n", "", "", "text"),
    ],
)
def test_mail_is_known_by_name_or_by_its_fields(content: bytes, media_type: str, name: str, kind: str) -> None:
    assert kind_of(content, media_type, name) == kind


def test_a_text_with_octal_digits_where_tar_has_its_checksum_is_no_tar() -> None:
    assert not is_tar(b"x" * 148 + b"00 4263 " + b"x" * 400)
