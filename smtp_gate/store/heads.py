r"""The keeper's seals: the last hash of every journal segment, written down beside them, so that a cut tail shows.

Seals are records of kind `sealed` in segments of their own, `heads-NNNNNNNN.jsonl`, in the journal's format and with its
chains: `{"kind":"sealed","full":<bool>,"heads":[{"segment","line","seq","size","hash"}]}`; `size` counts the octets up to the
end of that line. The first seal of a segment is full, it names every head there is, so the newest segment says
everything and old ones need not be read to go on. The file `heads.last`, one line in the same format, names the newest
seal, so that the end of the seals cannot be cut by itself either; it is written after the seal, so it may lag, never lead.

What this finds: any octet changed, any line or file removed, added, doubled or moved, any end cut, in a journal segment up
to its last sealed record and in the seals themselves. What it cannot find: what happens to records behind the last seal of
their segment (they were written since, at most one interval of the keeper's ago), and the work of somebody who may write
in the folder and makes all hashes anew. Against the latter every seal's hash goes to the log, and a log kept on another
machine tells: `is_sealed` answers whether a logged seal is still there.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from smtp_gate.store.files import make_private, sync_directory, write_all
from smtp_gate.store.journal_lines import SEGMENT, START, body_of, last_hash, seal, segments, unseal
from smtp_gate.store.journal_reader import Damage, Flaw, Head, Record, read_segment
from smtp_gate.store.journal_segment import SegmentFile
from smtp_gate.store.journal_tail import Position, stands, tail

NAME: Final = "heads"
"""The seals' own name among the workers'."""

LAST: Final = "heads.last"
LIMIT: Final = 4 * 1024 * 1024
"""Octets of seals after which another segment begins."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """One look at the journal: the heads sealed by it, what was found wrong, and the hash of the newest seal there is.

    Without growth there are no heads and nothing was written. `chain_hash` belongs in a log kept elsewhere.
    """

    heads: tuple[Head, ...]
    flaws: tuple[Flaw, ...]
    chain_hash: str


@dataclass(slots=True)
class _Segment:
    """What is known of one segment: how far it was read, the last whole record, and whether that is sealed.

    `lost`: a sealed head is no longer in the file. It is never sealed again, or a seal would cover up for the loss.
    """

    position: Position
    head: Position
    sealed: bool = False
    looked: int = -1
    lost: bool = False


class Sealer:
    """Seals the heads of the journal in a folder; one object a gate, in the keeper. Blocking, one thread at a time."""

    def __init__(self, root: Path, limit: int = LIMIT) -> None:
        """Make the folder; nothing is read yet. Raises OSError."""
        self._root = make_private(root)
        self._stamp = ""
        self._file = SegmentFile(root, NAME, limit, lambda: self._stamp)
        self._known: dict[str, _Segment] | None = None
        self._flaws: list[Flaw] = []
        self._chain_hash = START

    def seal(self, now: datetime) -> Sealed:
        """Read what was written since the last call, make it durable, and seal its heads. Raises OSError.

        After an error the same heads are sealed by the next call. A flaw is returned once a process.
        """
        self._stamp = now.astimezone(UTC).isoformat(timespec="milliseconds")
        if self._known is None:
            self._known = self._take_up()
        known, flaws, self._flaws = self._known, self._flaws, []
        paths = {path.name: path for path in journal_segments(self._root)}
        for name, path in paths.items():
            segment = known.setdefault(name, _Segment(Position(), Position()))
            flaws += _read_on(path, segment)
        for name in known.keys() - paths.keys():
            flaws += _lose(name, known[name], Damage.MISSING)
        grown = [name for name, s in sorted(known.items()) if s.head.line and not s.sealed and not s.lost]
        if grown:
            self._write(known, paths, grown)
        return Sealed(tuple(Head(name, known[name].head.hash) for name in grown), tuple(flaws), self._chain_hash)

    def close(self) -> None:
        """End the present segment of seals."""
        self._file.end()

    def _take_up(self) -> dict[str, _Segment]:
        """Go on where the last keeper stopped; what is wrong with the seals themselves is kept for `seal` to return."""
        heads, flaws = _newest(self._root)
        own = segments(self._root, NAME)
        if own:
            self._chain_hash = last_hash(own[-1])
            pin = _pin_of(self._root / LAST)
            wrong = pin if isinstance(pin, Flaw) else _lost(self._root, pin)
            if wrong is not None:
                flaws.append(wrong)
                self._set_aside()
        elif not (self._root / LAST).exists():
            # Before the first seal, so that seals without it are a finding.
            self._pin("", START)
        self._flaws = flaws
        return {name: _Segment(at, at, sealed=True) for name, at in heads.items()}

    def _set_aside(self) -> None:
        """Keep what the newest pin knows of, or the next seal would cover up for the loss."""
        if (self._root / LAST).exists():
            taken = len(list(self._root.glob(f"{LAST}*")))
            (self._root / LAST).rename(self._root / f"{LAST}.{taken}")

    def _write(self, known: dict[str, _Segment], paths: dict[str, Path], grown: list[str]) -> None:
        for name in grown:
            _sync(paths[name])
        # The name of a new segment may not be durable yet, and a sealed head of a lost name would look removed.
        sync_directory(self._root)
        full = not self._file.is_open
        named = [name for name, s in sorted(known.items()) if s.head.line] if full else grown
        rows = [_row(name, known[name].head) for name in named]
        self._file.append([body_of({"time": self._stamp, "kind": "sealed", "full": full, "heads": rows})])
        for name in grown:
            known[name].sealed = True
        segment, self._chain_hash = self._file.head
        self._pin(segment, self._chain_hash)

    def _pin(self, segment: str, last: str) -> None:
        line, _ = seal(0, START, body_of({"time": self._stamp, "kind": "last", "segment": segment, "last": last}))
        temporary = self._root / f".{LAST}.tmp"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            write_all(descriptor, line)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.rename(self._root / LAST)


def sealed(root: Path) -> tuple[tuple[Head, ...], tuple[Flaw, ...]]:
    """What `verify` has to find: the newest head of every segment and the newest seal; and flaws of `heads.last`.

    Flaws of the seals' own segments are found by `verify`, as in any segment. Raises OSError.
    """
    found = [_pin_of(path) for path in sorted({root / LAST, *root.glob(f"{LAST}*")})] if segments(root, NAME) else []
    pins = [pin for pin in found if isinstance(pin, Head) and pin.hash != START]
    heads, _ = _newest(root)
    known = [Head(name, at.hash) for name, at in sorted(heads.items())]
    return (*known, *pins), tuple(flaw for flaw in found if isinstance(flaw, Flaw))


def is_sealed(root: Path, chain_hash: str) -> bool:
    """Whether a seal with this hash, as it was logged, is still there. Raises OSError."""
    return any(_holds(path, Head(path.name, chain_hash)) for path in segments(root, NAME))


def journal_segments(root: Path) -> Iterator[Path]:
    """The segments that hold records of messages: all but the seals'."""
    for path in segments(root):
        match = SEGMENT.fullmatch(path.name)
        if match is not None and match[1] != NAME:
            yield path


