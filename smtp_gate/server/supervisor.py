"""The parent of all processes: forks workers and keeper, replaces what dies, drains on SIGTERM. One thread, no loop of asyncio.

It holds the listening sockets, so no connection is refused while a worker is replaced. It knows neither mail nor rules:
what could crash lives in its children.
"""

import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from smtp_gate.adapters.logs import Logger
from smtp_gate.server.children import Child, Leash, fork

FIRST_WAIT: Final = 0.1
LONGEST_WAIT: Final = 10.0
"""Seconds before a child that died without having been ready is tried again, doubled each time up to the longest."""
TRIES: Final = 5
"""How often a role may fail at the very start before the gate gives up."""


class Kind(Enum):
    """What stops first: workers, so that what they finish is still sealed and counted."""

    WORKER = 1
    KEEPER = 2
    EXTRACTOR = 3


@dataclass(frozen=True, slots=True)
class Role:
    """One place to fill: a name, what its process runs, and what is done after its process has died."""

    name: str
    kind: Kind
    main: Callable[[Leash], int]
    buried: Callable[[], None] = field(default=lambda: None)


@dataclass(slots=True)
class _Post:
    """A role with the child that fills it, or when the next one is due."""

    role: Role
    child: Child | None = None
    due: float = 0.0
    failures: int = 0
    was_ready: bool = False


