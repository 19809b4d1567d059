"""Held files as rows: the state that the quarantine tells too, and a new row whenever anything it depends on changed."""

import errno
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from smtp_gate.store.files import Disk, claim
from smtp_gate.store.hold_rows import UNREAD
from smtp_gate.store.index import Index
from smtp_gate.store.ingest import Ingestor
from smtp_gate.store.looking import look
from smtp_gate.store.progress import Kind, Step
from smtp_gate.store.progress_files import ProgressFiles
from smtp_gate.store.quarantine import FileQuarantine
from smtp_gate.store.states import State
from tests.store.held import NOW, hold

REF = "TESTREF0001"


class Watched:
    """A data folder, its index, and the state that both the index and the quarantine tell."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.index = Index(data / "index" / "index.db")
        self.ingestor = Ingestor(data, self.index)
        self.disk = Disk(1)
        self.quarantine = FileQuarantine(data / "quarantine", self.disk)

    def state(self) -> str:
        """The state in the index, which has caught up."""
        self.ingestor.catch_up()
        assert self.ingestor.catch_up().holds == 0
        states = {k.state for folder in State for k in self.index.holds_in(folder).values()}
        assert states == {self.quarantine.find(REF).state}
        return str(states.pop())

    def close(self) -> None:
        self.index.close()
        self.disk.close()


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    made = Watched(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("folder", [State.PENDING, State.RELEASING])
def test_what_nobody_works_on_any_more_becomes_unknown_without_a_change_of_its_file(
    watched: Watched, folder: State
) -> None:
    mine = claim(hold(watched.data, REF, folder))
    assert mine is not None
    assert watched.state() == folder
    mine.end()
    assert watched.state() == "unknown"


def test_progress_changes_the_state_without_a_change_of_the_file(watched: Watched) -> None:
    path, steps = hold(watched.data, REF), ProgressFiles(watched.data / "quarantine" / "progress")
    assert watched.state() == "held"
    steps.add(REF, [Step(Kind.APPROVED, NOW, (0, 1), who="dana")])
    assert watched.state() == "releasing"
    steps.add(REF, [Step(Kind.DOT, NOW, (0, 1))])
    assert watched.state() == "unknown"
    mine = claim(path)
    assert mine is not None
    assert watched.state() == "held", "somebody works on it"
    mine.end()
    steps.add(REF, [Step(Kind.REPLY, NOW, (0, 1), reply="550 5.1.1 no")])
    steps.close(REF)
    assert watched.state() == "failed"


def test_a_damaged_file_of_progress_is_told(watched: Watched) -> None:
    path, steps = hold(watched.data, REF), ProgressFiles(watched.data / "quarantine" / "progress")
    (steps.open / f"{REF}.progress").write_bytes(b"{}\n")
    assert watched.state() == "unknown"
    listed = look(path, State.HELD, steps)
    assert listed is not None
    assert (listed.item is not None, listed.flaw) == (True, "its progress file is damaged: line 1 is not as written")


def test_a_damaged_item_and_one_of_another_name_are_told(watched: Watched) -> None:
    path = hold(watched.data, REF)
    path.write_bytes(path.read_bytes()[:-1])
    assert watched.state() == "held"
    assert watched.index.holds_in("held")[REF].flaw == "incomplete or changed"
    path.unlink()
    hold(watched.data, "TESTREF0002").rename(path)
    assert watched.state() == "held"
    assert watched.index.holds_in("held")[REF].flaw == "the file has another message's name"


def test_what_has_gone_meanwhile_is_nothing(watched: Watched) -> None:
    path = hold(watched.data, REF)
    path.unlink()
    assert look(path, State.HELD, watched.quarantine.progress) is None


def test_a_file_that_the_disk_refuses_is_told_and_tried_again(watched: Watched) -> None:
    hold(watched.data, REF)
    with mock.patch("smtp_gate.store.looking.read_regular", side_effect=OSError(errno.EIO, "Input/output error")):
        watched.ingestor.catch_up()
    known = watched.index.holds_in("held")[REF]
    assert (known.octets, known.flaw) == (UNREAD, "the disk refuses it (Input/output error)")
    assert watched.state() == "held"
    assert watched.index.holds_in("held")[REF].flaw == ""
