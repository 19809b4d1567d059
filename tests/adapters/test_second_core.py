"""Work on a second core gives what it would give here, and is done here where nobody else can do it."""

import os

import pytest

from smtp_gate.adapters.second_core import second_core


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})


@pytest.mark.usefixtures("two")
def test_another_process_does_it() -> None:
    result = second_core(lambda: (os.getpid(), "x" * 1_000_000))
    process, said = result()
    assert process != os.getpid()
    assert len(said) == 1_000_000


def test_with_one_core_it_is_done_here_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    done: list[int] = []
    result = second_core(lambda: done.append(os.getpid()))
    assert done == []
    result()
    assert done == [os.getpid()]


@pytest.mark.usefixtures("two")
def test_an_exception_of_the_work_is_raised_here() -> None:
    result = second_core(lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        result()


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("made", [lambda: lambda: 1, lambda: (_ for _ in ())])
def test_what_cannot_be_sent_is_made_here(made: object) -> None:
    assert callable(made)
    assert second_core(made)() is not None


@pytest.mark.usefixtures("two")
def test_a_process_that_dies_is_no_result() -> None:
    here = os.getpid()

    def work() -> int:
        if os.getpid() != here:
            os._exit(9)
        return 7

    assert second_core(work)() == 7
