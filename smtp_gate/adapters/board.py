"""What all workers count together: connections, clients and octets in flight, in memory they share.

The board is made before the workers are forked. Each worker writes its own row and reads the rows of all, so nothing is
locked; whoever takes a place first writes it down and then looks at the sum, so that two workers can never both get the
last one. The supervisor clears the row of a worker that died.
"""

import hashlib
import mmap
import secrets
import time
from collections.abc import Callable
from typing import Final

CELLS: Final = 1 << 16
"""Cells of the table of clients. Two clients in one cell share a limit; a secret key keeps anybody from choosing that."""
MOST: Final = (1 << 16) - 1
"""Most connections of one client that a worker can count."""
ALIVE: Final = 1.0
"""Seconds without a sign of life after which a worker's row makes nobody wait."""

_CELL: Final = 2
_NUMBER: Final = 8


class Board:
    """Shared memory with a row for each of `slots` workers. Pages that nobody writes take no memory."""

    def __init__(self, slots: int, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` is one that all processes share. Raises ValueError for no slots, OSError where memory is short."""
        if slots < 1:
            raise ValueError("a board has one slot at least")
        self.slots = slots
        self.clock = clock
        self._key = secrets.token_bytes(16)
        column = _NUMBER * slots
        memory = memoryview(mmap.mmap(-1, 4 * column + _CELL * CELLS * slots))
        self.connections = memory[:column].cast("Q")
        self.octets = memory[column : 2 * column].cast("Q")
        self.seen = memory[2 * column : 3 * column].cast("d")
        self.waiting = memory[3 * column : 4 * column].cast("d")
        self.clients = memory[4 * column :].cast("H")

    def row(self, slot: int) -> "Row":
        """The row of a worker, to be written by that worker alone. Raises ValueError for a slot that is not there."""
        if not 0 <= slot < self.slots:
            raise ValueError(f"no slot {slot}")
        return Row(self, slot)

    def clear(self, slot: int) -> None:
        """Forget what a worker held that has died."""
        self.connections[slot] = self.octets[slot] = 0
        self.seen[slot] = self.waiting[slot] = 0.0
        self.clients[slot * CELLS : (slot + 1) * CELLS] = memoryview(bytes(_CELL * CELLS)).cast("H")

    def loads(self) -> tuple[int, ...]:
        """The connections of each slot."""
        return tuple(self.connections)

    def cell(self, address: str) -> int:
        """The cell of a client's address."""
        return int.from_bytes(hashlib.blake2b(address.encode(), digest_size=2, key=self._key).digest(), "big")


class Row:
    """One worker's row, and the sums over all of them. For the worker's event loop, not for its threads."""

    __slots__ = ("_board", "_clients", "slot")

    def __init__(self, board: Board, slot: int) -> None:
        self.slot = slot
        self._board = board
        self._clients = board.clients[slot * CELLS : (slot + 1) * CELLS]

    def join(self, address: str) -> None:
        """A connection of this client. Raises ValueError where its cell is full (`MOST`), and counts nothing."""
        self._clients[self._board.cell(address)] += 1
        self._board.connections[self.slot] += 1

    def leave(self, address: str) -> None:
        """A connection that had joined has ended. Raises ValueError for one that had not."""
        self._clients[self._board.cell(address)] -= 1
        self._board.connections[self.slot] -= 1

    def reserve(self, octets: int) -> None:
        """So many octets of a message are in this worker's memory from now on."""
        self._board.octets[self.slot] += octets

    def give_back(self, octets: int) -> None:
        """They no longer are. Raises ValueError for more than were reserved."""
        self._board.octets[self.slot] -= octets

    @property
    def connections(self) -> int:
        """The connections of this worker."""
        return self._board.connections[self.slot]

    @property
    def octets(self) -> int:
        """The octets in flight in this worker."""
        return self._board.octets[self.slot]

    def total_connections(self) -> int:
        """The connections of all workers."""
        return sum(self._board.connections)

    def total_of(self, address: str) -> int:
        """The connections of one client at all workers; those of a client in the same cell are among them."""
        return sum(self._board.clients[self._board.cell(address) :: CELLS])

    def total_octets(self) -> int:
        """The octets in flight in all workers."""
        return sum(self._board.octets)

    def beat(self) -> None:
        """A sign of life."""
        self._board.seen[self.slot] = self._board.clock()

    def least_load(self) -> int:
        """The connections of the least loaded worker that is alive, this one counted as alive."""
        since = self._board.clock() - ALIVE
        loads = zip(self._board.connections, self._board.seen, strict=True)
        return min([self.connections, *(load for load, seen in loads if seen >= since)])

    def wait_since(self, moment: float) -> None:
        """A message waits for memory here since that moment (the board's clock); 0 where none does."""
        self._board.waiting[self.slot] = moment
        self.beat()

    def others_wait(self, moment: float) -> bool:
        """Whether a message has waited for memory since before that moment in another worker that is alive."""
        board = self._board
        if not any(board.waiting):
            return False
        alive = board.clock() - ALIVE
        return any(
            0.0 < since < moment and slot != self.slot and board.seen[slot] >= alive
            for slot, since in enumerate(board.waiting)
        )
