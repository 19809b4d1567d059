"""Worker processes for a replay: messages go out in chunks, rows come back in the order of the messages, none is lost.

A worker that dies or exceeds the time for one message is replaced, and what it owes goes to another one. A message that
ends a second worker, or takes too long, becomes a row which says so: one death alone may be the kernel's, short of memory.
"""

import asyncio
import gc
import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Final

from smtp_gate.replay.rows import ReplayRow, blank
from smtp_gate.replay.work import Piece

CHUNK: Final = 8
"""Messages that a worker is given at a time."""
OCTETS: Final = 1 << 20
"""Octets of a chunk, beyond which it takes no further message."""
AHEAD: Final = 512
"""Rows that may wait for one that is not ready; no further message goes out then."""
Begin = Callable[[], Callable[[Piece], ReplayRow]]
_FORK: Final = multiprocessing.get_context("fork")


@dataclass
class _Worker:
    """One process, its line, and what it still owes: numbers and messages in the order in which it answers."""

    process: "multiprocessing.process.BaseProcess"
    line: "Connection[list[Piece], ReplayRow]"
    owes: deque[tuple[int, Piece]] = field(default_factory=deque)
    since: float = 0.0


class Pool:
    """Workers that share what the caller has built (they are forked): to be made before any thread is started."""

    def __init__(self, begin: Begin, jobs: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        """`begin` is called once in each worker and gives the function from a message to its row; `seconds` is the time
        for one message. Nothing is started yet.
        """
        self._begin = begin
        self._jobs = max(jobs, 1)
        self._seconds = seconds
        self._clock = clock
        self._workers: list[_Worker] = []
        self._suspects: set[int] = set()

    def rows(self, pieces: Iterable[Piece]) -> Iterator[ReplayRow]:
        """The row of each message, in order."""
        coming = enumerate(pieces)
        again: deque[tuple[int, Piece]] = deque()
        done: dict[int, ReplayRow] = {}
        due = 0
        exhausted = False
        # What a worker shares with its parent stays shared: the collector would touch every object of it.
        gc.freeze()
        try:
            self._workers = []
            for _ in range(self._jobs):
                self._workers.append(self._start())
            while True:
                for worker in self._workers:
                    if not worker.owes and len(done) < AHEAD and not (exhausted and not again):
                        exhausted = self._hand_over(worker, again, coming) or exhausted
                if exhausted and not again and not any(w.owes for w in self._workers):
                    yield from (done.pop(n) for n in sorted(done))
                    return
                self._collect(done, again)
                while due in done:
                    yield done.pop(due)
                    due += 1
        finally:
            self._end()
            gc.unfreeze()

    def _hand_over(self, worker: _Worker, again: deque[tuple[int, Piece]], coming: Iterator[tuple[int, Piece]]) -> bool:
        """Give a worker its next chunk; True where no further message comes."""
        chunk: list[tuple[int, Piece]] = []
        size, exhausted = 0, False
        while len(chunk) < CHUNK and size < OCTETS:
            found = again.popleft() if again else next(coming, None)
            if found is None:
                exhausted = True
                break
            chunk.append(found)
            size += found[1].size
        if chunk:
            worker.owes.extend(chunk)
            worker.since = self._clock()
            try:
                worker.line.send([piece for _, piece in chunk])
            except OSError:
                # It has died meanwhile, which the next look at its line tells.
                return exhausted
        return exhausted

    def _collect(self, done: dict[int, ReplayRow], again: deque[tuple[int, Piece]]) -> None:
        """Wait for rows; replace workers that died or are late."""
        busy = [w for w in self._workers if w.owes]
        patience = min((w.since for w in busy), default=self._clock()) + self._seconds - self._clock()
        ready = wait([w.line for w in busy], max(patience, 0.0))
        for worker in busy:
            if worker.line not in ready:
                continue
            try:
                row = worker.line.recv()
            except (EOFError, OSError):
                self._died(worker, done)
                self._replace(worker, again)
                continue
            number, _ = worker.owes.popleft()
            worker.since = self._clock()
            done[number] = row
        for worker in list(self._workers):
            if worker.owes and self._clock() - worker.since >= self._seconds and not worker.line.poll():
                _give_up(worker, f"judging it took more than {self._seconds:.0f} s", done)
                self._replace(worker, again)

    def _died(self, worker: _Worker, done: dict[int, ReplayRow]) -> None:
        """The message that a worker was at is tried once more; it is given up where that ends another one."""
        number, _ = worker.owes[0]
        if number in self._suspects:
            _give_up(worker, "judging it ended two workers", done)
        self._suspects.add(number)

    def _replace(self, worker: _Worker, again: deque[tuple[int, Piece]]) -> None:
        """Another worker in the place of this one; what it still owes goes out again, before all else."""
        worker.process.kill()
        worker.process.join()
        worker.line.close()
        again.extendleft(reversed(worker.owes))
        place = self._workers.index(worker)
        self._workers[place] = self._start(without=worker)

    def _start(self, without: _Worker | None = None) -> _Worker:
        ours, theirs = _FORK.Pipe()
        others = [w.line for w in self._workers if w is not without]
        process = _FORK.Process(target=_main, args=(self._begin, theirs, [ours, *others]), daemon=True)
        process.start()
        theirs.close()
        return _Worker(process, ours)

    def _end(self) -> None:
        for worker in self._workers:
            worker.process.kill()
            worker.process.join()
            worker.line.close()
        self._workers = []


def _give_up(worker: _Worker, why: str, done: dict[int, ReplayRow]) -> None:
    """A row for the message that a worker was at, which says why there is no verdict."""
    number, piece = worker.owes.popleft()
    done[number] = blank(piece.id, piece.path, piece.source)
    done[number]["why"] = why


def _main(begin: Begin, line: "Connection[ReplayRow, list[Piece]]", others: list["Connection[object, object]"]) -> None:
    """The life of a worker: chunks in turn until whoever sends them has gone, however that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for other in others:
        # Else the worker would itself keep its line open when the parent is killed.
        other.close()
    try:
        work = begin()
        while True:
            for piece in line.recv():
                line.send(work(piece))
    except (EOFError, ConnectionError):
        os._exit(0)


def runner(make: Callable[[], Callable[[Piece], Coroutine[None, None, ReplayRow]]]) -> Begin:
    """A `begin` for work that is a coroutine: each worker has one event loop for all its messages."""

    def begin() -> Callable[[Piece], ReplayRow]:
        loop = asyncio.Runner()
        work = make()
        return lambda piece: loop.run(work(piece))

    return begin
