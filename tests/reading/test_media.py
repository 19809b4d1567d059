"""Media are proven by structure: true files of each kind pass, text that begins like one does not."""

import base64
import struct
import zlib

import pytest

from smtp_gate.reading.kinds import archive_behind, kind_of
from smtp_gate.reading.media import media_of, tail_of
from tests.reading.reading_help import read_octets


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def box(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", 8 + len(data)) + name + data


NOISE = bytes(range(128, 256)) * 2
PNG = (
    b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")
)  # fmt: skip
GIF = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\0\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;"
JPEG = (
    b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff\xda\0\x08\1\1\0\0\x3f\0" + b"\xab\xff\0\xcd" * 9 + b"\xff\xd9"
)
BMP = b"BM" + struct.pack("<IIIIiiHHIIiiII", 58, 0, 54, 40, 1, 1, 1, 24, 0, 4, 0, 0, 0, 0) + b"\xff\xff\xff\0"
TIFF = b"II*\0" + struct.pack("<IH", 8, 1) + bytes(12) + NOISE
ICON = b"\0\0\1\0\1\0" + b"\1\1\0\0\1\0\x18\0" + struct.pack("<II", 8, 22) + NOISE[:8]
WAVE = b"RIFF" + struct.pack("<I", 4 + 8 + 256) + b"WAVEfmt " + struct.pack("<I", 256) + NOISE
MP4 = box(b"ftyp", b"isom\0\0\2\0isomiso2") + box(b"mdat", NOISE)
HEIC = box(b"ftyp", b"heic\0\0\0\0mif1heic") + box(b"meta", NOISE)
FRAME = b"\xff\xfb\x90\0" + bytes(413)
MP3 = FRAME * 2
TAGGED = b"ID3\3\0\0\0\0\0\x0a" + bytes(10) + MP3
OGG = b"OggS\0\2" + bytes(20) + NOISE
FONT = b"\0\1\0\0\0\1" + bytes(6) + b"cmap" + struct.pack(">III", 0, 28, 8) + NOISE


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PNG, "image"), (GIF, "image"), (JPEG, "image"), (BMP, "image"), (TIFF, "image"), (ICON, "image"), (HEIC, "image"),
        (WAVE, "audio"), (MP3, "audio"), (TAGGED, "audio"), (OGG, "audio"), (MP4, "video"), (FONT, "font"),
    ],
)  # fmt: skip
def test_true_media_are_known(content: bytes, kind: str) -> None:
    assert media_of(content) == kind
    assert kind_of(content + bytes(400)) == kind


MAGIC = [
    b"BM", b"ID3", b"ID3\3\0\0", b"GIF87a", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"\0\0\1\0", b"8BPS",
    b"OggS", b"fLaC", b"MThd", b"#!AMR", b"\x1aE\xdf\xa3", b"FLV\x01", b"\0\0\1\xba", b"\0\0\1\xb3", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",
    b"\0\1\0\0\0", b"OTTO\0", b"wOFF", b"wOF2", b"RIFFxxxxWAVE", b"RIFFxxxxWEBP", b"Dearftyp", b"\xff\xfb",
]  # fmt: skip


@pytest.mark.parametrize("magic", MAGIC, ids=repr)
@pytest.mark.parametrize("between", [b"", b"\x01\x01\x01\x01\x01\x01", bytes(12)], ids=["bare", "controls", "nul"])
def test_a_magic_number_proves_nothing(magic: bytes, between: bytes) -> None:
    assert media_of(magic + between + b" Her SSN is 536-90-4399, and so on." * 9) == ""


@pytest.mark.parametrize("picture", [PNG, GIF, JPEG, BMP], ids=["png", "gif", "jpeg", "bmp"])
def test_the_first_valid_end_counts_and_not_one_faked_behind_it(picture: bytes) -> None:
    assert tail_of(picture) == b""
    for fake in (b"IEND\xaeB`\x82", b"\xff\xd9", b";"):
        assert tail_of(picture + b"her number " + fake) == b"her number " + fake


@pytest.mark.parametrize("picture", [PNG, GIF, JPEG, BMP, MP3, WAVE], ids=["png", "gif", "jpeg", "bmp", "mp3", "wave"])
def test_an_archive_behind_media_is_told(picture: bytes) -> None:
    archive = b"PK\3\4\x14\0\0\0\x08\0" + bytes(40) + b"PK\5\6" + bytes(18)
    assert archive_behind(picture) == ""
    assert archive_behind(picture + archive) == "zip"
    assert archive_behind(picture + b"padding" + archive) == "zip"


@pytest.mark.parametrize("content", [PNG, GIF, JPEG, BMP, TIFF, ICON, WAVE, MP4, MP3, TAGGED, OGG, FONT])
def test_any_piece_of_a_file_is_looked_at_without_an_exception(content: bytes) -> None:
    for size in range(len(content)):
        media_of(content[:size])
        assert content.endswith(tail_of(content[:size] + content[size:]))
        tail_of(content[:size])


def test_text_of_two_octets_a_character_in_a_picture_is_read() -> None:
    noted = chunk(b"prVt", "SSN 536-90-4399".encode("utf-16-le"))
    body = base64.encodebytes(PNG[:33] + noted + PNG[33:])
    view = read_octets(b"Content-Type: image/png; name=a.png\r\nContent-Transfer-Encoding: base64\r\n\r\n" + body)
    assert any("SSN 536-90-4399" in text.text for text in view.texts)
