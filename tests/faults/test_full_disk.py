"""A disk that is really full: mail is put off with 452, nothing that was acknowledged is lost, and room heals it."""

import asyncio
import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.mail import Client, Scenario, letter
from tests.faults.oracle import Oracle, delivered_in
from tests.peers.gates import Gate
from tests.sinks import Sink

SIZE = "8m"


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with little room."""
    folder = tmp_path / "data"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=700", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("only root can mount a small file system, and only where mounting is allowed")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


async def test_a_full_disk_puts_mail_off_and_loses_nothing(small: Path, tmp_path: Path) -> None:
    async with Sink() as sink:
        more = {"workers": 1, "extractors": 1, "data_dir": str(small), "limits": {"free_space": 0}}
        gate = Gate(tmp_path / "gate", "before_queue", f"127.0.0.1:{sink.port}", more=more)
        await asyncio.to_thread(gate.start)
        try:
            client = Client(gate.port)
            codes: Counter[int] = Counter()
            for number in range(60):
                scenario = (Scenario.HOLD, Scenario.MIXED, Scenario.ACCEPT)[number % 3]
                codes[(await client.send(letter(number, scenario, padding=300_000))).code] += 1
            assert codes[250] > 10
            assert codes[452] > 5
            assert set(codes) == {250, 452}
            # Somebody makes room: the next message goes through without anybody's help (TRUST.md, P17).
            for old in sorted((small / "quarantine" / "held").iterdir())[:6]:
                (tmp_path / old.name).write_bytes(old.read_bytes())
                old.unlink()
            after = [await client.send(letter(100 + n, s)) for n, s in enumerate((Scenario.HOLD, Scenario.ACCEPT))]
            assert [one.code for one in after] == [250, 250]
            await asyncio.to_thread(gate.stop)
        finally:
            gate.kill()
        for moved in tmp_path.glob("*.hold"):
            (small / "quarantine" / "held" / moved.name).write_bytes(moved.read_bytes())
        delivered = delivered_in((t.rcpts, t.content) for t in sink.transactions)
    assert Oracle(small).judge(client.ledger, delivered).failures == []
