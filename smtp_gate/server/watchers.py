"""Who hears what the door and the next hop's client tell: metrics, and the log where a person has to know."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from smtp_gate.adapters.logs import Logger, Tee
from smtp_gate.adapters.metrics import Metrics

EVERY: Final = 10.0
"""Seconds between two log lines about a next hop that stays out of reach."""


@dataclass(slots=True)
class DoorMetrics:
    """The door's watcher: counts go to metrics, faults to metrics and log."""

    metrics: Metrics
    tee: Tee

    def connected(self, listener: str, change: int) -> None:
        """A connection came (1) or went (-1)."""
        self.metrics.connected(listener, change)

    def turned_away(self, listener: str, why: str) -> None:
        """The door closed on a client."""
        self.metrics.turned_away(listener, why)

    def put_off(self, listener: str, why: str) -> None:
        """A message got a 4xx before it was judged."""
        self.metrics.put_off(listener, why)

    def waited(self, queue: str, seconds: float) -> None:
        """A message waited in a queue."""
        self.metrics.waited(queue, seconds)

    def in_flight(self, octets: int) -> None:
        """So many octets of messages are in this process."""
        self.metrics.in_flight(octets)

    def fault(self, ref: str, what: str, error: BaseException | None = None) -> None:
        """Something broke and was turned into a 4xx."""
        self.tee.fault(ref, what, error)


@dataclass(slots=True)
class HopWatch:
    """The next hop's watcher: counts go to metrics; that it cannot be reached, and that it can again, to the log too."""

    metrics: Metrics
    logger: Logger
    clock: Callable[[], float]
    _down_since: float | None = None
    _told: float = 0.0

    def replied(self, stage: str, code: int) -> None:
        """The next hop answered at a stage; `connect` is told only where no connection could be made."""
        self.metrics.hop_replied(stage, code)
        if stage != "connect":
            return
        now = self.clock()
        if self._down_since is None:
            self._down_since = now
        elif now - self._told < EVERY:
            return
        self._told = now
        self.logger.log("error", "next_hop_down", {"code": code, "seconds": round(now - self._down_since, 1)})

    def connected(self, seconds: float) -> None:
        """A new connection was made in so long."""
        self.metrics.hop_connected(seconds)
        if self._down_since is not None:
            self.logger.log("info", "next_hop_up", {"after": round(self.clock() - self._down_since, 1)})
            self._down_since = None
