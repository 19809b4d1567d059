"""Held mail: one file an item, its state the folder it lies in, every change of state one durable rename.

A state is a folder, not a field, because a rename is the one change that is atomic, durable with two directory syncs,
exclusive between processes, and visible to whoever looks with `ls`. `unknown` is no folder: it is what lies in
`pending` or `releasing` without a live process that claims it, the leftover of a crash. Nothing moves it by itself.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from smtp_gate.core.message import Message
from smtp_gate.core.verdict import Judgement
from smtp_gate.store.files import Claim, Disk, check_ref, claim, is_claimed, make_private, sweep
from smtp_gate.store.items import DamagedItemError, Item, dump, load, make

SUFFIX: Final = ".hold"


class State(StrEnum):
    """The state of a hold (DESIGN.md, words)."""

    PENDING = "pending"
    HELD = "held"
    RELEASING = "releasing"
    RELEASED = "released"
    DISCARDED = "discarded"
    EXPIRED = "expired"
    FAILED = "failed"
    UNKNOWN = "unknown"


FOLDERS: Final = tuple(s for s in State if s is not State.UNKNOWN)
WORKED_ON: Final = frozenset({State.PENDING, State.RELEASING})


class NoSuchItemError(LookupError):
    """There is no item with this ref in the state that was asked for."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An item as lists show it; `item` is None and `flaw` says why where its file cannot be read.

    `folder` tells two kinds of `unknown` apart: from `pending` the other copies may have been relayed, from `releasing`
    this one.
    """

    ref: str
    state: State
    item: Item | None
    flaw: str = ""
    folder: State = State.HELD


class FileQuarantine:
    """Implements the gate's port `Quarantine` on a folder; the commands read and change it through the same object."""

    def __init__(self, root: Path, disk: Disk) -> None:
        """Make the folders, and remove what crashed writers left under temporary names. Raises OSError."""
        self.root = make_private(root)
        self._disk = disk
        for state in FOLDERS:
            make_private(root / state)
        self.swept = sweep(root / State.PENDING)

    async def prepare(self, message: Message, judgement: Judgement, held: Collection[int]) -> "FileHold":
        """Write a durable pending copy for these recipients. Raises OSError."""
        path = self._path(message.ref, State.PENDING)

        def blocks() -> Iterator[bytes]:
            # Drawn in the disk's thread, so that hashing a large message does not stop the loop.
            yield from dump(make(message, judgement, tuple(sorted(held))))

        mine = await self._disk.write_new(path, blocks())
        return FileHold(self, message.ref, mine)

    async def take(self, ref: str, *states: State) -> tuple[Listed, Claim]:
        """An item that is in one of these states and the claim on it. Raises NoSuchItemError, OSError.

        What the states name may be `unknown`; an item that a live process works on is never given.
        """
        listed = await self._disk.run(lambda: self.find(ref))
        if listed.state not in states:
            raise NoSuchItemError(f"{ref} is {listed.state}, not {' or '.join(states)}")
        try:
            mine = await self._disk.run(lambda: claim(self._path(ref, listed.folder)))
        except FileNotFoundError:
            mine = None
        if mine is None:
            raise NoSuchItemError(f"somebody else works on {ref} at this moment")
        return listed, mine

    async def move(self, ref: str, source: State, target: State) -> None:
        """Change the folder durably. Raises NoSuchItemError where it has changed already, OSError."""
        try:
            await self._disk.move(self._path(ref, source), self._path(ref, target))
        except FileNotFoundError:
            raise NoSuchItemError(f"{ref} is not {source}") from None

    async def remove(self, ref: str, state: State) -> None:
        """Remove an item's file durably. Raises OSError."""
        await self._disk.remove(self._path(ref, state))

    def find(self, ref: str) -> Listed:
        """The item with this ref, in whatever state. Raises NoSuchItemError, and ValueError for what is no ref."""
        # Twice, because a file that is moved meanwhile can be missed in its old folder and in its new one.
        for state in FOLDERS * 2:
            listed = _listed(self._path(ref, state), state)
            if listed is not None:
                return listed
        raise NoSuchItemError(f"no message with ref {ref}")

    def items(self, *states: State) -> Iterator[Listed]:
        """The items in these states, oldest first within a folder; unnamed, all but the ones just being made.

        One item is in memory at a time. Raises OSError.
        """
        wanted = frozenset(states) or frozenset(State) - {State.PENDING}
        for folder in FOLDERS:
            if folder not in wanted and not (folder in WORKED_ON and State.UNKNOWN in wanted):
                continue
            for _, path in sorted(self._written(folder)):
                listed = _listed(path, folder)
                if listed is not None and listed.state in wanted:
                    yield listed

    def count_and_oldest(self) -> tuple[int, float]:
        """How many messages are held, and when the oldest was written (seconds since the epoch, 0 where none is)."""
        times = [written for written, _ in self._written(State.HELD)]
        return len(times), min(times, default=0.0)

    def _written(self, folder: State) -> Iterator[tuple[float, Path]]:
        for path in (self.root / folder).glob(f"*{SUFFIX}"):
            try:
                yield path.stat().st_mtime, path
            except FileNotFoundError:
                # It was moved since the folder was read; it is in its new folder.
                continue

    def _path(self, ref: str, state: State) -> Path:
        return self.root / state / f"{check_ref(ref)}{SUFFIX}"


def _listed(path: Path, folder: State) -> Listed | None:
    """What lies at a path, None where nothing does."""
    ref = path.name.removesuffix(SUFFIX)
    try:
        left = folder in WORKED_ON and not is_claimed(path)
        octets = path.read_bytes()
    except FileNotFoundError:
        return None
    shown = State.UNKNOWN if left else folder
    try:
        item = load(octets)
    except DamagedItemError as error:
        return Listed(ref, shown, None, str(error), folder)
    if item.message.ref != ref:
        return Listed(ref, shown, None, "the file has another message's name", folder)
    return Listed(ref, shown, item, "", folder)


class FileHold:
    """Implements the gate's port `Hold`. It claims its file until it is committed or dropped."""

    def __init__(self, quarantine: FileQuarantine, ref: str, mine: Claim) -> None:
        self._quarantine = quarantine
        self._ref = ref
        self._mine = mine
        self._over = False

    async def commit(self) -> None:
        """Make it held. Raises OSError, and then it is left in `pending`; once it succeeded, a second call does nothing."""
        if self._over:
            return
        try:
            await self._quarantine.move(self._ref, State.PENDING, State.HELD)
        except NoSuchItemError as gone:
            raise FileNotFoundError(str(gone)) from None
        finally:
            # Held, it is anybody's; and where that failed, a person has to see it as unknown.
            self._mine.end()
        self._over = True

    async def drop(self) -> None:
        """Remove it. Raises OSError; a second call, or one after a commit, does nothing."""
        if self._over:
            return
        await self._quarantine.remove(self._ref, State.PENDING)
        self._mine.end()
        self._over = True
