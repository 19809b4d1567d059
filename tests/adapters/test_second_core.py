"""Work on a second core gives what it would give here, and is done here where nobody else can do it."""

import multiprocessing
import os
import signal
from functools import partial

import pytest

from smtp_gate.adapters.second_core import MOST, second_core


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})


@pytest.mark.usefixtures("two")
def test_another_process_takes_part() -> None:
    free, done = os.pipe()
    here = os.getpid()

    def first() -> tuple[int, str]:
        os.write(done, b"x")
        return os.getpid(), "x" * 1_000_000

    results = second_core([first])
    # The only piece is taken before anybody asks.
    assert os.read(free, 1) == b"x"
    ((process, said),) = results()
    assert process != here
    assert len(said) == 1_000_000


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("count", [0, 1, 2, 7, MOST])
def test_every_piece_is_done_once_and_results_keep_their_order(count: int) -> None:
    free, done = os.pipe()

    def piece(number: int) -> int:
        os.write(done, bytes([number]))
        return number

    assert second_core([partial(piece, number) for number in range(count)])() == list(range(count))
    os.close(done)
    assert sorted(os.read(free, 2 * MOST)) == list(range(count))


@pytest.mark.usefixtures("two")
def test_both_processes_work_at_the_same_time() -> None:
    (one_read, one_said), (two_read, two_said) = os.pipe(), os.pipe()

    def piece(said: int, read: int) -> int:
        # Neither ends before the other has begun, so that one process alone would wait for ever.
        os.write(said, b"x")
        os.read(read, 1)
        return os.getpid()

    found = second_core([partial(piece, one_said, two_read), partial(piece, two_said, one_read)])()
    assert len(set(found)) == 2
    assert os.getpid() in found


def test_more_pieces_than_there_are_tickets_are_refused() -> None:
    with pytest.raises(ValueError, match="more than 256"):
        second_core([int] * (MOST + 1))


def test_with_one_core_it_is_done_here_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    done: list[int] = []
    results = second_core([lambda: done.append(os.getpid())])
    assert done == []
    results()
    assert done == [os.getpid()]


@pytest.mark.usefixtures("two")
def test_an_exception_of_the_work_is_raised_here() -> None:
    results = second_core([lambda: 1 // 1, lambda: 1 // 0])
    with pytest.raises(ZeroDivisionError):
        results()


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("made", [lambda: lambda: 1, lambda: (_ for _ in ())])
def test_what_cannot_be_sent_is_made_here(made: object) -> None:
    assert callable(made)
    (found,) = second_core([made])()
    assert found is not None


@pytest.mark.usefixtures("two")
def test_a_process_that_dies_leaves_its_pieces_to_whoever_asks() -> None:
    here = os.getpid()

    def piece() -> int:
        if os.getpid() != here:
            os._exit(9)
        return 7

    assert second_core([piece] * 20)() == [7] * 20


@pytest.mark.usefixtures("two")
def test_a_copy_that_ends_amid_its_results_is_as_one_that_ends_without() -> None:
    here = os.getpid()

    def piece() -> str:
        if os.getpid() != here:
            # More than a pipe holds: the copy is still sending when the alarm ends it.
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_REAL, 0.2)
        return "x" * 1_000_000

    results = second_core([piece])
    for copy in multiprocessing.active_children():
        copy.join()
    assert results() == ["x" * 1_000_000]
