"""kill -9 in the middle of it: what was acknowledged is there and whole, what was not is told, nothing is half there."""

import asyncio
import multiprocessing
import os
import random
import signal
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from smtp_gate.store.files import Disk
from smtp_gate.store.journal import SegmentJournal
from smtp_gate.store.journal_reader import Record, read, verify
from smtp_gate.store.quarantine import FileQuarantine, State
from tests.store.sample import judgement, secret_message


def _work(root: Path, worker: int) -> None:
    """Decide and hold as fast as it goes; every acknowledged ref is a line of one write in `acks`."""

    async def one(number: int, quarantine: FileQuarantine, journal: SegmentJournal, acks: int) -> None:
        for count in range(100_000):
            message = secret_message(f"W{worker}N{number}C{count:06d}")
            verdict = judgement(message)
            await journal.decided(message, verdict)
            os.write(acks, f"decided {message.ref}\n".encode())
            hold = await quarantine.prepare(message, verdict, (0, 3))
            await hold.commit()
            os.write(acks, f"held {message.ref}\n".encode())

    async def everything() -> None:
        quarantine = FileQuarantine(root / "quarantine", Disk(4))
        journal = SegmentJournal(root / "journal", now=lambda: datetime(2026, 3, 2, tzinfo=UTC), segment_size=20_000)
        acks = os.open(root / "acks", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        await asyncio.gather(*(one(n, quarantine, journal, acks) for n in range(6)))

    asyncio.run(everything())


@pytest.mark.parametrize("seed", range(3))
async def test_what_was_acknowledged_survives_a_kill(tmp_path: Path, seed: int) -> None:
    context = multiprocessing.get_context("spawn")
    for worker in range(2):
        process = context.Process(target=_work, args=(tmp_path, worker))
        process.start()
        deadline = time.monotonic() + 20
        while f"held W{worker}" not in _acks(tmp_path) and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        await asyncio.sleep(random.Random(seed * 2 + worker).uniform(0, 0.15))  # noqa: S311 - any moment will do
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
    acks = [line.split(" ") for line in _acks(tmp_path).splitlines()]
    decided = {ref for what, ref in acks if what == "decided"}
    held = {ref for what, ref in acks if what == "held"}
    assert held
    recorded = {
        i.fields["ref"] for i in read(tmp_path / "journal") if isinstance(i, Record) and i.fields["kind"] == "decided"
    }
    assert decided <= recorded
    assert all(flaw.by_crash for flaw in verify(tmp_path / "journal")[1])
    disk = Disk(1)
    listed = {i.ref: i for i in FileQuarantine(tmp_path / "quarantine", disk).items()}
    disk.close()
    assert all(i.item is not None for i in listed.values()), "nothing is half there"
    assert held <= {ref for ref, i in listed.items() if i.state is State.HELD}
    assert set(listed) <= recorded, "no verdict is enacted that was not recorded first"
    assert {i.state for i in listed.values()} <= {State.HELD, State.UNKNOWN}


def _acks(root: Path) -> str:
    try:
        return (root / "acks").read_text()
    except FileNotFoundError:
        return ""
