"""Logs: one line a message, never content; a log nobody reads stops nothing; a watcher that breaks takes no other along."""

import io
import json
import os
import time
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from smtp_gate.adapters import logs
from smtp_gate.adapters.clock import today_in
from smtp_gate.adapters.logs import Logger, LogWatcher, Tee, describe
from smtp_gate.adapters.metrics import Metrics
from smtp_gate.core.message import Message
from smtp_gate.core.ports import Outcome, Watcher
from smtp_gate.core.reply import Reply
from smtp_gate.core.verdict import Judgement
from tests.fakes import FakeWatcher
from tests.store.sample import SECRET, judgement, plain, secret_message

OK = Reply.of(250, "2.0.0", f"queued {SECRET}")


def now() -> datetime:
    return datetime(2026, 3, 2, 9, 4, 5, 678901, tzinfo=timezone(timedelta(hours=-6)))


def logged(level: str = "info", style: str = "json") -> tuple[Logger, io.StringIO]:
    stream = io.StringIO()
    return Logger(now, level=level, style=style, stream=stream), stream


def rows(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_one_line_a_message_with_what_operators_ask_for() -> None:
    logger, stream = logged()
    message = secret_message()
    watcher: Watcher = LogWatcher(logger)
    watcher.stage("read", 0.1)
    watcher.rule("pii.ssn", 0.1)
    watcher.judged(message, judgement(message))
    watcher.answered(message, judgement(message), Outcome.MIXED, OK, 0.0123456)
    assert rows(stream) == [
        {
            "time": "2026-03-02T15:04:05.678+00:00",
            "level": "warning",
            "event": "message",
            "ref": message.ref,
            "outcome": "mixed",
            "verdict": "quarantine",
            "code": 250,
            "enhanced": "2.0.0",
            "rules": ["id.spoof", "pii.ssn"],
            "findings": 2,
            "unscannable": 1,
            "recipients": 4,
            "size": len(message.content),
            "client": "192.0.2.7",
            "account": "dokafor",
            "listener": "outbound",
            "ms": 12.35,
            "failures": ["id.spoof:crash"],
        }
    ]


def test_a_message_without_a_judgement_has_its_line_too() -> None:
    logger, stream = logged()
    message, verdict = plain()
    LogWatcher(logger).answered(message, None, Outcome.CRASHED, OK, 1.0)
    LogWatcher(logger).answered(message, verdict, Outcome.RELAYED, OK, 1.0)
    assert [(r["verdict"], r["rules"], r["level"]) for r in rows(stream)] == [
        ("none", [], "info"),
        ("accept", [], "info"),
    ]


def crash() -> BaseException:
    try:
        int(f"not a number {SECRET}")
    except ValueError as error:
        return error
    raise AssertionError


@pytest.mark.parametrize("style", ["json", "console"])
def test_nothing_clear_is_logged(style: str) -> None:
    logger, stream = logged("debug", style)
    message = secret_message()
    LogWatcher(logger).answered(message, judgement(message), Outcome.HELD, OK, 0.1)
    LogWatcher(logger).fault(message.ref, "crash", crash())
    LogWatcher(logger).fault(message.ref, "crash", OSError(28, SECRET, f"/data/{SECRET}"))
    text = stream.getvalue()
    for clear in (SECRET, "9999", "lee@example.org", "Dana", "My number", "/data"):
        assert clear not in text
    assert "ValueError at crash:" in text
    assert "OSError 28" in text


def test_a_crash_is_told_by_type_and_place() -> None:
    assert describe(None) == ""
    assert describe(ValueError(SECRET)) == "ValueError"
    assert describe(crash()).startswith("ValueError at crash:")


def test_levels_and_the_console() -> None:
    logger, stream = logged("warning", "console")
    logger.log("info", "quiet", {})
    logger.log(
        "error", "loud", {"ref": "R", "none": None, "empty": "", "list": ["a", "b"], "said": 'two "words"\n\x1b[2J'}
    )
    assert stream.getvalue() == '15:04:05.678 error   loud       ref=R list=a,b said="two \\"words\\"\\n\\u001b[2J"\n'


def test_a_line_is_one_line_whatever_is_in_it() -> None:
    for style in ("json", "console"):
        logger, stream = logged(style=style)
        logger.log("info", "x", {"client": "a\nfake line\r\n", "rules": ["b\nc"]})
        assert stream.getvalue().count("\n") == 1
        assert "\r" not in stream.getvalue()


def test_a_broken_stream_loses_lines_and_says_so_later() -> None:
    class Broken(io.StringIO):
        broken = True

        def write(self, text: str) -> int:
            if self.broken:
                raise OSError(28, "full")
            return super().write(text)

    stream = Broken()
    logger = Logger(now, stream=stream)
    for _ in range(3):
        logger.log("info", "x", {})
    assert logger.lost == 3
    stream.broken = False
    logger.log("info", "y", {})
    logger.log("info", "z", {})
    assert [r.get("lines_lost") for r in rows(stream)] == [3, None]


def test_a_pipe_that_nobody_reads_does_not_block_and_is_caught_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "BACKLOG", 20)
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as stream:
        logger = Logger(now, stream=stream)
        for number in range(1500):
            logger.log("info", "x", {"number": number, "pad": "p" * 60})
        assert logger.lost > 0
        got = b""
        while len(got) < 60_000:
            got += os.read(reader, 65536)
        os.set_blocking(reader, False)
        logger.log("info", "last", {})
        got += os.read(reader, 1 << 20)
    os.close(reader)
    told = [json.loads(line) for line in got.decode().splitlines()]
    numbers = [r["number"] for r in told if r["event"] == "x"]
    assert numbers == sorted(numbers)
    assert 1499 in numbers, "the latest lines are kept"
    assert told[-1]["event"] == "last"
    assert max(r.get("lines_lost", 0) for r in told) + len(told) - 1 == 1500


