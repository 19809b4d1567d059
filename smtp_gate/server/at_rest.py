"""A rollback while no gate runs: written down for the one that starts."""

from pathlib import Path

from smtp_gate.config import Config
from smtp_gate.server.plan import DataLock
from smtp_gate.server.rollback import pin_to, snapshots_of, target
from smtp_gate.server.rules import load_rulebook
from smtp_gate.store.rulesets import Kept, NoSnapshotError


def roll_back_at_rest(config: Config, word: str) -> Kept:
    """Write a rollback down while no gate runs: it takes effect when one starts.

    Raises NoSnapshotError where there is no such ruleset or it does not build with the settings and the directory of now,
    OSError where a gate is at work all the same or the disk fails.
    """
    snapshots = snapshots_of(config)
    if snapshots is None:
        raise NoSnapshotError("no ruleset is kept yet: `smtp-gate serve` keeps the first")
    lock = DataLock(Path(config.data_dir))
    try:
        wanted = target(snapshots, word)
        book = load_rulebook(config, test=False, packs=snapshots.get(wanted.name).packs)
        if book.ruleset is None:
            raise NoSnapshotError(f"{wanted.name} does not build: {book.errors[0]}")
        snapshots.history.set_pin(pin_to(config, snapshots, wanted))
    finally:
        lock.release()
    return wanted
