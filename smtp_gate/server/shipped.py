"""The shipped packs beside those of a gate: copies in its folders, and what they were when they were copied."""

import shutil
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from smtp_gate.config import Config, pack_paths
from smtp_gate.ruleset.marks import Mistake
from smtp_gate.ruleset.packs import Source, pack_files, read_source, shipped_rules
from smtp_gate.ruleset.upgrades import Step, Touch, touched, upgrade
from smtp_gate.server.comparing import sources
from smtp_gate.store.rulesets import NoSnapshotError, Snapshots

BASE: Final = ".shipped"
"""The folder below copied packs that holds them as they were shipped; hidden folders are not searched for packs."""


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What newer shipped packs bring; the packs whose base nobody knows, those that could not be compared, and why not."""

    packs: tuple[str, ...]
    steps: tuple[Step, ...]
    touches: tuple[Touch, ...]
    without_base: tuple[str, ...]
    left_out: tuple[str, ...]
    mistakes: tuple[Mistake, ...]


def keep_base(copied: Path) -> None:
    """Keep the shipped packs as the base of the copies in this folder. Raises OSError."""
    rules = shipped_rules()
    if rules is None:
        return
    (copied / BASE).mkdir(exist_ok=True)
    for path in pack_files([rules]):
        if isinstance(path, Path):
            shutil.copyfile(path, copied / BASE / path.name)


def compare_shipped(config: Config, snapshots: Snapshots | None, wanted: Collection[str] = ()) -> Upgrade:
    """The shipped packs of these names (none: all) beside those of the gate.

    A pack that lies in a folder of the settings is compared with that copy; one that the settings take from the shipped
    packs themselves, with the packs in use. Raises LookupError for a name that is no shipped pack, OSError.
    """
    mistakes: list[Mistake] = []
    folder = shipped_rules()
    shipped = [] if folder is None else _read([folder], mistakes)
    own_paths = [path for path in pack_paths(config) if folder is None or not _within(path, folder)]
    mine = _read(own_paths, mistakes) if own_paths else []
    base = _read([path / BASE for path in own_paths if (path / BASE).is_dir()], mistakes)
    names = {s.name for s in shipped} | {s.name for s in base}
    unknown = set(wanted) - names
    if unknown:
        raise LookupError(f"no shipped pack `{min(unknown)[:60]}`; they are {', '.join(sorted(names))}")
    yours = [s for s in mine if s.name in names]
    left_out: tuple[str, ...] = ()
    if len(own_paths) < len(pack_paths(config)):
        in_use = _in_use(snapshots)
        direct = {s.name for s in shipped} - {s.name for s in yours}
        taken = [s for s in in_use if s.name in direct]
        # These are nobody's copies: what is in use is both what they were and what they are.
        base = [*(s for s in base if s.name not in direct), *taken]
        yours += taken
        left_out = () if in_use else tuple(sorted(direct))
    chosen = (set(wanted) or names) - set(left_out)
    base, yours, shipped = ([s for s in some if s.name in chosen] for some in (base, yours, shipped))
    steps = upgrade(base, yours, shipped)
    alone = {s.name for s in yours} - {s.name for s in base}
    errors = tuple(mistake for mistake in mistakes if mistake.is_error)
    return Upgrade(tuple(sorted(chosen)), steps, touched(steps, mine), tuple(sorted(alone)), left_out, errors)


def _within(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def _in_use(snapshots: Snapshots | None) -> list[Source]:
    if snapshots is None:
        return []
    try:
        return sources(snapshots.get(snapshots.current()))
    except NoSnapshotError:
        return []


def _read(paths: Sequence[Path], mistakes: list[Mistake]) -> list[Source]:
    found = list(pack_files(paths))
    mistakes += [mistake for mistake in found if isinstance(mistake, Mistake)]
    read = (read_source(path, mistakes) for path in found if isinstance(path, Path))
    return [source for source in read if source is not None]
