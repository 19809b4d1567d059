"""Facts: answers from outside, gathered before the rules run, so that judging itself stays pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from smtp_gate.core.finding import Failure


@dataclass(frozen=True, slots=True, order=True)
class FactKey:
    """A question: `source` names who answers (`directory`), `subject` what is asked (an address as `Path.key`)."""

    source: str
    subject: str


@dataclass(frozen=True, slots=True)
class Account:
    """One account of the dated directory, as of the day of the message; days are inclusive, in the city's time zone.

    `person` ties the accounts and aliases of one human together across a transfer. `successor` is the address that a
    transferred person has now. `current` is false outside the dates.
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
    valid_from: date | None = None
    valid_to: date | None = None
    current: bool = True
    successor: str = ""


Fact = Account | None


@dataclass(frozen=True, slots=True)
class Facts:
    """The answers to the questions asked; an unanswered question is a `Failure`, never a guess."""

    answers: Mapping[FactKey, Fact | Failure] = field(default_factory=dict)

    def __getitem__(self, key: FactKey) -> Fact | Failure:
        return self.answers.get(key, Failure("fact_missing", f"nobody asked {key.source}"))

    def account(self, address_key: str) -> Account | None:
        """The directory's account for an address, None where it is unknown or could not be asked.

        Families may trust this because `examine` turns a missing fact into the rule's failure before asking them.
        """
        answer = self[directory(address_key)]
        return answer if isinstance(answer, Account) else None

    def failure(self, keys: Iterable[FactKey]) -> Failure | None:
        """The first of these questions that has no answer, as the reason why."""
        return next((a for a in (self[k] for k in keys) if isinstance(a, Failure)), None)


def directory(address_key: str) -> FactKey:
    """The question «which account has this address on the day of the message?»."""
    return FactKey("directory", address_key)
