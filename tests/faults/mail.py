"""The client of the fault tests: sends mail that names itself, and writes down what it was told of each message.

Each message has a number; its recipients are `m<number>.<k>@<domain>`, so that whoever finds a copy knows whose it is.
"""

import asyncio
import contextlib
from dataclasses import dataclass, field
from enum import StrEnum


class Scenario(StrEnum):
    """What has to become of a message, by the words in it (`tests.peers.gates.RULES`)."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    HOLD = "hold"
    MIXED = "mixed"


WORDS = {
    Scenario.ACCEPT: "nothing of note",
    Scenario.REFUSE: "say GATE-STOP-1234",
    Scenario.HOLD: "say GATE-HOLD-1234",
    Scenario.MIXED: "say GATE-HOLD-1234",
}
SENDER = "dokafor@milwaukee.gov"
PATIENCE = 120.0


@dataclass
class Letter:
    """One message: what was sent, and what the client knows. `code` 0: it was never told."""

    number: int
    scenario: Scenario
    recipients: tuple[str, ...]
    content: bytes
    code: int = 0
    reply: str = ""
    reached_dot: bool = False


def letter(number: int, scenario: Scenario, *, padding: int = 0) -> Letter:
    """A message for one recipient outside; a mixed one for a colleague too, whose copy goes on."""
    outside = f"m{number}.0@example.org"
    recipients = (outside, f"m{number}.1@milwaukee.gov") if scenario is Scenario.MIXED else (outside,)
    head = f"From: {SENDER}\r\nMessage-ID: <m{number}@client.test>\r\nSubject: {scenario}\r\n\r\n"
    body = f"{WORDS[scenario]}\r\n.dots and all\r\n" + ("x" * 70 + "\r\n") * (padding // 72)
    return Letter(number, scenario, recipients, (head + body).encode())


@dataclass
class Client:
    """Sends letters to one address; every outcome is written into the letter."""

    port: int
    ledger: list[Letter] = field(default_factory=list)
    answered: int = 0
    """How many letters got a reply to their dot."""

    async def send(self, one: Letter) -> Letter:
        """Send it on a connection of its own. Whatever goes wrong is an outcome, not an error."""
        self.ledger.append(one)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await self._converse(one)
        return one

    async def _converse(self, one: Letter) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            if not await self._opened(one, reader, writer):
                return
            stuffed = one.content.replace(b"\r\n.", b"\r\n..")
            one.reached_dot = True
            writer.write(stuffed + b".\r\n")
            one.code, one.reply = await said(reader)
            self.answered += 1
            writer.write(b"QUIT\r\n")
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _opened(self, one: Letter, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Whether the gate has taken everything up to DATA."""
        commands = ["", "EHLO client.test", f"MAIL FROM:<{SENDER}> BODY=8BITMIME"]
        commands += [f"RCPT TO:<{r}> NOTIFY=FAILURE" for r in one.recipients]
        for command in (*commands, "DATA"):
            if command:
                writer.write(command.encode() + b"\r\n")
            code, text = await said(reader)
            if code >= 400:
                one.code, one.reply = code, text
                return False
        return True


async def said(reader: asyncio.StreamReader) -> tuple[int, str]:
    """One whole reply."""
    texts = []
    while True:
        line = await reader.readuntil(b"\r\n")
        texts.append(line[4:-2].decode())
        if line[3:4] != b"-":
            return int(line[:3]), " ".join(texts)
