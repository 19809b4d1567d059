"""Release: copies go on once each as the next hop's replies say, and a crash anywhere loses and doubles nothing."""

import asyncio
import multiprocessing
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from smtp_gate.core.verdict import Disposition
from smtp_gate.store.files import Disk
from smtp_gate.store.quarantine import FileQuarantine, NoSuchItemError, State
from smtp_gate.store.release import Order, Outcome
from tests.store.faults import failing
from tests.store.releasing import LEE, MUELLER, REF, Desk, Hop, rule
from tests.store.sample import judgement, secret_message

KIM = Order("kim")
AGAIN = Order("kim", again=True)


@pytest.fixture
async def disk() -> AsyncIterator[Disk]:
    made = Disk(4)
    yield made
    made.close()


@pytest.fixture
async def desk(tmp_path: Path, disk: Disk) -> Desk:
    made = Desk(tmp_path, disk)
    await made.hold()
    return made


def states(outcome: Outcome) -> list[str]:
    return [str(c.standing) for c in outcome.progress.copies]


async def test_the_original_octets_envelope_and_parameters_go_on_once(desk: Desk) -> None:
    done = await desk.releaser.release(REF, Order("kim", why="the taxpayer asked"))
    original = secret_message(REF)
    assert (done.state, states(done), desk.state()) == (State.RELEASED, ["released", "released"], State.RELEASED)
    assert desk.hop.delivered == [original.envelope.recipients[0], original.envelope.recipients[3]]
    assert desk.hop.delivered[1].params == (b"NOTIFY=SUCCESS,DELAY", b"ORCPT=rfc822;m\xc3\xbcller+40example.org")
    (attempt,) = desk.hop.attempts
    assert attempt.envelope.sender == original.envelope.sender
    assert attempt.envelope.sender_params == original.envelope.sender_params
    (octets,) = desk.hop.octets
    assert octets.endswith(original.content)
    added = octets[: -len(original.content)]
    assert added.startswith(b"Received: from ")
    assert added.count(b"\r\n") == added.count(b"\r\n\t") + 1, "one header field, so no header carries the pass"
    with pytest.raises(NoSuchItemError, match="is released"):
        await desk.releaser.release(REF, AGAIN)
    await desk.later(days=9)
    assert len(desk.hop.octets) == 1
    assert desk.quarantine.progress.refs() == [], "nothing is left to do"
    assert desk.events.what == ["release", "judged_again", "released"]
    first = desk.events.records[0]
    assert (first["who"], first["detail"]) == ("kim", "pii.ssn, id.spoof; the taxpayer asked")


async def test_everything_is_journalled_before_it_is_done(desk: Desk) -> None:
    desk.events.error = OSError(5, "Input/output error")
    for act in (desk.releaser.release(REF, KIM), desk.releaser.discard(REF, "kim", "x"), desk.releaser.expire(REF)):
        with pytest.raises(OSError, match="error"):
            await act
    assert (desk.state(), desk.standings(), desk.hop.attempts) == (State.HELD, [], [])


