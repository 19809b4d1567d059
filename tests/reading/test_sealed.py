"""What a cipher's output looks like, and how far compressed octets unfold."""

import base64
import bz2
import zlib

import pytest

from smtp_gate.core.view import Reason
from smtp_gate.reading.sealed import inflated, looks_random, room_for, unzipped
from tests.reading.sealed_samples import cipher


@pytest.mark.parametrize("size", [*range(1, 200, 7), 1000, 5000, 100_000])
def test_the_output_of_a_cipher_looks_random(size: int) -> None:
    assert all(looks_random(cipher(size, seed)) for seed in range(40))


@pytest.mark.parametrize(
    "octets",
    [
        b"her SSN is 536-90-4399, and so on",
        bytes(99),
        "her SSN is 536-90-4399, and so on and on".encode("utf-16"),
        base64.b64encode(cipher(600)),
        cipher(3000) + b"her SSN is 536-90-4399, that of " + cipher(3000),
        cipher(20_000) + bytes(20_000),
        bytes(range(256)) * 8,
    ],
)
def test_what_is_written_does_not(octets: bytes) -> None:
    assert not looks_random(octets)


def test_compressed_octets_unfold_within_their_room() -> None:
    assert inflated(zlib.compress(b"abc"), 15, 99) == b"abc"
    assert inflated(zlib.compress(bytes(100)), 15, 99) is Reason.LIMIT
    assert inflated(zlib.compress(b"abc")[:-1], 15, 99) is Reason.UNKNOWN
    assert inflated(zlib.compress(b"abc") + b"def", 15, 99) is Reason.UNKNOWN
    assert inflated(b"abc", 15, 99) is Reason.UNKNOWN
    assert unzipped(bz2.compress(b"abc"), 99) == b"abc"
    assert unzipped(bz2.compress(bytes(100)), 99) is Reason.LIMIT
    assert unzipped(bz2.compress(b"abc")[:-1], 99) is Reason.UNKNOWN
    assert unzipped(b"abc", 99) is Reason.UNKNOWN
    assert room_for(1) == 1 << 20
    assert room_for(1, 5) == 5
