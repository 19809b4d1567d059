"""Zones per line, measured on labelled mail: own against quoted text, and signatures.

    python -m tests.bench.zones FOLDER [--show SET] [--zone own|quoted|signature]

FOLDER holds the sets as they were published. Blank lines count for nothing. `--show` prints each line of a set that was
put into the wrong zone.
"""

import argparse
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from smtp_gate.core.view import RegionKind
from smtp_gate.reading.regions import Author, Regions
from smtp_gate.reading.text import normalise

OWN, QUOTED, SIGNATURE = "own", "quoted", "signature"
ZONES: Final = (OWN, QUOTED, SIGNATURE)
_OF: Final = {
    RegionKind.OWN: OWN,
    RegionKind.QUOTED: QUOTED,
    RegionKind.FORWARDED: QUOTED,
    RegionKind.RETURNED: QUOTED,
    RegionKind.SIGNATURE: SIGNATURE,
}
_MARKED: Final = re.compile(r"^#(sig|reply)# ?", re.MULTILINE)
_MARKS: Final = {"sig": SIGNATURE, "reply": QUOTED}


@dataclass(frozen=True, slots=True)
class Sample:
    """One mail: its lines, the zone of each (None where the set says nothing of it), and who wrote it."""

    name: str
    lines: tuple[str, ...]
    zones: tuple[str | None, ...]
    author: str = ""


def annotated(folder: Path, *, names: bool) -> Iterator[Sample]:
    """Stretches of a text as JSON: all behind the first body is quoted; its outro and its signature sign."""
    for file in sorted(folder.rglob("*.ann")):
        written = file.read_text("utf-8", "replace")
        if not written.startswith("{"):
            continue
        try:
            said = json.loads(written)
        except ValueError:
            # Some were never finished.
            continue
        text, stretches = said["text"], said["denotations"]
        if not any(s["type"] == "Body" for s in stretches):
            continue
        header = min((s["start"] for s in stretches if s["type"] == "Header"), default=len(text))
        signs = [(s["start"], s["end"]) for s in stretches if s["type"] in {"Body/Outro", "Body/Signature"}]
        lines, zones, at = text.split("\n"), [], 0
        for line in lines:
            first = at + len(line) - len(line.lstrip())
            signed = any(start <= first < end for start, end in signs)
            zones.append(QUOTED if first >= header else SIGNATURE if signed else OWN)
            at += len(line) + 1
        author = said["meta"].get("header", {}).get("X-From", "") if names else ""
        yield Sample(file.name, tuple(lines), tuple(zones), _display(author))


def _display(author: str) -> str:
    """The name of a header's address, without the address."""
    return re.sub(r"<[^<>]*>|[\"']", "", author).strip()


def lettered(folder: Path) -> Iterator[Sample]:
    """Mail whose lines begin with the letter of their zone; the first header in the body begins what is quoted."""
    for file in sorted(folder.iterdir()):
        head, _, body = file.read_text("utf-8", "replace").partition("\n\n")
        lines, zones, quoted = [], [], False
        for written in body.split("\n"):
            letter, sign, line = written.partition(">")
            if not sign or len(letter) != 1:
                continue
            quoted |= letter == "H"
            lines.append(line)
            # What stands between the text and the header it announces is neither here nor there.
            zones.append(QUOTED if quoted else OWN)
        author = re.search(r"^X-From: (.*)$", head, re.MULTILINE)
        yield Sample(file.name, tuple(lines), tuple(zones), _display(author[1]) if author else "")


def marked(folder: Path, pattern: str) -> Iterator[Sample]:
    """Mail whose signature lines begin with `#sig#` and whose quoted ones with `#reply#`."""
    for file in sorted(folder.rglob(pattern)):
        text = file.read_text("utf-8", "replace")
        if "#sig#" not in text and "#reply#" not in text:
            continue
        if text.startswith("From: "):
            text = text.partition("\n\n")[2]
        lines, zones = [], []
        for line in text.split("\n"):
            found = _MARKED.match(line)
            lines.append(line[found.end() :] if found else line)
            zones.append(_MARKS[found[1]] if found else OWN)
        sender = file.with_name(file.name.replace("_body", "_sender"))
        named = sender.read_text("utf-8", "replace") if sender != file and sender.exists() else ""
        yield Sample(file.name, tuple(lines), tuple(zones), _display(named))


