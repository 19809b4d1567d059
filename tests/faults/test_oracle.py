"""The oracle itself: it sees each broken promise, so that a run without failures means something."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from smtp_gate.core.facts import Facts
from smtp_gate.core.message import Message
from smtp_gate.core.verdict import Disposition, Judgement, Ruling, Verdict
from smtp_gate.store.files import Disk
from smtp_gate.store.journal import SegmentJournal
from smtp_gate.store.quarantine import FileQuarantine
from tests.builders import envelope
from tests.faults.mail import SENDER, Letter, Scenario, letter
from tests.faults.oracle import Oracle

NOW = datetime(2026, 3, 2, tzinfo=UTC)


async def keep(data: Path, *letters: Letter, held: bool = True, decided: bool = True) -> None:
    """Put letters on record, and hold their first recipients."""
    disk = Disk(1)
    quarantine = FileQuarantine(data / "quarantine", disk)
    journal = SegmentJournal(data / "journal", now=lambda: NOW)
    for one in letters:
        message = Message(f"TESTREF{one.number:04}", envelope(SENDER, list(one.recipients)), one.content, NOW)
        rulings = tuple(Ruling(Disposition.QUARANTINE) for _ in one.recipients)
        judgement = Judgement(Verdict(rulings), Facts(), "sha256:0")
        if decided:
            await journal.decided(message, judgement)
        if held:
            await (await quarantine.prepare(message, judgement, (0,))).commit()
    await journal.close()
    disk.close()


def told(number: int, scenario: Scenario, code: int) -> Letter:
    return replace(letter(number, scenario), code=code, reply="as told")


def failures(data: Path, *letters: Letter, delivered: list[tuple[str, bytes]] | None = None) -> list[str]:
    return Oracle(data).judge(letters, delivered or []).failures


def test_what_was_acknowledged_has_to_be_somewhere(tmp_path: Path) -> None:
    one = told(1, Scenario.ACCEPT, 250)
    asyncio.run(keep(tmp_path, one, held=False))
    assert failures(tmp_path, one) == ["m1 (accept, client was told 250): m1.0@example.org is nowhere"]
    assert failures(tmp_path, one, delivered=[("m1.0@example.org", b"Received: x\r\n" + one.content)]) == []
    held = told(2, Scenario.HOLD, 250)
    asyncio.run(keep(tmp_path, held))
    assert failures(tmp_path, held) == []


@pytest.mark.parametrize(
    ("code", "copies", "changed", "said"),
    [
        (451, 1, False, "was kept although the client was told to try again"),
        (250, 2, False, "delivered 2 times"),
        (250, 1, True, "octets changed on the way"),
        (550, 0, False, "a fault became a 550"),
    ],
)
def test_each_broken_promise_is_seen(tmp_path: Path, code: int, copies: int, changed: bool, said: str) -> None:
    one = told(1, Scenario.ACCEPT, code)
    asyncio.run(keep(tmp_path, one, held=False))
    content = one.content.replace(b"note", b"n0te") if changed else one.content
    found = failures(tmp_path, one, delivered=[("m1.0@example.org", content)] * copies)
    assert any(said in failure for failure in found), found


def test_a_held_copy_that_was_delivered_and_one_without_a_verdict_are_seen(tmp_path: Path) -> None:
    one = told(1, Scenario.HOLD, 250)
    asyncio.run(keep(tmp_path, one, decided=False))
    found = failures(tmp_path, one, delivered=[("m1.0@example.org", one.content)])
    assert any("delivered and held" in failure for failure in found)
    assert any("went the wrong way" in failure for failure in found)
    assert any("enacted without a verdict on record" in failure for failure in found)


def test_half_an_item_and_a_changed_journal_are_seen(tmp_path: Path) -> None:
    one = told(1, Scenario.HOLD, 250)
    asyncio.run(keep(tmp_path, one))
    (item,) = (tmp_path / "quarantine" / "held").iterdir()
    item.write_bytes(item.read_bytes()[:-3])
    (segment,) = (tmp_path / "journal").glob("w0-*.jsonl")
    segment.write_bytes(segment.read_bytes().replace(b"example.org", b"example.net", 1))
    found = failures(tmp_path, one)
    assert any("half an item" in failure for failure in found)
    assert any(failure.startswith("journal: ") for failure in found)
