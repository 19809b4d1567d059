"""The journal: durable before it is acknowledged, one sync for many, and a fault costs its batch and its segment alone."""

import asyncio
import errno
import hashlib
import json
import os
import stat
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

import pytest

from smtp_gate.core.ports import Journal, Outcome
from smtp_gate.core.reply import Reply
from smtp_gate.store import journal as journal_module
from smtp_gate.store.journal import LARGE, SegmentJournal
from smtp_gate.store.journal_lines import segments
from smtp_gate.store.journal_reader import Damage, Flaw, Record, of_ref, read, verify
from smtp_gate.store.journal_tail import Position, stands, tail
from tests.store.faults import ERRNOS, failing, short_writes
from tests.store.sample import SECRET, judgement, plain, secret_message

OK = Reply.of(250, "2.0.0", "queued")


def now() -> datetime:
    return datetime(2026, 3, 2, 15, 4, 5, 678901, tzinfo=UTC)


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[SegmentJournal]:
    made = SegmentJournal(tmp_path / "journal", now=now)
    yield made
    await made.close()


def records(journal: SegmentJournal, kind: str = "") -> list[dict[str, object]]:
    found = []
    for item in read(journal.root):
        assert isinstance(item, Record), item
        if kind in {"", str(item.fields["kind"])}:
            found.append(item.fields)
    return found


async def decide(journal: Journal, ref: str = "TESTREF0001") -> None:
    await journal.decided(*plain(ref))


async def test_a_verdict_is_on_disk_when_decided_returns(journal: SegmentJournal) -> None:
    synced: list[bytes] = []
    real = os.fdatasync

    def fdatasync(descriptor: int) -> None:
        real(descriptor)
        synced.append(Path(f"/proc/self/fd/{descriptor}").resolve().read_bytes())

    with mock.patch.object(os, "fdatasync", fdatasync):
        await decide(journal)
    assert b'"ref":"TESTREF0001"' in synced[-1]


async def test_what_a_decided_record_says(journal: SegmentJournal) -> None:
    message = secret_message()
    await journal.decided(message, judgement(message))
    (record,) = records(journal, "decided")
    assert record["v"] == 1
    assert record["time"] == "2026-03-02T15:04:05.678+00:00"
    assert record["received"] == "2026-03-02T15:04:05+00:00"
    assert record["ref"] == message.ref
    assert (record["listener"], record["direction"], record["upstream"]) == ("outbound", "outbound", "before_queue")
    assert (record["client"], record["account"], record["proof"]) == ("192.0.2.7", "dokafor", "auth")
    assert record["sender"] == "dokafor@milwaukee.gov"
    assert (record["verdict"], record["joint"], record["ruleset"]) == ("quarantine", "quarantine", "sha256:test")
    assert record["size"] == len(message.content)
    assert len(str(record["sha256"])) == 64
    recipients = record["recipients"]
    assert isinstance(recipients, list)
    assert recipients[0] == {
        "address": "lee@example.org",
        "disposition": "quarantine",
        "weights": [
            {"rule": "pii.ssn", "disposition": "quarantine", "cause": "finding", "lifted_from": ""},
            {"rule": "id.spoof", "disposition": "accept", "cause": "failure", "lifted_from": ""},
        ],
        "would": "quarantine",
        "shadow": [{"rule": "pii.shadow", "disposition": "quarantine", "cause": "finding", "lifted_from": ""}],
    }
    assert [(r["disposition"], r["would"]) for r in recipients[1:3]] == [("accept", "quarantine")] * 2
    assert record["failures"] == [{"rule": "id.spoof", "cause": "crash", "mode": "enforce"}]
    assert isinstance(record["exempt"], list)
    exempt = record["exempt"][0]
    assert (exempt["rule"], exempt["by"], exempt["recipients"]) == ("pii.ssn", "waiver-7", ["ana@milwaukee.gov"])
    assert (exempt["spared"], exempt["ticket"], exempt["approver"]) == (1, "T-7", "cio")
    assert record["unscannable"] == [{"part": "2", "reason": "encrypted"}]
    assert record["defects"] == ["bare_boundary@2"]
    facts = {f["subject"]: (f["answer"], f["cause"], f["account"]) for f in record["facts"]}  # type: ignore[attr-defined]  # as above
    assert facts["dokafor@milwaukee.gov"][0] == "known"
    assert facts["dokafor@milwaukee.gov"][2]["department"] == "Comptroller"
    assert facts["x@example.org"] == ("unknown", "", None)
    assert facts["y@example.org"] == ("failed", "timeout", None)


