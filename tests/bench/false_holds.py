"""What ordinary mail pays: how many of a thousand messages the shipped rules of content hold, by rule, to be read by hand.

    python -m tests.bench.false_holds FOLDER... [--made 3000] [--rule ID]... [--rules PACK...] [--show 60] [--levels] [--list]

Every file of each FOLDER is one message (or an mbox); `--made` adds made-up mail that is full of other numbers. The envelope
goes from dokafor@milwaukee.gov to an external address, and every message goes through the judge that `explain` uses,
documents opened, on every core. Only families that read content count. Prints one line of JSON: messages, those with a
finding that an enforcing rule acts on, those with shadow findings only, and those held for what nobody could look into
alone. `--show N` prints each finding with N characters either side, the value masked; `--levels` counts the messages with
a match of each detector by level, whatever the rules make of it; `--list` names each message with a finding.
"""

import argparse
import asyncio
import json
import multiprocessing
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from smtp_gate.adapters.extractor import SocketExtractor
from smtp_gate.cli.mailfiles import files_below, messages_in
from smtp_gate.cli.quiet import Quiet
from smtp_gate.config import load_config
from smtp_gate.core.message import Message
from smtp_gate.core.verdict import Mode, Result
from smtp_gate.core.view import Match
from smtp_gate.examine import Ruleset
from smtp_gate.judge import Judge
from smtp_gate.reading.kinds import OPENABLE
from smtp_gate.reading.limits import Limits
from smtp_gate.reading.reader import read
from smtp_gate.server.extractors import local_extractors
from smtp_gate.server.rules import InUse, load_rulebook
from tests.bench.ordinary import ordinary
from tests.builders import RECEIVED, envelope

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Asked:
    """What is to be measured: rules by id (all where empty), packs, characters to show, and where documents are opened."""

    rules: frozenset[str]
    packs: tuple[Path, ...]
    show: int
    levels: bool
    opener: Path


@dataclass
class Seen:
    """What became of one message: rules that act, rules in shadow, held for being unscannable alone, and the context."""

    label: str
    acting: set[str] = field(default_factory=set)
    shadow: set[str] = field(default_factory=set)
    unscannable: tuple[str, ...] = ()
    shown: list[str] = field(default_factory=list)
    levels: set[str] = field(default_factory=set)


class Bench:
    """One process's judge and what it is asked."""

    def __init__(self, asked: Asked) -> None:
        loaded = load_config(ROOT / "config" / "smtp-gate.yaml")
        if loaded.config is None:
            raise SystemExit("the shipped settings do not load")
        config = loaded.config.model_copy(update={"rules": asked.packs}) if asked.packs else loaded.config
        book = load_rulebook(config, test=False)
        if book.ruleset is None:
            raise SystemExit("\n".join(map(str, book.errors)))
        in_use = InUse(book)
        self.asked = asked
        self.ruleset: Ruleset = book.ruleset
        opener = SocketExtractor(asked.opener, OPENABLE)
        self.judge = Judge(
            lambda: in_use.ruleset, in_use, Quiet(), time.perf_counter, extractor=opener, inline=sys.maxsize
        )

    async def look(self, label: str, content: bytes) -> Seen:
        """Judge one message."""
        message = Message("BENCH", envelope(), content, RECEIVED)
        judgement = await self.judge.judge(message)
        seen = Seen(label)
        reads = {r.id for r in self.ruleset.rules if r.family.reads_content}
        held: set[str] = set()
        for result in judgement.verdict.results:
            if result.rule not in reads or (self.asked.rules and result.rule not in self.asked.rules):
                continue
            enforcing = result.terms.mode is Mode.ENFORCE
            if result.findings:
                (seen.acting if enforcing else seen.shadow).add(result.rule)
            if result.unscannable and enforcing and result.terms.on_unscannable.word != "accept":
                held |= {f"{u.reason}:{u.kind}" for u in result.unscannable}
        seen.unscannable = tuple(sorted(held))
        if self.asked.levels or (self.asked.show and (seen.acting or seen.shadow)):
            self._again(message, judgement.verdict.results, seen)
        return seen

    def _again(self, message: Message, results: Iterable[Result], seen: Seen) -> None:
        """Scan once more, documents left closed, for what the verdict does not keep."""
        matches = self.ruleset.engine.search(read(message, Limits(), {}).texts).matches
        seen.levels = {f"{m.detector} {m.level}" for m in matches}
        if not self.asked.show:
            return
        for result in results:
            if result.rule in seen.acting | seen.shadow:
                wanted = {(f.detector, f.level) for f in result.findings}
                shown = [m for m in matches if (m.detector, m.level) in wanted]
                seen.shown += list(dict.fromkeys(f"{result.rule}: {_context(m, self.asked.show)}" for m in shown))[:8]
                if not shown:
                    seen.shown.append(
                        f"{result.rule}: {[(f.detector, f.level, str(f.region)) for f in result.findings]}"
                    )


