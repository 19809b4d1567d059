"""How far one message has come, and what the deadline and a vanished client may still stop."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds from the client's dot: the whole `deadline`, and how long facts may take. Clock of the event loop."""

    deadline: float = 90.0
    facts: float = 5.0

    @property
    def last_dot(self) -> float:
        """Our final dot goes out only while half of the deadline is left (DESIGN.md, the wire)."""
        return self.deadline / 2


@dataclass(frozen=True, slots=True)
class Caller:
    """Who waits for the answer. Its dot came `waited` seconds ago.

    `over` is called once nothing is done with the message any more, which is after the answer where that was cut short by
    the deadline, or by the caller's cancellation. `gone` looks whether its client has hung up, which the event loop may
    learn only after our dot.
    """

    waited: float = 0.0
    over: Callable[[], None] = lambda: None
    gone: Callable[[], bool] = lambda: False


NOBODY: Final = Caller()


class Course:
    """How far one message has come: what the deadline and a vanished client may still stop."""

    def __init__(self, timing: Timing, clock: Callable[[], float], caller: Caller = NOBODY) -> None:
        self.started = clock() - caller.waited
        self.deadline = self.started + timing.deadline
        self.last_dot = self.started + timing.last_dot
        self._caller = caller
        self.clock = clock
        self.client_gone = False
        self.committing = False
        self.overdue = False

    def gone(self) -> bool:
        """Whether the client has gone by now."""
        self.client_gone = self.client_gone or self._caller.gone()
        return self.client_gone

    def may_finish(self) -> bool:
        """Whether the final dot may still go to the next hop."""
        return not self.overdue and self.clock() < self.last_dot and not self.gone()

    def may_hold(self) -> bool:
        """Whether a hold may still be acknowledged."""
        return not self.overdue and self.clock() < self.deadline and not self.gone()
