"""Time the engine of the shipped packs over the texts of real mail, on one core.

    python -m tests.bench.engine FOLDER... [--rules rules] [--runs 5] [--hostile] [--profile]

Every file of each FOLDER is one message (or an mbox). All are read into texts first; then `Engine.search` runs over the
texts of every message, so many times. Prints one line of JSON a folder: messages, texts, megabytes of text, the rate in
MB/s over a half that was never seen, after the other half (automata grow with what they see), then the median rate over
all in MB/s and messages a second, and matches. `--hostile` adds made-up mails at their worst; `--profile` a profile.
Where other work shares the processor, the rate goes down with it: nothing else should run.
"""

import argparse
import cProfile
import json
import pstats
import random
import resource
import statistics
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from smtp_gate.cli.mailfiles import files_below, messages_in
from smtp_gate.core.message import Client, Direction, Envelope, Listener, Message
from smtp_gate.core.message import Path as MailPath
from smtp_gate.core.view import Region, RegionKind, Span, Text
from smtp_gate.detect.engine import Engine
from smtp_gate.reading.limits import Limits
from smtp_gate.reading.reader import read
from smtp_gate.ruleset.build import BuildSettings, load

Texts = tuple[Text, ...]

WHEN = datetime(2026, 11, 25, tzinfo=UTC)
OWN = Region(RegionKind.OWN)


def shipped(paths: Sequence[Path]) -> tuple[Engine, float]:
    """The engine of these packs, and how many seconds loading them took."""
    began = time.perf_counter()
    loaded = load(paths, BuildSettings(frozenset({"milwaukee.gov"}), UTC, "Ask the help desk."))
    took = time.perf_counter() - began
    if loaded.ruleset is None:
        raise SystemExit("\n".join(map(str, loaded.errors)))
    return loaded.ruleset.engine, took


def texts_of(folder: Path) -> Iterator[Texts]:
    """The texts of every message below a folder."""
    listener = Listener("bench", Direction.OUTBOUND, internal_domains=frozenset({"milwaukee.gov"}))
    envelope = Envelope(MailPath(b"a@milwaukee.gov", "a", "milwaukee.gov"), (), Client("127.0.0.1"), listener)
    for file in files_below(folder):
        for mail in messages_in(file):
            yield read(Message("bench", envelope, mail.content, WHEN), Limits(), {}).texts


def plain(content: str) -> Texts:
    """One text of one region."""
    return (Text("1", "plain", content, (Span(0, len(content), OWN),)),)


def hostile() -> Iterator[tuple[str, Texts]]:
    """Mails at their worst: nothing but digits, rows of identifiers with their words, nothing but keywords."""
    yield "a million digits", plain("4" * 1_000_000)
    yield "a million spaced digits", plain("4 " * 500_000)
    yield "different numbers", plain(" ".join(str(100_000_000 + 7919 * n % 899_999_999) for n in range(100_000)))
    rows = (
        f"Okafor,Dana,SSN {500 + n % 99:03}-{10 + n % 89:02}-{1000 + n % 8999:04},dob 04/12/{1930 + n % 80}"
        for n in range(100_000)
    )
    yield "a hundred thousand rows", plain("\n".join(rows))
    yield "keywords", plain("ssn social security card account routing dob passport license " * 16_000)
    yield "keywords with one number each", plain("ssn account routing password dob 536904399 " * 24_000)
    yield "passwords", plain("".join(f"password: Lake{n}#x\n" for n in range(50_000)))
    yield "logins", plain("".join(f"user u{n} pass Lake{n}\n" for n in range(40_000)))
    yield "people", plain("".join(f"Dana Okafor, 414-555-{n % 10000:04}, {n} Main St\n" for n in range(25_000)))
    table = "".join(
        f"{500 + n % 99:03}-{10 + n % 89:02}-{1000 + n % 8999:04},04/12/{1930 + n % 80},A\n" for n in range(40_000)
    )
    yield "a table", plain(f"SSN,DOB,Grade\n{table}")
    yield "names without an end", plain("Dana Okafor " * 80_000)
    drawn = random.Random(1)  # noqa: S311 - the same text every time
    signs = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ      -./:,;|\n\t=@'\""
    yield "any signs", plain("".join(drawn.choices(signs, k=1_000_000)))
    yield "digits and signs", plain("".join(drawn.choices("0123456789 -./AB\n", k=1_000_000)))
    yield "base64", plain("QUtJQUlPU0ZPRE5ON0VYQU1QTEVrZXk9c2VjcmV0" * 25_000)


def rates(engine: Engine, mails: Sequence[Texts], runs: int) -> dict[str, object]:
    """How fast these are searched: the median of so many runs over all of them."""
    size = _size(mails)
    found = beyond = 0
    seconds = []
    for texts in mails[1::2]:
        engine.search(texts)
    began = time.process_time()
    for texts in mails[::2]:
        engine.search(texts)
    unseen = _size(mails[::2]) / 1e6 / max(time.process_time() - began, 1e-9)
    for _ in range(runs):
        began = time.process_time()
        scanned = [engine.search(texts) for texts in mails]
        seconds.append(time.process_time() - began)
        found = sum(len(s.matches) for s in scanned)
        beyond = sum(len(s.beyond) for s in scanned)
    took = max(statistics.median(seconds), 1e-9)
    return {
        "mails": len(mails),
        "texts": sum(map(len, mails)),
        "MB": round(size / 1e6, 2),
        "seconds": round(took, 3),
        "MB/s unseen": round(unseen, 1),
        "MB/s": round(size / 1e6 / took, 1),
        "mails/s": round(len(mails) / took),
        "matches": found,
        "beyond": beyond,
    }


def _size(mails: Sequence[Texts]) -> int:
    return sum(len(text.octets) for texts in mails for text in texts)


def main(arguments: Sequence[str] | None = None) -> None:
    """Time every folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--rules", nargs="+", type=Path, default=[Path(__file__).parents[2] / "rules"])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--hostile", action="store_true")
    parser.add_argument("--profile", action="store_true")
    given = parser.parse_args(arguments)
    before = _resident()
    engine, took = shipped(given.rules)
    detectors = len(engine.detectors.detectors)
    _say({"detectors": detectors, "load s": round(took, 3), "RSS MB": _resident(), "before MB": before})
    for folder in given.folders:
        mails = list(texts_of(folder))
        if given.profile:
            _profile(engine, mails)
        _say({"folder": str(folder), **rates(engine, mails, given.runs)})
    if given.hostile:
        for name, texts in hostile():
            _say({"hostile": name, **rates(engine, [texts], 1)})
    _say({"RSS MB": _resident()})


def _profile(engine: Engine, mails: Iterable[Texts]) -> None:
    profile = cProfile.Profile()
    profile.enable()
    for texts in mails:
        engine.search(texts)
    profile.disable()
    pstats.Stats(profile, stream=sys.stderr).sort_stats("tottime").print_stats(25)


def _resident() -> float:
    """The most memory this process has had in use, in MB."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def _say(row: dict[str, object]) -> None:
    print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
