"""A child's life on its leash: it beats while its loop runs, and is told to end by SIGTERM or by its supervisor's end."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from typing import Final

from smtp_gate.server.children import BEAT, Leash

EVERY: Final = 1.0
"""Seconds between two heartbeats."""


@contextlib.asynccontextmanager
async def living(leash: Leash) -> AsyncIterator[asyncio.Event]:
    """Beat until the block is left, also while the child drains; the event is set once the child has to end."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)

    def heard() -> None:
        # The supervisor never speaks on the leash, so whatever can be read is its end.
        loop.remove_reader(leash.end)
        ended.set()

    loop.add_reader(leash.end, heard)
    beating = loop.create_task(_beat(leash))
    try:
        yield ended
    finally:
        beating.cancel()
        loop.remove_reader(leash.end)
        await asyncio.gather(beating, return_exceptions=True)


async def _beat(leash: Leash) -> None:
    while True:
        leash.say(BEAT)
        await asyncio.sleep(EVERY)
