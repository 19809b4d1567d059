"""What a large directory costs: seconds and memory to load it, look-ups a second, and seconds to merge a day's reading.

    python -m tests.bench.directory --people 100000 [--json]

Seconds are those of the processor, so that a busy machine says the same. People are made up: one in ten was transferred, one in twenty has left, most have an alias and a group or two.
"""

import argparse
import gc
import json
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from smtp_gate.adapters.directory import load
from smtp_gate.core.directory import Directory, Entry, index
from smtp_gate.core.directory_diff import changes
from smtp_gate.core.directory_merge import merged

ZONE: Final = ZoneInfo("America/Chicago")
TODAY: Final = date(2026, 9, 1)
DEPARTMENTS: Final = tuple(f"Department {n}" for n in range(40))
HEADER: Final = (
    "address,kind,name,person,department,title,status,groups,aliases,personal,senders,valid_from,valid_to,successor"
)


def people(count: int, seed: int = 1) -> Iterator[str]:
    """The lines of a directory of so many people."""
    dice = random.Random(seed)  # noqa: S311 - made-up people need no secrecy
    yield HEADER
    for n in range(count):
        name, department = f"Given{n % 997} Family{n}", dice.choice(DEPARTMENTS)
        groups = ";".join(sorted({f"group-{dice.randrange(200)}" for _ in range(dice.randrange(3))}))
        alias = f"Given{n % 997}.Family{n}@milwaukee.gov"
        personal = f"family{n}@gmail.com" if n % 4 == 0 else ""
        since = (date(2010, 1, 1) + timedelta(dice.randrange(5000))).isoformat()
        person = f"person,{name},p-{n},{department},Clerk {n % 50},employee,{groups}"
        if n % 10 == 0:
            moved = dice.choice(DEPARTMENTS)
            yield (
                f"u{n}@milwaukee.gov,{person},{alias} [..2026-06-30],{personal},,{since},2026-06-30,u{n}b@milwaukee.gov"
            )
            now = person.replace(department, moved)
            yield f"u{n}b@milwaukee.gov,{now},{alias} [2026-07-15..],{personal},,2026-07-01,,"
        else:
            until = "2025-12-31" if n % 20 == 1 else ""
            yield f"u{n}@milwaukee.gov,{person},{alias},{personal},,{since},{until},"


def resident() -> float:
    """MB of memory that the process has now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 2**20


def per_second(ask: Callable[[str], object], subjects: list[str], seconds: float = 0.5) -> float:
    """How often a second the question can be asked."""
    asked, started = 0, time.process_time()
    while (spent := time.process_time() - started) < seconds:
        for subject in subjects:
            ask(subject)
        asked += len(subjects)
    return asked / spent


def measure(count: int) -> dict[str, float]:
    """Every figure of a directory of so many people."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "directory.csv"
        file.write_text("\n".join(people(count)) + "\n")
        gc.collect()
        before, started = resident(), time.process_time()
        found = load(file, ZONE)
        seconds = time.process_time() - started
        gc.collect()
        grown = resident() - before
    if not isinstance(found, Directory):
        raise SystemExit(str(found[:3]))
    return {
        "entries": len(found.entries),
        "load_seconds": round(seconds, 2),
        "memory_mb": round(grown, 1),
        **_look_ups(found, count),
        **_merging(found),
    }


def _merging(found: Directory) -> dict[str, float]:
    """Seconds that a sync takes but for reading the source: one account in a hundred has moved, one is new, one is gone."""
    today = [replace(e, since=None, until=None) for e in found.entries if e.covers(TODAY)]
    reading = [replace(e, department="Moved") if n % 100 == 0 else e for n, e in enumerate(today) if n % 100 != 1]
    reading += [Entry(f"new{n}@milwaukee.gov") for n in range(len(today) // 100)]
    started = time.process_time()
    entries = merged(found, reading, TODAY)
    between = time.process_time()
    different = len(changes(found, index(entries), TODAY))
    ended = time.process_time()
    return {
        "merge_seconds": round(between - started, 2),
        "diff_seconds": round(ended - between, 2),
        "changes": different,
    }


def _look_ups(found: Directory, count: int) -> dict[str, float]:
    dice = random.Random(2)  # noqa: S311 - a sample of made-up people
    some = [dice.randrange(count // 20) * 20 for _ in range(2000)]
    asked = {
        "current": [f"u{n + 2}@milwaukee.gov" for n in some],
        "alias": [f"given{(n + 2) % 997}.family{n + 2}@milwaukee.gov" for n in some],
        "ended": [f"u{n}@milwaukee.gov" for n in some],
        "unknown": [f"nobody{n}@milwaukee.gov" for n in some],
    }
    rates = {name: per_second(lambda a: found.look_up(a, TODAY), those) for name, those in asked.items()}
    rates["roster"] = per_second(lambda g: found.roster(g, TODAY), [f"group-{n}" for n in range(0, 200, 10)])
    return {f"{name}_per_second": round(rate) for name, rate in rates.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures = measure(max(options.people, 100))
    if options.json:
        print(json.dumps(figures))
        return
    for name, figure in figures.items():
        print(f"{name.replace('_', ' '):24} {figure:>12,}")


if __name__ == "__main__":
    main()
