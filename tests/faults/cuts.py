"""Clients whose connection is cut after their dot send the message again, as mail servers do: how often it arrives twice.

    python -m tests.faults.cuts [--cuts 10000] [--seed 1]

Prints one line of JSON: the duplicates by the moment of the cut. Between our dot and our reply they cannot be avoided
(RFC 1047); before our dot there may be none. Ends with 1 where there was one, or where a message was lost.
"""

import argparse
import asyncio
import contextlib
import json
import random
import re
import socket
import struct
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rich.progress import Progress

from smtp_gate.store.journal_reader import Record, read
from tests.faults.mail import SENDER
from tests.peers.gates import CONFIG, Gate
from tests.sinks import Sink

SENDERS: Final = 12
LONGEST: Final = 0.02
COPY: Final = re.compile(rb"from m(\d+)\.t(\d+)\.client\.test .*?\tid (\w+);", re.DOTALL)
PATIENCE: Final = 60.0

WATCH: Final = """\
import os, time
from smtp_gate.adapters.next_hop_wire import Wire
really = Wire.say_dot
def say_dot(self):
    now = time.monotonic()
    really(self)
    port = self.transport.get_extra_info("sockname")[1]
    log = os.open(os.environ["GATE_DOTS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(log, f"{port} {now}\\n".encode())
    os.close(log)
Wire.say_dot = say_dot
"""
"""Loaded by every process of the gate: when it wrote a final dot, by the clock that client and next hop read as well."""


@dataclass
class Copy:
    """One copy at the next hop: of which message and try, when its dot came, and when its reply was written."""

    number: int
    attempt: int
    ref: str
    port: int
    arrived: float
    replied: float = 0.0


class TimedSink(Sink):
    """A sink that takes a little for DATA and the dot, and knows when."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__()
        self.copies: list[Copy] = []
        self.rng = rng

    async def _perform(self, stage: str, writer: asyncio.StreamWriter) -> bool:
        if stage != "dot":
            if stage == "data":
                await asyncio.sleep(self.rng.uniform(0, LONGEST / 4))
            return await super()._perform(stage, writer)
        found = COPY.search(self.transactions.pop().raw)
        assert found is not None
        port = writer.get_extra_info("peername")[1]
        copy = Copy(int(found[1]), int(found[2]), found[3].decode(), port, time.monotonic())
        self.copies.append(copy)
        await asyncio.sleep(self.rng.uniform(0, LONGEST / 2))
        goes_on = await super()._perform(stage, writer)
        copy.replied = time.monotonic()
        return goes_on


@dataclass
class Wire:
    """One client's connection, on sockets themselves, so that a RST leaves at the moment it is meant to."""

    socket: socket.socket
    heard: bytes = b""

    async def code(self) -> int:
        """The code of the next reply. Raises OSError where none comes."""
        while (last := re.search(rb"^(\d{3}) [^\n]*\n", self.heard, re.MULTILINE)) is None:
            octets = await asyncio.get_running_loop().sock_recv(self.socket, 4096)
            if not octets:
                raise ConnectionResetError
            self.heard += octets
        self.heard = self.heard[last.end() :]
        return int(last[1])

    async def say(self, text: str) -> None:
        await asyncio.get_running_loop().sock_sendall(self.socket, text.encode())


@dataclass
class Post:
    """All messages: when the connection of the first try was cut, and what was heard in the end."""

    port: int
    cuts: dict[int, tuple[float, float]] = field(default_factory=dict)
    """When the cut began and when it was done: the RST has left between the two."""
    delays: dict[int, float] = field(default_factory=dict)
    """How long after the dot that was."""
    lost: list[int] = field(default_factory=list)
    """Messages that never got their 250."""
    started: int = 0

    async def send(self, number: int, attempt: int, within: float) -> int:
        """The code of the reply to the dot, or to what failed before; 0 where the connection was cut or lost."""
        own = socket.socket()
        own.setblocking(False)
        own.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        wire = Wire(own)
        hello = f"EHLO m{number}.t{attempt}.client.test"
        with contextlib.closing(own), contextlib.suppress(OSError):
            await asyncio.get_running_loop().sock_connect(own, ("127.0.0.1", self.port))
            for line in ("", hello, f"MAIL FROM:<{SENDER}>", f"RCPT TO:<m{number}@example.org>", "DATA"):
                if line:
                    await wire.say(f"{line}\r\n")
                code = await wire.code()
                if code >= 400:
                    return code
            await wire.say(f"Message-ID: <m{number}@client.test>\r\n\r\nhello\r\n.\r\n")
            try:
                return await asyncio.wait_for(wire.code(), within)
            except TimeoutError:
                begun = time.monotonic()
                own.close()
                self.cuts[number] = (begun, time.monotonic())
                self.delays[number] = within
        return 0

    async def go(self, cuts: int, rng: random.Random) -> None:
        """Send messages until so many connections were cut, each until its 250 was heard."""
        while len(self.cuts) < cuts:
            number = self.started
            self.started += 1
            code = await self.send(number, 0, rng.uniform(0, LONGEST))
            for attempt in range(1, 50):
                if code == 250:
                    break
                code = await self.send(number, attempt, PATIENCE)
            else:
                self.lost.append(number)