async def test_no_clear_value_is_written(journal: SegmentJournal) -> None:
    message = secret_message()
    await journal.decided(message, judgement(message))
    journal.answered(message, Outcome.HELD, OK)
    await journal.event({"what": "released", "ref": message.ref, "who": "dana", "detail": "250"})
    text = b"".join(path.read_bytes() for path in journal.root.iterdir()).decode("ascii")
    assert SECRET not in text
    assert SECRET.replace("-", "") not in text
    assert "dana.okafor@example.net" not in text, "private addresses stay in the directory"
    assert "***-**-9999" in text


async def test_answers_and_events_follow_their_verdict(journal: SegmentJournal) -> None:
    message, verdict = plain()
    await journal.decided(message, verdict)
    journal.answered(message, Outcome.RELAYED, OK, late=True)
    await journal.event({"what": "released", "ref": message.ref, "who": "dana"})
    assert [r["kind"] for r in of_ref(journal.root, message.ref)] == ["decided", "answered", "event"]
    assert records(journal, "answered")[0]["late"] is True
    assert records(journal, "answered")[0]["reply"] == "250 2.0.0 queued"


async def test_an_answer_alone_is_written_soon(journal: SegmentJournal) -> None:
    message, verdict = plain()
    await journal.decided(message, verdict)
    journal.answered(message, Outcome.RELAYED, OK)
    await asyncio.sleep(0.25)
    assert len(records(journal, "answered")) == 1


async def test_a_hundred_at_once_share_a_few_syncs(journal: SegmentJournal) -> None:
    with failing("fdatasync", -1) as counted:
        await asyncio.gather(*(decide(journal, f"TESTREF{n:04d}") for n in range(100)))
    assert counted.calls <= 4
    assert journal.syncs <= 3
    assert {r["ref"] for r in records(journal, "decided")} == {f"TESTREF{n:04d}" for n in range(100)}
    assert verify(journal.root) == (101, ())


async def test_one_that_comes_alone_does_not_wait_for_company(tmp_path: Path) -> None:
    journal = SegmentJournal(tmp_path, now=now, window=5.0)
    await asyncio.wait_for(decide(journal), 2)
    await asyncio.wait_for(decide(journal), 2)
    await journal.close()


async def test_files_are_for_the_owner_alone(journal: SegmentJournal) -> None:
    await decide(journal)
    assert stat.S_IMODE(journal.root.stat().st_mode) == 0o700
    assert [stat.S_IMODE(p.stat().st_mode) for p in journal.root.iterdir()] == [0o600]


async def test_segments_rotate_and_stay_one_chain(tmp_path: Path) -> None:
    journal = SegmentJournal(tmp_path, now=now, segment_size=2000)
    for number in range(20):
        await decide(journal, f"TESTREF{number:04d}")
    await journal.close()
    assert len(segments(tmp_path)) > 5
    good, flaws = verify(tmp_path)
    assert flaws == ()
    assert good == 20 + len(segments(tmp_path)) + 1
    assert [r["ref"] for r in records(journal, "decided")] == [f"TESTREF{n:04d}" for n in range(20)]


async def test_the_next_process_takes_the_chain_up(tmp_path: Path) -> None:
    for number in range(3):
        journal = SegmentJournal(tmp_path, now=now)
        await decide(journal, f"TESTREF{number:04d}")
        await journal.close()
    assert [p.name for p in segments(tmp_path)] == [f"w0-0000000{n}.jsonl" for n in (1, 2, 3)]
    assert verify(tmp_path)[1] == ()
    (tmp_path / "w0-00000002.jsonl").unlink()
    assert [str(f) for f in verify(tmp_path)[1]] == ["w0-00000003.jsonl:1: the segment before it is missing"]


async def test_two_of_one_name_do_not_write_into_each_other(tmp_path: Path) -> None:
    one = SegmentJournal(tmp_path, now=now, segment_size=1500)
    two = SegmentJournal(tmp_path, now=now, segment_size=1500)
    for number in range(8):
        await asyncio.gather(decide(one, f"ONEREF{number:04d}"), decide(two, f"TWOREF{number:04d}"))
    await one.close()
    await two.close()
    assert verify(tmp_path)[1] == ()
    assert len(records(one, "decided")) == 16


async def test_workers_write_segments_of_their_own(tmp_path: Path) -> None:
    workers = [SegmentJournal(tmp_path, name, now=now) for name in ("w0", "w1", "cli")]
    await asyncio.gather(*(decide(w) for w in workers))
    for worker in workers:
        await worker.close()
    assert [p.name for p in segments(tmp_path)] == ["cli-00000001.jsonl", "w0-00000001.jsonl", "w1-00000001.jsonl"]
    with pytest.raises(ValueError, match="worker name"):
        SegmentJournal(tmp_path, "../w", now=now)


