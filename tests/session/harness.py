"""A real door on loopback and a small language of dialogues: `>>` is sent, `<<` is awaited.

Lines of `>>` that follow each other are sent in one piece. `>>=` is sent without CRLF and knows `\\r`, `\\n`, `\\0` and
`\\xNN`. `<< 250 *` is one whole reply, its lines joined by ` | `; `*` stands for anything. `<< closed` is the end.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

from smtp_gate.adapters.board import Row
from smtp_gate.adapters.door import Door
from smtp_gate.adapters.door_commons import Commons, Stamp
from smtp_gate.adapters.door_settings import DoorLimits, DoorSettings, DoorTls, RcptMode, TlsMode
from smtp_gate.core.course import Caller
from smtp_gate.core.features import Features
from smtp_gate.core.message import Envelope, Message, Recipient
from smtp_gate.core.ports import Attempt
from smtp_gate.core.reply import Reply
from tests.builders import listener

ALL = Features(None, frozenset({"PIPELINING", "8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES", "SIZE", "AUTH"}))
RECEIVED = datetime(2026, 3, 2, 15, 4, 5, tzinfo=UTC)
LOOPBACK = (ip_network("127.0.0.0/8"),)
ACCEPTED = Reply.of(250, "2.0.0", "queued as 1")
MAIL = "Subject: agenda\r\n\r\nLee, here it is.\r\n"


class Gate:
    """A gate that remembers its messages and answers as planned."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.attempts: list[Attempt | None] = []
        self.reply = ACCEPTED
        self.error: Exception | None = None
        self.pause: asyncio.Event | None = None
        self.cancelled = 0
        self.waited: list[float] = []
        self.over: list[Callable[[], None]] = []
        self.works_on = False

    async def receive(self, message: Message, attempt: Attempt | None, caller: Caller) -> Reply:
        self.waited.append(caller.waited)
        self.over.append(caller.over)
        try:
            return await self._answer(message, attempt)
        finally:
            if not self.works_on:
                caller.over()

    async def _answer(self, message: Message, attempt: Attempt | None) -> Reply:
        self.messages.append(message)
        self.attempts.append(attempt)
        if self.error is not None:
            raise self.error
        if self.pause is not None:
            try:
                await self.pause.wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
        return self.reply


class Hop:
    """A next hop whose answers are planned: to MAIL, to each recipient's address, and what it offers."""

    def __init__(self) -> None:
        self.mail = Reply.of(250, "2.1.0", "sender fine")
        self.refused: Reply | None = None
        self.rcpt: dict[str, Reply] = {}
        self.error: Exception | None = None
        self.features = ALL
        self.attempts: list[HopAttempt] = []

    async def begin(self, envelope: Envelope) -> "HopAttempt | Reply":
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        if self.refused is not None:
            return self.refused
        self.attempts.append(HopAttempt(self, envelope))
        return self.attempts[-1]


class HopAttempt:
    def __init__(self, hop: Hop, envelope: Envelope) -> None:
        self.hop = hop
        self.envelope = envelope
        self.reply = hop.mail
        self.dot_sent = False
        self.recipients: list[Recipient] = []
        self.aborts = 0

    async def rcpt(self, recipient: Recipient) -> Reply:
        await asyncio.sleep(0)
        self.recipients.append(recipient)
        return self.hop.rcpt.get(recipient.path.address, Reply.of(250, "2.1.5", "recipient fine"))

    async def send(self, octets: Any, chosen: Any, may_finish: Any) -> Reply:
        raise AssertionError("the door never sends")

    async def abort(self) -> None:
        self.aborts += 1


class Watcher:
    """What the door told."""

    def __init__(self) -> None:
        self.open = 0
        self.away: list[str] = []
        self.faults: list[tuple[str, str]] = []
        self.off: list[str] = []
        self.waits: list[float] = []
        self.octets = 0

    def connected(self, listener: str, change: int) -> None:
        self.open += change

    def turned_away(self, listener: str, why: str) -> None:
        self.away.append(why)

    def put_off(self, listener: str, why: str) -> None:
        self.off.append(why)

    def waited(self, queue: str, seconds: float) -> None:
        assert queue == "memory"
        self.waits.append(seconds)

    def in_flight(self, octets: int) -> None:
        self.octets = octets

    def fault(self, ref: str, what: str, error: BaseException | None = None) -> None:
        self.faults.append((ref, what))


