"""How many identifiers that others have labelled the shipped rules find, by type, and what the others are.

    python -m tests.bench.labelled CORPORA [--misses 20]

CORPORA is the folder that holds `pii-presidio-research` (sentences with labelled spans), `pii-iban` (accounts by country,
each put into a sentence) and `pii-gretel` (tables, whose columns are named); sets that are missing are passed over. Each
text is one mail, read as mail is. A span is found where a detector of its type matches it, at a level at which one match
is enough for a rule that enforces. Prints recall with its 95 % interval (Wilson), one line a set and type.
"""

import argparse
import csv
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Final

from smtp_gate.core.message import Message
from smtp_gate.core.verdict import Mode
from smtp_gate.detect.detectors import LEVELS
from smtp_gate.examine import Ruleset
from smtp_gate.families.clauses import FindParams
from smtp_gate.reading.limits import Limits
from smtp_gate.reading.reader import read
from smtp_gate.ruleset.build import BuildSettings, load
from tests.bench.recall import wilson
from tests.builders import OURS, RECEIVED, envelope

RULES: Final = Path(__file__).parents[2] / "rules"
DETECTORS: Final[Mapping[str, frozenset[str]]] = {
    "US_SSN": frozenset({"us_ssn", "us_itin"}),
    "CREDIT_CARD": frozenset({"payment_card"}),
    "IBAN_CODE": frozenset({"iban"}),
    "US_DRIVER_LICENSE": frozenset({"driver_license", "wi_driver_license"}),
    "DATE_OF_BIRTH": frozenset({"date_of_birth"}),
}
"""Our detectors of each type of theirs."""

SENTENCES: Final = ("Our account is {}.", "IBAN: {}", "Please pay to {} by Friday, thank you.", "{}")


@dataclass(frozen=True)
class Labelled:
    """One text, and the values in it by type."""

    source: str
    text: str
    values: tuple[tuple[str, str], ...]


def presidio(folder: Path) -> Iterator[Labelled]:
    """Sentences with spans; a DATE_TIME counts as a day of birth where its sentence says so."""
    for file in sorted(folder.rglob("*.json")):
        for entry in json.loads(file.read_text()):
            spans = [(s["entity_type"], s["entity_value"]) for s in entry.get("spans", ())]
            said = entry["full_text"].lower()
            born = any(w in said for w in ("born on", "date of birth", "birthday", "dob"))
            values = [("DATE_OF_BIRTH", v) if t == "DATE_TIME" and born else (t, v) for t, v in spans]
            wanted = tuple((t, v) for t, v in values if t in DETECTORS)
            if wanted:
                yield Labelled(f"presidio {file.stem}", entry["full_text"], wanted)


def ibans(folder: Path) -> Iterator[Labelled]:
    """Account numbers of many countries, as people have written them down, one a line."""
    for file in sorted((folder / "utils" / "example-ibans").glob("*-ibans")):
        lines = [line.strip() for line in file.read_text("utf-8", "replace").splitlines()]
        for number, line in enumerate(x for x in lines if x and not x.startswith("#")):
            sentence = SENTENCES[number % len(SENTENCES)]
            yield Labelled("iban examples", sentence.format(line), (("IBAN_CODE", line),))
    for row in csv.DictReader((folder / "registry.txt").open(encoding="utf-8"), delimiter="|"):
        value = row.get("iban_example") or ""
        if value:
            yield Labelled("iban registry", f"IBAN {value}", (("IBAN_CODE", value),))


def tables(folder: Path) -> Iterator[Labelled]:
    """Tables that have a column of days of birth, in pieces of 40 rows below their head, as they are."""
    for file in sorted(folder.rglob("*.csv")):
        lines = file.read_text("utf-8", "replace").splitlines()
        named = [i for i, head in enumerate(next(csv.reader(lines[:1]), [])) if "birth" in head.lower()]
        if not named:
            continue
        for start in range(1, len(lines), 40):
            piece = lines[start : start + 40]
            values = [row[named[0]] for row in csv.reader(piece) if len(row) > named[0]]
            wanted = tuple(("DATE_OF_BIRTH", v) for v in values if any(c.isdigit() for c in v))
            yield Labelled(f"table {file.stem}", "\n".join([lines[0], *piece]), wanted)


def acting(ruleset: Ruleset) -> dict[str, int]:
    """The least level at which one match is enough for a rule that enforces, by detector."""
    least: dict[str, int] = {}
    for rule in ruleset.rules:
        if rule.terms.mode is Mode.ENFORCE and isinstance(rule.params, FindParams):
            for clause in rule.params.find.any:
                if clause.unique == clause.count == 1:
                    level = LEVELS.index(clause.min_level)
                    least[clause.detector] = max(level, least.get(clause.detector, 0))
    return least


def signs(value: str) -> str:
    """Letters and digits alone."""
    return "".join(c for c in value if c.isalnum()).upper()


def found(ruleset: Ruleset, least: Mapping[str, int], one: Labelled) -> Iterator[tuple[str, str, bool]]:
    """Each labelled value with whether it is found."""
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = "Question"
    mail.set_content(one.text + "\n", cte="8bit")
    texts = read(Message("BENCH", envelope(), mail.as_bytes(), RECEIVED), Limits(), {}).texts
    hits = defaultdict(list)
    for match in ruleset.engine.search(texts).matches:
        if match.detector in least and LEVELS.index(match.level) <= least[match.detector]:
            hits[match.detector].append(signs(match.text.text[match.start : match.end]))
    for kind, value in one.values:
        wanted = signs(value)
        seen = [v for d in DETECTORS[kind] for v in hits[d]]
        # A label may take in more than the value, or leave off the time of a day.
        yield kind, value, any(v in wanted or wanted in v for v in seen)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--misses", type=int, default=0)
    given = parser.parse_args(arguments)
    loaded = load([RULES], BuildSettings(OURS, UTC, "Ask the help desk."))
    if loaded.ruleset is None:
        raise SystemExit("\n".join(map(str, loaded.errors)))
    least = acting(loaded.ruleset)
    sets: list[Iterable[Labelled]] = []
    for name, reader in (("pii-presidio-research", presidio), ("pii-iban", ibans), ("pii-gretel", tables)):
        if (given.corpora / name).is_dir():
            sets.append(reader(given.corpora / name))
    tried: dict[tuple[str, str], list[tuple[bool, str, str]]] = defaultdict(list)
    for one in (labelled for some in sets for labelled in some):
        for kind, value, hit in found(loaded.ruleset, least, one):
            tried[one.source, kind].append((hit, value, one.text))
    for (source, kind), results in tried.items():
        hits = sum(hit for hit, _, _ in results)
        low, high = wilson(hits, len(results))
        row = {"set": source, "type": kind, "labelled": len(results), "found": hits}
        print(
            json.dumps(
                {
                    **row,
                    "recall %": round(100 * hits / len(results), 1),
                    "95 %": [round(100 * low, 1), round(100 * high, 1)],
                }
            )
        )
        for _, value, text in [r for r in results if not r[0]][: given.misses]:
            print(f"    {value!r} in {text[:160]!r}", file=sys.stderr)


if __name__ == "__main__":
    main()
