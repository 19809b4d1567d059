"""The dated directory from a CSV file: which account has an address on which day."""

import csv
import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, tzinfo
from itertools import pairwise
from pathlib import Path
from typing import Final

from smtp_gate.core.facts import Account, Fact, FactKey
from smtp_gate.core.finding import Failure
from smtp_gate.reading.paths import parse_address

COLUMNS: Final = (
    "address", "kind", "name", "person", "department", "title", "status",
    "groups", "aliases", "personal", "valid_from", "valid_to", "successor",
)  # fmt: skip
NEEDED: Final = ("address",)
KINDS: Final = ("person", "service", "shared", "list", "forward")
MAX_OCTETS: Final = 256 * 1024 * 1024
MAX_FIELD: Final = 64 * 1024


@dataclass(frozen=True, slots=True, order=True)
class RowMistake:
    """A row that cannot be used: its line in the file, the column (empty for the whole row), and why."""

    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        where = f" {self.column}:" if self.column else ""
        return f"line {self.line}:{where} {self.reason}"


@dataclass(frozen=True, slots=True)
class Directory:
    """A snapshot of the directory; implements the gate's port `FactSource`.

    `by_address` maps a case-folded address or alias to the accounts that have had it, whatever the day. `id` is the
    SHA-256 of the file, so that a journal can name the snapshot.
    """

    id: str = ""
    zone: tzinfo = UTC
    accounts: tuple[Account, ...] = ()
    by_address: Mapping[str, tuple[Account, ...]] = field(default_factory=dict, repr=False)

    async def ask(self, keys: Collection[FactKey], on: datetime) -> Mapping[FactKey, Fact | Failure]:
        """The accounts asked for, as of that moment in the city's zone; other sources are not answered here."""
        day = on.astimezone(self.zone).date()
        return {
            key: self.look_up(key.subject, day)
            if key.source == "directory"
            else Failure("fact_missing", f"nobody answers {key.source}")
            for key in keys
        }

    def look_up(self, address: str, day: date) -> Account | None:
        """The account that has the address on that day; else one that had it or will, marked not current; else None."""
        candidates = self.by_address.get(address.casefold(), ())
        for account in candidates:
            if _covers(account, day):
                return replace(account, current=True)
        past = [a for a in candidates if a.valid_to is not None and a.valid_to < day]
        best = max(past, key=lambda a: a.valid_to or date.min, default=candidates[0] if candidates else None)
        return None if best is None else replace(best, current=False)


def load(path: Path, zone: tzinfo) -> Directory | tuple[RowMistake, ...]:
    """The directory in a CSV file, or every mistake of it with its line. Raises OSError where it cannot be read."""
    octets = path.read_bytes()
    if len(octets) > MAX_OCTETS:
        return (RowMistake(1, "", f"the file is larger than {MAX_OCTETS} octets"),)
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return (RowMistake(octets[: error.start].count(b"\n") + 1, "", "not UTF-8"),)
    return parse(text, zone, hashlib.sha256(octets).hexdigest())


def parse(text: str, zone: tzinfo, snapshot: str = "") -> Directory | tuple[RowMistake, ...]:
    """The directory in CSV text, or every mistake of it."""
    mistakes: list[RowMistake] = []
    accounts: list[tuple[int, Account]] = []
    for line, row in _rows(text, mistakes):
        account = _account(line, row, mistakes)
        if account is not None:
            accounts.append((line, account))
    by_address: dict[str, list[tuple[int, Account]]] = {}
    for line, account in accounts:
        for name in (account.address, *account.aliases):
            by_address.setdefault(name.casefold(), []).append((line, account))
    for name, having in by_address.items():
        mistakes += _overlaps(name, having)
    if mistakes:
        return tuple(sorted(mistakes))
    index = {name: tuple(a for _, a in having) for name, having in by_address.items()}
    return Directory(snapshot, zone, tuple(a for _, a in accounts), index)


