"""Armor in a text: found, decoded, its sum checked, whatever stands around it."""

import time

import pytest

from smtp_gate.reading.armor import BLOCKS, armors, clear_signed, crc24, is_clear_signed
from tests.reading import sealed_samples as made

OCTETS = made.cipher(300)
BLOCK = made.armor(OCTETS).replace(b"\r", b"")


def test_the_sum_of_known_octets() -> None:
    # The check value that catalogues of checksums give for CRC-24/OPENPGP, and the initial value for nothing at all.
    assert crc24(b"123456789") == 0x21CF02
    assert crc24(b"") == 0xB704CE


@pytest.mark.parametrize(
    "text",
    [
        BLOCK,
        made.armor(OCTETS),
        b"hello\n" + BLOCK + b"more\n",
        made.armor(OCTETS, check=False),
        made.armor(OCTETS, fields="Version: X 1.0\r\nComment: y\r\n"),
        b"".join(b"> " + line + b"\n" for line in BLOCK.splitlines()),
        b"".join(b"  " + line + b"\n" for line in BLOCK.splitlines()),
        BLOCK.replace(b"\n", b" "),
        made.armor(OCTETS, fields="Version: X 1.0\r\n").replace(b"\r\n", b" "),
        b"-----BEGIN PGP MESSAGE----- is how it begins:\n" + BLOCK,
    ],
)
def test_a_block_is_found_and_decoded(text: bytes) -> None:
    (block,) = armors(text)
    assert block.octets == OCTETS
    assert block.plain


@pytest.mark.parametrize(
    "text",
    [
        BLOCK.replace(b"\n=", b"\n=A"),
        BLOCK[:200],
        BLOCK.replace(b"-----END", b"****\n-----END"),
        made.armor(b"").replace(b"\r", b""),
    ],
)
def test_damage_is_no_armor(text: bytes) -> None:
    (block,) = armors(text)
    assert block.octets is None


@pytest.mark.parametrize(
    "fields", ["Note: see below\r\n", "Comment: 536-90-4399\r\n", "Comment: " + "x" * 200 + "\r\n"]
)
def test_fields_that_say_something_of_their_own(fields: str) -> None:
    (block,) = armors(made.armor(OCTETS, fields=fields))
    assert not block.plain


def test_clear_signed_text() -> None:
    text = b"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\na\n- -- \nb\n" + made.armor(
        made.SIGNATURE, "SIGNATURE"
    )
    assert is_clear_signed(text)
    assert b"\n-- \nb" in clear_signed(text)
    assert [block.label for block in armors(text)] == ["SIGNATURE"]
    assert not is_clear_signed(text[:60])
    assert clear_signed(b"a\n- b\n") == b""


def test_more_blocks_than_anybody_needs() -> None:
    found = list(armors(BLOCK * (BLOCKS + 5)))
    assert len(found) == BLOCKS + 1
    assert found[-1].octets is None
    assert found[-1].size


def test_long_armor_costs_little() -> None:
    started = time.process_time()
    (block,) = armors(made.armor(made.cipher(8 << 20)))
    assert block.octets is not None
    assert time.process_time() - started < 2
