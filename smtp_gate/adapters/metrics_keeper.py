"""Metrics of what there is once a gate: the ruleset in use, the held mail, the workers, the keeper's own chores."""

import contextlib
import sys
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, tzinfo
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

from smtp_gate import __version__
from smtp_gate.examine import Ruleset


def _after(day: date, zone: tzinfo) -> float:
    """The midnight after a day in seconds since the epoch; of the calendar's last day, the one before it."""
    last = min(day, date.max - timedelta(1))
    return datetime.combine(last + timedelta(1), time(), zone).timestamp()


class KeeperMetrics:
    """Told by the keeper; `text` reads the quarantine's folder, so call it off the event loop."""

    def __init__(self, now: Callable[[], float], registry: CollectorRegistry | None = None) -> None:
        """`now` is seconds since the epoch."""
        self.registry = registry or CollectorRegistry()
        self._now = now
        counter = partial(Counter, namespace="smtp_gate", registry=self.registry)
        gauge = partial(Gauge, namespace="smtp_gate", registry=self.registry)
        self._held = gauge("held_messages", "Messages held now.")
        self._oldest = gauge("held_oldest_seconds", "Age of the oldest held message, 0 where none is held.")
        self._ruleset = gauge("ruleset_info", "The ruleset in use: 1 under its hash.", ("hash",))
        self._loaded = gauge("ruleset_loaded_timestamp_seconds", "When the ruleset in use was loaded.")
        self._reloads = counter("ruleset_reloads", "Loads of a ruleset, by result.", ("result",))
        self._refused = counter("ruleset_reload_failures", "Reloads refused; the last good ruleset stayed.")
        refused = "1 while the files on disk were refused and an older ruleset runs, else 0."
        self._refused_now = gauge("ruleset_refused", refused)
        rolled = "1 while a ruleset is in use that somebody rolled back to, else 0."
        self._rolled_back = gauge("ruleset_rolled_back", rolled)
        self._enforcing = gauge("enforcing", "Whether rules act: 0 where `enforce: false` puts all of them in shadow.")
        expires = "When a waiver ends: the midnight after its last day."
        self._waivers = gauge("waiver_expires_timestamp_seconds", expires, ("waiver", "rule"))
        self._workers = gauge(
            "workers", "Workers on the line, by whether they judge by the ruleset in use.", ("ruleset",)
        )
        self._starts = counter("worker_starts", "Worker processes that came on the line, by place.", ("worker",))
        self._chores = counter("keeper_failures", "Chores of the keeper that failed, by chore.", ("chore",))
        self._flaws = counter("record_flaws", "What start-up scan and seals found on disk, by kind.", ("kind",))
        self._seal = gauge("journal_sealed_timestamp_seconds", "When the journal's heads were last sealed.")
        repeats = "The same message deferred by the same cause for the third time or more."
        self._repeats = counter("repeated_deferrals", repeats, ("rule", "cause"))
        self._syncs = counter(
            "directory_sync_failures", "Syncs of the directory that failed; the last good one stayed."
        )
        self._synced = gauge("directory_sync_age_seconds", "Since the last good sync of the directory.", ("source",))
        build = gauge("build_info", "The running program: 1 under its version.", ("version", "python"))
        build.labels(__version__, ".".join(map(str, sys.version_info[:3]))).set(1)
        self._holds: Callable[[], tuple[int, float]] | None = None
        self._sync: tuple[str, Callable[[], float | None]] | None = None

    def text(self) -> bytes:
        """The exposition."""
        self._count_holds()
        self._tell_sync()
        return generate_latest(self.registry)

    def ruleset_loaded(self, ruleset: Ruleset) -> None:
        """A ruleset came into use."""
        self._ruleset.clear()
        self._ruleset.labels(ruleset.hash).set(1)
        self._enforcing.set(int(ruleset.enforcing))
        self._waivers.clear()
        for waiver in ruleset.waivers:
            self._waivers.labels(waiver.id, waiver.rule).set(_after(waiver.expires, ruleset.zone))
        self._loaded.set(self._now())
        self._reloads.labels("good").inc()
        self._refused_now.set(0)

    def reload_refused(self, *, files: bool = True) -> None:
        """A reload was refused and the last good ruleset stays; `files` says that it was to load the files on disk."""
        self._reloads.labels("refused").inc()
        self._refused.inc()
        if files:
            self._refused_now.set(1)

    def files_in_use(self) -> None:
        """What is on disk was found to be what is in use."""
        self._refused_now.set(0)

    def rolled_back(self, *, now: bool) -> None:
        """Whether a ruleset is in use that somebody rolled back to."""
        self._rolled_back.set(int(now))

    def workers(self, current: int, other: int) -> None:
        """So many workers are on the line, judging by the ruleset in use or by another."""
        self._workers.labels("current").set(current)
        self._workers.labels("other").set(other)

    def worker_came(self, name: str) -> None:
        """A worker process came on the line."""
        self._starts.labels(name).inc()

    def record_flaw(self, kind: str) -> None:
        """Something on disk is not as it was written, or waits for a person; `kind` is one of a few words."""
        self._flaws.labels(kind).inc()

    def sealed(self) -> None:
        """The journal's heads were sealed."""
        self._seal.set(self._now())

    def deferred_again(self, rule: str, cause: str) -> None:
        """One message was deferred by one cause again and again: somebody must look (law 2)."""
        self._repeats.labels(rule, cause).inc()

    def chore_failed(self, chore: str) -> None:
        """A chore failed; it is tried again at its next turn."""
        self._chores.labels(chore).inc()

    def watch_holds(self, count_and_oldest: Callable[[], tuple[int, float]]) -> None:
        """Read the quarantine whenever somebody scrapes; times are seconds since the epoch."""
        self._holds = count_and_oldest

    def directory_sync_failed(self) -> None:
        """A sync of the directory changed nothing because something was wrong."""
        self._syncs.inc()

    def watch_sync(self, source: str, synced_at: Callable[[], float | None]) -> None:
        """Ask whenever somebody scrapes when the directory was last synced from that kind of source."""
        self._sync = (source, synced_at)

    def _tell_sync(self) -> None:
        if self._sync is None:
            return
        source, synced_at = self._sync
        with contextlib.suppress(OSError):
            at = synced_at()
            # Before the first sync there is no age; the gate has not even begun then.
            self._synced.labels(source).set(max(self._now() - at, 0.0) if at is not None else float("nan"))

    def _count_holds(self) -> None:
        if self._holds is None:
            return
        try:
            count, written = self._holds()
        except OSError:
            # A folder that cannot be read must not take the other series from whoever looks; it shows as its own fault.
            self._chores.labels("holds").inc()
            return
        self._held.set(count)
        self._oldest.set(max(self._now() - written, 0.0) if count else 0.0)
