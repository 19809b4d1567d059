"""CMS structures: lengths definite and not, content in chunks, and damage at every octet."""

import pytest

from smtp_gate.core.view import Reason
from smtp_gate.reading import cms
from smtp_gate.reading.cms import is_cms, look_into_cms
from smtp_gate.reading.sealed import ROOM, Sealed
from tests.reading import sealed_samples as made

TEXT = b"Content-Type: text/plain\r\n\r\nhello\r\n" * 9


def look(octets: bytes) -> Sealed:
    found = look_into_cms(octets, ROOM)
    assert found is not None
    return found


@pytest.mark.parametrize("size", [0, 1, 99, 100, 200, 300, 70_000])
def test_content_of_any_length_comes_back(size: int) -> None:
    content = made.cipher(size)
    for octets in (made.signed(content), made.signed(content + b"x" * 30, chunked=True)):
        found = look(octets)
        assert found.content is not None
        assert found.content.startswith(content)
    assert look(made.compressed(content)).content == content


def test_what_a_library_makes_is_read() -> None:
    assert look(made.really_signed(TEXT)).content == TEXT
    assert look(made.really_signed(TEXT, detached=True)).content is None
    assert look(made.really_enveloped(TEXT)).encrypted


def test_an_authenticated_message_is_in_clear() -> None:
    algorithm = made.tlv(0x30, made.oid("1.2.840.113549.2.9"))
    inside = made.tlv(0x30, made.oid(made.DATA), made.tlv(0xA0, made.tlv(4, TEXT)))
    body = made.tlv(0x30, made.tlv(2, b"\0"), made.RECIPIENTS, algorithm, inside, made.tlv(4, bytes(20)))
    assert look(made.cms(made.AUTHENTICATED, body)).content == TEXT


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"0",
        b"0\x80",
        b"0\x84",
        b"0 is a digit",
        made.tlv(0x30, made.oid("1.2.840.113549.1.12.1")),
        b"0\x82\1\0\6\x82",
    ],
)
def test_other_octets_are_no_cms(octets: bytes) -> None:
    assert not is_cms(octets)
    assert look_into_cms(octets, ROOM) is None


@pytest.mark.parametrize(
    "octets",
    [
        made.enveloped(b""),
        made.enveloped(b"x" * 500),
        made.cms(made.ENVELOPED, made.tlv(0x30)),
        made.cms(made.ENVELOPED, made.tlv(2, b"\1")),
        made.enveloped(made.cipher(500))[:-1],
    ],
)
def test_an_envelope_that_is_none_is_a_fake(octets: bytes) -> None:
    found = look(octets)
    assert (found.encrypted, found.fake, found.reason) == (False, True, Reason.UNKNOWN)


@pytest.mark.parametrize("whole", [made.signed(TEXT), made.signed(TEXT, chunked=True), made.enveloped(made.cipher(99)), made.compressed(TEXT)])  # fmt: skip
def test_damage_anywhere_is_no_exception(whole: bytes) -> None:
    for at in range(len(whole)):
        look_into_cms(whole[:at], ROOM)
        for octet in (0, 0x80, 0xFF, whole[at] ^ 0x20):
            look_into_cms(whole[:at] + bytes((octet,)) + whole[at + 1 :], ROOM)


def test_more_elements_than_anybody_needs_are_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cms, "STEPS", 20)
    assert look(made.signed(TEXT, chunked=True)).reason is Reason.LIMIT


def test_compressed_content_keeps_to_its_room() -> None:
    found = look_into_cms(made.compressed(bytes(5000)), 4999)
    assert found is not None
    assert (found.reason, found.content) == (Reason.LIMIT, None)
