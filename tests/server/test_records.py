"""A keeper told to end while it seals lets that seal end before it makes the last one."""

import asyncio
import time
from pathlib import Path
from unittest.mock import patch

from smtp_gate.store.heads import Sealer
from smtp_gate.store.journal_reader import verify
from tests.faults.hops import standing
from tests.faults.mail import Scenario


async def test_a_seal_under_way_as_the_keeper_ends_is_waited_for(tmp_path: Path) -> None:
    sync = "smtp_gate.store.heads._sync"
    running = most = 0
    really = Sealer.seal

    def seal(self: Sealer, now: object) -> object:
        nonlocal running, most
        running += 1
        most = max(most, running)
        try:
            return really(self, now)  # type: ignore[arg-type]  # passed on as it came
        finally:
            running -= 1

    with patch.object(Sealer, "seal", seal), patch(sync, lambda _: time.sleep(0.3)):
        async with standing(tmp_path) as stand:
            await stand.send(Scenario.ACCEPT, "mirror")
            keeper = stand.solo.keeper
            keeper._spawn(keeper._do(keeper._chores[1]))
            await asyncio.sleep(0.1)
    assert most == 1
    assert verify(tmp_path / "data" / "journal")[1] == ()
