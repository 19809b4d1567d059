"""The keeper's care for what is on disk: the scan at its start, seals of the journal, the index, and alerts from both."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from smtp_gate.adapters.clock import utc_now
from smtp_gate.adapters.control import Frame
from smtp_gate.adapters.logs import Logger, Value
from smtp_gate.adapters.metrics_keeper import KeeperMetrics
from smtp_gate.store import index as index_file
from smtp_gate.store.heads import Sealer
from smtp_gate.store.index import Index, IndexUnavailableError
from smtp_gate.store.ingest import Ingestor
from smtp_gate.store.scan import scan

T = TypeVar("T")
PATIENCE: Final = 30.0
"""Seconds that a keeper waits for the index of the one before it."""


class Records:
    """One object a keeper. Each method does its blocking work in a thread, and one at a time."""

    def __init__(self, data: Path, metrics: KeeperMetrics, logger: Logger) -> None:
        """Nothing is opened yet."""
        self._data = data
        self._metrics = metrics
        self._logger = logger
        self._sealer = Sealer(data / "journal")
        self._one = asyncio.Lock()
        self._ingestor: Ingestor | None = None
        self._scanned = False
        self._patience = PATIENCE

    def hurry(self) -> None:
        """The keeper ends: whoever has the index now is the keeper that follows, and will not let go of it."""
        self._patience = 0.0

    async def seal(self) -> None:
        """Seal what the workers have written; the chain's hash goes to the log, so that it is known outside too.

        Raises OSError.
        """
        # Who has the index is the one keeper: of two at a time, as after a killed supervisor, only that one seals.
        await self.scan()
        async with self._one:
            await self._opened()
            done = await _whole(lambda: self._sealer.seal(utc_now()))
        for flaw in done.flaws:
            self._metrics.record_flaw("torn" if flaw.by_crash else "journal")
            self._logger.log("info" if flaw.by_crash else "error", "journal_flaw", {"what": str(flaw)})
        if done.heads:
            self._metrics.sealed()
            self._logger.log("info", "journal_sealed", {"segments": len(done.heads), "seal": done.chain_hash})

    async def catch_up(self) -> None:
        """Bring the index up to date and raise alerts. Raises OSError, IndexUnavailableError."""
        await self.scan()
        async with self._one:
            ingestor = await self._opened()
            caught = await _whole(ingestor.catch_up)
        if caught.rebuilt:
            self._logger.log("warning", "index_rebuilt", {"why": caught.rebuilt})
        for alert in caught.alerts:
            self._metrics.deferred_again(alert.rule, alert.cause)
            told: dict[str, Value] = {"rule": alert.rule, "cause": alert.cause, "ref": alert.ref, "count": alert.count}
            self._logger.log("error", "deferred_again", told)

    async def scan(self) -> None:
        """Look through the data folder once a process: heal or report, drop nothing. Raises as `catch_up` does."""
        async with self._one:
            if self._scanned:
                return
            ingestor = await self._opened()
            report = await _whole(scan, self._data, ingestor)
            self._scanned = True
        for finding in report.findings:
            self._metrics.record_flaw(str(finding.kind))
            level = "info" if finding.harmless else "error"
            self._logger.log(level, "scan_found", {"kind": str(finding.kind), "what": str(finding)})
        healed = list(report.healed)[:20]
        counts: dict[str, Value] = {"records": report.records, "holds": report.holds, "found": len(report.findings)}
        self._logger.log("info", "scanned", {**counts, "healed": healed})

    async def rebuild(self) -> Frame:
        """Make the index anew; how many rows and held messages it has, or why it has not been made."""
        started = time.monotonic()
        try:
            async with self._one:
                ingestor = await self._opened()
                await _whole(ingestor.rebuild)
                rows, holds = await _whole(ingestor.index.counts)
        except (OSError, IndexUnavailableError) as error:
            return {"failed": str(error)}
        return {"rows": rows, "holds": holds, "seconds": round(time.monotonic() - started, 3)}

    async def close(self) -> None:
        """End both."""
        async with self._one:
            await _whole(self._sealer.close)
            if self._ingestor is not None:
                await _whole(self._ingestor.index.close)

    async def _opened(self) -> Ingestor:
        """The index, opened with patience: a keeper that was told to end may still have it."""
        started = time.monotonic()
        while self._ingestor is None:
            try:
                index = await _whole(Index, self._data / index_file.FILE)
            except IndexUnavailableError:
                if time.monotonic() - started >= self._patience:
                    raise
                await asyncio.sleep(0.1)
                continue
            if index.anew:
                self._logger.log("warning", "index_anew", {"why": index.anew})
            self._ingestor = Ingestor(self._data, index)
        return self._ingestor


async def _whole(work: Callable[..., T], *arguments: object) -> T:
    """The result of blocking work done in a thread, which ends before a caller that is cancelled goes on.

    Else the lock would be free while the thread still writes, and the last seal at the end would run beside it.
    """
    task = asyncio.get_running_loop().create_task(asyncio.to_thread(work, *arguments))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
