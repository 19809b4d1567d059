"""A rule's roll-out: for whom it acts already, while for everybody else it is in shadow. Pure, no randomness."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from smtp_gate.core.facts import FactKey, Facts
from smtp_gate.core.message import Envelope, Listener, Path
from smtp_gate.core.scope import Who
from smtp_gate.core.verdict import Mode, Terms

_OCTETS: Final = 6
_POINTS: Final = 1 << 8 * _OCTETS


@dataclass(frozen=True, slots=True)
class Rollout:
    """A share of all senders (`percent`, over 0 and up to 100; 0: no share), certain senders, or both together.

    A sender is in it where any holds. It only tightens what is in shadow, so nobody need prove who they are (law 10).
    """

    percent: float = 0.0
    senders: tuple[Who, ...] = ()

    def needs(self, sender: Path) -> Iterator[FactKey]:
        """The questions to ask before `includes` may be called."""
        for who in self.senders:
            yield from who.needs(sender)

    def includes(self, rule: str, sender: Path, listener: Listener, facts: Facts) -> bool:
        """Whether the rule acts for this sender."""
        return share_of(rule, sender) < self.percent or any(w.matches(sender, listener, facts) for w in self.senders)

    def terms(self, rule: str, terms: Terms, envelope: Envelope, facts: Facts) -> Terms:
        """The rule's terms for this sender: in shadow outside of the roll-out; enforced where nobody can say (law 2)."""
        sender = sender_of(envelope)
        if terms.mode is not Mode.ENFORCE or facts.failure(tuple(self.needs(sender))) is not None:
            return terms
        inside = self.includes(rule, sender, envelope.listener, facts)
        return terms if inside else replace(terms, mode=Mode.SHADOW)

    def __str__(self) -> str:
        share = (f"{self.percent:g} %",) if self.percent else ()
        return " or ".join((*share, *(str(w) for w in self.senders)))


def share_of(rule: str, sender: Path) -> float:
    """Where this sender stands in this rule's roll-out: at least 0 and below 100, the same for ever.

    Rules count differently, so that the same people are not always the first. Whoever stands below a percentage also
    stands below every larger one. The null sender is a sender like any other.
    """
    digest = hashlib.sha256(f"{rule}\0{sender.key}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:_OCTETS]) * 100 / _POINTS


def sender_of(envelope: Envelope) -> Path:
    """Who counts as the sender: the account that has logged in, else the envelope sender."""
    return logged_in(envelope) or envelope.sender


def logged_in(envelope: Envelope) -> Path | None:
    """The account that the connection has proven, as an address; None where it has proven nobody."""
    account = envelope.client.account
    if not account or envelope.client.proof is None:
        return None
    # A login without @ is a name alone: it belongs to no domain, whatever it looks like.
    local, _, domain = account.rpartition("@") if "@" in account else (account, "", "")
    return Path(account.encode(), local, domain.casefold())
