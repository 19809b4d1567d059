"""The keeper's watch over what rules are made of: whatever changes on disk is loaded, once it has come to rest."""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from smtp_gate.config import Config, pack_paths
from smtp_gate.ruleset.folders import Unread, below
from smtp_gate.ruleset.packs import CASES
from smtp_gate.server.comparing import shape_differences, shape_on_disk
from smtp_gate.server.directories import directory_file
from smtp_gate.server.feeds import sources
from smtp_gate.server.preparing import Wish
from smtp_gate.server.reload import Reloaded
from smtp_gate.server.rollback import digest_of, disk_content, in_force
from smtp_gate.store.rulesets import NoSnapshotError, Snapshots

EVERY: Final = 2.0
"""Seconds between two looks."""
AGAIN: Final = 30.0
"""Seconds before a reload is tried again that failed by no fault of the files, such as a worker that did not answer."""

Look = tuple[tuple[str, int, int, int], ...]
"""Every file with its size, its time in nanoseconds and its inode, each -1 where it is not there."""
WATCH: Final = Wish("watch", files=False)


@dataclass(slots=True)
class _Seen:
    """What the watch remembers: the last look, the look that was last tried, and when to try that again."""

    last: Look | None = None
    tried: Look | None = None
    again: float | None = None
    refused: str = ""
    """The content of what was refused, empty where nothing was."""


class Watch:
    """One look every `tick`; two equal ones in a row, and what they saw is loaded, so that no half-written file is taken.

    What was refused is not tried again, and not told again, before its content is another.
    """

    def __init__(
        self,
        reread: Callable[[], Config | None],
        snapshots: Snapshots,
        reload: Callable[[Wish], Awaitable[Reloaded]],
        config: Config,
        settings: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`config` is where to look first, `settings` the file that `reread` reads; without it that file is not watched."""
        self._reread = reread
        self._snapshots = snapshots
        self._reload = reload
        self._config = config
        self._settings = settings
        self._clock = clock
        self._seen = _Seen()

    async def tick(self) -> None:
        """Look, and load what has changed and come to rest. Raises OSError."""
        look = await asyncio.to_thread(self._look)
        seen = self._seen
        if seen.last is None and await asyncio.to_thread(self._is_current):
            # Nothing has changed since the gate began, or since the keeper before us looked.
            seen.tried = look
        at_rest, seen.last = look == seen.last, look
        due = seen.again is not None and self._clock() >= seen.again
        if not at_rest or (look == seen.tried and not due):
            return
        if look != seen.tried and seen.refused and seen.refused == await asyncio.to_thread(_content, look):
            seen.tried = look
            return
        await self._load(look)

    async def _load(self, look: Look) -> None:
        """Load; what changes while we load is seen at the next look."""
        content = await asyncio.to_thread(_content, look)
        done = await self._reload(WATCH)
        passing = bool(done.reasons) and not done.lasting
        self._seen.tried = look
        self._seen.again = self._clock() + AGAIN if passing else None
        self._seen.refused = content if done.reasons and done.lasting else ""

    def _look(self) -> Look:
        if self._settings is not None and self._seen.last is not None:
            was = next((row for row in self._seen.last if row[0] == str(self._settings)), None)
            if was != _row(self._settings):
                # Settings that have mistakes say nothing of where to look; the reload will name them.
                self._config = self._reread() or self._config
        own = () if self._settings is None else (self._settings,)
        return tuple(sorted({_row(path) for path in (*own, *watched(self._config))}))

    def _is_current(self) -> bool:
        """Whether the files say what the snapshot in use holds, as far as one can tell without loading them."""
        try:
            now = self._snapshots.get(self._snapshots.current())
        except NoSnapshotError:
            return False
        pinned = in_force(self._config, self._snapshots)
        if now.content != (disk_content(self._config) if pinned is None else pinned.content):
            return False
        return not shape_differences(now.shape, shape_on_disk(self._config))


def watched(config: Config) -> Iterator[Path]:
    """Every file that a reload reads: packs and their sample mail, the directory, feeds, lists and their keys. Raises OSError."""
    for path in pack_paths(config):
        yield from _below(path) if path.is_dir() else (path,)
    directory = directory_file(config)
    if directory is not None:
        yield directory
    yield from (source.file for source in sources(config))
    for listed in config.edm.values():
        yield from (listed.file, listed.key)


def _below(folder: Path) -> Iterator[Path]:
    """What `pack_files` sees, and sample mail; a folder that cannot be read counts as itself, so that its end is seen."""
    for path in below(folder):
        if isinstance(path, Unread):
            yield path.path
        elif path.suffix in {".yaml", ".yml", ".eml"} or CASES in path.relative_to(folder).parts[:-1]:
            yield path


def _row(path: Path) -> tuple[str, int, int, int]:
    try:
        found = path.stat()
    except OSError:
        return str(path), -1, -1, -1
    return str(path), found.st_size, found.st_mtime_ns, found.st_ino


def _content(look: Look) -> str:
    """One name for the content of all files of a look."""
    said = "\n".join(f"{path} {digest_of(Path(path))}" for path, *_ in look)
    return hashlib.sha256(said.encode(errors="surrogateescape")).hexdigest()