class TestJudgedAgain:
    async def test_only_the_approved_rules_are_spared(self, desk: Desk) -> None:
        desk.rules += (rule("test.number", "number", Disposition.REJECT),)
        done = await desk.releaser.release(REF, KIM)
        assert (done.state, done.rules, desk.state()) == (State.HELD, ("test.number",), State.HELD)
        assert desk.hop.attempts == []
        assert "test.number also weighs" in done.progress.copies[0].reply
        with pytest.raises(NoSuchItemError):
            await desk.releaser.release("TESTREF0009", KIM)
        both = await desk.releaser.release(REF, Order("kim", ("pii.ssn", "test.number")))
        assert both.state is State.RELEASED

    async def test_a_reviewer_may_name_rules_and_what_they_leave_out_weighs(self, desk: Desk) -> None:
        done = await desk.releaser.release(REF, Order("kim", ("test.other",)))
        assert (done.state, done.rules) == (State.HELD, ("pii.ssn",))

    async def test_a_rule_that_cannot_look_puts_it_off_and_is_asked_again(self, desk: Desk) -> None:
        desk.rules += (rule("test.crash", "crash"),)
        done = await desk.releaser.release(REF, KIM)
        assert (done.state, states(done), desk.hop.attempts) == (State.RELEASING, ["retry", "retry"], [])
        assert "test.crash" in done.progress.copies[0].reply
        desk.rules = desk.rules[:1]
        await desk.later(seconds=61)
        assert desk.state() is State.RELEASED

    async def test_a_judge_that_breaks_puts_it_off(self, desk: Desk) -> None:
        def broken() -> Any:
            raise RuntimeError("219-09-9999")

        desk.ruleset = broken  # type: ignore[method-assign]  # a fault around the method
        desk.restart()
        done = await desk.releaser.release(REF, KIM)
        assert done.state is State.RELEASING
        assert done.progress.copies[0].reply == "451 4.3.0 the gate failed (RuntimeError)"

    async def test_it_is_judged_once_a_pass(self, desk: Desk) -> None:
        desk.hop.plan["dot"] = 451
        await desk.releaser.release(REF, KIM)
        desk.rules += (rule("test.number", "number"),)
        desk.hop.plan.clear()
        await desk.later(seconds=61)
        assert desk.state() is State.RELEASED


@pytest.mark.parametrize("stage", ["mail", "rcpt", "dot"])
async def test_a_temporary_refusal_is_tried_again_by_itself(desk: Desk, stage: str) -> None:
    desk.hop = Hop({LEE: [451, 250], MUELLER: [451, 250]}) if stage == "rcpt" else Hop(None, **{stage: 451})
    desk.restart()
    done = await desk.releaser.release(REF, KIM)
    assert (done.state, desk.state(), states(done)) == (State.RELEASING, State.RELEASING, ["retry", "retry"])
    assert all(a.aborted for a in desk.hop.attempts if not a.dot_sent)
    desk.hop.plan.clear()
    await desk.later(seconds=59)
    assert desk.state() is State.RELEASING
    desk.restart()
    await desk.later(seconds=1)
    assert (desk.state(), len(desk.hop.octets)) == (State.RELEASED, 1)


async def test_whoever_asks_again_for_what_waits_has_it_tried_at_once_under_the_same_pass(desk: Desk) -> None:
    desk.hop.plan["dot"] = 451
    first = await desk.releaser.release(REF, KIM)
    assert first.state is State.RELEASING
    desk.hop.plan.clear()
    done = await desk.releaser.release(REF, Order("pat", ("another.rule",)))
    assert (done.state, len(desk.hop.octets)) == (State.RELEASED, 1)
    assert done.progress.granted is not None
    assert done.progress.granted.who == KIM.who


@pytest.mark.parametrize("stage", ["mail", "dot"])
async def test_a_final_refusal_is_failed_and_the_sender_is_told_once(desk: Desk, stage: str) -> None:
    desk.hop.plan[stage] = 550
    done = await desk.releaser.release(REF, KIM)
    assert (done.state, desk.state()) == (State.FAILED, State.FAILED)
    desk.hop.plan.clear()
    await desk.later(seconds=1)
    await desk.later(days=1)
    (notice,) = desk.hop.notices
    assert b"550" in notice
    assert desk.hop.delivered == []
    assert (await desk.releaser.release(REF, AGAIN)).state is State.RELEASED


async def test_recipients_settle_one_by_one(desk: Desk) -> None:
    desk.hop.codes = {LEE: [550], MUELLER: [451, 451, 250]}
    done = await desk.releaser.release(REF, KIM)
    assert (done.state, states(done)) == (State.RELEASING, ["failed", "retry"])
    await desk.later(minutes=1)
    assert desk.hop.notices == [], "one notice, when all is settled"
    await desk.later(minutes=5)
    assert (desk.state(), desk.standings()) == (State.FAILED, ["failed", "released"])
    assert [r.path.address for r in desk.hop.delivered] == [MUELLER]
    (notice,) = desk.hop.notices
    assert LEE.encode() in notice