def trimmed(folder: Path) -> Iterator[Sample]:
    """Mail beside what a person would keep of it: kept lines are own, unless they are marked as quotes in between."""
    for file in sorted((folder / "emails").glob("*.txt")):
        lines = file.read_text("utf-8", "replace").split("\n")
        kept = Counter(_bare(line) for line in _said(folder / "trimmed" / file.name))
        zones: list[str | None] = []
        for line in lines:
            bare = _bare(line)
            mine = kept[bare] > 0
            kept[bare] -= mine
            zones.append(None if mine and bare.startswith(">") else OWN if mine else QUOTED)
        yield Sample(file.name, tuple(lines), tuple(zones))


def _said(file: Path) -> list[str]:
    return file.read_text("utf-8", "replace").split("\n") if file.exists() else []


def _bare(line: str) -> str:
    return " ".join(line.split())


SETS: Final[dict[str, Callable[[Path], Iterator[Sample]]]] = {
    "quagga-enron": lambda at: annotated(at / "emailsets-quagga/Datasets/Enron", names=True),
    "quagga-asf": lambda at: annotated(at / "emailsets-quagga/Datasets/ASF", names=False),
    "quagga-lines": lambda at: lettered(at / "emailsets-quagga/Datasets/Enron/annotated_lines"),
    "harmening": lambda at: marked(at / "sig-harmening", "*_body"),
    "talon": lambda at: marked(at / "reply-talon/tests/fixtures/signature/emails/P", "*"),
    "trimmer": lambda at: trimmed(at / "reply-trimmer/test"),
}
"""Each set by its name."""
UNSIGNED: Final = frozenset({"trimmer", "quagga-lines"})
"""Sets that know no signatures, and put them here or there: what is found to be one is left out."""


def found(sample: Sample, regions: Regions) -> list[str]:
    """The zone of each line as the regions have it."""
    lines = [normalise(line) for line in sample.lines]
    text = "\n".join(lines)
    spans = regions.spans(text, text.encode(), Author(sample.author))
    zones, at, place = [], 0, 0
    for line in lines:
        first = at + len(line) - len(line.lstrip())
        while place + 1 < len(spans) and spans[place].end <= first:
            place += 1
        zones.append(_OF[spans[place].region.kind] if spans else OWN)
        at += len(line) + 1
    return zones


def main() -> None:
    """Print precision, recall and F1 of each zone of each set."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--show", default="")
    parser.add_argument("--zone", choices=ZONES)
    options = parser.parse_args()
    regions = Regions()
    print(f"{'set':14} {'mails':>5} {'lines':>6} " + " ".join(f"{zone + ' P/R/F1':>22}" for zone in ZONES))
    for name, load in SETS.items():
        seen: Counter[tuple[str, str]] = Counter()
        mails = 0
        for sample in load(options.folder):
            mails += 1
            for line, gold, said in zip(sample.lines, sample.zones, found(sample, regions), strict=True):
                if gold is None or not line.strip():
                    continue
                if name in UNSIGNED and said == SIGNATURE:
                    continue
                seen[gold, said] += 1
                if name == options.show and gold != said and options.zone in {None, gold, said}:
                    print(f"{sample.name}: {gold} -> {said}: {line[:110]}")
        print(f"{name:14} {mails:5} {sum(seen.values()):6} " + " ".join(_score(seen, zone) for zone in ZONES))


def _score(seen: Counter[tuple[str, str]], zone: str) -> str:
    hit = seen[zone, zone]
    gold = sum(n for (g, _), n in seen.items() if g == zone)
    told = sum(n for (_, t), n in seen.items() if t == zone)
    if not gold:
        return f"{'-':>22}"
    precision, recall = hit / told if told else 0.0, hit / gold
    both = 2 * precision * recall / (precision + recall) if hit else 0.0
    return f"{precision:8.3f} {recall:.3f} {both:.3f} "


if __name__ == "__main__":
    main()
