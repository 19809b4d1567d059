"""A worker's line to the keeper: it tells who it is, builds the ruleset it is told to, and takes it into use when all have it."""

import asyncio
import contextlib
import os
import sys
from pathlib import Path
from typing import Final

from smtp_gate.adapters.control import ControlLine, Frame, connect
from smtp_gate.adapters.logs import Logger
from smtp_gate.server.rules import InUse, Rulebook, load_snapshot
from smtp_gate.store.rulesets import Snapshots

AGAIN: Final = 0.5
"""Seconds before a keeper that has gone is looked for again."""
BUILDING: Final = 0.0005
"""Seconds a thread may run while a ruleset is built beside mail: ten times shorter than usual, so that mail hardly waits."""


class KeeperLink:
    """Keeps the line up; without a keeper mail goes on."""

    def __init__(self, path: Path, name: str, in_use: InUse, snapshots: Snapshots, logger: Logger) -> None:
        self._path = path
        self._name = name
        self._in_use = in_use
        self._snapshots = snapshots
        self._logger = logger
        self._built: tuple[str, Rulebook] | None = None

    async def run(self) -> None:
        """Connect, serve, connect again; for ever."""
        while True:
            with contextlib.suppress(OSError):
                # A keeper that is being replaced; mail goes on without it.
                line = await connect(self._path)
                try:
                    await self._serve(line)
                finally:
                    await line.close()
            await asyncio.sleep(AGAIN)

    async def _serve(self, line: ControlLine) -> None:
        using = {"ruleset": self._in_use.ruleset.hash, "directory": self._in_use.directory}
        line.send({"hello": "worker", "name": self._name, "pid": os.getpid(), **using})
        async for frame in line:
            line.send(await self._obey(frame))

    async def _obey(self, frame: Frame) -> Frame:
        name = str(frame.get("name", ""))
        match frame.get("do"):
            case "build":
                return await self._build(name)
            case "use":
                return self._use(name)
            case _:
                return {"failed": name, "why": "not understood"}

    async def _build(self, name: str) -> Frame:
        """Build it in a thread; what is in use stays."""
        usual = sys.getswitchinterval()
        sys.setswitchinterval(BUILDING)
        try:
            book = await asyncio.to_thread(load_snapshot, self._snapshots, name)
        except Exception as error:  # noqa: BLE001 - whatever breaks, a worker that fell silent here would keep its old rules unseen
            return {"failed": name, "why": type(error).__name__}
        finally:
            sys.setswitchinterval(usual)
        if book.ruleset is None:
            return {"failed": name, "why": str(book.errors[0])}
        self._built = name, book
        return {"built": name}

    def _use(self, name: str) -> Frame:
        """Take what was built into use, in one step."""
        if self._built is None or self._built[0] != name:
            return {"failed": name, "why": "not built"}
        book, self._built = self._built[1], None
        self._in_use.swap(book)
        rules = len(self._in_use.ruleset.rules)
        self._logger.log("info", "ruleset_swapped", {"rules": rules, "ruleset": self._in_use.ruleset.hash})
        return {"using": name, "ruleset": self._in_use.ruleset.hash}
