"""Memory for messages: order, bounds over two workers, time-outs, and nothing kept by who went away."""

import asyncio
import random

import pytest

from smtp_gate.adapters.board import Board
from smtp_gate.adapters.budget import LOOK, MANY, Budget, Place


class House:
    """Budgets of some workers on one board, in one loop."""

    def __init__(self, size: int, workers: int = 1) -> None:
        self.board = Board(workers)
        self.told: list[int] = []
        self.budgets = [Budget(self.board.row(n), size, self.board.clock, self.told.append) for n in range(workers)]
        self.row = self.board.row(0)


async def wanted(budget: Budget, octets: int, within: float = 5.0) -> "asyncio.Task[Place | None]":
    task = asyncio.get_running_loop().create_task(budget.room(octets, within))
    await asyncio.sleep(0)
    return task


async def test_what_fits_comes_in_at_once_and_is_given_back_once() -> None:
    house = House(100)
    (budget,) = house.budgets
    one, two = budget.take(60), await budget.room(40, 0.0)
    assert one is not None
    assert two is not None
    assert budget.take(1) is None
    one.free()
    one.free()
    assert house.row.total_octets() == 40
    two.free()
    assert house.told == [60, 100, 40, 0]


async def test_who_waits_is_served_in_order_though_a_later_one_would_fit() -> None:
    (budget,) = House(100).budgets
    held = await budget.room(90, 1.0)
    assert held is not None
    large, small = await wanted(budget, 50), await wanted(budget, 5)
    await asyncio.sleep(3 * LOOK)
    assert (large.done(), small.done(), budget.take(5), budget.waiting) == (False, False, None, 2)
    held.free()
    assert await large is not None
    assert await small is not None
    assert budget.waiting == 0


async def test_time_runs_out_and_the_next_one_moves_up() -> None:
    house = House(100)
    (budget,) = house.budgets
    held = budget.take(90)
    late, next_one = await wanted(budget, 50, 0.05), await wanted(budget, 10)
    assert await late is None
    assert await next_one is not None
    assert held is not None
    assert house.row.total_octets() == 100


async def test_a_message_larger_than_all_is_let_in_alone() -> None:
    house = House(100)
    (budget,) = house.budgets
    small = budget.take(1)
    huge = await wanted(budget, 1000)
    after = await wanted(budget, 1)
    assert small is not None
    assert not huge.done()
    small.free()
    place = await huge
    assert place is not None
    assert (house.row.total_octets(), after.done()) == (1000, False)
    place.free()
    assert await after is not None


async def test_who_is_cancelled_leaves_nothing_whether_still_waiting_or_just_let_in() -> None:
    house = House(100)
    (budget,) = house.budgets
    held = budget.take(100)
    assert held is not None
    first, second = await wanted(budget, 60), await wanted(budget, 60)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert budget.waiting == 1
    held.free()
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    assert (house.row.total_octets(), budget.waiting) == (0, 0)
    assert not any(house.board.waiting)


async def test_another_worker_holding_the_room_is_noticed() -> None:
    house = House(100, 2)
    one, two = house.budgets
    held = one.take(80)
    assert held is not None
    waiting = await wanted(two, 50)
    await asyncio.sleep(3 * LOOK)
    assert not waiting.done()
    held.free()
    assert await asyncio.wait_for(waiting, 1.0) is not None


async def test_another_worker_cannot_overtake_a_message_that_waits() -> None:
    house = House(100, 2)
    one, two = house.budgets
    held = one.take(80)
    huge = await wanted(two, 1000)
    assert one.take(1) is None
    small = await wanted(one, 1)
    assert held is not None
    held.free()
    place = await asyncio.wait_for(huge, 1.0)
    assert place is not None
    assert not small.done()
    place.free()
    assert await asyncio.wait_for(small, 1.0) is not None


async def test_a_worker_that_stopped_while_it_waited_holds_nobody_up() -> None:
    house = House(100, 2)
    house.board.waiting[1] = 1.0
    house.board.seen[1] = house.board.clock() - 2.0
    assert house.budgets[0].take(10) is not None


async def test_many_waiting_is_crowded_for_what_would_have_to_wait_behind_them() -> None:
    (budget,) = House(100).budgets
    held = budget.take(100)
    assert not budget.crowded(1)
    tasks = [await wanted(budget, 1) for _ in range(MANY)]
    assert budget.crowded(0)
    assert held is not None
    held.free()
    assert all([await task for task in tasks])
    assert not budget.crowded(50)


@pytest.mark.parametrize("seed", range(5))
async def test_the_sum_of_two_workers_never_passes_the_size_and_all_are_served(seed: int) -> None:
    house, chance = House(1000, 2), random.Random(seed)  # noqa: S311 - a test that can be repeated
    most = served = 0

    async def one(budget: Budget, octets: int, hold: float, *, vanishes: bool) -> None:
        nonlocal most, served
        task = await wanted(budget, octets, 20.0)
        if vanishes:
            await asyncio.sleep(hold)
            task.cancel()
        done = (await asyncio.gather(task, return_exceptions=True))[0]
        if isinstance(done, Place):
            total = house.row.total_octets()
            most = max(most, total if octets <= 1000 else 0)
            assert octets <= 1000 or total == octets
            await asyncio.sleep(hold)
            done.free()
        served += isinstance(done, Place) or vanishes

    async with asyncio.TaskGroup() as group:
        for n in range(120):
            octets, hold = chance.choice([1, 10, 300, 900, 1500]), chance.random() * 0.004
            vanishes = chance.random() < 0.2
            group.create_task(one(house.budgets[n % 2], octets, hold, vanishes=vanishes))
    assert served == 120
    assert most <= 1000
    assert house.row.total_octets() == 0
    assert house.told[-1] == 0
