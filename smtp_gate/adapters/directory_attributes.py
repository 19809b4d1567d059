"""An entry of LDAP → a row of the directory: which attribute fills which column, for Active Directory and OpenLDAP.

Contacts (people outside, whom the address book lists) and entries without an address are passed over, unless an attribute
for `kind` says what they are.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, timedelta, tzinfo
from itertools import chain
from typing import Final

from smtp_gate.adapters import directory_dn
from smtp_gate.adapters.directory_columns import COLUMNS, KINDS
from smtp_gate.adapters.directory_days import first_day, last_day
from smtp_gate.adapters.directory_rows import RowMistake, is_address
from smtp_gate.adapters.directory_values import (
    Problems,
    Values,
    addresses,
    below,
    group,
    named,
    once,
    texts,
    unusable,
    usable,
    with_days,
)

SIGNS: Final = (
    "objectClass", "msExchRecipientTypeDetails", "userAccountControl", "nsAccountLock", "pwdAccountLockedTime",
)  # fmt: skip
"""Attributes that are read whatever is mapped: what kind of entry it is, and whether it is disabled."""

_CLASSES: Final = {
    "group": "list",
    "groupofnames": "list",
    "groupofuniquenames": "list",
    "msexchdynamicdistributionlist": "list",
    "publicfolder": "shared",
    "computer": "service",
    "msds-groupmanagedserviceaccount": "service",
    "msds-managedserviceaccount": "service",
}
# Exchange's shared, room and equipment mailboxes, here and in the cloud.
_SHARED: Final = frozenset({"4", "16", "32", "34359738368", "8589934592", "17179869184"})
_LINKED: Final = "2"
_DISABLED: Final = 2
_LOCKED_FOR_GOOD: Final = "000001010000Z"


@dataclass(frozen=True, slots=True)
class Attributes:
    """Which attributes fill a column, in the order of their trust; of most columns the first that has a value does.

    `aliases`, `groups`, `personal` and `senders` take the values of all. `statuses` maps words of the status attribute, in
    any case, to the directory's; others are taken in lower case. With `groups_below`, only groups below one of these DNs
    count: a name is unique only where one department names groups.
    """

    address: tuple[str, ...] = ("proxyAddresses", "mail")
    kind: tuple[str, ...] = ()
    name: tuple[str, ...] = ("displayName", "cn")
    person: tuple[str, ...] = ("employeeNumber", "employeeID", "uid")
    department: tuple[str, ...] = ("department", "departmentNumber", "ou")
    title: tuple[str, ...] = ("title",)
    status: tuple[str, ...] = ("employeeType",)
    groups: tuple[str, ...] = ("memberOf",)
    aliases: tuple[str, ...] = ("proxyAddresses", "mail", "mailAlternateAddress", "mailLocalAddress")
    personal: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()
    valid_from: tuple[str, ...] = ()
    valid_to: tuple[str, ...] = ("accountExpires", "shadowExpire")
    successor: tuple[str, ...] = ()
    statuses: Mapping[str, str] = field(default_factory=dict)
    groups_below: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a base that is no DN: no group would count, and nobody would learn why."""
        wrong = [base for base in self.groups_below if directory_dn.parse(base) is None]
        if wrong:
            raise ValueError(f"not a DN: {wrong[0][:80]!r}")

    def wanted(self) -> tuple[str, ...]:
        """Every attribute to ask for, each once."""
        mapped = chain.from_iterable(getattr(self, f.name) for f in fields(self) if f.name in COLUMNS)
        return tuple({name.lower(): name for name in (*SIGNS, *mapped)}.values())


