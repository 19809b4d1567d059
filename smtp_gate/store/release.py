"""Release: approved copies of a held message go on once each, and the next hop's replies say what they are then.

A pass is an approval in the item's own progress file, never a header: it spares the approved rules and no other, and is
spent when every copy it was for is settled. Everything that is done is journalled and written down before it is done, so
that after a crash at any moment `tend` goes on where it is safe, and leaves to a person what may have been sent.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from smtp_gate.core.ports import NextHop
from smtp_gate.core.verdict import Disposition, Verdict
from smtp_gate.judge import Judge
from smtp_gate.store.errand import deliver, post
from smtp_gate.store.journal_records import EventRecord
from smtp_gate.store.notices import NoticeTerms, compose, envelope_of, owed
from smtp_gate.store.progress import Kind, Post, Progress, Standing, Step, after, progress
from smtp_gate.store.progress_files import DamagedProgressError
from smtp_gate.store.quarantine import FileQuarantine, NoSuchItemError, State, Taken

GATE: Final = "gate"
"""Who acts where no person does."""

UNSETTLED: Final = (State.HELD, State.UNKNOWN, State.FAILED, State.RELEASING)
"""What a person may release again, saying so, or discard."""


class Events(Protocol):
    """Where every act is written before it is done; the journal."""

    async def event(self, record: EventRecord) -> None:
        """Write it durably. Raises OSError."""
        ...


@dataclass(frozen=True, slots=True)
class Order:
    """What a reviewer asks for: who, which rules to spare (those behind the hold where none is named), and why.

    `again`: also copies that failed, that may have been sent already, or that wait for their next attempt.
    """

    who: str
    rules: tuple[str, ...] = ()
    why: str = ""
    again: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it stands with an item now; `rules` are those that kept it held although others were approved.

    `told` is False where the journal could not take the outcome; what was done stands in the item's progress all the same.
    """

    ref: str
    state: State
    addresses: tuple[str, ...]
    progress: Progress
    rules: tuple[str, ...] = ()
    told: bool = True


@dataclass(frozen=True, slots=True)
class ReleaseTerms:
    """What the gate calls itself, how long a release is tried again, and how notices are sent."""

    hostname: str
    retry_for: timedelta
    notices: NoticeTerms


