"""One worker: builds the gate from what all processes share, takes mail on the inherited sockets, drains when told to end."""

import asyncio
import contextlib
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Final

from smtp_gate import __version__
from smtp_gate.adapters.acceptor import Acceptor
from smtp_gate.adapters.clock import utc_now
from smtp_gate.adapters.door import Door
from smtp_gate.adapters.door_commons import Commons
from smtp_gate.adapters.extractor import SocketExtractor
from smtp_gate.adapters.logs import LogWatcher, Tee
from smtp_gate.adapters.metrics import Metrics
from smtp_gate.adapters.next_hop import SmtpNextHop
from smtp_gate.core.course import Timing
from smtp_gate.core.ports import Ports, Watcher
from smtp_gate.core.reply import Reply
from smtp_gate.gate import Gate
from smtp_gate.judge import Judge
from smtp_gate.reading.kinds import OPENABLE
from smtp_gate.server.children import READY, Leash
from smtp_gate.server.leash import living
from smtp_gate.server.link import KeeperLink
from smtp_gate.server.plan import Plan
from smtp_gate.server.rules import InUse, current_rulebook
from smtp_gate.server.settings import door_settings, hop_settings, hostname_of
from smtp_gate.server.watchers import DoorMetrics, HopWatch
from smtp_gate.store.files import Disk
from smtp_gate.store.journal import SegmentJournal
from smtp_gate.store.quarantine import FileQuarantine

PROBE_EVERY: Final = 10.0
PROBE_FIRST: Final = 2.0
"""Seconds that a worker waits for a silent next hop before it listens all the same."""
FLUSH_EVERY: Final = 1.0
"""Seconds between two moves of what rules have spent into the metrics that others read."""


class Worker:
    """Takes mail. `start` listens, `stop` drains."""

    def __init__(self, plan: Plan, slot: int, metrics: Metrics, *watchers: Watcher) -> None:
        """Build everything; nothing listens yet. `watchers` are told beside metrics and log. Raises OSError."""
        config = self.config = plan.config
        self.plan = plan
        self.name = plan.slots[slot]
        self.logger = plan.logger
        self.metrics = metrics
        self._slot = slot
        self._acceptors: list[Acceptor] = []
        self._doors: list[Door] = []
        self._commons: Commons | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._told = (0, 0, 0)
        self.in_use = InUse(current_rulebook(plan.snapshots, plan.snapshot, plan.book))
        self.disk = Disk()
        data = Path(config.data_dir)
        self.quarantine = FileQuarantine(data / "quarantine", self.disk)
        self.journal = SegmentJournal(data / "journal", self.name, now=utc_now)
        self.tee = Tee(metrics, LogWatcher(self.logger), *watchers)
        self.next_hop = SmtpNextHop(hop_settings(config), HopWatch(metrics, self.logger, time.monotonic))
        extractor = None if plan.extract is None else SocketExtractor(plan.extract, OPENABLE)
        using = self.in_use
        judge = Judge(
            lambda: using.ruleset, using, self.tee, time.monotonic, extractor=extractor, together=using.together
        )
        ports = Ports(self.next_hop, self.quarantine, self.journal, self.tee)
        self.gate = Gate(judge, ports, hostname=hostname_of(config), timing=Timing(config.deadline))
        self.link = KeeperLink(plan.control, self.name, self.in_use, plan.snapshots, self.logger)

    async def start(self) -> None:
        """Listen everywhere. Raises OSError where a certificate cannot be read."""
        with contextlib.suppress(TimeoutError):
            # Each later connection tells what the next hop offers; until one has, nothing that needs it is promised.
            await asyncio.wait_for(self._probe(), PROBE_FIRST)
        loop = asyncio.get_running_loop()
        watcher = DoorMetrics(self.metrics, self.tee)
        for listener in self.config.listeners:
            settings = door_settings(self.config, listener)
            if self._commons is None:
                self._commons = Commons.of(settings, watcher, self.plan.board.row(self._slot))
            hop = self.next_hop
            door = Door(settings, self.gate.receive, hop, lambda: self.next_hop.features, watcher, self._commons)
            self._doors.append(door)
            self._acceptors += (Acceptor(loop, one, door) for one in self.plan.sockets.by_name[listener.name])
        for work in (self.link.run(), self._keep_probing(), self._keep_flushing()):
            self._spawn(work)
        rules = len(self.in_use.ruleset.rules)
        told: dict[str, str | int] = {"process": self.name, "version": __version__, "rules": rules}
        self.logger.log("info", "started", {**told, "ruleset": self.in_use.ruleset.hash})

    async def stop(self) -> None:
        """Take no more, finish what is under way within the deadline, write the journal's end."""
        for acceptor in self._acceptors:
            acceptor.close()
        self.plan.sockets.close()
        await asyncio.gather(*(door.drain(self.config.deadline) for door in self._doors))
        left = await self.gate.drain(self.config.deadline)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.next_hop.close()
        if self._commons is not None:
            await asyncio.to_thread(self._commons.spool.close)
        with contextlib.suppress(OSError):
            # Every verdict is on disk already; a full disk at the very end takes nothing away.
            await self.journal.close()
        self.disk.close()
        self._flush()
        self.logger.log("info", "stopped", {"process": self.name, "unfinished": left})

    async def run(self, leash: Leash) -> int:
        """The life of a worker's process."""
        async with living(leash) as ended:
            await self.start()
            leash.say(READY)
            await ended.wait()
            await self.stop()
        return 0

    async def _keep_probing(self) -> None:
        """Learn what the next hop offers until it has answered once; each later connection tells it anyway."""
        while not self.next_hop.features.known:
            await asyncio.sleep(PROBE_EVERY)
            await self._probe()

    async def _probe(self) -> None:
        said = await self.next_hop.probe()
        if isinstance(said, Reply):
            self.logger.log("warning", "next_hop_silent", {"reply": str(said)})

    async def _keep_flushing(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_EVERY)
            self._flush()

    def _flush(self) -> None:
        """Tell the metrics what was counted beside them."""
        now = (self.journal.syncs, self.journal.records, self.disk.syncs)
        syncs, records, folders = (a - b for a, b in zip(now, self._told, strict=True))
        self._told = now
        self.metrics.committed("journal", syncs, records)
        self.metrics.committed("folders", folders)
        self.metrics.flush()

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
