"""A whole gate in one process and one loop, worker and keeper side by side: for the demo and for tests."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from smtp_gate.adapters.logs import Logger
from smtp_gate.adapters.metrics import Metrics
from smtp_gate.config import Config
from smtp_gate.core.ports import Watcher
from smtp_gate.server.keeper import Keeper
from smtp_gate.server.plan import make_plan
from smtp_gate.server.reload import Reloaded
from smtp_gate.server.rules import Rulebook
from smtp_gate.server.worker import Worker

PATIENCE: Final = 10.0
"""Seconds within which worker and keeper have to find each other."""


class Solo:
    """A running gate without supervisor; `addresses` tells where each listener and the metrics listen in fact."""

    def __init__(
        self,
        config: Config,
        logger: Logger,
        book: Rulebook,
        reread: Callable[[], Config | None],
        *watchers: Watcher,
        extract: Path | None = None,
        settings: Path | None = None,
    ) -> None:
        """Open everything; nothing is served yet. `watchers` are told beside metrics and log, `extract` is the socket of
        those who open documents, `settings` the file that `reread` reads. Raises OSError.
        """
        made = make_plan(config.model_copy(update={"workers": 1}), logger, book, reread)
        plan = replace(made, extract=extract, settings=settings)
        self.plan = plan
        metrics = Metrics()
        self.worker = Worker(plan, 0, metrics, *watchers)
        self.keeper = Keeper(plan, metrics.text)
        self.addresses = {name: plan.sockets.address(name) for name in plan.sockets.by_name}

    @property
    def data(self) -> Path:
        """The data folder."""
        return Path(self.plan.config.data_dir)

    async def start(self) -> None:
        """Serve; the worker is on the keeper's line when it returns. Raises OSError, TimeoutError."""
        await self.keeper.start()
        await self.worker.start()
        await asyncio.wait_for(self.keeper.workers.somebody.wait(), PATIENCE)

    async def reload(self) -> Reloaded:
        """Load packs and directory anew, or keep the last good ones and say why."""
        return await self.keeper.reload()

    async def stop(self) -> None:
        """Drain, and end."""
        await self.worker.stop()
        await self.keeper.stop()
        self.plan.sockets.close()
        self.plan.listening.close()
