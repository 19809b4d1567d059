"""What is settled while no gate runs: what the next one begins with, and a rollback that is written down for it."""

from dataclasses import replace
from pathlib import Path

from smtp_gate.config import Config
from smtp_gate.ruleset.marks import Mistake
from smtp_gate.ruleset.packs import read_source
from smtp_gate.server.comparing import sources
from smtp_gate.server.plan import DataLock
from smtp_gate.server.preparing import cut_short
from smtp_gate.server.rollback import disk_content, in_force, pin_to, snapshots_of, target
from smtp_gate.server.rules import Rulebook, load_rulebook
from smtp_gate.store.rulesets import Kept, NoSnapshotError, Snapshots


def load_in_force(config: Config, snapshots: Snapshots | None) -> Rulebook:
    """What a gate judges by that starts now: the packs that were rolled back to, or else the tested files; never raises.

    A pack that has lost its end marker since the last gate ran is refused as a reload refuses it.
    """
    pinned = None if snapshots is None else in_force(config, snapshots)
    if pinned is not None:
        # Its examples came out right when it was made; their sample mail does not lie beside it.
        return load_rulebook(config, test=False, packs=pinned.packs)
    book = load_rulebook(config)
    cut = () if book.ruleset is None else lost_ends(snapshots, book)
    return replace(book, ruleset=None, mistakes=tuple(sorted((*book.mistakes, *cut)))) if cut else book


def lost_ends(snapshots: Snapshots | None, book: Rulebook) -> tuple[Mistake, ...]:
    """A mistake for each pack that ended with the end marker when the last gate ran, and does no more."""
    if snapshots is None:
        return ()
    try:
        before = sources(snapshots.get(snapshots.current()))
    except (NoSnapshotError, OSError):
        return ()
    read = (read_source(pack.path, []) for pack in book.loaded.packs)
    return tuple(cut_short(before, [source for source in read if source is not None]))


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
        wanted = target(snapshots, word, disk_content(config))
        book = load_rulebook(config, test=False, packs=snapshots.get(wanted.name).packs)
        if book.ruleset is None:
            raise NoSnapshotError(f"{wanted.name} does not build: {book.errors[0]}")
        snapshots.history.set_pin(pin_to(config, snapshots, wanted))
    finally:
        lock.release()
    return wanted
