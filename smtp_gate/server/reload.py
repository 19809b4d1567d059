"""A reload as one transaction: built and tested by the keeper, built by every worker, then in use in all, or in none."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from smtp_gate.adapters.control import ControlLine, Frame
from smtp_gate.config import Config
from smtp_gate.ruleset.differences import Change
from smtp_gate.server.preparing import Prepared, Preparer, RefusedError, Wish
from smtp_gate.server.rules import InUse
from smtp_gate.store.ruleset_history import Going
from smtp_gate.store.rulesets import Snapshots

PATIENCE: Final = 60.0
"""Seconds a worker may take to build."""
GONE: Final[Frame] = {"failed": "", "why": "gone"}
"""What a worker that has gone answers to everything."""
USUAL: Final = Wish()
TRIES: Final = 3
"""How often a reload begins anew where files change while they are read."""


@dataclass(frozen=True, slots=True)
class Reloaded:
    """How a reload ended: the ruleset in use now, and why it is still the old one where it is (empty: it is the new).

    `before` is the hash that was in use, `changes` what the packs say differently, `beside` what else changed. `is_news` is
    false where the files said what was in use already. `lasting` says of a refusal that only other files can mend it.
    `snapshot` is the name of the one in use, `rolled_back` that of the one that was rolled back to, empty without a rollback.
    """

    ruleset: str
    rules: int
    reasons: tuple[str, ...] = ()
    before: str = ""
    changes: tuple[Change, ...] = ()
    beside: tuple[str, ...] = ()
    is_news: bool = True
    lasting: bool = True
    snapshot: str = ""
    rolled_back: str = ""


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

    def __init__(
        self,
        reread: Callable[[], Config | None],
        snapshots: Snapshots,
        in_use: InUse,
        settings: Path | None = None,
    ) -> None:
        """`in_use` is the keeper's own, swapped with theirs; `settings` is the file that `reread` reads."""
        self._preparer = Preparer(reread, snapshots, settings)
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

    async def reload(self, wish: Wish = USUAL) -> Reloaded:
        """Build, test, build in every worker, use in every worker; or keep the last good one everywhere."""
        async with self._one:
            before = self.in_use.ruleset.hash
            try:
                prepared = await self._prepared(wish)
                is_news = await self._spread(prepared, wish)
            except RefusedError as refused:
                return replace(self._now(), reasons=refused.reasons, before=before, lasting=refused.lasting)
            done = replace(self._now(), before=before, snapshot=prepared.saved.name, is_news=is_news)
            return replace(done, changes=prepared.changes, beside=prepared.beside) if is_news else done

    async def _prepared(self, wish: Wish) -> Prepared:
        for _ in range(TRIES):
            try:
                prepared = await asyncio.to_thread(self._preparer.prepare, wish)
            except RefusedError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever breaks, a plug-in's code too, the last good rules stay and it is told
                why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
                raise RefusedError(f"the reload broke: {why}", lasting=False) from None
            if prepared is not None:
                return prepared
        raise RefusedError("the files kept changing while they were read", lasting=False)

    async def _spread(self, prepared: Prepared, wish: Wish) -> bool:
        """Into every worker; whether it is another snapshot than that in use. Raises RefusedError."""
        name = prepared.saved.name
        is_news = name != await asyncio.to_thread(self._snapshots.current)
        # Who asks by name may mean to mend a worker; who only saw a file touched does not.
        members = list(self._members) if is_news or wish.files else []
        answers = await asyncio.gather(*(m.ask({"do": "build", "name": name}) for m in members))
        # A worker that has gone meanwhile stops nobody: the next one begins with the current snapshot.
        failed = [
            f"{m.name}: {a.get('why')}"
            for m, a in zip(members, answers, strict=True)
            if "built" not in a and m in self._members
        ]
        if failed:
            await asyncio.to_thread(self._snapshots.drop, prepared.made)
            raise RefusedError(*failed, lasting=False)
        await asyncio.to_thread(self._use, prepared)
        self.in_use.swap(prepared.book)
        await asyncio.gather(*(m.ask({"do": "use", "name": name}) for m in members if m in self._members))
        return is_news

    def _use(self, prepared: Prepared) -> None:
        """Make it the current snapshot, and write down whether it is a rollback. Raises RefusedError."""
        history = self._snapshots.history
        before = history.pin()
        try:
            # What we are about first: if we die between the two that must agree, the keeper that follows finishes it.
            history.set_going(None if prepared.pin == before else Going(prepared.saved.name, prepared.pin))
            if prepared.pin != before:
                history.set_pin(prepared.pin)
            self._snapshots.use(prepared.saved.name)
            with contextlib.suppress(OSError):
                # It is done. What is left behind says what is so already, and the next reload takes it away first.
                history.set_going(None)
        except OSError as error:
            with contextlib.suppress(OSError):
                history.set_pin(before)
                history.set_going(None)
            raise RefusedError(f"the snapshot could not be used: {error.strerror}", lasting=False) from None

    def _now(self) -> Reloaded:
        ruleset, pin = self.in_use.ruleset, self._snapshots.history.pin()
        return Reloaded(ruleset.hash, len(ruleset.rules), rolled_back=pin.name if pin else "")
