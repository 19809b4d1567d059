"""The dated directory: which account has an address, who is in a group, and whose alias it is, on a given day."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, tzinfo

from smtp_gate.core.facts import Account, Fact, FactKey, Roster, Standing
from smtp_gate.core.finding import Failure


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
    line: int = 0

    def covers(self, day: date) -> bool:
        """Whether the account exists on that day."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)

    def terms(self, key: str) -> Iterator[tuple[date | None, date | None]]:
        """The days on which this account has the address, which is its own or an alias; several for one that came back."""
        if self.address.casefold() == key:
            yield self.since, self.until
        for alias in self.aliases:
            if alias.value.casefold() == key:
                since, until = _later(self.since, alias.since), _earlier(self.until, alias.until)
                if since is None or until is None or since <= until:
                    yield since, until

    def on(self, day: date) -> Account:
        """The account as of that day; `standing` and days are those of the entry."""
        return Account(
            self.address,
            self.kind,
            self.name,
            self.person,
            self.department,
            self.title,
            self.status,
            frozenset(_values(self.groups, day)),
            tuple(_values(self.aliases, day)),
            tuple(_values(self.personal, day)),
            frozenset(v.casefold() for v in _values(self.senders, day)),
            self.since,
            self.until,
            Standing.CURRENT,
            self.successor,
        )


@dataclass(frozen=True, slots=True)
class Directory:
    """A snapshot of the directory; implements the gate's port `FactSource` for directory questions.

    `by_address` maps a case-folded address or alias to the numbers of the entries that ever had it, `by_person` a person
    and `by_group` a case-folded group to theirs. `id` names the snapshot in journals.
    """

    id: str = ""
    zone: tzinfo = UTC
    entries: tuple[Entry, ...] = field(default=(), repr=False)
    by_address: Mapping[str, tuple[int, ...]] = field(default_factory=dict, repr=False)
    by_person: Mapping[str, tuple[int, ...]] = field(default_factory=dict, repr=False)
    by_group: Mapping[str, tuple[int, ...]] = field(default_factory=dict, repr=False)

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
        return Failure("fact_missing", f"nobody answers {key.source}")

    def look_up(self, address: str, day: date) -> Account | None:
        """The account that has the address on that day; else the last that had it, else the next that will; else None.

        One that had it names the address to use now: its own where only an alias ended, else what somebody wrote down,
        else the address that the same person has on that day.
        """
        key = address.casefold()
        past: tuple[date, Entry, date | None] | None = None
        coming: tuple[date, Entry, date | None] | None = None
        for number in self.by_address.get(key, ()):
            entry = self.entries[number]
            for since, until in entry.terms(key):
                if (since is None or since <= day) and (until is None or day <= until):
                    account = entry.on(day)
                    return account if account.key == key else _held(account, Standing.CURRENT, since, until, "")
                if until is not None and until < day and (past is None or until > past[0]):
                    past = (until, entry, since)
                elif since is not None and since > day and (coming is None or since < coming[0]):
                    coming = (since, entry, until)
        if past is not None:
            until, entry, since = past
            return _held(entry.on(day), Standing.ENDED, since, until, self._now_at(entry, key, day))
        if coming is not None:
            since, entry, until = coming
            return _held(entry.on(day), Standing.NOT_YET, since, until, self._now_at(entry, key, day))
        return None

    def roster(self, group: str, day: date) -> Roster:
        """Who is in the group on that day."""
        key = group.casefold()
        members = {
            (entry.address, entry.name)
            for entry in (self.entries[number] for number in self.by_group.get(key, ()))
            if entry.covers(day) and any(g.value.casefold() == key and g.covers(day) for g in entry.groups)
        }
        return Roster(tuple(sorted(members)))

    def _now_at(self, entry: Entry, key: str, day: date) -> str:
        """The address to use on that day in place of `key`, empty where there is none."""
        if entry.address.casefold() != key and entry.covers(day):
            return entry.address
        if entry.successor:
            return entry.successor
        mates = (self.entries[number] for number in self.by_person.get(entry.person, ()) if entry.person)
        return next((mate.address for mate in mates if mate.kind == "person" and mate.covers(day)), "")


def index(entries: Collection[Entry], snapshot: str = "", zone: tzinfo = UTC) -> Directory:
    """A directory of these entries. Overlaps are not looked for here."""
    by_address: dict[str, tuple[int, ...]] = {}
    by_person: dict[str, tuple[int, ...]] = {}
    by_group: dict[str, tuple[int, ...]] = {}
    for number, entry in enumerate(entries):
        for key in {entry.address.casefold(), *(a.value.casefold() for a in entry.aliases)}:
            by_address[key] = (*by_address.get(key, ()), number)
        if entry.person:
            by_person[entry.person] = (*by_person.get(entry.person, ()), number)
    members: dict[str, list[int]] = {}
    for number, entry in enumerate(entries):
        for name in {g.value.casefold() for g in entry.groups}:
            members.setdefault(name, []).append(number)
    by_group = {name: tuple(numbers) for name, numbers in members.items()}
    return Directory(snapshot, zone, tuple(entries), by_address, by_person, by_group)


def _values(dated: tuple[Dated, ...], day: date) -> Iterator[str]:
    return (d.value for d in dated if d.covers(day))


def _held(account: Account, standing: Standing, since: date | None, until: date | None, successor: str) -> Account:
    """The account with the days and the standing of the address that was asked for."""
    return replace(account, standing=standing, valid_from=since, valid_to=until, successor=successor)


def _later(one: date | None, other: date | None) -> date | None:
    return other if one is None else one if other is None else max(one, other)


def _earlier(one: date | None, other: date | None) -> date | None:
    return other if one is None else one if other is None else min(one, other)
