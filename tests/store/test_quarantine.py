"""Held mail on disk: pending, held, dropped, unknown after a crash; nothing half visible, whatever fails."""

import asyncio
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from smtp_gate.core.ports import Hold, Quarantine
from smtp_gate.store.files import Disk
from smtp_gate.store.progress_files import DamagedProgressError
from smtp_gate.store.quarantine import FOLDERS, FileQuarantine, NoSuchItemError, State
from tests.store.faults import ERRNOS, failing
from tests.store.sample import judgement, secret_message


@pytest.fixture
async def disk() -> AsyncIterator[Disk]:
    made = Disk(4)
    yield made
    made.close()


@pytest.fixture
def quarantine(tmp_path: Path, disk: Disk) -> FileQuarantine:
    return FileQuarantine(tmp_path / "quarantine", disk)


async def prepare(quarantine: FileQuarantine, ref: str = "TESTREF0001") -> Hold:
    message = secret_message(ref)
    port: Quarantine = quarantine
    return await port.prepare(message, judgement(message), {3, 0})


def everything(quarantine: FileQuarantine) -> dict[str, list[str]]:
    return {s: found for s in FOLDERS if (found := sorted(p.name for p in (quarantine.root / s).iterdir()))}


async def test_pending_then_held(quarantine: FileQuarantine) -> None:
    hold = await prepare(quarantine)
    assert everything(quarantine) == {"pending": ["TESTREF0001.hold"]}
    assert list(quarantine.items()) == [], "one that is being made is nobody's business"
    assert quarantine.find("TESTREF0001").state is State.PENDING
    await hold.commit()
    await hold.commit()
    await hold.drop()
    assert everything(quarantine) == {"held": ["TESTREF0001.hold"]}
    (listed,) = quarantine.items()
    assert (listed.ref, listed.state, listed.flaw) == ("TESTREF0001", State.HELD, "")
    assert listed.item is not None
    assert listed.item.message.content == secret_message().content
    assert listed.item.held == (0, 3)


async def test_dropped_it_leaves_nothing(quarantine: FileQuarantine) -> None:
    hold = await prepare(quarantine)
    await hold.drop()
    await hold.drop()
    assert everything(quarantine) == {}
    with pytest.raises(NoSuchItemError):
        quarantine.find("TESTREF0001")


async def test_everything_is_for_the_owner_alone(quarantine: FileQuarantine) -> None:
    await (await prepare(quarantine)).commit()
    for path in (quarantine.root, *quarantine.root.rglob("*")):
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path


async def test_a_leftover_of_a_crash_is_unknown_and_stays(quarantine: FileQuarantine, disk: Disk) -> None:
    hold = await prepare(quarantine)
    del hold  # what the kernel does with the claims of a dead process
    again = FileQuarantine(quarantine.root, disk)
    (listed,) = again.items()
    assert (listed.state, listed.folder) == (State.UNKNOWN, State.PENDING)
    assert listed.item is not None
    assert [i.ref for i in again.items(State.UNKNOWN)] == ["TESTREF0001"]
    assert list(again.items(State.HELD)) == []
    assert everything(again) == {"pending": ["TESTREF0001.hold"]}


async def test_a_half_written_leftover_is_removed_at_the_next_start(quarantine: FileQuarantine, disk: Disk) -> None:
    (quarantine.root / "pending" / ".TESTREF0009.hold.tmp").write_bytes(b"half")
    hold = await prepare(quarantine)
    again = FileQuarantine(quarantine.root, disk)
    assert again.swept == 1
    await hold.commit()


@pytest.mark.parametrize("number", ERRNOS)
@pytest.mark.parametrize("call", ["open", "write", "fsync", "close", "rename"])
async def test_what_cannot_be_made_durable_is_an_oserror_and_nothing_remains(
    quarantine: FileQuarantine, call: str, number: int
) -> None:
    with failing(call, -1) as counted:
        hold = await prepare(quarantine)
    await hold.drop()
    for nth in range(1, counted.calls + 1):
        with failing(call, nth, number), pytest.raises(OSError) as raised:
            await prepare(quarantine)
        assert raised.value.errno == number
        assert everything(quarantine) == {}, f"{call} {nth}"


