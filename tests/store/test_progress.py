"""Progress: what steps make of each recipient, and what a crash at any octet of the file leaves."""

import itertools
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.store.progress import BACKOFF, Kind, Post, Progress, Standing, Step, progress
from smtp_gate.store.progress_files import DamagedProgressError, ProgressFiles, lines, parse
from tests.store.faults import ERRNOS, failing

REF = "TESTREF0001"
START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
BOTH = (0, 1)


def step(kind: Kind, to: tuple[int, ...] = (), reply: str = "", *, minutes: float = 0, **more: object) -> Step:
    return Step(kind, START + timedelta(minutes=minutes), to, reply=reply, **more)  # type: ignore[arg-type]  # keyword bag of one test helper


APPROVED = step(Kind.APPROVED, BOTH, who="kim", rules=("pii.ssn",))
BEGUN = (APPROVED, step(Kind.ATTEMPT), step(Kind.JUDGED))


def standings(now: Progress) -> list[str]:
    return [str(c.standing) for c in now.copies]


def test_nothing_decided_is_held() -> None:
    now = progress(2, ())
    assert (now.state, now.rests, standings(now), now.next) == ("held", "held", ["held", "held"], None)
    assert now.idle


def test_each_recipient_goes_by_its_own_reply() -> None:
    refused = step(Kind.REPLY, (0,), "550 5.1.1 no such user")
    now = progress(2, (*BEGUN, refused, step(Kind.DOT, (1,))))
    assert (standings(now), now.state, now.next) == (["failed", "unknown"], "unknown", None)
    now = progress(2, (*BEGUN, refused, step(Kind.DOT, (1,)), step(Kind.REPLY, (1,), "250 2.0.0 queued")))
    assert (standings(now), now.state, now.rests) == (["failed", "released"], "failed", "failed")
    assert now.copies[0].reply == "550 5.1.1 no such user"
    assert now.owing == (0,)


def test_put_off_it_is_tried_again_ever_more_rarely() -> None:
    steps = [APPROVED]
    assert progress(2, steps).next == START
    for number, wait in enumerate((*BACKOFF, BACKOFF[-1])):
        steps += [step(Kind.ATTEMPT, minutes=number), step(Kind.REPLY, BOTH, "451 4.3.2 later")]
        now = progress(2, steps)
        assert now.next == START + timedelta(minutes=number, seconds=wait)
        assert not now.asks(now.next - timedelta(seconds=1))
        assert now.asks(now.next)
        assert now.state == "releasing"
    assert progress(2, [*steps, step(Kind.GAVE_UP, BOTH)]).state == "failed"


def test_an_unanswered_dot_is_unknown_until_a_person_approves_again() -> None:
    lost = (*BEGUN, step(Kind.DOT, BOTH))
    for steps in (lost, (*lost, step(Kind.LOST, BOTH, "451 4.4.2 lost"))):
        now = progress(2, steps)
        assert (now.state, now.next, now.idle) == ("unknown", None, True)
        assert not now.asks(START + timedelta(days=9))
    assert progress(2, (*lost, step(Kind.UNDONE, BOTH))).next is not None
    again = progress(2, (*lost, step(Kind.APPROVED, BOTH, minutes=5)))
    assert (again.state, again.attempts) == ("releasing", 0)
    returned = progress(2, (*lost, APPROVED, step(Kind.RETURNED, BOTH)))
    assert returned.state == "unknown", "what was not sent after all is what it was"


def test_a_pass_is_spent_when_everything_is_settled_or_returned() -> None:
    assert progress(2, BEGUN).waiting
    assert not progress(2, (*BEGUN, step(Kind.DOT, BOTH), step(Kind.REPLY, BOTH, "250 ok"))).waiting
    returned = progress(2, (APPROVED, step(Kind.RETURNED, BOTH, rules=("x",))))
    assert (returned.waiting, returned.state) == (False, "held")
    assert not progress(2, (*BEGUN, step(Kind.RETURNED, BOTH), APPROVED)).granted.judged  # type: ignore[union-attr]  # it was granted


