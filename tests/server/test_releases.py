"""Releases in a gate: frames from reviewers, what is due by itself, expiry, and an end that waits."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from smtp_gate.adapters.logs import Logger
from smtp_gate.config import Config, load_config
from smtp_gate.core.message import Envelope
from smtp_gate.core.reply import Reply
from smtp_gate.server.releases import Releases
from smtp_gate.store.files import Disk
from smtp_gate.store.quarantine import Listed, State
from tests.fakes import FakeAttempt
from tests.running import write_settings
from tests.store.releasing import LEE, MUELLER, REF, Desk, Hop, HopAttempt, rule
from tests.store.sample import secret_message


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    disk = Disk(4)
    made = Desk(tmp_path / "quarantine", disk)
    await made.hold()
    yield made
    disk.close()


def config_of(folder: Path, **more: str) -> Config:
    config = load_config(write_settings(folder, 25, more)).config
    assert config is not None
    return config


def releases(desk: Desk, tmp_path: Path, log: StringIO | None = None, **more: str) -> Releases:
    config = config_of(tmp_path, **more)
    logger = Logger(lambda: desk.now, stream=log or StringIO())
    return Releases(desk.quarantine, desk.judge(), desk.hop, desk.events, config, logger=logger, now=lambda: desk.now)


async def test_a_frame_releases_and_is_answered_with_every_recipient(desk: Desk, tmp_path: Path) -> None:
    desk.hop.codes = {LEE: [550]}
    answer = await releases(desk, tmp_path).serve({"do": "release", "ref": REF, "who": "kim"})
    assert (answer["state"], answer["ref"], answer["why"]) == ("failed", REF, "")
    assert answer["recipients"] == {
        LEE: {"state": "failed", "reply": "550 5.0.0 as planned"},
        MUELLER: {"state": "released", "reply": "250 2.0.0 queued as 1"},
    }
    assert (answer["notice"], answer["next"], answer["approved"]) == ("due", "", ["pii.ssn", "id.spoof"])
    assert desk.events.records[0]["who"] == "kim"


async def test_what_keeps_it_held_is_named(desk: Desk, tmp_path: Path) -> None:
    desk.rules += (rule("test.number", "number"),)
    gate = releases(desk, tmp_path)
    answer = await gate.serve({"do": "release", "ref": REF, "who": "kim"})
    assert (answer["state"], answer["rules"]) == ("held", ["test.number"])
    assert answer["why"] == "not sent: test.number also weighs on it"
    named = ["pii.ssn", "test.number"]
    assert (await gate.serve({"do": "release", "ref": REF, "who": "kim", "rules": named}))["state"] == "released"


async def test_discard_by_frame(desk: Desk, tmp_path: Path) -> None:
    frame = {"do": "discard", "ref": REF, "who": "kim", "why": "x" * 2000, "notify": False}
    answer = await releases(desk, tmp_path).serve(frame)
    assert (answer["state"], answer["notice"]) == ("discarded", "suppressed")


@pytest.mark.parametrize(
    ("frame", "failed"),
    [
        ({"do": "reload"}, "not understood"),
        ({"do": "release"}, "not understood"),
        ({"do": "release", "ref": 7}, "not understood"),
        ({"do": "release", "ref": REF, "who": []}, "not understood"),
        ({"do": "release", "ref": REF, "rules": "pii.ssn"}, "not understood"),
        ({"do": "release", "ref": "../../etc"}, "that is no ref"),
        ({"do": "release", "ref": "NOSUCHREF"}, "no message with ref NOSUCHREF"),
    ],
)
async def test_a_frame_that_cannot_be_done_says_why(
    desk: Desk, tmp_path: Path, frame: dict[str, Any], failed: str
) -> None:
    assert await releases(desk, tmp_path).serve(frame) == {"failed": failed}
    assert desk.hop.attempts == []


async def test_a_disk_that_fails_is_answered_and_logged(desk: Desk, tmp_path: Path) -> None:
    desk.events.error, log = OSError(28, "No space left on device"), StringIO()
    answer = await releases(desk, tmp_path, log).serve({"do": "release", "ref": REF, "who": "kim"})
    assert answer == {"failed": "the disk failed: No space left on device"}
    assert '"event":"release_failed"' in log.getvalue()


async def test_a_tick_goes_on_with_what_is_due_and_one_failure_stops_no_other(desk: Desk, tmp_path: Path) -> None:
    gate = releases(desk, tmp_path)
    for number in range(2, 5):
        await desk.hold(secret_message(f"TESTREF000{number}"))
    desk.hop.plan["mail"] = 451
    for number in range(1, 5):
        assert (await gate.release(f"TESTREF000{number}", "kim")).state is State.RELEASING
    desk.hop.plan.clear()
    real = desk.events.event

    async def event(record: Any) -> None:
        if record["ref"] == "TESTREF0002":
            raise OSError(28, "No space left on device")
        await real(record)

    desk.events.event = event  # type: ignore[method-assign]  # a fault around the method
    await gate.tick()
    assert desk.hop.octets == []
    desk.now += timedelta(minutes=1)
    with pytest.raises(OSError, match="space"):
        await gate.tick()
    assert [desk.state(f"TESTREF000{n}") for n in range(1, 5)] == [
        State.RELEASED, State.RELEASING, State.RELEASED, State.RELEASED,
    ]  # fmt: skip
    desk.events.event = real  # type: ignore[method-assign]  # the disk is well again
    await gate.tick()
    assert len(desk.hop.octets) == 4


async def test_what_nobody_decides_on_expires_and_its_sender_is_told(desk: Desk, tmp_path: Path) -> None:
    log = StringIO()
    gate = releases(desk, tmp_path, log, quarantine="{expire: 7d}")
    fresh = replace(secret_message("TESTREF0002"), received=desk.now)
    await desk.hold(fresh)
    written = (desk.now - timedelta(days=1)).timestamp()
    for ref in (REF, "TESTREF0002"):
        os.utime(desk.root / "held" / f"{ref}.hold", (written, written))
    await gate.tick()
    assert desk.state() is State.HELD
    desk.now += timedelta(days=6, hours=8)
    await gate.tick()
    assert (desk.state(), desk.state("TESTREF0002")) == (State.EXPIRED, State.HELD)
    assert b"until its time ran out" in desk.hop.notices[0]
    assert desk.events.what == ["expire", "notice_suppressed", "expired", "notice", "notice_sent"]
    assert '"event":"expired"' in log.getvalue()


class Slow(Hop):
    """A next hop that answers when it is told to, and counts who is with it at once."""

    def __init__(self) -> None:
        super().__init__()
        self.go = asyncio.Event()
        self.inside = self.most = 0

    async def begin(self, envelope: Envelope) -> FakeAttempt | Reply:
        self.inside += 1
        self.most = max(self.most, self.inside)
        await self.go.wait()
        self.inside -= 1
        return await super().begin(envelope)


async def test_only_a_few_are_worked_on_at_once(tmp_path: Path) -> None:
    disk = Disk(4)
    hop = Slow()
    desk = Desk(tmp_path / "quarantine", disk, hop)
    for number in range(10):
        await desk.hold(secret_message(f"TESTREF{number:04}"))
    gate = releases(desk, tmp_path)
    tasks = [asyncio.ensure_future(gate.release(f"TESTREF{n:04}", "kim")) for n in range(10)]
    while hop.inside < 4:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    hop.go.set()
    await asyncio.gather(*tasks)
    assert (hop.most, len(hop.octets)) == (4, 10)
    disk.close()


class SlowDot(Hop):
    """A next hop that takes the message and does not answer."""

    def __init__(self) -> None:
        super().__init__()
        self.dots = 0

    async def begin(self, envelope: Envelope) -> FakeAttempt | Reply:
        return SlowAttempt(self, envelope)


class SlowAttempt(HopAttempt):
    hop: SlowDot

    async def send(self, octets: Sequence[bytes], chosen: Sequence[int], may_finish: Callable[[], bool]) -> Reply:
        self.dot_sent = True
        self.hop.dots += 1
        await asyncio.sleep(3600)
        raise AssertionError("nobody waits that long")


async def test_a_vanished_caller_stops_nothing_and_the_end_waits_then_cuts_off(desk: Desk, tmp_path: Path) -> None:
    hop = desk.hop = SlowDot()
    gate = releases(desk, tmp_path)
    caller = asyncio.ensure_future(gate.release(REF, "kim"))
    while not hop.dots:
        await asyncio.sleep(0.01)
    caller.cancel()
    await asyncio.sleep(0.05)
    assert desk.state() is State.RELEASING
    await gate.close(within=0.05)
    assert desk.state() is State.UNKNOWN
    desk.now += timedelta(days=3)
    desk.hop = Hop()
    await releases(desk, tmp_path).tick()
    assert desk.hop.octets == [], "a copy that may have been sent is never sent by itself"


async def test_what_cannot_be_read_is_told_once_and_stops_no_other(desk: Desk, tmp_path: Path) -> None:
    log = StringIO()
    gate = releases(desk, tmp_path, log)
    desk.hop.plan["mail"] = 451
    await gate.release(REF, "kim")
    (desk.quarantine.progress.open / "TESTREF0009.progress").write_bytes(b"")
    await desk.hold(secret_message("TESTREF0002"))
    (desk.quarantine.progress.open / "TESTREF0002.progress").write_bytes(b"nonsense\n")
    desk.hop.plan.clear()
    for _ in range(3):
        desk.now += timedelta(minutes=1)
        await gate.tick()
    assert desk.state() is State.RELEASED
    lines = [line for line in log.getvalue().splitlines() if "release_unreadable" in line]
    assert ["TESTREF0002" in line for line in lines].count(True) == 1
    assert ["TESTREF0009" in line for line in lines].count(True) == 1
    assert len(lines) == 2


async def test_an_item_that_waits_is_not_read_at_every_tick(desk: Desk, tmp_path: Path) -> None:
    gate = releases(desk, tmp_path)
    desk.hop.plan["mail"] = 451
    await gate.release(REF, "kim")
    looked: list[str] = []
    real = desk.quarantine.find

    def find(ref: str) -> Listed:
        looked.append(ref)
        return real(ref)

    desk.quarantine.find = find  # type: ignore[method-assign]  # counts the looks
    desk.now += timedelta(seconds=59)
    await gate.tick()
    assert looked == []
    desk.now += timedelta(seconds=1)
    await gate.tick()
    assert looked
