"""One message at a time, and at each system call of the worker that carries it: a kill, or an error of the disk.

    python -m tests.faults.inject [--every N]

Every call that a scenario makes is counted by a first run under strace, then each is hit once for each fault. `--every N`
hits every Nth of them only. Prints a table of scenario x fault x runs x failures; ends with 1 where a promise was broken.
"""

import argparse
import asyncio
import re
import shutil
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tests.faults.kills import offspring
from tests.faults.mail import Client, Scenario, letter
from tests.faults.oracle import Oracle, delivered_in
from tests.peers.gates import Gate
from tests.sinks import Sink

CALLS: Final = (
    "write", "writev", "pwrite64", "sendto", "sendmsg", "fsync", "fdatasync", "rename", "unlink", "openat", "flock", "close",
)  # fmt: skip
ERRORS: Final = ("EIO", "ENOSPC", "EDQUOT")
FAILING: Final = ("write", "fsync", "fdatasync", "rename", "unlink", "openat", "flock", "close")
"""The calls of the disk's and the journal's threads that can fail with them."""
CALL: Final = re.compile(r"^(?:(\d+) +)?(\w+)\(")


TRIES: Final = 3


@dataclass(frozen=True)
class Point:
    """The `nth` call of that name by the loop's thread (`loop`) or by one of the threads beside it, and what happens."""

    scenario: Scenario
    loop: bool
    call: str
    nth: int
    fault: str

    @property
    def injection(self) -> str:
        what = "signal=KILL" if self.fault == "KILL" else f"error={self.fault}"
        return f"inject={self.call}:{what}:when={self.nth}"


@dataclass
class Bench:
    """A gate with one worker, its client, and which message was sent at which point."""

    gate: Gate
    client: Client
    points: dict[int, Point] = field(default_factory=dict)
    hit: set[int] = field(default_factory=set)

    def worker(self) -> int:
        return offspring(self.gate.pid).get("gate:w0", 0)

    async def warm(self) -> int:
        """A worker that answers, with its threads there."""
        while True:
            one = await self.client.send(letter(self._next(), Scenario.HOLD))
            pid = self.worker()
            if one.code == 250 and pid:
                return pid
            await asyncio.sleep(0.01)

    def _next(self) -> int:
        return len(self.client.ledger)

    async def under(self, pid: int, scenario: Scenario, *, loop: bool, options: list[str], out: Path) -> int:
        """One message while strace holds the worker; its number."""
        async with held_by_strace(pid, out, options, loop=loop):
            one = await self.client.send(letter(self._next(), scenario))
        return one.number

    async def count(self, scenario: Scenario, *, loop: bool, folder: Path) -> Counter[str]:
        """How often each call is made for such a message."""
        out = folder / "count"
        await self.under(await self.warm(), scenario, loop=loop, options=["-e", f"trace={','.join(CALLS)}"], out=out)
        return calls_in(out)

    async def strike(self, point: Point, folder: Path) -> None:
        """One message with the fault at its point."""
        out = folder / "trace"
        options = ["-e", f"trace={point.call}", "-e", point.injection]
        for _ in range(TRIES):
            # The threads beside the loop share their work as it comes, so a call may fall to one that has done less.
            number = await self.under(await self.warm(), point.scenario, loop=point.loop, options=options, out=out)
            self.points[number] = point
            if struck(out):
                self.hit.add(number)
                return


@asynccontextmanager
async def held_by_strace(pid: int, out: Path, options: list[str], *, loop: bool) -> AsyncIterator[None]:
    """The process traced: its loop's thread, or all the others."""
    threads = [t.name for t in Path(f"/proc/{pid}/task").iterdir()]
    chosen = [t for t in threads if (t == str(pid)) == loop]
    command = ["strace", "-qq", "-o", str(out), *options]
    for thread in chosen:
        command += ["-p", thread]
    tracer = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.DEVNULL)
    try:
        await attached(chosen)
        yield
        # What is written behind an answer follows within a tenth of a second.
        until = time.monotonic() + 0.13
        while tracer.returncode is None and time.monotonic() < until and not struck(out):
            await asyncio.sleep(0.005)
    finally:
        if tracer.returncode is None:
            tracer.terminate()
        await tracer.wait()