@pytest.mark.parametrize(("call", "calls"), [("rename", 1), ("fsync", 2)])
async def test_a_commit_that_fails_leaves_it_unknown_and_it_can_be_dropped(
    quarantine: FileQuarantine, call: str, calls: int
) -> None:
    for nth in range(1, calls + 1):
        hold = await prepare(quarantine)
        with failing(call, nth), pytest.raises(OSError, match="error"):
            await hold.commit()
        (listed,) = quarantine.items()
        assert listed.state is State.UNKNOWN
        await hold.drop()
        assert everything(quarantine) == {}


async def test_a_commit_of_what_somebody_took_away_is_an_oserror(quarantine: FileQuarantine) -> None:
    hold = await prepare(quarantine)
    os.unlink(quarantine.root / "pending" / "TESTREF0001.hold")  # noqa: PTH108 - what a stranger does
    with pytest.raises(OSError, match="is not pending"):
        await hold.commit()


async def test_a_ref_is_held_once(quarantine: FileQuarantine) -> None:
    hold = await prepare(quarantine)
    with pytest.raises(FileExistsError):
        await prepare(quarantine)
    await hold.commit()


async def test_damaged_and_misnamed_items_are_listed_with_their_flaw(quarantine: FileQuarantine) -> None:
    await (await prepare(quarantine)).commit()
    file = quarantine.root / "held" / "TESTREF0001.hold"
    (quarantine.root / "held" / "OTHERREF.hold").write_bytes(file.read_bytes())
    octets = bytearray(file.read_bytes())
    octets[len(octets) // 2] ^= 1
    file.write_bytes(octets)
    flaws = {listed.ref: listed.flaw for listed in quarantine.items()}
    assert flaws == {"TESTREF0001": "incomplete or changed", "OTHERREF": "the file has another message's name"}
    assert all(listed.item is None for listed in quarantine.items())


async def test_moves_are_exclusive(quarantine: FileQuarantine) -> None:
    await (await prepare(quarantine)).commit()
    moves = [quarantine.move("TESTREF0001", State.HELD, State.DISCARDED) for _ in range(20)]
    results = await asyncio.gather(*moves, return_exceptions=True)
    assert results.count(None) == 1
    assert sum(isinstance(r, NoSuchItemError) for r in results) == 19


async def test_the_count_and_the_oldest(quarantine: FileQuarantine) -> None:
    assert quarantine.count_and_oldest() == (0, 0.0)
    for number in range(3):
        ref = f"TESTREF000{number}"
        await (await prepare(quarantine, ref)).commit()
        os.utime(quarantine.root / "held" / f"{ref}.hold", (1000 + number, 1000 + number))
    assert quarantine.count_and_oldest() == (3, 1000.0)
    assert [i.ref for i in quarantine.items(State.HELD)] == ["TESTREF0000", "TESTREF0001", "TESTREF0002"]


async def test_a_message_is_never_a_path(quarantine: FileQuarantine) -> None:
    for ref in ("../../etc/x", "a/b/c/d", "TESTREF\0001"):
        with pytest.raises(ValueError, match="not a ref"):
            await prepare(quarantine, ref)
        with pytest.raises(ValueError, match="not a ref"):
            quarantine.find(ref)
    assert everything(quarantine) == {}


async def test_many_holds_at_once_share_directory_syncs(quarantine: FileQuarantine, disk: Disk) -> None:
    holds = await asyncio.gather(*(prepare(quarantine, f"TESTREF{n:04d}") for n in range(60)))
    assert disk.syncs < 60
    await asyncio.gather(*(hold.commit() for hold in holds))
    assert len(everything(quarantine)["held"]) == 60
    assert all(listed.item is not None for listed in quarantine.items())


@pytest.mark.parametrize("kind", ["pipe", "link", "folder"])
async def test_what_is_no_file_of_ours_is_told_and_makes_nobody_wait(tmp_path: Path, kind: str) -> None:
    disk = Disk(1)
    store = FileQuarantine(tmp_path / "quarantine", disk)
    places = [tmp_path / "quarantine" / "held" / "AAAAAAAAAAAAA.hold"]
    places.append(tmp_path / "quarantine" / "progress" / "open" / "BBBBBBBBBBBBB.progress")
    for place in places:
        if kind == "pipe":
            os.mkfifo(place)
        elif kind == "link":
            place.symlink_to("/etc/hostname")
        else:
            place.mkdir()
    (listed,) = store.items(State.HELD)
    assert (listed.item, listed.flaw) == (None, "not a regular file")
    with pytest.raises(DamagedProgressError, match="not a regular file"):
        store.progress.read("BBBBBBBBBBBBB")
    disk.close()
