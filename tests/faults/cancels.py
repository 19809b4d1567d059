"""The client vanishes: at each await of a message's story, after each octet of its dialogue, between its dot and the reply.

    python -m tests.faults.cancels [--all]

Prints one line of JSON; ends with 1 where a promise was broken.
"""

import argparse
import asyncio
import contextlib
import itertools
import json
import socket
import struct
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from smtp_gate.adapters.next_hop_wire import Wire
from smtp_gate.core.message import Client, Envelope, Message, Recipient
from smtp_gate.core.ports import Attempt
from smtp_gate.core.reply import Reply
from smtp_gate.store.journal_reader import verify
from tests.builders import path
from tests.faults.hops import MODES, Standing, Told, standing
from tests.faults.mail import SENDER, Letter, Scenario, said

SLOWLY: Final = {"mail": 0.002, "rcpt": 0.002, "data": 0.002, "dot": 0.004}
"""Seconds that the next hop takes, so that a client can vanish meanwhile."""


class Steps:
    """Awaits a coroutine step by step; at the step `at`, counted from one, it does `act`: what that raises is thrown in."""

    def __init__(self, work: Coroutine[Any, Any, Reply], at: int, act: Callable[[], None]) -> None:
        self.work = work
        self.at = at
        self.act = act
        self.count = 0

    def __await__(self) -> Generator[Any, Any, Reply]:
        thrown: BaseException | None = None
        while True:
            try:
                waits_for = self.work.send(None) if thrown is None else self.work.throw(thrown)
            except StopIteration as end:
                reply: Reply = end.value
                return reply
            thrown = None
            self.count += 1
            try:
                if self.count == self.at:
                    self.act()
                yield waits_for
            except BaseException as error:  # noqa: BLE001 - whatever is thrown in here is meant for the coroutine
                thrown = error


@dataclass
class Cancelled:
    """How often the client vanished at what, and what was broken."""

    runs: Counter[str] = field(default_factory=Counter)
    dots: int = 0
    """How often the message was delivered to a client that was gone."""
    failures: list[str] = field(default_factory=list)

    def take(self, stand: Standing) -> None:
        stand.judge()
        stand.failures += [(-1, f"journal: {flaw}") for flaw in verify(stand.data / "journal")[1]]
        self.failures += [why for _, why in stand.failures]


@contextlib.contextmanager
def dots() -> Iterator[list[float]]:
    """When the final dot was sent to a next hop, each time."""
    sent: list[float] = []
    really = Wire.say_dot

    def say(self: Wire) -> None:
        sent.append(time.monotonic())
        really(self)

    with patch.object(Wire, "say_dot", say):
        yield sent


async def receive(stand: Standing, one: Letter, mode: str) -> tuple[Message, Attempt | None]:
    """The message as a door makes it, with its mirrored transaction."""
    worker = stand.solo.worker
    door = next(d for d in worker._doors if d.settings.listener.name == mode)
    recipients = tuple(Recipient(path(r)) for r in one.recipients)
    envelope = Envelope(path(SENDER), recipients, Client("127.0.0.1"), door.settings.listener)
    stamp = door.commons.stamp
    message = Message(stamp.ref(), envelope, one.content, stamp.now())
    if mode != "mirror":
        return message, None
    attempt = await worker.next_hop.begin(envelope)
    assert not isinstance(attempt, Reply)
    for recipient in recipients:
        assert (await attempt.rcpt(recipient)).positive
    return message, attempt


async def vanish_at(stand: Standing, scenario: Scenario, mode: str, at: int, *, inner: bool, sent: list[float]) -> bool:
    """One message whose client vanishes at a step of `receive`, or of the task behind it; whether there was such a step."""
    one = stand.next_letter(scenario)
    told = Told(one, taken=list(one.recipients))
    stand.told.append(told)
    message, attempt = await receive(stand, one, mode)
    loop = asyncio.get_running_loop()
    gone: list[int] = []

    def go() -> None:
        gone.append(len(sent))
        if not inner:
            raise asyncio.CancelledError
        outer.cancel()

    async def stepped(work: Coroutine[Any, Any, Reply]) -> Reply:
        return await Steps(work, at, go)

    def make(_loop: asyncio.AbstractEventLoop, work: Any, **more: Any) -> asyncio.Task[Any]:
        is_story = getattr(work, "__qualname__", "") == "Gate._proceed"
        return asyncio.Task(stepped(work) if is_story else work, loop=_loop, **more)

    told_of = stand.solo.worker.gate.receive(message, attempt)
    outer = loop.create_task(told_of if inner else stepped(told_of))
    if inner:
        loop.set_task_factory(make)
    try:
        reply = await outer
        told.replies.append(("dot", reply.code, str(reply)))
    except asyncio.CancelledError:
        pass
    finally:
        loop.set_task_factory(None)
    await stand.quiet()
    if gone and len(sent) > gone[0] and not told.replies:
        stand.fail(told, f"our dot was sent after the client had gone, at step {at}")
    await settled(stand, told)
    return bool(gone)