def calls_in(out: Path) -> Counter[str]:
    """How often each call was made in a trace, by the thread that made it most: an injection counts each by itself."""
    threads: dict[str, Counter[str]] = defaultdict(Counter)
    for line in out.read_text().splitlines():
        if (m := CALL.match(line)) is not None:
            threads[m[1] or ""][m[2]] += 1
    most: Counter[str] = Counter()
    for counted in threads.values():
        most |= counted
    return most


def struck(out: Path) -> bool:
    """Whether the tracer says that its fault has happened."""
    text = out.read_text() if out.exists() else ""
    return "INJECTED" in text or "killed by SIGKILL" in text


async def attached(threads: list[str]) -> None:
    """Wait until a tracer holds all of these threads."""
    for _ in range(500):
        try:
            held = [re.search(r"TracerPid:\t(\d+)", Path(f"/proc/{t}/status").read_text()) for t in threads]
        except (FileNotFoundError, ProcessLookupError):
            # A thread that has ended since it was seen cannot be held, and needs not.
            return
        if all(h is not None and h[1] != "0" for h in held):
            return
        await asyncio.sleep(0.002)
    raise AssertionError("strace does not take hold")


def faults_of(call: str, *, loop: bool) -> Iterator[str]:
    yield "KILL"
    if not loop and call in FAILING:
        yield from ERRORS if call != "close" else ("EIO",)
    elif loop and call == "write":
        yield "EPIPE"


async def plan(bench: Bench, folder: Path) -> list[Point]:
    """Every call of every scenario, with every fault that it can have."""
    points = []
    for scenario in Scenario:
        for loop in (True, False):
            counted = await bench.count(scenario, loop=loop, folder=folder)
            points += [
                Point(scenario, loop, call, nth, fault)
                for call, times in sorted(counted.items())
                for fault in faults_of(call, loop=loop)
                for nth in range(1, times + 1)
            ]
    return points


async def run(
    folder: Path, every: int = 1, offset: int = 0, progress: Progress | None = None
) -> tuple[Bench, list[str]]:
    """Strike every Nth point; the bench, and the promises that were broken."""
    async with Sink() as sink:
        gate = Gate(
            folder / "gate", "before_queue", f"127.0.0.1:{sink.port}",
            more={"workers": 1, "extractors": 1, "log": {"level": "error"}},
        )  # fmt: skip
        await asyncio.to_thread(gate.start)
        bench = Bench(gate, Client(gate.port))
        try:
            points = (await plan(bench, folder))[offset % every :: every]
            bar = None if progress is None else progress.add_task("striking", total=len(points))
            for point in points:
                await bench.strike(point, folder)
                if progress is not None and bar is not None:
                    progress.advance(bar)
            await bench.warm()
            await asyncio.to_thread(gate.stop)
        finally:
            gate.kill()
        delivered = delivered_in((t.rcpts, t.content) for t in sink.transactions)
    # An error after the next hop's acceptance leaves a 250 and a message shown as unknown; the oracle knows of that.
    truth = Oracle(gate.home / "data").judge(bench.client.ledger, delivered)
    return bench, [f"{told} [{bench.points.get(_number(told), '')}]" for told in truth.failures]


def _number(told: str) -> int:
    found = re.match(r"m(\d+)", told)
    return int(found[1]) if found else -1


def table(bench: Bench, failures: list[str]) -> Table:
    """Scenario x fault x runs x failures."""
    made = Table("scenario", "fault", "points", "struck", "failures")
    broken = Counter((p.scenario, p.fault) for f in failures if (p := bench.points.get(_number(f))) is not None)
    groups = Counter((p.scenario, p.fault) for p in set(bench.points.values()))
    reached = Counter((p.scenario, p.fault) for p in {p for n, p in bench.points.items() if n in bench.hit})
    for (scenario, fault), count in sorted(groups.items()):
        key = (scenario, fault)
        made.add_row(scenario, fault, str(count), str(reached[key]), str(broken[key]))
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=1)
    options = parser.parse_args()
    if shutil.which("strace") is None:
        parser.error("strace is not there: apt-get install strace")
    with tempfile.TemporaryDirectory(prefix="gate-inject-") as folder:
        with Progress(disable=not sys.stderr.isatty()) as progress:
            bench, failures = asyncio.run(run(Path(folder), options.every, progress=progress))
        Console().print(table(bench, failures))
        print(
            f"{len(set(bench.points.values()))} points, {len(bench.points)} runs, {len(bench.hit)} struck, {len(failures)} failures"
        )
        for told in failures[:40]:
            print(told)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
