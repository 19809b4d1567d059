"""A row of the directory → an entry, or every mistake in it; and the mistakes that rows make together."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, tzinfo
from functools import lru_cache
from itertools import pairwise
from typing import Final

from smtp_gate.adapters.directory_columns import KINDS, TABLE
from smtp_gate.core.directory import Dated, Directory, Entry, index
from smtp_gate.reading.paths import parse_address

_DATED: Final = re.compile(r"(.*?)\s*\[\s*([0-9-]*)\s*\.\.\s*([0-9-]*)\s*\]")
_LISTED: Final = tuple(c.name for c in TABLE if c.listed)
_ADDRESSES: Final = frozenset(c.name for c in TABLE if c.listed and c.holds == "address")
_OF_ADDRESSES: Final = _ADDRESSES | {c.name for c in TABLE if c.listed and c.holds == "granted"}
_PLAIN: Final = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@([A-Za-z0-9.-]+)")
_DAYS_MEANT: Final = re.compile(r"\[|\d{4}-\d\d-\d\d")
_GROUP_MEANT: Final = re.compile(r"group\s*:", re.IGNORECASE)
_SHORT: Final = 64
"""Characters up to which neither the local part nor the whole can be too long."""


@dataclass(frozen=True, slots=True, order=True)
class RowMistake:
    """A row that cannot be used: its line in the file, the column (empty for the whole row), and why."""

    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        where = f" {self.column}:" if self.column else ""
        return f"line {self.line}:{where} {self.reason}"


class Reader:
    """Makes entries of rows, and keeps what many rows say alike (departments, groups, days) once."""

    def __init__(self) -> None:
        self._words: dict[str, str] = {}
        self._days: dict[str, date] = {}
        self._cells: dict[tuple[str, str], tuple[Dated, ...]] = {}

    def entry(self, line: int, row: Mapping[str, str], mistakes: list[RowMistake]) -> Entry | None:
        """The entry that a row describes; None where its mistakes were added."""
        found: list[RowMistake] = []
        cell = row.get
        address, successor, kind = cell("address", ""), cell("successor", ""), cell("kind", "") or "person"
        for column, written in (("address", address), ("successor", successor)):
            if written and not is_address(written):
                found.append(RowMistake(line, column, f"not an address: {written[:80]!r}"))
        if not address:
            found.append(RowMistake(line, "address", "empty"))
        if kind not in KINDS:
            found.append(RowMistake(line, "kind", f"{kind[:40]!r} is none of {', '.join(KINDS)}"))
        since = self._day(line, "valid_from", cell("valid_from", ""), found)
        until = self._day(line, "valid_to", cell("valid_to", ""), found)
        if since and until and until < since:
            found.append(RowMistake(line, "valid_to", "before valid_from"))
        groups, aliases, personal, senders = (self._dated(line, c, cell(c, ""), found) for c in _LISTED)
        if found:
            mistakes += found
            return None
        word = self._words.setdefault
        department, title, status = cell("department", ""), cell("title", ""), cell("status", "") or "employee"
        return Entry(
            address,
            word(kind, kind),
            cell("name", ""),
            cell("person", ""),
            word(department, department),
            word(title, title),
            word(status, status),
            groups,
            aliases,
            personal,
            senders,
            since,
            until,
            successor,
            line,
        )

    def _dated(self, line: int, column: str, cell: str, found: list[RowMistake]) -> tuple[Dated, ...]:
        """The values of a cell, parted by `;`, each with days behind it or not: `a@b.c [2026-07-01..2026-12-31]`."""
        if not cell:
            return ()
        # Groups and those who may send are written alike in many rows; addresses are everybody's own.
        shared = column not in _ADDRESSES
        if shared and (known := self._cells.get((column, cell))) is not None:
            return known
        already = len(found)
        values = (self._value(line, column, piece, found) for piece in map(str.strip, cell.split(";")) if piece)
        made = tuple(v for v in values if v is not None)
        if shared and len(found) == already:
            self._cells[column, cell] = made
        return made

    def _value(self, line: int, column: str, piece: str, found: list[RowMistake]) -> Dated | None:
        value, since, until = piece, None, None
        if "[" in piece and (dates := _DATED.fullmatch(piece)) is not None:
            value = dates[1]
            since, until = (self._day(line, column, text, found) for text in (dates[2], dates[3]))
        is_group = column == "senders" and value.startswith("group:")
        if is_group:
            value = f"group:{value.removeprefix('group:').strip()}"
        if not is_group and column in _OF_ADDRESSES and not is_address(value):
            found.append(RowMistake(line, column, _no_address(column, value)))
        elif not value or "[" in value or "]" in value:
            found.append(RowMistake(line, column, f"days are written like [2026-07-01..2026-12-31]: {piece[:80]!r}"))
        elif since and until and until < since:
            found.append(RowMistake(line, column, f"its last day is before its first: {piece[:80]!r}"))
        else:
            return Dated(value.casefold() if column == "groups" else value, since, until)
        return None

    def _day(self, line: int, column: str, written: str, found: list[RowMistake]) -> date | None:
        if not written:
            return None
        day = self._days.get(written)
        if day is None:
            try:
                day = self._days[written] = date.fromisoformat(written if len(written) == 10 else "")
            except ValueError:
                found.append(RowMistake(line, column, f"not a day like 2026-03-31: {written[:40]!r}"))
        return day


def build(
    rows: Iterable[tuple[int, Mapping[str, str]]], mistakes: list[RowMistake], snapshot: str, zone: tzinfo
) -> Directory | tuple[RowMistake, ...]:
    """The directory that rows make, each with its line; or every mistake, those already found among them.

    Rows may add mistakes of their own while they are drawn.
    """
    reader = Reader()
    entries = [entry for entry in (reader.entry(line, row, mistakes) for line, row in rows) if entry is not None]
    made = index(entries, snapshot, zone)
    mistakes += overlaps(made)
    return tuple(sorted(mistakes)) if mistakes else made


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


def _no_address(column: str, value: str) -> str:
    """Why a value is no address, and how it is written where days or a group are meant."""
    said = f"not an address: {value[:80]!r}"
    if column == "senders" and _GROUP_MEANT.match(value):
        return f"{said}; a group is written like group:NAME"
    return f"{said}; days are written like [2026-07-01..2026-12-31]" if _DAYS_MEANT.search(value) else said


def is_address(text: str) -> bool:
    """An address that the door would take, too: one it would not take could never be looked up."""
    plain = _PLAIN.fullmatch(text)
    if plain is not None and len(text) <= _SHORT:
        # Nearly every address: its local part is right, and thousands share one domain.
        return _is_domain(plain[1])
    path = parse_address(text)
    return path is not None and bool(path.domain)


@lru_cache(maxsize=4096)
def _is_domain(domain: str) -> bool:
    return parse_address(f"a@{domain}") is not None


def overlaps(directory: Directory) -> Iterator[RowMistake]:
    """Two accounts may have one address one after the other, never on the same day."""
    doubtful = [key for key, entries in directory.by_address.items() if len(entries) > 1]
    for entry in directory.entries:
        keys = [entry.key, *[a.value.casefold() for a in entry.aliases]] if entry.aliases else []
        if len(set(keys)) < len(keys):
            doubtful += keys
    for key in dict.fromkeys(doubtful):
        terms = [
            (since or date.min, until or date.max, (entry.line, _column(entry, key, nth)))
            for entry in directory.by_address[key]
            for nth, (since, until) in enumerate(entry.terms(key))
        ]
        for (_, until, first), (since, _, other) in pairwise(sorted(terms)):
            if since <= until:
                # The line further down is the one that somebody added.
                (early, _), (late, column) = sorted((first, other))
                said = f"{key} is also in use by line {early}" if early != late else f"{key} twice"
                yield RowMistake(late, column, f"{said}, {_first(since)}")


def _column(entry: Entry, key: str, nth: int) -> str:
    """Where the entry says that it has the address: `terms` tells its own days first."""
    return "address" if entry.key == key and nth == 0 else "aliases"


def _first(day: date) -> str:
    return "from the beginning" if day == date.min else f"first on {day}"
