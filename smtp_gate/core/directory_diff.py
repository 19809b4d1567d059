"""What differs between two directories on a day: accounts that are new, have ended, or have changed, and in what."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from smtp_gate.core.directory import Directory, Entry
from smtp_gate.core.facts import Account

FIELDS: Final = (
    "kind", "name", "person", "department", "title", "status", "groups", "aliases", "personal", "senders", "successor",
)  # fmt: skip
"""What is compared of an account, named as the columns of a directory are."""

_DATED: Final = ("groups", "aliases", "personal", "senders")


@dataclass(frozen=True, slots=True)
class Change:
    """One account that differs: `what` holds each field with what it was and what it is, `new` or `ended` how it stands."""

    address: str
    name: str
    how: str
    what: tuple[tuple[str, str, str], ...] = ()


def changes(old: Directory, new: Directory, day: date) -> tuple[Change, ...]:
    """Every account that differs on that day, by address; `how` is `new`, `ended` or `changed`."""
    before, now = _stretches(old), _stretches(new)
    return tuple(
        found
        for key in sorted(before.keys() | now.keys())
        if before.get(key) != now.get(key)
        for found in _change(before.get(key, []), now.get(key, []), day)
    )


def _change(before: list[Entry], after: list[Entry], day: date) -> Iterator[Change]:
    old, new = _account(before, day), _account(after, day)
    either = new or old
    if either is None:
        return
    there, here = _covers(old, day), _covers(new, day)
    if old is None and new is not None and new.valid_to is not None and new.valid_to < day:
        # Nobody knew it while it lasted; all there is to say is that it is over.
        yield Change(either.address, either.name, "ended", (("valid_to", "", new.valid_to.isoformat()),))
    elif here and not there:
        yield Change(either.address, either.name, "new", tuple(_differences(None, new)))
    elif there and not here:
        ended = new.valid_to.isoformat() if new is not None and new.valid_to else ""
        yield Change(either.address, either.name, "ended", (("valid_to", "", ended),) if ended else ())
    else:
        what = [*_differences(old, new), *_days(old, new, with_since=not here)] or [*_on_other_days(before, after)]
        # A source that says by now when the account began says something new, though nothing else differs.
        what = what or [*_days(old, new, with_since=True)]
        if what:
            yield Change(either.address, either.name, "changed", tuple(what))


def _differences(old: Account | None, new: Account | None) -> Iterator[tuple[str, str, str]]:
    for field in FIELDS:
        was, now = _text(old, field), _text(new, field)
        if was != now:
            yield field, was, now


def _days(old: Account | None, new: Account | None, *, with_since: bool) -> Iterator[tuple[str, str, str]]:
    """Days that differ; a stretch that began because something changed says nothing more about an account that goes on."""
    for field in ("valid_from", "valid_to") if with_since else ("valid_to",):
        was, now = _text(old, field), _text(new, field)
        if was != now:
            yield field, was, now


def _on_other_days(before: list[Entry], after: list[Entry]) -> Iterator[tuple[str, str, str]]:
    """What differs, but not on the day itself: values that are to come, or were once."""
    for field in _DATED:
        was, now = ("; ".join(str(d) for s in stretches for d in getattr(s, field)) for stretches in (before, after))
        if was != now:
            yield field, was, now
    if len(before) != len(after):
        yield "stretches", str(len(before)), str(len(after))


def _text(account: Account | None, field: str) -> str:
    value = getattr(account, field) if account is not None else None
    if isinstance(value, frozenset | tuple):
        return "; ".join(sorted(value))
    return "" if value is None else str(value)


def _account(stretches: list[Entry], day: date) -> Account | None:
    """The account by its own address: as of the day, else its last stretch before, else its first one after."""
    if not stretches:
        return None
    past = [s for s in stretches if s.until is not None and s.until < day]
    found = next((s for s in stretches if s.covers(day)), None) or (past[-1] if past else stretches[0])
    return found.on(max(found.since or day, min(day, found.until or day)))


def _covers(account: Account | None, day: date) -> bool:
    if account is None:
        return False
    since, until = account.valid_from, account.valid_to
    return (since is None or since <= day) and (until is None or day <= until)


def _stretches(directory: Directory) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for entry in sorted(directory.entries, key=lambda e: e.since or date.min):
        found.setdefault(entry.key, []).append(entry)
    return found