class House:
    """A running door with its fakes."""

    def __init__(self, settings: DoorSettings, row: Row | None = None) -> None:
        self.gate = Gate()
        self.hop = Hop()
        self.watcher = Watcher()
        self.port = 0
        self.scripts: list[Script] = []
        stamp = Stamp(lambda: RECEIVED, lambda: "TESTREF000001")
        self.commons = Commons.of(settings, self.watcher, row, stamp)
        self.door = Door(settings, self.gate.receive, self.hop, lambda: self.hop.features, self.watcher, self.commons)

    @property
    def envelope(self) -> Envelope:
        return self.gate.messages[-1].envelope

    async def client(self, context: ssl.SSLContext | None = None) -> "Script":
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=context, limit=1 << 20)
        self.scripts.append(Script(reader, writer))
        return self.scripts[-1]

    async def play(self, text: str) -> "Script":
        """A dialogue from the banner on; the connection stays open."""
        script = await self.client()
        await script.play("<< 220 *\n" + text)
        return script

    async def settle(self, until: Callable[[], bool]) -> None:
        """Give the server's tasks time to come to an end."""
        for _ in range(400):
            if until():
                return
            await asyncio.sleep(0.005)
        raise AssertionError("it did not come to that")


class Script:
    """The client's end."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, octets: bytes) -> None:
        self.writer.write(octets)
        await self.writer.drain()

    async def reply(self) -> str:
        """One whole reply, `250 a | b`; `closed` at the end of the connection."""
        texts: list[str] = []
        while True:
            try:
                line = await asyncio.wait_for(self.reader.readline(), 5)
            except ConnectionError:
                line = b""
            if not line:
                return "closed"
            assert line.endswith(b"\r\n"), line
            texts.append(line[4:-2].decode("ascii"))
            if line[3:4] == b" ":
                return f"{line[:3].decode()} {' | '.join(texts)}"

    async def play(self, text: str) -> None:
        out = b""
        for line in (raw.strip() for raw in text.splitlines()):
            if line.startswith(">>="):
                out += line[3:].strip().encode().decode("unicode_escape").encode("latin-1")
            elif line.startswith(">>"):
                out += line[2:].strip().encode() + b"\r\n"
            elif line:
                assert line.startswith("<<"), line
                if out:
                    await self.send(out)
                    out = b""
                expect(line[2:].strip(), await self.reply())
        if out:
            await self.send(out)

    async def rest(self) -> list[str]:
        """Every reply up to the end of the connection."""
        replies = []
        while (reply := await self.reply()) != "closed":
            replies.append(reply)
        return replies

    async def close(self) -> None:
        self.writer.close()
        with suppress(ConnectionError, ssl.SSLError):
            await self.writer.wait_closed()


def expect(pattern: str, reply: str) -> None:
    regex = ".*".join(re.escape(piece) for piece in pattern.split("*"))
    assert re.fullmatch(regex, reply), f"expected {pattern!r}, got {reply!r}"


def settings(limits: DoorLimits | None = None, **changes: Any) -> DoorSettings:
    """A door for loopback that answers recipients itself and does not slow erring clients down."""
    base = DoorSettings(
        listener(), "gate.milwaukee.gov", replace(limits or DoorLimits(), error_delay=0.0), LOOPBACK,
        rcpt=RcptMode.AFTER_DATA,
    )  # fmt: skip
    return replace(base, **changes)


@asynccontextmanager
async def house(limits: DoorLimits | None = None, **changes: Any) -> AsyncIterator[House]:
    """A door on a free port of loopback; what is still open at the end is cut."""
    made = House(settings(limits, **changes))
    tls: DoorTls | None = made.door.settings.tls
    context = tls.context if tls is not None and tls.mode is TlsMode.IMPLICIT else None
    server = await asyncio.get_running_loop().create_server(made.door, "127.0.0.1", 0, ssl=context)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        for script in made.scripts:
            await script.close()
        await made.door.drain(0.0)
        await server.wait_closed()
        await made.settle(lambda: not made.door.connections)
        made.commons.spool.close()
