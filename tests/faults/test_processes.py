"""The fault harness in its short form; `make long` runs the same for longer."""

import os
import shutil
from pathlib import Path

import pytest

from tests.faults import inject, kills, releases, reloads, stops


@pytest.mark.parametrize(("what", "count"), [("worker", 40), ("keeper", 15), ("supervisor", 3)])
async def test_nothing_is_lost_where_processes_are_killed(tmp_path: Path, what: str, count: int) -> None:
    run = kills.Run(tmp_path, seed=7)
    truth = await run.go(what, count)
    assert truth.failures == []
    assert truth.counts["250"] > 10


async def test_nothing_is_lost_where_a_call_fails_or_kills(tmp_path: Path) -> None:
    if shutil.which("strace") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("strace is missing (apt-get install strace)")
        pytest.skip("strace is missing (apt-get install strace), so no call can be made to fail")
    bench, failures = await inject.run(tmp_path, every=12)
    assert failures == []
    assert len(bench.hit) > 10


async def test_a_release_cut_off_by_kills_is_neither_lost_nor_doubled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(releases, "STEP", 60)
    run = releases.Run(tmp_path, seed=7)
    counts = await run.go(10)
    assert run.failures == []
    assert sum(counts.values()) >= 60


@pytest.mark.parametrize("what", stops.PROCESSES)
async def test_mail_goes_on_while_a_process_is_stopped(tmp_path: Path, what: str) -> None:
    truth, told = await stops.Run(tmp_path, senders=4).go(what, 1.0)
    assert truth.failures == []
    assert isinstance(told["answered meanwhile"], int)
    assert told["answered meanwhile"] > 0


async def test_every_message_is_judged_by_one_published_ruleset(tmp_path: Path) -> None:
    run = reloads.Run(tmp_path, senders=4)
    told = await run.go(16)
    assert run.failures == []
    assert told["hashes"] == 2
