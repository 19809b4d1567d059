"""OpenPGP packets: every kind of header and length, what is encrypted, what is not, and damage at every octet."""

import bz2
import zlib

import pytest

from smtp_gate.core.view import Reason
from smtp_gate.reading import openpgp
from smtp_gate.reading.openpgp import is_openpgp, look_into_openpgp
from smtp_gate.reading.sealed import ROOM, Sealed
from tests.reading import sealed_samples as made
from tests.reading.sealed_samples import packet

TEXT = b"hello, this is in clear\n" * 30
MARKER = packet(10, b"PGP")


def look(octets: bytes) -> Sealed:
    assert is_openpgp(octets)
    found = look_into_openpgp(octets, ROOM)
    assert found is not None
    return found


@pytest.mark.parametrize(
    "octets",
    [
        made.pgp(),
        MARKER + made.pgp(),
        made.pgp(None, made.PKESK, made.PKESK, made.SKESK),
        made.PKESK + packet(18, b"\2" + made.cipher(400)),
        made.PKESK + packet(20, b"\1" + made.cipher(400)),
        made.SKESK + made.old_packet(9, made.cipher(400)),
        made.PKESK + packet(18, b"\1" + made.cipher(9000)),
        made.PKESK + made.partial(18, b"\1" + made.cipher(9000)) + packet(21, bytes(30)),
    ],
)
def test_encrypted(octets: bytes) -> None:
    assert look(octets).encrypted


@pytest.mark.parametrize(
    ("octets", "signed"),
    [
        (made.literal(TEXT, "a.txt"), False),
        (made.old_packet(11, b"t\0\0\0\0\0" + TEXT), False),
        (b"\xaf" + b"b\0\0\0\0\0" + TEXT, False),
        (packet(8, b"\0" + made.literal(TEXT)), False),
        (packet(8, b"\2" + zlib.compress(packet(8, b"\3" + bz2.compress(made.literal(TEXT))))), False),
        (packet(8, b"\1" + zlib.compress(made.pgp_signed(TEXT))[2:-4]), True),
        (made.pgp_signed(TEXT), True),
        (made.SIGNATURE + made.literal(TEXT), True),
        (made.partial(11, b"b\0\0\0\0\0" + TEXT), False),
    ],
)
def test_content_in_clear(octets: bytes, *, signed: bool) -> None:
    found = look(octets)
    assert (found.content, found.signed, found.encrypted) == (TEXT, signed, False)


def test_the_name_of_a_literal() -> None:
    assert look(made.literal(TEXT, "a.txt")).name == "a.txt"
    assert not look(made.literal(TEXT, "_CONSOLE")).name


def test_keys_and_signatures_hold_nothing() -> None:
    assert look(made.PUBLIC_KEY).words == ("Lee Park <lee@example.org>",)
    assert look(made.SIGNATURE * 2).signed
    assert look(made.SIGNATURE).content is None


@pytest.mark.parametrize(
    "octets",
    [
        made.pgp(TEXT),
        packet(18, b"\1" + made.cipher(300)),
        made.pgp() + made.literal(TEXT),
        made.PKESK + made.literal(TEXT) + packet(18, b"\1" + made.cipher(300)),
        made.PKESK,
        made.PKESK + packet(8, b"\2" + zlib.compress(TEXT)),
    ],
)
def test_what_only_looks_like_an_encrypted_message(octets: bytes) -> None:
    found = look(octets)
    assert (found.encrypted, found.fake, found.reason) == (False, True, Reason.UNKNOWN)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"plain text",
        b"\x80",
        b"\x89PNG\r\n\x1a\n" + bytes(60),
        b"\xff\xd8\xff\xe0" + bytes(60),
        "äöü, text in UTF-8".encode(),
        "£20 for Übung".encode("latin-1"),
        made.pgp()[:-1],
        made.pgp() + b"x",
        packet(1, b"\x09" + bytes(20)),
        b"\xc0\x01x",
    ],
)
def test_other_octets_are_no_packets(octets: bytes) -> None:
    assert not is_openpgp(octets)


@pytest.mark.parametrize("whole", [made.pgp(), made.pgp_signed(TEXT), made.PUBLIC_KEY, packet(8, b"\2" + zlib.compress(made.literal(TEXT)))])  # fmt: skip
def test_damage_anywhere_is_no_exception(whole: bytes) -> None:
    for at in range(0, len(whole), 3):
        look_into_openpgp(whole[:at], ROOM)
        for octet in (0, 0x80, 0xFF, whole[at] ^ 0x20):
            look_into_openpgp(whole[:at] + bytes((octet,)) + whole[at + 1 :], ROOM)


def test_the_room_and_the_depth_of_unfolding() -> None:
    content = made.literal(bytes(5000))
    assert look_into_openpgp(packet(8, b"\2" + zlib.compress(content)), 4000) == Sealed(
        "pgp-compressed", reason=Reason.LIMIT, cost=4000
    )
    for _ in range(openpgp.DEPTH + 1):
        content = packet(8, b"\0" + content)
    assert look(content).reason is Reason.LIMIT


def test_more_packets_than_anybody_needs_are_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openpgp, "CHUNKS", 5)
    assert look(made.SIGNATURE * 9).reason is Reason.LIMIT
