"""Processes of a gate under load are stopped for a while, or made slow, one kind after the other; mail goes on or is put off.

    python -m tests.faults.stops [--seconds 5]

SIGSTOP and SIGCONT for each process; syncs that take 200 ms in every worker (strace). Prints a line of JSON for each.
"""

import argparse
import asyncio
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.kills import MIX, offspring
from tests.faults.mail import Client, Scenario, letter
from tests.faults.oracle import Oracle, Truth, delivered_in
from tests.peers.gates import Gate
from tests.sinks import Sink

PROCESSES = ("gate:w0", "gate:keeper", "gate:x0", "supervisor")


class Run:
    """One gate with two workers under load, while something happens to a process."""

    def __init__(self, folder: Path, senders: int = 8) -> None:
        self.folder = folder
        self.client = Client(0)
        self.senders = senders
        self.ended = False
        self.slowest = 0.0

    async def load(self, seed: int) -> None:
        """Send mail until the run has ended."""
        rng = random.Random(seed)  # noqa: S311 - a sequence that can be repeated is what is wanted
        while not self.ended:
            started = time.monotonic()
            await self.client.send(letter(len(self.client.ledger), rng.choice(MIX)))
            self.slowest = max(self.slowest, time.monotonic() - started)

    async def go(self, what: str, seconds: float) -> tuple[Truth, dict[str, object]]:
        """Stop the process (`slow`: make every worker's syncs slow) for so many seconds, and judge."""
        async with Sink() as sink:
            gate = Gate(
                self.folder / f"gate-{what.rpartition(':')[2]}",
                "before_queue",
                f"127.0.0.1:{sink.port}",
                more={"workers": 2, "extractors": 1, "log": {"level": "error"}},
            )
            await asyncio.to_thread(gate.start)
            self.client.port = gate.port
            loop = asyncio.get_running_loop()
            senders = [loop.create_task(self.load(n)) for n in range(self.senders)]
            try:
                await asyncio.sleep(0.5)
                before = self.client.answered
                await (self._slow(gate, seconds) if what == "slow" else self._stop(gate, what, seconds))
                during = self.client.answered - before
                await asyncio.sleep(0.5)
                self.ended = True
                await asyncio.gather(*senders)
                probe = await self.client.send(letter(len(self.client.ledger), Scenario.ACCEPT))
                await asyncio.to_thread(gate.stop)
            finally:
                self.ended = True
                gate.kill()
            delivered = delivered_in((t.rcpts, t.content) for t in sink.transactions)
        truth = Oracle(gate.home / "data").judge(self.client.ledger, delivered)
        if probe.code != 250:
            truth.failures.append(f"afterwards the gate answered {probe.code or 'nothing'}")
        told: dict[str, object] = {"what": what, "seconds": seconds, "answered meanwhile": during}
        told |= {"slowest": round(self.slowest, 2), "outcomes": dict(sorted(truth.counts.items()))}
        return truth, told | {"failures": truth.failures[:10], "failed": len(truth.failures)}

    async def _stop(self, gate: Gate, what: str, seconds: float) -> None:
        pid = gate.pid if what == "supervisor" else offspring(gate.pid)[what]
        os.kill(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            os.kill(pid, signal.SIGCONT)

    async def _slow(self, gate: Gate, seconds: float) -> None:
        command = ["strace", "-f", "-qq", "-o", str(self.folder / "slow.trace"), "-e", "trace=fsync,fdatasync"]
        command += ["-e", "inject=fsync,fdatasync:delay_enter=200000"]
        for name, pid in offspring(gate.pid).items():
            if name.startswith("gate:w"):
                command += ["-p", str(pid)]
        tracer = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.DEVNULL)
        await asyncio.sleep(seconds)
        tracer.terminate()
        await tracer.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0)
    options = parser.parse_args()
    broken = False
    with tempfile.TemporaryDirectory(prefix="gate-stops-") as folder:
        for what in (*PROCESSES, *(["slow"] if shutil.which("strace") else [])):
            truth, told = asyncio.run(Run(Path(folder)).go(what, options.seconds))
            print(json.dumps(told), flush=True)
            broken = broken or not truth
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
