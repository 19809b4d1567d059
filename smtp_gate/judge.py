"""Judging: a message is read, its questions are asked, the rules look at it, and a verdict comes out. It changes nothing.

`serve`, `explain` and releases share it (law 7). What it needs from the world comes from `core.ports`.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from smtp_gate.core.facts import FactKey, Facts
from smtp_gate.core.finding import Failure
from smtp_gate.core.message import Message
from smtp_gate.core.ports import Extractor, FactSource, Watcher
from smtp_gate.core.verdict import Judgement, Verdict, decide, spare
from smtp_gate.core.view import MessageView, Unscannable
from smtp_gate.examine import Ruleset, examine
from smtp_gate.reading.limits import Limits
from smtp_gate.reading.reader import Opened, read

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Judge:
    """The pure part with its questions asked: message in, judgement out. `serve` and `explain` share it (law 7)."""

    ruleset: Callable[[], Ruleset]
    facts: FactSource
    watcher: Watcher
    clock: Callable[[], float]
    limits: Limits = field(default_factory=Limits)
    extractor: Extractor | None = None
    """Who opens documents; without one they are unscannable."""
    facts_within: float = 5.0
    inline: int = 64 * 1024
    """Messages above this many octets are read and examined in a thread, so that the event loop stays free."""
    together: Callable[[], tuple[Ruleset, FactSource]] | None = None
    """The ruleset and who answers for it, taken in one step, where a reload may swap them while a message is judged."""

    async def judge(self, message: Message, passed: frozenset[str] = frozenset()) -> Judgement:
        """Read, ask, examine, decide. Changes nothing. One ruleset holds for the whole message.

        `passed` are rules that a reviewer's pass spares everybody; the others weigh as ever. A message that is judged
        again keeps its `received`, so facts are those of that day (law 7).
        """
        ruleset, facts = (self.ruleset(), self.facts) if self.together is None else self.together()
        judge = self if facts is self.facts else replace(self, facts=facts)
        (judgement,) = await judge.judge_under(message, (ruleset,), passed)
        return judgement

    async def judge_under(
        self, message: Message, rulesets: Sequence[Ruleset], passed: frozenset[str] = frozenset()
    ) -> tuple[Judgement, ...]:
        """The judgement of each ruleset in turn: the message is read once, and every question is asked once for all.

        Each ruleset sees the answers to its own questions alone, so that none knows of another: what comes out for it is
        what `judge` gives under it (law 7). Raises ValueError without a ruleset.
        """
        if not rulesets:
            raise ValueError("a message is judged under some ruleset")
        started = self.clock()
        view, first = await self.view(message, rulesets[0])
        more = await self._off_loop(message, lambda: [ruleset.needs(view) for ruleset in rulesets[1:]])
        asked = (first, *more)
        answered = await self._ask(frozenset().union(*asked), message.received)
        judgements = []
        for ruleset, keys in zip(rulesets, asked, strict=True):
            facts = Facts({key: answered[key] for key in keys}, whole=True)
            verdict = await self._off_loop(message, partial(self._examine, view, facts, ruleset, passed))
            judgements.append(_judgement(view, facts, ruleset, verdict, self.clock() - started))
        return tuple(judgements)

    async def view(self, message: Message, ruleset: Ruleset) -> tuple[MessageView, frozenset[FactKey]]:
        """The message as read, documents opened where somebody can. Raises OSError where nobody opens them now."""
        view, keys = await self._off_loop(message, lambda: self._read(message, ruleset, {}))
        if self.extractor is None:
            return view, keys
        sealed = [p for p in view.parts if p.kind in self.extractor.kinds and not p.container]
        if not sealed:
            return view, keys
        started = self.clock()
        found = await asyncio.gather(*(self.extractor.open(part) for part in sealed))
        self.watcher.stage("open", self.clock() - started)
        opened = {part.part: inside for part, inside in zip(sealed, found, strict=True)}
        return await self._off_loop(message, lambda: self._read(message, ruleset, opened))

    def _read(self, message: Message, ruleset: Ruleset, opened: Opened) -> tuple[MessageView, frozenset[FactKey]]:
        started = self.clock()
        view = read(message, self.limits, opened)
        self.watcher.stage("read", self.clock() - started)
        return view, ruleset.needs(view)

    def _examine(self, view: MessageView, facts: Facts, ruleset: Ruleset, passed: frozenset[str]) -> Verdict:
        started = self.clock()
        results = examine(view, facts, ruleset, self.clock, self.watcher.rule)
        self.watcher.stage("examine", self.clock() - started)
        return decide(spare(results, passed, "pass"), view.envelope)

    async def _ask(self, keys: frozenset[FactKey], on: datetime) -> Facts:
        """Every question is answered, if only by a Failure, within the time for facts."""
        if not keys:
            return Facts(whole=True)
        started = self.clock()
        try:
            answers = await asyncio.wait_for(self.facts.ask(keys, on), self.facts_within)
        except TimeoutError:
            answers = dict.fromkeys(keys, Failure("timeout", "facts"))
        except Exception as error:  # noqa: BLE001 - whatever breaks outside is a missing fact, which defers (law 2)
            answers = dict.fromkeys(keys, Failure("fact_missing", type(error).__name__))
        self.watcher.stage("facts", self.clock() - started)
        # What a source has passed over is missing, not empty.
        silent = {key: Failure("fact_missing", f"{key.source} is silent") for key in keys if key not in answers}
        return Facts({**answers, **silent}, whole=True)

    async def _off_loop(self, message: Message, work: Callable[[], T]) -> T:
        return await asyncio.to_thread(work) if len(message.content) > self.inline else work()


def _judgement(view: MessageView, facts: Facts, ruleset: Ruleset, verdict: Verdict, seconds: float) -> Judgement:
    return Judgement(
        verdict,
        facts,
        ruleset.hash,
        seconds,
        view.header("message-id").strip(),
        tuple(str(d) for d in view.defects),
        _unscannable(view, verdict),
        view.protection,
    )


def _unscannable(view: MessageView, verdict: Verdict) -> tuple[Unscannable, ...]:
    """What the reader could not look into, and what the rules' shared scan gave up on."""
    scanned = (entry for result in verdict.results for entry in result.unscannable)
    return tuple(dict.fromkeys((*view.unscannable, *scanned)))
