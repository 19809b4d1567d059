"""Where the gate's directory lies: the file that the settings name, or the snapshot that the last sync made."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from smtp_gate.adapters import directory
from smtp_gate.adapters.directory_rows import RowMistake
from smtp_gate.config import Config
from smtp_gate.core.directory import Directory
from smtp_gate.ruleset.accounts import account_mistakes
from smtp_gate.ruleset.marks import Document, Mistake
from smtp_gate.ruleset.people import (
    group_mistakes,
    known_statuses,
    named_status_mistakes,
    status_mistakes,
    unasked_mistakes,
)
from smtp_gate.store.people import FOLDER, People


def people_of(config: Config) -> People:
    """The snapshots of this gate's directory; none need be there."""
    return People(Path(config.data_dir) / FOLDER)


def directory_file(config: Config) -> Path | None:
    """The CSV file that holds the directory now; None without a directory, and before the first sync. Raises OSError."""
    if config.directory is None:
        return None
    if config.directory.csv is not None:
        return config.directory.csv
    people = people_of(config)
    name = people.current()
    return people.path(name) if name else None


def load_directory(config: Config) -> tuple[Directory, tuple[Mistake, ...]]:
    """The directory, or an empty one beside every mistake of its file; a gate without one knows nobody."""
    try:
        file = directory_file(config)
    except OSError as error:
        said = error.strerror or ""
        return Directory(zone=config.timezone), (Mistake(str(config.data_dir), 1, 1, "no snapshot can be read", said),)
    if file is None and config.directory is not None:
        folder = str(people_of(config).root)
        said = "there is no snapshot of the directory yet"
        return Directory(zone=config.timezone), (Mistake(folder, 1, 1, said, "run `smtp-gate directory sync`"),)
    return load_file(file, config.timezone)


def load_file(path: Path | None, zone: ZoneInfo) -> tuple[Directory, tuple[Mistake, ...]]:
    """The directory in a file, or an empty one beside every mistake of it."""
    if path is None:
        return Directory(zone=zone), ()
    file = str(path)
    try:
        found = directory.load(path, zone)
    except OSError as error:
        return Directory(zone=zone), (Mistake(file, 1, 1, "the file cannot be read", error.strerror or ""),)
    if isinstance(found, Directory):
        return found, ()
    return Directory(zone=zone), tuple(_mistake(file, row) for row in found)


def people_mistakes(config: Config, people: Directory, packs: Sequence[Document], today: date) -> tuple[Mistake, ...]:
    """Groups and statuses that nothing knows; nothing is said of them where the directory itself is broken.

    They keep rules and directory from being used, like every mistake: a contractor with a slip in the status would pass.
    """
    if config.directory is None:
        return (*group_mistakes(packs, None), *unasked_mistakes(packs))
    file = directory_file(config)
    if file is None or not people.id:
        return ()
    statuses = status_mistakes(file, people.entries, known_statuses(packs), today)
    named = named_status_mistakes(packs, frozenset(entry.status for entry in people.entries))
    slips = account_mistakes(file, people.entries, frozenset(config.internal_domains), today)
    return (*statuses, *slips, *group_mistakes(packs, frozenset(people.by_group)), *named)


def _mistake(file: str, row: RowMistake) -> Mistake:
    return Mistake(file, row.line, 1, f"{row.column}: {row.reason}" if row.column else row.reason)
