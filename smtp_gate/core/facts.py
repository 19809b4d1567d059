"""Facts: answers from outside, gathered before the rules run, so that judging itself stays pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from smtp_gate.core.finding import Failure


@dataclass(frozen=True, slots=True, order=True)
class FactKey:
    """A question: `source` names who answers (`directory`), `subject` what is asked (an address as `Path.key`)."""

    source: str
    subject: str


class Standing(StrEnum):
    """Whether an account has an address on the day of the message."""

    CURRENT = "current"
    NOT_YET = "not_yet"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Account:
    """One account of the dated directory, as of the day of the message; days are inclusive, in the city's time zone.

    `groups`, `aliases`, `personal` and `senders` are those of that day. `person` ties the accounts and aliases of one
    human together across a transfer. `senders` are the addresses and `group:NAME`s that may send under this account's
    name, case folded. `standing` and the days are those of the address that was asked for, which may be an alias that
    changed hands. `successor` is the address to use now where that address is no longer the account's.
    """

    address: str
    kind: str = "person"
    name: str = ""
    person: str = ""
    department: str = ""
    title: str = ""
    status: str = "employee"
    groups: frozenset[str] = frozenset()
    aliases: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()
    senders: frozenset[str] = frozenset()
    valid_from: date | None = None
    valid_to: date | None = None
    standing: Standing = Standing.CURRENT
    successor: str = ""

    @property
    def current(self) -> bool:
        """Whether the account has the address on that day."""
        return self.standing is Standing.CURRENT

    @property
    def key(self) -> str:
        """The account's own address as look-ups compare it."""
        return self.address.casefold()

    def is_one_with(self, other: "Account") -> bool:
        """Whether both are one account, or accounts of one human."""
        return self.key == other.key or bool(self.person and self.person == other.person)

    def lets(self, other: "Account") -> bool:
        """Whether the other account may send under this one's name: it is the same, or it was granted."""
        if self.is_one_with(other):
            return True
        names = {other.key, *(a.casefold() for a in other.aliases), *(f"group:{g}" for g in other.groups)}
        return other.current and not names.isdisjoint(self.senders)


@dataclass(frozen=True, slots=True)
class Roster:
    """The members of a group on the day of the message: each account's address, name and person, in a stable order."""

    members: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Listed:
    """A domain stands in a feed: the `entry` that covers it, and the feed's own id."""

    entry: str
    feed: str = ""


Fact = Account | Roster | Listed | None


@dataclass(frozen=True, slots=True)
class Facts:
    """The answers to the questions asked; an unanswered question is a `Failure`, never a guess.

    `whole` says that everything a ruleset asks about the message was asked, so that nobody need look for what is missing.
    """

    answers: Mapping[FactKey, Fact | Failure] = field(default_factory=dict)
    whole: bool = field(default=False, compare=False)

    def __getitem__(self, key: FactKey) -> Fact | Failure:
        return self.answers.get(key, Failure("fact_missing", f"nobody asked {key.source}"))

    def account(self, address_key: str) -> Account | None:
        """The directory's account for an address, None where it is unknown or could not be asked.

        Families may trust this because `examine` turns a missing fact into the rule's failure before asking them.
        """
        answer = self[directory(address_key)]
        return answer if isinstance(answer, Account) else None

    @property
    def has_directory(self) -> bool:
        """Whether anybody keeps a directory; without one nobody is known, and that says nothing of anybody."""
        return isinstance(self[known_directory()], Listed)

    def roster(self, name: str) -> Roster:
        """The members of a group; nobody where the directory has no such group."""
        answer = self[group(name)]
        return answer if isinstance(answer, Roster) else Roster()

    def listed(self, name: str, domain: str) -> bool:
        """Whether the domain stands in the feed."""
        return isinstance(self[feed(name, domain)], Listed)

    @property
    def are_sound(self) -> bool:
        """Whether everything was asked and every question has its answer."""
        return self.whole and not any(isinstance(answer, Failure) for answer in self.answers.values())

    def failure(self, keys: Iterable[FactKey]) -> Failure | None:
        """The first of these questions that has no answer, as the reason why."""
        return next((a for a in (self[k] for k in keys) if isinstance(a, Failure)), None)


def directory(address_key: str) -> FactKey:
    """The question «which account has this address on the day of the message?»."""
    return FactKey("directory", address_key)


def known_directory() -> FactKey:
    """The question «is there a directory at all?»; the answer names its snapshot."""
    return FactKey("directory.id", "")


def group(name: str) -> FactKey:
    """The question «who is in this group on the day of the message?»."""
    return FactKey("directory.group", name)


def feed(name: str, domain: str) -> FactKey:
    """The question «does this domain, or one above it, stand in the feed of that name?»."""
    return FactKey(f"feed.{name}", domain)
