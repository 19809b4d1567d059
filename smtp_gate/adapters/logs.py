"""Structured logs: one line a message, refs and rules and codes, never content, subjects or values that were found."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, TextIO

from smtp_gate.core.message import Message
from smtp_gate.core.ports import Outcome, Watcher
from smtp_gate.core.reply import Reply
from smtp_gate.core.verdict import Judgement

LEVELS: Final = ("debug", "info", "warning", "error")
"""error: a person must act; warning: the gate coped; info: one line a message; debug: never content either."""

Value = str | int | float | bool | None | Sequence[str]


class Logger:
    """Writes one line an event, as JSON or for a person's eye. Never raises: a log that cannot be written is lost."""

    def __init__(
        self, now: Callable[[], datetime], *, level: str = "info", style: str = "json", stream: TextIO | None = None
    ) -> None:
        self._now = now
        self._least = LEVELS.index(level)
        self._json = style == "json"
        self._stream = stream or sys.stderr
        self.lost = 0

    def log(self, level: str, event: str, fields: Mapping[str, Value]) -> None:
        """Write one line, if its level is wanted."""
        if LEVELS.index(level) < self._least:
            return
        stamp = self._now().astimezone(UTC).isoformat(timespec="milliseconds")
        try:
            self._stream.write(self._line(stamp, level, event, fields))
            self._stream.flush()
        except (OSError, ValueError):
            # Whoever closed or filled the log's stream must not stop mail.
            self.lost += 1

    def _line(self, stamp: str, level: str, event: str, fields: Mapping[str, Value]) -> str:
        if self._json:
            return json.dumps({"time": stamp, "level": level, "event": event, **fields}, separators=(",", ":")) + "\n"
        told = " ".join(f"{k}={_plain(v)}" for k, v in fields.items() if v not in ("", None, []))
        return f"{stamp[11:23]} {level:7} {event:10} {told}\n"


def _plain(value: Value) -> str:
    text = ",".join(value) if isinstance(value, Sequence) and not isinstance(value, str) else str(value)
    return json.dumps(text) if " " in text else text


class LogWatcher:
    """Implements the gate's `Watcher` on a logger."""

    def __init__(self, logger: Logger) -> None:
        self._logger = logger

    def stage(self, name: str, seconds: float) -> None:
        """Stages are for metrics."""

    def rule(self, rule: str, seconds: float) -> None:
        """So are rules."""

    def judged(self, message: Message, judgement: Judgement) -> None:
        """The line comes with the answer."""

    def answered(
        self, message: Message, judgement: Judgement | None, outcome: Outcome, reply: Reply, seconds: float
    ) -> None:
        """The one line of a message."""
        envelope = message.envelope
        rules = [] if judgement is None else sorted({w.rule for r in judgement.verdict.rulings for w in r.weights})
        self._logger.log(
            "info",
            "message",
            {
                "ref": message.ref,
                "outcome": str(outcome),
                "verdict": "none" if judgement is None else judgement.verdict.strictest.word,
                "code": reply.code,
                "rules": rules,
                "recipients": len(envelope.recipients),
                "size": len(message.content),
                "client": envelope.client.address,
                "account": envelope.client.account,
                "listener": envelope.listener.name,
                "message_id": "" if judgement is None else judgement.message_id[:200],
                "ms": round(seconds * 1000, 2),
            },
        )

    def fault(self, ref: str, what: str, error: BaseException | None = None) -> None:
        """A fault with the place in the code it came from; the exception's own text may quote a message and stays out."""
        self._logger.log("error", "fault", {"ref": ref, "what": what, "error": describe(error)})


def describe(error: BaseException | None) -> str:
    """The exception's type and place, with the number of an OSError; never its text."""
    if error is None:
        return ""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    number = f" {error.errno}" if isinstance(error, OSError) and error.errno is not None else ""
    place = "" if trace is None else f" at {trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}"
    return type(error).__name__ + number + place


class Tee:
    """Tells several watchers in turn; one that breaks is counted and does not keep the others from hearing."""

    def __init__(self, *watchers: Watcher) -> None:
        self._watchers = watchers
        self.broken = 0

    def _tell(self, speak: Callable[[Watcher], None]) -> None:
        for watcher in self._watchers:
            try:
                speak(watcher)
            except Exception:  # noqa: BLE001 - metrics and logs decide nothing: a bug in them must not stop mail
                self.broken += 1

    def stage(self, name: str, seconds: float) -> None:
        """A stage of one message took so long."""
        self._tell(lambda w: w.stage(name, seconds))

    def rule(self, rule: str, seconds: float) -> None:
        """One rule took so long."""
        self._tell(lambda w: w.rule(rule, seconds))

    def judged(self, message: Message, judgement: Judgement) -> None:
        """A verdict was made."""
        self._tell(lambda w: w.judged(message, judgement))

    def answered(
        self, message: Message, judgement: Judgement | None, outcome: Outcome, reply: Reply, seconds: float
    ) -> None:
        """A message was answered."""
        self._tell(lambda w: w.answered(message, judgement, outcome, reply, seconds))

    def fault(self, ref: str, what: str, error: BaseException | None = None) -> None:
        """Something broke and was turned into a 4xx."""
        self._tell(lambda w: w.fault(ref, what, error))
