"""Memory for messages: how many octets may be in flight in all workers, first come first served."""

import asyncio
import math
from collections import deque
from collections.abc import Callable
from typing import Final

from smtp_gate.adapters.board import Row

LOOK: Final = 0.01
"""Seconds between two looks at the board: nobody wakes us when another worker gives back what it held."""
MANY: Final = 16
"""Messages that wait in one worker, from which on new ones are put off before they are sent."""


class Place:
    """Room for one message. Whoever holds it gives it back with `free`, once; a second time changes nothing."""

    __slots__ = ("_budget", "_octets")

    def __init__(self, budget: "Budget", octets: int) -> None:
        self._budget: Budget | None = budget
        self._octets = octets

    def free(self) -> None:
        """Give the room back. Call it on the event loop."""
        budget, self._budget = self._budget, None
        if budget is not None:
            budget.give_back(self._octets)


class _Waiter:
    __slots__ = ("granted", "octets", "place", "since")

    def __init__(self, octets: int, since: float, granted: asyncio.Future[None]) -> None:
        self.octets = octets
        self.since = since
        self.granted = granted
        self.place: Place | None = None


class Budget:
    """Room for `size` octets of messages in all workers of a board together.

    A message larger than all of it gets its room once nothing else is in flight. Messages of one worker are served in
    the order they came; across workers the one that has waited longest goes first, within the time between two looks.
    `told` hears how many octets are in flight in this worker. Uploads are not counted: each holds as many octets as a
    door keeps before it spools, so that they are bounded by the number of connections.
    """

    def __init__(self, row: Row, size: int, clock: Callable[[], float], told: Callable[[int], None]) -> None:
        """`clock` is the board's."""
        self._row = row
        self._size = size
        self._clock = clock
        self._told = told
        self._queue: deque[_Waiter] = deque()
        self._queued = 0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        """How many messages wait in this worker."""
        return len(self._queue)

    def crowded(self, octets: int) -> bool:
        """Whether many wait, and a message of that size would have to wait behind them."""
        return len(self._queue) >= MANY and self._row.total_octets() + self._queued + octets > self._size

    def take(self, octets: int) -> Place | None:
        """Room at once, or None where the message has to wait."""
        return None if self._queue else self._grant(octets, math.inf)

    async def room(self, octets: int, within: float) -> Place | None:
        """Room, or None where there was none within so many seconds. A cancelled caller leaves nothing behind."""
        place = self.take(octets)
        if place is not None:
            return place
        waiter = _Waiter(octets, self._clock(), asyncio.get_running_loop().create_future())
        self._queue.append(waiter)
        self._queued += octets
        self._serve()
        try:
            await asyncio.wait((waiter.granted,), timeout=within)
        except asyncio.CancelledError:
            if waiter.place is not None:
                waiter.place.free()
            raise
        finally:
            if waiter.place is None:
                self._queue.remove(waiter)
                self._queued -= octets
                self._serve()
        return waiter.place

    def give_back(self, octets: int) -> None:
        """Called by a place that is freed."""
        self._row.give_back(octets)
        self._told(self._row.octets)
        if self._queue:
            self._serve()

    def _serve(self) -> None:
        """Let in whoever fits from the front; while somebody is left, say so on the board and look again soon."""
        while self._queue:
            head = self._queue[0]
            head.place = self._grant(head.octets, head.since)
            if head.place is None:
                break
            self._queue.popleft()
            self._queued -= head.octets
            head.granted.set_result(None)
        self._row.wait_since(self._queue[0].since if self._queue else 0.0)
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(LOOK, self._serve) if self._queue else None

    def _grant(self, octets: int, since: float) -> Place | None:
        """Room for a message that has waited since then, unless another worker's has waited longer."""
        row = self._row
        if row.others_wait(since):
            return None
        row.reserve(octets)
        total = row.total_octets()
        if total > self._size and total != octets:
            row.give_back(octets)
            return None
        self._told(row.octets)
        return Place(self, octets)
