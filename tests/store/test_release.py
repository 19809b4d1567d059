"""Release: the held octets and envelope go on once, and the next hop's answer decides what the item is then."""

import asyncio
import multiprocessing
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest

from smtp_gate.core.message import Envelope
from smtp_gate.core.reply import Reply
from smtp_gate.store.files import Disk
from smtp_gate.store.quarantine import FileQuarantine, NoSuchItemError, State
from smtp_gate.store.release import discard, release
from tests.fakes import FakeAttempt, FakeHop
from tests.store.faults import failing
from tests.store.sample import judgement, secret_message

REF = "TESTREF0001"


@pytest.fixture
async def disk() -> AsyncIterator[Disk]:
    made = Disk(4)
    yield made
    made.close()


@pytest.fixture
async def quarantine(tmp_path: Path, disk: Disk) -> FileQuarantine:
    made = FileQuarantine(tmp_path, disk)
    message = secret_message(REF)
    await (await made.prepare(message, judgement(message), (0, 3))).commit()
    return made


class Cut(FakeHop):
    """A next hop whose connection fails at a stage, before or after the dot."""

    def __init__(self, *, after_dot: bool, enhanced: str = "4.4.2", error: BaseException | None = None) -> None:
        super().__init__()
        self.after_dot, self.enhanced, self.error = after_dot, enhanced, error

    async def begin(self, envelope: Envelope) -> FakeAttempt:
        attempt = CutAttempt(self, envelope)
        self.attempts.append(attempt)
        return attempt


class CutAttempt(FakeAttempt):
    hop: Cut

    async def send(self, octets: Sequence[bytes], chosen: Sequence[int], may_finish: Callable[[], bool]) -> Reply:
        self.dot_sent = self.hop.after_dot
        if self.hop.error is not None:
            raise self.hop.error
        return Reply(451, self.hop.enhanced, ("lost connection with next hop",))


def state(quarantine: FileQuarantine) -> State:
    return quarantine.find(REF).state


async def test_the_original_octets_and_envelope_of_the_held_go_on(quarantine: FileQuarantine) -> None:
    hop = FakeHop()
    done = await release(quarantine, REF, hop, "gate.milwaukee.gov")
    original = secret_message(REF)
    assert (done.state, done.reply.code, state(quarantine)) == (State.RELEASED, 250, State.RELEASED)
    assert hop.delivered == [original.envelope.recipients[0], original.envelope.recipients[3]]
    (attempt,) = hop.attempts
    assert attempt.envelope.sender == original.envelope.sender
    assert attempt.envelope.sender_params == original.envelope.sender_params
    (octets,) = hop.octets
    assert octets.endswith(original.content)
    added = octets[: -len(original.content)]
    assert added.startswith(b"Received: from ")
    assert added.count(b"\r\n") == added.count(b"\r\n\t") + 1, "one header field"
    assert REF.encode() in added
    with pytest.raises(NoSuchItemError, match="is released"):
        await release(quarantine, REF, hop, "gate.milwaukee.gov")
    assert len(hop.octets) == 1


@pytest.mark.parametrize("stage", ["mail", "rcpt", "dot"])
@pytest.mark.parametrize(("code", "then"), [(451, State.HELD), (550, State.FAILED)])
async def test_a_refusal_decides_what_it_is_then(
    quarantine: FileQuarantine, stage: str, code: int, then: State
) -> None:
    hop = FakeHop({stage: code})
    done = await release(quarantine, REF, hop, "gate")
    assert (done.state, done.reply.code, state(quarantine)) == (then, code, then)
    assert hop.delivered == []
    assert all(a.aborted for a in hop.attempts if not a.dot_sent)
    if then is State.HELD:
        hop.plan.clear()
        assert (await release(quarantine, REF, hop, "gate")).state is State.RELEASED


@pytest.mark.parametrize("enhanced", ["4.4.1", "4.4.2", "4.5.0"])
async def test_a_reply_lost_after_the_dot_is_unknown_and_only_a_person_sends_again(
    quarantine: FileQuarantine, enhanced: str
) -> None:
    done = await release(quarantine, REF, Cut(after_dot=True, enhanced=enhanced), "gate")
    assert (done.state, state(quarantine)) == (State.UNKNOWN, State.UNKNOWN)
    hop = FakeHop()
    with pytest.raises(NoSuchItemError, match="is unknown"):
        await release(quarantine, REF, hop, "gate")
    assert hop.octets == []
    assert (await release(quarantine, REF, hop, "gate", again=True)).state is State.RELEASED
    assert len(hop.octets) == 1


async def test_a_connection_lost_before_the_dot_leaves_it_held(quarantine: FileQuarantine) -> None:
    done = await release(quarantine, REF, Cut(after_dot=False), "gate")
    assert (done.state, state(quarantine)) == (State.HELD, State.HELD)


