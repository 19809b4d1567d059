"""The start-up scan: it heals what heals, names the rest with what to do, and removes nothing anybody ever saw."""

from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from smtp_gate.store import scan as scan_module
from smtp_gate.store.files import claim
from smtp_gate.store.heads import Sealer
from smtp_gate.store.index import FILE, Index
from smtp_gate.store.ingest import Ingestor
from smtp_gate.store.journal_lines import segments
from smtp_gate.store.scan import Kind, Report, scan
from smtp_gate.store.states import State
from tests.store.held import NOW, Writing, answered, decided, hold


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with a sealed journal, two held messages and an index that is level with them."""
    writing = Writing(tmp_path)
    writing.add(decided("A"), answered("A"))
    writing.restart()
    writing.add(decided("B"), answered("B"))
    Sealer(tmp_path / "journal").seal(NOW)
    hold(tmp_path, "TESTREF0001")
    hold(tmp_path, "TESTREF0002", State.RELEASED)
    look(tmp_path)
    return tmp_path


def look(data: Path) -> Report:
    index = Index(data / FILE)
    try:
        return scan(data, Ingestor(data, index))
    finally:
        index.close()


def files(data: Path) -> dict[str, bytes]:
    return {
        str(p.relative_to(data)): p.read_bytes() for p in data.rglob("*") if p.is_file() and p.parent.name != "index"
    }


@pytest.fixture(autouse=True)
def nothing_is_lost(data: Path) -> Iterator[None]:
    """Whatever a test's scan sees, every file but a temporary one is there afterwards as it was."""
    real, lost = scan_module.scan, list[str]()

    def watched(folder: Path, ingestor: Ingestor) -> Report:
        before = {n: o for n, o in files(folder).items() if not n.endswith(".tmp")}
        report = real(folder, ingestor)
        lost.extend(n for n, octets in before.items() if files(folder).get(n) != octets)
        return report

    with mock.patch.dict(globals(), scan=watched):
        yield
    assert lost == []


def test_a_folder_in_order_says_nothing(data: Path) -> None:
    assert look(data) == Report(8, 2, (), ())


def test_an_empty_folder_is_in_order(tmp_path: Path) -> None:
    report = look(tmp_path / "other")
    assert (report.records, report.holds, report.findings) == (0, 0, ())
    assert report.healed == ("index: 0 record(s) and 0 held file(s) read into a new index",)


def test_a_lagging_lost_or_damaged_index_is_healed(data: Path) -> None:
    writing = Writing(data, "w1")
    writing.add(decided("C"))
    hold(data, "TESTREF0003")
    assert look(data).healed == ("index: 2 record(s) and 1 held file(s) had not been read yet",)
    (data / FILE).unlink()
    assert look(data).healed == ("index: 8 record(s) and 3 held file(s) read into a new index",)
    octets = bytearray((data / FILE).read_bytes())
    octets[4096 * 3 : 4096 * 5] = b"\xa5" * 8192
    (data / FILE).write_bytes(octets)
    (said,) = look(data).healed
    assert said.startswith("index: 8 record(s) and 3 held file(s) read again from the beginning (")
    assert look(data).healed == ()


def test_temporary_files_of_dead_writers_go_and_those_of_live_ones_stay(data: Path) -> None:
    dead, live = (data / "quarantine" / "held" / f".TESTREF000{n}.hold.tmp" for n in (8, 9))
    dead.touch()
    live.touch()
    mine = claim(live)
    assert look(data).healed == ("quarantine/held: removed 1 temporary file(s) of a writer that died",)
    assert (dead.exists(), live.exists()) == (False, True)
    assert mine is not None
    mine.end()


@pytest.mark.parametrize("folder", [State.PENDING, State.RELEASING])
def test_what_nobody_works_on_any_more_is_shown_to_a_person(data: Path, folder: State) -> None:
    mine = claim(hold(data, "TESTREF0007", folder))
    assert mine is not None
    assert look(data).findings == ()
    mine.end()
    (finding,) = look(data).findings
    assert (finding.kind, finding.where) == (Kind.UNKNOWN, f"quarantine/{folder}/TESTREF0007.hold")
    assert "next hop" in finding.advice
    assert str(finding).startswith(
        f"quarantine/{folder}/TESTREF0007.hold: the gate stopped while this message was being "
    )


def test_a_damaged_hold_is_told(data: Path) -> None:
    path = data / "quarantine" / "held" / "TESTREF0001.hold"
    path.write_bytes(path.read_bytes()[:-1])
    (finding,) = look(data).findings
    assert (finding.kind, finding.where) == (Kind.DAMAGED, "quarantine/held/TESTREF0001.hold")
    assert finding.what == "the held message cannot be read: incomplete or changed"


def test_a_damaged_file_of_progress_is_told(data: Path) -> None:
    (data / "quarantine" / "progress" / "open" / "TESTREF0001.progress").write_bytes(b"{}\n")
    (finding,) = look(data).findings
    assert finding.kind is Kind.DAMAGED
    assert finding.what == "its progress file is damaged: line 1 is not as written"


def test_a_hold_that_the_disk_refuses_is_told(data: Path) -> None:
    with mock.patch.object(scan_module, "look", side_effect=OSError(5, "Input/output error")):
        (finding,) = look(data).findings
    assert finding.what == "the held message cannot be read: the disk refuses it (Input/output error)"


def test_a_ref_in_two_folders_and_a_stranger_are_told(data: Path) -> None:
    hold(data, "TESTREF0001", State.DISCARDED)
    (data / "quarantine" / "held" / "notes.txt").write_text("x")
    double, stray = look(data).findings
    assert (double.kind, double.what) == (Kind.DOUBLE, "the same ref lies in held and discarded")
    assert (stray.kind, stray.where) == (Kind.STRAY, "quarantine/held/notes.txt")


def test_flaws_of_the_journal_are_told_apart_by_what_can_explain_them(data: Path) -> None:
    writing = Writing(data, "w1")
    writing.add(decided("C"))
    torn = segments(data / "journal", "w1")[0]
    torn.write_bytes(torn.read_bytes()[:-9])
    (finding,) = look(data).findings
    assert (finding.kind, finding.harmless, finding.where) == (Kind.TORN, True, "journal/w1-00000001.jsonl:2")
    first, last = segments(data / "journal", "w0")
    first.write_bytes(first.read_bytes().replace(b'"size":1234', b'"size":9999'))
    last.unlink()
    found = [f for f in look(data).findings if not f.harmless]
    assert [(f.kind, f.where) for f in found] == [
        (Kind.JOURNAL, "journal/w0-00000001.jsonl:2"),
        (Kind.MISSING, "journal/w0-00000002.jsonl"),
    ]
    assert all(f.advice for f in found)


def test_an_unreadable_journal_is_a_finding(data: Path) -> None:
    with mock.patch.object(scan_module, "verify", side_effect=PermissionError(13, "Permission denied")):
        (finding,) = look(data).findings
    assert finding.what == "the journal cannot be read (Permission denied)"
