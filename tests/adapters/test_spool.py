"""Large messages on disk: the same octets as without it at every border, errors of the disk, nothing left behind."""

import asyncio
import errno
import os
import tempfile
import threading
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtp_gate.adapters.door_inlet import END, ROOF, Inlet, Short, read_data
from smtp_gate.adapters.spool import Spool, Tray

SMUGGLED = (b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r\n.\r", b"\r.\r\n", b"\r\n..\r\n", b"\r\n.\0\r\n", b"\r\n. \r\n")
"""Ends that some servers take for the end of DATA, and that are data."""


@pytest.fixture
async def spool(tmp_path: Path) -> AsyncIterator[Spool]:
    made = Spool(tmp_path / "data" / "spool", 16)
    yield made
    made.close()


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def received(spool: Spool, pieces: list[bytes], room: int = 1 << 20) -> tuple[bytes | Short, bytes, Tray]:
    """What `read_data` makes of DATA that comes in these pieces, and what stays unread behind its end."""
    inlet, left, tray = Inlet(asyncio.get_running_loop()), list(pieces), spool.tray()

    async def more(_count: int) -> bool:
        await asyncio.sleep(0)
        if left:
            inlet.feed(left.pop(0))
            return True
        return False

    try:
        got = await read_data(inlet, room, more, tray)
        octets = await got.read(bytes) if isinstance(got, Tray) else got
        if isinstance(got, Tray):
            assert isinstance(octets, bytes)
            assert got.size == len(octets)
    finally:
        tray.close()
    return octets, bytes(inlet.octets) + b"".join(left), tray


def told_apart(octets: bytes) -> tuple[bytes, bytes]:
    """The oracle: what stands before the first CRLF dot CRLF, and what behind it."""
    content, end, rest = (b"\r\n" + octets).partition(END)
    assert end
    return content[2:] + b"\r\n" if content else b"", rest


def cut(octets: bytes, places: list[int]) -> list[bytes]:
    borders = sorted({0, len(octets), *(p % (len(octets) + 1) for p in places)})
    return [octets[a:b] for a, b in pairwise(borders)]


PIECE = st.one_of(
    st.sampled_from([*SMUGGLED, b"\r\n", b".", b"\r", b"\n", b"..", b"x" * 15, b"y" * 40]), st.binary(max_size=20)
)


@settings(max_examples=300, deadline=None)
@given(
    pieces=st.lists(PIECE, max_size=30),
    behind=st.binary(max_size=12),
    places=st.lists(st.integers(0, 2000), max_size=60),
    above=st.integers(1, 40),
)
def test_spooled_and_not_it_is_the_same_message(
    pieces: list[bytes], behind: bytes, places: list[int], above: int
) -> None:
    octets = b"".join(pieces) + END + behind

    async def both() -> None:
        disk, memory = Spool(None, above), Spool(None, 1 << 20)
        try:
            spooled = await received(disk, cut(octets, places))
            plain = await received(memory, cut(octets, places))
        finally:
            disk.close()
            memory.close()
        assert spooled[:2] == plain[:2] == told_apart(octets)
        assert plain[2].size == 0

    asyncio.run(both())


@pytest.mark.parametrize("at", range(12))
@pytest.mark.parametrize("filled", [15, 16, 17, 19, 20, 21, 40])
async def test_the_end_is_found_wherever_it_is_cut(spool: Spool, at: int, filled: int) -> None:
    octets = b"x" * filled + END + b"RSET\r\n"
    place = filled - 3 + at
    got, behind, _ = await received(spool, [octets[:place], octets[place:]])
    assert (got, behind) == (b"x" * filled + b"\r\n", b"RSET\r\n")
    got, behind, _ = await received(spool, [octets[n : n + 1] for n in range(len(octets))])
    assert (got, behind) == (b"x" * filled + b"\r\n", b"RSET\r\n")


@pytest.mark.parametrize("ending", SMUGGLED)
@pytest.mark.parametrize("filled", range(10, 24))
async def test_endings_that_smuggle_are_data_across_borders_too(spool: Spool, ending: bytes, filled: int) -> None:
    octets = b"x" * filled + ending + b"MAIL FROM:<x>\r\n" + b"z" * 20 + END
    for place in range(filled, filled + len(ending) + 1):
        got, behind, tray = await received(spool, [octets[:place], octets[place:-10], octets[-10:]])
        assert (got, behind) == (octets[:-3], b"")
        assert tray.size == len(octets) - 3


async def test_a_dot_alone_ends_only_at_the_very_start(spool: Spool) -> None:
    assert (await received(spool, [b".", b"\r", b"\nNOOP\r\n"]))[:2] == (b"", b"NOOP\r\n")
    # After 16 octets went to disk the rest begins with a dot, which is no start of a line.
    octets = b"x" * 16 + b".\r\n" + b"y" * 10 + END
    for place in range(len(octets)):
        assert (await received(spool, [octets[:place], octets[place:]]))[0] == octets[:-3]


async def test_too_much_is_read_to_its_end_and_given_back(spool: Spool) -> None:
    before = descriptors()
    octets = b"x" * 100 + END + b"NOOP\r\n"
    got, behind, tray = await received(spool, [octets[n : n + 7] for n in range(0, len(octets), 7)], room=60)
    assert (got, behind) == (Short.TOO_BIG, b"NOOP\r\n")
    assert tray.size < 60
    assert (await received(spool, [b"x" * 10] * 100, room=60))[0] is Short.FLOOD
    assert (await received(spool, [b"x" * 10] * 4, room=60))[0] is Short.GONE
    spool.close()
    assert descriptors() == before


async def test_a_file_has_no_name_and_is_gone_with_its_tray(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    for way in (True, False):
        # Where the file system has no O_TMPFILE the library makes a file and removes its name.
        monkeypatch.setattr(tempfile, "_O_TMPFILE_WORKS", way)
        tray = spool.tray()
        await tray.put(b"a" * 10)
        await tray.put(b"b" * 10)
        assert spool.folder is not None
        assert list(spool.folder.iterdir()) == []
        assert spool.folder.stat().st_mode & 0o777 == 0o700
        assert await tray.read(bytes) == b"a" * 10 + b"b" * 10
        tray.close()
        tray.close()


async def test_closing_during_a_write_waits_for_it_and_not_the_other_way_round(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, go, real = descriptors(), threading.Event(), os.write

    def slow(descriptor: int, octets: Any) -> int:
        go.wait(10)
        return real(descriptor, octets)

    monkeypatch.setattr(os, "write", slow)
    tray = spool.tray()
    task = asyncio.get_running_loop().create_task(tray.put(b"x" * 100))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    tray.close()
    assert tray._file is not None
    go.set()
    spool.close()
    assert descriptors() == before


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("at", [0, 40])
async def test_a_disk_that_takes_no_more_is_told_at_the_end(
    spool: Spool, monkeypatch: pytest.MonkeyPatch, number: int, at: int
) -> None:
    real, written = os.write, 0

    def failing(descriptor: int, octets: Any) -> int:
        nonlocal written
        if written >= at:
            raise OSError(number, os.strerror(number))
        written += len(octets)
        return real(descriptor, octets)

    monkeypatch.setattr(os, "write", failing)
    inlet, tray = Inlet(asyncio.get_running_loop()), spool.tray()
    octets = b"x" * 200 + END + b"NOOP\r\n"
    pieces = [octets[n : n + 9] for n in range(0, len(octets), 9)]

    async def more(_count: int) -> bool:
        inlet.feed(pieces.pop(0))
        return True

    assert await read_data(inlet, 1000, more, tray) is tray
    assert tray.error is not None
    assert (tray.error.errno, tray.size, bytes(inlet.octets) + b"".join(pieces)) == (number, 202, b"NOOP\r\n")


async def test_short_writes_are_finished_and_a_short_file_is_an_error(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, octets: real(descriptor, octets[:3]))
    tray = spool.tray()
    await tray.put(b"0123456789")
    assert await tray.read(bytes) == b"0123456789"
    assert tray._file is not None
    os.ftruncate(tray._file.fileno(), 4)
    with pytest.raises(OSError, match="short"):
        await tray.read(bytes)
    tray.close()


async def test_the_client_waits_while_a_block_is_written() -> None:
    class Transport:
        paused = 0

        def pause_reading(self) -> None:
            self.paused += 1

        def resume_reading(self) -> None:
            self.paused -= 1

    spool, transport = Spool(None, 2 * ROOF), Transport()
    inlet, tray = Inlet(asyncio.get_running_loop()), spool.tray()
    inlet.attach(cast("asyncio.ReadTransport", transport))
    pieces, paused = [b"x" * (3 * ROOF), b"y" * 10 + END], []
    real = tray.put

    async def put(block: bytes) -> None:
        inlet.feed(b"z")
        paused.append(transport.paused)
        await real(block)

    async def more(_count: int) -> bool:
        task = asyncio.get_running_loop().create_task(inlet.more())
        await asyncio.sleep(0)
        assert transport.paused == 0
        inlet.feed(pieces.pop(0))
        return await task

    class Told(Tray):
        __slots__ = ()

        async def put(self, block: bytes) -> None:
            await put(block)

    tray.__class__ = Told
    assert await read_data(inlet, 1 << 20, more, tray) is tray
    assert paused[0] == 1
    assert tray.size == 3 * ROOF + 13
    tray.close()
    spool.close()


async def test_who_was_made_to_wait_is_read_from_again_once_the_end_has_come() -> None:
    paused: list[bool] = []

    class Transport:
        def pause_reading(self) -> None:
            paused.append(True)

        def resume_reading(self) -> None:
            paused.append(False)

    spool = Spool(None, 16)
    inlet, tray = Inlet(asyncio.get_running_loop()), spool.tray()
    inlet.attach(cast("asyncio.ReadTransport", Transport()))

    async def more(_count: int) -> bool:
        # Nobody waits at this moment, so a piece above the roof pauses its connection.
        inlet.feed(b"x" * (2 * ROOF) + END)
        return True

    assert await read_data(inlet, 1 << 20, more, tray) == b"x" * (2 * ROOF) + b"\r\n"
    assert paused == [True, False]
    spool.close()


async def test_a_message_that_grew_too_big_gives_its_disk_back_before_it_ends(spool: Spool) -> None:
    inlet, tray, before = Inlet(asyncio.get_running_loop()), spool.tray(), descriptors()
    count, opened, closed = 0, 0, 0

    async def more(_count: int) -> bool:
        nonlocal count, opened, closed
        count += 1
        await asyncio.sleep(0.01)
        opened += tray.size > 0 and descriptors() > before
        closed += count > 12 and tray._file is None
        inlet.feed(b"x" * 10 if count < 15 else END)
        return True

    assert await read_data(inlet, 100, more, tray) is Short.TOO_BIG
    assert opened
    assert closed
    tray.close()
