"""What containers hold, and what is refused: bombs, nesting, damage, octets behind the end."""

import gzip
import zlib
from typing import cast

import pytest

from smtp_gate.core.view import Part, Reason
from smtp_gate.reading.containers import OPENERS, open_container
from smtp_gate.reading.kinds import OPENABLE
from smtp_gate.reading.openers.base import OpenLimits


def opened(part: Part, limits: OpenLimits | None = None) -> Part:
    """The one member of a container that can be opened."""
    found = open_container(part, limits or OpenLimits())
    assert isinstance(found, tuple), found
    (member,) = found
    return member


def gz(content: bytes, name: str = "a.csv.gz", kind: str = "gz") -> Part:
    return Part("2", 1, "application/gzip", (), 0, len(content), names=(name,), kind=kind, content=content)


def test_every_member_of_a_gzip_file_is_one_content() -> None:
    found = opened(gz(gzip.compress(b"one,") + gzip.compress(b"two") + b"\0" * 9))
    assert (found.part, found.depth, found.name, found.kind) == ("2!1", 2, "a.csv", "text")
    assert found.content == b"one,two"


@pytest.mark.parametrize(
    ("name", "inner"), [("x.tgz", "x.tar"), ("x.GZ", "x"), ("", "content.opened"), ("x", "x.opened")]
)
def test_the_content_is_named_as_decompressors_name_it(name: str, inner: str) -> None:
    assert opened(gz(gzip.compress(b"x"), name)).name == inner


def test_gzip_within_gzip_is_opened_to_its_depth_and_no_further() -> None:
    def nested(depth: int) -> Part:
        content = b"deep"
        for _ in range(depth):
            content = gzip.compress(content)
        return gz(content)

    limits = OpenLimits(depth=4)
    found = opened(nested(4), limits)
    assert (found.content, found.part) == (b"deep", "2!1!1!1!1")
    (deepest,) = cast("tuple[Part, ...]", open_container(nested(5), limits))
    assert (deepest.lost, deepest.kind, deepest.content) == (Reason.LIMIT, "gz", b"")


def test_a_bomb_is_stopped_at_the_limit_and_in_little_memory() -> None:
    bomb = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    octets = b"".join(bomb.compress(bytes(1 << 20)) for _ in range(64)) + bomb.flush()
    assert len(octets) < 100_000
    assert open_container(gz(octets), OpenLimits()) is Reason.LIMIT
    assert open_container(gz(gzip.compress(bytes(5000))), OpenLimits(octets=4999)) is Reason.LIMIT


@pytest.mark.parametrize(
    "content",
    [
        b"\x1f\x8b",
        gzip.compress(b"cut short")[:-9],
        gzip.compress(b"x") + b"SSN 536-90-4399",
        gzip.compress(b"x")[:-4] + b"\1\1\1\1",
    ],
)
def test_what_cannot_be_read_whole_is_unscannable(content: bytes) -> None:
    assert open_container(gz(content), OpenLimits()) is Reason.UNKNOWN


def test_what_nobody_can_open_is_unknown() -> None:
    assert open_container(gz(b"PK\3\4", kind="zip"), OpenLimits()) is Reason.UNKNOWN


def test_the_judging_rooms_know_what_can_be_opened() -> None:
    assert frozenset(OPENERS) == OPENABLE
