"""A rollback: which ruleset that was kept is meant, and whether its packs are used in the place of those on disk now."""

import hashlib
from pathlib import Path
from typing import Final

from smtp_gate.config import Config, pack_paths
from smtp_gate.ruleset.packs import pack_files
from smtp_gate.store.ruleset_history import Pin
from smtp_gate.store.rulesets import Kept, NoSnapshotError, Snapshot, Snapshots, content_of

FOLDER: Final = "rulesets"
"""The snapshots below the data folder."""


def snapshots_of(config: Config) -> Snapshots | None:
    """The snapshots of this gate, None where it has none yet or we may not look."""
    folder = Path(config.data_dir) / FOLDER
    try:
        return Snapshots(folder, config.keep_rulesets) if folder.is_dir() else None
    except OSError:
        return None


def disk_content(config: Config) -> str:
    """One name for the content of the pack files as they are on disk now; it differs where one cannot be read."""
    return content_of(_said(f) if isinstance(f, Path) else str(f) for f in pack_files(pack_paths(config)))


def _said(path: Path) -> str:
    """The digest as snapshots write it; with the file where it cannot be read, since others may stand in its place."""
    plain, found = "sha256:", digest_of(path)
    return found.removeprefix(plain) if found.startswith(plain) else f"{path}: {found}"


def digest_of(path: Path) -> str:
    """The file's `sha256:` and hex digits, or why it cannot be read; never raises, never waits."""
    try:
        if path.exists() and not path.is_file():
            # Reading a pipe could wait for ever.
            return "no regular file"
        with path.open("rb") as file:
            return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    except OSError as error:
        return error.strerror or type(error).__name__


def in_force(config: Config, snapshots: Snapshots) -> Snapshot | None:
    """The snapshot that was rolled back to, None where none was or a pack file has changed since.

    A rollback whose snapshot is gone or damaged is none: then the files count again, as they do without any.
    """
    pin = snapshots.history.pin()
    if pin is None or pin.content != disk_content(config):
        return None
    try:
        return snapshots.get(pin.name)
    except NoSnapshotError:
        return None


def named(snapshots: Snapshots, word: str) -> Kept:
    """The ruleset whose snapshot's name or whose hash begins so. Raises NoSnapshotError saying what there is."""
    start = word.removeprefix("sha256:")
    kept = snapshots.kept()
    found = [k for k in kept if start and (k.name.startswith(start) or k.ruleset.startswith(f"sha256:{start}"))]
    if len(found) == 1:
        return found[0]
    names = ", ".join(k.name for k in found or kept) or "none"
    said = "several rulesets begin with" if found else "no ruleset is kept that begins with"
    raise NoSnapshotError(f"{said} `{word[:80]}`; there are {names}")


def target(snapshots: Snapshots, word: str = "", disk: str | None = None) -> Kept:
    """What a rollback goes to: the ruleset of that name, else the last one with other packs than those in use.

    One that was rolled away from is passed over, so that a second rollback goes further back. `disk` is the content of the
    files where no gate runs: they, and not what was in use last, are what the next one would begin with. Raises
    NoSnapshotError.
    """
    kept = snapshots.kept()
    now, pin = current(snapshots), snapshots.history.pin()
    if disk is not None and (pin is None or pin.content != disk):
        return _from_files(snapshots, word, disk)
    if word:
        found = named(snapshots, word)
        # What was rolled back to while no gate ran is not in use yet.
        meant = now if pin is None else next((k for k in kept if k.name == pin.name), now)
        if meant is not None and found.content == meant.content:
            raise NoSnapshotError(f"the packs of {found.name} are in use already")
        return found
    passed = {*(pin.passed if pin else ()), now.content if now else ""}
    earlier = [k for k in kept if k.content not in passed]
    if not earlier:
        raise NoSnapshotError("no earlier ruleset is kept: see `smtp-gate ruleset list`")
    return earlier[0]


def _from_files(snapshots: Snapshots, word: str, disk: str) -> Kept:
    """What a rollback goes to that begins at the files on disk: what was in use last, where the files are not the same."""
    if word:
        found = named(snapshots, word)
        if found.content == disk:
            raise NoSnapshotError(f"the pack files are those of {found.name}: the next start uses them")
        return found
    # What was in use last comes first.
    now = current(snapshots)
    ordered = ([now] if now is not None else []) + [k for k in snapshots.kept() if k != now]
    earlier = [k for k in ordered if k.content != disk]
    if not earlier:
        raise NoSnapshotError("no other ruleset is kept: see `smtp-gate ruleset list`")
    return earlier[0]


def current(snapshots: Snapshots) -> Kept | None:
    """The ruleset in use, None before the first."""
    name = snapshots.current()
    return next((k for k in snapshots.kept() if k.name == name), None)


def pin_to(config: Config, snapshots: Snapshots, wanted: Kept) -> Pin | None:
    """The rollback to write down; None where the files on disk say the same, so that there is nothing to hold against them."""
    content = disk_content(config)
    if wanted.content == content:
        return None
    before, now = snapshots.history.pin(), current(snapshots)
    passed = before.passed if before is not None and before.content == content else ()
    return Pin(wanted.name, content, (*passed, now.content if now else content))


def finish(snapshots: Snapshots) -> None:
    """Bring to its end the beginning or the end of a rollback that a keeper was killed in. Raises OSError.

    Every worker had built what was about to be used, so that it is finished and not undone; workers that judge by what was
    in use before are brought to it when they come on the line. Where its snapshot is lost, what is in use stays, and is no
    rollback.
    """
    going = snapshots.history.going()
    if going is None:
        return
    try:
        snapshots.get(going.name)
    except NoSnapshotError:
        snapshots.history.set_pin(None)
    else:
        snapshots.history.set_pin(going.pin)
        snapshots.use(going.name)
    snapshots.history.set_going(None)
