"""Rows come back in the order of the messages and none is lost, whatever the workers do."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from smtp_gate.replay.rows import ReplayRow, blank
from smtp_gate.replay.work import Piece
from smtp_gate.server.replaying import AHEAD, Pool, runner

KILL, HANG, SLOW = b"kill", b"hang", b"slow"


def pieces(*contents: bytes) -> list[Piece]:
    return [Piece(str(n), f"{n}.eml", "files", content=content) for n, content in enumerate(contents)]


def work(piece: Piece) -> ReplayRow:
    if piece.content == KILL:
        os._exit(7)
    while piece.content == HANG:
        time.sleep(60)
    if piece.content == SLOW:
        time.sleep(0.2)
    row = blank(piece.id, piece.path, piece.source)
    row["change"], row["why"] = "same", str(os.getpid())
    return row


def begin() -> Callable[[Piece], ReplayRow]:
    return work


def run(some: list[Piece], jobs: int = 2, seconds: float = 30.0) -> list[ReplayRow]:
    return list(Pool(begin, jobs, seconds).rows(some))


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_rows_are_in_order_whatever_takes_long(jobs: int) -> None:
    rows = run(pieces(*(SLOW if n % 10 == 0 else b"x" for n in range(60))), jobs)
    assert [r["id"] for r in rows] == [str(n) for n in range(60)]
    assert {r["change"] for r in rows} == {"same"}


def test_both_workers_work() -> None:
    assert len({r["why"] for r in run(pieces(*[SLOW] * 16))}) == 2


def test_no_message_is_no_row() -> None:
    assert run([]) == []


def test_a_message_that_ends_its_worker_is_told_and_no_other_is_lost() -> None:
    rows = run(pieces(*(KILL if n in {0, 7, 8, 41} else b"x" for n in range(50))))
    assert [r["id"] for r in rows] == [str(n) for n in range(50)]
    assert [int(r["id"]) for r in rows if r["change"] == "failed"] == [0, 7, 8, 41]
    assert {r["why"] for r in rows if r["change"] == "failed"} == {"judging it ended two workers"}


def test_a_worker_that_dies_once_costs_no_message_its_verdict(tmp_path: Path) -> None:
    def once() -> Callable[[Piece], ReplayRow]:
        def look(piece: Piece) -> ReplayRow:
            if piece.content == KILL and not (tmp_path / piece.id).exists():
                (tmp_path / piece.id).touch()
                os._exit(9)
            return work(replace(piece, content=b"x"))

        return look

    rows = list(Pool(once, 2, 30.0).rows(pieces(*(KILL if n % 5 == 0 else b"x" for n in range(30)))))
    assert [(r["id"], r["change"]) for r in rows] == [(str(n), "same") for n in range(30)]
    assert len(list(tmp_path.iterdir())) == 6


def test_a_message_that_takes_too_long_is_told_and_no_other_is_lost() -> None:
    rows = run(pieces(*(HANG if n == 3 else b"x" for n in range(20))), seconds=0.5)
    assert [r["id"] for r in rows] == [str(n) for n in range(20)]
    assert [(r["id"], r["change"]) for r in rows if r["change"] != "same"] == [("3", "failed")]
    assert "more than" in rows[3]["why"]


def test_every_message_may_end_its_worker() -> None:
    assert [r["change"] for r in run(pieces(*[KILL] * 20))] == ["failed"] * 20


def test_messages_are_drawn_only_as_they_are_needed() -> None:
    drawn = 0

    def many() -> Iterator[Piece]:
        nonlocal drawn
        for piece in pieces(SLOW, *[b"x"] * 5000):
            drawn += 1
            yield piece

    rows = Pool(begin, 2, 30.0).rows(many())
    next(rows)
    assert drawn < AHEAD + 100
    rows.close()  # type: ignore[attr-defined]  # it is a generator


def test_an_abandoned_pool_leaves_no_process() -> None:
    rows = Pool(begin, 2, 30.0).rows(pieces(*[b"x"] * 100))
    pid = int(next(rows)["why"])
    rows.close()  # type: ignore[attr-defined]  # it is a generator
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_work_may_be_a_coroutine() -> None:
    def make() -> object:
        async def later(piece: Piece) -> ReplayRow:
            return work(piece)

        return later

    rows = list(Pool(runner(make), 2, 30.0).rows(pieces(b"x", b"y")))  # type: ignore[arg-type]  # the nested function is of that kind
    assert [r["id"] for r in rows] == ["0", "1"]