def _context(match: Match, size: int) -> str:
    """The value masked as evidence, between what stands beside it."""
    text = match.text.text
    before, after = text[max(match.start - size, 0) : match.start], text[match.end : match.end + size]
    said = f"{before}[[{match.evidence}]]{after}".replace("\n", "\\n").replace("\t", "\\t")
    return f"{match.detector} {match.level} {match.text.reading}: {said}"


_bench: list[Bench] = []


def _begin(asked: Asked) -> None:
    _bench.append(Bench(asked))


def _look(work: tuple[str, bytes]) -> Seen:
    return asyncio.run(_bench[0].look(*work))


def mails(folders: Iterable[Path], made: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Every message with its label."""
    for folder in folders:
        for file in files_below(folder):
            # Notes on where a set comes from and labels beside its mails are no mail.
            if file.name != "SOURCE" and file.suffix != ".cats":
                yield from ((mail.label, mail.content) for mail in messages_in(file))
    rng = random.Random(seed)  # noqa: S311 - made-up mail, the same for the same seed
    for number in range(made):
        yield f"made#{number}", ordinary(rng)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--made", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rule", action="append", default=[])
    parser.add_argument("--rules", nargs="+", type=Path, default=[])
    parser.add_argument("--show", type=int, default=0)
    parser.add_argument("--levels", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--jobs", type=int, default=multiprocessing.cpu_count())
    given = parser.parse_args(arguments)
    began = time.perf_counter()
    with local_extractors(given.jobs) as opener:
        asked = Asked(frozenset(given.rule), tuple(p.resolve() for p in given.rules), given.show, given.levels, opener)
        with multiprocessing.Pool(given.jobs, _begin, (asked,)) as pool:
            work = mails(given.folders, given.made, given.seed)
            seen = list(pool.imap(_look, work, chunksize=16))
    for one in seen:
        if one.acting | one.shadow and (given.list or given.show):
            print(
                f"{one.label}: {' '.join(sorted(one.acting | {f'({r})' for r in one.shadow - one.acting}))}",
                file=sys.stderr,
            )
            print("".join(f"    {line}\n" for line in one.shown), end="", file=sys.stderr)
    print(json.dumps({**_figures(seen), "seconds": round(time.perf_counter() - began, 1)}))


def _figures(seen: Sequence[Seen]) -> dict[str, object]:
    acting = sum(bool(s.acting) for s in seen)
    by_rule = Counter(rule for s in seen for rule in s.acting)
    shadow = Counter(rule for s in seen for rule in s.shadow)
    lost = [s for s in seen if s.unscannable and not s.acting]
    levels = Counter(level for s in seen for level in s.levels)
    return {
        "mails": len(seen),
        "held": acting,
        "per 1000": round(1000 * acting / max(len(seen), 1), 2),
        "by rule": dict(by_rule.most_common()),
        "shadow only": sum(bool(s.shadow and not s.acting) for s in seen),
        "in shadow": dict(shadow.most_common()),
        "unscannable only": len(lost),
        "reasons": dict(Counter(r for s in lost for r in s.unscannable).most_common(12)),
        **({"levels": dict(sorted(levels.items()))} if levels else {}),
    }


if __name__ == "__main__":
    main()
