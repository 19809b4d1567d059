"""A next hop that misbehaves costs nobody mail: at each command, in each way, after each octet."""

import asyncio
from pathlib import Path
from unittest.mock import patch

import pytest

from smtp_gate.store.quarantine import FileHold
from tests.faults.hops import MODES, Case, cases, matrix, octets, standing
from tests.faults.mail import SENDER, Scenario, said
from tests.sinks import Act


async def test_a_misbehaving_next_hop_breaks_no_promise(tmp_path: Path) -> None:
    result = await matrix(tmp_path, list(cases((1, 3), whole=False)))
    assert result.failures == []
    assert sum(result.runs.values()) > 200


async def test_replies_that_end_or_dribble_anywhere_break_no_promise(tmp_path: Path) -> None:
    seen = await octets(tmp_path, every=29)
    assert seen.failures == []
    assert seen.runs > 30


@pytest.mark.parametrize("command", ["mail", "rcpt", "data", "dot"])
async def test_a_next_hop_that_asks_for_tls_or_a_login_refuses_nobodys_mail(tmp_path: Path, command: str) -> None:
    asks = [Case(command, "5xx", 2, 1, Scenario.ACCEPT, mode) for mode in MODES]
    assert (await matrix(tmp_path, asks)).failures == []


async def test_whatever_breaks_after_the_next_hop_has_accepted_the_answer_is_250(tmp_path: Path) -> None:
    async with standing(tmp_path) as stand:
        with patch.object(FileHold, "commit", side_effect=RuntimeError("cannot schedule new futures after shutdown")):
            told = await stand.send(Scenario.MIXED, "mirror")
        assert len(stand.sink.accepted) == 1
        assert told.code == 250


async def test_what_the_next_hop_takes_back_after_we_announced_it_is_no_permanent_refusal(tmp_path: Path) -> None:
    async with standing(tmp_path) as stand:
        reader, writer = await asyncio.open_connection("127.0.0.1", stand.port("mirror"))
        await said(reader)
        writer.write(b"EHLO client.test\r\n")
        assert "8BITMIME" in (await said(reader))[1]
        await stand.hop.close()
        # It has forgotten EHLO for once, and takes HELO.
        stand.sink.script = {"ehlo": [Act(b"502 5.5.1 what?\r\n"), Act(b"250 sink\r\n")]}
        for line in (f"MAIL FROM:<{SENDER}>", "RCPT TO:<a@example.org>", "DATA"):
            writer.write(f"{line}\r\n".encode())
            assert (await said(reader))[0] < 400
        writer.write("Subject: x\r\n\r\nGrüße\r\n.\r\n".encode())
        assert (await said(reader))[0] == 451
        writer.close()
        await writer.wait_closed()
