"""Sealed heads: whatever is changed, added, removed, moved or cut in journal and seals is found and named."""

import contextlib
import os
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

import pytest

from smtp_gate.store import heads as heads_module
from smtp_gate.store.heads import LAST, Sealer, is_sealed, journal_segments, sealed
from smtp_gate.store.journal_lines import segments
from smtp_gate.store.journal_reader import Damage, Flaw, Record, read_segment, verify
from tests.store.faults import failing
from tests.store.held import Writing, answered, decided

NOW = datetime(2026, 3, 2, 15, 4, 5, tzinfo=UTC)
ROUNDS = int(os.environ.get("SMTP_GATE_MUTATIONS", "500"))
"""How many damages are tried; 10000 in a long run."""


def flaws(root: Path) -> list[Flaw]:
    """What `journal verify` says, but for what a crash explains."""
    known, pins = sealed(root)
    return [flaw for flaw in (*verify(root, known)[1], *pins) if not flaw.by_crash]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two workers, five segments, four seals in two segments of seals; everything is sealed."""
    writing = {name: Writing(tmp_path, name) for name in ("w0", "w1")}
    for keeper in range(2):
        sealer = Sealer(tmp_path / "journal")
        for part in range(2):
            for name, worker in writing.items():
                refs = [f"{name}-{keeper}-{part}-{i}" for i in range(3)]
                worker.add(*(r for ref in refs for r in (decided(ref), answered(ref))))
            assert not sealer.seal(NOW).flaws
        sealer.close()
        writing["w0"].restart()
        writing["w1"].restart()
    return tmp_path


def test_an_untouched_journal_holds(data: Path) -> None:
    names = [p.name for p in segments(data / "journal")]
    assert names == [f"{w}-0000000{n}.jsonl" for w in ("heads", "w0", "w1") for n in (1, 2)]
    assert flaws(data / "journal") == []
    known, _ = sealed(data / "journal")
    assert [h.segment for h in known] == [
        "w0-00000001.jsonl", "w0-00000002.jsonl", "w1-00000001.jsonl", "w1-00000002.jsonl", "heads-00000002.jsonl",
    ]  # fmt: skip


def test_only_what_grew_is_sealed_and_nothing_is_written_where_nothing_did(tmp_path: Path) -> None:
    one, two = Writing(tmp_path, "w0"), Writing(tmp_path, "w1")
    one.add(decided("A"))
    two.add(decided("B"))
    sealer = Sealer(tmp_path / "journal")
    first = sealer.seal(NOW)
    assert [h.segment for h in first.heads] == ["w0-00000001.jsonl", "w1-00000001.jsonl"]
    before = {p: p.read_bytes() for p in (tmp_path / "journal").iterdir()}
    idle = sealer.seal(NOW)
    assert (idle.heads, idle.chain_hash) == ((), first.chain_hash)
    assert {p: p.read_bytes() for p in (tmp_path / "journal").iterdir()} == before
    two.add(answered("B"))
    assert [h.segment for h in sealer.seal(NOW).heads] == ["w1-00000001.jsonl"]
    sealer.close()


def test_a_segment_is_durable_before_its_head_is_sealed(tmp_path: Path) -> None:
    Writing(tmp_path).add(decided("A"))
    sealer, order, real = Sealer(tmp_path / "journal"), list[str](), os.fdatasync

    def fdatasync(descriptor: int) -> None:
        order.append(Path(f"/proc/self/fd/{descriptor}").resolve().name)
        real(descriptor)

    with mock.patch.object(os, "fdatasync", fdatasync):
        sealer.seal(NOW)
    sealer.close()
    assert order[0] == "w0-00000001.jsonl"
    assert set(order[1:]) == {"heads-00000001.jsonl"}


@pytest.mark.parametrize("call", ["fdatasync", "write", "fsync"])
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_fault_of_the_disk_seals_nothing_or_all_and_the_next_call_makes_up_for_it(
    tmp_path: Path, call: str, nth: int
) -> None:
    writing, sealer = Writing(tmp_path), Sealer(tmp_path / "journal")
    writing.add(decided("A"))
    sealer.seal(NOW)
    writing.add(answered("A"))
    with failing(call, nth), contextlib.suppress(OSError):
        sealer.seal(NOW)
    assert flaws(tmp_path / "journal") == []
    sealer.seal(NOW)
    sealer.close()
    assert flaws(tmp_path / "journal") == []
    path = tmp_path / "journal" / "w0-00000001.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    assert [f.damage for f in flaws(tmp_path / "journal")] == [Damage.CUT]


Change = Callable[[random.Random, list[bytes]], list[bytes]]


def flip(rnd: random.Random, lines: list[bytes]) -> list[bytes]:
    octets = bytearray(b"".join(lines))
    octets[rnd.randrange(len(octets))] ^= rnd.randrange(1, 256)
    return [bytes(octets)]


def cut(rnd: random.Random, lines: list[bytes]) -> list[bytes]:
    octets = b"".join(lines)
    return [octets[: rnd.randrange(len(octets))]]


def cut_line(rnd: random.Random, lines: list[bytes]) -> list[bytes]:
    return lines[: rnd.randrange(len(lines))]


def drop(rnd: random.Random, lines: list[bytes]) -> list[bytes]:
    at = rnd.randrange(len(lines))
    return lines[:at] + lines[at + 1 :]


def double(rnd: random.Random, lines: list[bytes]) -> list[bytes]:
    at, to = rnd.randrange(len(lines)), rnd.randrange(len(lines) + 1)
    return [*lines[:to], lines[at], *lines[to:]]


def insert(rnd: random.Random, lines: list[bytes]) -> list[bytes]:
    octets = b"".join(lines)
    at = rnd.randrange(len(octets))
    return [octets[:at] + rnd.randbytes(rnd.randrange(1, 9)) + octets[at:]]


def swap(rnd: random.Random, lines: list[bytes]) -> list[bytes]:
    if len(lines) == 1:
        return []
    one, two = rnd.sample(range(len(lines)), 2)
    moved = list(lines)
    moved[one], moved[two] = moved[two], moved[one]
    return moved


CHANGES: tuple[Change, ...] = (flip, cut, cut_line, drop, double, insert, swap)


def test_every_damage_anywhere_is_found(data: Path) -> None:
    rnd = random.Random(20260302)  # noqa: S311 - the same places in every run
    root = data / "journal"
    files = [p for p in sorted(root.iterdir()) if p.is_file()]
    assert LAST in {p.name for p in files}
    missed = []
    for number in range(ROUNDS):
        path = rnd.choice(files)
        whole = path.read_bytes()
        change = rnd.choice((*CHANGES, None))
        if change is None:
            path.unlink()
        else:
            path.write_bytes(b"".join(change(rnd, whole.splitlines(keepends=True))))
        if not flaws(root):
            missed.append((number, path.name, change))
        path.write_bytes(whole)
    assert missed == []
    assert flaws(root) == []


def test_what_is_found_is_named(data: Path) -> None:
    root = data / "journal"
    (root / "w1-00000002.jsonl").unlink()
    last = root / "w0-00000002.jsonl"
    last.write_bytes(b"".join(last.read_bytes().splitlines(keepends=True)[:-1]))
    seals = root / "heads-00000001.jsonl"
    seals.write_bytes(seals.read_bytes().replace(b'"size":', b'"size" ', 1))
    assert sorted(map(str, flaws(root))) == [
        "heads-00000001.jsonl:2: the line is not what was written",
        "w0-00000002.jsonl:0: lines are missing that the next segment or a sealed head knows of",
        "w1-00000002.jsonl:0: the segment is missing, and a sealed head knows of it",
    ]


def test_behind_the_last_seal_a_cut_end_does_not_show(data: Path) -> None:
    worker = Writing(data, "w0")
    worker.add(decided("LATE1"), answered("LATE1"))
    path = data / "journal" / "w0-00000003.jsonl"
    whole = path.read_bytes()
    path.write_bytes(b"".join(whole.splitlines(keepends=True)[:-1]))
    assert flaws(data / "journal") == [], "documented in smtp_gate/store/heads.py"
    path.write_bytes(whole)
    Sealer(data / "journal").seal(NOW)
    path.write_bytes(b"".join(whole.splitlines(keepends=True)[:-1]))
    assert [f.damage for f in flaws(data / "journal")] == [Damage.CUT]


def test_a_restarted_keeper_does_not_seal_over_a_loss(data: Path) -> None:
    root = data / "journal"
    path = root / "w0-00000002.jsonl"
    whole = path.read_bytes()
    path.write_bytes(b"".join(whole.splitlines(keepends=True)[:-2]))
    (root / "w1-00000001.jsonl").rename(data / "away")
    for _ in range(2):
        sealer = Sealer(root)
        assert {(f.segment, f.damage) for f in sealer.seal(NOW).flaws} == {
            ("w0-00000002.jsonl", Damage.CUT),
            ("w1-00000001.jsonl", Damage.MISSING),
        }
        assert sealer.seal(NOW).flaws == (), "each is told once a process"
        Writing(data, "w3").add(decided("MORE"))
        assert next(h.segment for h in sealer.seal(NOW).heads).startswith("w3-")
        sealer.close()
        assert {f.damage for f in flaws(root)} == {Damage.CUT, Damage.MISSING}
    (data / "away").rename(root / "w1-00000001.jsonl")
    path.write_bytes(whole)
    assert flaws(root) == []


@pytest.mark.parametrize("how", ["cut", "gone", "pin changed"])
def test_a_restarted_keeper_does_not_cover_up_for_lost_seals(data: Path, how: str) -> None:
    root = data / "journal"
    seals = segments(root, "heads")[-1]
    if how == "cut":
        seals.write_bytes(b"".join(seals.read_bytes().splitlines(keepends=True)[:-1]))
    elif how == "gone":
        seals.unlink()
    else:
        (root / LAST).write_bytes(b"{}\n")
    assert flaws(root)
    Writing(data, "w3").add(decided("MORE"))
    sealer = Sealer(root)
    assert len(sealer.seal(NOW).flaws) == 1
    sealer.close()
    assert flaws(root)
    Sealer(root).seal(NOW)
    assert len(list(root.glob(f"{LAST}*"))) == 2, "set aside once, not at every start"


def test_a_logged_seal_shows_that_seals_were_made_anew(data: Path) -> None:
    root = data / "journal"
    logged = Sealer(root).seal(NOW).chain_hash
    assert is_sealed(root, logged)
    for path in (*segments(root, "heads"), root / LAST):
        path.unlink()
    Sealer(root).seal(NOW)
    assert flaws(root) == [], "whoever may write here can make everything anew"
    assert not is_sealed(root, logged)


def test_seals_begin_another_segment_and_a_start_reads_the_newest_only(tmp_path: Path) -> None:
    writing, sealer = Writing(tmp_path), Sealer(tmp_path / "journal", limit=2000)
    for number in range(20):
        writing.add(decided(f"R{number}"))
        sealer.seal(NOW)
    sealer.close()
    assert len(segments(tmp_path / "journal", "heads")) > 2
    read: list[str] = []

    def reading(path: Path) -> Iterator[Record | Flaw]:
        read.append(path.name)
        yield from read_segment(path)

    with mock.patch.object(heads_module, "read_segment", reading):
        assert Sealer(tmp_path / "journal").seal(NOW).heads == ()
    assert set(read) == {segments(tmp_path / "journal", "heads")[-1].name}
    assert flaws(tmp_path / "journal") == []


def test_a_line_under_way_is_left_for_the_next_seal(tmp_path: Path) -> None:
    writing, sealer = Writing(tmp_path), Sealer(tmp_path / "journal")
    writing.add(decided("A"))
    path = next(journal_segments(tmp_path / "journal"))
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    first = sealer.seal(NOW)
    assert (len(first.heads), first.flaws) == (1, ()), "the record that opens the segment"
    path.write_bytes(whole)
    assert len(sealer.seal(NOW).heads) == 1
    path.write_bytes(whole[:-20])
    assert [f.damage for f in flaws(tmp_path / "journal")] == [Damage.CUT]
    assert [f.damage for f in sealer.seal(NOW).flaws] == [Damage.CUT]
    sealer.close()


def test_a_changed_line_is_told_by_the_seal_that_reads_it(tmp_path: Path) -> None:
    writing, sealer = Writing(tmp_path), Sealer(tmp_path / "journal")
    writing.add(decided("A"), answered("A"))
    path = next(journal_segments(tmp_path / "journal"))
    path.write_bytes(path.read_bytes().replace(b'"size":1234', b'"size":9999'))
    assert [(f.line, f.damage) for f in sealer.seal(NOW).flaws] == [(2, Damage.CHANGED)]
    sealer.close()
