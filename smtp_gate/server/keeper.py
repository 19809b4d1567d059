"""The keeper: what there is once a gate, beside the workers: /metrics, the control socket, reloads, and its chores."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smtp_gate.adapters.clock import utc_now
from smtp_gate.adapters.control import ControlLine, ControlServer, Frame
from smtp_gate.adapters.extractor import SocketExtractor
from smtp_gate.adapters.logs import LogWatcher
from smtp_gate.adapters.metrics_http import MetricsServer
from smtp_gate.adapters.metrics_keeper import KeeperMetrics
from smtp_gate.adapters.next_hop import SmtpNextHop
from smtp_gate.judge import Judge
from smtp_gate.reading.kinds import OPENABLE
from smtp_gate.server.children import READY, Leash
from smtp_gate.server.directories import people_of
from smtp_gate.server.directory_sync import PeriodicSync
from smtp_gate.server.leash import living
from smtp_gate.server.plan import Plan
from smtp_gate.server.preparing import Wish
from smtp_gate.server.records import Records
from smtp_gate.server.releases import Releases
from smtp_gate.server.reload import USUAL, Reloaded, Workers
from smtp_gate.server.reload_told import ReloadTeller, answer_of, wish_of
from smtp_gate.server.rollback import finish
from smtp_gate.server.rules import InUse, current_rulebook
from smtp_gate.server.settings import hop_settings
from smtp_gate.server.sockets import METRICS
from smtp_gate.server.watch import EVERY, Watch
from smtp_gate.store.files import Disk
from smtp_gate.store.journal import SegmentJournal
from smtp_gate.store.journal_records import WAIVER_EVENTS
from smtp_gate.store.quarantine import FileQuarantine


@dataclass(frozen=True, slots=True)
class Chore:
    """Work done again and again, so many seconds after it last ended; a failure is told and it is tried again."""

    name: str
    every: float
    work: Callable[[], Awaitable[None]]
    at_end: bool = True
    """Whether it is done a last time when the keeper ends."""


class Keeper:
    """Runs beside the workers of one gate. `text` gives the workers' metrics; called in a thread."""

    def __init__(self, plan: Plan, text: Callable[[], bytes]) -> None:
        """Build everything; nothing is served yet. Raises OSError."""
        self.plan = plan
        self.config = plan.config
        self.logger = plan.logger
        self.disk = Disk(2)
        self.metrics = KeeperMetrics(time.time)
        data = Path(plan.config.data_dir)
        self.quarantine = FileQuarantine(data / "quarantine", self.disk)
        self.in_use = _in_use(plan)
        self.workers = Workers(plan.reread, plan.snapshots, self.in_use, plan.settings)
        self.records = Records(data, self.metrics, self.logger)
        self.journal = SegmentJournal(data / "journal", "keeper", now=utc_now)
        self.teller = ReloadTeller(self.metrics, self.logger, self.journal, lambda: self.in_use.ruleset)
        self.next_hop = SmtpNextHop(hop_settings(plan.config))
        extractor = None if plan.extract is None else SocketExtractor(plan.extract, OPENABLE)
        watcher = LogWatcher(self.logger)
        use = self.in_use
        judge = Judge(lambda: use.ruleset, use, watcher, time.monotonic, extractor=extractor, together=use.together)
        self.releases = Releases(
            self.quarantine, judge, self.next_hop, self.journal, plan.config, logger=self.logger, now=utc_now
        )
        self.syncs: PeriodicSync | None = None
        self._control = ControlServer(self._serve)
        self._server = MetricsServer(lambda: text() + self.metrics.text(), lambda: bool(self.workers.rulesets))
        self._chores = [
            Chore("workers", 1.0, self._count_workers),
            Chore("seal", 10.0, self.records.seal),
            Chore("index", 2.0, self.records.catch_up),
            Chore("releases", 5.0, self.releases.tick, at_end=False),
        ]
        if plan.config.watch:
            watch = Watch(plan.reread, plan.snapshots, self.reload, plan.config, plan.settings)
            self._chores.append(Chore("watch", EVERY, watch.tick, at_end=False))
        self._watch_directory()
        self._tasks: set[asyncio.Task[None]] = set()
        self.metrics.watch_holds(self.quarantine.count_and_oldest)
        self.metrics.ruleset_loaded(self.in_use.ruleset)
        self.metrics.rolled_back(now=plan.snapshots.history.pin() is not None)

    async def start(self) -> None:
        """Serve the control socket and, where it is wanted, /metrics. Raises OSError."""
        await self._control.start(self.plan.listening)
        await self._server.start(self.plan.sockets.by_name.get(METRICS, ()))
        self.teller.tell_mode()
        for chore in self._chores:
            self._spawn(self._do(chore))

    async def stop(self) -> None:
        """Do every chore a last time, and end."""
        # The address first: whoever asks there must not take a gate that ends for the one that follows it.
        self.plan.sockets.close()
        self.records.hurry()
        await self._server.stop()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._control.stop()
        await self.releases.close()
        await self.next_hop.close()
        with contextlib.suppress(OSError):
            # What was done is on record already; a full disk at the very end takes nothing away.
            await self.journal.close()
        for chore in self._chores:
            if chore.at_end:
                await self._attempt(chore)
        await self.records.close()
        self.disk.close()

    async def run(self, leash: Leash) -> int:
        """The life of the keeper's process."""
        async with living(leash) as ended:
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(signal.SIGHUP, lambda: self._spawn(self._reload_told()))
            await self.start()
            leash.say(READY)
            await ended.wait()
            await self.stop()
        return 0

    async def reload(self, wish: Wish = USUAL) -> Reloaded:
        """Reload in all workers or none; told in metrics, log and journal."""
        done = await self.workers.reload(wish)
        await self.teller.tell(wish, done)
        return done

    async def _reload_told(self) -> None:
        await self.reload(Wish("signal"))

    async def _serve(self, line: ControlLine) -> None:
        """One connection: a worker's line for as long as it lives, or the questions of a command."""
        async for frame in line:
            if frame.get("hello") == "worker":
                if frame.get("name") not in self.plan.slots:
                    return
                self.metrics.worker_came(str(frame.get("name", "")))
                await self.workers.serve(line, frame)
                return
            line.send(await self._answer(frame))

    async def _answer(self, frame: Frame) -> Frame:
        match frame.get("do"):
            case "reload" | "rollback":
                return answer_of(await self.reload(wish_of(frame)))
            case "status":
                return {"ruleset": self.in_use.ruleset.hash, "workers": self.workers.rulesets}
            case "index_rebuild":
                return await self.records.rebuild()
            case "record":
                return await self._record(frame)
            case "release" | "discard":
                return await self.releases.serve(frame)
            case _:
                return {"failed": "not understood"}

    async def _record(self, frame: Frame) -> Frame:
        """Journal what a command is about to do to waivers; nothing else can be written in this way."""
        what, who, detail = (frame.get(key) for key in ("what", "who", "detail"))
        told = all(isinstance(said, str) for said in (what, who, detail))
        if not told or what not in WAIVER_EVENTS:
            return {"failed": "not understood"}
        try:
            await self.journal.event({"what": what, "who": str(who)[:100], "detail": str(detail)[:1000]})
        except OSError as error:
            return {"failed": f"the journal could not be written: {error.strerror}"}
        return {"recorded": what}

    def _watch_directory(self) -> None:
        """A directory that is synced is watched, and synced by us where the settings say how often."""
        settings = self.config.directory
        if settings is None or not settings.is_synced:
            return
        self.metrics.watch_sync("ldap" if settings.ldap else "ldif", people_of(self.config).synced_at)
        if settings.every is not None:
            self.syncs = PeriodicSync(self.config, self.metrics, self.logger, utc_now)
            self._chores.append(Chore("directory", settings.every, self._sync_directory, at_end=False))

    async def _sync_directory(self) -> None:
        if self.syncs is None:
            return
        snapshot = await self.syncs.tick()
        # Also one that an earlier reload did not take, because something else was wrong then.
        if snapshot and not self.in_use.directory.startswith(snapshot):
            await self.reload(Wish("directory sync", files=False))

    async def _count_workers(self) -> None:
        current = self.in_use.ruleset.hash
        hashes = list(self.workers.rulesets.values())
        self.metrics.workers(hashes.count(current), len(hashes) - hashes.count(current))

    async def _do(self, chore: Chore) -> None:
        while True:
            await self._attempt(chore)
            await asyncio.sleep(chore.every)

    async def _attempt(self, chore: Chore) -> None:
        try:
            await chore.work()
        except Exception as error:  # noqa: BLE001 - a chore that fails is told and tried again; the keeper lives on
            self.metrics.chore_failed(chore.name)
            self.logger.log("error", "chore_failed", {"chore": chore.name, "error": type(error).__name__})

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _in_use(plan: Plan) -> InUse:
    """What a keeper begins with; a rollback that the one before it was killed in is finished first."""
    try:
        finish(plan.snapshots)
    except OSError as error:
        # A disk that fails must not keep us from serving; the next keeper tries again.
        plan.logger.log("error", "rollback_not_finished", {"error": error.strerror or type(error).__name__})
    return InUse(current_rulebook(plan.snapshots, plan.snapshot, plan.book))