def test_released_stays_released() -> None:
    done = (*BEGUN, step(Kind.DOT, BOTH), step(Kind.REPLY, BOTH, "250 ok"))
    for kind in Kind:
        now = progress(2, (*done, step(kind, BOTH, "451 later")))
        assert standings(now) == ["released", "released"], kind


@pytest.mark.parametrize("kind", [Kind.DISCARDED, Kind.EXPIRED])
def test_the_end_takes_what_has_not_been_sent_and_owes_a_notice(kind: Kind) -> None:
    sent = (*BEGUN, step(Kind.DOT, (0,)), step(Kind.REPLY, (0,), "250 ok"), step(Kind.REPLY, (1,), "451 later"))
    now = progress(2, (*sent, step(kind)))
    assert standings(now) == ["released", kind.value]
    assert (now.state, now.owing, now.next) == (kind.value, (1,), None)


def test_one_notice_is_due_then_sent_or_put_off_and_never_twice() -> None:
    over = (step(Kind.DISCARDED), step(Kind.NOTICE_DUE, BOTH))
    now = progress(2, over)
    assert now.notice is not None
    assert (now.owing, now.notice.post, now.asks(START), now.idle) == ((), Post.DUE, True, False)
    put_off = progress(2, (*over, step(Kind.NOTICE_PUT_OFF, reply="451 later")))
    assert not put_off.asks(START)
    assert put_off.asks(START + timedelta(seconds=BACKOFF[0]))
    for last in (step(Kind.NOTICE_DOT), step(Kind.NOTICE_SENT), step(Kind.NOTICE_FAILED)):
        now = progress(2, (*over, last))
        assert (now.idle, now.asks(START + timedelta(days=9))) == (True, False)
    assert progress(2, (*over, step(Kind.NOTICE_DOT))).notice.post is Post.UNKNOWN  # type: ignore[union-attr]  # it was due


def test_a_notice_that_waits_does_not_speak_of_what_is_approved_anew() -> None:
    failed = (*BEGUN, step(Kind.REPLY, BOTH, "550 no"), step(Kind.NOTICE_DUE, BOTH))
    now = progress(2, (*failed, step(Kind.APPROVED, (0,))))
    assert now.notice is not None
    assert (now.notice.to, now.copies[0].told) == ((1,), False)
    assert progress(2, (*failed, step(Kind.APPROVED, BOTH))).notice is None


def test_a_step_for_a_stranger_is_refused() -> None:
    with pytest.raises(ValueError, match="has not"):
        progress(1, (step(Kind.DOT, (1,)),))


STEPS = st.builds(
    lambda kind, to, code: step(kind, to, f"{code} x"),
    st.sampled_from(Kind),
    st.sets(st.integers(0, 2)).map(lambda s: tuple(sorted(s))),
    st.sampled_from((250, 451, 550)),
)


@given(st.lists(STEPS, max_size=12), st.data())
def test_a_crash_at_any_octet_loses_nothing_and_sends_nothing_twice(steps: list[Step], data: st.DataObject) -> None:
    whole = b"".join(lines(REF, steps))
    cut = data.draw(st.integers(0, len(whole)))
    found, size = parse(REF, whole[:cut])
    assert list(found) == steps[: len(found)], "what is read is what was written, up to some step"
    assert size <= cut
    now = progress(3, found)
    assert len(now.copies) == 3
    assert all(c.standing in Standing for c in now.copies)
    dots = {i: n for n, s in enumerate(found) if s.kind is Kind.DOT for i in s.to}
    for index, dot in dots.items():
        later = [s for s in found[dot + 1 :] if index in s.to or s.kind in {Kind.DISCARDED, Kind.EXPIRED}]
        if not later:
            assert now.copies[index].standing in {Standing.UNKNOWN, Standing.RELEASED}
        if not any(s.kind in {Kind.APPROVED, Kind.REPLY, Kind.UNDONE, Kind.RETURNED} for s in later):
            assert now.copies[index].standing is not Standing.RETRY, "never again by itself after an unanswered dot"
    if now.having(Standing.RETRY) and now.granted is not None:
        assert now.next is not None, "what is approved is never forgotten"