def _read_on(path: Path, segment: _Segment) -> Iterator[Flaw]:
    """Take in what is new in one segment; yields what is wrong with it."""
    size = path.stat().st_size
    if segment.lost or size == segment.looked:
        return
    first = segment.looked < 0
    segment.looked = size
    if size < segment.position.offset or (first and not stands(path, segment.position)):
        yield from _lose(path.name, segment, Damage.CUT)
        return
    for found, position in tail(path, segment.position):
        segment.position = position
        for item in found:
            if isinstance(item, Flaw):
                yield item
            else:
                segment.head, segment.sealed = position, False


def _lose(name: str, segment: _Segment, damage: Damage) -> Iterator[Flaw]:
    if not segment.lost:
        segment.lost = True
        yield Flaw(name, 0, damage)


def _sync(path: Path) -> None:
    """Make durable what was read: a worker may have written it and not synced it yet."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)


def _row(name: str, at: Position) -> dict[str, object]:
    return {"segment": name, "line": at.line, "seq": at.seq, "size": at.offset, "hash": at.hash}


def _newest(root: Path) -> tuple[dict[str, Position], list[Flaw]]:
    """The newest head of every segment, and what is wrong with the seals that were read to know."""
    steps, flaws = [], list[Flaw]()
    for path in reversed(segments(root, NAME)):
        items = list(read_segment(path))
        flaws += [item for item in items if isinstance(item, Flaw) and not item.by_crash]
        seals = [i.fields for i in items if isinstance(i, Record) and i.fields.get("kind") == "sealed"]
        steps.append(seals)
        if any(fields.get("full") is True for fields in seals):
            break
    heads: dict[str, Position] = {}
    for seals in reversed(steps):
        for fields in seals:
            heads.update(_heads_of(fields))
    return heads, flaws


def _heads_of(fields: dict[str, Any]) -> Iterator[tuple[str, Position]]:
    for row in fields.get("heads", ()):
        yield str(row["segment"]), Position(int(row["size"]), int(row["line"]), int(row["seq"]), str(row["hash"]))


def _holds(path: Path, head: Head) -> bool:
    return any(isinstance(i, Record) and i.fields["hash"] == head.hash for i in read_segment(path))


def _lost(root: Path, pin: Head) -> Flaw | None:
    """What it is where the seal that the pin names is no longer there."""
    if pin.hash == START:
        return None
    if not (root / pin.segment).exists():
        return Flaw(pin.segment, 0, Damage.MISSING)
    return None if _holds(root / pin.segment, pin) else Flaw(pin.segment, 0, Damage.CUT)


def _pin_of(path: Path) -> Head | Flaw:
    """The newest seal as `heads.last` knows it, or one set aside because it knew of one that has gone."""
    try:
        line = path.read_bytes()
    except FileNotFoundError:
        return Flaw(path.name, 0, Damage.MISSING)
    fields = unseal(line) if line.count(b"\n") == 1 else None
    if fields is None or fields.get("kind") != "last":
        return Flaw(path.name, 1, Damage.CHANGED)
    return Head(str(fields.get("segment")), str(fields.get("last")))