async def test_what_is_put_off_too_long_is_given_up_and_told(desk: Desk) -> None:
    desk.hop.plan["mail"] = 451
    await desk.releaser.release(REF, KIM)
    for _ in range(400):
        await desk.later(hours=1)
        if desk.state() is State.FAILED:
            break
    assert desk.now - timedelta(days=5, hours=2) < desk.quarantine.find(REF).progress.granted.at  # type: ignore[union-attr]  # it was granted
    assert "gave_up" in desk.events.what
    desk.hop.plan.clear()
    await desk.later(hours=2)
    assert len(desk.hop.notices) == 1
    assert desk.hop.delivered == []


class TestUnknown:
    async def test_a_reply_lost_after_the_dot_is_for_a_person_to_settle(self, desk: Desk) -> None:
        desk.hop.lose = "after"
        done = await desk.releaser.release(REF, KIM)
        assert (done.state, desk.state(), states(done)) == (State.UNKNOWN, State.UNKNOWN, ["unknown", "unknown"])
        desk.hop.lose = ""
        await desk.later(days=30)
        with pytest.raises(NoSuchItemError, match="is unknown"):
            await desk.releaser.release(REF, KIM)
        assert desk.hop.octets == []
        assert [i.ref for i in desk.quarantine.items(State.UNKNOWN)] == [REF]
        assert (await desk.releaser.release(REF, AGAIN)).state is State.RELEASED
        assert len(desk.hop.octets) == 1

    async def test_others_go_on_and_nobody_twice(self, desk: Desk) -> None:
        desk.hop.codes, desk.hop.lose = {MUELLER: [451, 250]}, "after"
        assert states(await desk.releaser.release(REF, KIM)) == ["unknown", "retry"]
        desk.hop.lose = ""
        await desk.later(minutes=1)
        assert (desk.state(), desk.standings()) == (State.UNKNOWN, ["unknown", "released"])
        assert [r.path.address for r in desk.hop.delivered] == [MUELLER]
        assert (await desk.releaser.release(REF, AGAIN)).state is State.RELEASED
        assert [r.path.address for r in desk.hop.delivered] == [MUELLER, LEE]

    async def test_a_connection_lost_before_the_dot_is_tried_again(self, desk: Desk) -> None:
        desk.hop.lose = "before"
        assert (await desk.releaser.release(REF, KIM)).state is State.RELEASING
        desk.hop.lose = ""
        await desk.later(minutes=1)
        assert desk.state() is State.RELEASED

    @pytest.mark.parametrize("error", [RuntimeError("bug"), asyncio.CancelledError()])
    @pytest.mark.parametrize(("lose", "then"), [("after", State.UNKNOWN), ("before", State.RELEASING)])
    async def test_a_bug_or_a_cancelled_command(self, desk: Desk, error: BaseException, lose: str, then: State) -> None:
        desk.hop.error, desk.hop.lose = error, lose
        if isinstance(error, Exception):
            await desk.releaser.release(REF, KIM)
        else:
            with pytest.raises(asyncio.CancelledError):
                await desk.releaser.release(REF, KIM)
        assert desk.state() is then

    async def test_a_leftover_without_progress_is_unknown_and_stays_so_when_it_is_not_sent(self, desk: Desk) -> None:
        await desk.quarantine.move(REF, State.HELD, State.RELEASING)
        assert desk.state() is State.UNKNOWN
        desk.rules += (rule("test.number", "number"),)
        assert (await desk.releaser.release(REF, AGAIN)).state is State.UNKNOWN
        desk.rules = desk.rules[:1]
        assert (await desk.releaser.release(REF, AGAIN)).state is State.RELEASED

    async def test_a_damaged_progress_file_is_told_and_never_guessed_at(self, desk: Desk) -> None:
        desk.hop.plan["dot"] = 451
        await desk.releaser.release(REF, KIM)
        file = desk.quarantine.progress.open / f"{REF}.progress"
        file.write_bytes(file.read_bytes().replace(b"attempt", b"ATTEMPT"))
        (listed,) = desk.quarantine.items()
        assert (listed.state, listed.progress) == (State.UNKNOWN, None)
        assert "progress file is damaged" in listed.flaw
        assert listed.item is not None
        desk.hop.plan.clear()
        with pytest.raises(NoSuchItemError, match="is damaged"):
            await desk.later(days=9)
        assert desk.hop.octets == []
        assert (await desk.releaser.release(REF, AGAIN)).state is State.RELEASED
        assert [p.name for p in desk.quarantine.progress.closed.glob("*damaged*")] == [f"{REF}.damaged-0"]


