"""Snapshots of what judging uses: packs, directory and settings as they were when tested, so that every worker builds the same.

Layout of version 4, below one folder: `NAME/snapshot.json`, `NAME/packs/NNN.yaml`, `NAME/directory.csv` where there is
one, `NAME/edm/SHA256.bin` for each list (equal ones of several snapshots are one file), `NAME/feeds/SHA256.feed` likewise
(`.txt` for a plain list); and `current`, a file that holds
the name in use. A list's key is no part of it: whoever has the snapshots has no key. A snapshot is written under another name, synced and renamed.
"""

import contextlib
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from smtp_gate.store.files import make_private, read_regular, sync_directory, write_all

VERSION: Final = 4
KEPT: Final = 10
"""How many snapshots are kept beside the one in use."""
NAME: Final = re.compile(r"[0-9a-f]{16}")


class NoSnapshotError(LookupError):
    """There is no whole snapshot of this name."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What beside the packs shapes a ruleset, as plain values; and the ruleset's and directory's own names."""

    ruleset: str
    directory: str
    internal_domains: tuple[str, ...]
    zone: str
    way_out: str
    enforce: bool
    edm: tuple[tuple[str, str, str], ...] = ()
    """Lists for exact data match: the name, the list's own (`sha256:` and hex digits), and where its key is."""
    feeds: tuple[tuple[str, str, str], ...] = ()
    """Feeds: the name, the content's own (`sha256:` and hex digits of the file), and the ending of the file."""


@dataclass(frozen=True, slots=True)
class Files:
    """The files to copy: packs in their order, the directory, lists and feeds by name."""

    packs: Sequence[Path]
    directory: Path | None = None
    lists: Mapping[str, Path] = field(default_factory=dict)
    feeds: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One snapshot: its name, its shape, and where its files are (`directory` None where there is none; lists and feeds by name)."""

    name: str
    shape: Shape
    packs: tuple[Path, ...]
    directory: Path | None
    lists: Mapping[str, Path] = field(default_factory=dict)
    feeds: Mapping[str, Path] = field(default_factory=dict)


class Snapshots:
    """The snapshots in one folder. Methods block; they raise OSError where the disk fails."""

    def __init__(self, root: Path) -> None:
        self.root = make_private(root)

    def save(self, shape: Shape, files: Files) -> Snapshot:
        """Copy the files into a snapshot, durably; the same shape again gives the one that is there."""
        name = hashlib.sha256(json.dumps(asdict(shape), sort_keys=True).encode()).hexdigest()[:16]
        with contextlib.suppress(NoSnapshotError):
            return self.get(name)
        making = self.root / f".{name}.{os.getpid()}"
        shutil.rmtree(making, ignore_errors=True)
        make_private(making / "packs")
        for number, pack in enumerate(files.packs):
            _write(making / "packs" / f"{number:03}.yaml", pack.read_bytes())
        if files.directory is not None:
            _write(making / "directory.csv", files.directory.read_bytes())
        make_private(making / "edm")
        for listed, content, _ in shape.edm:
            self._save_list(making / "edm" / _list_name(content), files.lists[listed])
        make_private(making / "feeds")
        for feed, content, ending in shape.feeds:
            self._save_list(making / "feeds" / _list_name(content, ending), files.feeds[feed])
        head = {"version": VERSION, "files": _digests(making), **asdict(shape)}
        _write(making / "snapshot.json", json.dumps(head).encode())
        for folder in (making / "packs", making / "edm", making / "feeds", making):
            sync_directory(folder)
        target = self.root / name
        # What lies there under the name was found not whole above.
        shutil.rmtree(target, ignore_errors=True)
        making.rename(target)
        sync_directory(self.root)
        return self.get(name)

    def _save_list(self, target: Path, source: Path) -> None:
        """A list is large and seldom new: a snapshot that has it already gives its file."""
        if target.exists():
            return
        for other in self.root.glob(f"[0-9a-f]*/{target.parent.name}/{target.name}"):
            with contextlib.suppress(OSError):
                if hashlib.sha256(read_regular(other)).hexdigest() == target.stem:
                    os.link(other, target)
                    return
        _write(target, source.read_bytes())

    def get(self, name: str) -> Snapshot:
        """The snapshot of that name, its files as they were written. Raises NoSnapshotError."""
        if NAME.fullmatch(name) is None:
            raise NoSnapshotError("not the name of a snapshot")
        folder = self.root / name
        try:
            head = json.loads((folder / "snapshot.json").read_bytes())
            if head.pop("version") != VERSION:
                raise NoSnapshotError(f"{name} is of another version")
            if head.pop("files") != _digests(folder):
                raise NoSnapshotError(f"{name} is not as it was written")
            edm, feeds = _triples(head["edm"]), _triples(head["feeds"])
            domains = tuple(head["internal_domains"])
            shape = Shape(**{**head, "internal_domains": domains, "edm": edm, "feeds": feeds})
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise NoSnapshotError(f"no snapshot {name}") from None
        directory = folder / "directory.csv"
        packs = tuple(sorted((folder / "packs").glob("*.yaml")))
        lists = {listed: folder / "edm" / _list_name(content) for listed, content, _ in edm}
        kept = {feed: folder / "feeds" / _list_name(content, ending) for feed, content, ending in feeds}
        return Snapshot(name, shape, packs, directory if shape.directory else None, lists, kept)

    def use(self, name: str) -> None:
        """Make it the current one, durably, and remove the oldest beyond those kept."""
        temporary = self.root / f".current.{os.getpid()}"
        temporary.unlink(missing_ok=True)
        _write(temporary, name.encode() + b"\n")
        temporary.rename(self.root / "current")
        sync_directory(self.root)
        os.utime(self.root / name)
        self._prune(name)

    def current(self) -> str:
        """The name in use, empty where there is none yet."""
        try:
            return (self.root / "current").read_text("ascii").strip()
        except FileNotFoundError:
            return ""

    def _prune(self, current: str) -> None:
        others = [p for p in self.root.iterdir() if NAME.fullmatch(p.name) and p.name != current]
        for old in sorted(others, key=lambda p: p.stat().st_mtime, reverse=True)[KEPT:]:
            shutil.rmtree(old, ignore_errors=True)


def _digests(folder: Path) -> dict[str, str]:
    """The SHA-256 of each pack, of the directory, of each list and of each feed in a snapshot's folder. Raises OSError."""
    packs, lists = ((folder / "packs").glob("*.yaml"), (folder / "edm").glob("*.bin"))
    feeds = (folder / "feeds").iterdir()
    files = (*sorted(packs), *folder.glob("directory.csv"), *sorted(lists), *sorted(feeds))
    return {str(f.relative_to(folder)): hashlib.sha256(read_regular(f)).hexdigest() for f in files}


def _list_name(content: str, ending: str = ".bin") -> str:
    return f"{content.removeprefix('sha256:')}{ending}"


def _triples(rows: Iterable[Iterable[object]]) -> tuple[tuple[str, str, str], ...]:
    """Rows of three texts as JSON gives them back. Raises ValueError, TypeError."""
    return tuple((str(a), str(b), str(c)) for a, b, c in rows)


def _write(path: Path, octets: bytes) -> None:
    """A new file, synced. Raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        write_all(descriptor, octets)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
