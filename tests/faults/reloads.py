"""Rules are reloaded again and again under load, good and broken ones in turn; every message is judged by one published hash.

    python -m tests.faults.reloads [--reloads 1000]

Two good packs take turns: under one a word is held, under the other it is not; between them comes a broken one. The journal
says under which hash each message was judged and the verdict has to be that pack's. Prints one line of JSON with the times
from dot to reply, quiet and while reloading; ends with 1 where a message was judged by anything else.
"""

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

from rich.progress import Progress

from smtp_gate.adapters import control
from smtp_gate.server.plan import CONTROL
from smtp_gate.store.journal_reader import Record, read
from tests.faults.mail import Client, Scenario, letter
from tests.peers.gates import RULES, Gate
from tests.sinks import Sink

OTHER = RULES.replace("GATE-HOLD", "GATE-KEEP")
BROKEN = RULES.replace("action: quarantine", "action: quarantin")


class Run:
    """A gate under load, and what was published when."""

    def __init__(self, folder: Path, senders: int = 8) -> None:
        self.folder = folder
        self.client = Client(0)
        self.senders = senders
        self.ended = False
        self.times: list[float] = []
        self.published: dict[str, str] = {}
        self.failures: list[str] = []

    async def load(self, seed: int) -> None:
        """Send mail until the run has ended."""
        rng = random.Random(seed)  # noqa: S311 - a sequence that can be repeated is what is wanted
        while not self.ended:
            one = letter(len(self.client.ledger), rng.choice((Scenario.ACCEPT, Scenario.HOLD)))
            started = time.monotonic()
            await self.client.send(one)
            self.times.append(time.monotonic() - started)

    async def go(self, reloads: int, progress: Progress | None = None) -> dict[str, object]:
        """Reload so often; the figures."""
        bar = None if progress is None else progress.add_task("reloads", total=reloads)
        async with Sink() as sink:
            gate = Gate(
                self.folder / "gate",
                "before_queue",
                f"127.0.0.1:{sink.port}",
                more={"workers": 2, "extractors": 1, "log": {"level": "error"}},
            )
            await asyncio.to_thread(gate.start)
            self.client.port = gate.port
            loop = asyncio.get_running_loop()
            senders = [loop.create_task(self.load(n)) for n in range(self.senders)]
            try:
                line = await control.connect(gate.home / "data" / CONTROL)
                await asyncio.sleep(0.5)
                self.times.clear()
                await asyncio.sleep(3.0)
                quiet, self.times = self.times, []
                started = time.monotonic()
                for number in range(reloads):
                    await self._reload(gate, line, (RULES, BROKEN, OTHER, BROKEN)[number % 4])
                    if progress is not None and bar is not None:
                        progress.advance(bar)
                seconds, loaded = time.monotonic() - started, self.times
                self.ended = True
                await asyncio.gather(*senders)
                await line.close()
                await asyncio.to_thread(gate.stop)
            finally:
                self.ended = True
                gate.kill()
        self._judge(gate)
        return {
            "reloads": reloads,
            "seconds": round(seconds, 1),
            "hashes": len(self.published),
            "messages": len(self.client.ledger),
            "messages a second, quiet and reloading": [round(len(quiet) / 3.0), round(len(loaded) / seconds)],
            "p50 ms": [_ms(quiet, 50), _ms(loaded, 50)],
            "p99 ms": [_ms(quiet, 99), _ms(loaded, 99)],
            "failures": self.failures[:10],
            "failed": len(self.failures),
        }

    async def _reload(self, gate: Gate, line: control.ControlLine, pack: str) -> None:
        (gate.home / "rules" / "peers.yaml").write_text(pack)
        line.send({"do": "reload"})
        answer = await line.receive()
        assert answer is not None
        if bool(answer["reasons"]) != (pack is BROKEN):
            self.failures.append(f"a reload ended with {answer['reasons']}")
        if pack is not BROKEN:
            self.published[answer["ruleset"]] = pack
        elif answer["ruleset"] not in self.published:
            self.failures.append("a broken pack was published")

    def _judge(self, gate: Gate) -> None:
        """Each verdict on record is that of the pack whose hash stands beside it, and of the client's reply."""
        told = {one.recipients[0]: one for one in self.client.ledger}
        for item in read(gate.home / "data" / "journal"):
            if not isinstance(item, Record) or item.fields.get("kind") != "decided":
                continue
            one = told[item.fields["recipients"][0]["address"]]
            pack = self.published.get(item.fields["ruleset"], RULES if not self.published else "")
            holds = one.scenario is Scenario.HOLD and pack is RULES
            if not pack:
                self.failures.append(f"m{one.number}: judged by {item.fields['ruleset']}, which nobody published")
            elif item.fields["verdict"] != ("quarantine" if holds else "accept"):
                self.failures.append(f"m{one.number}: {item.fields['verdict']} is not what its rules say")
            elif one.code != 250 or ("held" in one.reply) != holds:
                self.failures.append(f"m{one.number}: the client was told {one.reply}")


def _ms(times: list[float], percent: int) -> float:
    return round(statistics.quantiles(times, n=100)[percent - 1] * 1000, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reloads", type=int, default=100)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gate-reloads-") as folder:
        run = Run(Path(folder))
        with Progress(disable=not sys.stderr.isatty()) as progress:
            told = asyncio.run(run.go(options.reloads, progress))
        print(json.dumps(told))
    sys.exit(1 if run.failures else 0)


if __name__ == "__main__":
    main()
