"""Snapshots of what judging uses: packs, directory and settings as they were when tested, so that every worker builds the same.

Layout of version 5, below one folder: `NAME/snapshot.json`, `NAME/packs/NNN.yaml`, `NAME/directory.csv` where there is
one, `NAME/edm/SHA256.bin` for each list (equal ones of several snapshots are one file), `NAME/feeds/SHA256.feed` likewise
(`.txt` for a plain list); and `current`, a file that holds
the name in use. Beside them lies what store/ruleset_history.py writes. A list's key is no part of it: whoever has the snapshots has no key. A snapshot is written under another name, synced and renamed.
"""

import contextlib
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Final

from smtp_gate.store.files import make_private, read_regular, sync_directory
from smtp_gate.store.ruleset_history import History, write_new

VERSION: Final = 5
READ: Final = frozenset({4, VERSION})
"""Versions that can be read: one without the packs' content in its shape is as good for a rollback."""
KEPT: Final = 10
"""How many distinct rulesets are kept where nobody says, the one in use among them."""
NAME: Final = re.compile(r"[0-9a-f]{16}")
_MAKING: Final = re.compile(r"\.[0-9a-f]{16}\.([0-9]+)")


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
    content: str = ""
    """The packs octet by octet (`content_of`): comments and end markers are no part of the ruleset's hash."""


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
    content: str = ""
    """One name for the content of the packs alone (`content_of`)."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A distinct ruleset that is kept: its newest snapshot, the hash, the packs' content, when it was used (epoch seconds)."""

    name: str
    ruleset: str
    content: str
    first: float
    last: float


