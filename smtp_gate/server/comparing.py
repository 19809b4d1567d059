"""Two rulesets side by side: the packs as read and what is beside them, of a snapshot or of the files on disk."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from smtp_gate.config import Config, pack_paths
from smtp_gate.ruleset.differences import Change, differences
from smtp_gate.ruleset.marks import Mistake
from smtp_gate.ruleset.packs import Source, pack_files, read_source
from smtp_gate.server import feeds
from smtp_gate.server.directories import directory_file
from smtp_gate.server.rollback import digest_of, named
from smtp_gate.store.rulesets import NoSnapshotError, Shape, Snapshot, Snapshots

FILES: Final = "files"
CURRENT: Final = "current"
"""Words for the files as they are now and for the ruleset in use."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: what it is called, its packs as far as they can be read, what is beside them, and what cannot be read."""

    name: str
    sources: tuple[Source, ...]
    shape: Shape
    mistakes: tuple[Mistake, ...] = ()


@dataclass(frozen=True, slots=True)
class Compared:
    """What differs: in the packs, and beside them as setting, before, after."""

    before: Side
    after: Side
    changes: tuple[Change, ...]
    beside: tuple[tuple[str, str, str], ...]


def compare(before: Side, after: Side) -> Compared:
    """Both side by side."""
    beside = tuple(shape_differences(before.shape, after.shape))
    return Compared(before, after, differences(before.sources, after.sources), beside)


def side(config: Config, snapshots: Snapshots | None, word: str) -> Side:
    """`files`, `current`, or the ruleset whose name begins so. Raises NoSnapshotError where there is none, OSError."""
    if word == FILES:
        return files(config)
    if snapshots is None:
        raise NoSnapshotError("no ruleset is kept yet: `smtp-gate serve` keeps the first")
    snapshot = snapshots.get(snapshots.current() if word == CURRENT else named(snapshots, word).name)
    return Side(snapshot.name, tuple(sources(snapshot)), snapshot.shape)


def files(config: Config) -> Side:
    """The files as they are now."""
    found = list(pack_files(pack_paths(config)))
    mistakes = [mistake for mistake in found if isinstance(mistake, Mistake)]
    read = [read_source(path, mistakes) for path in found if isinstance(path, Path)]
    wrong = tuple(mistake for mistake in mistakes if mistake.is_error)
    return Side(FILES, tuple(source for source in read if source is not None), shape_on_disk(config), wrong)


def sources(snapshot: Snapshot) -> list[Source]:
    """The packs of a snapshot as read."""
    found = (read_source(path, []) for path in snapshot.packs)
    return [source for source in found if source is not None]


def shape_on_disk(config: Config) -> Shape:
    """What is beside the packs as it is now, nothing loaded; a file that cannot be read has no name of its own. Raises OSError."""
    directory = directory_file(config)
    edm = tuple((name, digest_of(listed.file), str(listed.key.resolve())) for name, listed in config.edm.items())
    asked = tuple((s.name, digest_of(s.file), feeds.kind_of(s)) for s in feeds.sources(config))
    ours = tuple(sorted(config.internal_domains))
    people = digest_of(directory).removeprefix("sha256:") if directory else ""
    return Shape("", people, ours, config.timezone.key, config.way_out, config.enforce, edm, asked)


def shape_differences(before: Shape, after: Shape) -> list[tuple[str, str, str]]:
    """What differs beside the packs: the name of each setting, and what it was and is, as people write it."""
    plain = ("enforce", "way_out", "zone", "internal_domains")
    found = [(name, _plain(getattr(before, name)), _plain(getattr(after, name))) for name in plain]
    for name in ("edm", "feeds"):
        old, new = ({row[0]: row[1] for row in getattr(shape, name)} for shape in (before, after))
        found += [(f"{name} {key}", old.get(key, ""), new.get(key, "")) for key in sorted(old.keys() | new.keys())]
    found.append(("directory", before.directory, after.directory))
    return [row for row in found if row[1] != row[2]]


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
