"""The story of one message, told with fakes: what is answered, what is journalled first, and what a fault becomes."""

import asyncio
import errno
from collections.abc import Callable, Sequence

import pytest

from smtp_gate.core.course import Timing
from smtp_gate.core.facts import Fact, FactKey
from smtp_gate.core.finding import Failure, Finding
from smtp_gate.core.message import Message
from smtp_gate.core.ports import Outcome
from smtp_gate.core.reply import Reply
from smtp_gate.core.scope import Scope, Who, WhoKind
from smtp_gate.core.verdict import Disposition, Judgement, Terms
from smtp_gate.core.view import MessageView, Region, RegionKind
from smtp_gate.examine import Rule
from smtp_gate.families.base import Params
from tests.builders import envelope, message
from tests.fakes import FakeAttempt, FakeFacts, FakeHop, FakeJournal, FakeQuarantine, FakeWatcher, make_gate


class Word(Params):
    """A family of the tests: finds a word in the content."""

    word: str


class WordFamily:
    name = "word"
    schema = Word
    reads_content = False

    def detectors(self, params: Word) -> tuple[str, ...]:
        return ()

    def needs(self, view: MessageView, params: Word) -> tuple[()]:
        return ()

    def check(self, view: MessageView, facts: object, params: Word) -> list[Finding]:
        if params.word == "crash":
            raise RuntimeError("a secret from the mail")
        return [Finding(Region(RegionKind.OWN), "s***t")] if params.word.encode() in view.message.content else []


def rule(word: str, action: Disposition = Disposition.QUARANTINE, *, to: Who | None = None) -> Rule:
    when = Scope(recipients=(to,)) if to else Scope()
    return Rule(f"test.{word}", word, ("P-SENSITIVE",), "test", WordFamily(), Word(word=word), when, Terms(action))


SECRET = rule("secret")
REFUSED = rule("refused", Disposition.REJECT)
EXTERNAL_SECRET = rule("secret", to=Who(WhoKind.EXTERNAL))


async def test_ordinary_mail_gets_the_next_hops_own_reply_and_one_received_line() -> None:
    hop, journal = FakeHop(), FakeJournal()
    mail = message()
    reply = await make_gate(hop, FakeQuarantine(), journal=journal).receive(mail)
    assert str(reply) == "250 2.0.0 queued as 1"
    (octets,) = hop.octets
    assert octets.endswith(mail.content)
    assert octets[: -len(mail.content)].startswith(b"Received: from mail.milwaukee.gov")
    assert octets[: -len(mail.content)].count(b"\r\nReceived") == 0
    assert [a[0] for a in journal.answers] == [Outcome.RELAYED]


async def test_a_refusal_reaches_neither_next_hop_nor_quarantine() -> None:
    hop, store = FakeHop(), FakeQuarantine()
    gate = make_gate(hop, store, rules=(REFUSED,))
    attempt = FakeAttempt(hop, envelope())
    reply = await gate.receive(message("refused"), attempt)
    assert (reply.code, reply.enhanced) == (550, "5.7.1")
    assert attempt.aborted
    assert not attempt.dot_sent
    assert not store.held


async def test_a_held_message_is_held_and_the_mirrored_transaction_aborted() -> None:
    hop, store = FakeHop(), FakeQuarantine()
    attempt = FakeAttempt(hop, envelope())
    reply = await make_gate(hop, store, rules=(SECRET,)).receive(message("secret"), attempt)
    assert str(reply) == "250 2.0.0 held for review, ref TESTREF0001"
    assert store.held == {0}
    assert attempt.aborted
    assert not hop.octets


async def test_a_mixed_verdict_relays_some_and_holds_the_others() -> None:
    hop, store = FakeHop(), FakeQuarantine()
    env = envelope(to=["a@milwaukee.gov", "b@example.org"])
    reply = await make_gate(hop, store, rules=(EXTERNAL_SECRET,)).receive(message("secret", env=env))
    assert str(reply) == "250 2.0.0 relayed to 1, held for 1, ref TESTREF0001"
    assert [r.path.address for r in hop.delivered] == ["a@milwaukee.gov"]
    assert store.held == {1}


