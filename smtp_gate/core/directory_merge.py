"""History for sources that know only today: what a reading says from its day on, behind what was known before.

Who an address belonged to on any earlier day stays as it was. What the source no longer has ends on the day before the
reading; what is new begins on its day. A changed department, title, status, kind or person ends one stretch of the
account and begins another; a changed group, alias, personal address or granted sender is dated within its stretch. A
changed display name or successor replaces the old one, for it says nothing about a day. Days that the source itself
writes down win over these, as far as nobody else had the address meanwhile.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import TypeVar

from smtp_gate.core.directory import Dated, Directory, Entry

T = TypeVar("T", Dated, Entry)
Free = Callable[[T, date, date], bool]
"""Whether nobody else had what this names on any of these days, both inclusive."""
_DAY = timedelta(1)


def merged(old: Directory, reading: Collection[Entry], day: date) -> tuple[Entry, ...]:
    """The entries of a directory that knows what `old` knew before the day, and what was read on it.

    The first reading of all is taken as it is: nobody knows since when its accounts exist. Accounts come in a stable
    order, so that equal knowledge is written alike.
    """
    if not old.entries:
        return tuple(sorted(reading, key=_order))
    before, now = _by_key(old.entries), _by_key(reading)
    accounts = (
        _account(before.get(key, ()), now.get(key, ()), day, _Claims(old, key, day))
        for key in sorted(before.keys() | now.keys())
    )
    return tuple(entry for stretches in accounts for entry in stretches)


class _Claims:
    """Who else had an address before the day, as the old directory knows it."""

    def __init__(self, old: Directory, owner: str, day: date) -> None:
        self._old = old
        self._owner = owner
        self._eve = day - _DAY

    def free(self, address: str, first: date, last: date) -> bool:
        """Whether nobody but this account had the address on any of these days."""
        return self.taken(address, first, last) is None

    def taken(self, address: str, first: date, last: date) -> date | None:
        """The last of these days on which somebody else had the address."""
        key, last = address.casefold(), min(last, self._eve)
        days = [
            min(last, until or last)
            for entry in self._old.by_address.get(key, ())
            if entry.key != self._owner
            for since, until in entry.terms(key)
            if (since or date.min) <= last and (until or date.max) >= first
        ]
        return max(days, default=None) if first <= last else None


def _account(old: Sequence[Entry], new: Sequence[Entry], day: date, claims: _Claims) -> list[Entry]:
    """The stretches of one account."""
    if not new:
        return list(_until(old, day - _DAY))
    if old and len(new) == 1 and _goes_on(old[-1], new[0], day):
        return list(old)

    def joined(before: Entry, now: Entry) -> Entry | None:
        return _joined(before, now, day, claims) if _same_duty(before, now) else None

    spliced = _spliced(old, new, day, joined, lambda e, a, b: claims.free(e.address, a, b))
    return [_with_free_aliases(entry, day, claims) if entry not in old else entry for entry in spliced]


def _joined(before: Entry, now: Entry, day: date, claims: _Claims) -> Entry:
    """One stretch that goes on over the day; its days are the caller's business."""

    def dated(old: tuple[Dated, ...], new: tuple[Dated, ...], *, owned: bool = False) -> tuple[Dated, ...]:
        return old if old == new else tuple(_values(old, new, day, claims if owned else None))

    return replace(
        now,
        groups=dated(before.groups, now.groups),
        aliases=dated(before.aliases, now.aliases, owned=True),
        personal=dated(before.personal, now.personal),
        senders=dated(before.senders, now.senders),
        successor=now.successor or before.successor,
    )


def _values(old: Iterable[Dated], new: Iterable[Dated], day: date, claims: _Claims | None) -> Iterator[Dated]:
    """The values of one cell, each with its days: those known before in their order, then what is new."""
    before, now = _by_value(old), _by_value(new)
    free: Free[Dated] = (lambda d, a, b: claims.free(d.value, a, b)) if claims else (lambda _d, _a, _b: True)
    for key in (*before, *(k for k in now if k not in before)):
        if key in now:
            yield from _spliced(before.get(key, ()), now[key], day, lambda _, fresh: fresh, free)
        else:
            yield from _until(before[key], day - _DAY)


