"""A client that vanishes at any moment costs nobody mail, and leaves nothing behind it."""

import asyncio
import socket
import struct
from pathlib import Path
from unittest.mock import patch

import pytest

from smtp_gate.adapters.next_hop import SmtpNextHop
from smtp_gate.adapters.next_hop_settings import HopSettings, HopTimes
from smtp_gate.core.course import Course
from smtp_gate.core.reply import Reply
from tests.builders import envelope
from tests.faults.cancels import after_dot, after_octets, awaits, dialogue
from tests.faults.cuts import Wire
from tests.faults.hops import HopSink, Told, standing
from tests.faults.mail import Scenario
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


@pytest.mark.parametrize("reset", [True, False])
@pytest.mark.parametrize("scenario", [Scenario.ACCEPT, Scenario.MIXED, Scenario.HOLD])
async def test_a_client_that_went_before_our_dot_is_seen_though_the_loop_was_not_told(
    tmp_path: Path, scenario: Scenario, *, reset: bool
) -> None:
    asked = "may_hold" if scenario is Scenario.HOLD else "may_finish"
    really = getattr(Course, asked)
    async with standing(tmp_path) as stand:
        told = Told(stand.next_letter(scenario))
        told.taken = list(told.letter.recipients)
        stand.told.append(told)
        own = socket.socket()
        own.setblocking(False)
        if reset:
            own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        wire = Wire(own)

        def at_the_last_moment(course: Course) -> bool:
            # Within one turn of the loop, so that nobody but the kernel can know.
            own.close()
            allowed: bool = really(course)
            return allowed

        await asyncio.get_running_loop().sock_connect(own, ("127.0.0.1", stand.port("mirror")))
        await wire.code()
        with patch.object(Course, asked, at_the_last_moment):
            for part in dialogue(told.letter):
                await wire.say(part.decode())
                if not part.endswith(b"\r\n.\r\n"):
                    await wire.code()
            while own.fileno() >= 0:
                await asyncio.sleep(0.001)
            await stand.quiet()
        assert stand.sink.transactions == []
        assert not any((stand.data / "quarantine" / "held").iterdir())
        await stand.afterwards(told)
    stand.judge()
    assert stand.failures == []