async def test_a_hop_refusal_of_a_mixed_verdict_drops_the_hold_and_passes_on() -> None:
    hop, store = FakeHop({"dot": 550}), FakeQuarantine()
    env = envelope(to=["a@milwaukee.gov", "b@example.org"])
    reply = await make_gate(hop, store, rules=(EXTERNAL_SECRET,)).receive(message("secret", env=env))
    assert str(reply) == "550 5.0.0 as planned"
    assert not store.held
    assert not store.pending


async def test_once_the_next_hop_has_accepted_a_failed_commit_does_not_change_the_answer() -> None:
    hop, store, watcher = FakeHop(), FakeQuarantine(commit_error=OSError(errno.EIO, "io")), FakeWatcher()
    env = envelope(to=["a@milwaukee.gov", "b@example.org"])
    reply = await make_gate(hop, store, watcher=watcher, rules=(EXTERNAL_SECRET,)).receive(message("secret", env=env))
    assert reply.code == 250
    assert watcher.faults == ["commit_after_accept"]
    assert store.pending == {1}


@pytest.mark.parametrize(("number", "expected"), [(errno.ENOSPC, "452 4.3.1"), (errno.EIO, "451 4.3.0")])
async def test_an_unwritten_journal_enacts_nothing_and_is_temporary(number: int, expected: str) -> None:
    hop, watcher = FakeHop(), FakeWatcher()
    broken = FakeJournal(OSError(number, "disk"))
    reply = await make_gate(hop, FakeQuarantine(), journal=broken, watcher=watcher).receive(message())
    assert str(reply).startswith(expected)
    assert not hop.octets
    assert watcher.outcomes == [Outcome.CRASHED]


async def test_a_hold_that_cannot_be_written_is_temporary() -> None:
    store = FakeQuarantine(prepare_error=OSError(errno.ENOSPC, "full"))
    reply = await make_gate(FakeHop(), store, rules=(SECRET,)).receive(message("secret"))
    assert str(reply) == "452 4.3.1 insufficient system storage, ref TESTREF0001"


async def test_a_crashing_rule_defers_and_leaks_nothing() -> None:
    hop = FakeHop()
    reply = await make_gate(hop, FakeQuarantine(), rules=(rule("crash"),)).receive(message("anything"))
    assert reply.temporary
    assert "secret" not in str(reply)
    assert "test.crash" in str(reply)
    assert not hop.octets


async def test_a_missing_fact_defers() -> None:
    grouped = rule("secret", to=Who(WhoKind.GROUP, "payroll"))
    facts = FakeFacts(error=ConnectionError("directory down"))
    hop = FakeHop()
    reply = await make_gate(hop, FakeQuarantine(), rules=(grouped,), facts=facts).receive(message("hello"))
    assert reply.temporary
    assert not hop.octets


class SilentFacts(FakeFacts):
    """Answers nothing, and says nothing of that."""

    async def ask(self, keys: object, on: object) -> dict[FactKey, Fact | Failure]:
        return {}


async def test_a_source_that_passes_a_question_over_defers_too() -> None:
    grouped = rule("secret", to=Who(WhoKind.GROUP, "payroll"))
    facts = SilentFacts()
    hop = FakeHop()
    reply = await make_gate(hop, FakeQuarantine(), rules=(grouped,), facts=facts).receive(message("hello"))
    assert reply.temporary
    assert not hop.octets


async def test_after_data_one_permanent_refusal_refuses_all_and_names_it() -> None:
    hop = FakeHop({"rcpt": 550})
    reply = await make_gate(hop, FakeQuarantine()).receive(message())
    assert reply.permanent
    assert "lee@example.org" in reply.text
    assert hop.attempts[0].aborted


async def test_a_dead_next_hop_is_temporary() -> None:
    assert (await make_gate(FakeHop({"mail": 451}), FakeQuarantine()).receive(message())).temporary


class SlowAttempt(FakeAttempt):
    """Takes the dot at once and answers late, or stalls before the dot."""

    before_dot = 0.0
    after_dot = 0.0

    async def send(self, octets: Sequence[bytes], chosen: Sequence[int], may_finish: Callable[[], bool]) -> Reply:
        await asyncio.sleep(self.before_dot)
        if not may_finish():
            return Reply(451, "4.4.2", ("not finished",))
        self.dot_sent = True
        await asyncio.sleep(self.after_dot)
        self.hop.delivered += [self.accepted[i] for i in chosen]
        return Reply(250, "2.0.0", ("queued late",))


