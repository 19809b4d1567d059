"""Held mail is released while the keeper, which sends it, is killed again and again; the oracle counts the copies.

    python -m tests.faults.releases [--kills 2000] [--seed 1]

A reviewer asks for each item until it is settled, and sends again only what is listed as `unknown`. Prints one line of
JSON; ends with 1 where an item is lost, or came twice without ever having been unknown.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rich.progress import Progress

from smtp_gate.adapters import control
from smtp_gate.server.plan import CONTROL
from smtp_gate.store.files import Disk
from smtp_gate.store.quarantine import FileQuarantine, State
from tests.faults.kills import offspring
from tests.faults.mail import Client, Scenario, letter
from tests.faults.oracle import delivered_in
from tests.peers.gates import Gate
from tests.sinks import Sink

REVIEWERS: Final = 8
STEP: Final = 400
"""How many items are held before they are released, and again once those are settled."""


@dataclass
class Run:
    """What was held, under which ref, and which refs were ever unknown."""

    folder: Path
    seed: int
    refs: dict[str, str] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    settled: set[str] = field(default_factory=set)
    killed: int = 0
    failures: list[str] = field(default_factory=list)

    async def go(self, kills: int, progress: Progress | None = None) -> Counter[str]:
        """Hold, release and kill until there were so many kills; the counts of how items ended."""
        rng = random.Random(self.seed)  # noqa: S311 - a sequence that can be repeated is what is wanted
        bar = None if progress is None else progress.add_task("keeper kills", total=kills)
        async with Sink() as sink:
            gate = Gate(
                self.folder / "gate",
                "before_queue",
                f"127.0.0.1:{sink.port}",
                more={"workers": 1, "extractors": 1, "log": {"level": "error"}},
            )
            await asyncio.to_thread(gate.start)
            client = Client(gate.port)
            try:
                while self.killed < kills:
                    await self._hold(client, sink)
                    todo = [ref for ref in self.refs if ref not in self.settled]
                    work = asyncio.gather(*(self.review(gate, todo[n::REVIEWERS]) for n in range(REVIEWERS)))
                    while not work.done():
                        await asyncio.sleep(rng.uniform(0.0, 0.06))
                        if self.killed < kills:
                            self.killed += _kill(gate)
                        if progress is not None and bar is not None:
                            progress.update(bar, completed=self.killed)
                    await work
                await asyncio.to_thread(gate.stop)
            finally:
                gate.kill()
            delivered = delivered_in((t.rcpts, t.content) for t in sink.transactions)
        return self.judge(gate, client, delivered)

    async def _hold(self, client: Client, sink: Sink) -> None:
        async def one(number: int) -> None:
            held = await client.send(letter(number, Scenario.HOLD, padding=2000))
            assert held.code == 250, held.reply
            self.refs[held.reply.rpartition(" ")[2]] = held.recipients[0]

        start = len(client.ledger)
        for at in range(start, start + STEP, 20):
            await asyncio.gather(*(one(n) for n in range(at, at + 20)))

    async def review(self, gate: Gate, refs: list[str]) -> None:
        """Ask for each item until nothing more is to be done about it."""
        for ref in refs:
            again = False
            until = time.monotonic() + 120
            while time.monotonic() < until:
                answer = await ask(gate, {"do": "release", "ref": ref, "who": "reviewer", "again": again})
                again = False
                if answer is None:
                    await asyncio.sleep(0.01)
                    continue
                state = answer.get("state") or await asyncio.to_thread(self._state, gate, ref)
                if state == State.UNKNOWN:
                    self.unknown.add(ref)
                    again = True
                elif state in {State.RELEASED, State.FAILED}:
                    self.settled.add(ref)
                    break
                else:
                    await asyncio.sleep(0.01)
            else:
                self.failures.append(f"{ref}: never settled")

    def _state(self, gate: Gate, ref: str) -> str:
        disk = Disk(1)
        try:
            return str(FileQuarantine(gate.home / "data" / "quarantine", disk).find(ref).state)
        finally:
            disk.close()

    def judge(self, gate: Gate, client: Client, delivered: list[tuple[str, bytes]]) -> Counter[str]:
        copies = Counter(recipient for recipient, _ in delivered)
        contents = {o.recipients[0]: o.content for o in client.ledger}
        counts: Counter[str] = Counter()
        for recipient, content in delivered:
            if not content.endswith(contents[recipient]):
                self.failures.append(f"{recipient}: octets changed")
        for ref, recipient in self.refs.items():
            count, was_unknown = copies[recipient], ref in self.unknown
            counts[f"{count} copies" + (", was unknown" if was_unknown else "")] += 1
            if count == 0:
                self.failures.append(f"{ref}: lost, it is {self._state(gate, ref)}")
            if count > 1 and not was_unknown:
                self.failures.append(f"{ref}: {count} copies, and it was never unknown")
        return counts


def _kill(gate: Gate) -> bool:
    pid = offspring(gate.pid).get("gate:keeper")
    if pid is None:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        return True
    return False


async def ask(gate: Gate, frame: dict[str, Any]) -> dict[str, Any] | None:
    """The keeper's answer, None where it was killed before it answered."""
    try:
        line = await control.connect(gate.home / "data" / CONTROL)
    except OSError:
        return None
    try:
        line.send(frame)
        return await asyncio.wait_for(line.receive(), 60)
    except TimeoutError:
        return None
    finally:
        await line.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gate-releases-") as folder:
        run = Run(Path(folder), options.seed)
        with Progress(disable=not sys.stderr.isatty()) as progress:
            counts = asyncio.run(run.go(options.kills, progress))
        told = {"kills": run.killed, "seed": run.seed, "items": len(run.refs), "counts": dict(counts)}
        print(json.dumps({**told, "failures": run.failures[:20], "failed": len(run.failures)}))
    sys.exit(1 if run.failures else 0)


if __name__ == "__main__":
    main()
