"""Who a rule, an `unless` or a waiver speaks of: senders and recipients by side, group, domain or address."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from smtp_gate.core.facts import FactKey, Facts, directory
from smtp_gate.core.message import Listener, Path


class WhoKind(StrEnum):
    """How one alternative names people; `internal` and `external` stand alone, the others take a value."""

    ANY = "any"
    INTERNAL = "internal"
    EXTERNAL = "external"
    GROUP = "group"
    DOMAIN = "domain"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Who:
    """One alternative: `external`, `group:benefits-office`, `domain:irs.gov` (that domain alone), `address:a@b.c`.

    `value` is case folded. `group` and `address` look through aliases where the directory knows the account.
    """

    kind: WhoKind
    value: str = ""

    def needs(self, path: Path) -> Iterator[FactKey]:
        """The questions to ask before `matches` may be called."""
        if self.kind is WhoKind.GROUP and path.domain:
            yield directory(path.key)

    def matches(self, path: Path, listener: Listener, facts: Facts) -> bool:
        """Whether the address is meant; the null path is external and in no group."""
        match self.kind:
            case WhoKind.ANY:
                return True
            case WhoKind.INTERNAL:
                return listener.is_internal(path)
            case WhoKind.EXTERNAL:
                return not listener.is_internal(path)
            case WhoKind.DOMAIN:
                return path.domain.casefold() == self.value
            case WhoKind.ADDRESS:
                return path.key == self.value
            case WhoKind.GROUP:
                account = facts.account(path.key)
                return account is not None and account.current and self.value in account.groups

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}" if self.value else str(self.kind)


ANYONE = (Who(WhoKind.ANY),)


@dataclass(frozen=True, slots=True)
class Scope:
    """A sender side and a recipient side, each a list of alternatives; both must hold."""

    senders: tuple[Who, ...] = ANYONE
    recipients: tuple[Who, ...] = ANYONE

    def needs(self, sender: Path, recipients: tuple[Path, ...]) -> Iterator[FactKey]:
        """Every question that judging this scope takes."""
        for who in self.senders:
            yield from who.needs(sender)
        for who in self.recipients:
            for path in recipients:
                yield from who.needs(path)

    def covers_sender(self, sender: Path, listener: Listener, facts: Facts) -> bool:
        """Whether the sender side holds."""
        return any(w.matches(sender, listener, facts) for w in self.senders)

    def covered(self, recipients: tuple[Path, ...], listener: Listener, facts: Facts) -> frozenset[int]:
        """The indexes of the recipients that the recipient side holds for."""
        return frozenset(
            i for i, path in enumerate(recipients) if any(w.matches(path, listener, facts) for w in self.recipients)
        )


@dataclass(frozen=True, slots=True)
class Spare:
    """One `unless` of a rule: mail between these people, mail that is encrypted as a whole, or only where both hold.

    What is encrypted is a property of the content and needs nobody's word; people are spared only where the one who asks
    has proven who they are (law 10).
    """

    scope: Scope = Scope()
    encrypted: bool = False

    @property
    def names_people(self) -> bool:
        """Whether it asks who sends or receives."""
        return self.scope != Scope()
