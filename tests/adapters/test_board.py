"""The board: sums over all rows, a row of a dead worker, and two processes that see each other."""

import subprocess
import sys

import pytest

from smtp_gate.adapters.board import MOST, Board


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_every_row_counts_in_the_sums_and_is_written_by_one() -> None:
    board = Board(3)
    one, two = board.row(0), board.row(2)
    one.join("192.0.2.7")
    one.join("192.0.2.8")
    two.join("192.0.2.7")
    assert (one.total_connections(), one.connections, board.loads()) == (3, 2, (2, 0, 1))
    assert (one.total_of("192.0.2.7"), two.total_of("192.0.2.8"), two.total_of("2001:db8::1")) == (2, 1, 0)
    one.leave("192.0.2.7")
    assert (two.total_of("192.0.2.7"), two.total_connections()) == (1, 2)
    one.reserve(1 << 33)
    two.reserve(5)
    assert (one.total_octets(), one.octets, two.octets) == ((1 << 33) + 5, 1 << 33, 5)
    one.give_back(1 << 33)
    assert two.total_octets() == 5


def test_a_row_never_falls_below_nothing_and_a_full_cell_counts_nothing() -> None:
    row = Board(1).row(0)
    with pytest.raises(ValueError):
        row.leave("192.0.2.7")
    with pytest.raises(ValueError):
        row.give_back(1)
    for _ in range(MOST):
        row.join("192.0.2.7")
    with pytest.raises(ValueError):
        row.join("192.0.2.7")
    assert (row.total_of("192.0.2.7"), row.connections) == (MOST, MOST)


def test_clients_are_told_apart_by_a_secret() -> None:
    boards = [Board(1) for _ in range(20)]
    cells = [board.cell("192.0.2.7") for board in boards]
    assert len(set(cells)) > 10
    assert len({boards[0].cell(f"192.0.2.{n}") for n in range(200)}) > 190


def test_a_dead_worker_is_cleared_and_the_others_stay() -> None:
    board = Board(2)
    dead, alive = board.row(0), board.row(1)
    for row in (dead, alive):
        row.join("192.0.2.7")
        row.reserve(10)
        row.wait_since(5.0)
    board.clear(0)
    assert (alive.total_connections(), alive.total_of("192.0.2.7"), alive.total_octets()) == (1, 1, 10)
    assert list(board.waiting) == [0.0, 5.0]
    again = board.row(0)
    again.join("192.0.2.7")
    assert alive.total_of("192.0.2.7") == 2


def test_only_the_living_are_waited_for() -> None:
    clock = Clock()
    board = Board(3, clock)
    mine, other, stopped = (board.row(n) for n in range(3))
    for _ in range(5):
        mine.join("192.0.2.7")
    other.join("192.0.2.8")
    assert mine.least_load() == 5
    other.beat()
    stopped.beat()
    assert mine.least_load() == 0
    clock.now += 0.9
    other.beat()
    clock.now += 0.2
    assert mine.least_load() == 1
    other.wait_since(50.0)
    assert mine.others_wait(60.0)
    assert not mine.others_wait(40.0)
    assert not other.others_wait(60.0)
    clock.now += 1.1
    assert not mine.others_wait(60.0)


def test_there_is_no_row_beyond_the_slots() -> None:
    with pytest.raises(ValueError):
        Board(0)
    for slot in (-1, 2):
        with pytest.raises(ValueError):
            Board(2).row(slot)


FORKED = """
import os
from smtp_gate.adapters.board import Board
board = Board(2)
child = os.fork()
row = board.row(0 if child else 1)
for _ in range(2000):
    row.join("192.0.2.7")
    row.reserve(7)
if not child:
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
print(row.total_connections(), row.total_of("192.0.2.7"), row.total_octets())
board.clear(1)
print(row.total_connections(), row.total_of("192.0.2.7"), row.total_octets())
"""


def test_forked_processes_see_each_other() -> None:
    done = subprocess.run([sys.executable, "-c", FORKED], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "4000 4000 28000\n2000 2000 14000\n", done.stderr