def _rows(text: str, mistakes: list[RowMistake]) -> Iterator[tuple[int, dict[str, str]]]:
    """The data rows with their lines; the header is checked first."""
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    try:
        header = [c.strip().lower() for c in next(reader, [])]
        missing = [c for c in NEEDED if c not in header]
        if missing:
            # Without a header the first account would be taken for one, and each of its cells told as a wrong column.
            said = f"the first line must be a header that names this column; columns are {', '.join(COLUMNS)}"
            mistakes.append(RowMistake(1, missing[0], said))
            return
        wrong = [c for c in header if c not in COLUMNS]
        mistakes += [RowMistake(1, c, f"no such column; columns are {', '.join(COLUMNS)}") for c in wrong]
        if wrong or len(set(header)) != len(header):
            return
        for cells in reader:
            if not any(c.strip() for c in cells) or cells[0].lstrip().startswith("#"):
                continue
            if len(cells) != len(header):
                mistakes.append(RowMistake(reader.line_num, "", f"{len(cells)} cells, the header has {len(header)}"))
                continue
            yield reader.line_num, dict(zip(header, (c.strip() for c in cells), strict=True))
    except csv.Error as error:
        mistakes.append(RowMistake(reader.line_num, "", f"not CSV: {error}"))


def _account(line: int, row: Mapping[str, str], mistakes: list[RowMistake]) -> Account | None:
    before = len(mistakes)
    address = row["address"]
    mistakes += [
        RowMistake(line, column, f"not an address: {row[column][:80]!r}")
        for column in ("address", "successor")
        if row.get(column) and not _is_address(row[column])
    ]
    if not address:
        mistakes.append(RowMistake(line, "address", "empty"))
    lists = {
        c: tuple(x.strip() for x in row.get(c, "").split(";") if x.strip()) for c in ("aliases", "personal", "groups")
    }
    for column in ("aliases", "personal"):
        mistakes += [
            RowMistake(line, column, f"not an address: {x[:80]!r}") for x in lists[column] if not _is_address(x)
        ]
    kind = row.get("kind", "") or "person"
    if kind not in KINDS:
        mistakes.append(RowMistake(line, "kind", f"{kind[:40]!r} is none of {', '.join(KINDS)}"))
    valid_from, valid_to = (_day(line, c, row, mistakes) for c in ("valid_from", "valid_to"))
    if valid_from and valid_to and valid_to < valid_from:
        mistakes.append(RowMistake(line, "valid_to", "before valid_from"))
    if len(mistakes) > before:
        return None
    return Account(
        address,
        kind,
        row.get("name", ""),
        row.get("person", ""),
        row.get("department", ""),
        row.get("title", ""),
        row.get("status", "") or "employee",
        frozenset(group.casefold() for group in lists["groups"]),
        lists["aliases"],
        lists["personal"],
        valid_from,
        valid_to,
        successor=row.get("successor", ""),
    )


def _day(line: int, column: str, row: Mapping[str, str], mistakes: list[RowMistake]) -> date | None:
    written = row.get(column, "")
    if not written:
        return None
    try:
        return date.fromisoformat(written)
    except ValueError:
        mistakes.append(RowMistake(line, column, f"not a day like 2026-03-31: {written[:40]!r}"))
        return None


def _is_address(text: str) -> bool:
    """An address that the door would take, too: one it would not take could never be looked up."""
    path = parse_address(text)
    return path is not None and bool(path.domain)


def _covers(account: Account, day: date) -> bool:
    return (account.valid_from is None or account.valid_from <= day) and (
        account.valid_to is None or day <= account.valid_to
    )


def _overlaps(name: str, having: list[tuple[int, Account]]) -> Iterator[RowMistake]:
    """Two accounts may have one address one after the other, never on the same day."""
    ordered = sorted(having, key=lambda pair: pair[1].valid_from or date.min)
    for (first_line, first), (line, second) in pairwise(ordered):
        if first.valid_to is None or (second.valid_from or date.min) <= first.valid_to:
            # The line further down is the one that somebody added.
            early, late = sorted((first_line, line))
            yield RowMistake(late, "address", f"{name} is also in use by line {early} on the same day")