def _spliced(old: Iterable[T], new: Iterable[T], day: date, join: Callable[[T, T], T | None], free: Free[T]) -> list[T]:
    """Stretches of one thing: until the eve of the day as they were, from the day on as they were read."""
    eve = day - _DAY
    made, read = list(_until(old, eve)), sorted(new, key=_begin)
    for fresh in read:
        last = made[-1] if made else None
        if fresh.until is not None and fresh.until < day:
            _end(made, fresh, free, is_last=fresh is read[-1])
        elif fresh.since is not None and fresh.since >= day:
            made.append(fresh)
        elif last is not None and last.until == eve and (one := join(last, fresh)) is not None:
            earlier = made[-2].until if len(made) > 1 else None
            made[-1] = replace(one, since=_beginning(fresh, last.since, earlier, free))
        else:
            after = last.until if last is not None else None
            mine = fresh.since is not None and (after is None or fresh.since > after) and free(fresh, fresh.since, eve)
            made.append(fresh if mine else replace(fresh, since=day))
    return made


def _beginning(fresh: T, was: date | None, earlier: date | None, free: Free[T]) -> date | None:
    """When something that goes on began: as the source says, unless that day belongs to somebody or something else."""
    says = fresh.since
    if says is None or (earlier is not None and says <= earlier):
        return was
    if was is not None and says < was and not free(fresh, says, was - _DAY):
        return was
    return says


def _end(made: list[T], fresh: T, free: Free[T], *, is_last: bool) -> None:
    """The source says of something that it has ended already: so it has, on that day."""
    end, first = fresh.until or date.max, _begin(fresh)
    if is_last:
        while made and _begin(made[-1]) > end:
            made.pop()
        if made and (made[-1].until or date.max) > end:
            made[-1] = replace(made[-1], until=end)
    if all((m.until or date.max) < first or _begin(m) > end for m in made) and free(fresh, first, end):
        made.append(fresh)
        made.sort(key=_begin)


def _with_free_aliases(entry: Entry, day: date, claims: _Claims) -> Entry:
    """The entry without the days on which somebody else had one of its aliases."""
    freed = (_freed(alias, entry, day, claims) for alias in entry.aliases)
    return replace(entry, aliases=tuple(alias for alias in freed if alias is not None))


def _freed(alias: Dated, entry: Entry, day: date, claims: _Claims) -> Dated | None:
    first, last = max(_begin(entry), _begin(alias)), min(entry.until or date.max, alias.until or date.max)
    taken = claims.taken(alias.value, first, last) if first < day else None
    if taken is None:
        return alias
    return replace(alias, since=taken + _DAY) if taken < last else None


def _until(stretches: Iterable[T], eve: date) -> Iterator[T]:
    """What of these was before, up to and with that day, in order."""
    for one in sorted(stretches, key=_begin):
        if _begin(one) <= eve:
            yield one if one.until is not None and one.until <= eve else replace(one, until=eve)


def _goes_on(before: Entry, now: Entry, day: date) -> bool:
    """Whether the last stretch says all that was read, so that nothing has to be looked at: so it is with nearly all."""
    reaches = _begin(before) < day and (before.until is None or before.until >= day)
    alike = before.until == now.until and (now.since is None or before.since == now.since)
    return reaches and alike and _said(before) == _said(now)


def _said(entry: Entry) -> tuple[object, ...]:
    names = (entry.address, entry.name, entry.person, entry.kind, entry.department, entry.title, entry.status)
    return (*names, entry.successor, entry.groups, entry.aliases, entry.personal, entry.senders)


def _same_duty(one: Entry, other: Entry) -> bool:
    """Whether both say the same but for names and what is dated by itself."""
    return (one.kind, one.person, one.department, one.title, one.status) == (
        other.kind,
        other.person,
        other.department,
        other.title,
        other.status,
    )


def _by_key(entries: Iterable[Entry]) -> dict[str, tuple[Entry, ...]]:
    found: dict[str, tuple[Entry, ...]] = {}
    for entry in sorted(entries, key=_begin):
        found[entry.key] = (*found.get(entry.key, ()), entry)
    return found


def _by_value(dated: Iterable[Dated]) -> dict[str, tuple[Dated, ...]]:
    found: dict[str, tuple[Dated, ...]] = {}
    for one in dated:
        key = one.value.casefold()
        found[key] = (*found.get(key, ()), one)
    return found


def _begin(one: Dated | Entry) -> date:
    return one.since or date.min


def _order(entry: Entry) -> tuple[str, date]:
    return entry.key, _begin(entry)
