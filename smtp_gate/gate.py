"""The story: receive a message, judge it, enact the verdict; the ports it needs come from `core.ports`.

Laws kept here: every message is answered and no fault is more than 4xx (2); the verdict is journalled before it is
enacted (4); after the next hop has accepted nothing changes the answer (5); nothing is accepted late (6).
"""

import asyncio
import errno
from collections.abc import Sequence

from smtp_gate.core import answer
from smtp_gate.core.course import NOBODY, Caller, Course, Timing
from smtp_gate.core.message import Message
from smtp_gate.core.ports import Attempt, Outcome, Ports
from smtp_gate.core.received import received_line
from smtp_gate.core.reply import Reply
from smtp_gate.core.verdict import Disposition, Judgement
from smtp_gate.judge import Judge


class Gate:
    """The gate: `receive` is the whole story of one message, the ports are what it needs from the world."""

    def __init__(self, judge: Judge, ports: Ports, *, hostname: str, timing: Timing) -> None:
        self._judge = judge
        self._next_hop = ports.next_hop
        self._quarantine = ports.quarantine
        self._journal = ports.journal
        self._watcher = ports.watcher
        self._hostname = hostname
        self._timing = timing
        self._clock = judge.clock
        self._running: set[asyncio.Task[Reply]] = set()

    async def receive(self, message: Message, attempt: Attempt | None = None, caller: Caller = NOBODY) -> Reply:
        """Judge, journal, enact, and answer within the deadline; never raises but for the caller's own cancellation.

        `attempt` is the mirrored transaction where the recipients were asked one by one; without it the next hop is
        asked at the dot. A cancelled caller (its client vanished) stops nothing that has passed the point of no return.
        """
        course = Course(self._timing, self._clock, caller)
        task = asyncio.get_running_loop().create_task(self._proceed(message, attempt, course))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        task.add_done_callback(lambda _: caller.over())
        try:
            return await asyncio.wait_for(asyncio.shield(task), self._timing.deadline - caller.waited)
        except TimeoutError:
            if course.committing:
                return await asyncio.shield(task)
            course.overdue = True
            reply = answer.fault(message.ref, "4.4.2", "timed out while passing the message on")
            self._watcher.fault(message.ref, "deadline")
            return reply
        except asyncio.CancelledError:
            course.client_gone = True
            raise

    async def judge(self, message: Message) -> Judgement:
        """What would become of the message; changes nothing."""
        return await self._judge.judge(message)

    async def drain(self, within: float) -> int:
        """Wait for the messages under way; returns how many did not end in time."""
        if not self._running:
            return 0
        _, pending = await asyncio.wait(self._running, timeout=within)
        return len(pending)

    async def _proceed(self, message: Message, attempt: Attempt | None, course: Course) -> Reply:
        judgement: Judgement | None = None
        try:
            judgement = await self.judge(message)
            self._watcher.judged(message, judgement)
            await self._journal.decided(message, judgement)
            outcome, reply = await self._carry_out(message, judgement, attempt, course)
        except Exception as error:  # noqa: BLE001 - whatever breaks is 451 with a ref; the sender keeps the mail (law 2)
            self._watcher.fault(message.ref, "crash", error)
            outcome, reply = Outcome.CRASHED, _fault_reply(message.ref, error)
        if attempt is not None and not attempt.dot_sent:
            await attempt.abort()
        if course.overdue and reply.positive:
            outcome = Outcome.LATE
        self._journal.answered(message, outcome, reply, late=course.overdue or course.gone())
        self._watcher.answered(message, judgement, outcome, reply, self._clock() - course.started)
        return reply

    async def enact(self, message: Message, judgement: Judgement, attempt: Attempt | None = None) -> Reply:
        """Do what the judgement says and return the one reply for all recipients (the lattice)."""
        course = Course(self._timing, self._clock)
        return (await self._carry_out(message, judgement, attempt, course))[1]

    async def _carry_out(
        self, message: Message, judgement: Judgement, attempt: Attempt | None, course: Course
    ) -> tuple[Outcome, Reply]:
        verdict = judgement.verdict
        match verdict.joint:
            case Disposition.REJECT:
                return Outcome.REFUSED, answer.refused(message, verdict)
            case Disposition.DEFER:
                return Outcome.DEFERRED, answer.deferred(message, verdict)
            case Disposition.ACCEPT:
                return await self._relay(message, verdict.having(Disposition.ACCEPT), attempt, course)
            case Disposition.QUARANTINE:
                return await self._hold(message, judgement, attempt, course)

    async def _hold(
        self, message: Message, judgement: Judgement, attempt: Attempt | None, course: Course
    ) -> tuple[Outcome, Reply]:
        kept = judgement.verdict.having(Disposition.QUARANTINE)
        onward = judgement.verdict.having(Disposition.ACCEPT)
        started = self._clock()
        hold = await self._quarantine.prepare(message, judgement, kept)
        self._watcher.stage("hold", self._clock() - started)
        if not onward:
            if not course.may_hold():
                await hold.drop()
                return Outcome.ABANDONED, answer.fault(message.ref, "4.4.2", "timed out before the message was held")
            course.committing = True
            try:
                await hold.commit()
            except OSError:
                # The client will hear 451 and send it again: what is left must not be taken for a second message.
                await hold.drop()
                raise
            return Outcome.HELD, answer.held(message)
        try:
            outcome, reply = await self._relay(message, onward, attempt, course)
        except BaseException:
            # A bug before the next hop's answer: nothing is acknowledged, so nothing may stay held.
            await hold.drop()
            raise
        if not reply.positive:
            await hold.drop()
            return outcome, reply
        try:
            await hold.commit()
        except Exception as error:  # noqa: BLE001 - a bug as well: a 451 now would have the mail sent a second time
            # The next hop has accepted: the answer stays 250 and the pending file is shown as unknown (law 5).
            self._watcher.fault(message.ref, "commit_after_accept", error)
        return Outcome.MIXED, answer.mixed(message, len(onward), len(kept))

    async def _relay(
        self, message: Message, chosen: Sequence[int], attempt: Attempt | None, course: Course
    ) -> tuple[Outcome, Reply]:
        started = self._clock()
        if attempt is None:
            opened = await self._ask_all(message, chosen)
            if isinstance(opened, Reply):
                return _hop_outcome(opened), opened
            attempt, chosen = opened, range(len(chosen))
        head = received_line(message, self._hostname)
        reply = await attempt.send((head, message.content), chosen, course.may_finish)
        if not attempt.dot_sent:
            await attempt.abort()
        self._watcher.stage("relay", self._clock() - started)
        return _hop_outcome(reply), reply

    async def _ask_all(self, message: Message, chosen: Sequence[int]) -> Attempt | Reply:
        """`rcpt: after_data`: any permanent refusal refuses all, naming it; else any temporary one defers all."""
        attempt = await self._next_hop.begin(message.envelope)
        if isinstance(attempt, Reply):
            return attempt
        temporary: Reply | None = None
        for index in chosen:
            recipient = message.envelope.recipients[index]
            reply = await attempt.rcpt(recipient)
            if reply.permanent:
                await attempt.abort()
                named = f"{recipient.path.address}: {reply}"
                return Reply.of(550, "5.1.1" if reply.enhanced.startswith("5.1") else "5.0.0", named)
            if reply.temporary and temporary is None:
                temporary = Reply.of(451, "4.4.0", f"{recipient.path.address}: {reply}")
        if temporary is not None:
            await attempt.abort()
            return temporary
        return attempt


def _fault_reply(ref: str, error: Exception) -> Reply:
    """451 for whatever broke; 452 where the disk is full, so that the sender's admin reads the cause (RFC 3463 4.3.1)."""
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return Reply.of(452, "4.3.1", f"insufficient system storage, ref {ref}")
    return answer.fault(ref)


def _hop_outcome(reply: Reply) -> Outcome:
    if reply.positive:
        return Outcome.RELAYED
    return Outcome.HOP_REFUSED if reply.permanent else Outcome.HOP_DEFERRED
