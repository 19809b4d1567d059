"""Catching up with the files: from any state and in any order it ends with the rows of a rebuild."""

import errno
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smtp_gate.store import ingest as ingest_module
from smtp_gate.store.heads import Sealer, journal_segments
from smtp_gate.store.index import Index, IndexUnavailableError
from smtp_gate.store.ingest import STILL, Ingestor
from smtp_gate.store.journal_reader import Damage
from smtp_gate.store.repeats import Alert
from smtp_gate.store.states import State
from tests.store.held import NOW, Writing, answered, decided, hold, tables

HOP = ("hop_deferred", "451 4.4.1 no answer")


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Ingestor]:
    """An ingestor that has caught up with an empty folder, so that it is no longer new."""
    index = Index(tmp_path / "index" / "index.db")
    ingestor = Ingestor(tmp_path, index)
    ingestor.catch_up()
    yield ingestor
    index.close()


def rebuilt(data: Path) -> dict[str, list[tuple[object, ...]]]:
    """The rows of a rebuild in an index of its own."""
    with tempfile.TemporaryDirectory() as folder:
        index = Index(Path(folder) / "index.db")
        Ingestor(data, index).rebuild()
        rows = tables(index)
        index.close()
    return rows


def test_records_and_holds_become_rows(tmp_path: Path, made: Ingestor) -> None:
    Writing(tmp_path).add(decided("A"), answered("A"), {"kind": "event", "what": "reload", "time": NOW.isoformat()})
    hold(tmp_path, "TESTREF0001")
    caught = made.catch_up()
    assert (caught.records, caught.holds, caught.flaws, caught.alerts, caught.rebuilt) == (4, 1, [], [], "")
    assert made.index.counts() == (1, 1)
    (row,) = tables(made.index)["holds"]
    assert row[:3] == ("TESTREF0001", "held", "held")
    assert row[4] == "dokafor@milwaukee.gov"
    assert row[5] == '["lee@example.org","müller@example.org"]'
    assert row[6] == '["pii.ssn","id.spoof"]'
    again = made.catch_up()
    assert (again.records, again.holds) == (0, 0)
    assert tables(made.index) == rebuilt(tmp_path)


def test_the_new_index_of_a_folder_says_that_it_is_new_and_raises_no_old_alerts(tmp_path: Path) -> None:
    writing = Writing(tmp_path)
    for n in range(4):
        writing.add(decided(f"R{n}"), answered(f"R{n}", *HOP))
    index = Index(tmp_path / "index" / "index.db")
    ingestor = Ingestor(tmp_path, index)
    caught = ingestor.catch_up()
    assert (caught.rebuilt, caught.alerts) == ("new", [])
    writing.add(decided("R9"), answered("R9", *HOP))
    assert ingestor.catch_up().alerts == [Alert("next_hop", "4.4.1", "R9", 5)]
    caught = ingestor.rebuild()
    assert (caught.rebuilt, caught.alerts) == ("asked for", [])
    index.close()


def test_alerts_survive_a_restart_and_come_from_all_workers(tmp_path: Path, made: Ingestor) -> None:
    one, two = Writing(tmp_path, "w0"), Writing(tmp_path, "w1")
    one.add(decided("R0"), answered("R0", *HOP))
    two.add(decided("R1"), answered("R1", *HOP))
    assert made.catch_up().alerts == []
    made.index.close()
    index = Index(made.index.path)
    two.add(decided("R2"), answered("R2", *HOP))
    assert Ingestor(tmp_path, index).catch_up().alerts == [Alert("next_hop", "4.4.1", "R2", 3)]
    index.close()


def test_seals_are_no_rows(tmp_path: Path, made: Ingestor) -> None:
    Writing(tmp_path).add(decided("A"))
    Sealer(tmp_path / "journal").seal(NOW)
    assert made.catch_up().records == 2
    assert [row[0] for row in tables(made.index)["positions"]] == ["w0-00000001.jsonl"]