def windows(post: Post, copies: list[Copy], dots: dict[int, list[float]]) -> tuple[Counter[str], list[float]]:
    """In which window each cut fell that led to a second copy; and by how much the RST was before our dot, where it was."""
    at_port: dict[int, list[Copy]] = defaultdict(list)
    for copy in copies:
        at_port[copy.port].append(copy)
    our_dot: dict[tuple[int, int], float] = {}
    for port, there in at_port.items():
        assert len(there) == len(dots.get(port, [])), "a dot that nobody wrote"
        for copy, moment in zip(sorted(there, key=lambda c: c.arrived), sorted(dots[port]), strict=True):
            our_dot[copy.number, copy.attempt] = moment
    seen: Counter[str] = Counter()
    early: list[float] = []
    for copy in copies:
        if copy.attempt or copy.number not in post.cuts:
            continue
        done = post.cuts[copy.number][1]
        if done < our_dot[copy.number, 0]:
            seen["before our dot"] += 1
            early.append(our_dot[copy.number, 0] - done)
        elif done < copy.replied:
            seen["between our dot and the next hop's reply"] += 1
        else:
            seen["between the next hop's reply and ours"] += 1
    return seen, early


async def run(folder: Path, cuts: int, seed: int, progress: Progress | None = None) -> tuple[dict[str, object], bool]:
    """The figures, and whether every promise was kept."""
    rng = random.Random(seed)  # noqa: S311 - a sequence that can be repeated is what is wanted
    (folder / "sitecustomize.py").write_text(WATCH)
    log = folder / "dots"
    environment = {"PYTHONPATH": f"{folder}:{CONFIG.parent}", "GATE_DOTS": str(log)}
    more = {"workers": 2, "extractors": 1, "log": {"level": "error"}, "limits": {"connections_per_client": 500}}
    async with TimedSink(rng) as sink:
        gate = Gate(folder / "gate", "before_queue", f"127.0.0.1:{sink.port}", more=more)
        await asyncio.to_thread(gate.start, (), environment)
        post = Post(gate.port)
        started = time.monotonic()
        bar = None if progress is None else progress.add_task("cuts", total=cuts)
        loop = asyncio.get_running_loop()
        work = [loop.create_task(post.go(cuts, random.Random(rng.random()))) for _ in range(SENDERS)]  # noqa: S311 - as above
        try:
            while (await asyncio.wait(work, timeout=0.2))[1]:
                if progress is not None and bar is not None:
                    progress.update(bar, completed=len(post.cuts))
            await asyncio.gather(*work)
            await asyncio.to_thread(gate.stop)
        finally:
            gate.kill()
    dots: dict[int, list[float]] = defaultdict(list)
    for line in log.read_text().splitlines():
        port, moment = line.split()
        dots[int(port)].append(float(moment))
    seen, early = windows(post, sink.copies, dots)
    per_message = Counter(copy.number for copy in sink.copies)
    extra = sum(count - 1 for count in per_message.values())
    missing = sum(number not in per_message for number in range(post.started))
    late = {
        item.fields["ref"]
        for item in read(gate.home / "data" / "journal")
        if isinstance(item, Record) and item.fields.get("kind") == "answered" and item.fields["late"]
    }
    owed = [c for c in sink.copies if c.attempt == 0 and c.number in post.cuts]
    told: dict[str, object] = {
        "cuts": len(post.cuts),
        "seed": seed,
        "messages": post.started,
        "seconds": round(time.monotonic() - started, 1),
        "duplicates": extra,
        "duplicates per 10,000 cuts": round(extra * 10_000 / max(len(post.cuts), 1)),
        "by moment of the cut": dict(sorted(seen.items())),
        "longest before our dot, ms": round(max(early, default=0.0) * 1000, 3),
        "cut without a copy": len(post.cuts) - len(owed),
        "journalled as late": sum(c.ref in late for c in owed),
        "lost": missing + len(post.lost),
    }
    return told, not missing and not post.lost and extra == len(owed) and not seen["before our dot"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cuts", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="gate-cuts-") as folder,
        Progress(disable=not sys.stderr.isatty()) as progress,
    ):
        told, kept = asyncio.run(run(Path(folder), options.cuts, options.seed, progress))
    print(json.dumps(told))
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
