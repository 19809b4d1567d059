"""The ruleset and the directory in use: loaded whole and tested, swapped whole, or the last good ones stay."""

import errno
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from smtp_gate.adapters.clock import today_in
from smtp_gate.config import Config, pack_paths
from smtp_gate.core.directory import Directory
from smtp_gate.core.facts import Fact, FactKey
from smtp_gate.core.feeds import PREFIX, Feeds
from smtp_gate.core.finding import Failure
from smtp_gate.examine import Ruleset
from smtp_gate.reading import text
from smtp_gate.ruleset.aside import Aside, here
from smtp_gate.ruleset.build import BuildSettings, Loaded, load
from smtp_gate.ruleset.examples import failed_examples
from smtp_gate.ruleset.lists import FeedSource, ListSource
from smtp_gate.ruleset.marks import Mistake
from smtp_gate.server.directories import directory_file, load_directory, load_file, people_mistakes
from smtp_gate.server.feeds import kind_of, load_feeds, sources
from smtp_gate.store.rulesets import Files, Shape, Snapshot, Snapshots


@dataclass(frozen=True, slots=True)
class Rulebook:
    """What one load gave: everything that judging needs, or the mistakes that keep it from being used."""

    ruleset: Ruleset | None
    directory: Directory
    mistakes: tuple[Mistake, ...]
    loaded: Loaded
    feeds: Feeds = field(default_factory=Feeds)
    feed_sources: tuple[FeedSource, ...] = ()

    @property
    def errors(self) -> tuple[Mistake, ...]:
        """The mistakes that keep it from being used."""
        return tuple(m for m in self.mistakes if m.is_error)


def load_rulebook(
    config: Config,
    today: date | None = None,
    *,
    test: bool = True,
    packs: Sequence[Path] | None = None,
    aside: Aside = here,
    judges: bool = True,
) -> Rulebook:
    """Load packs and directory as the settings say, and run every example unless told not to; never raises.

    `packs` take the place of those that the settings name. `aside` is how work may be done beside other work: by a second
    process only where this one has no threads. `judges` says that mail will be judged by the rulebook: it is made ready for it.
    """
    # A snapshot was tried when it was made; a worker that takes it up never refuses it for being slow at that moment.
    where = sources(config)
    feeds, mistakes = load_feeds(where)
    settings = replace(config.build_settings(today), clock=time.process_time, feeds=feeds, aside=aside)
    loaded = load(pack_paths(config) if packs is None else packs, settings)
    people, unknown = load_directory(config)
    mistakes += (*unknown, *loaded.mistakes)
    day = today or today_in(config.timezone)
    mistakes += people_mistakes(config, people, loaded.documents, day)
    # A gate keeps its rulebook for long; what was written is then in nobody's way.
    loaded = replace(loaded, documents=())
    if test and loaded.ruleset is not None:
        mistakes += failed_examples(loaded)
    ruleset = None if any(m.is_error for m in mistakes) else loaded.ruleset
    if judges and ruleset is not None:
        _make_ready(ruleset)
    return Rulebook(ruleset, people, tuple(sorted(mistakes)), loaded, feeds, where)


def _make_ready(ruleset: Ruleset) -> None:
    """Build and load now what the first mail would wait for, and what processes may share."""
    ruleset.engine.ready()
    text.ready()


def shape_of(config: Config, book: Rulebook) -> Shape:
    """What beside the packs shaped this rulebook. Raises ValueError without a ruleset."""
    if book.ruleset is None:
        raise ValueError("only a whole ruleset has a shape")
    domains = tuple(sorted(config.internal_domains))
    zone = config.timezone.key
    lists = book.ruleset.engine.detectors.lists
    edm = tuple((s.name, lists[s.name].id, str(s.key.resolve())) for s in book.loaded.settings.edm)
    feeds = tuple((s.name, book.feeds.lists[s.name].id, kind_of(s)) for s in book.feed_sources)
    return Shape(book.ruleset.hash, book.directory.id, domains, zone, config.way_out, config.enforce, edm, feeds)