def test_each_line_is_one_write() -> None:
    writes: list[str] = []

    class Stream(io.StringIO):
        def write(self, text: str) -> int:
            writes.append(text)
            return len(text)

    logger = Logger(now, stream=Stream())
    logger.log("info", "x", {"a": 1})
    assert len(writes) == 1
    assert writes[0].endswith("}\n")


class Breaks(FakeWatcher):
    """A watcher that breaks whatever it is told."""

    def stage(self, name: str, seconds: float) -> None:
        raise RuntimeError("bug")

    def rule(self, rule: str, seconds: float) -> None:
        raise RuntimeError("bug")

    def judged(self, message: Message, judgement: Judgement) -> None:
        raise RuntimeError("bug")

    def answered(
        self, message: Message, judgement: Judgement | None, outcome: Outcome, reply: Reply, seconds: float
    ) -> None:
        raise RuntimeError("bug")

    def fault(self, ref: str, what: str, error: BaseException | None = None) -> None:
        raise RuntimeError("bug")


def test_a_watcher_that_breaks_is_counted_and_the_others_hear() -> None:
    before, after = FakeWatcher(), FakeWatcher()
    tee = Tee(before, Breaks(), Metrics(), after)
    port: Watcher = tee
    message, verdict = plain()
    port.stage("read", 0.1)
    port.rule("r", 0.1)
    port.judged(message, verdict)
    port.answered(message, verdict, Outcome.RELAYED, OK, 0.1)
    port.fault(message.ref, "crash", None)
    assert tee.broken == 5
    for heard in (before, after):
        assert (heard.stages, heard.outcomes, heard.faults) == (["read"], [Outcome.RELAYED], ["crash"])


def test_times_are_utc() -> None:
    logger, stream = logged()
    logger.log("info", "x", {})
    assert rows(stream)[0]["time"].endswith("+00:00")
    assert datetime.fromisoformat(rows(stream)[0]["time"]).tzinfo == UTC


def test_a_day_is_that_of_the_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: datetime(2026, 7, 5, 2, tzinfo=UTC).timestamp())
    assert today_in(UTC) == date(2026, 7, 5)
    assert today_in(timezone(timedelta(hours=-5))) == date(2026, 7, 4)