class Kill(BaseException):
    """What a kill -9 is to the code: nothing after it happens."""


class Fuse:
    """Ends everything at the Nth durable step or word to the next hop, before or after it is done."""

    def __init__(self, desk: Desk, nth: int, *, after: bool) -> None:
        self.left, self.after, self.burnt = nth, after, False
        self.add, self.move, self.begin = desk.quarantine.progress.add, desk.quarantine.move, desk.hop.begin
        desk.quarantine.progress.add = self.around(self.add)  # type: ignore[method-assign]  # a crash around it
        desk.quarantine.move = self.around_async(self.move)  # type: ignore[method-assign]  # a crash around it
        desk.hop.begin = self.around_async(self.begin)  # type: ignore[method-assign]  # a crash around it

    def step(self, *, before: bool) -> None:
        if self.burnt:
            raise Kill
        if before:
            self.left -= 1
        if self.left == 0 and before is not self.after:
            self.burnt = True
            raise Kill

    def around(self, work: Callable[..., Any]) -> Callable[..., Any]:
        def whole(*args: Any) -> Any:
            self.step(before=True)
            done = work(*args)
            self.step(before=False)
            return done

        return whole

    def around_async(self, work: Callable[..., Awaitable[Any]]) -> Callable[..., Coroutine[Any, Any, Any]]:
        async def whole(*args: Any) -> Any:
            self.step(before=True)
            done = await work(*args)
            self.step(before=False)
            return done

        return whole


async def plan_release(desk: Desk) -> None:
    await desk.releaser.release(REF, KIM)
    for _ in range(4):
        await desk.later(minutes=5)


async def plan_discard(desk: Desk) -> None:
    await desk.releaser.discard(REF, "kim", "by mistake")
    await desk.later(minutes=1)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("plan", [plan_release, plan_discard])
async def test_a_crash_at_any_step_loses_nothing_and_sends_nothing_twice(
    tmp_path: Path, disk: Disk, plan: Callable[[Desk], Awaitable[None]], after: bool
) -> None:
    ends = set()
    for nth in range(1, 40):
        hop = Hop({LEE: [550], MUELLER: [451, 250]})
        desk = Desk(tmp_path / f"{nth}", disk, hop)
        await desk.hold()
        fuse = Fuse(desk, nth, after=after)
        crashed = False
        try:
            await plan(desk)
        except Kill:
            crashed = True
        desk.hop.begin = fuse.begin  # type: ignore[method-assign]  # the next hop lives on
        desk.restart()
        for _ in range(6):
            await desk.later(minutes=30)
        assert len(hop.delivered) <= 1, nth
        assert len(hop.notices) <= 1, nth
        end = desk.state()
        ends.add(end)
        sent = [r.path.address for r in hop.delivered]
        told = desk.quarantine.find(REF).progress
        if end is State.HELD:
            assert (sent, told) == ([], None), "nothing was approved yet"
        elif end is State.UNKNOWN:
            assert crashed
        elif end is State.FAILED:
            assert sent == [MUELLER]
            assert desk.standings() == ["failed", "released"]
        if end in {State.FAILED, State.DISCARDED}:
            assert told is not None
            assert told.notice is not None
            assert hop.notices or told.notice.post == "unknown", nth
        if not crashed:
            break
    else:
        pytest.fail("the plan has more steps than were tried")
    assert State.FAILED in ends or State.DISCARDED in ends


