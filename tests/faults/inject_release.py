"""One release at a time, and at each system call of the keeper that carries it out: a kill, or an error of the disk.

    python -m tests.faults.inject_release [--every N]

As `tests.faults.inject`, for the keeper. Afterwards a reviewer brings every item to its end, sending again what is unknown;
then each must have arrived, and twice only where it was unknown.
"""

import argparse
import asyncio
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tests.faults.inject import CALLS, TRIES, calls_in, faults_of, held_by_strace, struck
from tests.faults.kills import offspring
from tests.faults.mail import Client, Scenario, letter
from tests.faults.oracle import delivered_in
from tests.faults.releases import Run, ask
from tests.peers.gates import Gate
from tests.sinks import Sink


@dataclass(frozen=True)
class Point:
    """The `nth` call of that name by the loop's thread (`loop`) or by one of the threads beside it, and what happens."""

    loop: bool
    call: str
    nth: int
    fault: str


class Bench:
    """A gate, held messages, and at which point each release was struck."""

    def __init__(self, gate: Gate, run: Run) -> None:
        self.gate = gate
        self.run = run
        self.client = Client(gate.port)
        self.points: dict[str, Point] = {}
        self.hit: set[str] = set()

    async def keeper(self) -> int:
        """The keeper's process, once it answers."""
        while await ask(self.gate, {"do": "status"}) is None:
            await asyncio.sleep(0.01)
        return offspring(self.gate.pid)["gate:keeper"]

    async def release(self, out: Path, options: list[str], *, loop: bool) -> str:
        """Hold a message and have it released while strace holds the keeper; its ref."""
        one = await self.client.send(letter(len(self.client.ledger), Scenario.HOLD))
        assert one.code == 250, one.reply
        ref = one.reply.rpartition(" ")[2]
        self.run.refs[ref] = one.recipients[0]
        pid = await self.keeper()
        async with held_by_strace(pid, out, options, loop=loop):
            answer = await ask(self.gate, {"do": "release", "ref": ref, "who": "reviewer"})
            if answer is not None and answer.get("state") == "unknown":
                self.run.unknown.add(ref)
        return ref

    async def plan(self, folder: Path) -> list[Point]:
        """Every call of a release, with every fault that it can have."""
        points = []
        for loop in (True, False):
            out = folder / "count"
            await self.release(out, ["-e", f"trace={','.join(CALLS)}"], loop=loop)
            points += [
                Point(loop, call, nth, fault)
                for call, times in sorted(calls_in(out).items())
                for fault in faults_of(call, loop=loop)
                for nth in range(1, times + 1)
            ]
        return points

    async def strike(self, point: Point, folder: Path) -> None:
        """A release with the fault at its point."""
        out = folder / "trace"
        what = "signal=KILL" if point.fault == "KILL" else f"error={point.fault}"
        options = ["-e", f"trace={point.call}", "-e", f"inject={point.call}:{what}:when={point.nth}"]
        for _ in range(TRIES):
            ref = await self.release(out, options, loop=point.loop)
            self.points[ref] = point
            if struck(out):
                self.hit.add(ref)
                return


async def run_all(
    folder: Path, every: int = 1, progress: Progress | None = None
) -> tuple[Bench, list[str], Counter[str]]:
    """Strike every Nth point, then bring everything to its end."""
    async with Sink() as sink:
        gate = Gate(
            folder / "gate",
            "before_queue",
            f"127.0.0.1:{sink.port}",
            more={"workers": 1, "extractors": 1, "log": {"level": "error"}},
        )
        await asyncio.to_thread(gate.start)
        run = Run(folder, 0)
        bench = Bench(gate, run)
        try:
            points = (await bench.plan(folder))[::every]
            bar = None if progress is None else progress.add_task("striking", total=len(points))
            for point in points:
                await bench.strike(point, folder)
                if progress is not None and bar is not None:
                    progress.advance(bar)
            await run.review(gate, list(run.refs))
            await asyncio.to_thread(gate.stop)
        finally:
            gate.kill()
        delivered = delivered_in((t.rcpts, t.content) for t in sink.transactions)
    counts = run.judge(gate, bench.client, delivered)
    return bench, [f"{told} [{bench.points.get(told.partition(':')[0], '')}]" for told in run.failures], counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gate-inject-") as folder:
        with Progress(disable=not sys.stderr.isatty()) as progress:
            bench, failures, counts = asyncio.run(run_all(Path(folder), options.every, progress))
        table = Table("fault", "points", "struck")
        groups = Counter(p.fault for p in set(bench.points.values()))
        reached = Counter(p.fault for p in {p for ref, p in bench.points.items() if ref in bench.hit})
        for fault, count in sorted(groups.items()):
            table.add_row(fault, str(count), str(reached[fault]))
        Console().print(table)
        print(f"{len(bench.run.refs)} releases, {dict(counts)}, {len(failures)} failures")
        for told in failures[:40]:
            print(told)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