async def settled(stand: Standing, told: Told) -> None:
    """Nothing is left of it, each link is idle or closed, and the gate takes the next message."""
    if not await stand.quiet():
        stand.fail(told, "something is still under way")
    end = time.monotonic() + 1
    while stand.sink.live > len(stand.hop._idle) and time.monotonic() < end:
        await asyncio.sleep(0.001)
    if stand.sink.live > len(stand.hop._idle):
        stand.fail(told, f"{stand.sink.live} connections to the next hop, {len(stand.hop._idle)} of them idle")
    await stand.afterwards(told)


async def awaits(folder: Path) -> Cancelled:
    """Vanish at every await of every scenario."""
    seen = Cancelled()
    with dots() as sent:
        async with standing(folder) as stand:
            for scenario, mode, inner in itertools.product(Scenario, MODES, (False, True)):
                at = 1
                while await vanish_at(stand, scenario, mode, at, inner=inner, sent=sent):
                    seen.runs[f"{'story' if inner else 'receive'}, {scenario}, {mode}"] += 1
                    at += 1
    seen.take(stand)
    return seen


def dialogue(one: Letter) -> tuple[bytes, ...]:
    """What a client says, each part answered before the next."""
    return (
        b"EHLO client.test\r\n",
        f"MAIL FROM:<{SENDER}>\r\n".encode(),
        *(f"RCPT TO:<{r}>\r\n".encode() for r in one.recipients),
        b"DATA\r\n",
        one.content.replace(b"\r\n.", b"\r\n..") + b".\r\n",
    )


def cut(writer: asyncio.StreamWriter, *, reset: bool) -> None:
    """End the connection: by RST, or by FIN."""
    if reset:
        here = writer.get_extra_info("socket")
        here.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
    else:
        writer.close()


async def speak(port: int, told: Told, end: int | None, *, reset: bool, wait: float = 0.0) -> None:
    """Say so many octets of the dialogue (None: all, and wait so long), then cut the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        await said(reader)
        left = end
        for part in dialogue(told.letter):
            if left is not None and left <= len(part):
                writer.write(part[:left])
                await asyncio.sleep(0)
                break
            writer.write(part)
            if part.endswith(b"\r\n.\r\n"):
                await asyncio.sleep(wait)
                break
            code, _ = await said(reader)
            assert code < 400, part
            left = None if left is None else left - len(part)
    finally:
        cut(writer, reset=reset)
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def after_octets(folder: Path, every: int = 1) -> Cancelled:
    """Cut after each Nth octet of the dialogue, by RST and by FIN."""
    seen = Cancelled()
    async with standing(folder) as stand:
        stand.sink.pauses = SLOWLY
        for scenario, mode, reset in itertools.product(Scenario, MODES, (True, False)):
            size = sum(len(part) for part in dialogue(stand.next_letter(scenario)))
            boundaries = set(itertools.accumulate(len(p) for p in dialogue(stand.next_letter(scenario))))
            for end in sorted({*range(1, size + 1, every), *boundaries}):
                one = stand.next_letter(scenario)
                told = Told(one, taken=list(one.recipients))
                stand.told.append(told)
                if end % 2:
                    # On a new connection to the next hop a client can vanish while it is greeted.
                    await stand.hop.close()
                taken = len(stand.sink.transactions)
                whole = sum(len(part) for part in dialogue(one))
                await speak(stand.port(mode), told, end, reset=reset)
                await stand.quiet()
                if end < whole and len(stand.sink.transactions) > taken:
                    stand.fail(told, "a message without its dot was delivered")
                await settled(stand, told)
                seen.runs["RST" if reset else "FIN"] += 1
    seen.take(stand)
    return seen


async def after_dot(folder: Path, moments: int = 50) -> Cancelled:
    """Cut at so many moments between the dot and the reply."""
    seen = Cancelled()
    async with standing(folder) as stand:
        stand.sink.pauses = SLOWLY
        for scenario, mode, reset in itertools.product(Scenario, MODES, (True, False)):
            started = time.monotonic()
            await stand.send(scenario, mode)
            span = time.monotonic() - started
            for moment in range(moments):
                one = stand.next_letter(scenario)
                told = Told(one, taken=list(one.recipients))
                stand.told.append(told)
                taken = len(stand.sink.transactions)
                await speak(stand.port(mode), told, None, reset=reset, wait=span * moment / moments)
                await stand.quiet()
                seen.dots += len(stand.sink.transactions) > taken
                await settled(stand, told)
                seen.runs["RST after the dot" if reset else "FIN after the dot"] += 1
    seen.take(stand)
    return seen


async def run(folder: Path, *, whole: bool) -> dict[str, Cancelled]:
    """All three."""
    return {
        "awaits": await awaits(folder / "awaits"),
        "octets": await after_octets(folder / "octets", 1 if whole else 37),
        "moments": await after_dot(folder / "moments", 50 if whole else 8),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true")
    with tempfile.TemporaryDirectory(prefix="gate-cancels-") as name:
        found = asyncio.run(run(Path(name), whole=parser.parse_args().all))
    failures = [why for one in found.values() for why in one.failures]
    told = {what: {"runs": sum(one.runs.values()), **one.runs, "delivered": one.dots} for what, one in found.items()}
    print(json.dumps({**told, "failed": len(failures), "failures": failures[:20]}))
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
