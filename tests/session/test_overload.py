"""More than there is room for: connections, memory, disk. What is refused is refused early and for now, never for good."""

import asyncio
import errno
import hashlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from smtp_gate.adapters.budget import MANY
from smtp_gate.adapters.door_settings import DoorLimits, RcptMode
from smtp_gate.adapters.metrics import Metrics
from smtp_gate.core.course import Caller, Timing
from smtp_gate.core.features import Features
from smtp_gate.core.message import Message
from smtp_gate.core.ports import Attempt, Outcome
from smtp_gate.core.reply import Reply
from smtp_gate.core.verdict import Judgement
from tests.fakes import FakeHop, FakeJournal, FakeQuarantine, make_gate
from tests.session.harness import ALL, House, Script, house

ROOT = Path(__file__).parents[2]
HELLO = ">> EHLO mail.milwaukee.gov\n<< 250 *\n"
ENVELOPE = ">> MAIL FROM:<a@milwaukee.gov>\n<< 250 2.1.0 *\n>> RCPT TO:<b@example.org>\n<< 250 2.1.5 *\n"
DATA = HELLO + ENVELOPE + ">> DATA\n<< 354 *"
NO_MEMORY = "<< 452 4.3.1 too much mail in hand, try again later"
NO_DISK = "<< 452 4.3.1 insufficient system storage"
SMALL = DoorLimits(spool_above=4096, in_flight=100_000, queue_wait=0.2)


