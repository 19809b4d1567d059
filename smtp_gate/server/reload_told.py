"""What is told of a reload: in the log, in metrics and in the journal, once each."""

from collections.abc import Callable
from typing import Final

from smtp_gate.adapters.control import Frame
from smtp_gate.adapters.logs import Logger, Value
from smtp_gate.adapters.metrics_keeper import KeeperMetrics
from smtp_gate.examine import Ruleset
from smtp_gate.ruleset.changes_told import gone_rules, summary
from smtp_gate.server.preparing import Wish
from smtp_gate.server.reload import Reloaded
from smtp_gate.store.journal import SegmentJournal
from smtp_gate.store.journal_records import EventRecord

MOST: Final = 20
"""How many changes are told one by one."""
SHORT: Final = len("sha256:") + 16
"""How much of a ruleset's hash the journal's line shows."""


class ReloadTeller:
    """Tells of every reload that changed something, was refused, or was asked for by somebody."""

    def __init__(
        self, metrics: KeeperMetrics, logger: Logger, journal: SegmentJournal, in_use: Callable[[], Ruleset]
    ) -> None:
        """`in_use` gives the ruleset in use."""
        self._in_use = in_use
        self._metrics = metrics
        self._logger = logger
        self._journal = journal
        self._answered: tuple[str, ...] = ()
        """Why somebody's own reload was refused last: the watch, which sees the same files soon after, need not say it again."""

    async def tell(self, wish: Wish, done: Reloaded) -> None:
        """Tell of one; never raises, since what was done is done."""
        self._metrics.rolled_back(now=bool(done.rolled_back))
        answered, self._answered = self._answered, done.reasons if wish.files and wish.to is None else ()
        if done.reasons and done.reasons == answered and not wish.files:
            return
        if done.reasons:
            self._metrics.reload_refused(files=wish.to is None)
            told: dict[str, Value] = {"by": wish.by, "mistakes": list(done.reasons), "ruleset": done.ruleset}
            self._logger.log("error", "reload_refused", told)
        elif not done.is_news and not wish.files:
            # A file was touched and says what it said: nobody needs to hear of it.
            self._metrics.files_in_use()
            return
        else:
            self._metrics.ruleset_loaded(self._in_use())
            self._log(wish, done)
        try:
            await self._journal.event(EventRecord(what="reload", ref="", who=wish.by, detail=detail(done)))
        except OSError as error:
            self._logger.log("error", "reload_not_journalled", {"error": error.strerror or type(error).__name__})

    def tell_mode(self) -> None:
        """Warn while no rule acts."""
        if not self._in_use().enforcing:
            self._logger.log("warning", "not_enforcing", {"why": "enforce: false puts every rule in shadow"})

    def _log(self, wish: Wish, done: Reloaded) -> None:
        gone = gone_rules(done.changes)
        if gone:
            self._logger.log("warning", "rules_gone", {"by": wish.by, "rules": list(gone), "ruleset": done.ruleset})
        told: dict[str, Value] = {"rules": done.rules, "ruleset": done.ruleset, "by": wish.by, "before": done.before}
        if done.changes or done.beside:
            told["changes"] = _changes(done)
        if done.rolled_back:
            told["rolled_back"] = done.rolled_back
        self._logger.log("info", "reloaded", told)
        self.tell_mode()


def wish_of(frame: Frame) -> Wish:
    """What a command's frame asks for.

    `{"do": "reload", "by", "who"}` loads the files; with `by` `directory sync` a rollback that is in force stays so.
    `{"do": "rollback", "to", "who"}` goes back, `to` empty for the ruleset before.
    """
    who = str(frame.get("who") or "somebody")[:100]
    if frame.get("do") == "rollback":
        return Wish(f"rollback by {who}", to=str(frame.get("to") or ""))
    by = "directory sync" if frame.get("by") == "directory sync" else "command"
    return Wish(f"{by} by {who}", files=by == "command")


def answer_of(done: Reloaded) -> Frame:
    """What a command is answered."""
    return {
        "ruleset": done.ruleset,
        "rules": done.rules,
        "reasons": list(done.reasons),
        "before": done.before,
        "changes": _changes(done),
        "snapshot": done.snapshot,
        "rolled_back": done.rolled_back,
    }


def detail(done: Reloaded) -> str:
    """The reload in one line: the hash before and now, and what changed, or why nothing did."""
    if done.reasons:
        more = f" (and {len(done.reasons) - 1} more)" if len(done.reasons) > 1 else ""
        return f"refused, {done.ruleset[:SHORT]} stays: {done.reasons[0]}{more}"
    said = [f"{done.before[:SHORT]} -> {done.ruleset[:SHORT]}", *_changes(done)]
    if done.rolled_back:
        said.append(f"rolled back to {done.rolled_back}")
    return "; ".join(said)


def _changes(done: Reloaded) -> list[str]:
    return [*summary(done.changes, MOST), *(f"{name} changed" for name in done.beside)]
