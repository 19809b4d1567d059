"""What all doors of one process have in common: the places for clients, memory and disk for messages, time and names."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from smtp_gate.adapters.board import MOST, Board, Row
from smtp_gate.adapters.budget import Budget
from smtp_gate.adapters.clock import utc_now
from smtp_gate.adapters.door_settings import DoorLimits, DoorSettings, DoorWatcher
from smtp_gate.adapters.refs import new_ref
from smtp_gate.adapters.space import Space
from smtp_gate.adapters.spool import Spool
from smtp_gate.core.reply import Reply

FULL: Final = Reply.of(421, "4.3.2", "too many connections, try again later")
FULL_FOR_YOU: Final = Reply.of(421, "4.7.0", "too many connections from your address")
BUSY: Final = Reply.of(451, "4.3.2", "too much mail is waiting, try again later")
NO_STORAGE: Final = Reply.of(452, "4.3.1", "insufficient system storage")
NO_MEMORY: Final = Reply.of(452, "4.3.1", "too much mail in hand, try again later")


@dataclass(frozen=True, slots=True)
class Stamp:
    """Where a message gets its time and its ref from."""

    now: Callable[[], datetime]
    ref: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Commons:
    """Shared by every door of a process; through its row on the board also with those of the other workers."""

    row: Row
    budget: Budget
    space: Space
    spool: Spool
    stamp: Stamp

    @classmethod
    def of(
        cls, settings: DoorSettings, watcher: DoorWatcher, row: Row | None = None, stamp: Stamp | None = None
    ) -> "Commons":
        """Made once a process, from the settings of any of its doors; without a row the process is alone."""
        limits = settings.limits
        mine = row or Board(1).row(0)
        spool = settings.data / "spool" if settings.data is not None else None
        return cls(
            mine,
            Budget(mine, limits.in_flight, time.monotonic, watcher.in_flight),
            Space(settings.data, limits.least_space),
            Spool(spool, limits.spool_above),
            stamp or Stamp(utc_now, new_ref),
        )

    def join(self, address: str, limits: DoorLimits) -> Reply | None:
        """Take a client's connection in; the refusal where there is no room for it."""
        row = self.row
        if row.total_of(address) >= MOST:
            return FULL_FOR_YOU
        # Counted first and looked at then: of two workers with one place left none can overlook the other.
        row.join(address)
        refusal = None
        if row.total_connections() > limits.connections:
            refusal = FULL
        elif row.total_of(address) > limits.per_client:
            refusal = FULL_FOR_YOU
        if refusal is not None:
            row.leave(address)
        return refusal

    async def mail_error(self, declared: int) -> Reply | None:
        """Why no message of that size (0: not said) is taken now; None where one is."""
        if self.budget.crowded(declared):
            return BUSY
        if not await self.space.has(declared + self.row.total_octets()):
            return NO_STORAGE
        return None