class Snapshots:
    """The snapshots in one folder. Methods block; they raise OSError where the disk fails."""

    def __init__(self, root: Path, keep: int = KEPT) -> None:
        """`keep` distinct rulesets stay: a directory that changes each hour must not push out the rules of last week."""
        self.root = make_private(root)
        self.history = History(self.root)
        self._keep = keep

    def save(self, shape: Shape, files: Files) -> Snapshot:
        """Copy the files into a snapshot, durably; the same shape and packs again give the one that is there."""
        packs = [pack.read_bytes() for pack in files.packs]
        shape = replace(shape, content=content_of(hashlib.sha256(octets).hexdigest() for octets in packs))
        name = hashlib.sha256(json.dumps(asdict(shape), sort_keys=True).encode()).hexdigest()[:16]
        with contextlib.suppress(NoSnapshotError):
            return self.get(name)
        making = self.root / f".{name}.{os.getpid()}"
        shutil.rmtree(making, ignore_errors=True)
        try:
            self._write(making, shape, packs, files)
            target = self.root / name
            # What lies there under the name was found not whole above.
            shutil.rmtree(target, ignore_errors=True)
            making.rename(target)
        except OSError:
            # A full disk is not filled further by each try.
            shutil.rmtree(making, ignore_errors=True)
            raise
        sync_directory(self.root)
        return self.get(name)

    def _write(self, making: Path, shape: Shape, packs: Sequence[bytes], files: Files) -> None:
        """All of a snapshot, synced. Raises OSError."""
        make_private(making / "packs")
        for number, octets in enumerate(packs):
            write_new(making / "packs" / f"{number:03}.yaml", octets)
        if files.directory is not None:
            write_new(making / "directory.csv", files.directory.read_bytes())
        make_private(making / "edm")
        for listed, content, _ in shape.edm:
            self._save_list(making / "edm" / _list_name(content), files.lists[listed])
        make_private(making / "feeds")
        for feed, content, ending in shape.feeds:
            self._save_list(making / "feeds" / _list_name(content, ending), files.feeds[feed])
        head = {"version": VERSION, "files": _digests(making), **asdict(shape)}
        write_new(making / "snapshot.json", json.dumps(head).encode())
        for folder in (making / "packs", making / "edm", making / "feeds", making):
            sync_directory(folder)

    def _save_list(self, target: Path, source: Path) -> None:
        """A list is large and seldom new: a snapshot that has it already gives its file."""
        if target.exists():
            return
        for other in self.root.glob(f"[0-9a-f]*/{target.parent.name}/{target.name}"):
            with contextlib.suppress(OSError):
                if hashlib.sha256(read_regular(other)).hexdigest() == target.stem:
                    os.link(other, target)
                    return
        write_new(target, source.read_bytes())

    def get(self, name: str) -> Snapshot:
        """The snapshot of that name, its files as they were written. Raises NoSnapshotError."""
        if NAME.fullmatch(name) is None:
            raise NoSnapshotError("not the name of a snapshot")
        folder = self.root / name
        try:
            head = json.loads((folder / "snapshot.json").read_bytes())
            if head.pop("version") not in READ:
                raise NoSnapshotError(f"{name} is of another version")
            files = head.pop("files")
            if files != _digests(folder):
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
        content = content_of(_pack_digests(files))
        return Snapshot(name, shape, packs, directory if shape.directory else None, lists, kept, content)

    def use(self, name: str) -> None:
        """Make it the current one, durably, and remove the oldest rulesets beyond those kept."""
        before = self.current()
        temporary = self.root / f".current.{os.getpid()}"
        temporary.unlink(missing_ok=True)
        write_new(temporary, name.encode() + b"\n")
        temporary.rename(self.root / "current")
        sync_directory(self.root)
        with contextlib.suppress(OSError):
            # It is in use already: a full disk costs a date, or leaves an old ruleset until the next time.
            os.utime(self.root / name)
            head = self._head(name)
            if head is not None:
                self.history.used(head.ruleset, head.last)
            # The one before, too: it came into use before an order was kept, or we were killed just here.
            self.history.put_last([n for n in (before, name) if n], self.names())
            self._prune(name)

    def names(self) -> frozenset[str]:
        """Every snapshot that is there, whole or not."""
        return frozenset(path.name for path in self.root.iterdir() if NAME.fullmatch(path.name))

    def drop(self, names: Iterable[str]) -> None:
        """Forget snapshots that were made in vain; that in use, and that which was rolled back to, stay."""
        pin = self.history.pin()
        for name in set(names) - {self.current(), pin.name if pin else ""}:
            shutil.rmtree(self.root / name, ignore_errors=True)

    def current(self) -> str:
        """The name in use, empty where there is none yet."""
        try:
            return (self.root / "current").read_text("ascii").strip()
        except FileNotFoundError:
            return ""

    def kept(self) -> tuple[Kept, ...]:
        """Every distinct ruleset, the one last used first; each under its newest snapshot, that in use before all others."""
        # Those last used stand last, so that they take the place of others.
        by_ruleset = {head.ruleset: head for head in self._heads()}
        uses = self.history.uses()
        told = (_with_uses(head, uses.get(head.ruleset)) for head in by_ruleset.values())
        return tuple(sorted(told, key=self._age(), reverse=True))

    def _heads(self) -> list[Kept]:
        """What is there, the one in use last, before it the one that was in use before it."""
        heads = (self._head(p.name) for p in self.root.iterdir() if NAME.fullmatch(p.name))
        return sorted((head for head in heads if head is not None), key=self._age())

    def _age(self) -> Callable[[Kept], tuple[bool, int, float]]:
        """What sorts by the order of use; by times only what came into use before that was kept, or never did."""
        current, order = self.current(), {name: n for n, name in enumerate(self.history.order())}
        return lambda head: (head.name == current, order.get(head.name, -1), head.last)

    def _head(self, name: str) -> Kept | None:
        """What a snapshot says of itself, its files not looked at; None where it is none of this version's."""
        folder = self.root / name
        try:
            head = json.loads((folder / "snapshot.json").read_bytes())
            if head["version"] not in READ:
                return None
            at = folder.stat().st_mtime
            return Kept(name, str(head["ruleset"]), content_of(_pack_digests(head["files"])), at, at)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def _prune(self, current: str) -> None:
        """Keep the newest snapshot of each of the last rulesets; that in use, and that which was rolled back to, always."""
        pin = self.history.pin()
        others = [h for h in self._heads() if h.name != current]
        # Also the one before, whatever it holds: a worker that is just being born may be reading it.
        always = {current, pin.name if pin else "", *(h.name for h in others[-1:])}
        kept = self.kept()
        stay = always | {k.name for k in kept[: self._keep]}
        for path in self.root.iterdir():
            making = _MAKING.fullmatch(path.name)
            # A gate has one keeper: what another process was making it has left behind when it was killed.
            left = making is not None and int(making[1]) != os.getpid()
            if left or (NAME.fullmatch(path.name) and path.name not in stay):
                shutil.rmtree(path, ignore_errors=True)
        self.history.forget({k.ruleset for k in kept if k.name not in stay})


def content_of(digests: Iterable[str]) -> str:
    """One name for the content of packs, given the SHA-256 of each, whatever the files are called and in whatever order."""
    return hashlib.sha256("\n".join(sorted(digests)).encode()).hexdigest()


def _pack_digests(files: Mapping[str, str]) -> list[str]:
    return [digest for name, digest in files.items() if name.startswith("packs/")]


def _with_uses(head: Kept, use: tuple[float, float] | None) -> Kept:
    return head if use is None else replace(head, first=use[0], last=max(use[1], head.last))


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
