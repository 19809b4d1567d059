"""How much of what hides a number is seen: evasion mail of others, mutants of our own, and what honest mail pays for it.

    python -m tests.bench.evasion FOLDER                 mails with an index.json that each hide 536-90-4399
    python -m tests.bench.evasion --mutants 100000       made from seeds; a miss is one that a reader shows and the gate lets go
    python -m tests.bench.evasion --honest FOLDER...     held for ambiguity or for what nobody could look into

Every mail goes through the door's check of DATA and the real judge with the shipped rules. Prints one line of JSON; `--list`
names each miss, `--seed` begins elsewhere.
"""

import argparse
import asyncio
import json
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from smtp_gate.adapters.door_data import content_of
from smtp_gate.adapters.door_settings import DoorSettings
from smtp_gate.adapters.extractor import SocketExtractor
from smtp_gate.cli.mailfiles import files_below, messages_in
from smtp_gate.cli.quiet import Quiet
from smtp_gate.config import load_config
from smtp_gate.core.message import Message
from smtp_gate.core.reply import Reply
from smtp_gate.judge import Judge
from smtp_gate.reading.kinds import OPENABLE
from smtp_gate.reading.union import AMBIGUOUS
from smtp_gate.server.extractors import local_extractors
from smtp_gate.server.rules import InUse, load_rulebook
from tests.bench.mutants import mutant
from tests.bench.oracle import shown_by
from tests.builders import RECEIVED, envelope, listener

ROOT = Path(__file__).parents[2]
EMPTY = frozenset({"normal_msg", "manual_case"})
"""Cases of the evasion set that hold no number."""


@dataclass(frozen=True)
class Seen:
    """What became of one mail: `refused` at the door, `seen` by a rule's finding, `held` for another reason, or `missed`."""

    outcome: str
    reply: str = ""
    unscannable: tuple[str, ...] = ()
    ambiguous: bool = False


@cache
def judge() -> Judge:
    """The real judge with the shipped rules."""
    loaded = load_config(ROOT / "config" / "smtp-gate.yaml")
    book = load_rulebook(loaded.config, test=False) if loaded.config is not None else None
    if book is None or book.ruleset is None:
        raise RuntimeError("the shipped rules do not load")
    in_use = InUse(book)
    return Judge(lambda: in_use.ruleset, in_use, Quiet(), time.perf_counter, inline=sys.maxsize)


async def look(content: bytes, with_extractor: Judge | None = None) -> Seen:
    """Send it through the door's check and the judge."""
    taken = content_of(content.replace(b"\r\n.", b"\r\n.."), DoorSettings(listener(), "gate.test"))
    if isinstance(taken, Reply):
        return Seen("refused", str(taken))
    judgement = await (with_extractor or judge()).judge(Message("BENCH", envelope(), taken, RECEIVED))
    rows = [f for r in judgement.verdict.results for f in r.findings if f.detector == "us_ssn"]
    lost = tuple(f"{u.reason}:{u.kind}" for u in judgement.unscannable)
    held = judgement.verdict.strictest.word != "accept"
    doubtful = any(d.partition("@")[0] in AMBIGUOUS for d in judgement.defects)
    return Seen("seen" if rows and held else "held" if held else "missed", "", lost, doubtful)


def rendered(folder: Path) -> dict[str, object]:
    """The evasion set: how many are refused, seen, held for being unscannable, or missed."""
    index = json.loads((folder / "index.json").read_text())
    counts: Counter[str] = Counter()
    for entry in index:
        seen = asyncio.run(look((folder / entry["file"]).read_bytes()))
        outcome = "empty" if entry["case"] in EMPTY else seen.outcome
        counts[outcome] += 1
        if outcome in {"missed", "held"}:
            print(f"  {outcome} {entry['file']} {seen.unscannable}", file=sys.stderr)
    return {"mails": len(index), **counts}


def one_mutant(seed: int) -> tuple[int, tuple[str, ...], str, tuple[str, ...]]:
    """Seed, tricks, outcome (`unseen` where no reader shows the number either) and the readers that show it."""
    content, tricks = mutant(seed)
    seen = asyncio.run(look(content))
    if seen.outcome in {"refused", "seen"}:
        return seed, tricks, seen.outcome, ()
    readers = shown_by(content)
    if not readers:
        return seed, tricks, "unseen" if seen.outcome == "missed" else "unseen but held", ()
    return seed, tricks, seen.outcome, readers


def mutants(count: int, first: int, *, listed: bool) -> dict[str, object]:
    """Mutants of consecutive seeds on every core."""
    outcomes: Counter[str] = Counter()
    by_trick: Counter[str] = Counter()
    # Loaded before the processes divide, so that all share it and none begins without it.
    judge()
    with multiprocessing.Pool() as pool:
        done = pool.imap_unordered(one_mutant, range(first, first + count), chunksize=64)
        for number, (seed, tricks, outcome, readers) in enumerate(done, 1):
            outcomes[outcome] += 1
            if outcome == "missed":
                by_trick["+".join(tricks)] += 1
                if listed:
                    print(f"  {outcome} {seed} {'+'.join(tricks)} shown by {','.join(readers)}", file=sys.stderr)
            if number % 5000 == 0:
                print(f"  {number} of {count}: {dict(outcomes)}", file=sys.stderr, flush=True)
    return {"mutants": count, **outcomes, "missed_by_trick": dict(by_trick.most_common(20))}


def honest(folders: Iterable[Path], suffix: str) -> dict[str, object]:
    """Ordinary mail: how much is held for what nobody could look into, and how much of that because it is ambiguous."""
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()

    async def every() -> None:
        with local_extractors(1) as extract:
            opener = SocketExtractor(extract, OPENABLE)
            plain = judge()
            with_extractor = Judge(
                plain.ruleset, plain.facts, plain.watcher, plain.clock, extractor=opener, inline=sys.maxsize
            )
            for content, label in _mails(folders, suffix):
                seen = await look(content, with_extractor)
                counts["mails"] += 1
                counts["ambiguous"] += seen.ambiguous
                counts["passed" if seen.outcome == "missed" else seen.outcome] += 1
                if seen.unscannable:
                    counts["unscannable"] += 1
                    counts["unscannable and ambiguous"] += seen.ambiguous
                    reasons[",".join(sorted(set(seen.unscannable)))] += 1
                    if seen.ambiguous:
                        print(f"  {label} {seen.unscannable}", file=sys.stderr)

    asyncio.run(every())
    return {**counts, "reasons": dict(reasons.most_common(20))}


def _mails(folders: Iterable[Path], suffix: str) -> Iterator[tuple[bytes, str]]:
    for folder in folders:
        for file in (f for f in files_below(folder) if f.name.endswith(suffix)):
            yield from ((mail.content, mail.label) for mail in messages_in(file))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--mutants", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--honest", type=Path, nargs="+", default=[])
    parser.add_argument("--suffix", default="", help="read only files of honest mail that end in it")
    options = parser.parse_args()
    started = time.perf_counter()
    result: dict[str, object] = {}
    if options.folder is not None:
        result["rendered"] = rendered(options.folder)
    if options.mutants:
        result["mutants"] = mutants(options.mutants, options.seed, listed=options.list)
    if options.honest:
        result["honest"] = honest(options.honest, options.suffix)
    print(json.dumps({**result, "seconds": round(time.perf_counter() - started, 1)}))


if __name__ == "__main__":
    main()
