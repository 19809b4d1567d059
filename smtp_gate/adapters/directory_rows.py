"""A row of the directory → an entry, or every mistake in it; and the mistakes that rows make together."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, tzinfo
from itertools import pairwise
from typing import Final

from smtp_gate.core.directory import Dated, Directory, Entry, index
from smtp_gate.reading.paths import parse_address

COLUMNS: Final = (
    "address", "kind", "name", "person", "department", "title", "status",
    "groups", "aliases", "personal", "senders", "valid_from", "valid_to", "successor",
)  # fmt: skip
"""The columns of a directory, whatever it is read from; only `address` must be there."""
KINDS: Final = ("person", "service", "shared", "list", "forward")
_DATED: Final = re.compile(r"(.*?)\s*\[\s*([0-9-]*)\s*\.\.\s*([0-9-]*)\s*\]")
_ADDRESSES: Final = frozenset({"aliases", "personal"})


@dataclass(frozen=True, slots=True, order=True)
class RowMistake:
    """A row that cannot be used: its line in the file, the column (empty for the whole row), and why."""

    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        where = f" {self.column}:" if self.column else ""
        return f"line {self.line}:{where} {self.reason}"


def build(
    rows: Collection[tuple[int, Mapping[str, str]]], mistakes: list[RowMistake], snapshot: str, zone: tzinfo
) -> Directory | tuple[RowMistake, ...]:
    """The directory that rows make, each with its line; or every mistake, those already found among them."""
    entries = [entry for entry in (entry_of(line, row, mistakes) for line, row in rows) if entry is not None]
    mistakes += overlaps(entries)
    return tuple(sorted(mistakes)) if mistakes else index(entries, snapshot, zone)


def entry_of(line: int, row: Mapping[str, str], mistakes: list[RowMistake]) -> Entry | None:
    """The entry that a row describes; None where its mistakes were added."""
    found: list[RowMistake] = []
    address = row.get("address", "")
    found += [
        RowMistake(line, column, f"not an address: {row[column][:80]!r}")
        for column in ("address", "successor")
        if row.get(column) and not is_address(row[column])
    ]
    if not address:
        found.append(RowMistake(line, "address", "empty"))
    kind = row.get("kind", "") or "person"
    if kind not in KINDS:
        found.append(RowMistake(line, "kind", f"{kind[:40]!r} is none of {', '.join(KINDS)}"))
    since, until = (_day(line, c, row.get(c, ""), found) for c in ("valid_from", "valid_to"))
    if since and until and until < since:
        found.append(RowMistake(line, "valid_to", "before valid_from"))
    listed = {c: tuple(_dated(line, c, row.get(c, ""), found)) for c in ("groups", "aliases", "personal", "senders")}
    mistakes += found
    if found:
        return None
    return Entry(
        address,
        kind,
        row.get("name", ""),
        row.get("person", ""),
        row.get("department", ""),
        row.get("title", ""),
        row.get("status", "") or "employee",
        tuple(Dated(g.value.casefold(), g.since, g.until) for g in listed["groups"]),
        listed["aliases"],
        listed["personal"],
        listed["senders"],
        since,
        until,
        row.get("successor", ""),
        line,
    )


def row_of(entry: Entry) -> dict[str, str]:
    """The row that describes an entry: what `entry_of` reads back."""

    def joined(dated: tuple[Dated, ...]) -> str:
        return "; ".join(map(str, dated))

    return {
        "address": entry.address,
        "kind": entry.kind,
        "name": entry.name,
        "person": entry.person,
        "department": entry.department,
        "title": entry.title,
        "status": entry.status,
        "groups": joined(entry.groups),
        "aliases": joined(entry.aliases),
        "personal": joined(entry.personal),
        "senders": joined(entry.senders),
        "valid_from": entry.since.isoformat() if entry.since else "",
        "valid_to": entry.until.isoformat() if entry.until else "",
        "successor": entry.successor,
    }


def is_address(text: str) -> bool:
    """An address that the door would take, too: one it would not take could never be looked up."""
    path = parse_address(text)
    return path is not None and bool(path.domain)


def overlaps(entries: Collection[Entry]) -> Iterator[RowMistake]:
    """Two accounts may have one address one after the other, never on the same day."""
    having: dict[str, list[tuple[date, date, int]]] = {}
    for entry in entries:
        for key in {entry.address.casefold(), *(a.value.casefold() for a in entry.aliases)}:
            for since, until in entry.terms(key):
                having.setdefault(key, []).append((since or date.min, until or date.max, entry.line))
    for key, terms in having.items():
        for (_, until, first), (since, _, line) in pairwise(sorted(terms)):
            if since <= until:
                # The line further down is the one that somebody added.
                early, late = sorted((first, line))
                said = f"{key} is also in use by line {early} on the same day" if early != late else f"{key} twice"
                yield RowMistake(late, "address", said)


def _dated(line: int, column: str, cell: str, found: list[RowMistake]) -> Iterator[Dated]:
    """The values of a cell, parted by `;`, each with days behind it or not: `a@b.c [2026-07-01..2026-12-31]`."""
    for piece in filter(None, map(str.strip, cell.split(";"))):
        dates = _DATED.fullmatch(piece)
        value, first, last = dates.groups() if dates is not None else (piece, "", "")
        since, until = (_day(line, column, text, found) for text in (first, last))
        wants_address = column in _ADDRESSES or (column == "senders" and not value.startswith("group:"))
        if wants_address and not is_address(value):
            found.append(RowMistake(line, column, f"not an address: {value[:80]!r}"))
        elif not value or "[" in value or "]" in value:
            found.append(RowMistake(line, column, f"days are written like [2026-07-01..2026-12-31]: {piece[:80]!r}"))
        elif since and until and until < since:
            found.append(RowMistake(line, column, f"its last day is before its first: {piece[:80]!r}"))
        else:
            yield Dated(value, since, until)


def _day(line: int, column: str, written: str, found: list[RowMistake]) -> date | None:
    if not written:
        return None
    try:
        return date.fromisoformat(written if len(written) == 10 else "")
    except ValueError:
        found.append(RowMistake(line, column, f"not a day like 2026-03-31: {written[:40]!r}"))
        return None