@pytest.mark.parametrize("number", ERRNOS)
@pytest.mark.parametrize("call", ["write", "fdatasync"])
async def test_a_fault_refuses_its_batch_ends_its_segment_and_the_next_goes_on(
    journal: SegmentJournal, call: str, number: int
) -> None:
    await decide(journal, "TESTREF0000")
    with failing(call, 1, number):
        refused = await asyncio.gather(*(decide(journal, f"REFUSED{n:03d}") for n in range(5)), return_exceptions=True)
    assert [r.errno for r in refused if isinstance(r, OSError)] == [number] * 5
    assert len({id(r) for r in refused}) == 5, "each waiter raises an error of its own"
    await decide(journal, "TESTREF0001")
    assert len(segments(journal.root)) == 2
    assert verify(journal.root)[1] == ()
    assert {"TESTREF0000", "TESTREF0001"} <= {r["ref"] for r in records(journal, "decided")}


@pytest.mark.parametrize(("call", "calls"), [("open", 2), ("write", 1), ("fdatasync", 1), ("fsync", 1)])
async def test_a_segment_that_cannot_begin_refuses_and_the_next_begins(
    journal: SegmentJournal, call: str, calls: int
) -> None:
    for nth in range(1, calls + 1):
        made = SegmentJournal(journal.root / f"{call}{nth}", now=now)
        with failing(call, nth), pytest.raises(OSError, match="could not be written"):
            await decide(made)
        await decide(made)
        assert all(f.by_crash for f in verify(made.root)[1])
        await made.close()


async def test_a_sync_that_failed_is_not_tried_again_on_its_descriptor(journal: SegmentJournal) -> None:
    await decide(journal)
    synced: list[int] = []

    def fdatasync(descriptor: int) -> None:
        synced.append(os.fstat(descriptor).st_ino)
        raise OSError(errno.EIO, "EIO")

    with mock.patch.object(os, "fdatasync", fdatasync):
        for _ in range(3):
            with pytest.raises(OSError, match="could not be written"):
                await decide(journal)
    assert len(set(synced)) == len(synced) == 3


async def test_answers_survive_a_fault(journal: SegmentJournal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "PATIENCE", 0.05)
    message, verdict = plain()
    await journal.decided(message, verdict)
    with failing("fdatasync", 1):
        journal.answered(message, Outcome.RELAYED, OK)
        with pytest.raises(OSError, match="could not be written"):
            await decide(journal, "REFUSED0001")
    await asyncio.sleep(0.2)
    assert any(r["ref"] == message.ref for r in records(journal, "answered"))
    assert journal.lost == 0


async def test_answers_are_bounded_while_the_disk_takes_nothing(
    journal: SegmentJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "BACKLOG", 10)
    message, _ = plain()
    for _ in range(15):
        journal.answered(message, Outcome.RELAYED, OK)
    assert journal.lost == 5


async def test_short_writes_are_completed(journal: SegmentJournal) -> None:
    with short_writes(13):
        await decide(journal)
    assert verify(journal.root) == (2, ())


async def test_whatever_breaks_nobody_waits_for_ever(journal: SegmentJournal) -> None:
    with mock.patch.object(os, "fdatasync", side_effect=RuntimeError("bug")), pytest.raises(OSError) as raised:
        await asyncio.wait_for(decide(journal), 2)
    assert raised.value.errno == errno.EIO
    await asyncio.wait_for(decide(journal), 2)


async def test_a_waiter_that_gave_up_disturbs_nobody(journal: SegmentJournal) -> None:
    first = asyncio.ensure_future(decide(journal, "GAVEUP0001"))
    second = asyncio.ensure_future(decide(journal, "TESTREF0002"))
    await asyncio.sleep(0)
    first.cancel()
    await second
    assert {r["ref"] for r in records(journal, "decided")} == {"GAVEUP0001", "TESTREF0002"}


async def test_a_closed_journal_refuses(tmp_path: Path) -> None:
    journal = SegmentJournal(tmp_path, now=now)
    await decide(journal)
    await journal.close()
    await journal.close()
    with pytest.raises(OSError, match="is closed"):
        await asyncio.wait_for(decide(journal), 2)
    journal.answered(plain()[0], Outcome.RELAYED, OK)
    assert journal.lost == 1


async def test_a_journal_that_was_never_used_leaves_no_segment(tmp_path: Path) -> None:
    await SegmentJournal(tmp_path, now=now).close()
    assert list(tmp_path.iterdir()) == []


