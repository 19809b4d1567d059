"""Reading the journal back: records in order, and the first place where the chain does not hold."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smtp_gate.store.journal import START


@dataclass(frozen=True, slots=True)
class Record:
    """One record with the place it stands in; `fields` are the JSON object as written."""

    segment: str
    line: int
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Flaw:
    """A place where the journal is not what was written, and why."""

    segment: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.segment}:{self.line}: {self.reason}"


def segments(root: Path) -> list[Path]:
    """The segments, oldest first within each worker."""
    return sorted(root.glob("*.jsonl"))


def read(root: Path) -> Iterator[Record | Flaw]:
    """Every record of every segment; what cannot be read is a Flaw in its place, never left out. Raises OSError."""
    for path in segments(root):
        yield from _read_segment(path)


def _read_segment(path: Path) -> Iterator[Record | Flaw]:
    expected, number = START, 0
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                yield Flaw(path.name, number, "the last line is torn; nothing was acknowledged on it")
                return
            record = _parse(line)
            if record is None:
                yield Flaw(path.name, number, "not a record")
                return
            if record.get("prev") != expected or record.get("seq") != number - 1:
                yield Flaw(
                    path.name, number, "the chain is broken: a line before this one was changed, added or removed"
                )
                return
            expected = hashlib.sha256(line).hexdigest()
            yield Record(path.name, number, record)
    if number == 0:
        yield Flaw(path.name, 0, "the segment is empty")


def _parse(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def verify(root: Path) -> tuple[int, tuple[Flaw, ...]]:
    """How many records hold, and every flaw: the first of each segment. Raises OSError."""
    good, flaws = 0, []
    known: dict[str, str] = {}
    for item in read(root):
        if isinstance(item, Flaw):
            flaws.append(item)
            continue
        good += 1
        known[item.segment] = item.segment
        after = item.fields.get("after") if item.fields.get("kind") == "opened" else None
        if after and after not in known and not any(f.segment == after for f in flaws):
            flaws.append(Flaw(item.segment, item.line, f"the segment before it is missing: {after}"))
    return good, tuple(flaws)