@given(st.lists(STEPS, max_size=6), st.data())
def test_a_changed_octet_is_damage_and_never_another_state(steps: list[Step], data: st.DataObject) -> None:
    whole = bytearray(b"".join(lines(REF, steps)))
    place = data.draw(st.integers(0, len(whole) - 2))
    whole[place] ^= data.draw(st.integers(1, 255))
    try:
        found, _ = parse(REF, bytes(whole))
    except DamagedProgressError:
        return
    # Only a line break that is gone from the last line, or one that appears in it, can look like a crash.
    assert list(found) == steps[: len(found)]
    assert len(found) >= len(steps) - 1


@pytest.fixture
def files(tmp_path: Path) -> ProgressFiles:
    return ProgressFiles(tmp_path)


def test_steps_come_back_as_they_were_written(files: ProgressFiles) -> None:
    steps = (
        APPROVED,
        step(Kind.REPLY, (1,), "550 5.1.1 nein: müller"),
        step(Kind.DISCARDED, who="kim", why="why\nnot"),
    )
    assert files.read(REF) == ()
    for one in steps:
        files.add(REF, (one,))
    assert files.read(REF) == steps
    assert files.refs() == [REF]
    assert files.is_open(REF)
    files.close(REF)
    files.close(REF)
    assert (files.refs(), files.read(REF)) == ([], steps)
    files.add(REF, (APPROVED,))
    assert (files.refs(), files.read(REF)) == ([REF], (*steps, APPROVED))


def test_a_torn_line_is_ignored_and_removed_before_the_next(files: ProgressFiles) -> None:
    files.add(REF, BEGUN)
    path = files.open / f"{REF}.progress"
    whole = path.read_bytes()
    first = len(next(lines(REF, ())))
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        before = files.read(REF)
        assert before == BEGUN[: len(before)]
        files.add(REF, (step(Kind.LOST, BOTH),))
        assert files.read(REF) == (*before, step(Kind.LOST, BOTH))
    assert first < len(whole)


def test_damage_is_told_kept_and_put_aside(files: ProgressFiles) -> None:
    files.add(REF, BEGUN)
    path = files.open / f"{REF}.progress"
    octets = path.read_bytes()
    path.write_bytes(octets.replace(b"approved", b"APPROVED"))
    for act in (lambda: files.read(REF), lambda: files.add(REF, (APPROVED,))):
        with pytest.raises(DamagedProgressError, match="line 2"):
            act()
    files.set_aside(REF)
    assert files.read(REF) == ()
    assert [p.name for p in files.closed.iterdir()] == [f"{REF}.damaged-0"]
    path.write_bytes(octets.replace(REF.encode(), b"OTHERREF001"))
    with pytest.raises(DamagedProgressError):
        files.read(REF)


@pytest.mark.parametrize(("name", "number"), list(itertools.product(("write", "fsync"), ERRNOS)))
def test_what_the_disk_does_not_take_does_not_count(files: ProgressFiles, name: str, number: int) -> None:
    with failing(name, number=number), pytest.raises(OSError, match=os.strerror(number)):
        files.add(REF, BEGUN)
    assert files.read(REF) == ()
    files.add(REF, BEGUN)
    with failing(name, number=number), pytest.raises(OSError, match=os.strerror(number)):
        files.add(REF, (step(Kind.DOT, BOTH),))
    assert files.read(REF) == BEGUN


def test_no_ref_is_no_path(files: ProgressFiles) -> None:
    with pytest.raises(ValueError, match="not a ref"):
        files.read("../../etc/x")


def test_a_step_for_a_recipient_below_nought_is_damage_and_no_crash_of_the_reader() -> None:
    written = b"".join(lines("TESTREF0001", [Step(Kind.APPROVED, datetime(2026, 3, 2, tzinfo=UTC), (-1,))]))
    with pytest.raises(DamagedProgressError, match="names a recipient that no item has"):
        parse("TESTREF0001", written)
