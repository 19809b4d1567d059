"""A client that vanishes at any moment costs nobody mail, and leaves nothing behind it."""

import asyncio
from pathlib import Path

import pytest

from smtp_gate.adapters.next_hop import SmtpNextHop
from smtp_gate.adapters.next_hop_settings import HopSettings, HopTimes
from smtp_gate.core.reply import Reply
from tests.builders import envelope
from tests.faults.cancels import after_dot, after_octets, awaits
from tests.faults.hops import HopSink
from tests.sinks import Act


async def test_a_client_may_vanish_at_every_await(tmp_path: Path) -> None:
    seen = await awaits(tmp_path)
    assert seen.failures == []
    assert seen.runs["story, mixed, mirror"] >= 8


async def test_a_client_may_vanish_within_its_dialogue(tmp_path: Path) -> None:
    seen = await after_octets(tmp_path, every=61)
    assert seen.failures == []
    assert seen.runs["RST"] > 40


async def test_a_client_may_vanish_between_its_dot_and_the_reply(tmp_path: Path) -> None:
    seen = await after_dot(tmp_path, moments=5)
    assert seen.failures == []
    assert sum(seen.runs.values()) == 80


def hop_to(sink: HopSink) -> SmtpNextHop:
    return SmtpNextHop(HopSettings((("127.0.0.1", sink.port),), times=HopTimes(connect=2, command=2)))


async def vanish(work: asyncio.Future[object]) -> None:
    await asyncio.sleep(0.02)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work


@pytest.mark.parametrize("stage", ["mail", "rcpt"])
async def test_a_reply_to_a_client_that_has_gone_answers_nobody_else(stage: str) -> None:
    env = envelope(to=["a@example.org"])
    async with HopSink() as sink:
        hop = hop_to(sink)
        sink.pauses = {stage: 0.05, "rset": 0.05}
        if stage == "mail":
            await vanish(asyncio.ensure_future(hop.begin(env)))
        else:
            attempt = await hop.begin(env)
            assert not isinstance(attempt, Reply)
            await vanish(asyncio.ensure_future(attempt.rcpt(env.recipients[0])))
            await attempt.abort()
        sink.pauses = {}
        sink.script = {"rcpt": [Act(b"550 5.1.1 nobody\r\n")]}
        attempt = await hop.begin(env)
        assert not isinstance(attempt, Reply)
        assert (await attempt.rcpt(env.recipients[0])).code == 550
        await attempt.abort()
        await hop.close()


async def test_a_client_that_goes_while_the_next_hop_greets_leaves_no_connection() -> None:
    async with HopSink() as sink:
        hop = hop_to(sink)
        sink.pauses = {"connect": 0.05}
        await vanish(asyncio.ensure_future(hop.begin(envelope())))
        await asyncio.sleep(0.2)
        assert sink.live == 0
