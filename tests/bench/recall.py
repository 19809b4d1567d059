"""How many identifiers planted into real mail the shipped rules find, by type, carrier and phrasing.

    python -m tests.bench.recall FOLDER... [--count 2000] [--kind ssn]... [--seed 1] [--misses 20]

Bodies of plain mail below each FOLDER carry made-up identifiers (tests.bench.planted) in one of ten carriers
(tests.bench.carriers). One is found where a rule that is enforced, and acts on it at that level, has a finding of the
type's detectors; the whole mail goes through the judge that `serve` uses, documents opened, on every core. Prints recall
with its 95 % interval (Wilson), and where misses gather.
"""

import argparse
import asyncio
import json
import math
import multiprocessing
import random
import sys
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from smtp_gate.cli.mailfiles import files_below, messages_in
from smtp_gate.core.message import Message
from smtp_gate.core.verdict import Mode
from smtp_gate.server.extractors import local_extractors
from tests.bench.carriers import CARRIERS, plain_body
from tests.bench.false_holds import Asked, Bench
from tests.bench.planted import SENTENCES, plant
from tests.builders import RECEIVED, envelope

DETECTORS: Final = {
    "ssn": {"us_ssn"},
    "card": {"payment_card"},
    "bank": {"bank_account"},
    "iban": {"iban"},
    "dob": {"date_of_birth"},
    "password": {"password", "login_pair", "password_reversed", "password_table", "password_cell"},
    "mbi": {"medicare_mbi"},
    "licence": {"wi_driver_license", "driver_license"},
}
"""The detectors that count for each type."""


@dataclass(frozen=True)
class Tried:
    """One planted identifier, and whether it was found."""

    kind: str
    carrier: str
    phrasing: int
    found: bool
    said: str


def wilson(hits: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a share."""
    if not count:
        return 0.0, 1.0
    z, share = 1.96, hits / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return middle - half, middle + half


_bench: list[tuple[Bench, list[str]]] = []


def _begin(asked: Asked, bodies: list[str]) -> None:
    _bench.append((Bench(asked), bodies))


def _try(work: tuple[str, int, int]) -> Tried:
    kind, seed, number = work
    bench, bodies = _bench[0]
    rng = random.Random(zlib.crc32(f"{kind} {seed} {number}".encode()))  # noqa: S311 - the same mail for the same seed
    planted = plant(kind, rng)
    carrier = CARRIERS[number % len(CARRIERS)]
    mail = carrier(rng, rng.choice(bodies), planted)
    judgement = asyncio.run(bench.judge.judge(Message("BENCH", envelope(), mail.as_bytes(), RECEIVED)))
    found = any(
        f.detector in DETECTORS[kind]
        for r in judgement.verdict.results
        if r.terms.mode is Mode.ENFORCE
        for f in r.findings
    )
    table = carrier.__name__ in {"csv", "sheet", "grid"}
    return Tried(
        kind, carrier.__name__, -1 if table else planted.phrasing, found, planted.head if table else planted.sentence
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--kind", action="append", default=[])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--misses", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=multiprocessing.cpu_count())
    given = parser.parse_args(arguments)
    files = [file for folder in given.folders for file in files_below(folder) if file.suffix == ".txt"]
    bodies = [
        b
        for file in files[:: max(1, len(files) // 1500)]
        for mail in messages_in(file)
        if (b := plain_body(mail.content))
    ]
    with local_extractors(given.jobs) as opener:
        asked = Asked(frozenset(), (), 0, levels=False, opener=opener)
        with multiprocessing.Pool(given.jobs, _begin, (asked, bodies)) as pool:
            for kind in given.kind or SENTENCES:
                work = [(kind, given.seed, n) for n in range(given.count)]
                tell(kind, pool.map(_try, work, chunksize=16), given.misses)


def tell(kind: str, tried: Sequence[Tried], misses: int) -> None:
    """Print one line of JSON for a type, and some of its misses."""
    hits = sum(t.found for t in tried)
    low, high = wilson(hits, len(tried))
    missed = [t for t in tried if not t.found]
    count = Counter(t.carrier for t in tried)
    lost = Counter(t.carrier for t in missed)
    row = {
        "type": kind,
        "planted": len(tried),
        "found": hits,
        "recall %": round(100 * hits / len(tried), 2),
        "95 %": [round(100 * low, 2), round(100 * high, 2)],
        "missed by carrier %": {c: round(100 * n / count[c], 1) for c, n in lost.most_common()},
        "missed by phrasing": dict(Counter(t.phrasing for t in missed).most_common(8)),
    }
    print(json.dumps(row), flush=True)
    for one in missed[:misses]:
        print(f"    {one.carrier} {one.phrasing}: {one.said!r}", file=sys.stderr)


if __name__ == "__main__":
    main()