class Supervisor:
    """Runs the roles until SIGTERM or SIGINT. `patience` is how long a silent child lives, `grace` how long one may drain."""

    def __init__(  # noqa: PLR0913 - each keyword is one thing that a service manager or a test sets
        self,
        roles: Sequence[Role],
        logger: Logger,
        *,
        grace: float,
        patience: float = 60.0,
        ready: Callable[[], None] = lambda: None,
        stopping: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`ready` is called once all roles are filled and ready; `stopping` before the first child is told to stop."""
        self._posts = [_Post(role) for role in roles]
        self._logger = logger
        self._grace = grace
        self._patience = patience
        self._tell_ready = ready
        self._tell_stopping = stopping
        self._clock = clock
        self._selector = selectors.DefaultSelector()
        self._stop_by: float | None = None
        self._announced = False
        self._code = 0

    def run(self) -> int:
        """Run; the exit code: 0 after a drain, 1 where the gate could not be started."""
        woken, wakes = socket.socketpair()
        for end in (woken, wakes):
            end.setblocking(False)
        self._own = (woken, wakes)
        before = signal.set_wakeup_fd(wakes.fileno(), warn_on_full_buffer=False)
        handlers = {
            n: signal.signal(n, lambda *_: None) for n in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        }
        self._selector.register(woken, selectors.EVENT_READ, None)
        try:
            self._fill()
            while not (self._stop_by is not None and not self._living()):
                self._step(woken)
            return self._code
        finally:
            signal.set_wakeup_fd(before)
            for number, handler in handlers.items():
                signal.signal(number, handler)
            self._selector.close()
            woken.close()
            wakes.close()

    def _step(self, woken: socket.socket) -> None:
        """Wait for whatever comes first, and take care of it."""
        now = self._clock()
        due = [p.due for p in self._posts if p.child is None] if self._stop_by is None else [self._stop_by]
        for key, _ in self._selector.select(max(min([*due, now + 1.0]) - now, 0.0)):
            if isinstance(key.data, Child):
                key.data.hear(self._clock())
        self._obey(_drained(woken))
        self._reap()
        self._check_pulse()
        self._fill()
        self._announce()

    def _obey(self, numbers: bytes) -> None:
        for number in numbers:
            if number in {signal.SIGTERM, signal.SIGINT}:
                self._stop(again=self._stop_by is not None)
            elif number == signal.SIGHUP:
                self._signal(Kind.KEEPER, signal.SIGHUP)

    def _stop(self, *, again: bool, code: int = 0) -> None:
        """Tell the workers to drain; a second time, do not wait for them."""
        self._code = max(self._code, code)
        if not again:
            self._tell_stopping()
            self._logger.log("info", "stopping", {"within": self._grace})
        self._stop_by = self._clock() + (0.0 if again else self._grace)
        self._signal(Kind.WORKER, signal.SIGTERM)
        self._stop_helpers()

    def _stop_helpers(self) -> None:
        """Once no worker is left that could need them, those who work for the workers end too."""
        if not self._living(Kind.WORKER):
            self._signal(Kind.KEEPER, signal.SIGTERM)
            self._signal(Kind.EXTRACTOR, signal.SIGTERM)

    def _signal(self, kind: Kind, number: int) -> None:
        for child in self._living(kind):
            child.signal(number)

    def _living(self, kind: Kind | None = None) -> list[Child]:
        return [p.child for p in self._posts if p.child is not None and kind in {None, p.role.kind}]

    def _reap(self) -> None:
        """Bury the dead, and say when the next one is due."""
        for post in self._posts:
            child = post.child
            if child is None:
                continue
            pid, status = os.waitpid(child.pid, os.WNOHANG)
            if pid:
                child.hear(self._clock())
                self._bury(post, child, os.waitstatus_to_exitcode(status))
        if self._stop_by is not None:
            self._stop_helpers()

    def _bury(self, post: _Post, child: Child, code: int) -> None:
        self._selector.unregister(child.end)
        child.end.close()
        post.child = None
        post.was_ready = post.was_ready or child.ready
        try:
            post.role.buried()
        except OSError as error:
            self._logger.log("error", "burial_failed", {"process": post.role.name, "error": error.strerror or ""})
        if self._stop_by is not None:
            return
        # One that had served is replaced at once; one that never did would only die again.
        post.failures = 0 if child.ready else post.failures + 1
        wait = min(FIRST_WAIT * 2 ** (post.failures - 1), LONGEST_WAIT) if post.failures else 0.0
        post.due = self._clock() + wait
        told = {"process": post.role.name, "pid": child.pid, "code": code, "again_in": round(wait, 1)}
        if code == 0 and child.ready:
            self._logger.log("debug", "process_ended", told)
        else:
            self._logger.log("error", "process_died", told)
        if post.failures >= TRIES and not post.was_ready:
            self._logger.log("error", "cannot_start", {"process": post.role.name})
            self._stop(again=False, code=1)

    def _check_pulse(self) -> None:
        """Kill what has been silent for too long, and, when draining has taken too long, everything."""
        now = self._clock()
        if self._stop_by is not None and now >= self._stop_by:
            for child in self._living():
                self._logger.log("error", "killed", {"process": child.name, "why": "did not stop in time"})
                child.signal(signal.SIGKILL)
            self._stop_by = now + self._grace
            return
        for child in self._living():
            if now - child.heard > self._patience:
                self._logger.log("error", "killed", {"process": child.name, "why": "silent"})
                child.signal(signal.SIGKILL)
                child.heard = now

    def _fill(self) -> None:
        if self._stop_by is not None:
            return
        now = self._clock()
        for post in self._posts:
            if post.child is None and now >= post.due:
                ends = [*(c.end for c in self._living()), *self._own]
                try:
                    post.child = fork(post.role.name, post.role.main, now, ends)
                except OSError as error:
                    # No memory or no descriptors now: the others go on, and the place is filled later.
                    post.due = now + LONGEST_WAIT
                    self._logger.log("error", "cannot_fork", {"process": post.role.name, "error": error.strerror or ""})
                    continue
                self._selector.register(post.child.end, selectors.EVENT_READ, post.child)

    def _announce(self) -> None:
        if not self._announced and all(p.child is not None and p.child.ready for p in self._posts):
            self._announced = True
            self._tell_ready()


def _drained(woken: socket.socket) -> bytes:
    """The numbers of the signals that came."""
    try:
        return woken.recv(4096)
    except BlockingIOError:
        return b""
