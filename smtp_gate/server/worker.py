"""One worker: builds the gate from its settings, listens, reloads on SIGHUP, drains on SIGTERM."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from smtp_gate import __version__
from smtp_gate.adapters.door import Door
from smtp_gate.adapters.logs import Logger, LogWatcher, Tee
from smtp_gate.adapters.metrics import HopMetrics, Metrics
from smtp_gate.adapters.metrics_http import MetricsServer
from smtp_gate.adapters.next_hop import SmtpNextHop
from smtp_gate.config import Config
from smtp_gate.core.course import Timing
from smtp_gate.core.ports import Ports, Watcher
from smtp_gate.core.reply import Reply
from smtp_gate.gate import Gate, Judge
from smtp_gate.server.rules import InUse, Rulebook, load_rulebook
from smtp_gate.server.settings import door_settings, hop_settings, hostname_of
from smtp_gate.store.files import Disk
from smtp_gate.store.journal import SegmentJournal
from smtp_gate.store.quarantine import FileQuarantine

PROBE_EVERY = 10.0


def utc_now() -> datetime:
    """The wall clock, as an aware time in UTC."""
    return datetime.fromtimestamp(time.time(), tz=UTC)


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

    def fault(self, ref: str, what: str, error: BaseException | None = None) -> None:
        """Something broke and was turned into a 4xx."""
        self.tee.fault(ref, what, error)


class Worker:
    """A running gate. `start` listens, `stop` drains; `addresses` tells where each listener listens in fact."""

    def __init__(
        self,
        config: Config,
        logger: Logger,
        book: Rulebook,
        reread: Callable[[], Config | None],
        *watchers: Watcher,
    ) -> None:
        """Build everything; nothing listens yet. `watchers` are told beside metrics and log. Raises OSError."""
        self.config = config
        self.logger = logger
        self.reread = reread
        self.addresses: dict[str, tuple[str, int]] = {}
        self.metrics = Metrics()
        self._servers: list[asyncio.Server] = []
        self._doors: list[Door] = []
        self._ready = False
        self._tasks: set[asyncio.Task[None]] = set()
        self.in_use = InUse(book)
        self.disk = Disk()
        data = Path(self.config.data_dir)
        self.quarantine = FileQuarantine(data / "quarantine", self.disk)
        self.journal = SegmentJournal(data / "journal", now=utc_now)
        self.tee = Tee(self.metrics, LogWatcher(self.logger), *watchers)
        self.next_hop = SmtpNextHop(hop_settings(self.config), HopMetrics(self.metrics))
        clock = time.monotonic
        judge = Judge(lambda: self.in_use.ruleset, self.in_use, self.tee, clock)
        ports = Ports(self.next_hop, self.quarantine, self.journal, self.tee)
        timing = Timing(self.config.deadline)
        self.gate = Gate(judge, ports, hostname=hostname_of(self.config), timing=timing)
        self.metrics_server = MetricsServer(self.metrics.text, lambda: self._ready)
        self.metrics.watch_holds(self.quarantine.count_and_oldest, time.time)
        self.metrics.ruleset_loaded(self.in_use.ruleset.hash, time.time())

    async def start(self) -> None:
        """Listen everywhere. Raises OSError where an address is taken or a certificate cannot be read."""
        loop = asyncio.get_running_loop()
        if self.config.metrics is not None:
            host, port = self.config.metrics.host, self.config.metrics.port
            self.addresses["metrics"] = await self.metrics_server.start(host, port)
        await self._probe()
        watcher = DoorMetrics(self.metrics, self.tee)
        for listener in self.config.listeners:
            settings = door_settings(self.config, listener)
            door = Door(settings, self.gate.receive, self.next_hop, lambda: self.next_hop.features, watcher)
            server = await loop.create_server(door, listener.listen.host, listener.listen.port, backlog=1024)
            self._doors.append(door)
            self._servers.append(server)
            self.addresses[listener.name] = server.sockets[0].getsockname()[:2]
        self._spawn(self._keep_probing())
        self._ready = True
        told = {name: f"{host}:{port}" for name, (host, port) in self.addresses.items()}
        rules = len(self.in_use.ruleset.rules)
        self.logger.log(
            "info", "started", {"version": __version__, "rules": rules, "ruleset": self.in_use.ruleset.hash, **told}
        )

    async def stop(self) -> None:
        """Take no more, finish what is under way within the deadline, write the journal's end."""
        self._ready = False
        for server in self._servers:
            server.close()
        await asyncio.gather(*(door.drain(self.config.deadline) for door in self._doors))
        left = await self.gate.drain(self.config.deadline)
        for task in self._tasks:
            task.cancel()
        await self.next_hop.close()
        await self.metrics_server.stop()
        with contextlib.suppress(OSError):
            # Every verdict is on disk already; a full disk at the very end takes nothing away.
            await self.journal.close()
        self.disk.close()
        self.logger.log("info", "stopped", {"unfinished": left})

    def reload(self) -> bool:
        """Load settings' packs and directory anew; False, with the reasons in the log, where the last good ones stay."""
        config = self.reread() or self.config
        book = load_rulebook(config)
        if self.in_use.swap(book):
            self.metrics.ruleset_loaded(self.in_use.ruleset.hash, time.time())
            rules = len(self.in_use.ruleset.rules)
            self.logger.log("info", "reloaded", {"rules": rules, "ruleset": self.in_use.ruleset.hash})
            return True
        self.metrics.reload_refused()
        reasons = [str(m) for m in book.errors[:20]]
        self.logger.log("error", "reload_refused", {"mistakes": reasons, "ruleset": self.in_use.ruleset.hash})
        return False

    async def run(self) -> None:
        """Start, stay until SIGTERM or SIGINT, stop."""
        await self.start()
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ended.set)
        loop.add_signal_handler(signal.SIGHUP, lambda: self._spawn(self._reload_aside()))
        await ended.wait()
        await self.stop()

    async def _reload_aside(self) -> None:
        await asyncio.to_thread(self.reload)

    async def _keep_probing(self) -> None:
        """Learn what the next hop offers until it has answered once; each later connection tells it anyway."""
        while not self.next_hop.features.known:
            await asyncio.sleep(PROBE_EVERY)
            await self._probe()

    async def _probe(self) -> None:
        said = await self.next_hop.probe()
        if isinstance(said, Reply):
            self.logger.log("warning", "next_hop_silent", {"reply": str(said)})

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