@pytest.mark.parametrize("error", [RuntimeError("bug"), asyncio.CancelledError()])
@pytest.mark.parametrize(("after_dot", "then"), [(True, State.UNKNOWN), (False, State.HELD)])
async def test_a_bug_or_a_cancelled_command(
    quarantine: FileQuarantine, error: BaseException, after_dot: bool, then: State
) -> None:
    with pytest.raises(type(error)):
        await release(quarantine, REF, Cut(after_dot=after_dot, error=error), "gate")
    assert state(quarantine) is then


async def test_of_many_releases_at_once_one_delivers(quarantine: FileQuarantine, disk: Disk) -> None:
    hop = FakeHop()
    others = [FileQuarantine(quarantine.root, disk) for _ in range(3)]
    tries = [release(q, REF, hop, "gate") for q in (quarantine, *others) * 50]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert len(hop.octets) == 1
    assert sum(isinstance(r, NoSuchItemError) for r in results) == len(tries) - 1


def _release_elsewhere(root: Path, start: "multiprocessing.synchronize.Event", log: Path) -> None:
    async def work() -> None:
        disk, hop = Disk(1), FakeHop()
        start.wait(20)
        try:
            await release(FileQuarantine(root, disk), REF, hop, "gate")
        except NoSuchItemError:
            pass
        else:
            log.write_bytes(b"delivered")
        disk.close()

    asyncio.run(work())


async def test_of_many_processes_one_delivers(quarantine: FileQuarantine, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    start = context.Event()
    logs = [tmp_path / f"log{n}" for n in range(4)]
    processes = [context.Process(target=_release_elsewhere, args=(quarantine.root, start, log)) for log in logs]
    for process in processes:
        process.start()
    start.set()
    for process in processes:
        await asyncio.to_thread(process.join, 20)
    assert [p.exitcode for p in processes] == [0] * 4
    assert sum(log.exists() for log in logs) == 1


async def test_a_disk_that_fails_after_the_delivery_leaves_it_unknown(quarantine: FileQuarantine) -> None:
    hop = FakeHop()
    real = quarantine.move

    async def move(ref: str, source: State, target: State) -> None:
        if target is State.RELEASED:
            with failing("fsync"):
                await real(ref, source, target)
        await real(ref, source, target)

    quarantine.move = move  # type: ignore[method-assign]  # a fault around the method
    with pytest.raises(OSError, match="error"):
        await release(quarantine, REF, hop, "gate")
    assert len(hop.octets) == 1
    assert state(quarantine) is State.UNKNOWN


async def test_a_disk_that_fails_before_the_delivery_delivers_nothing(quarantine: FileQuarantine) -> None:
    hop = FakeHop()
    with failing("fsync"), pytest.raises(OSError, match="error"):
        await release(quarantine, REF, hop, "gate")
    assert hop.attempts == []
    assert state(quarantine) is State.HELD


async def test_a_damaged_item_is_not_released(quarantine: FileQuarantine) -> None:
    file = quarantine.root / "held" / f"{REF}.hold"
    file.write_bytes(file.read_bytes()[:-1])
    hop = FakeHop()
    with pytest.raises(NoSuchItemError, match="incomplete or changed"):
        await release(quarantine, REF, hop, "gate")
    assert hop.attempts == []
    assert state(quarantine) is State.HELD


async def test_discarded_it_stays_readable_and_is_not_released(quarantine: FileQuarantine) -> None:
    await discard(quarantine, REF)
    assert state(quarantine) is State.DISCARDED
    assert quarantine.find(REF).item is not None
    with pytest.raises(NoSuchItemError, match="is discarded"):
        await release(quarantine, REF, FakeHop(), "gate", again=True)
    with pytest.raises(NoSuchItemError):
        await discard(quarantine, REF)


async def test_an_unknown_item_may_be_discarded_one_under_way_may_not(quarantine: FileQuarantine) -> None:
    message = secret_message("TESTREF0002")
    hold = await quarantine.prepare(message, judgement(message), (0,))
    with pytest.raises(NoSuchItemError, match="is pending"):
        await discard(quarantine, "TESTREF0002")
    del hold
    await discard(quarantine, "TESTREF0002")
    assert quarantine.find("TESTREF0002").state is State.DISCARDED


async def test_failed_may_be_released_again_by_a_person(quarantine: FileQuarantine) -> None:
    await release(quarantine, REF, FakeHop({"dot": 550}), "gate")
    assert state(quarantine) is State.FAILED
    assert (await release(quarantine, REF, FakeHop(), "gate", again=True)).state is State.RELEASED
