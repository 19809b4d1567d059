"""A scripted SMTP sink: records exactly what it was sent and misbehaves where the script says so."""

import asyncio
import contextlib
import ssl
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self


@dataclass
class Transaction:
    """One message as it came: command lines verbatim, content after unstuffing, the raw octets of DATA before it."""

    mail: bytes
    rcpts: list[bytes] = field(default_factory=list)
    xforward: list[bytes] = field(default_factory=list)
    raw: bytes = b""

    @property
    def content(self) -> bytes:
        body = self.raw.removesuffix(b".\r\n")
        body = body.replace(b"\r\n..", b"\r\n.")
        return body[1:] if body.startswith(b"..") else body


@dataclass
class Act:
    """What the sink does at a stage instead of the ordinary: `say` octets (in pieces), then perhaps hang up or stall."""

    say: bytes = b""
    close: bool = False
    stall: bool = False
    slowly: bool = False


ORDINARY = {
    "connect": b"220 sink ESMTP\r\n",
    "mail": b"250 2.1.0 ok\r\n",
    "rcpt": b"250 2.1.5 ok\r\n",
    "rset": b"250 2.0.0 ok\r\n",
    "data": b"354 go on\r\n",
    "dot": b"250 2.0.0 queued as SINK\r\n",
    "quit": b"221 2.0.0 bye\r\n",
    "xforward": b"250 2.0.0 ok\r\n",
    "noop": b"250 2.0.0 ok\r\n",
    "starttls": b"220 2.0.0 ready\r\n",
}
EHLO = ("PIPELINING", "SIZE 50000000", "8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES")


class Sink:
    """The server. `script` maps a stage to acts used up in turn (the last one stays); `ehlo` are the keywords offered."""

    def __init__(
        self,
        script: Mapping[str, Iterable[Act]] | None = None,
        ehlo: Iterable[str] = EHLO,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.script = {k: list(v) for k, v in (script or {}).items()}
        self.ehlo = tuple(ehlo)
        self.tls = tls
        self.transactions: list[Transaction] = []
        self.commands: list[bytes] = []
        self.cut: list[bytes] = []
        self.connections = 0
        self.counts: dict[str, int] = defaultdict(int)
        self.port = 0
        self.said = b""
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=1 << 26)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.connections += 1
        try:
            await self._serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError, ssl.SSLError, asyncio.CancelledError):
                await writer.wait_closed()

    def _act(self, stage: str) -> Act:
        self.counts[stage] += 1
        acts = self.script.get(stage)
        if not acts:
            return Act(ORDINARY[stage])
        return acts.pop(0) if len(acts) > 1 else acts[0]

    async def _perform(self, stage: str, writer: asyncio.StreamWriter) -> bool:
        """True where the session goes on."""
        act = self._act(stage)
        self.said = act.say
        if act.stall:
            await asyncio.sleep(3600)
        pieces = [act.say[i : i + 1] for i in range(len(act.say))] if act.slowly else [act.say]
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            if act.slowly:
                await asyncio.sleep(0)
        return not act.close

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not await self._perform("connect", writer):
            return
        current: Transaction | None = None
        pending: list[bytes] = []
        while True:
            line = (await reader.readuntil(b"\r\n"))[:-2]
            self.commands.append(line)
            verb = line.split(b" ", 1)[0].split(b":")[0].upper().decode()
            if verb in {"EHLO", "HELO"}:
                if "ehlo" in self.script:
                    if not await self._perform("ehlo", writer):
                        return
                    continue
                rows = ["sink", *self.ehlo] if verb == "EHLO" else ["sink"]
                text = "".join(f"250{' ' if r is rows[-1] else '-'}{r}\r\n" for r in rows)
                writer.write(text.encode())
            elif verb == "STARTTLS":
                if not await self._perform("starttls", writer):
                    return
                assert self.tls is not None
                await writer.start_tls(self.tls)
                self.ehlo = tuple(k for k in self.ehlo if k != "STARTTLS")
            elif verb == "XFORWARD":
                pending.append(line)
                if not await self._perform("xforward", writer):
                    return
            elif verb == "MAIL":
                current = Transaction(line, xforward=pending)
                pending = []
                if not await self._perform("mail", writer):
                    return
            elif verb == "RCPT":
                if not await self._perform("rcpt", writer):
                    return
                if current is not None and self.said.startswith(b"2"):
                    current.rcpts.append(line)
            elif verb == "RSET":
                current = None
                if not await self._perform("rset", writer):
                    return
            elif verb == "DATA":
                if not await self._perform("data", writer):
                    return
                if not self.said.startswith(b"354"):
                    continue
                raw = await self._data(reader)
                assert current is not None
                current.raw = raw
                self.transactions.append(current)
                current = None
                if not await self._perform("dot", writer):
                    return
            elif verb == "QUIT":
                await self._perform("quit", writer)
                return
            else:
                writer.write(b"502 5.5.1 no\r\n")
            await writer.drain()

    async def _data(self, reader: asyncio.StreamReader) -> bytes:
        """Everything to the first CRLF.CRLF, the dot's line included."""
        raw = bytearray()
        try:
            while True:
                line = await reader.readuntil(b"\r\n")
                raw += line
                if line == b".\r\n" and (len(raw) == 3 or raw[-5:-3] == b"\r\n"):
                    return bytes(raw)
        except asyncio.IncompleteReadError as error:
            self.cut.append(bytes(raw) + error.partial)
            raise


@contextlib.asynccontextmanager
async def sink(
    script: Mapping[str, Iterable[Act]] | None = None, ehlo: Iterable[str] = EHLO, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Sink]:
    async with Sink(script, ehlo, tls) as server:
        yield server
