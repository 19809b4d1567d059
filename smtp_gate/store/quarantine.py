"""Held mail: one file an item, its state the folder it lies in, every change of state one durable rename.

A state is a folder, not a field, because a rename is the one change that is atomic, durable with two directory syncs,
exclusive between processes, and visible to whoever looks with `ls`. How far a release has come stands in the item's
progress file. `unknown` is no folder: it is what lies in `pending` or `releasing` without a live process that claims it and
without progress that says what became of every copy. Nothing moves it by itself.
"""

from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from smtp_gate.core.message import Message
from smtp_gate.core.verdict import Judgement
from smtp_gate.store.files import Claim, Disk, check_ref, claim, make_private, sweep
from smtp_gate.store.items import dump, make
from smtp_gate.store.looking import SUFFIX, look
from smtp_gate.store.progress_files import ProgressFiles
from smtp_gate.store.states import FOLDERS, WORKED_ON, Listed, NoSuchItemError, State
from smtp_gate.store.taken import Taken

__all__ = [
    "FOLDERS",
    "SUFFIX",
    "WORKED_ON",
    "FileHold",
    "FileQuarantine",
    "Listed",
    "NoSuchItemError",
    "State",
    "Taken",
]

T = TypeVar("T")


class FileQuarantine:
    """Implements the gate's port `Quarantine` on a folder; the commands read and change it through the same object."""

    def __init__(self, root: Path, disk: Disk) -> None:
        """Make the folders, and remove what crashed writers left under temporary names. Raises OSError."""
        self.root = make_private(root)
        self._disk = disk
        for state in FOLDERS:
            make_private(root / state)
        self.progress = ProgressFiles(root / "progress")
        self.swept = sweep(root / State.PENDING)

    async def prepare(self, message: Message, judgement: Judgement, held: Collection[int]) -> "FileHold":
        """Write a durable pending copy for these recipients. Raises OSError."""
        path = self._path(message.ref, State.PENDING)

        def blocks() -> Iterator[bytes]:
            # Drawn in the disk's thread, so that hashing a large message does not stop the loop.
            yield from dump(make(message, judgement, tuple(sorted(held))))

        mine = await self._disk.write_new(path, blocks())
        return FileHold(self, message.ref, mine)

    async def take(self, ref: str, *states: State) -> Taken:
        """The item, claimed, if it is in one of these states. Raises NoSuchItemError, OSError, ValueError for no ref.

        What the states name may be `unknown`; an item that a live process works on is never given, nor one that cannot be
        read.
        """
        found = await self.run(lambda: self.find(ref))
        if found.state not in states:
            raise NoSuchItemError(f"{ref} is {found.state}, not {' or '.join(states)}")
        path = self._path(ref, found.folder)
        try:
            mine = await self.run(lambda: claim(path))
        except FileNotFoundError:
            mine = None
        if mine is None:
            raise NoSuchItemError(f"somebody else works on {ref} at this moment")
        try:
            # Looked at again, because whoever had the claim before may have moved it or gone on with it.
            listed = await self.run(lambda: look(path, found.folder, self.progress, mine=True))
            return self._taken(listed, mine, states)
        except BaseException:
            mine.end()
            raise

    def _taken(self, listed: Listed | None, mine: Claim, states: tuple[State, ...]) -> Taken:
        if listed is None or listed.state not in states:
            raise NoSuchItemError("somebody else has just decided on it")
        if listed.item is None:
            raise NoSuchItemError(f"{listed.ref} cannot be read: {listed.flaw}")
        return Taken(self, listed, listed.item, mine)

    async def run(self, work: Callable[[], T]) -> T:
        """The result of blocking work on the files, done in a thread of the disk. Raises what it raises."""
        return await self._disk.run(work)

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
            listed = look(self._path(ref, state), state, self.progress)
            if listed is not None:
                return listed
        raise NoSuchItemError(f"no message with ref {ref}")

    def items(self, *states: State) -> Iterator[Listed]:
        """The items in these states, oldest first within a folder; unnamed, all but the ones just being made.

        One item is in memory at a time. Raises OSError.
        """
        wanted = frozenset(states) or frozenset(State) - {State.PENDING}
        underway = frozenset(self.progress.refs())
        for folder in FOLDERS:
            for _, path in sorted(self._written(folder)):
                # An item can be in another state than its folder only while it is worked on, or after a crash.
                if folder not in wanted | WORKED_ON and path.name.removesuffix(SUFFIX) not in underway:
                    continue
                listed = look(path, folder, self.progress)
                if listed is not None and listed.state in wanted:
                    yield listed

    def held_before(self, moment: datetime) -> Iterator[str]:
        """The refs of the messages that are held and were received before that moment. Raises OSError."""
        for written, path in sorted(self._written(State.HELD)):
            if written >= moment.timestamp():
                # No file is written before its message is received, and the rest are younger still.
                return
            listed = look(path, State.HELD, self.progress)
            item = None if listed is None or listed.state is not State.HELD else listed.item
            if item is not None and item.message.received < moment:
                yield item.message.ref

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
