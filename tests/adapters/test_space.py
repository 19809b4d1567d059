"""Room on disk: asked once a second, off the loop, and missing where nobody can say."""

import asyncio
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

from smtp_gate.adapters import space as module
from smtp_gate.adapters.space import Space

FOLDER = Path("data")


@dataclass
class Disk:
    """A disk of blocks of 512 octets, and a clock."""

    f_bavail: int = 100
    f_frsize: int = 512
    f_files: int = 10
    f_favail: int = 5
    now: float = 50.0
    asked: int = 0
    error: OSError | None = None
    silent: threading.Event | None = None

    def ask(self, folder: Path) -> "Disk":
        assert folder == FOLDER
        assert threading.current_thread() is not threading.main_thread()
        self.asked += 1
        if self.silent is not None:
            self.silent.wait(10)
        if self.error is not None:
            raise self.error
        return self

    def space(self, least: int = 0) -> Space:
        return Space(FOLDER, least, self.ask, lambda: self.now)


async def test_what_fits_beside_the_least_fits() -> None:
    disk = Disk()
    space = disk.space(least=51_000)
    assert [await space.has(n) for n in (0, 200, 201)] == [True, True, False]
    assert disk.asked == 1


async def test_an_answer_is_believed_for_a_second() -> None:
    disk = Disk()
    space = disk.space()
    assert await space.has(51_200)
    disk.f_bavail = 1
    disk.now += 0.9
    assert await space.has(51_200)
    disk.now += 0.2
    assert not await space.has(51_200)
    assert disk.asked == 2


async def test_all_who_ask_at_once_ask_together() -> None:
    disk = Disk()
    space = disk.space()
    assert all(await asyncio.gather(*(space.has(1) for _ in range(20))))
    assert disk.asked == 1


async def test_a_disk_without_files_left_is_full_and_one_that_does_not_count_them_is_not() -> None:
    assert not await Disk(f_favail=0).space().has(1)
    assert await Disk(f_files=0, f_favail=0).space().has(1)


async def test_a_disk_that_fails_has_no_space_until_it_answers() -> None:
    disk = Disk(error=OSError(5, "EIO"))
    space = disk.space()
    assert not await space.has(0)
    disk.error = None
    disk.now += 1.1
    assert await space.has(0)


async def test_a_disk_that_does_not_answer_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    disk = Disk(silent=threading.Event())
    space = disk.space()
    assert not any(await asyncio.gather(*(space.has(0) for _ in range(5))))
    assert not await space.has(0)
    assert disk.asked == 1
    assert disk.silent is not None
    disk.silent.set()
    assert await space.has(0)


async def test_without_a_folder_there_is_room_and_a_real_one_is_asked(tmp_path: Path) -> None:
    assert await Space(None, 1 << 60).has(1 << 60)
    assert await Space(tmp_path, 0).has(1)
    assert not await Space(tmp_path, 1 << 60).has(1)
    assert not await Space(tmp_path / "missing", 0).has(0)
