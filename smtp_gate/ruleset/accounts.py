"""What of the directory can be read and is hardly meant: names that lead nowhere, days that never come, foreign domains."""

import difflib
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from smtp_gate.core.directory import Dated, Entry
from smtp_gate.ruleset.marks import Mistake, nearest

_GROUP: Final = "group:"
_DAYS: Final = re.compile(r"\d{4}-\d\d-\d\d|\.\.\s*$")
_COLON: Final = re.compile(r"\s:|:\s")
_PREFIX: Final = re.compile(r"groups?\s*:", re.IGNORECASE)
_ALIKE: Final = 3
"""Letters that an address and the one it is taken for begin with: comparing with all takes long in a large directory."""
_HINTS: Final = 20
"""Slips for which the name that is most alike is looked for; somebody who has more of them has another problem."""

_Said = tuple[str, str]
"""A message and its hint."""


def account_mistakes(file: Path, entries: Collection[Entry], ours: frozenset[str], today: date) -> Iterator[Mistake]:
    """What is doubtful in the directory, as warnings, each at its account's line; `ours` are our domains, none if unknown.

    What is over by today is history that nobody can mend.
    """
    known = _Known.of(entries)
    domains = frozenset(d.casefold() for d in ours)
    for entry in entries:
        if entry.until is None or entry.until >= today:
            for said, hint in _doubts(entry, known, domains, today):
                yield Mistake(str(file), entry.line, 1, said, hint, "warning")


def _doubts(entry: Entry, known: "_Known", ours: frozenset[str], today: date) -> Iterator[_Said]:
    if ours and not _is_below(entry.address, ours):
        yield f"address: `{_short(entry.address)}` is in none of our domains", "see `internal_domains` in the settings"
    if entry.successor and entry.successor.casefold() not in known.addresses:
        yield f"successor: nobody has the address `{_short(entry.successor)}`", known.like(entry.successor)
    for one in _present(entry.groups, today):
        yield from _name("groups", one.value)
    for one in _present(entry.senders, today):
        yield from _sender(one.value, known)
    for one in _present(entry.personal, today):
        if _is_below(one.value, ours):
            yield f"personal: `{_short(one.value)}` is in one of our domains", "an address of ours belongs in `aliases`"
    yield from _never(entry)


def _never(entry: Entry) -> Iterator[_Said]:
    # A personal address also counts on days on which the account does not exist.
    for column, values in (("groups", entry.groups), ("aliases", entry.aliases), ("senders", entry.senders)):
        for one in values:
            if _is_outside(one, entry):
                yield f"{column}: `{_short(str(one))}` never holds: the account has other days", ""


def _sender(value: str, known: "_Known") -> Iterator[_Said]:
    name = value.removeprefix(_GROUP)
    if name == value:
        if value.casefold() not in known.addresses:
            yield f"senders: nobody has the address `{_short(value)}`", known.like(value)
        return
    doubts = list(_name("senders", name))
    yield from doubts
    if not doubts and name.casefold() not in known.groups:
        yield f"senders: nobody is ever in `{_short(value)}`", known.like_group(name.casefold())


def _name(column: str, name: str) -> Iterator[_Said]:
    """What is odd about the name of a group."""
    if _DAYS.search(name):
        said = f"{column}: `{_short(name)}` looks like a group with days, but has no brackets around them"
        yield said, "days are written like [2026-07-01..2026-12-31]"
    elif _PREFIX.match(name):
        yield f"{column}: `{_short(name)}` has `group:` in the group's name", "leave it out"
    elif _COLON.search(name):
        yield f"{column}: `{_short(name)}` has a blank beside its colon", "rules must write it so, too"


def _present(values: Iterable[Dated], today: date) -> Iterator[Dated]:
    return (one for one in values if one.until is None or one.until >= today)


def _is_outside(one: Dated, entry: Entry) -> bool:
    before = one.until is not None and entry.since is not None and one.until < entry.since
    after = one.since is not None and entry.until is not None and one.since > entry.until
    return before or after


def _is_below(address: str, domains: frozenset[str]) -> bool:
    """Whether the address is in one of the domains or below it."""
    labels = address.rpartition("@")[2].casefold().split(".")
    return any(".".join(labels[n:]) in domains for n in range(len(labels)))


def _short(text: str) -> str:
    return text[:80]


@dataclass(frozen=True, slots=True)
class _Known:
    """Every address and group of a directory, on whatever day."""

    addresses: frozenset[str]
    groups: frozenset[str]
    _by_start: dict[str, list[str]] = field(default_factory=dict)
    _hints: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> "_Known":
        addresses: set[str] = set()
        groups: set[str] = set()
        for entry in entries:
            addresses.add(entry.key)
            addresses.update(alias.value.casefold() for alias in entry.aliases)
            groups.update(group.value.casefold() for group in entry.groups)
        return cls(frozenset(addresses), frozenset(groups))

    def like(self, address: str) -> str:
        """A hint with the known address most like this one; empty where none is."""
        key = address.casefold()
        if len(self._hints) >= _HINTS:
            return self._hints.get(key, "")
        if not self._by_start:
            for known in sorted(self.addresses):
                self._by_start.setdefault(known[:_ALIKE], []).append(known)
        if key not in self._hints:
            found = difflib.get_close_matches(key, self._by_start.get(key[:_ALIKE], ()), n=1, cutoff=0.8)
            self._hints[key] = f"did you mean `{found[0]}`?" if found else ""
        return self._hints[key]

    def like_group(self, name: str) -> str:
        """A hint with the known group most like this one, or with the known ones."""
        key = _GROUP + name
        if key not in self._hints and len(self._hints) < _HINTS:
            self._hints[key] = nearest(name, self.groups)
        return self._hints.get(key, "")
