"""Precision and recall of «statement missing», on replies built from labelled mail.

    python -m tests.bench.signature [--corpora DIR] [--count N] [--rounds 3] [--seed 1] [--show SET|all]

DIR holds the sets as they were published; `SMTP_GATE_CORPORA` names it otherwise. Each mail of a set is sent by a contractor
in five classes, in `--rounds` ways each (places, spellings, plain text or HTML as mail programs write it): the statement in
the author's own signature (`signed`), nowhere (`absent`), in what is quoted only (`quoted`), in a message passed on below
(`forwarded`), and what is quoted without a word of the author's (`bare`). It is missing in the second to the fourth.
`--count` limits the mails of each set, `--show` names the wrong ones.
"""

import argparse
import os
import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from smtp_gate.core.message import Message
from smtp_gate.families.signature import SignatureParams, family
from smtp_gate.reading.limits import Limits
from smtp_gate.reading.reader import read
from tests.bench.signature_mails import MISSING, Built, in_page, in_text
from tests.bench.signature_sets import pages, texts
from tests.bench.zones import UNSIGNED
from tests.builders import RECEIVED, envelope
from tests.families.seen import CARLA, knowing

_BAR: Final = 40

Score = Counter[tuple[bool, bool]]
"""How many mails by whether the statement is missing, and whether that was found."""


def built(corpora: Path, rounds: int, count: int, seed: int) -> Iterator[tuple[str, Built]]:
    """Every mail with the set it comes from; the same for the same seed."""
    for name, samples in texts(corpora).items():
        for sample in samples[:count]:
            for number in range(rounds):
                for kind in MISSING:
                    dice = random.Random(f"{seed} {name} {sample.name} {number} {kind}")  # noqa: S311 - no secret
                    one = in_text(sample, kind, dice, signs=name in UNSIGNED - {"quagga-lines"})
                    if one is not None:
                        yield name, one
    for name, sources in pages(corpora).items():
        for title, source, own in sources[:count]:
            for number in range(rounds):
                dice = random.Random(f"{seed} {name} {title} {number}")  # noqa: S311 - no secret
                yield from ((name, one) for one in in_page(title, source, own, dice))


def is_found(mail: Built, params: SignatureParams) -> bool:
    """Whether the family finds the statement missing."""
    view = read(Message("BENCH", envelope("cdiaz@milwaukee.gov"), mail.content, RECEIVED), Limits(), {})
    return bool(list(family.check(view, knowing(CARLA), params)))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print a line a set and a line a class."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    known = os.environ.get("SMTP_GATE_CORPORA")
    parser.add_argument("--corpora", type=Path, default=known, required=known is None)
    parser.add_argument("--count", type=int, default=sys.maxsize)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", default="")
    given = parser.parse_args(arguments)
    mails = list(built(Path(given.corpora), given.rounds, given.count, given.seed))
    sets: dict[str, Score] = {}
    kinds: dict[str, Score] = {}
    for number, (name, mail) in enumerate(mails):
        _progress(number, len(mails))
        missing, found = MISSING[mail.kind], is_found(mail, SignatureParams())
        for where, key in ((sets, name), (kinds, mail.kind), (sets, "total")):
            where.setdefault(key, Counter())[missing, found] += 1
        if missing != found and given.show in {name, "all"}:
            print(f"{name}: {mail.kind}: {mail.name}: {'not found' if missing else 'found'}")
    _progress(len(mails), len(mails))
    print(f"{'':14} {'mails':>6} {'missing':>8} {'precision':>9} {'recall':>7}")
    for key, score in sorted(sets.items(), key=lambda item: item[0] == "total"):
        print(f"{key:14} {score.total():6} {_missing(score):8} {_precision(score):>9} {_recall(score):>7}")
    for key, score in kinds.items():
        wrong = score[True, False] + score[False, True]
        print(f"{key:14} {score.total():6} {_missing(score):8} {wrong:5} wrong, {1 - wrong / score.total():.4f} right")


def _missing(score: Score) -> int:
    return score[True, True] + score[True, False]


def _precision(score: Score) -> str:
    told = score[True, True] + score[False, True]
    return f"{score[True, True] / told:.4f}" if told else "-"


def _recall(score: Score) -> str:
    return f"{score[True, True] / _missing(score):.4f}" if _missing(score) else "-"


def _progress(done: int, total: int) -> None:
    if sys.stderr.isatty() and (done % 25 == 0 or done == total):
        bar = "#" * (_BAR * done // max(total, 1))
        print(f"\r[{bar:{_BAR}}] {done}/{total}", end="\n" if done == total else "", file=sys.stderr)


if __name__ == "__main__":
    main()