def big(size: int, seed: int = 0) -> bytes:
    """A letter of about that size with dots where they hurt; the same for the same seed."""
    line = hashlib.sha256(b"%d" % seed).hexdigest().encode()
    lines = (b".%d %s\r\n" % (n, line) if n % 7 == 0 else b"%d %s\r\n" % (n, line) for n in range(size // 70))
    return b"Subject: big\r\n\r\n" + b"".join(lines)


def stuffed(content: bytes) -> bytes:
    return content.replace(b"\r\n.", b"\r\n..") + b".\r\n"


async def letter(h: House, content: bytes) -> Script:
    """A client that has sent all of a letter and waits for its answer."""
    script = await h.play(DATA)
    await send(script, content)
    return script


async def send(script: Script, content: bytes) -> None:
    """Send a letter, its end apart: what comes whole in one piece is nowhere to be spooled."""
    octets = stuffed(content)
    await script.send(octets[:-10])
    await asyncio.sleep(0.02)
    await script.send(octets[-10:])


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def test_full_is_421_and_a_place_that_comes_free_is_taken() -> None:
    async with house(DoorLimits(connections=2)) as h:
        first, _ = await h.play(""), await h.play("")
        refused = await h.client()
        await refused.play("<< 421 4.3.2 too many connections, try again later\n<< closed")
        await first.close()
        await h.settle(lambda: h.door.connections == 1)
        await h.play(HELLO)
        assert (h.watcher.away, h.watcher.open, h.commons.row.total_connections()) == (["connections"], 2, 2)
    assert h.commons.row.total_connections() == 0


async def test_one_client_has_its_share() -> None:
    async with house(DoorLimits(per_client=1)) as h:
        await h.play("")
        refused = await h.client()
        await refused.play("<< 421 4.7.0 too many connections from your address\n<< closed")
        assert h.watcher.away == ["per_client"]
    assert h.commons.row.total_of("127.0.0.1") == 0


async def test_near_the_limit_of_all_workers_clients_get_less_time() -> None:
    async with house(DoorLimits(connections=10)) as h:
        assert h.door.limits.junk == 100
        h.commons.row._board.connections[0] += 9
        assert h.door.limits.junk == 1
        h.commons.row._board.connections[0] -= 9


@pytest.mark.parametrize("size", [3000, 4090, 4096, 5000, 70_000, 300_000])
@pytest.mark.parametrize("mode", list(RcptMode))
async def test_a_spooled_message_arrives_as_it_was_sent(tmp_path: Path, size: int, mode: RcptMode) -> None:
    content = big(size)
    async with house(replace(SMALL, in_flight=1 << 20), data=tmp_path, rcpt=mode) as h:
        script = await letter(h, content)
        await script.send(b"NOOP\r\n")
        await script.play("<< 250 2.0.0 queued*\n<< 250 2.0.0 Ok")
        assert h.gate.messages[0].content == content
        assert (tmp_path / "spool").exists() == (size > 4096)
        assert (h.commons.row.total_octets(), h.watcher.octets) == (0, 0)
        assert len(h.watcher.waits) == 1


async def test_what_is_wrong_with_a_spooled_message_is_found_too(tmp_path: Path) -> None:
    async with house(SMALL, data=tmp_path) as h:
        h.hop.features = Features(None, ALL.keywords - {"8BITMIME"})
        wrong = {
            b"\n": "<< 550 5.5.2 bare <LF> received",
            b"\r": "<< 550 5.5.2 bare <CR> received",
            b"\0": "<< 550 5.6.0 NUL not permitted",
            b"\xe9": "<< 554 5.6.3 *",
        }
        for octets, expected in wrong.items():
            script = await letter(h, big(20_000) + b"x" + octets + b"y\r\n")
            await script.play(expected + "\n>> NOOP\n<< 250 *")
        h.door.settings = replace(h.door.settings, limits=replace(SMALL, message=30_000))
        script = await letter(h, big(50_000))
        await script.play("<< 552 5.3.4 *\n>> NOOP\n<< 250 *")
        assert (h.gate.messages, h.commons.row.total_octets()) == ([], 0)


async def test_a_full_memory_is_waited_for_and_then_puts_off() -> None:
    async with house(SMALL) as h:
        h.gate.pause = asyncio.Event()
        first = await letter(h, big(80_000))
        await h.settle(lambda: len(h.gate.messages) == 1)
        late = await letter(h, big(80_000))
        small = await letter(h, b"Subject: small\r\n\r\n")
        # The small one came later: it waits behind the large one, and would fit once that has given up.
        await late.play(NO_MEMORY)
        await h.settle(lambda: len(h.gate.messages) == 2)
        assert h.watcher.off == ["memory"]
        h.gate.pause.set()
        for script in (first, small):
            await script.play("<< 250 *")
        # Nothing was lost: the same client sends it again on the same connection.
        await late.play(DATA.removeprefix(HELLO))
        await send(late, big(80_000))
        await late.play("<< 250 *")
        assert max(h.gate.waited) >= 0.1
        assert max(len(m.content) for m in h.gate.messages) > 70_000
        assert h.commons.row.total_octets() == 0


async def test_a_message_larger_than_all_memory_is_taken_alone() -> None:
    async with house(replace(SMALL, in_flight=5000)) as h:
        script = await letter(h, big(50_000))
        await script.play("<< 250 *")
    assert len(h.gate.messages) == 1


async def test_room_is_kept_while_the_gate_works_on_after_its_client_has_gone() -> None:
    async with house(SMALL) as h:
        h.gate.pause, h.gate.works_on = asyncio.Event(), True
        script = await letter(h, big(80_000))
        await h.settle(lambda: len(h.gate.messages) == 1)
        await script.close()
        await h.settle(lambda: h.gate.cancelled == 1 and not h.door.connections)
        assert h.commons.row.total_octets() > 70_000
        h.gate.over[0]()
        assert (h.commons.row.total_octets(), h.watcher.octets) == (0, 0)


async def test_room_is_kept_as_long_as_the_gate_itself_holds_the_message() -> None:
    class SlowJournal(FakeJournal):
        def __init__(self) -> None:
            super().__init__()
            self.go = asyncio.Event()

        async def decided(self, message: Message, judgement: Judgement) -> None:
            await self.go.wait()
            await super().decided(message, judgement)

    journal = SlowJournal()
    gate = make_gate(FakeHop(), FakeQuarantine(), journal=journal, timing=Timing(0.2), clock=time.monotonic)
    async with house(SMALL) as h:
        h.door.receive = gate.receive
        late = await letter(h, big(40_000))
        gone = await letter(h, big(40_000))
        await late.play("<< 451 4.4.2 *")
        await gone.close()
        await h.settle(lambda: h.door.connections == 1)
        assert h.commons.row.total_octets() > 75_000
        journal.go.set()
        await h.settle(lambda: not h.commons.row.total_octets())
        assert [outcome for outcome, *_ in journal.answers] == [Outcome.HOP_DEFERRED] * 2


async def test_what_a_message_waited_is_taken_off_its_deadline() -> None:
    started = []
    gate = make_gate(FakeHop(), FakeQuarantine(), timing=Timing(0.8), clock=time.monotonic)

    async def receive(message: Message, attempt: Attempt | None, caller: Caller) -> Reply:
        started.append(caller.waited)
        return await gate.receive(message, attempt, caller)

    async with house(replace(SMALL, queue_wait=0.6)) as h:
        h.door.receive = receive
        held = h.commons.budget.take(100_000)
        script = await letter(h, big(40_000))
        await asyncio.sleep(0.5)
        assert held is not None
        held.free()
        # The dot to the next hop goes out in the first half of the deadline only, counted from the client's dot.
        await script.play("<< 451 *")
        assert started[0] >= 0.4


async def test_a_gate_that_breaks_gives_the_room_back() -> None:
    async with house(SMALL) as h:
        h.gate.works_on, h.gate.error = True, RuntimeError("broken")
        script = await letter(h, big(80_000))
        await script.play("<< 451 4.3.0 *")
        assert h.commons.row.total_octets() == 0


async def test_a_client_that_goes_while_its_message_waits_leaves_nothing(tmp_path: Path) -> None:
    async with house(replace(SMALL, queue_wait=30.0), data=tmp_path) as h:
        await h.play("")
        before = descriptors()
        held = h.commons.budget.take(90_000)
        script = await letter(h, big(80_000))
        await h.settle(lambda: h.commons.budget.waiting == 1)
        await script.close()
        await h.settle(lambda: h.door.connections == 1 and not h.commons.budget.waiting and descriptors() == before)
        assert held is not None
        held.free()
        assert (h.gate.messages, h.commons.row.total_octets()) == ([], 0)


@pytest.mark.parametrize("abort", [True, False])
async def test_a_client_that_goes_in_the_middle_leaves_nothing(tmp_path: Path, abort: bool) -> None:
    async with house(SMALL, data=tmp_path, rcpt=RcptMode.MIRROR) as h:
        await h.play("")
        before = descriptors()
        script = await h.play(DATA)
        await script.send(big(200_000))
        await h.settle(lambda: descriptors() > before + 2)
        if abort:
            script.writer.transport.abort()
        await script.close()
        await h.settle(lambda: h.door.connections == 1 and descriptors() == before)
        assert [a.aborts for a in h.hop.attempts] == [1]
        assert list((tmp_path / "spool").iterdir()) == []
        assert (h.gate.messages, h.commons.row.total_octets()) == ([], 0)


@pytest.mark.parametrize(
    ("number", "reply"), [(errno.ENOSPC, NO_DISK), (errno.EDQUOT, NO_DISK), (errno.EIO, "<< 451 4.3.0 *ref TESTREF*")]
)
async def test_a_disk_that_fails_under_a_message_puts_it_off_after_its_dot(
    monkeypatch: pytest.MonkeyPatch, number: int, reply: str
) -> None:
    async with house(SMALL) as h:

        def failing(descriptor: int, octets: Any) -> int:
            raise OSError(number, os.strerror(number))

        with monkeypatch.context() as patch:
            patch.setattr(os, "write", failing)
            script = await letter(h, big(200_000))
            await script.play(reply + "\n>> NOOP\n<< 250 *")
        assert (h.watcher.off, h.watcher.faults) in (
            (["disk"], []),
            ([], [("TESTREF000001", "spool")]),
        )
        # The disk has recovered, and so has the session.
        await script.play(DATA.removeprefix(HELLO))
        await send(script, big(20_000))
        await script.play("<< 250 *")
        assert len(h.gate.messages) == 1


async def test_a_disk_that_cannot_be_read_back_puts_the_message_off(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(descriptor: int, count: int, offset: int) -> bytes:
        raise OSError(errno.EIO, "EIO")

    monkeypatch.setattr(os, "pread", failing)
    async with house(SMALL) as h:
        script = await letter(h, big(20_000))
        await script.play("<< 451 4.3.0 *\n>> NOOP\n<< 250 *")
        assert (h.gate.messages, h.commons.row.total_octets()) == ([], 0)


@pytest.mark.parametrize("mode", list(RcptMode))
async def test_a_full_disk_is_said_at_mail_before_the_next_hop_is_asked(tmp_path: Path, mode: RcptMode) -> None:
    async with house(DoorLimits(least_space=1 << 60), data=tmp_path, rcpt=mode) as h:
        await h.play(
            HELLO
            + f">> MAIL FROM:<a@milwaukee.gov>\n{NO_DISK}\n>> RCPT TO:<b@example.org>\n<< 503 5.5.1 *\n>> NOOP\n<< 250 *"
        )
        assert (h.hop.attempts, h.watcher.off) == ([], ["disk"])


async def test_the_declared_size_and_what_is_in_flight_need_space_too(tmp_path: Path) -> None:
    free = os.statvfs(tmp_path)
    least = free.f_bavail * free.f_frsize - (1 << 34)
    limits = DoorLimits(least_space=least, message=1 << 40, in_flight=1 << 50)
    mail = ">> MAIL FROM:<a@milwaukee.gov> SIZE={}\n"
    async with house(limits, data=tmp_path) as h:
        script = await h.play(HELLO + mail.format(1 << 33) + "<< 250 *\n>> RSET\n<< 250 *")
        await script.play(mail.format(1 << 36) + NO_DISK)
        held = h.commons.budget.take(1 << 36)
        await script.play(mail.format(1) + NO_DISK)
        assert held is not None
        held.free()
        await script.play(mail.format(1) + "<< 250 *")


async def test_where_many_wait_a_message_is_put_off_before_it_is_sent() -> None:
    async with house(replace(SMALL, queue_wait=30.0)) as h:
        held = h.commons.budget.take(100_000)
        waiting = [await letter(h, b"Subject: small\r\n\r\n") for _ in range(MANY)]
        await h.settle(lambda: h.commons.budget.waiting == MANY)
        script = await h.play(HELLO + ">> MAIL FROM:<a@milwaukee.gov> SIZE=500\n<< 451 4.3.2 too much mail is waiting*")
        assert h.watcher.off == ["busy"]
        assert held is not None
        held.free()
        for one in waiting:
            await one.play("<< 250 *")
        await script.play(">> MAIL FROM:<a@milwaukee.gov> SIZE=500\n<< 250 *")


SERVER = """
import asyncio, hashlib, socket, sys
from dataclasses import replace
from pathlib import Path
from smtp_gate.adapters.door_settings import DoorLimits
from smtp_gate.core.reply import Reply
from tests.session.harness import House, settings

async def serve(folder):
    limits = DoorLimits(in_flight=32 << 20, queue_wait=100.0)
    house = House(settings(limits, data=Path(folder)))
    most = 0

    async def receive(message, attempt, caller):
        nonlocal most
        most = max(most, house.commons.row.total_octets())
        await asyncio.sleep(0.05)
        digest = hashlib.sha256(message.content).hexdigest()
        del message
        asyncio.get_running_loop().call_later(0.01, caller.over)
        return Reply.of(250, "2.0.0", f"{digest} {most}")

    house.door.receive = receive
    server = await asyncio.get_running_loop().create_server(house.door, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.sleep(1000)

asyncio.run(serve(sys.argv[1]))
"""


@contextmanager
def server(folder: Path) -> Iterator[tuple[int, Callable[[], int]]]:
    """A door in a process of its own: its port, and the most octets that the process has had in memory."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, str(folder)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as child:
        assert child.stdout is not None
        port = int(child.stdout.readline())

        def most() -> int:
            status = Path(f"/proc/{child.pid}/status").read_text()
            found = re.search(r"VmHWM:\s+(\d+) kB", status)
            assert found is not None
            return int(found[1]) * 1024

        try:
            yield port, most
        finally:
            child.kill()


async def test_twenty_large_messages_at_once_take_no_more_memory_than_they_may(tmp_path: Path) -> None:
    contents = [stuffed(big(20_000_000, seed)) for seed in range(2)]
    digests = [hashlib.sha256(big(20_000_000, seed)).hexdigest() for seed in range(2)]

    async def deliver(port: int, number: int) -> str:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await reader.readline()
        for command in (b"HELO a.b", b"MAIL FROM:<a@milwaukee.gov>", b"RCPT TO:<b@example.org>", b"DATA"):
            writer.write(command + b"\r\n")
            await reader.readline()
        writer.write(contents[number % 2])
        await writer.drain()
        said = (await reader.readline()).decode()
        writer.close()
        return said

    with server(tmp_path) as (port, most):
        before = most()
        replies = await asyncio.gather(*(deliver(port, n) for n in range(20)))
        grown = most() - before
    for number, reply in enumerate(replies):
        assert reply.startswith(f"250 2.0.0 {digests[number % 2]}"), reply
        assert int(reply.split()[3]) <= 32 << 20
    # 20 of 20 MB are 400 MB; one of them in judgement and its unstuffed copy are 40, and uploads hold 256 kB each.
    assert grown < 150 << 20, f"{grown >> 20} MB"
    assert list((tmp_path / "spool").iterdir()) == []


def test_waits_and_what_was_put_off_are_counted() -> None:
    metrics = Metrics()
    metrics.put_off("outbound", "memory")
    metrics.waited("memory", 0.3)
    metrics.in_flight(70)
    metrics.in_flight(30)
    sample = metrics.registry.get_sample_value
    assert sample("smtp_gate_put_off_total", {"listener": "outbound", "cause": "memory"}) == 1
    assert sample("smtp_gate_queue_seconds_sum", {"queue": "memory"}) == 0.3
    assert sample("smtp_gate_bytes_in_flight") == 30
