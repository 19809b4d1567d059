"""Processes of a gate under load are killed at random moments; the oracle says what came of the mail.

    python -m tests.faults.kills [--what worker|supervisor|keeper] [--kills 10000] [--seed 1]

Prints one line of JSON; ends with 1 where a promise was broken. The seed gives the order of messages and victims; the
moments are the machine's.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import re
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rich.progress import Progress

from tests.faults.mail import Client, Scenario, letter
from tests.faults.oracle import Oracle, Truth, delivered_in
from tests.peers.gates import Gate
from tests.sinks import Sink

SENDERS: Final = 16
MIX: Final = (Scenario.ACCEPT,) * 5 + (Scenario.HOLD,) * 2 + (Scenario.MIXED,) * 2 + (Scenario.REFUSE,)


def offspring(pid: int) -> dict[str, int]:
    """The children of a process by the names they call themselves."""
    found: dict[str, int] = {}
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                found[Path(f"/proc/{child}/comm").read_text().strip()] = int(child)
    return found


@dataclass
class Run:
    """One gate under load in `folder`, and how often which process was killed."""

    folder: Path
    seed: int
    workers: int = 2
    killed: int = 0
    seconds: float = 0.0
    ended: bool = False
    client: Client = field(default_factory=lambda: Client(0))

    async def load(self, rng: random.Random) -> None:
        """Send mail until the run has ended."""
        while not self.ended:
            one = letter(len(self.client.ledger), rng.choice(MIX), padding=rng.choice((0, 0, 0, 2000, 300_000)))
            await self.client.send(one)
            if not one.reached_dot:
                # Nobody was there: what was never sent need not be kept, and who is told nothing tries again later.
                one.content = b""
                await asyncio.sleep(0.02)

    async def go(self, what: str, kills: int, progress: Progress | None = None) -> Truth:
        """Kill so often, then let the gate end, and judge."""
        rng = random.Random(self.seed)  # noqa: S311 - a sequence that can be repeated is what is wanted
        bar = None if progress is None else progress.add_task(f"{what} kills", total=kills)
        async with Sink() as sink:
            gate = Gate(
                self.folder / "gate", "before_queue", f"127.0.0.1:{sink.port}",
                more={"workers": self.workers, "extractors": 1, "log": {"level": "error"}, "limits": {"connections_per_client": 500}},
            )  # fmt: skip
            await asyncio.to_thread(gate.start)
            self.client.port = gate.port
            started = time.monotonic()
            loop = asyncio.get_running_loop()
            senders = [loop.create_task(self.load(random.Random(rng.random()))) for _ in range(SENDERS)]  # noqa: S311 - as above
            try:
                while self.killed < kills:
                    await self._meanwhile(rng)
                    self.killed += await self._kill(gate, what, rng)
                    if progress is not None and bar is not None:
                        progress.update(bar, completed=self.killed)
                self.ended = True
                await asyncio.gather(*senders)
                self.seconds = time.monotonic() - started
                # Liveness: after the last fault mail goes through again, without anybody's help.
                probe = await self.client.send(letter(len(self.client.ledger), Scenario.ACCEPT))
                await asyncio.to_thread(gate.stop)
            finally:
                self.ended = True
                gate.kill()
            delivered = delivered_in((t.rcpts, t.content) for t in sink.transactions)
        truth = await asyncio.to_thread(lambda: Oracle(gate.home / "data").judge(self.client.ledger, delivered))
        if probe.code != 250:
            truth.failures.append(f"after the last fault the gate answered {probe.code or 'nothing'}")
        return truth

    async def _meanwhile(self, rng: random.Random) -> None:
        """A random moment: after a few more messages were answered, and a little."""
        answered = self.client.answered + rng.randrange(9)
        until = time.monotonic() + 2.0
        while self.client.answered < answered and time.monotonic() < until:
            await asyncio.sleep(0.001)
        await asyncio.sleep(rng.uniform(0.0, 0.01))

    async def _kill(self, gate: Gate, what: str, rng: random.Random) -> bool:
        if what == "supervisor":
            await asyncio.sleep(rng.uniform(0.2, 0.5))
            await asyncio.to_thread(gate.kill)
            await asyncio.to_thread(gate.start)
            return True
        victims = [pid for name, pid in sorted(offspring(gate.pid).items()) if name.startswith(_PREFIX[what])]
        if not victims:
            return False
        try:
            os.kill(rng.choice(victims), signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True


_PREFIX: Final = {"worker": "gate:w", "keeper": "gate:k"}


def report(run: Run, truth: Truth, what: str) -> dict[str, object]:
    """The figures of a run."""
    return {
        "killed": what,
        "kills": run.killed,
        "seed": run.seed,
        "messages": len(run.client.ledger),
        "seconds": round(run.seconds, 1),
        "outcomes": dict(sorted(truth.counts.items())),
        "temporary": dict(
            Counter(re.sub(r"ref \w+", "ref", o.reply) for o in run.client.ledger if 400 <= o.code < 500)
        ),
        "failures": truth.failures[:20],
        "failed": len(truth.failures),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--what", choices=("worker", "supervisor", "keeper"), default="worker")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gate-faults-") as folder:
        run = Run(Path(folder), options.seed)
        with Progress(disable=not sys.stderr.isatty()) as progress:
            truth = asyncio.run(run.go(options.what, options.kills, progress))
        print(json.dumps(report(run, truth, options.what)))
    sys.exit(0 if truth else 1)


if __name__ == "__main__":
    main()
