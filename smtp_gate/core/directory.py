"""The dated directory: which account has an address, who is in a group, and whose alias it is, on a given day."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from typing import Final

from smtp_gate.core.facts import Account, Fact, FactKey, Listed, Roster, Standing
from smtp_gate.core.finding import Failure

Term = tuple[date | None, date | None]
"""The first and the last day of something, both inclusive; None is open."""
NOBODY: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Dated:
    """A value with the first and the last day on which it holds, both inclusive; None is open."""

    value: str
    since: date | None = None
    until: date | None = None

    def covers(self, day: date) -> bool:
        """Whether it holds on that day."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)

    def __str__(self) -> str:
        if self.since is None and self.until is None:
            return self.value
        return f"{self.value} [{self.since or ''}..{self.until or ''}]"


@dataclass(frozen=True, slots=True)
class Entry:
    """One account over a stretch of days, as somebody wrote it down. An account that changes has several, in turn.

    Each alias, group, personal address and granted sender may have days of its own within those of the entry. `line` is
    where it stands in its file, 0 where it came from elsewhere.
    """

    address: str
    kind: str = "person"
    name: str = ""
    person: str = ""
    department: str = ""
    title: str = ""
    status: str = "employee"
    groups: tuple[Dated, ...] = ()
    aliases: tuple[Dated, ...] = ()
    personal: tuple[Dated, ...] = ()
    senders: tuple[Dated, ...] = ()
    since: date | None = None
    until: date | None = None
    successor: str = ""
    line: int = field(default=0, compare=False)

    def covers(self, day: date) -> bool:
        """Whether the account exists on that day."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)

    @property
    def key(self) -> str:
        """The account's own address as look-ups compare it."""
        return self.address.casefold()

    def terms(self, key: str) -> list[Term]:
        """The days on which this account has the address, which is its own or an alias; several for one that came back."""
        found: list[Term] = [(self.since, self.until)] if self.address.casefold() == key else []
        for alias in self.aliases:
            if alias.value.casefold() == key:
                since, until = _later(self.since, alias.since), _earlier(self.until, alias.until)
                if since is None or until is None or since <= until:
                    found.append((since, until))
        return found

    def on(
        self, day: date, standing: Standing = Standing.CURRENT, term: Term | None = None, successor: str = ""
    ) -> Account:
        """The account as of that day. `term` are the days of the address that was asked for, the entry's own by default.

        An account that does not exist on that day is in no group, has no aliases, and lets nobody send.
        """
        there = self.covers(day)
        since, until = (self.since, self.until) if term is None else term
        return Account(
            self.address,
            self.kind,
            self.name,
            self.person,
            self.department,
            self.title,
            self.status,
            frozenset(_values(self.groups, day)) if there and self.groups else NOBODY,
            _values(self.aliases, day) if there else (),
            _values(self.personal, day),
            frozenset([v.casefold() for v in _values(self.senders, day)]) if there and self.senders else NOBODY,
            since,
            until,
            standing,
            successor,
        )


