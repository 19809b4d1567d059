"""Structured logs: one line a message, refs and rules and codes, never content, subjects or values that were found."""

import json
import os
import select
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from threading import Lock
from typing import Final, TextIO

from smtp_gate.core.message import Message
from smtp_gate.core.ports import Outcome, Watcher
from smtp_gate.core.reply import Reply
from smtp_gate.core.verdict import Judgement

LEVELS: Final = {"debug": 0, "info": 1, "warning": 2, "error": 3}
"""error: a person must act; warning: the gate coped; info: one line a message; debug: never content either."""

BACKLOG: Final = 1000
"""Lines kept while whoever reads the log reads nothing; the oldest is lost then, and counted."""

_ENCODE: Final = json.JSONEncoder(separators=(",", ":")).encode
Value = str | int | float | bool | None | Sequence[str]


class Logger:
    """Writes one line an event, as JSON or for a person's eye, in one write.

    Never raises and never waits: while a pipe is full, lines wait in memory; lines that were lost are counted in `lost`,
    and the next line says how many there were until then.
    """

    def __init__(
        self, now: Callable[[], datetime], *, level: str = "info", style: str = "json", stream: TextIO | None = None
    ) -> None:
        """`style` is json, or anything else for lines that people read. Raises KeyError for no level of ours."""
        self._now = now
        self._least = LEVELS[level]
        self._json = style == "json"
        self._stream = stream or sys.stderr
        self._backlog: deque[str] = deque()
        self._told = 0
        self._lock = Lock()
        self._room, self._write = _outlet(self._stream)
        self.lost = 0

    def log(self, level: str, event: str, fields: Mapping[str, Value]) -> None:
        """Write one line, if its level is wanted."""
        if LEVELS.get(level, 3) < self._least:
            return
        stamp = self._now().astimezone(UTC).isoformat(timespec="milliseconds")
        with self._lock:
            self._drain()
            if len(self._backlog) >= BACKLOG:
                self._backlog.popleft()
                self.lost += 1
            if self.lost != self._told:
                self._told = self.lost
                fields = {**fields, "lines_lost": self.lost}
            self._backlog.append(self._line(stamp, level, event, fields))
            self._drain()

    def _drain(self) -> None:
        """Write what waits, as far as it goes through at once."""
        while self._backlog and self._room():
            line = self._backlog.popleft()
            try:
                self._write(line)
            except (OSError, ValueError):
                # Whoever closed the log's stream or filled its disk must not stop mail.
                self.lost += 1

    def _line(self, stamp: str, level: str, event: str, fields: Mapping[str, Value]) -> str:
        if self._json:
            return _ENCODE({"time": stamp, "level": level, "event": event, **fields}) + "\n"
        told = " ".join(f"{k}={_plain(v)}" for k, v in fields.items() if v not in ("", None, []))
        return f"{stamp[11:23]} {level:7} {event:10} {told}\n"


def _outlet(stream: TextIO) -> tuple[Callable[[], bool], Callable[[str], object]]:
    """Whether a write to the stream would go through at once, and the write: past the stream's own buffer.

    A stream without a descriptor always takes it.
    """
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError, AttributeError):
        return lambda: True, stream.write
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)

    def write(line: str) -> None:
        rest = memoryview(line.encode("utf-8", "backslashreplace"))
        while rest:
            rest = rest[os.write(descriptor, rest) :]

    return lambda: bool(poll.poll(0)), write


def _plain(value: Value) -> str:
    """A value on a console: quoted where it is not one plain word, control characters never as they are."""
    text = ",".join(value) if isinstance(value, Sequence) and not isinstance(value, str) else str(value)
    return text if text.isprintable() and " " not in text and '"' not in text else json.dumps(text)


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
        """The one line of a message; addresses and Message-ID stand in the journal, under the ref."""
        envelope = message.envelope
        fields: dict[str, Value] = {
            "ref": message.ref,
            "outcome": outcome.value,
            "verdict": "none" if judgement is None else judgement.verdict.strictest.word,
            "code": reply.code,
            "enhanced": reply.enhanced,
            "rules": _rules(judgement),
            "findings": 0 if judgement is None else sum(len(r.findings) for r in judgement.verdict.results),
            "unscannable": 0 if judgement is None else len(judgement.unscannable),
            "recipients": len(envelope.recipients),
            "size": len(message.content),
            "client": envelope.client.address,
            "account": envelope.client.account,
            "listener": envelope.listener.name,
            "ms": round(seconds * 1000, 2),
        }
        failures = _failures(judgement)
        if failures:
            fields["failures"] = failures
        self._logger.log("warning" if failures else "info", "message", fields)

    def fault(self, ref: str, what: str, error: BaseException | None = None) -> None:
        """A fault with the place in the code it came from; the exception's own text may quote a message and stays out."""
        self._logger.log("error", "fault", {"ref": ref, "what": what, "error": describe(error)})


def _rules(judgement: Judgement | None) -> list[str]:
    if judgement is None:
        return []
    return sorted({w.rule for r in judgement.verdict.rulings for w in r.weights})


def _failures(judgement: Judgement | None) -> list[str]:
    """`rule:cause` of every rule that could not look; a cause is one of a few words."""
    if judgement is None:
        return []
    return [f"{r.rule}:{r.failure.cause}" for r in judgement.verdict.results if r.failure is not None]


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
        # Bound once: these two are told many times a message.
        self._stages = tuple(w.stage for w in watchers)
        self._rules = tuple(w.rule for w in watchers)
        self.broken = 0
        """How many tellings a watcher did not survive."""

    def stage(self, name: str, seconds: float) -> None:
        """A stage of one message took so long."""
        for tell in self._stages:
            try:
                tell(name, seconds)
            except Exception:  # noqa: BLE001 - metrics and logs decide nothing: a bug in them must not stop mail
                self.broken += 1

    def rule(self, rule: str, seconds: float) -> None:
        """One rule took so long."""
        for tell in self._rules:
            try:
                tell(rule, seconds)
            except Exception:  # noqa: BLE001 - metrics and logs decide nothing: a bug in them must not stop mail
                self.broken += 1

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

    def _tell(self, speak: Callable[[Watcher], None]) -> None:
        for watcher in self._watchers:
            try:
                speak(watcher)
            except Exception:  # noqa: BLE001 - metrics and logs decide nothing: a bug in them must not stop mail
                self.broken += 1