def load_snapshot(snapshots: Snapshots, name: str) -> Rulebook:
    """The rulebook of a snapshot, its examples not run again. Raises NoSnapshotError, OSError."""
    snapshot = snapshots.get(name)
    shape = snapshot.shape
    zone = ZoneInfo(shape.zone)
    edm = tuple(ListSource(listed, snapshot.lists[listed], Path(key), ours=True) for listed, _, key in shape.edm)
    where = tuple(FeedSource(feed, snapshot.feeds[feed], ours=True) for feed, _, _ in shape.feeds)
    feeds, mistakes = load_feeds(where)
    ours = frozenset(shape.internal_domains)
    settings = BuildSettings(ours, zone, shape.way_out, shape.enforce, edm=edm, feeds=feeds)
    loaded = load(snapshot.packs, settings)
    people, unknown = load_file(snapshot.directory, zone)
    mistakes += (*unknown, *loaded.mistakes)
    ruleset = None if any(m.is_error for m in mistakes) else loaded.ruleset
    if ruleset is not None:
        _make_ready(ruleset)
    return Rulebook(ruleset, people, tuple(sorted(mistakes)), loaded, feeds, where)


def snapshot_of(config: Config, book: Rulebook, snapshots: Snapshots) -> Snapshot | None:
    """A snapshot of what was just tested, None where a file has changed meanwhile. Raises OSError."""
    packs = [p.path for p in book.loaded.packs]
    lists = {s.name: s.file for s in book.loaded.settings.edm}
    feeds = {s.name: s.file for s in book.feed_sources}
    saved = snapshots.save(shape_of(config, book), Files(packs, directory_file(config), lists, feeds))
    again = load_snapshot(snapshots, saved.name)
    same = again.ruleset is not None and book.ruleset is not None and again.ruleset.hash == book.ruleset.hash
    same = same and again.feeds.ids == book.feeds.ids
    return saved if same and again.directory.id == book.directory.id else None


def publish(config: Config, book: Rulebook, snapshots: Snapshots) -> str:
    """Make this rulebook the current snapshot and return its name. Raises OSError, ValueError without a ruleset."""
    saved = snapshot_of(config, book, snapshots)
    if saved is None:
        raise OSError(errno.EBUSY, "packs or directory changed while they were read: start again")
    snapshots.use(saved.name)
    return saved.name


def current_rulebook(snapshots: Snapshots, name: str, book: Rulebook) -> Rulebook:
    """The rulebook in use: the inherited one where it is still the current snapshot, else the one that was swapped in.

    Raises OSError, NoSnapshotError, ValueError where the current one cannot be built: better no worker than another's rules.
    """
    current = snapshots.current()
    if current in {"", name}:
        return book
    found = load_snapshot(snapshots, current)
    if found.ruleset is None:
        raise ValueError(f"snapshot {current} does not build")
    return found


@dataclass(frozen=True, slots=True)
class Answers:
    """What one load knows of people and lists. Implements the gate's port `FactSource`."""

    people: Directory
    feeds: Feeds

    async def ask(self, keys: Collection[FactKey], on: datetime) -> Mapping[FactKey, Fact | Failure]:
        """What directory and feeds say of that day."""
        asked = {key for key in keys if key.source.startswith(PREFIX)}
        return {**await self.people.ask(set(keys) - asked, on), **self.feeds.answer(asked)}


class InUse:
    """The rulebook in use; `swap` replaces it in one step. Implements the gate's port `FactSource`."""

    def __init__(self, book: Rulebook) -> None:
        if book.ruleset is None:
            raise ValueError("a gate does not start without a ruleset")
        # One reference holds both, so that no message ever sees the rules of one load and the directory of another.
        self._now: tuple[Ruleset, Answers] = (book.ruleset, Answers(book.directory, book.feeds))

    @property
    def ruleset(self) -> Ruleset:
        """The ruleset in use."""
        return self._now[0]

    @property
    def directory(self) -> str:
        """The id of the directory in use."""
        return self._now[1].people.id

    def together(self) -> tuple[Ruleset, Answers]:
        """Both of one load: whoever judges keeps them until the message is judged, whatever is swapped meanwhile."""
        return self._now

    def swap(self, book: Rulebook) -> bool:
        """Take a new rulebook into use, if it is whole; False where the last good one stays."""
        if book.ruleset is None:
            return False
        self._now = (book.ruleset, Answers(book.directory, book.feeds))
        return True

    async def ask(self, keys: Collection[FactKey], on: datetime) -> Mapping[FactKey, Fact | Failure]:
        """What directory and feeds say of that day."""
        return await self._now[1].ask(keys, on)
