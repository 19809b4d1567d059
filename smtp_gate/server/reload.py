"""A reload as one transaction: built and tested by the keeper, built by every worker, then in use in all, or in none."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from smtp_gate.adapters.control import ControlLine, Frame
from smtp_gate.config import Config
from smtp_gate.server.rules import InUse, Rulebook, load_rulebook, snapshot_of
from smtp_gate.store.rulesets import Snapshot, Snapshots

PATIENCE: Final = 60.0
"""Seconds a worker may take to build."""
GONE: Final[Frame] = {"failed": "", "why": "gone"}
"""What a worker that has gone answers to everything."""
TRIES: Final = 3
"""How often a reload begins anew where files change while they are read."""


@dataclass(frozen=True, slots=True)
class Reloaded:
    """How a reload ended: the ruleset in use now, and why it is still the old one where it is (empty: it is the new)."""

    ruleset: str
    rules: int
    reasons: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class _Member:
    """One worker on the line."""

    name: str
    line: ControlLine
    answers: "asyncio.Queue[Frame]" = field(default_factory=asyncio.Queue)
    ruleset: str = ""
    directory: str = ""

    async def ask(self, frame: Frame) -> Frame:
        """What it answers in time; a failure where it does not, or has gone."""
        self.line.send(frame)
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    answer = await self.answers.get()
                    # What it says of an earlier snapshot comes late, and answers nothing that is asked now.
                    if frame["name"] in answer.values() or answer is GONE:
                        return answer
        except TimeoutError:
            return {"failed": frame["name"], "why": "no answer in time"}


class Workers:
    """The workers on the line, and the one reload at a time that goes through all of them."""

    def __init__(self, reread: Callable[[], Config | None], snapshots: Snapshots, in_use: InUse) -> None:
        """`in_use` is the keeper's own, swapped with theirs."""
        self._reread = reread
        self._snapshots = snapshots
        self.in_use = in_use
        self._members: set[_Member] = set()
        self._one = asyncio.Lock()
        self.somebody = asyncio.Event()
        """Set once a worker has come on the line."""

    @property
    def rulesets(self) -> dict[str, str]:
        """The ruleset in use by each worker on the line."""
        return {m.name: m.ruleset for m in self._members}

    async def serve(self, line: ControlLine, hello: Frame) -> None:
        """One worker's line until it ends."""
        # Rules may be the same although the directory beside them is another.
        ruleset, directory = str(hello.get("ruleset", "")), str(hello.get("directory", ""))
        member = _Member(str(hello.get("name", "")), line, ruleset=ruleset, directory=directory)
        self._members.add(member)
        self.somebody.set()
        catching = asyncio.get_running_loop().create_task(self._catch_up(member))
        try:
            async for frame in line:
                member.ruleset = str(frame.get("ruleset") or member.ruleset)
                member.answers.put_nowait(frame)
        finally:
            self._members.discard(member)
            # Whoever waits for its answer learns that none will come.
            member.answers.put_nowait(GONE)
            catching.cancel()
            await asyncio.gather(catching, return_exceptions=True)

    async def _catch_up(self, member: _Member) -> None:
        """A worker that came while others swapped is brought to the same ruleset."""
        async with self._one:
            if (member.ruleset, member.directory) == (self.in_use.ruleset.hash, self.in_use.directory):
                return
            name = self._snapshots.current()
            if name and "built" in await member.ask({"do": "build", "name": name}):
                await member.ask({"do": "use", "name": name})

    async def reload(self) -> Reloaded:
        """Build, test, build in every worker, use in every worker; or keep the last good one everywhere."""
        async with self._one:
            for _ in range(TRIES):
                made = await asyncio.to_thread(self._prepare)
                if made is not None:
                    break
            else:
                return self._now("the files kept changing while they were read")
            if isinstance(made, Reloaded):
                return made
            return await self._spread(*made)

    def _prepare(self) -> tuple[Snapshot, Rulebook] | Reloaded | None:
        """A snapshot of what was just tested, None where a file changed meanwhile. Blocking."""
        config = self._reread()
        if config is None:
            return self._now("the settings have mistakes: see `smtp-gate check`")
        book = load_rulebook(config)
        if book.ruleset is None:
            return self._now(*(str(m) for m in book.errors[:20]))
        try:
            saved = snapshot_of(config, book, self._snapshots)
        except OSError as error:
            return self._now(f"the snapshot could not be written: {error.strerror}")
        return None if saved is None else (saved, book)

    async def _spread(self, saved: Snapshot, book: Rulebook) -> Reloaded:
        members = list(self._members)
        answers = await asyncio.gather(*(m.ask({"do": "build", "name": saved.name}) for m in members))
        # A worker that has gone meanwhile stops nobody: the next one begins with the current snapshot.
        failed = [
            f"{m.name}: {a.get('why')}"
            for m, a in zip(members, answers, strict=True)
            if "built" not in a and m in self._members
        ]
        if failed:
            return self._now(*failed)
        await asyncio.to_thread(self._snapshots.use, saved.name)
        self.in_use.swap(book)
        await asyncio.gather(*(m.ask({"do": "use", "name": saved.name}) for m in members if m in self._members))
        return self._now()

    def _now(self, *reasons: str) -> Reloaded:
        ruleset = self.in_use.ruleset
        return Reloaded(ruleset.hash, len(ruleset.rules), reasons)
