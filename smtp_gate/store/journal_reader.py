"""Reading the journal back: records in order, and every place where it is not what was written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from smtp_gate.store.journal_lines import START, VERSION, segments, unseal


class Damage(StrEnum):
    """What is wrong at a place. `torn` and `empty` are what a crash leaves; the others need a hand or a bad disk."""

    TORN = "torn"
    EMPTY = "empty"
    CHANGED = "changed"
    CHAIN = "chain"
    VERSION = "version"
    NAME = "name"
    MISSING = "missing"
    CUT = "cut"


SAID = {
    Damage.TORN: "the last line is torn; nothing was acknowledged on it",
    Damage.EMPTY: "the segment is empty; nothing was acknowledged in it",
    Damage.CHANGED: "the line is not what was written",
    Damage.CHAIN: "a line before this one was changed, added, removed or moved",
    Damage.VERSION: "written in a version this program does not read",
    Damage.NAME: "the segment does not begin with the record that names it",
    Damage.MISSING: "the segment before it is missing",
    Damage.CUT: "lines are missing that the next segment or a sealed head knows of",
}


@dataclass(frozen=True, slots=True)
class Record:
    """One record with the place it stands in; `fields` are the JSON object as written."""

    segment: str
    line: int
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Flaw:
    """A place where the journal is not what was written (line 0: the segment as a whole)."""

    segment: str
    line: int
    damage: Damage

    @property
    def reason(self) -> str:
        """The damage in words."""
        if self.damage is Damage.MISSING and self.line == 0:
            return "the segment is missing, and a sealed head knows of it"
        return SAID[self.damage]

    @property
    def by_crash(self) -> bool:
        """Whether a crash explains it and nothing acknowledged is missing."""
        return self.damage in {Damage.TORN, Damage.EMPTY}

    def __str__(self) -> str:
        return f"{self.segment}:{self.line}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Head:
    """The last hash of a segment that was known at some time, kept elsewhere, so that a cut tail shows."""

    segment: str
    hash: str


def read(root: Path) -> Iterator[Record | Flaw]:
    """Every record of every segment; what cannot be read is a Flaw in its place, never left out. Raises OSError."""
    for path in segments(root):
        yield from read_segment(path)


def read_segment(path: Path) -> Iterator[Record | Flaw]:
    """The same of one segment. Raises OSError."""
    expected: tuple[str, int] | None = (START, 0)
    number = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            fields = unseal(line) if line.endswith(b"\n") else None
            if fields is None:
                yield Flaw(path.name, number, Damage.CHANGED if line.endswith(b"\n") else Damage.TORN)
                # The next whole line says itself what it follows; the chain goes on from there.
                expected = None
                continue
            yield from check(path, number, fields, expected)
            yield Record(path.name, number, fields)
            expected = (fields["hash"], fields["seq"] + 1)
    if number == 0:
        yield Flaw(path.name, 0, Damage.EMPTY)


def check(path: Path, number: int, fields: dict[str, Any], expected: tuple[str, int] | None) -> Iterator[Flaw]:
    """What is wrong with a whole line where it stands; `expected` is the hash it follows and its number, None if unknown."""
    if fields.get("v") != VERSION:
        yield Flaw(path.name, number, Damage.VERSION)
    if expected is not None and (fields.get("prev"), fields.get("seq")) != expected:
        yield Flaw(path.name, number, Damage.CHAIN)
    first = number == 1
    if first != (fields.get("kind") == "opened") or (first and fields.get("segment") != path.name):
        yield Flaw(path.name, number, Damage.NAME)


def heads(root: Path) -> tuple[Head, ...]:
    """The last hash of each segment, to be kept elsewhere. Raises OSError."""
    last = {item.segment: item.fields["hash"] for item in read(root) if isinstance(item, Record)}
    return tuple(Head(segment, found) for segment, found in sorted(last.items()))


def verify(root: Path, sealed: tuple[Head, ...] = ()) -> tuple[int, tuple[Flaw, ...]]:
    """How many records there are, and every flaw, in order. Raises OSError.

    `sealed` are heads kept elsewhere: without them nobody can tell whether the end of a worker's last segment was cut.
    """
    claims = [*_links(root), *((head, Flaw(head.segment, 0, Damage.MISSING)) for head in sealed)]
    wanted = {head for head, _ in claims}
    good, flaws, found = 0, [], set[Head]()
    for item in read(root):
        if isinstance(item, Flaw):
            flaws.append(item)
            continue
        good += 1
        head = Head(item.segment, item.fields["hash"])
        if head in wanted:
            found.add(head)
    present = {path.name for path in segments(root)}
    for head, missing in claims:
        if head.segment not in present:
            flaws.append(missing)
        elif head not in found and head.hash != START:
            flaws.append(Flaw(head.segment, 0, Damage.CUT))
    return good, tuple(flaws)


def _links(root: Path) -> Iterator[tuple[Head, Flaw]]:
    """What each segment's first line says of the one before it, and the flaw it is where that one is gone."""
    for path in segments(root):
        with path.open("rb") as file:
            fields = unseal(file.readline())
        if fields is not None and fields.get("after"):
            yield Head(fields["after"], fields["after_hash"]), Flaw(path.name, 1, Damage.MISSING)


def of_ref(root: Path, ref: str) -> tuple[Mapping[str, Any], ...]:
    """Every record of one message, in order. Raises OSError."""
    return tuple(item.fields for item in read(root) if isinstance(item, Record) and item.fields.get("ref") == ref)
