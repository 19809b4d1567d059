"""Durable writes: whole or not at all, whatever step fails, and who works on a file shows."""

import asyncio
import multiprocessing
import os
import stat
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.store.files import Claim, Disk, check_ref, claim, is_claimed, make_private, sweep, write_synced
from tests.store.faults import ERRNOS, failing, short_writes

BLOCKS = (b"first\r\n", b"", b"x" * 5000, b"last")


@pytest.fixture
async def disk() -> AsyncIterator[Disk]:
    made = Disk(4)
    yield made
    made.close()


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


async def test_a_written_file_is_whole_private_and_alone(tmp_path: Path, disk: Disk) -> None:
    (await disk.write_new(tmp_path / "ABCDEF1.hold", BLOCKS)).end()
    assert names(tmp_path) == ["ABCDEF1.hold"]
    assert (tmp_path / "ABCDEF1.hold").read_bytes() == b"".join(BLOCKS)
    assert stat.S_IMODE((tmp_path / "ABCDEF1.hold").stat().st_mode) == 0o600


async def test_short_writes_are_completed(tmp_path: Path, disk: Disk) -> None:
    with short_writes(7):
        await disk.write_new(tmp_path / "ABCDEF1", BLOCKS)
    assert (tmp_path / "ABCDEF1").read_bytes() == b"".join(BLOCKS)


@pytest.mark.parametrize("number", ERRNOS)
@pytest.mark.parametrize("call", ["open", "write", "fsync", "close", "rename"])
async def test_every_step_that_fails_leaves_nothing(tmp_path: Path, disk: Disk, call: str, number: int) -> None:
    with failing(call, -1) as counted:
        mine = await disk.write_new(tmp_path / "COUNTED", BLOCKS)
    mine.end()
    (tmp_path / "COUNTED").unlink()
    assert counted.calls
    for nth in range(1, counted.calls + 1):
        with failing(call, nth, number), pytest.raises(OSError) as raised:
            await disk.write_new(tmp_path / "ABCDEF1", BLOCKS)
        assert raised.value.errno == number
        assert names(tmp_path) == [], f"{call} {nth}"


async def test_a_failed_fsync_is_never_tried_again_on_the_same_descriptor(tmp_path: Path, disk: Disk) -> None:
    tried: list[int] = []

    def fsync(descriptor: int) -> None:
        tried.append(os.fstat(descriptor).st_ino)
        raise OSError(5, "EIO")

    with mock.patch.object(os, "fsync", fsync), pytest.raises(OSError, match="EIO"):
        await disk.write_new(tmp_path / "ABCDEF1", BLOCKS)
    assert len(tried) == 1


async def test_the_order_is_file_rename_directory(tmp_path: Path, disk: Disk) -> None:
    order: list[str] = []
    real_fsync, real_rename = os.fsync, Path.rename

    def fsync(descriptor: int) -> None:
        order.append("directory" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        real_fsync(descriptor)

    def rename(self: Path, target: Path) -> Path:
        order.append("rename")
        return real_rename(self, target)

    with mock.patch.object(os, "fsync", fsync), mock.patch.object(Path, "rename", rename):
        await disk.write_new(tmp_path / "ABCDEF1", BLOCKS)
        assert order == ["file", "rename", "directory"]
        (tmp_path / "to").mkdir()
        order.clear()
        await disk.move(tmp_path / "ABCDEF1", tmp_path / "to" / "ABCDEF1")
    assert order == ["rename", "directory", "directory"]


async def test_a_name_is_written_once(tmp_path: Path, disk: Disk) -> None:
    await disk.write_new(tmp_path / "ABCDEF1", [b"one"])
    with pytest.raises(FileExistsError):
        await disk.write_new(tmp_path / "ABCDEF1", [b"two"])
    assert (tmp_path / "ABCDEF1").read_bytes() == b"one"
    results = await asyncio.gather(
        *(disk.write_new(tmp_path / "ABCDEF2", [b"%d" % i]) for i in range(20)), return_exceptions=True
    )
    assert sum(isinstance(r, Claim) for r in results) == 1
    assert sum(isinstance(r, FileExistsError) for r in results) == 19
    assert names(tmp_path) == ["ABCDEF1", "ABCDEF2"]


async def test_a_source_of_blocks_that_breaks_leaves_nothing(tmp_path: Path, disk: Disk) -> None:
    def blocks() -> Iterator[bytes]:
        yield b"one"
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError):
        await disk.write_new(tmp_path / "ABCDEF1", blocks())
    assert names(tmp_path) == []


async def test_a_move_whose_sync_fails_is_taken_back(tmp_path: Path, disk: Disk) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    (tmp_path / "a" / "ABCDEF1").write_bytes(b"x")
    for nth in (1, 2):
        with failing("fsync", nth), pytest.raises(OSError, match="error"):
            await disk.move(tmp_path / "a" / "ABCDEF1", tmp_path / "b" / "ABCDEF1")
        assert (names(tmp_path / "a"), names(tmp_path / "b")) == (["ABCDEF1"], [])


