"""Snapshots of the directory as syncs wrote them: whole files, the current one named, the last ones kept.

Layout of version 1, below one folder for the owner alone: `NAME.csv`, the directory with its history as `directory.csv` is
written, NAME the first 16 hex digits of its SHA-256; `current`, a file that holds the name in use, and whose time is that
of the last good sync; `lock`, held while somebody syncs. A file is written under another name, synced and renamed.
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from smtp_gate.store.files import make_private, read_regular, sweep, sync_directory, write_synced

KEPT: Final = 10
"""How many snapshots are kept, the one in use among them."""
NAME: Final = re.compile(r"[0-9a-f]{16}")
FOLDER: Final = "directory"
"""The folder below the data folder."""


class People:
    """The snapshots in one folder, which need not be there before the first is saved. Methods block and raise OSError."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @contextlib.contextmanager
    def syncing(self) -> Iterator[None]:
        """Keep others from syncing at the same time. Raises BlockingIOError where somebody does, OSError."""
        make_private(self.root)
        descriptor = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BlockingIOError(errno.EAGAIN, "another sync of the directory is under way") from None
            sweep(self.root)
            yield
        finally:
            os.close(descriptor)

    def save(self, octets: bytes) -> str:
        """Write a snapshot durably and return its name; what is there already is not written again."""
        name = hashlib.sha256(octets).hexdigest()[:16]
        target = make_private(self.root) / f"{name}.csv"
        try:
            if read_regular(target) == octets:
                return name
            # Cut or changed by somebody: it is not what its name says.
            target.unlink()
        except FileNotFoundError:
            pass
        write_synced(target, [octets]).end()
        sync_directory(self.root)
        return name

    def use(self, name: str) -> None:
        """Make a snapshot the current one, durably, and remove the oldest beyond those kept.

        Doing so again tells that the source was read anew and had nothing to change.
        """
        temporary = self.root / ".current"
        temporary.unlink(missing_ok=True)
        write_synced(temporary, [name.encode() + b"\n"]).end()
        temporary.rename(self.root / "current")
        os.utime(self.root / f"{name}.csv")
        sync_directory(self.root)
        for old in self.names()[KEPT:]:
            (self.root / f"{old}.csv").unlink(missing_ok=True)

    def current(self) -> str:
        """The name in use, empty where there is none yet."""
        try:
            name = read_regular(self.root / "current").decode("ascii", "replace").strip()
        except FileNotFoundError:
            return ""
        return name if NAME.fullmatch(name) else ""

    def path(self, name: str) -> Path:
        """Where a snapshot lies, whether it is there or not."""
        return self.root / f"{name}.csv"

    def names(self) -> list[str]:
        """Every snapshot, that in use and the newest first."""
        current = self.current()
        files = [p for p in self.root.glob("*.csv") if NAME.fullmatch(p.stem)]
        return [p.stem for p in sorted(files, key=lambda p: (p.stem == current, p.stat().st_mtime), reverse=True)]

    def synced_at(self) -> float | None:
        """When the last good sync ended, in seconds since the epoch; None where there was none."""
        try:
            return (self.root / "current").stat().st_mtime
        except FileNotFoundError:
            return None