@dataclass(frozen=True, slots=True)
class Directory:
    """A snapshot of the directory; implements the gate's port `FactSource` for directory questions.

    `by_address` maps a case-folded address or alias to the entries that ever had it, `by_person` a person and `by_group`
    a case-folded group to theirs. `id` names the snapshot in journals.
    """

    id: str = ""
    zone: tzinfo = UTC
    entries: tuple[Entry, ...] = field(default=(), repr=False)
    by_address: Mapping[str, tuple[Entry, ...]] = field(default_factory=dict, repr=False)
    by_person: Mapping[str, tuple[Entry, ...]] = field(default_factory=dict, repr=False)
    by_group: Mapping[str, tuple[Entry, ...]] = field(default_factory=dict, repr=False)

    async def ask(self, keys: Collection[FactKey], on: datetime) -> Mapping[FactKey, Fact | Failure]:
        """The answers as of that moment in the city's zone; other sources are not answered here."""
        return self.answer(keys, on.astimezone(self.zone).date())

    def answer(self, keys: Collection[FactKey], day: date) -> dict[FactKey, Fact | Failure]:
        """The answers as of that day."""
        return {key: self._answer(key, day) for key in keys}

    def _answer(self, key: FactKey, day: date) -> Fact | Failure:
        match key.source:
            case "directory":
                return self.look_up(key.subject, day)
            case "directory.group":
                return self.roster(key.subject, day)
            case "directory.id":
                return Listed("directory", self.id) if self.entries else None
        return Failure("fact_missing", f"nobody answers {key.source}")

    def look_up(self, address: str, day: date) -> Account | None:
        """The account that has the address on that day; else the last that had it, else the next that will; else None.

        One that had it names the address to use now: its own where only an alias ended, else what somebody wrote down,
        else the address that the same person has on that day.
        """
        key = address.casefold()
        past: tuple[date, Entry, Term] | None = None
        coming: tuple[date, Entry, Term] | None = None
        for entry in self.by_address.get(key, ()):
            for term in entry.terms(key):
                since, until = term
                if (since is None or since <= day) and (until is None or day <= until):
                    return entry.on(day, Standing.CURRENT, term)
                if until is not None and until < day:
                    past = (until, entry, term) if past is None or until > past[0] else past
                elif since is not None and (coming is None or since < coming[0]):
                    coming = (since, entry, term)
        if past is not None:
            _, entry, term = past
            return entry.on(day, Standing.ENDED, term, self._now_at(entry, key, day))
        if coming is not None:
            _, entry, term = coming
            return entry.on(day, Standing.NOT_YET, term, self._now_at(entry, key, day))
        return None

    def roster(self, group: str, day: date) -> Roster:
        """Who is in the group on that day."""
        key = group.casefold()
        members: list[tuple[str, str, str]] = []
        for entry in self.by_group.get(key, ()):
            if entry.covers(day):
                for one in entry.groups:
                    if one.value.casefold() == key and one.covers(day):
                        members.append((entry.address, entry.name, entry.person))
                        break
        return Roster(tuple(sorted(members)))

    def _now_at(self, entry: Entry, key: str, day: date) -> str:
        """The address to use on that day in place of `key`, empty where there is none."""
        if entry.covers(day) and entry.key != key:
            return entry.address
        if entry.successor:
            return entry.successor
        mates = self.by_person.get(entry.person, ()) if entry.person else ()
        return next((mate.address for mate in mates if mate.kind == "person" and mate.covers(day)), "")


def index(entries: Iterable[Entry], snapshot: str = "", zone: tzinfo = UTC) -> Directory:
    """A directory of these entries. Overlaps are not looked for here."""
    everybody = tuple(entries)
    by_address: dict[str, tuple[Entry, ...]] = {}
    by_person: dict[str, tuple[Entry, ...]] = {}
    members: dict[str, list[Entry]] = {}
    for entry in everybody:
        # One tuple serves every key that leads to this entry alone, which nearly all do.
        alone = (entry,)
        for key in _keys(entry):
            known = by_address.get(key)
            by_address[key] = alone if known is None else (*known, entry)
        if entry.person:
            known = by_person.get(entry.person)
            by_person[entry.person] = alone if known is None else (*known, entry)
        for name in {g.value.casefold() for g in entry.groups} if entry.groups else ():
            members.setdefault(name, []).append(entry)
    by_group = {name: tuple(some) for name, some in members.items()}
    return Directory(snapshot, zone, everybody, by_address, by_person, by_group)


def _keys(entry: Entry) -> Iterable[str]:
    """The case-folded addresses that lead to an entry, each once; a text that is its own key is not kept twice."""
    own = _key(entry.address)
    return {own, *(_key(a.value) for a in entry.aliases)} if entry.aliases else (own,)


def _key(address: str) -> str:
    folded = address.casefold()
    return address if folded == address else folded


def _values(dated: tuple[Dated, ...], day: date) -> tuple[str, ...]:
    if not dated:
        return ()
    # `covers`, written out: every look-up comes by here several times.
    return tuple([
        d.value for d in dated if (d.since is None or d.since <= day) and (d.until is None or day <= d.until)
    ])  # fmt: skip


def _later(one: date | None, other: date | None) -> date | None:
    return other if one is None else one if other is None else max(one, other)


def _earlier(one: date | None, other: date | None) -> date | None:
    return other if one is None else one if other is None else min(one, other)
