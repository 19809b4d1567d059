"""What containers hold, and what is refused: bombs, nesting, damage, octets behind the end."""

import bz2
import gzip
import lzma
import time
import zlib
from collections.abc import Callable
from typing import cast

import pytest

from smtp_gate.adapters.extractor_wire import HEAD_ROOM, SIZES, answer, sizes
from smtp_gate.core.view import Part, Reason
from smtp_gate.reading.containers import OPENERS, open_container
from smtp_gate.reading.kinds import OPENABLE
from smtp_gate.reading.openers.base import Opener, OpenLimits
from tests.reading.openers import packed
from tests.reading.openers.packed import File, zipped


def _alone(content: bytes) -> bytes:
    return lzma.compress(content, lzma.FORMAT_ALONE)


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


@pytest.mark.parametrize("flag", [8, 16, 4])
def test_words_of_a_gzip_header_are_read(flag: int) -> None:
    said = (b"\x0f\0" if flag == 4 else b"") + b"SSN 536-90-4399" + (b"" if flag == 4 else b"\0")
    plain = gzip.compress(b"one")
    found = open_container(gz(plain[:3] + bytes([flag]) + plain[4:10] + said + plain[10:]), OpenLimits())
    assert isinstance(found, tuple)
    assert [member.content for member in found] == [b"one", b"SSN 536-90-4399"]
    named = plain[:3] + b"\x08" + plain[4:10] + b"a.csv\0" + plain[10:]
    assert opened(gz(named)).content == b"one"


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
    assert open_container(gz(b"MSCF\0\0\0\0", kind="cab"), OpenLimits()) is Reason.UNKNOWN


@pytest.mark.parametrize(
    ("name", "pack"), [("a.csv.bz2", bz2.compress), ("a.csv.xz", lzma.compress), ("a.csv.lzma", _alone)]
)
def test_every_stream_of_other_compressed_files_is_one_content(name: str, pack: Callable[[bytes], bytes]) -> None:
    found = opened(packed.part(pack(b"one,"), name))
    assert (found.name, found.content) == ("a.csv", b"one,")
    if pack is not _alone:
        padding = b"" if pack is bz2.compress else bytes(8)
        found = opened(packed.part(pack(b"one,") + padding + pack(b"two"), name))
        assert found.content == b"one,two"
    for damaged in (pack(b"one,")[:-3], pack(b"one,") + b"SSN 536-90-4399"):
        assert open_container(packed.part(damaged, name), OpenLimits()) is Reason.UNKNOWN


@pytest.mark.parametrize(
    ("suffix", "pack"),
    [("tgz", gzip.compress), ("tar.gz", gzip.compress), ("tbz2", bz2.compress), ("tar.xz", lzma.compress)],
)
def test_a_compressed_tar_file_is_opened_to_its_files(suffix: str, pack: Callable[[bytes], bytes]) -> None:
    found = opened(packed.part(pack(packed.tarred(b"b.txt", b"text here")), f"a.{suffix}"))
    assert (found.name, found.content) == ("a.tar!b.txt", b"text here")


def test_a_dictionary_beyond_bounds_is_over_the_limit() -> None:
    assert opened(packed.part(packed.wide_xz(64 << 20), "a.xz")).content == b"x" * 1000
    assert open_container(packed.part(packed.wide_xz(1 << 30), "a.xz"), OpenLimits()) is Reason.LIMIT


@pytest.mark.parametrize("make", [packed.zeros_gz, packed.zeros_bz2, packed.zeros_xz])
def test_bombs_of_each_compressor_are_stopped(make: Callable[[int], bytes]) -> None:
    assert open_container(packed.part(make(256 << 20), "a"), OpenLimits()) is Reason.LIMIT


def test_streams_without_end_cost_no_more_than_the_budget() -> None:
    assert open_container(packed.part(gzip.compress(b"") * 10_001, "a"), OpenLimits()) is Reason.LIMIT


def test_what_was_given_up_counts_as_effort() -> None:
    files = [File(b"%d.gz" % n, packed.zeros_gz(16 << 20)) for n in range(64)]
    started = time.process_time()
    found = open_container(packed.part(zipped(files), "a.zip"), OpenLimits(octets=1 << 20))
    assert isinstance(found, tuple)
    assert {member.lost for member in found} == {Reason.LIMIT}
    assert time.process_time() - started < 1.0


@pytest.mark.parametrize("letter", [b"n", b'"', b"\1", "\U0001f600".encode()])
def test_names_have_a_budget_of_their_own(letter: bytes) -> None:
    files = [File(b"%05d" % n + letter * (60_000 // len(letter)), b"x", flags=0x800) for n in range(60)]
    files += [File(b"%d.txt" % n, b"x") for n in range(9_900)]
    found = open_container(packed.part(zipped(files), "a.zip"), OpenLimits())
    assert isinstance(found, tuple)
    assert sum(len(member.name) for member in found) < 1_900_000
    assert found[59].lost is Reason.LIMIT
    head, _ = sizes(next(iter(answer(found)))[: SIZES.size])
    assert head <= HEAD_ROOM


def test_an_opener_that_breaks_is_a_crash_of_its_member_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(outer: Part, limits: OpenLimits) -> tuple[Part, ...] | Reason:
        raise RecursionError(outer.name)

    monkeypatch.setitem(cast("dict[str, Opener]", OPENERS), "tar", broken)
    content = zipped([File(b"a.tar", packed.tarred(b"x", b"y")), File(b"b.txt", b"read")])
    found = open_container(packed.part(content, "a.zip"), OpenLimits())
    assert isinstance(found, tuple)
    assert [(member.name, member.lost) for member in found] == [("a.tar", Reason.CRASH), ("b.txt", None)]


@pytest.mark.parametrize("depth", range(1, 21))
def test_archives_within_archives_are_opened_to_the_depth(depth: int) -> None:
    found = opened(packed.part(packed.nested(depth), "a.zip"))
    assert (found.content, found.lost) == ((b"deep", None) if depth <= 8 else (b"", Reason.LIMIT))


def test_the_judging_rooms_know_what_can_be_opened() -> None:
    assert frozenset(OPENERS) == OPENABLE
