"""Fakes of the gate's ports: a next hop that behaves by plan, a quarantine in memory, a watcher that remembers."""

import itertools
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from smtp_gate.core.course import Timing
from smtp_gate.core.facts import Fact, FactKey
from smtp_gate.core.finding import Failure
from smtp_gate.core.message import Envelope, Message, Recipient
from smtp_gate.core.ports import Outcome, Ports
from smtp_gate.core.reply import Reply
from smtp_gate.core.verdict import Judgement
from smtp_gate.detect.detectors import Detectors
from smtp_gate.detect.engine import Engine
from smtp_gate.examine import Rule, Ruleset
from smtp_gate.gate import Gate
from smtp_gate.judge import Judge


def reply(code: int, text: str = "as planned") -> Reply:
    return Reply(code, f"{code // 100}.0.0", (text,))


class FakeHop:
    """A next hop whose reply at each stage is planned: mail, rcpt, dot (codes, 250 where nothing is planned)."""

    def __init__(self, plan: Mapping[str, int] | None = None) -> None:
        self.plan = dict(plan or {})
        self.delivered: list[Recipient] = []
        self.octets: list[bytes] = []
        self.attempts: list[FakeAttempt] = []

    async def begin(self, envelope: Envelope) -> "FakeAttempt | Reply":
        code = self.plan.get("mail", 250)
        if code != 250:
            return reply(code)
        attempt = FakeAttempt(self, envelope)
        self.attempts.append(attempt)
        return attempt


class FakeAttempt:
    """One planned transaction."""

    def __init__(self, hop: FakeHop, envelope: Envelope) -> None:
        self.hop = hop
        self.envelope = envelope
        self.accepted: list[Recipient] = []
        self.aborted = False
        self.reply = reply(250)
        self.dot_sent = False

    async def rcpt(self, recipient: Recipient) -> Reply:
        code = self.hop.plan.get("rcpt", 250)
        if code == 250:
            self.accepted.append(recipient)
        return reply(code)

    async def send(self, octets: Sequence[bytes], chosen: Sequence[int], may_finish: Callable[[], bool]) -> Reply:
        assert not self.aborted
        assert chosen, "a transaction for nobody"
        if not may_finish():
            return reply(451, "not finished")
        self.dot_sent = True
        code = self.hop.plan.get("dot", 250)
        if code == 250:
            self.hop.delivered += [self.accepted[i] for i in chosen]
            self.hop.octets.append(b"".join(octets))
        return reply(code, "queued as 1" if code == 250 else "as planned")

    async def abort(self) -> None:
        self.aborted = True


class FakeQuarantine:
    """Holds in memory: `pending` and `held` are sets of recipient indexes."""

    def __init__(self, *, prepare_error: OSError | None = None, commit_error: OSError | None = None) -> None:
        self.pending: set[int] = set()
        self.held: set[int] = set()
        self.prepare_error = prepare_error
        self.commit_error = commit_error

    async def prepare(self, message: Message, judgement: Judgement, held: Collection[int]) -> "FakeQuarantine":
        if self.prepare_error:
            raise self.prepare_error
        self.pending |= set(held)
        return self

    async def commit(self) -> None:
        if self.commit_error:
            raise self.commit_error
        self.held, self.pending = self.held | self.pending, set()

    async def drop(self) -> None:
        self.pending = set()


class FakeJournal:
    """A journal that remembers, or fails."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.decisions: list[Judgement] = []
        self.answers: list[tuple[Outcome, Reply, bool]] = []

    async def decided(self, message: Message, judgement: Judgement) -> None:
        if self.error:
            raise self.error
        self.decisions.append(judgement)

    def answered(self, message: Message, outcome: Outcome, reply: Reply, *, late: bool = False) -> None:
        self.answers.append((outcome, reply, late))


class FakeWatcher:
    """A watcher that remembers faults and outcomes."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.outcomes: list[Outcome] = []
        self.stages: list[str] = []

    def stage(self, name: str, seconds: float) -> None:
        self.stages.append(name)

    def rule(self, rule: str, seconds: float) -> None:
        pass

    def judged(self, message: Message, judgement: Judgement) -> None:
        pass

    def answered(
        self, message: Message, judgement: Judgement | None, outcome: Outcome, reply: Reply, seconds: float
    ) -> None:
        self.outcomes.append(outcome)

    def fault(self, ref: str, what: str, error: BaseException | None = None) -> None:
        self.faults.append(what)


class FakeFacts:
    """A fact source with fixed answers; `None` for what it does not know, or a failure for everything."""

    def __init__(self, answers: Mapping[FactKey, Fact] | None = None, error: Exception | None = None) -> None:
        self.answers = dict(answers or {})
        self.error = error

    async def ask(self, keys: Collection[FactKey], on: datetime) -> Mapping[FactKey, Fact | Failure]:
        if self.error:
            raise self.error
        return {k: self.answers.get(k) for k in keys}


_ticks = itertools.count()


def tick() -> float:
    """A clock that only ever moves a microsecond at a time, so that tests never depend on the machine."""
    return next(_ticks) * 1e-6


def ruleset(*rules: Rule) -> Ruleset:
    return Ruleset("sha256:test", rules, Engine(Detectors()))


def make_gate(
    hop: FakeHop,
    store: FakeQuarantine,
    *,
    journal: FakeJournal | None = None,
    watcher: FakeWatcher | None = None,
    rules: tuple[Rule, ...] = (),
    facts: FakeFacts | None = None,
    timing: Timing | None = None,
    clock: Callable[[], float] = tick,
) -> Gate:
    watching = watcher or FakeWatcher()
    judge = Judge(lambda: ruleset(*rules), facts or FakeFacts(), watching, clock, facts_within=0.2)
    ports = Ports(hop, store, journal or FakeJournal(), watching)
    return Gate(judge, ports, hostname="gate.milwaukee.gov", timing=timing or Timing())