async def test_of_a_thousand_releases_at_once_one_delivers(desk: Desk, disk: Disk) -> None:
    others = [Desk(desk.root, disk, desk.hop) for _ in range(3)]
    tries = [d.releaser.release(REF, KIM) for d in (desk, *others) * 250]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert len(tries) == 1000
    assert len(desk.hop.octets) == 1
    assert sum(isinstance(r, NoSuchItemError) for r in results) == len(tries) - 1


def _release_elsewhere(root: Path, start: "multiprocessing.synchronize.Event", log: Path) -> None:
    async def work() -> None:
        disk = Disk(1)
        desk = Desk(root, disk)
        start.wait(20)
        try:
            await desk.releaser.release(REF, KIM)
        except NoSuchItemError:
            pass
        else:
            log.write_bytes(b"delivered")
        disk.close()

    asyncio.run(work())


async def test_of_many_processes_one_delivers(desk: Desk, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    start = context.Event()
    logs = [tmp_path / f"log{n}" for n in range(4)]
    processes = [context.Process(target=_release_elsewhere, args=(desk.root, start, log)) for log in logs]
    for process in processes:
        process.start()
    start.set()
    for process in processes:
        await asyncio.to_thread(process.join, 20)
    assert [p.exitcode for p in processes] == [0] * 4
    assert sum(log.exists() for log in logs) == 1


@pytest.mark.parametrize("nth", range(1, 12))
async def test_a_disk_that_fails_at_any_sync_loses_and_doubles_nothing(desk: Desk, nth: int) -> None:
    failed = False
    with failing("fsync", nth) as counted:
        try:
            await desk.releaser.release(REF, KIM)
        except OSError:
            failed = True
    assert failed == (counted.calls >= nth)
    desk.restart()
    for _ in range(3):
        await desk.later(minutes=30)
    assert len(desk.hop.octets) <= 1
    assert desk.state() in {State.HELD, State.UNKNOWN, State.RELEASED}
    if desk.state() is State.HELD:
        assert desk.hop.octets == []
        assert (await desk.releaser.release(REF, KIM)).state is State.RELEASED


async def test_a_journal_that_cannot_take_the_outcome_does_not_change_it(desk: Desk) -> None:
    real = desk.events.event

    async def event(record: Any) -> None:
        if record["what"] == "released":
            raise OSError(28, "No space left on device")
        await real(record)

    desk.events.event = event  # type: ignore[method-assign]  # a fault around the method
    done = await desk.releaser.release(REF, KIM)
    assert (done.state, done.told) == (State.RELEASED, False)


async def test_a_damaged_item_is_not_released(desk: Desk) -> None:
    file = desk.quarantine.root / "held" / f"{REF}.hold"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(NoSuchItemError, match="incomplete or changed"):
        await desk.releaser.release(REF, KIM)
    assert desk.hop.attempts == []
    assert desk.state() is State.HELD


class TestGivenUp:
    async def test_discarded_it_stays_readable_and_its_sender_is_told_once(self, desk: Desk) -> None:
        done = await desk.releaser.discard(REF, "kim", "sent by mistake")
        assert (done.state, states(done)) == (State.DISCARDED, ["discarded", "discarded"])
        assert desk.quarantine.find(REF).item is not None
        await desk.later(seconds=1)
        await desk.later(days=1)
        assert len(desk.hop.notices) == 1
        assert b"sent by mistake" not in desk.hop.notices[0]
        for act in (desk.releaser.release(REF, AGAIN), desk.releaser.discard(REF, "kim", "x")):
            with pytest.raises(NoSuchItemError, match="is discarded"):
                await act
        assert desk.quarantine.progress.refs() == []

    async def test_a_reviewer_may_suppress_the_notice_with_a_reason(self, desk: Desk) -> None:
        done = await desk.releaser.discard(REF, "kim", "the sender knows", notify=False)
        assert done.progress.notice is not None
        assert done.progress.notice.why == "kim wanted none: the sender knows"
        await desk.later(days=1)
        assert desk.hop.notices == []
        assert "without notice; the sender knows" in desk.events.records[0]["detail"]

    async def test_while_it_waits_for_its_next_attempt(self, desk: Desk) -> None:
        desk.hop.codes = {LEE: [451], MUELLER: [250]}
        await desk.releaser.release(REF, KIM)
        done = await desk.releaser.discard(REF, "kim", "enough")
        assert states(done) == ["discarded", "released"]
        await desk.later(days=9)
        assert [r.path.address for r in desk.hop.delivered] == [MUELLER]
        assert b"m=C3=BCller" not in desk.hop.notices[0]
        assert LEE.encode() in desk.hop.notices[0]

    async def test_an_unknown_item_may_be_discarded_one_under_way_may_not(self, desk: Desk) -> None:
        message = secret_message("TESTREF0002")
        hold = await desk.quarantine.prepare(message, judgement(message), (0,))
        with pytest.raises(NoSuchItemError, match="is pending"):
            await desk.releaser.discard("TESTREF0002", "kim", "x")
        del hold
        await desk.releaser.discard("TESTREF0002", "kim", "x")
        assert desk.state("TESTREF0002") is State.DISCARDED

    async def test_expired_is_told_and_cannot_be_released(self, desk: Desk) -> None:
        assert (await desk.releaser.expire(REF)).state is State.EXPIRED
        await desk.later(minutes=1)
        assert b"until its time ran out" in desk.hop.notices[0]
        with pytest.raises(NoSuchItemError, match="is expired"):
            await desk.releaser.release(REF, AGAIN)


class TestNotice:
    async def test_put_off_it_is_tried_again_and_refused_it_is_let_be(self, desk: Desk) -> None:
        desk.hop.notice_plan = [451, 550]
        await desk.releaser.discard(REF, "kim", "x")
        for minutes in (0, 0, 1, 60, 60):
            await desk.later(minutes=minutes)
        assert desk.hop.notices == []
        assert len(desk.hop.attempts) == 2
        assert desk.quarantine.find(REF).progress.notice.post == "failed"  # type: ignore[union-attr]  # it was due
        assert desk.events.what[-1] == "notice_failed"

    async def test_lost_after_its_dot_it_is_not_sent_again(self, desk: Desk) -> None:
        await desk.releaser.discard(REF, "kim", "x")
        desk.hop.lose = "after"
        await desk.later(minutes=1)
        desk.hop.lose = ""
        await desk.later(days=1)
        assert (len(desk.hop.attempts), desk.hop.notices) == (1, [])
        assert desk.quarantine.find(REF).progress.notice.post == "unknown"  # type: ignore[union-attr]  # it was due

    async def test_what_is_not_owed_is_suppressed_with_the_reason(self, tmp_path: Path, disk: Disk) -> None:
        desk = Desk(tmp_path, disk, wanted=False)
        await desk.hold()
        await desk.releaser.discard(REF, "kim", "x")
        await desk.later(days=1)
        assert desk.hop.attempts == []
        told = {r["what"]: r["detail"] for r in desk.events.records}
        assert told["notice_suppressed"] == "notices are switched off"


async def test_two_quarantines_of_one_folder_see_the_same(desk: Desk, disk: Disk) -> None:
    desk.hop.plan["dot"] = 451
    await desk.releaser.release(REF, KIM)
    (listed,) = FileQuarantine(desk.root, disk).items(State.RELEASING)
    assert listed.progress is not None
    assert listed.progress.next == desk.now + timedelta(minutes=1)
