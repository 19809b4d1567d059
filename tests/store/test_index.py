"""The index file: begun anew where it is damaged or foreign, locked for others, written whole transactions at a time."""

import subprocess
import sys
import threading
from pathlib import Path
from unittest import mock

import apsw
import pytest

from smtp_gate.store.index import Index, IndexDamagedError, IndexUnavailableError
from smtp_gate.store.journal_tail import Position
from tests.store.held import decided, tables

SEGMENT = "w0-00000001.jsonl"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An index of a hundred messages, closed."""
    index = Index(tmp_path / "index" / "index.db")
    assert index.anew == ""
    with index.writing() as writer:
        for number in range(100):
            writer.record(SEGMENT, number + 2, decided(f"R{number}"))
        writer.position(SEGMENT, Position(900, 101, 100, "ab" * 32))
        writer.caught_up()
    index.close()
    index.close()
    return index.path


def test_what_was_written_is_there_again(path: Path) -> None:
    index = Index(path)
    assert (index.anew, index.counts(), index.building()) == ("", (100, 0), False)
    assert index.positions() == {SEGMENT: Position(900, 101, 100, "ab" * 32)}
    assert index.is_whole()
    assert index.message("R7") is not None
    assert index.message("nobody") is None
    index.close()


def test_the_folder_is_for_the_owner_alone(path: Path) -> None:
    assert path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("octets", [b"", b"no database at all" * 400, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_index_is_begun_anew(path: Path, octets: bytes) -> None:
    path.write_bytes(octets)
    index = Index(path)
    assert (index.counts(), index.building()) == ((0, 0), True)
    assert bool(index.anew) == bool(octets)
    index.close()


def test_another_version_and_a_foreign_database_are_begun_anew(path: Path) -> None:
    for statement, why in (
        ("PRAGMA user_version = 99", "found version 99"),
        ("PRAGMA application_id = 7", "found version 1"),
        ("DROP TABLE messages", "found version 1"),
    ):
        db = apsw.Connection(str(path))
        db.execute(statement)
        db.close()
        index = Index(path)
        assert why in index.anew
        assert index.counts() == (0, 0)
        index.close()


def test_damage_found_while_it_is_used_begins_it_anew_and_says_so(path: Path) -> None:
    octets = bytearray(path.read_bytes())
    octets[4096:] = b"\xa5" * (len(octets) - 4096)
    path.write_bytes(octets)
    index = Index(path)
    with pytest.raises(IndexDamagedError):
        index.message("R7")
    assert (index.counts(), index.building()) == ((0, 0), True)
    assert index.anew
    assert index.is_whole()
    index.close()


def test_a_check_that_finds_damage_ends_with_a_whole_index(path: Path) -> None:
    octets = bytearray(path.read_bytes())
    octets[4096 * 6 : 4096 * 7] = b"\xa5" * 4096
    path.write_bytes(octets)
    index = Index(path)
    if not index.is_whole():
        index.clear("damaged")
    assert index.is_whole()
    assert index.counts() == (0, 0)
    index.close()


def test_a_second_process_is_told_that_it_is_taken(path: Path) -> None:
    index = Index(path)
    code = (
        "import sys\nfrom pathlib import Path\nfrom smtp_gate.store import index\nindex.BUSY = 100\n"
        "try:\n    index.Index(Path(sys.argv[1]))\nexcept index.IndexUnavailableError as e:\n    print(e)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, timeout=60)
    assert done.stdout == "another process has the index\n", done.stderr
    assert index.counts() == (100, 0)
    index.close()
    with pytest.raises(IndexUnavailableError):
        index.counts()


def test_a_transaction_that_breaks_leaves_nothing(path: Path) -> None:
    index = Index(path)
    before = tables(index)

    def broken() -> None:
        with index.writing() as writer:
            writer.record(SEGMENT, 999, decided("NEW"))
            writer.position(SEGMENT, Position())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert tables(index) == before
    index.close()


def test_a_failing_disk_is_no_damage(path: Path) -> None:
    index = Index(path)
    with mock.patch.object(index, "_db") as db:
        db.execute.side_effect = apsw.FullError("database or disk is full")
        with pytest.raises(IndexUnavailableError, match="FullError"):
            index.counts()
    assert index.counts() == (100, 0)
    index.close()


def test_threads_wait_for_each_other(path: Path) -> None:
    index = Index(path)
    errors: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for line in range(50):
                with index.writing() as writer:
                    writer.record(f"w{number}-00000001.jsonl", line, decided(f"T{number}-{line}"))
                index.counts()
        except BaseException as error:  # noqa: BLE001 - told by the test
            errors.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert index.counts() == (300, 0)
    index.close()
