"""A held message under our claim: the one place that writes its progress and moves its file."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeVar

from smtp_gate.store.files import Claim
from smtp_gate.store.items import Item
from smtp_gate.store.progress import Kind, Step, after, progress
from smtp_gate.store.progress_files import ProgressFiles
from smtp_gate.store.states import Listed, State

T = TypeVar("T")


class Shelf(Protocol):
    """Where the item lies: the quarantine."""

    progress: ProgressFiles

    async def run(self, work: Callable[[], T]) -> T:
        """The result of blocking work on the files. Raises what it raises."""
        ...

    async def move(self, ref: str, source: State, target: State) -> None:
        """Change the folder durably. Raises NoSuchItemError, OSError."""
        ...


class Taken:
    """The item, the state and folder it was found in, and how far it has come. `end` it in the end."""

    def __init__(self, shelf: Shelf, listed: Listed, item: Item, mine: Claim) -> None:
        self.ref = listed.ref
        self.item = item
        self.state = listed.state
        self.folder = listed.folder
        self.progress = listed.progress or progress(len(item.message.envelope.recipients), ())
        # A damaged progress file is put aside, and kept, as soon as a person decides anew.
        self._damaged = bool(listed.flaw)
        self._shelf = shelf
        self._mine = mine

    async def add(self, *steps: Step) -> None:
        """Write these steps; durable when it returns. Raises OSError, and then none of them counts."""
        now = self.progress
        for step in steps:
            now = after(now, step)
        if self._damaged:
            await self._whole(lambda: self._shelf.progress.set_aside(self.ref))
            self._damaged = False
        await self._whole(lambda: self._shelf.progress.add(self.ref, steps))
        self.progress = now

    async def own_up(self, at: datetime) -> None:
        """Write down that nobody knows what became of any copy, where only the file's place or a flaw says so by now."""
        if self.state is State.UNKNOWN and not self.progress.steps:
            everybody = tuple(range(len(self.progress.copies)))
            await self.add(Step(Kind.LOST, at, everybody, why="found after a crash"))

    async def settle(self) -> None:
        """Bring the file where its progress says that it rests. Raises OSError."""
        target = State(self.progress.rests)
        if target is not self.folder:
            await self._shelf.move(self.ref, self.folder, target)
            self.folder = target

    async def close(self) -> None:
        """Put the progress file away where nothing is left to do. Raises OSError."""
        if self.progress.idle and State(self.progress.rests) is self.folder:
            await self._whole(lambda: self._shelf.progress.close(self.ref))

    async def _whole(self, work: Callable[[], None]) -> None:
        """Work on the progress file that ends before the claim does, even where whoever waits for it is cancelled."""
        task = asyncio.get_running_loop().create_task(self._shelf.run(work))
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait([task])
            raise

    def end(self) -> None:
        """Give the claim back."""
        self._mine.end()
