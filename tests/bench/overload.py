"""What a gate costs when much comes at once: memory under large messages, idle sessions, syncs at saturation.

    python -m tests.bench.overload [--large 20] [--megabytes 50] [--idle 5000] [--seconds 8]

Starts `serve` with two workers and the small test pack in front of a sink; prints one line of JSON for each figure.
"""

import argparse
import asyncio
import json
import re
import resource
import tempfile
import time
import urllib.request
from pathlib import Path

from tests.faults.kills import offspring
from tests.faults.mail import Client, Scenario, letter
from tests.peers.gates import Gate
from tests.sinks import Sink

EHLO = ("PIPELINING", "SIZE 100000000", "8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES")
LIMITS = {"connections": 20_000, "connections_per_client": 20_000, "message_size": "64 MB", "queue_wait": "60s"}


def rss(gate: Gate) -> dict[str, int]:
    """Resident memory in kB of each process, shared pages counted in each that has them."""
    found = {}
    for name, pid in sorted(offspring(gate.pid).items()):
        status = Path(f"/proc/{pid}/status").read_text()
        found[name] = int(re.search(r"VmRSS:\s+(\d+)", status)[1])  # type: ignore[index]  # every live process has it
    return found


def workers(found: dict[str, int]) -> int:
    return sum(size for name, size in found.items() if name.startswith("gate:w"))


def series(gate: Gate) -> dict[str, float]:
    """Every sample of the gate's exposition by its full name."""
    with urllib.request.urlopen(f"http://127.0.0.1:{gate.metrics}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return {name: float(value) for name, _, value in (x.rpartition(" ") for x in lines if x[:1] != "#")}


async def large(gate: Gate, count: int, megabytes: int) -> dict[str, object]:
    """So many large messages at once: how far memory goes, and whether all arrive."""
    client, before, peak = Client(gate.port), workers(rss(gate)), 0
    letters = [letter(n, Scenario.ACCEPT, padding=megabytes << 20) for n in range(count)]
    started = time.monotonic()
    work = asyncio.gather(*(client.send(one) for one in letters))
    while not work.done():
        peak = max(peak, workers(await asyncio.to_thread(rss, gate)))
        await asyncio.sleep(0.02)
    codes = sorted({re.sub(r"ref \w+", "ref", f"{one.code} {one.reply}") for one in await work})
    return {
        "large messages": count, "MB each": megabytes, "replies": codes, "seconds": round(time.monotonic() - started, 1),
        "workers MB before": before >> 10, "workers MB at most": peak >> 10,
    }  # fmt: skip


async def idle(gate: Gate, count: int) -> dict[str, object]:
    """So many sessions that have said EHLO and wait: memory a session, and whether mail still goes through."""
    before = workers(rss(gate))
    held = []
    for _ in range(count // 100):
        held += await asyncio.gather(*(_session(gate.port) for _ in range(100)))
    await asyncio.sleep(1.0)
    after = workers(rss(gate))
    started = time.monotonic()
    one = await Client(gate.port).send(letter(900_000, Scenario.ACCEPT))
    seconds = time.monotonic() - started
    for writer in held:
        writer.close()
    return {
        "idle sessions": len(held), "kB a session": round((after - before) / len(held), 1),
        "a message meanwhile": one.code, "ms": round(seconds * 1000, 1),
    }  # fmt: skip


async def _session(port: int) -> asyncio.StreamWriter:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await reader.readline()
    writer.write(b"EHLO client.test\r\n")
    await reader.readuntil(b"\r\n250 ")
    return writer


async def syncs(gate: Gate, seconds: float, sessions: int = 64) -> dict[str, object]:
    """Syncs and messages a sync while as much comes as goes through."""
    client, over = Client(gate.port), time.monotonic() + seconds

    async def load() -> None:
        while time.monotonic() < over:
            await client.send(letter(1_000_000 + len(client.ledger), Scenario.ACCEPT))

    await asyncio.sleep(1.5)
    before = await asyncio.to_thread(series, gate)
    await asyncio.gather(*(load() for _ in range(sessions)))
    await asyncio.sleep(1.5)
    after = await asyncio.to_thread(series, gate)
    name = 'smtp_gate_syncs_total{what="journal"}'
    done, messages = after[name] - before.get(name, 0.0), client.answered
    return {
        "sessions": sessions, "messages": messages, "messages a second": round(messages / seconds),
        "journal syncs": int(done), "syncs a second": round(done / seconds), "messages a sync": round(messages / done, 2),
    }  # fmt: skip


async def run(options: argparse.Namespace, folder: Path) -> None:
    async with Sink(ehlo=EHLO) as sink:
        gate = Gate(
            folder / "gate", "before_queue", f"127.0.0.1:{sink.port}",
            more={"workers": 2, "log": {"level": "error"}, "limits": {**LIMITS, "in_flight": options.in_flight}},
        )  # fmt: skip
        await asyncio.to_thread(gate.start)
        try:
            print(json.dumps(await syncs(gate, options.seconds)), flush=True)
            sink.transactions.clear()
            print(
                json.dumps({"in_flight": options.in_flight} | await large(gate, options.large, options.megabytes)),
                flush=True,
            )
            arrived = {len(t.content) >> 20 for t in sink.transactions}
            print(json.dumps({"large messages at the sink": len(sink.transactions), "MB": sorted(arrived)}), flush=True)
            sink.transactions.clear()
            print(json.dumps(await idle(gate, options.idle)), flush=True)
            await asyncio.to_thread(gate.stop)
        finally:
            gate.kill()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--large", type=int, default=20)
    parser.add_argument("--megabytes", type=int, default=50)
    parser.add_argument("--idle", type=int, default=5000)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--in-flight", default="128 MB")
    options = parser.parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with tempfile.TemporaryDirectory(prefix="gate-overload-") as folder:
        asyncio.run(run(options, Path(folder)))


if __name__ == "__main__":
    main()
