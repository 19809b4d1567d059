"""How far one message has come, and what the deadline and a vanished client may still stop."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds from the client's dot: the whole `deadline`, and how long facts may take. Clock of the event loop."""

    deadline: float = 90.0
    facts: float = 5.0

    @property
    def last_dot(self) -> float:
        """Our final dot goes out only while half of the deadline is left (DESIGN.md, the wire)."""
        return self.deadline / 2


class Course:
    """How far one message has come: what the deadline and a vanished client may still stop.

    `waited` are the seconds since the client's dot that have gone by already.
    """

    def __init__(self, timing: Timing, clock: Callable[[], float], waited: float = 0.0) -> None:
        self.started = clock() - waited
        self.deadline = self.started + timing.deadline
        self.last_dot = self.started + timing.last_dot
        self.clock = clock
        self.client_gone = False
        self.committing = False
        self.overdue = False

    def may_finish(self) -> bool:
        """Whether the final dot may still go to the next hop."""
        return not self.client_gone and not self.overdue and self.clock() < self.last_dot

    def may_hold(self) -> bool:
        """Whether a hold may still be acknowledged."""
        return not self.client_gone and not self.overdue and self.clock() < self.deadline
