"""The journal: one JSON line a record, hash-chained in a segment of this worker alone, durable before anything is enacted.

Each line carries `prev`, the SHA-256 of the line before it (the segment's first line has 64 zeros and names the segment
before). A batch that could not be made durable ends its segment: nobody knows which of its octets reached the disk.
"""

import asyncio
import hashlib
import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypedDict

from smtp_gate.core.message import Message
from smtp_gate.core.ports import Outcome
from smtp_gate.core.record import (
    exempt_rows,
    fact_rows,
    failure_rows,
    finding_rows,
    recipient_rows,
    unscannable_rows,
)
from smtp_gate.core.reply import Reply
from smtp_gate.core.verdict import Judgement
from smtp_gate.store.files import make_private, sync_directory, write_all

VERSION: Final = 1
START: Final = "0" * 64
LINGER: Final = 0.1
"""Seconds that an answer may wait for a durable record to be carried to disk with."""


class EventRecord(TypedDict, total=False):
    """Something a person or the gate did to a message later: `what` is release, discard, start, reload, ..."""

    what: str
    ref: str
    who: str
    detail: str


@dataclass(slots=True)
class _Entry:
    body: str
    done: "asyncio.Future[None] | None"


class SegmentJournal:
    """Implements the gate's port `Journal`. One object a worker; records are written by one task, in order."""

    def __init__(
        self,
        root: Path,
        worker: str = "w0",
        *,
        now: Callable[[], datetime],
        window: float = 0.001,
        segment_size: int = 64 * 1024 * 1024,
    ) -> None:
        self.root = make_private(root)
        self.syncs = 0
        self.records = 0
        self._worker = worker
        self._now = now
        self._window = window
        self._segment_size = segment_size
        self._queue: list[_Entry] = []
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._descriptor = -1
        self._segment = ""
        self._size = 0
        self._seq = 0
        self._prev = START
        self._opened = 0
        self._timer: asyncio.TimerHandle | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")

    async def decided(self, message: Message, judgement: Judgement) -> None:
        """Write the verdict; durable when it returns. Raises OSError where it could not be made so."""
        await self._durable(_decision(message, judgement))

    def answered(self, message: Message, outcome: Outcome, reply: Reply, *, late: bool = False) -> None:
        """Add what was answered; written with the next batch, at the latest after a tenth of a second."""
        body = {"kind": "answered", "ref": message.ref, "outcome": str(outcome), "reply": str(reply), "late": late}
        self._queue.append(_Entry(self._body(body), None))
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LINGER, self._start_writing)

    async def event(self, record: EventRecord) -> None:
        """Write what somebody did; durable when it returns. Raises OSError."""
        await self._durable({"kind": "event", **record})

    async def close(self) -> None:
        """Write what is left and end the segment. Raises OSError where it could not be written."""
        await self._durable({"kind": "event", "what": "closed"})
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._end_segment()
        self._thread.shutdown(wait=True)

    async def _durable(self, record: dict[str, object]) -> None:
        done = asyncio.get_running_loop().create_future()
        entry = _Entry(self._body(record), done)
        self._queue.append(entry)
        self._start_writing()
        await asyncio.shield(done)

    def _body(self, record: dict[str, object]) -> str:
        stamp = self._now().astimezone(UTC).isoformat(timespec="milliseconds")
        return json.dumps({"time": stamp, **record}, ensure_ascii=True, separators=(",", ":"))[1:]

    def _start_writing(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())
        self._wake.set()

    async def _run(self) -> None:
        """Gather what comes within the window, write it at once, wake its waiters; forever."""
        while True:
            await self._wake.wait()
            await asyncio.sleep(self._window)
            self._wake.clear()
            batch, self._queue = self._queue, []
            if not batch:
                continue
            try:
                await asyncio.get_running_loop().run_in_executor(self._thread, self._write, batch)
            except OSError as error:
                self._end_segment()
                self._settle(batch, error)
            else:
                self._settle(batch, None)

    def _settle(self, batch: list[_Entry], error: OSError | None) -> None:
        for entry in batch:
            if entry.done is None or entry.done.done():
                continue
            if error is None:
                entry.done.set_result(None)
            else:
                entry.done.set_exception(error)

    def _write(self, batch: list[_Entry]) -> None:
        """One write and one sync for the whole batch. Raises OSError."""
        if self._descriptor < 0:
            self._begin_segment()
        seq, prev = self._seq, self._prev
        lines = []
        for entry in batch:
            line = f'{{"v":{VERSION},"seq":{seq},"prev":"{prev}",{entry.body}\n'.encode()
            prev, seq = hashlib.sha256(line).hexdigest(), seq + 1
            lines.append(line)
        block = b"".join(lines)
        write_all(self._descriptor, block)
        os.fdatasync(self._descriptor)
        self._seq, self._prev = seq, prev
        self._size += len(block)
        self.syncs += 1
        self.records += len(batch)
        if self._size >= self._segment_size:
            self._end_segment()

    def _begin_segment(self) -> None:
        """A new file whose first record names the segment and hash it follows. Raises OSError."""
        before, last = self._segment, self._prev
        stamp = self._now().astimezone(UTC).strftime("%Y%m%dT%H%M%S%f")
        self._opened += 1
        name = f"{self._worker}-{stamp}-{self._opened:06d}.jsonl"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        descriptor = os.open(self.root / name, flags, 0o600)
        opening = self._body({"kind": "opened", "segment": name, "after": before, "after_hash": last})
        line = f'{{"v":{VERSION},"seq":0,"prev":"{START}",{opening}\n'.encode()
        try:
            write_all(descriptor, line)
            os.fdatasync(descriptor)
            sync_directory(self.root)
        except OSError:
            os.close(descriptor)
            raise
        self._descriptor, self._segment = descriptor, name
        self._seq, self._prev, self._size = 1, hashlib.sha256(line).hexdigest(), len(line)

    def _end_segment(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _decision(message: Message, judgement: Judgement) -> dict[str, object]:
    """The record of one verdict: who, what, why, under which rules and facts; masked evidence only."""
    envelope, verdict = message.envelope, judgement.verdict
    return {
        "kind": "decided",
        "ref": message.ref,
        "received": message.received.isoformat(),
        "message_id": judgement.message_id[:998],
        "sha256": hashlib.sha256(message.content).hexdigest(),
        "size": len(message.content),
        "listener": envelope.listener.name,
        "direction": str(envelope.listener.direction),
        "client": envelope.client.address,
        "account": envelope.client.account,
        "sender": envelope.sender.address,
        "verdict": verdict.strictest.word,
        "recipients": recipient_rows(verdict, envelope),
        "findings": finding_rows(verdict),
        "unscannable": unscannable_rows(judgement.unscannable),
        "failures": failure_rows(verdict),
        "exempt": exempt_rows(verdict, envelope),
        "defects": list(judgement.defects),
        "facts": fact_rows(judgement),
        "ruleset": judgement.ruleset,
    }