async def test_directory_syncs_are_shared_and_every_waiter_is_served_by_a_later_one(tmp_path: Path, disk: Disk) -> None:
    await asyncio.gather(*(disk.sync_dir(tmp_path) for _ in range(100)))
    assert disk.syncs <= 2
    with failing("fsync", 1):
        results = await asyncio.gather(*(disk.sync_dir(tmp_path) for _ in range(5)), return_exceptions=True)
    assert all(isinstance(r, OSError) for r in results)
    await disk.sync_dir(tmp_path)


async def test_a_sync_begun_before_a_rename_does_not_serve_it(tmp_path: Path, disk: Disk) -> None:
    first = asyncio.ensure_future(disk.sync_dir(tmp_path))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    second = asyncio.ensure_future(disk.sync_dir(tmp_path))
    await asyncio.gather(first, second)
    assert disk.syncs == 2


async def test_nobody_waits_for_ever_on_a_closed_disk(tmp_path: Path) -> None:
    made = Disk(1)
    made.close()
    with pytest.raises(RuntimeError):
        await asyncio.wait_for(made.sync_dir(tmp_path), 2)


def test_folders_are_private_parents_too(tmp_path: Path) -> None:
    make_private(tmp_path / "data" / "quarantine" / "held")
    for folder in ("data", "data/quarantine", "data/quarantine/held"):
        assert stat.S_IMODE((tmp_path / folder).stat().st_mode) == 0o700
    (tmp_path / "lax").mkdir(mode=0o755)
    make_private(tmp_path / "lax")
    assert stat.S_IMODE((tmp_path / "lax").stat().st_mode) == 0o700


@given(st.text(max_size=50))
def test_only_refs_become_names(ref: str) -> None:
    try:
        checked = check_ref(ref)
    except ValueError:
        return
    assert 6 <= len(checked) <= 40
    assert checked.replace("-", "").isalnum() or set(checked) == {"-"}
    assert checked.isascii()
    assert "/" not in checked
    assert "." not in checked


@pytest.mark.parametrize("ref", ["../../x", "ABCDEF\n", "ABCDEF\0", "ABC/DEF", "......", "", "A" * 41, "ＡＢＣＤＥＦ"])
def test_paths_are_no_refs(ref: str) -> None:
    with pytest.raises(ValueError, match="not a ref"):
        check_ref(ref)


def _die_holding(path: Path, ready: "multiprocessing.synchronize.Event") -> None:
    kept = write_synced(path, [b"x"])
    assert kept is not None
    ready.set()
    os.kill(os.getpid(), 9)


async def test_a_claim_lasts_as_long_as_its_process(tmp_path: Path, disk: Disk) -> None:
    mine = await disk.write_new(tmp_path / "ABCDEF1", [b"x"])
    assert is_claimed(tmp_path / "ABCDEF1")
    assert claim(tmp_path / "ABCDEF1") is None
    (tmp_path / "ABCDEF1").rename(tmp_path / "ABCDEF2")
    assert is_claimed(tmp_path / "ABCDEF2"), "a claim is on the file, not on its name"
    mine.end()
    mine.end()
    assert not is_claimed(tmp_path / "ABCDEF2")
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    process = context.Process(target=_die_holding, args=(tmp_path / "ABCDEF3", ready))
    process.start()
    process.join(20)
    assert ready.is_set()
    assert not is_claimed(tmp_path / "ABCDEF3")


def test_leftovers_are_swept_work_under_way_is_not(tmp_path: Path) -> None:
    (tmp_path / ".ABCDEF1.hold.tmp").write_bytes(b"half")
    (tmp_path / ".ABCDEF2.hold.tmp").write_bytes(b"half")
    mine = claim(tmp_path / ".ABCDEF2.hold.tmp")
    assert mine is not None
    assert sweep(tmp_path) == 1
    assert names(tmp_path) == [".ABCDEF2.hold.tmp"]
    mine.end()


def test_a_sweep_beside_writers_takes_nothing_from_them(tmp_path: Path) -> None:
    """A process that starts sweeps leftovers while others are between making a file and claiming it."""
    over = threading.Event()

    def sweeping() -> None:
        while not over.is_set():
            sweep(tmp_path)

    sweepers = [threading.Thread(target=sweeping) for _ in range(2)]
    for sweeper in sweepers:
        sweeper.start()
    try:
        for number in range(300):
            write_synced(tmp_path / f"f{number}", [b"x"]).end()
    finally:
        over.set()
        for sweeper in sweepers:
            sweeper.join()
    assert len(list(tmp_path.iterdir())) == 300