def test_a_torn_line_waits_and_a_damaged_one_is_told_and_passed(tmp_path: Path, made: Ingestor) -> None:
    writing = Writing(tmp_path)
    writing.add(decided("A"), answered("A"), decided("B"))
    (path,) = journal_segments(tmp_path / "journal")
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    assert made.catch_up().records == 3
    path.write_bytes(whole)
    assert made.catch_up().records == 1
    path.write_bytes(whole + b"not a record\n")
    caught = made.catch_up()
    assert [(f.line, f.damage) for f in caught.flaws] == [(5, Damage.CHANGED)]
    assert made.catch_up().flaws == []
    assert tables(made.index) == rebuilt(tmp_path)


def test_a_journal_that_is_no_longer_what_was_read_is_read_again(tmp_path: Path, made: Ingestor) -> None:
    one, two = Writing(tmp_path, "w0"), Writing(tmp_path, "w1")
    one.add(decided("A"), decided("B"))
    two.add(decided("C"))
    made.catch_up()
    first, second = journal_segments(tmp_path / "journal")
    first.write_bytes(b"".join(first.read_bytes().splitlines(keepends=True)[:-1]))
    assert made.catch_up().rebuilt == "the journal is no longer what was read"
    assert made.index.counts() == (2, 0)
    second.unlink()
    assert made.catch_up().rebuilt
    assert made.index.counts() == (1, 0)
    assert tables(made.index) == rebuilt(tmp_path)
    assert made.catch_up().rebuilt == ""


def test_a_damaged_index_is_made_again_on_the_way(tmp_path: Path, made: Ingestor) -> None:
    Writing(tmp_path).add(*(decided(f"R{n}") for n in range(200)))
    made.catch_up()
    made.index.close()
    octets = bytearray(made.index.path.read_bytes())
    octets[4096:] = b"\xa5" * (len(octets) - 4096)
    made.index.path.write_bytes(octets)
    index = Index(made.index.path)
    caught = Ingestor(tmp_path, index).catch_up()
    assert caught.rebuilt
    assert tables(index) == rebuilt(tmp_path)
    index.close()


def test_a_rebuild_that_was_broken_off_goes_on_and_stays_quiet(tmp_path: Path, made: Ingestor) -> None:
    writing = Writing(tmp_path)
    for n in range(5):
        writing.add(decided(f"R{n}"), answered(f"R{n}", *HOP))
    real, calls = ingest_module._take, iter(range(99))

    def breaks(*told: Any) -> None:
        if next(calls) == 6:
            raise OSError(errno.EIO, "Input/output error")
        real(*told)

    with mock.patch.object(ingest_module, "BATCH", 4):
        with mock.patch.object(ingest_module, "_take", breaks), pytest.raises(OSError):
            made.rebuild()
        assert made.index.building()
        assert made.index.counts() == (2, 0), "what the first transaction took in is kept"
        caught = made.catch_up()
    assert (caught.alerts, caught.records) == ([], 7)
    assert tables(made.index) == rebuilt(tmp_path)


def test_progress_ends_at_the_whole(tmp_path: Path, made: Ingestor) -> None:
    Writing(tmp_path).add(*(decided(f"R{n}") for n in range(20)))
    told: list[tuple[int, int]] = []
    with mock.patch.object(ingest_module, "BATCH", 5):
        made.rebuild(lambda done, total: told.append((done, total)))
    size = sum(p.stat().st_size for p in journal_segments(tmp_path / "journal"))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1] == (size, size)
    assert len(told) == 5


def test_a_hold_moves_with_its_file_and_a_damaged_one_says_so(tmp_path: Path, made: Ingestor) -> None:
    path = hold(tmp_path, "TESTREF0001")
    hold(tmp_path, "TESTREF0002").write_bytes(b"smtp-gate-hold 9 1 1 x\n")
    (tmp_path / "quarantine" / "held" / "no ref!.hold").touch()
    assert made.catch_up().holds == 2
    assert [row[10] for row in tables(made.index)["holds"]] == ["", "written in version 9, this program reads 1"]
    (tmp_path / "quarantine" / "released").mkdir()
    path.rename(tmp_path / "quarantine" / "released" / path.name)
    made.catch_up()
    assert [row[:3] for row in tables(made.index)["holds"]] == [
        ("TESTREF0001", "released", "released"),
        ("TESTREF0002", "held", "held"),
    ]
    assert tables(made.index) == rebuilt(tmp_path)


