"""Held mail: one file an item, its state the folder it lies in, every change of state one durable rename."""

import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from smtp_gate.core.message import Message
from smtp_gate.core.verdict import Judgement
from smtp_gate.store.files import Disk, check_ref, make_private
from smtp_gate.store.items import DamagedItemError, Item, dump, load, make


class State(StrEnum):
    """The state of a hold (DESIGN.md, words). `pending` is one that is being made; left over, it is `unknown`."""

    PENDING = "pending"
    HELD = "held"
    RELEASING = "releasing"
    RELEASED = "released"
    DISCARDED = "discarded"
    EXPIRED = "expired"
    FAILED = "failed"
    UNKNOWN = "unknown"


FOLDERS: Final = tuple(s for s in State if s is not State.UNKNOWN)
UNDER_WAY: Final = 180.0
"""Seconds within which a pending file is taken for one that its worker is still busy with."""


class NoSuchItemError(LookupError):
    """There is no item with this ref in the state that was asked for."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An item as lists show it; `item` is None and `flaw` says why where its file cannot be read."""

    ref: str
    state: State
    item: Item | None
    flaw: str = ""


class FileQuarantine:
    """Implements the gate's port `Quarantine` on a folder; the commands read and change it through the same object."""

    def __init__(self, root: Path, disk: Disk) -> None:
        """Make the folders. Raises OSError."""
        self.root = make_private(root)
        self._disk = disk
        for state in FOLDERS:
            make_private(root / state)

    async def prepare(self, message: Message, judgement: Judgement, held: Collection[int]) -> "FileHold":
        """Write a durable pending copy for these recipients. Raises OSError."""
        blocks = dump(make(message, judgement, tuple(sorted(held))))
        await self._disk.write_new(self._path(message.ref, State.PENDING), blocks)
        return FileHold(self, message.ref)

    async def move(self, ref: str, source: State, target: State) -> None:
        """Change the state durably. Raises NoSuchItemError where it has changed already, OSError."""
        try:
            await self._disk.move(self._path(ref, source), self._path(ref, target))
        except FileNotFoundError:
            raise NoSuchItemError(f"{ref} is not {source}") from None

    async def remove(self, ref: str, state: State) -> None:
        """Remove an item's file durably. Raises OSError."""
        await self._disk.remove(self._path(ref, state))

    def find(self, ref: str) -> Listed:
        """The item with this ref, in whatever state. Raises NoSuchItemError, and ValueError for what is no ref."""
        for state in FOLDERS:
            path = self._path(ref, state)
            if path.exists():
                return _listed(path, state)
        raise NoSuchItemError(f"no message with ref {ref}")

    def items(self, *states: State) -> Iterator[Listed]:
        """The items in these states (all, if none is named), oldest first within a state. Raises OSError."""
        for state in FOLDERS:
            shown = State.UNKNOWN if state in {State.PENDING, State.RELEASING} else state
            if states and shown not in states and state not in states:
                continue
            files = sorted((p.stat().st_mtime, p) for p in (self.root / state).glob("*.hold"))
            youngest = time.time() - UNDER_WAY if state is State.PENDING else float("inf")
            yield from (_listed(path, state) for written, path in files if written < youngest)

    def count_and_oldest(self) -> tuple[int, float]:
        """How many messages are held, and when the oldest was written (seconds since the epoch, 0 where none is)."""
        times = [p.stat().st_mtime for p in (self.root / State.HELD).glob("*.hold")]
        return len(times), min(times, default=0.0)

    def _path(self, ref: str, state: State) -> Path:
        return self.root / state / f"{check_ref(ref)}.hold"


def _listed(path: Path, state: State) -> Listed:
    """What lies at a path; a pending or releasing file that somebody lists is the leftover of a crash, or very young."""
    shown = State.UNKNOWN if state in {State.PENDING, State.RELEASING} else state
    ref = path.name.removesuffix(".hold")
    try:
        return Listed(ref, shown, load(path.read_bytes()))
    except DamagedItemError as error:
        return Listed(ref, shown, None, str(error))


class FileHold:
    """Implements the gate's port `Hold`."""

    def __init__(self, quarantine: FileQuarantine, ref: str) -> None:
        self._quarantine = quarantine
        self._ref = ref
        self._over = False

    async def commit(self) -> None:
        """Make it held. Raises OSError; a second call does nothing."""
        if not self._over:
            await self._quarantine.move(self._ref, State.PENDING, State.HELD)
            self._over = True

    async def drop(self) -> None:
        """Remove it. Raises OSError; a second call does nothing."""
        if not self._over:
            await self._quarantine.remove(self._ref, State.PENDING)
            self._over = True