def slow(hop: FakeHop, *, before: float = 0.0, after: float = 0.0) -> SlowAttempt:
    attempt = SlowAttempt(hop, envelope())
    attempt.accepted = list(envelope().recipients)
    attempt.before_dot, attempt.after_dot = before, after
    return attempt


def real_clock() -> float:
    return asyncio.get_running_loop().time()


async def test_the_dot_is_not_sent_when_less_than_half_of_the_deadline_is_left() -> None:
    hop = FakeHop()
    gate = make_gate(hop, FakeQuarantine(), timing=Timing(deadline=0.4), clock=real_clock)
    attempt = slow(hop, before=0.25)
    reply = await gate.receive(message(), attempt)
    assert str(reply) == "451 4.4.2 not finished"
    assert not attempt.dot_sent
    assert attempt.aborted


async def test_past_the_deadline_the_client_hears_451_and_the_late_reply_is_journalled() -> None:
    hop, journal, watcher = FakeHop(), FakeJournal(), FakeWatcher()
    gate = make_gate(
        hop, FakeQuarantine(), journal=journal, watcher=watcher, timing=Timing(deadline=0.1), clock=real_clock
    )
    reply = await gate.receive(message(), slow(hop, after=0.3))
    assert str(reply).startswith("451 4.4.2")
    assert not journal.answers
    assert await gate.drain(2) == 0
    assert [(o, late) for o, _, late in journal.answers] == [(Outcome.LATE, True)]
    assert watcher.faults == ["deadline"]


async def test_a_client_that_vanishes_before_the_dot_gets_nothing_relayed() -> None:
    hop, journal = FakeHop(), FakeJournal()
    gate = make_gate(hop, FakeQuarantine(), journal=journal, clock=real_clock)
    attempt = slow(hop, before=0.1)
    session = asyncio.ensure_future(gate.receive(message(), attempt))
    await asyncio.sleep(0.02)
    session.cancel()
    with pytest.raises(asyncio.CancelledError):
        await session
    assert await gate.drain(2) == 0
    assert not attempt.dot_sent
    assert not hop.delivered
    assert journal.answers[0][2] is True


async def test_a_client_that_vanishes_after_the_dot_cannot_stop_the_relay() -> None:
    hop, journal = FakeHop(), FakeJournal()
    gate = make_gate(hop, FakeQuarantine(), journal=journal, clock=real_clock)
    session = asyncio.ensure_future(gate.receive(message(), slow(hop, after=0.1)))
    await asyncio.sleep(0.03)
    session.cancel()
    with pytest.raises(asyncio.CancelledError):
        await session
    assert await gate.drain(2) == 0
    assert len(hop.delivered) == 1
    assert journal.answers[0][0] is Outcome.RELAYED


async def test_the_verdict_is_journalled_before_anything_is_enacted() -> None:
    order: list[str] = []

    class Journal(FakeJournal):
        async def decided(self, message: Message, judgement: Judgement) -> None:
            order.append("journal")

    class Hop(FakeHop):
        async def begin(self, envelope: object) -> FakeAttempt | Reply:
            order.append("hop")
            return await super().begin(envelope)  # type: ignore[arg-type]  # the fake passes on what it got

    await make_gate(Hop(), FakeQuarantine(), journal=Journal()).receive(message())
    assert order == ["journal", "hop"]


async def test_a_large_message_is_judged_off_the_event_loop_with_the_same_verdict() -> None:
    gate = make_gate(FakeHop(), FakeQuarantine(), rules=(SECRET,))
    small = await gate.judge(message("secret"))
    large = await gate.judge(message("secret " + "x" * 200_000))
    assert small.verdict.strictest is large.verdict.strictest is Disposition.QUARANTINE


async def test_a_hold_that_cannot_be_committed_is_451_and_leaves_nothing_pending() -> None:
    store = FakeQuarantine(commit_error=OSError(errno.EIO, "io"))
    reply = await make_gate(FakeHop(), store, rules=(SECRET,)).receive(message("secret"))
    assert reply.temporary
    assert not store.held
    assert not store.pending