class Releaser:
    """Does what reviewers decide on held mail. Every method works under the item's claim and gives it back."""

    def __init__(
        self,
        quarantine: FileQuarantine,
        judge: Judge,
        next_hop: NextHop,
        journal: Events,
        terms: ReleaseTerms,
        now: Callable[[], datetime],
    ) -> None:
        self._quarantine = quarantine
        self._judge = judge
        self._next_hop = next_hop
        self._journal = journal
        self._terms = terms
        self._now = now

    async def release(self, ref: str, order: Order) -> Outcome:
        """Approve, judge again, send. Raises NoSuchItemError where that cannot be, ValueError for no ref, OSError.

        An item that waits for its next attempt has its pass already: it is tried now. After an OSError the item is where
        its progress says; what could be sent safely is sent by `tend`.
        """
        async with self._taking(ref, *(UNSETTLED if order.again else (State.HELD, State.RELEASING))) as taken:
            if taken.progress.waiting and not order.again:
                await self._tell("retry", ref, order.who, f"attempt {taken.progress.attempts + 1}", order.why)
                return await self._pursue(taken)
            rules = order.rules or taken.item.rules
            await self._tell("release", ref, order.who, _list(rules) + (" again" if order.again else ""), order.why)
            await taken.own_up(self._now())
            wanted = tuple(s for s in Standing if s is not Standing.RELEASED) if order.again else (Standing.HELD,)
            to = taken.progress.having(*wanted)
            await taken.add(Step(Kind.APPROVED, self._now(), to, order.who, rules, why=order.why))
            return await self._pursue(taken)

    async def discard(self, ref: str, who: str, why: str, *, notify: bool = True) -> Outcome:
        """Give up every copy that has not been sent; the file is kept. Raises as `release` does."""
        async with self._taking(ref, *UNSETTLED) as taken:
            await self._tell("discard", ref, who, "" if notify else "without notice", why)
            await taken.own_up(self._now())
            steps = [Step(Kind.DISCARDED, self._now(), who=who, why=why)]
            over = after(taken.progress, steps[0]).owing
            if not notify and over:
                steps.append(Step(Kind.NOTICE_SUPPRESSED, self._now(), over, why=f"{who} wanted none: {why}"))
            await taken.add(*steps)
            return await self._conclude(taken)

    async def expire(self, ref: str) -> Outcome:
        """Give up a held message that nobody decided on in time. Raises as `release` does."""
        async with self._taking(ref, State.HELD) as taken:
            await self._tell("expire", ref, GATE)
            await taken.add(Step(Kind.EXPIRED, self._now(), who=GATE))
            return await self._conclude(taken)

    async def tend(self, ref: str) -> Outcome | None:
        """Do what is due by itself: go on after a crash, try again, send a notice, put files where they belong.

        None where nothing was due or somebody else works on it. A copy that may have been sent is never sent. Raises
        NoSuchItemError where the item cannot be found or read, OSError.
        """
        if not await self._quarantine.run(lambda: self._awake(ref)):
            return None
        listed = await self._quarantine.run(lambda: self._quarantine.find(ref))
        now = listed.progress
        if listed.flaw:
            raise NoSuchItemError(f"{ref}: {listed.flaw}")
        if now is None or not (now.asks(self._now()) or now.idle or now.rests != listed.folder):
            return None
        try:
            return await self._tend(ref)
        except NoSuchItemError:
            # Somebody else works on it; whoever that is leaves it where the next look finds it.
            return None

    async def _tend(self, ref: str) -> Outcome:
        async with self._taking(ref, *(s for s in State if s is not State.PENDING)) as taken:
            due = taken.progress.next
            if due is not None and due <= self._now():
                await self._tell("retry", ref, GATE, f"attempt {taken.progress.attempts + 1}")
                outcome = await self._pursue(taken)
            else:
                outcome = await self._conclude(taken, tell=False)
            await self._notify(taken)
            await taken.close()
            return replace(outcome, progress=taken.progress)

    def _awake(self, ref: str) -> bool:
        """Whether to look closer: False where its progress alone says that it waits for a later moment.

        So an item that waits costs its small progress file a look, and not its message.
        """
        try:
            steps = self._quarantine.progress.read(ref)
        except DamagedProgressError:
            return True
        now = progress(1 + max((i for s in steps for i in s.to), default=-1), steps)
        waits = now.waiting or (now.notice is not None and now.notice.post is Post.DUE)
        return not waits or now.asks(self._now())

    async def _pursue(self, taken: Taken) -> Outcome:
        """One attempt under the pass in use."""
        await taken.settle()
        await taken.add(Step(Kind.ATTEMPT, self._now()))
        rules: tuple[str, ...] = ()
        try:
            rules = await self._judge_again(taken)
            to = taken.progress.having(Standing.RETRY)
            if to and taken.progress.granted is not None and taken.progress.granted.judged:
                await deliver(taken, self._next_hop, self._terms.hostname, to, self._now)
        except OSError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever breaks is put off, and given up in the end (law 2)
            left = taken.progress.having(Standing.RETRY)
            await taken.add(
                Step(Kind.REPLY, self._now(), left, reply=f"451 4.3.0 the gate failed ({type(error).__name__})")
            )
        return await self._conclude(taken, rules)

    async def _judge_again(self, taken: Taken) -> tuple[str, ...]:
        """Judge it with today's rules, the approved ones spared, once a pass; the rules that keep it held all the same."""
        granted = taken.progress.granted
        if granted is None or granted.judged:
            return ()
        judgement = await self._judge.judge(taken.item.message, frozenset(granted.rules))
        to = taken.progress.having(Standing.RETRY)
        stops = _weighing(judgement.verdict, to, Disposition.QUARANTINE, Disposition.REJECT)
        puts_off = _weighing(judgement.verdict, to, Disposition.DEFER)
        word = "held" if stops else "deferred" if puts_off else "passed"
        await self._tell("judged_again", taken.ref, GATE, f"{word} {_list(stops or puts_off)}", judgement.ruleset)
        if stops:
            why = f"not sent: {_list(stops)} also weighs on it"
            await taken.add(Step(Kind.RETURNED, self._now(), to, rules=stops, why=why))
        elif puts_off:
            reply = f"451 4.7.1 could not be checked now: {_list(puts_off)}"
            await taken.add(Step(Kind.REPLY, self._now(), to, reply=reply[:500]))
        else:
            await taken.add(Step(Kind.JUDGED, self._now(), rules=granted.rules, why=judgement.ruleset))
        return stops

    async def _conclude(self, taken: Taken, rules: tuple[str, ...] = (), *, tell: bool = True) -> Outcome:
        """Give up what was tried too long, decide on the notice, put the file where it belongs, say how it stands."""
        now = taken.progress
        until = None if now.granted is None else now.granted.at + self._terms.retry_for
        if now.next is not None and until is not None and now.attempts and now.next >= until:
            await self._tell("gave_up", taken.ref, GATE, f"after {now.attempts} attempts")
            await taken.add(Step(Kind.GAVE_UP, self._now(), now.having(Standing.RETRY)))
        await self._decide_notice(taken)
        tell = tell or taken.progress.rests != taken.folder
        await taken.settle()
        await taken.close()
        now = taken.progress
        state = State(now.state)
        told = not tell or await self._told(str(state), taken.ref, now)
        addresses = tuple(r.path.address for r in taken.item.message.envelope.recipients)
        return Outcome(taken.ref, state, addresses, now, rules, told)

    async def _told(self, what: str, ref: str, now: Progress) -> bool:
        """Journal an outcome. It is a fact already, so a journal that cannot take it does not change the answer (law 5)."""
        try:
            await self._tell(what, ref, GATE, ", ".join(f"{len(now.having(s))} {s}" for s in Standing if now.having(s)))
        except OSError:
            return False
        return True

    async def _decide_notice(self, taken: Taken) -> None:
        over = taken.progress.owing
        if not over:
            return
        to, why = owed(taken.item, over, self._terms.notices)
        silent = tuple(i for i in over if i not in to)
        steps = [Step(Kind.NOTICE_DUE, self._now(), to)] if to else []
        if silent:
            await self._tell("notice_suppressed", taken.ref, GATE, why)
            steps.append(Step(Kind.NOTICE_SUPPRESSED, self._now(), silent, why=why))
        await taken.add(*steps)

    async def _notify(self, taken: Taken) -> None:
        """Send the notice that is due."""
        notice = taken.progress.notice
        if notice is None or notice.post is not Post.DUE or notice.next > self._now():
            return
        if notice.attempts and notice.next >= notice.at + self._terms.retry_for:
            await taken.add(Step(Kind.NOTICE_FAILED, self._now(), why="the next hop put it off too long"))
            return
        await self._tell("notice", taken.ref, GATE, f"about {len(notice.to)}")
        terms = self._terms.notices
        octets = compose(taken.item, taken.progress.copies, notice, terms)
        await post(taken, self._next_hop, envelope_of(taken.item, terms), octets, self._now)
        if taken.progress.notice is not None:
            await self._tell(f"notice_{taken.progress.notice.post}", taken.ref, GATE, taken.progress.notice.why)

    @asynccontextmanager
    async def _taking(self, ref: str, *states: State) -> AsyncIterator[Taken]:
        taken = await self._quarantine.take(ref, *states)
        try:
            yield taken
        finally:
            taken.end()

    async def _tell(self, what: str, ref: str, who: str, *details: str) -> None:
        detail = "; ".join(" ".join(d.split()) for d in details if d.strip())
        await self._journal.event({"what": what, "ref": ref, "who": who, "detail": detail[:500]})


def _weighing(verdict: Verdict, to: tuple[int, ...], *dispositions: Disposition) -> tuple[str, ...]:
    """The rules that ask for one of these for one of these recipients."""
    rulings = [verdict.rulings[i] for i in to]
    return tuple(dict.fromkeys(w.rule for r in rulings for w in r.weights if w.disposition in dispositions))


def _list(rules: tuple[str, ...]) -> str:
    return ", ".join(rules)
