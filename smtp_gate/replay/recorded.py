"""A journal's record turned back into what was judged: the envelope, the time, and the facts that were used.

What a record does not hold is never guessed: it is asked again, as of the message's day, and said to have been.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final

from smtp_gate.core.facts import Account, Fact, FactKey, Listed, Standing, known_directory
from smtp_gate.core.finding import Failure
from smtp_gate.core.message import Client, Direction, Envelope, Listener, Path, Proof, Recipient, Upstream
from smtp_gate.core.ports import FactSource
from smtp_gate.core.record import (
    AccountRow,
    ExemptRow,
    FactRow,
    FailureRow,
    FindingRow,
    RecipientRow,
    UnscannableRow,
    account_row,
)

ROSTER: Final = "directory.group"
"""The questions whose answers a record leaves out: who is in a group."""


@dataclass(frozen=True, slots=True)
class Decided:
    """One `decided` record, typed. `sha256` is of the content that was judged."""

    ref: str
    received: datetime
    message_id: str
    sha256: str
    envelope: Envelope
    ruleset: str
    recipients: tuple[RecipientRow, ...]
    findings: tuple[FindingRow, ...] = ()
    unscannable: tuple[UnscannableRow, ...] = ()
    failures: tuple[FailureRow, ...] = ()
    exempt: tuple[ExemptRow, ...] = ()
    facts: tuple[FactRow, ...] = ()


def decided_of(fields: Mapping[str, object], listeners: Mapping[str, Listener], ours: frozenset[str]) -> Decided:
    """The record of one verdict. Raises ValueError, KeyError, TypeError where it is none that this program writes.

    What counts as ours, and whether a listener's senders are authenticated, are the settings' own; a listener that they
    know no more vouches for nobody.
    """
    known = listeners.get(str(fields["listener"]))
    listener = Listener(
        str(fields["listener"]),
        Direction(str(fields["direction"])),
        Upstream(str(fields["upstream"])),
        sender_is_authenticated=known is not None and known.sender_is_authenticated,
        internal_domains=ours,
    )
    proof = Proof(str(fields["proof"])) if fields["proof"] else None
    client = Client(str(fields["client"]), account=str(fields["account"]), proof=proof)
    rows: tuple[RecipientRow, ...] = _rows(fields, "recipients")
    everybody = tuple(Recipient(path_of(row["address"])) for row in rows)
    received = datetime.fromisoformat(str(fields["received"]))
    if received.tzinfo is None:
        raise ValueError("a time without a zone")
    return Decided(
        str(fields["ref"]),
        received,
        str(fields["message_id"]),
        str(fields["sha256"]),
        Envelope(path_of(str(fields["sender"])), everybody, client, listener),
        str(fields["ruleset"]),
        rows,
        _rows(fields, "findings"),
        _rows(fields, "unscannable"),
        _rows(fields, "failures"),
        _rows(fields, "exempt"),
        _rows(fields, "facts"),
    )


def _rows(fields: Mapping[str, object], name: str) -> tuple[Any, ...]:
    """The rows of a list; their keys are the record's contract (`core.record`)."""
    found = fields[name]
    if not isinstance(found, list):
        raise TypeError(f"{name} is no list")
    return tuple(found)


def path_of(address: str) -> Path:
    """The path of an address as records write it: the local part unquoted, whatever stands in it."""
    local, at, domain = address.rpartition("@")
    return Path(address.encode("utf-8", "surrogateescape"), local, domain) if at else Path(address.encode(), address)


@dataclass(slots=True)
class Recalled:
    """Implements `FactSource` for one message of the journal: its record answers first, and `again` what it cannot.

    `asked` grows by the sources that had to be asked again. `moved` becomes True where one of them no longer says what
    the record says; the record's word counts then, as far as it goes. `same` says that all was asked again of the very
    snapshot of the directory that answered then, so that nothing can have changed.
    """

    rows: Sequence[FactRow]
    again: FactSource
    asked: set[str] = field(default_factory=set)
    moved: bool = False
    same: bool = False

    async def ask(self, keys: Collection[FactKey], on: datetime) -> Mapping[FactKey, Fact | Failure]:
        """The answers as they were, else as of that moment."""
        known = {FactKey(row["source"], row["subject"]): row for row in self.rows}
        lacking = [key for key in keys if key not in known or _is_lacking(known[key])]
        snapshot = known_directory()
        fresh = await self.again.ask({*lacking, snapshot}, on) if lacking else {}
        self.same = all(key.source.startswith("directory") for key in lacking) and _names(
            known.get(snapshot), fresh.get(snapshot)
        )
        return {key: self._answer(key, known.get(key), fresh.get(key)) for key in keys if key in known or key in fresh}

    def _answer(self, key: FactKey, row: FactRow | None, fresh: Fact | Failure) -> Fact | Failure:
        if row is None or row["source"] == ROSTER:
            self.asked.add(key.source)
            if row is not None and (row["answer"] == "known") is (fresh is None):
                self.moved = True
            return fresh
        if row["answer"] == "failed":
            return Failure(row["cause"])
        if row["answer"] == "unknown":
            return None
        if row["account"] is None:
            return Listed(row["entry"], row["content"])
        self.asked.add(key.source)
        if isinstance(fresh, Account) and account_row(fresh) == row["account"]:
            return fresh
        self.moved = True
        return account_of(row["account"], key.subject, fresh if isinstance(fresh, Account) else None)


def _names(row: FactRow | None, now: Fact | Failure) -> bool:
    """Whether the record names the snapshot that answers now; rows bear the first digits of its name."""
    return row is not None and isinstance(now, Listed) and bool(row["content"]) and now.feed.startswith(row["content"])


def _is_lacking(row: FactRow) -> bool:
    """Whether the row leaves out what rules may ask: an account's own, private and granted addresses, a group's members."""
    return row["account"] is not None or (row["source"] == ROSTER and row["answer"] != "failed")


def account_of(row: AccountRow, subject: str, today: Account | None) -> Account:
    """The account as it was recorded; names and private addresses are those of the account that has the address now."""
    base = today if today is not None and today.person == row["person"] else Account(subject)
    return replace(
        base,
        kind=row["kind"],
        person=row["person"],
        department=row["department"],
        status=row["status"],
        groups=frozenset(row["groups"]),
        standing=Standing(row["standing"]),
        valid_from=_day(row["valid_from"]),
        valid_to=_day(row["valid_to"]),
        successor=row["successor"],
    )


def _day(written: str) -> date | None:
    return date.fromisoformat(written) if written else None
