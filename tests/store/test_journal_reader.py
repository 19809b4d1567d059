"""Reading the journal back: every change of an octet, a line, an order or a tail is found and named."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from smtp_gate.core.ports import Outcome
from smtp_gate.core.reply import Reply
from smtp_gate.store.journal import SegmentJournal
from smtp_gate.store.journal_lines import segments, unseal
from smtp_gate.store.journal_reader import Damage, Flaw, Head, Record, heads, read, verify
from tests.store.sample import judgement, secret_message


@pytest.fixture
async def root(tmp_path: Path) -> Path:
    """Three segments of one worker, every kind of record in them."""
    for number in range(3):
        journal = SegmentJournal(tmp_path, now=lambda: datetime(2026, 3, 2, tzinfo=UTC))
        message = secret_message(f"TESTREF000{number}")
        await journal.decided(message, judgement(message))
        journal.answered(message, Outcome.HELD, Reply.of(250, "2.0.0", "held"))
        await journal.event({"what": "released", "ref": message.ref, "who": "dana"})
        await journal.close()
    return tmp_path


def first(root: Path) -> Path:
    return segments(root)[0]


def test_an_untouched_journal_holds(root: Path) -> None:
    assert verify(root) == (15, ())
    assert verify(root, heads(root)) == (15, ())


def test_every_changed_octet_is_found_in_its_line(root: Path) -> None:
    path = segments(root)[-1]
    whole = path.read_bytes()
    for place in range(len(whole)):
        octets = bytearray(whole)
        octets[place] ^= 1 + place % 255
        path.write_bytes(octets)
        flaws = verify(root)[1]
        assert flaws, place
        line = whole.count(b"\n", 0, place) + 1
        assert (flaws[0].segment, flaws[0].line) == (path.name, line), place


def test_added_removed_doubled_and_moved_lines_are_found(root: Path) -> None:
    path = first(root)
    lines = path.read_bytes().splitlines(keepends=True)
    for index in range(len(lines)):
        for changed in (
            lines[:index] + lines[index + 1 :],
            lines[: index + 1] + lines[index:],
            lines[:index] + lines[index + 1 : index + 2] + lines[index : index + 1] + lines[index + 2 :],
        ):
            if changed == lines:
                continue
            path.write_bytes(b"".join(changed))
            assert verify(root)[1], index


def test_a_line_of_another_segment_is_found(root: Path) -> None:
    one, two = (p.read_bytes().splitlines(keepends=True) for p in segments(root)[:2])
    first(root).write_bytes(b"".join([*one[:2], two[2], *one[3:]]))
    assert verify(root)[1][0].line == 3


def test_a_removed_or_renamed_segment_is_found(root: Path) -> None:
    names = segments(root)
    names[0].rename(root / "w0-00000009.jsonl")
    assert {f.damage for f in verify(root)[1]} == {Damage.NAME, Damage.MISSING}
    (root / "w0-00000009.jsonl").unlink()
    assert [f.damage for f in verify(root)[1]] == [Damage.MISSING]


def test_a_cut_tail_is_found_by_the_next_segment_or_a_sealed_head(root: Path) -> None:
    sealed = heads(root)
    for path in (segments(root)[0], segments(root)[-1]):
        whole = path.read_bytes()
        path.write_bytes(b"".join(whole.splitlines(keepends=True)[:-1]))
        assert [f.damage for f in verify(root, sealed)[1]][-1] is Damage.CUT
        if path == segments(root)[0]:
            assert [str(f) for f in verify(root)[1]] == [
                "w0-00000001.jsonl:0: lines are missing that the next segment or a sealed head knows of"
            ]
        path.write_bytes(whole)
    segments(root)[-1].unlink()
    assert [f.damage for f in verify(root, sealed)[1]] == [Damage.MISSING]


def test_a_journal_that_grew_still_has_its_sealed_heads(root: Path) -> None:
    lines = segments(root)[-1].read_bytes().splitlines(keepends=True)
    earlier = unseal(lines[2])
    assert earlier is not None
    assert verify(root, (Head(segments(root)[-1].name, earlier["hash"]),)) == (15, ())


def test_a_torn_last_line_is_told_and_costs_nothing_else(root: Path) -> None:
    path = segments(root)[-1]
    whole = path.read_bytes()
    last = whole.rstrip(b"\n").rfind(b"\n") + 1
    for stop in (last + 1, last + 50, len(whole) - 1):
        path.write_bytes(whole[:stop])
        items = list(read(root))
        flaws = [i for i in items if isinstance(i, Flaw)]
        assert [(f.line, f.damage, f.by_crash) for f in flaws] == [(5, Damage.TORN, True)]
        assert len(items) - 1 == 14


def test_what_follows_a_damaged_line_is_still_read(root: Path) -> None:
    path = first(root)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], b"not a record\n", *lines[2:]]))
    items = list(read(root))
    assert [type(i) for i in items[:5]] == [Record, Flaw, Record, Record, Record]
    flaws = [i for i in items if isinstance(i, Flaw)]
    assert [(f.line, f.damage, f.by_crash) for f in flaws] == [(2, Damage.CHANGED, False)]


def test_an_empty_segment_is_told(root: Path) -> None:
    (root / "w0-00000004.jsonl").touch()
    (flaw,) = verify(root)[1]
    assert (flaw.damage, flaw.by_crash) == (Damage.EMPTY, True)


def test_other_files_are_left_alone(root: Path) -> None:
    (root / "notes.jsonl").write_text("x")
    (root / "w0-00000004.jsonl.bak").write_text("x")
    assert verify(root) == (15, ())
