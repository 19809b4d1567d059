"""The journal: what was decided and answered, hash-chained in segments of this worker alone, durable before it is enacted.

Records are gathered and written by one task: one write and one sync serve everybody who is waiting (group commit).
"""

import asyncio
import errno
import hashlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from smtp_gate.core.message import Message
from smtp_gate.core.ports import Outcome
from smtp_gate.core.reply import Reply
from smtp_gate.core.verdict import Judgement
from smtp_gate.store import journal_records
from smtp_gate.store.files import make_private
from smtp_gate.store.journal_lines import body_of
from smtp_gate.store.journal_records import EventRecord
from smtp_gate.store.journal_segment import SegmentFile

LINGER: Final = 0.1
"""Seconds that an answer may wait for a durable record to be carried to disk with."""

PATIENCE: Final = 1.0
"""Seconds until answers are tried again that the disk did not take."""

BACKLOG: Final = 20_000
"""How many answers are kept while the disk takes nothing; further ones are counted as lost."""

LARGE: Final = 128 * 1024
"""Octets of content above which its digest is made in a thread."""


@dataclass(slots=True)
class _Entry:
    """One record's fields for the file. `late_body` makes them in the writing thread, once, where that takes a while."""

    body: bytes
    done: "asyncio.Future[None] | None"
    late_body: Callable[[], bytes] | None = None

    def settle(self) -> bytes:
        """The fields; a message is let go as soon as its digest stands in them."""
        if self.late_body is not None:
            self.body, self.late_body = self.late_body(), None
        return self.body


class SegmentJournal:
    """Implements the gate's port `Journal`. One object a worker and loop.

    `window` is how long (seconds) a batch is gathered once messages come in company; a message that comes alone is
    written at once. `segment_size` is in octets.
    """

    def __init__(
        self,
        root: Path,
        worker: str = "w0",
        *,
        now: Callable[[], datetime],
        window: float = 0.001,
        segment_size: int = 64 * 1024 * 1024,
    ) -> None:
        """Make the folder. Raises OSError, and ValueError for a worker's name that is no lower-case word."""
        self.root = make_private(root)
        self.syncs = 0
        self.records = 0
        self.lost = 0
        """Answers that never reached the disk."""
        self._now = now
        self._window = window
        self._file = SegmentFile(root, worker, segment_size, self._stamp)
        self._queue: list[_Entry] = []
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._company = False
        self._closed = False
        self._written: set[str] = set()
        """Refs of the messages under way whose verdict is durable."""
        # Two, so that the digest of a large message does not wait for a sync; writes follow each other by themselves.
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="journal")

    async def decided(self, message: Message, judgement: Judgement) -> None:
        """Write the verdict; durable when it returns. Raises OSError where it could not be made so."""
        if len(message.content) > LARGE:
            loop = asyncio.get_running_loop()
            sha256 = await loop.run_in_executor(self._threads, _digest, message.content)
        else:
            sha256 = _digest(message.content)
        await self._durable(journal_records.decided(message, judgement, sha256))
        self._written.add(message.ref)

    def answered(self, message: Message, outcome: Outcome, reply: Reply, *, late: bool = False) -> None:
        """Add what was answered; written with the next batch, at the latest after a tenth of a second."""
        record = journal_records.answered(message, outcome, reply, late=late)
        known = message.ref in self._written
        self._written.discard(message.ref)
        if self._closed or len(self._queue) >= BACKLOG:
            self.lost += 1
            return
        self._queue.append(_Entry(self._body(record), None) if known else self._identified(message, record))
        self._write_later(LINGER)

    def _identified(self, message: Message, record: journal_records.AnsweredRecord) -> _Entry:
        """The answer to a message whose verdict was never written."""
        stamp = self._stamp()

        def body() -> bytes:
            whole = journal_records.with_identity(record, message, _digest(message.content))
            return body_of({"time": stamp, **whole})

        return _Entry(b"", None, body) if len(message.content) > LARGE else _Entry(body(), None)

    async def event(self, record: EventRecord) -> None:
        """Write what somebody did; durable when it returns. Raises OSError."""
        await self._durable({"kind": "event", **record})

    async def close(self) -> None:
        """Write what is left and end the segment; nothing can be written afterwards. Raises OSError where it could not."""
        if self._closed:
            return
        try:
            if self._task is not None or self._queue:
                await self._durable({"kind": "event", "what": "closed"})
        finally:
            self._closed = True
            self.lost += len(self._queue)
            if self._timer is not None:
                self._timer.cancel()
            if self._task is not None:
                self._task.cancel()
                await asyncio.gather(self._task, return_exceptions=True)
            self._threads.shutdown(wait=True)
            self._file.end()

    async def _durable(self, record: Mapping[str, object]) -> None:
        if self._closed:
            raise OSError(errno.EBADF, "the journal is closed")
        done = asyncio.get_running_loop().create_future()
        self._queue.append(_Entry(self._body(record), done))
        self._start_writing()
        await asyncio.shield(done)

    def _stamp(self) -> str:
        return self._now().astimezone(UTC).isoformat(timespec="milliseconds")

    def _body(self, record: Mapping[str, object]) -> bytes:
        return body_of({"time": self._stamp(), **record})

    def _write_later(self, seconds: float) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._start_writing)

    def _start_writing(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())
        self._wake.set()

    async def _run(self) -> None:
        """Gather what comes within the window, write it at once, wake its waiters; for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self._company:
                await asyncio.sleep(self._window)
            batch, self._queue = self._queue, []
            if batch:
                await self._write(batch)

    async def _write(self, batch: list[_Entry]) -> None:
        waiting = [entry.done for entry in batch if entry.done is not None]
        self._company = len(waiting) > 1
        try:
            await asyncio.get_running_loop().run_in_executor(self._threads, self._append, batch)
        except Exception as error:  # noqa: BLE001 - handed to every waiter, which defers its message: none may wait for ever
            self._failed(batch, waiting, error)
            return
        self.syncs += 1
        self.records += len(batch)
        for done in waiting:
            if not done.done():
                done.set_result(None)

    def _append(self, batch: list[_Entry]) -> None:
        self._file.append([entry.settle() for entry in batch])

    def _failed(self, batch: list[_Entry], waiting: "list[asyncio.Future[None]]", error: Exception) -> None:
        """Nobody's verdict is acknowledged; answers, which nobody else remembers, are tried again in a new segment."""
        number = error.errno if isinstance(error, OSError) and error.errno is not None else errno.EIO
        for done in waiting:
            if not done.done():
                done.set_exception(OSError(number, "the journal could not be written"))
                # A waiter that was cancelled meanwhile must not make the error look unseen.
                done.exception()
        answers = [entry for entry in batch if entry.done is None]
        if answers:
            self._queue[:0] = answers
            self._write_later(PATIENCE)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