async def test_a_large_message_is_digested_beside_the_loop(journal: SegmentJournal) -> None:
    message, verdict = plain()
    object.__setattr__(message, "content", b"x" * 1_000_000)
    await journal.decided(message, verdict)
    (record,) = records(journal, "decided")
    assert record["sha256"] == hashlib.sha256(b"x" * 1_000_000).hexdigest()
    assert record["size"] == 1_000_000


async def test_every_line_is_json_of_ascii_that_others_can_read(journal: SegmentJournal) -> None:
    message = secret_message()
    await journal.decided(message, judgement(message))
    lines = segments(journal.root)[0].read_text(encoding="ascii").splitlines()
    assert [json.loads(line)["kind"] for line in lines] == ["opened", "decided"]
    assert not any(isinstance(item, Flaw) for item in read(journal.root))


async def test_a_disk_that_fills_up_in_the_middle_of_a_line_tears_it_and_loses_nothing_acknowledged(
    journal: SegmentJournal,
) -> None:
    await decide(journal, "TESTREF0000")
    real = os.write

    def write(descriptor: int, data: bytes) -> int:
        if len(data) < 100:
            raise OSError(errno.ENOSPC, "full")
        return real(descriptor, bytes(data)[:99])

    with mock.patch.object(os, "write", write), pytest.raises(OSError) as raised:
        await decide(journal, "REFUSED0001")
    assert raised.value.errno == errno.ENOSPC
    await decide(journal, "TESTREF0001")
    flaws = verify(journal.root)[1]
    assert [(f.segment, f.line, f.by_crash) for f in flaws] == [("w0-00000001.jsonl", 3, True)]
    read_back = [i.fields["ref"] for i in read(journal.root) if isinstance(i, Record) and i.fields["kind"] == "decided"]
    assert read_back == ["TESTREF0000", "TESTREF0001"]


async def test_an_answer_without_a_written_verdict_says_which_message_it_was(journal: SegmentJournal) -> None:
    small, large = plain("TESTREF0001")[0], replace(plain("TESTREF0002")[0], content=b"x" * (LARGE + 1))
    for message in (small, large):
        journal.answered(message, Outcome.CRASHED, Reply.of(451, "4.3.0", "later"))
    await decide(journal, "TESTREF0003")
    journal.answered(plain("TESTREF0003")[0], Outcome.LATE, OK)
    await journal.event({"what": "start"})
    one, two, three = records(journal, "answered")
    assert one["sha256"] == hashlib.sha256(small.content).hexdigest()
    assert two["sha256"] == hashlib.sha256(large.content).hexdigest()
    assert (two["sender"], two["recipients"]) == ("dokafor@milwaukee.gov", ["lee@example.org"])
    assert "sha256" not in three, "its verdict says it"
    assert journal._written == set()


async def test_the_digest_of_a_large_message_is_not_made_in_the_loop_and_not_twice(journal: SegmentJournal) -> None:
    message = replace(plain()[0], content=b"x" * (LARGE + 1))
    threads: list[int] = []
    real = journal_module._digest

    def digest(content: bytes) -> str:
        threads.append(threading.get_ident())
        return real(content)

    with mock.patch.object(journal_module, "_digest", digest), failing("fdatasync"):
        journal.answered(message, Outcome.CRASHED, Reply.of(451, "4.3.0", "later"))
        assert threads == []
        with pytest.raises(OSError):
            await journal.event({"what": "start"})
        await journal.event({"what": "start"})
    assert len(threads) == 1
    assert threads[0] != threading.get_ident()
    assert records(journal, "answered")[-1]["sha256"] == real(message.content)


async def test_a_segment_is_read_on_from_any_of_its_lines(journal: SegmentJournal) -> None:
    for number in range(4):
        await decide(journal, f"TESTREF000{number}")
    (path,) = segments(journal.root)
    steps = list(tail(path, Position()))
    assert [item for found, _ in steps for item in found] == list(read(journal.root))
    for index, (_, position) in enumerate(steps):
        assert stands(path, position)
        assert list(tail(path, position)) == steps[index + 1 :]
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    assert list(tail(path, Position())) == steps[:-1], "a line under way is left"
    assert not stands(path, steps[-1][1])
    assert stands(path, steps[-2][1])


async def test_what_is_read_on_is_checked_against_the_line_before(journal: SegmentJournal) -> None:
    for number in range(4):
        await decide(journal, f"TESTREF000{number}")
    (path,) = segments(journal.root)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], b"not a record\n", lines[4], lines[3]]))
    position, found = Position(), list[Record | Flaw]()
    for _ in range(5):
        # One line at a time, so that each check has only the position to go by.
        items, position = next(tail(path, position))
        found += items
    assert [(f.line, f.damage) for f in found if isinstance(f, Flaw)] == [(3, Damage.CHANGED), (5, Damage.CHAIN)]