def test_a_folder_of_what_is_over_is_read_again_only_after_a_change(tmp_path: Path, made: Ingestor) -> None:
    path = hold(tmp_path, "TESTREF0001", State.RELEASED)
    ingestor = Ingestor(tmp_path, made.index, lambda: path.parent.stat().st_mtime_ns + STILL + 1)
    ingestor.catch_up()
    with mock.patch.object(ingest_module, "held_files", return_value=iter(())) as listed:
        assert ingestor.catch_up().holds == 0
    assert listed.call_count == 0
    hold(tmp_path, "TESTREF0002", State.RELEASED)
    assert ingestor.catch_up().holds == 1
    other = Ingestor(tmp_path, made.index, lambda: path.parent.stat().st_mtime_ns)
    other.catch_up()
    with mock.patch.object(ingest_module, "held_files", return_value=iter(())) as listed:
        other.catch_up()
    assert listed.call_count == 1, "a change just now may not show in the folder's time"


def test_a_disk_that_fails_in_the_middle_costs_nothing(tmp_path: Path, made: Ingestor) -> None:
    Writing(tmp_path).add(*(decided(f"R{n}") for n in range(9)))
    with (
        mock.patch.object(ingest_module, "_take", side_effect=apsw.FullError("full")),
        pytest.raises(IndexUnavailableError),
    ):
        made.catch_up()
    made.catch_up()
    assert tables(made.index) == rebuilt(tmp_path)


STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("mail"), st.integers(0, 2), st.sampled_from(["relayed", "hop_deferred", "crashed", "deferred"])
        ),
        st.tuples(st.sampled_from(["restart", "torn", "damage"]), st.integers(0, 2), st.just("")),
        st.tuples(st.just("hold"), st.integers(0, 5), st.sampled_from(["pending", "held", "releasing", "released"])),
        st.tuples(st.sampled_from(["catch up", "reopen", "seal"]), st.just(0), st.just("")),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=STEPS)
def test_catching_up_in_any_order_gives_the_rows_of_a_rebuild(steps: list[tuple[str, int, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        index = _play(data, steps)
        Ingestor(data, index).catch_up()
        rows = tables(index)
        index.close()
        assert rows == rebuilt(data)


def _play(data: Path, steps: list[tuple[str, int, str]]) -> Index:
    """Do what the steps say; the index as it is afterwards."""
    index = Index(data / "index" / "index.db")
    ingestor, workers = Ingestor(data, index), [Writing(data, f"w{n}", 4000) for n in range(3)]
    for number, (what, which, how) in enumerate(steps):
        ref = f"REF{number:06}"
        match what:
            case "mail":
                blame = [("links", "timeout")] if how == "deferred" else []
                more = {"sha256": "ab" * 32, "sender": "a@x", "recipients": ["b@y"]} if how == "crashed" else {}
                if how != "crashed":
                    workers[which].add(decided(ref, blame=blame))
                workers[which].add(answered(ref, how, "451 4.4.1 x", **more))
            case "restart":
                workers[which].restart()
            case "torn" | "damage":
                # A worker never writes on in a segment that a crash has torn.
                workers[which].restart()
                for path in [p for p in journal_segments(data / "journal") if p.name.startswith(f"w{which}")][-1:]:
                    with path.open("ab") as file:
                        file.write(b"\0\0{" if what == "torn" else b"{}\n")
            case "hold":
                for old in data.glob(f"quarantine/*/HOLD0{which}.hold"):
                    old.unlink()
                hold(data, f"HOLD0{which}", State(how))
            case "seal":
                Sealer(data / "journal").seal(NOW)
            case "reopen":
                index.close()
                index = Index(data / "index" / "index.db")
                ingestor = Ingestor(data, index)
            case _:
                ingestor.catch_up()
    return index
