"""What the gate needs from the world, as Protocols: adapters and the store implement them, tests fake them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from smtp_gate.core.facts import Fact, FactKey
from smtp_gate.core.finding import Failure
from smtp_gate.core.message import Envelope, Message, Recipient
from smtp_gate.core.reply import Reply
from smtp_gate.core.verdict import Judgement
from smtp_gate.core.view import Part, Reason


class Outcome(StrEnum):
    """How a message ended, for journal and metrics."""

    RELAYED = "relayed"
    HELD = "held"
    MIXED = "mixed"
    REFUSED = "refused"
    DEFERRED = "deferred"
    HOP_REFUSED = "hop_refused"
    HOP_DEFERRED = "hop_deferred"
    LATE = "late"
    ABANDONED = "abandoned"
    CRASHED = "crashed"


class Attempt(Protocol):
    """One transaction with the next hop, opened at MAIL."""

    @property
    def reply(self) -> Reply:
        """The answer to MAIL."""
        ...

    @property
    def dot_sent(self) -> bool:
        """True once the final dot has left: from then on the outcome is the next hop's to tell."""
        ...

    async def rcpt(self, recipient: Recipient) -> Reply:
        """Mirror one RCPT; never raises, a fault of the connection is a 451."""
        ...

    async def send(self, octets: Sequence[bytes], chosen: Sequence[int], may_finish: Callable[[], bool]) -> Reply:
        """Deliver to the `chosen` of the accepted recipients (indexes in the order of their 250s), else to nobody.

        `octets` are written one after another, stuffed. `may_finish` is asked right before the final dot: False aborts
        without it. Never raises: a fault is a 451. Called once.
        """
        ...

    async def abort(self) -> None:
        """Give the transaction up without a dot; harmless when it is over. Never raises."""
        ...


class NextHop(Protocol):
    """Where accepted mail goes."""

    async def begin(self, envelope: Envelope) -> Attempt | Reply:
        """Open a transaction with MAIL (recipients of `envelope` are ignored); a Reply says why there is none."""
        ...


class FactSource(Protocol):
    """Who answers questions from outside."""

    async def ask(self, keys: Collection[FactKey], on: datetime) -> Mapping[FactKey, Fact | Failure]:
        """The answers as of that moment; what cannot be answered is a Failure."""
        ...


class Extractor(Protocol):
    """Who opens documents and archives, in a child that may be killed."""

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of content (`Part.kind`) that it opens."""
        ...

    async def open(self, part: Part) -> tuple[Part, ...] | Reason:
        """What is inside, or why nobody can look: content that kills a fresh child twice is `crash`, one that spends its
        time or room is `limit`. Raises OSError where there is nobody to ask: that is no property of the content.
        """
        ...


class Hold(Protocol):
    """A durable pending copy for the held recipients."""

    async def commit(self) -> None:
        """Make it a held message, by a rename; idempotent."""
        ...

    async def drop(self) -> None:
        """Remove it; idempotent."""
        ...


class Quarantine(Protocol):
    """Where held mail goes."""

    async def prepare(self, message: Message, judgement: Judgement, held: Collection[int]) -> Hold:
        """Write a durable pending copy for these recipients. Raises OSError where it cannot be made durable."""
        ...


class Journal(Protocol):
    """The record of decisions: must be written, or nothing is enacted."""

    async def decided(self, message: Message, judgement: Judgement) -> None:
        """Write the verdict durably. Raises OSError where it cannot."""
        ...

    def answered(self, message: Message, outcome: Outcome, reply: Reply, *, late: bool = False) -> None:
        """Add what was answered; carried to disk with the next durable write. Never raises."""
        ...


class Watcher(Protocol):
    """Metrics and logs: told of everything, deciding nothing. Its methods never raise and never block."""

    def stage(self, name: str, seconds: float) -> None:
        """A stage of one message took so long: read, facts, examine, hold, relay."""
        ...

    def rule(self, rule: str, seconds: float) -> None:
        """One rule took so long; the empty name is the shared scan."""
        ...

    def judged(self, message: Message, judgement: Judgement) -> None:
        """A verdict was made."""
        ...

    def answered(
        self, message: Message, judgement: Judgement | None, outcome: Outcome, reply: Reply, seconds: float
    ) -> None:
        """A message was answered so long after the client's dot; without a judgement it never got one."""
        ...

    def fault(self, ref: str, what: str, error: BaseException | None = None) -> None:
        """Something broke and was turned into a 4xx; `what` is one of a few fixed words."""
        ...


@dataclass(frozen=True, slots=True)
class Ports:
    """The four the gate enacts through."""

    next_hop: NextHop
    quarantine: Quarantine
    journal: Journal
    watcher: Watcher
