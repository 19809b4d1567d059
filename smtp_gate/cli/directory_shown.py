"""How accounts of the directory and their changes are shown: on a terminal, and as JSON for programs."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, Final

from rich.console import Group
from rich.table import Table
from rich.text import Text

from smtp_gate.core.directory import Directory, Entry, Term
from smtp_gate.core.directory_diff import Change
from smtp_gate.core.facts import Account, Standing

_COLOURS: Final = {Standing.CURRENT: "green", Standing.ENDED: "red", Standing.NOT_YET: "yellow"}
_SAID: Final = {Standing.CURRENT: "current", Standing.ENDED: "ended", Standing.NOT_YET: "not yet"}
_SIGNS: Final = {"new": ("+", "green"), "ended": ("-", "red"), "changed": ("~", "yellow")}


def account_row(people: Directory, account: Account, asked: str, day: date) -> dict[str, Any]:
    """The account and its stretches as plain values; `since` and `until` are those of the address that was asked for."""
    return {
        "asked": asked,
        "on": day.isoformat(),
        "standing": str(account.standing),
        "address": account.address,
        "alias": account.key != asked.casefold(),
        "since": _iso(account.valid_from),
        "until": _iso(account.valid_to),
        "successor": account.successor,
        "kind": account.kind,
        "name": account.name,
        "person": account.person,
        "department": account.department,
        "title": account.title,
        "status": account.status,
        "groups": sorted(account.groups),
        "aliases": list(account.aliases),
        "personal": list(account.personal),
        "senders": sorted(account.senders),
        "may_send": may_send(people, account, day),
        "may_send_as": may_send_as(people, account, day),
        "stretches": [
            {
                "address": entry.address,
                "as": "alias" if entry.key != asked.casefold() and term is not None else "account",
                "since": _iso(since),
                "until": _iso(until),
                "department": entry.department,
                "title": entry.title,
                "status": entry.status,
            }
            for entry, term in stretches(people, account, asked)
            for since, until in (term or (entry.since, entry.until),)
        ],
    }


def account_shown(people: Directory, account: Account, asked: str, day: date) -> Group:
    """The account for people: how it stands first, then what it is, then what was and what comes."""
    head = Text(asked, style="bold").append(f" on {day}: ", style="default not bold")
    head.append(_SAID[account.standing], style=f"bold {_COLOURS[account.standing]}")
    head.append(f", {_days((account.valid_from, account.valid_to))}", style="default not bold")
    if account.key != asked.casefold():
        head.append(f", an alias of {account.address}", style="default not bold")
    table = Table.grid(padding=(0, 2))
    for name, value in _lines(people, account, day):
        table.add_row(Text(name, style="dim"), Text(value))
    course = Table.grid(padding=(0, 2))
    for entry, term in stretches(people, account, asked):
        alias = " (alias)" if term is not None and entry.key != asked.casefold() else ""
        duty = ", ".join(filter(None, (entry.kind, entry.department, entry.title, entry.status)))
        days = _days(term or (entry.since, entry.until))
        course.add_row(Text(days, style="dim"), Text(entry.address + alias), Text(duty, style="dim"))
    return Group(head, table, Text(), course)


def may_send(people: Directory, account: Account, day: date) -> list[str]:
    """The addresses of those who may send under the account's name beside itself, groups looked up."""
    found = set()
    for sender in account.senders:
        if sender.startswith("group:"):
            found |= {address for address, _, _ in people.roster(sender.removeprefix("group:"), day).members}
        else:
            found.add(sender)
    return sorted(found)


def may_send_as(people: Directory, account: Account, day: date) -> list[str]:
    """The other accounts that let this one send under their names, by itself or as a member of a group."""
    own = people.look_up(account.address, day)
    if own is None or not own.current:
        return []
    there = (entry for entry in people.entries if entry.senders and entry.key != own.key and entry.covers(day))
    names = {own.key, *(a.casefold() for a in own.aliases), *(f"group:{g}" for g in own.groups)}
    return sorted(entry.address for entry in there if not names.isdisjoint(entry.on(day).senders))


def found_rows(people: Directory, addresses: Sequence[str], day: date) -> list[dict[str, str]]:
    """What a search found: each address with how it stands on the day, its account's name and department."""
    found = ((address, people.look_up(address, day)) for address in addresses)
    return [
        {"address": address, "standing": str(a.standing), "name": a.name, "department": a.department}
        for address, a in found
        if a is not None
    ]


def found_shown(people: Directory, addresses: Sequence[str], day: date) -> Table:
    """What a search found, one address a line."""
    table = Table.grid(padding=(0, 2))
    for row in found_rows(people, addresses, day):
        standing = Standing(row["standing"])
        ended = "" if standing is Standing.CURRENT else _SAID[standing]
        # An address that is broken over two lines cannot be copied.
        table.add_row(
            Text(row["address"], no_wrap=True), Text(row["name"]), Text(row["department"]),
            Text(ended, style=_COLOURS[standing]),
        )  # fmt: skip
    return table


def stretches(people: Directory, account: Account, asked: str) -> list[tuple[Entry, Term | None]]:
    """Every stretch of the address with its days, and those of the same person's other accounts (None), by time."""
    key = asked.casefold()
    entries = people.by_address.get(key, ())
    own = [(entry, term) for entry in entries for term in entry.terms(key)]
    others = people.by_person.get(account.person, ()) if account.person else people.by_address.get(account.key, ())
    rest: list[tuple[Entry, Term | None]] = [(entry, None) for entry in others if entry not in entries or not own]
    return sorted([*own, *rest], key=lambda s: ((s[1] or (s[0].since, None))[0] or date.min, s[0].key))


def change_row(change: Change) -> dict[str, Any]:
    """A change as plain values."""
    what = {field: {"from": was, "to": now} for field, was, now in change.what}
    return {"address": change.address, "name": change.name, "how": change.how, "what": what}


def change_shown(change: Change) -> Text:
    """A change on one line, like `~ a@b.c Ann: department Health -> Library`."""
    sign, colour = _SIGNS[change.how]
    line = Text(f"{sign} ", style=f"bold {colour}").append(change.address, style="default")
    line.append(f" {change.name}" if change.name else "", style="dim not bold")
    if change.how == "new":
        said = [now for field, _, now in change.what if field in {"department", "title"}]
    else:
        said = [f"{field} {was or '-'} -> {now or '-'}" for field, was, now in change.what]
    return line.append(f": {', '.join(said)}" if said else "", style="default not bold")


def _lines(people: Directory, account: Account, day: date) -> Iterator[tuple[str, str]]:
    """What there is to say of an account; empty lines are left out."""
    lines = (
        ("use now", account.successor),
        ("account", account.address),
        ("name", account.name),
        ("kind", account.kind),
        ("person", account.person),
        ("department", account.department),
        ("title", account.title),
        ("status", account.status),
        ("groups", ", ".join(sorted(account.groups))),
        ("aliases", ", ".join(account.aliases)),
        ("personal", ", ".join(account.personal)),
        ("senders", ", ".join(sorted(account.senders))),
        ("may send as it", ", ".join(may_send(people, account, day))),
        ("may send as", ", ".join(may_send_as(people, account, day))),
    )
    return ((name, value) for name, value in lines if value)


def _days(term: Term) -> str:
    since, until = term
    if since is None and until is None:
        return "always"
    return " ".join(filter(None, (f"from {since}" if since else "", f"until {until}" if until else "")))


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
