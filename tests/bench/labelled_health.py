"""What the shipped detectors of health and records find in labelled notes and tables that others made.

    python -m tests.bench.labelled_health NOTES TABLES

NOTES holds `*.xml` of clinical notes with TEXT and TAGS (i2b2): of their medical record numbers, those found. TABLES holds
CSV files; each is sent 25 rows at a time as an attachment, through the reader and the rules: of the days of birth and of
the diagnoses in columns of such a name, those found; of the mails, those that a rule holds. Prints one line of JSON a set,
shares with their 95 % interval (Wilson).
"""

import argparse
import asyncio
import csv
import io
import json
import tempfile
from collections.abc import Iterator, Sequence
from email.message import EmailMessage
from pathlib import Path
from xml.etree import ElementTree as ET

from smtp_gate.core.message import Message
from smtp_gate.core.view import Match
from smtp_gate.reading.limits import Limits
from smtp_gate.reading.reader import read
from tests.bench.false_holds import Asked, Bench
from tests.bench.recall import wilson
from tests.builders import RECEIVED, envelope

ROWS = 25
COLUMNS = {
    "date_of_birth": ({"date_of_birth", "person_row"}, {"high", "medium"}),
    "diagnosis": ({"condition"}, {"high"}),
}
"""Titles of the columns that count: which detectors look for what stands there, at which levels a rule acts."""


def mail(name: str, content: str) -> bytes:
    """A mail with this text attached."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "Dana Okafor <dokafor@milwaukee.gov>", "lee@example.org", "the file"
    made.set_content("attached")
    made.add_attachment(content.encode(), maintype="text", subtype="csv", filename=name)
    return made.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def matches(bench: Bench, content: bytes) -> tuple[Match, ...]:
    """Everything found in a mail, documents left closed."""
    message = Message("BENCH", envelope(), content, RECEIVED)
    return bench.ruleset.engine.search(read(message, Limits(), {}).texts).matches


def notes(bench: Bench, folder: Path) -> None:
    """Medical record numbers of the notes."""
    labelled = found = 0
    for file in sorted(folder.rglob("*.xml")):
        root = ET.fromstring(file.read_bytes())  # noqa: S314 - a labelled set on disk, read by a measurement
        found_there = matches(bench, mail("note.txt", root.findtext("TEXT") or ""))
        seen = {m.text.text[m.start : m.end] for m in found_there if m.detector == "medical_record_number"}
        wanted = [tag.get("text", "") for tag in root.iter("ID") if tag.get("TYPE") == "MEDICALRECORD"]
        labelled += len(wanted)
        found += sum(number in seen for number in wanted)
    tell("notes", "medical record numbers", found, labelled)


def slices(file: Path) -> Iterator[tuple[list[dict[str, str]], str]]:
    """So many rows of a table, and the same as CSV under its head."""
    with file.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    for at in range(0, len(rows), ROWS):
        some = rows[at : at + ROWS]
        out = io.StringIO()
        writer = csv.DictWriter(out, list(some[0]))
        writer.writeheader()
        writer.writerows(some)
        yield some, out.getvalue()


def table(bench: Bench, file: Path) -> None:
    """What is found in the columns of a table, and the mails that are held for it."""
    counted = {title: [0, 0] for title in COLUMNS}
    held = mails = 0
    for rows, said in slices(file):
        content = mail(file.name, said)
        mails += 1
        held += bool(asyncio.run(bench.look(file.name, content)).acting)
        found = matches(bench, content)
        for title, (detectors, levels) in COLUMNS.items():
            seen = {m.text.text[m.start : m.end] for m in found if m.detector in detectors and m.level in levels}
            for value in (row[title] for row in rows if row.get(title)):
                counted[title][0] += any(value == s or (len(s) > 3 and s in value) for s in seen)
                counted[title][1] += 1
    for title, (hits, count) in counted.items():
        if count:
            tell(file.name, title, hits, count)
    tell(file.name, f"mails of {ROWS} rows held", held, mails)


def tell(name: str, what: str, hits: int, count: int) -> None:
    """One line."""
    low, high = wilson(hits, count)
    print(
        json.dumps({"set": name, "of": what, "found": hits, "labelled": count, "95 %": [round(low, 4), round(high, 4)]})
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure both sets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notes", type=Path)
    parser.add_argument("tables", type=Path)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as nowhere:
        # No mail here has a document to open, so nothing listens where they would be opened.
        bench = Bench(Asked(frozenset(), (), 0, levels=False, opener=Path(nowhere) / "none"))
        notes(bench, given.notes)
        for file in sorted(given.tables.rglob("*.csv")):
            table(bench, file)


if __name__ == "__main__":
    main()