def rows(
    entries: Iterable[tuple[int, str, Values]],
    attributes: Attributes,
    today: date,
    zone: tzinfo,
    mistakes: list[RowMistake],
) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of entries, each given with its number and DN. Rows that come are such as `directory_rows` takes.

    Granted senders may be DNs of other entries, so with `senders` mapped the first row comes after the last entry.
    """
    waiting: list[tuple[int, dict[str, str], list[str]]] = []
    known: dict[directory_dn.Name, str] = {}
    for number, dn, given in entries:
        problems: Problems = []
        values = named(given, problems)
        made = row(values, attributes, today, zone, problems)
        granted = list(texts(values, attributes.senders, "senders", problems)) if made else []
        mistakes += [RowMistake(number, column, reason) for column, reason in problems]
        if made is None:
            continue
        if not attributes.senders:
            yield number, made
            continue
        name = directory_dn.parse(dn)
        if name:
            known[directory_dn.comparable(name)] = f"group:{group(dn)}" if made["kind"] == "list" else made["address"]
        waiting.append((number, made, granted))
    for number, made, granted in waiting:
        problems = []
        made["senders"] = "; ".join(dict.fromkeys(_senders(granted, known, problems)))
        mistakes += [RowMistake(number, column, reason) for column, reason in problems]
        yield number, made


def row(values: Values, attributes: Attributes, today: date, zone: tzinfo, problems: Problems) -> dict[str, str] | None:
    """The row of an entry whose values come from `named`, all but its senders; None where it is no account.

    A value that cannot be used is left out and told in `problems`; without a usable address, kind or term there is no row.
    """
    kind = _kind(values, attributes, problems)
    address = _address(values, attributes, problems) if kind else ""
    if not address or kind not in KINDS:
        return None
    aliases = once(usable(values, attributes.aliases, "aliases", problems))
    aliases.pop(address.casefold(), None)
    made = dict.fromkeys(COLUMNS, "")
    made |= {
        column: next(texts(values, getattr(attributes, column), column, problems), "")
        for column in ("name", "person", "department", "title", "successor")
    }
    made |= {
        "address": address,
        "kind": kind,
        "status": _status(values, attributes, problems),
        "groups": "; ".join(once(_groups(values, attributes, problems)).values()),
        "aliases": "; ".join(aliases.values()),
        "personal": "; ".join(once(usable(values, attributes.personal, "personal", problems)).values()),
    }
    if made["successor"] and not is_address(made["successor"]):
        problems.append(("successor", f"not an address: {made['successor'][:80]!r}"))
        made["successor"] = ""
    return made if _dated(made, values, attributes, (today, zone), problems) else None


def _address(values: Values, attributes: Attributes, problems: Problems) -> str:
    """The primary address; empty where there is none."""
    secondary = False
    for name in attributes.address:
        given = list(addresses(texts(values, (name,), "address", problems)))
        # The value that Exchange marks as primary comes before one that nothing marks.
        best = next((a for a, primary in given if primary), "") or next((a for a, p in given if p is None), "")
        if best and (fault := unusable(best)):
            problems.append(("address", fault))
            return ""
        if best:
            return best
        secondary = secondary or bool(given)
    if secondary:
        problems.append(("address", "none of its addresses is marked as the primary one (SMTP:)"))
    return ""


def _kind(values: Values, attributes: Attributes, problems: Problems) -> str:
    """The kind of account, empty for an entry that is none."""
    mapped = next(texts(values, attributes.kind, "kind", problems), "").casefold()
    if mapped:
        if mapped not in KINDS:
            problems.append(("kind", f"{mapped[:40]!r} is none of {', '.join(KINDS)}"))
        return mapped
    if _SHARED.intersection(texts(values, ("msExchRecipientTypeDetails",), "kind", problems)):
        return "shared"
    classes = {c.lower() for c in texts(values, ("objectClass",), "kind", problems)}
    if "contact" in classes:
        return ""
    return next((kind for name, kind in _CLASSES.items() if name in classes), "person")


def _status(values: Values, attributes: Attributes, problems: Problems) -> str:
    word = next(texts(values, attributes.status, "status", problems), "").casefold()
    return next((status for name, status in attributes.statuses.items() if name.casefold() == word), word) or "employee"


def _groups(values: Values, attributes: Attributes, problems: Problems) -> Iterator[str]:
    for text in texts(values, attributes.groups, "groups", problems):
        if not attributes.groups_below or any(below(text, base) for base in attributes.groups_below):
            yield group(text)


def _senders(granted: Iterable[str], known: Mapping[directory_dn.Name, str], problems: Problems) -> Iterator[str]:
    for text in granted:
        value, days = with_days(text)
        name = directory_dn.parse(text)
        if value.startswith("group:"):
            yield f"group:{group(text.removeprefix('group:'))}"
        elif name is None or is_address(value):
            if fault := unusable(value):
                problems.append(("senders", fault))
            else:
                yield value + days
        elif found := known.get(directory_dn.comparable(name), ""):
            yield found
        else:
            problems.append(("senders", f"no account that was read has the DN {text[:200]!r}"))


def _dated(
    made: dict[str, str], values: Values, attributes: Attributes, now: tuple[date, tzinfo], problems: Problems
) -> bool:
    """Fill in the first and the last day; False where the term is none."""
    today, zone = now
    days: dict[str, date | None] = {"valid_from": None, "valid_to": None}
    for column, read in (("valid_from", first_day), ("valid_to", last_day)):
        for text in texts(values, getattr(attributes, column), column, problems):
            try:
                days[column] = days[column] or read(text, zone)
            except ValueError as error:
                problems.append((column, f"{error}: {text[:40]!r}"))
    since, until = days["valid_from"], days["valid_to"]
    if since and until and until < since:
        problems.append(("valid_to", f"{until} is before valid_from, {since}"))
        return False
    # An account that is prepared for somebody who comes later is disabled until then.
    if _is_disabled(made["kind"], values) and not (since and since > today):
        yesterday = today - timedelta(1)
        until = min(until or yesterday, yesterday)
        since = None if since == today else since
    made |= {"valid_from": since.isoformat() if since else "", "valid_to": until.isoformat() if until else ""}
    return True


def _is_disabled(kind: str, values: Values) -> bool:
    """Whether somebody switched the account off. A shell that lets nobody in does not: such people have mail."""

    def first(name: str) -> str:
        return next(texts(values, (name,), "", []), "")

    if first("nsAccountLock").lower() == "true" or first("pwdAccountLockedTime") == _LOCKED_FOR_GOOD:
        return True
    # The Windows account behind a shared or linked mailbox is always disabled; the mailbox is in use.
    if kind == "shared" or first("msExchRecipientTypeDetails") == _LINKED:
        return False
    control = first("userAccountControl")
    return control.lstrip("-").isdecimal() and bool(int(control) & _DISABLED)
