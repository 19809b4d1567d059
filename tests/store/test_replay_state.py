"""A replay's state survives a kill at every octet, is continued by the same replay alone, and no other file is touched."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from smtp_gate.replay.rows import ReplayRow, blank
from smtp_gate.store.replay_state import BusyError, ForeignError, ReplayState


def row(number: int) -> ReplayRow:
    made = blank(f"id{number}", f"{number}.eml\udcff", "files")
    made["change"] = "same"
    return made


def filled(path: Path, rows: int = 3) -> bytes:
    with ReplayState(path, "key") as state:
        for number in range(rows):
            state.add(row(number))
    return path.read_bytes()


def test_what_was_kept_comes_back(tmp_path: Path) -> None:
    filled(tmp_path / "s")
    with ReplayState(tmp_path / "s", "key") as state:
        assert list(state.rows.values()) == [row(0), row(1), row(2)]
        assert state.anew == ""
        state.add(row(3))
    with ReplayState(tmp_path / "s", "key") as state:
        assert len(state.rows) == 4


def test_cut_at_every_octet_the_whole_lines_remain(tmp_path: Path) -> None:
    whole = filled(tmp_path / "s", 2)
    ends = [i + 1 for i, octet in enumerate(whole) if octet == 10]
    for size in range(len(whole) + 1):
        (tmp_path / "s").write_bytes(whole[:size])
        with ReplayState(tmp_path / "s", "key") as state:
            assert len(state.rows) == max(sum(end <= size for end in ends) - 1, 0)
            state.add(row(9))
        with ReplayState(tmp_path / "s", "key") as state:
            assert list(state.rows)[-1] == "id9"
            assert state.rows["id9"] == row(9)


def test_a_garbled_line_and_all_behind_it_are_judged_again(tmp_path: Path) -> None:
    whole = filled(tmp_path / "s").splitlines(keepends=True)
    (tmp_path / "s").write_bytes(whole[0] + whole[1] + b'{"id": 1}\n' + whole[3])
    with ReplayState(tmp_path / "s", "key") as state:
        assert list(state.rows) == ["id0"]


def test_of_another_replay_nothing_is_taken_over(tmp_path: Path) -> None:
    filled(tmp_path / "s")
    with ReplayState(tmp_path / "s", "another") as state:
        assert state.rows == {}
        assert "other rules, sources or options" in state.anew
    head = json.loads((tmp_path / "s").read_bytes().splitlines()[0])
    (tmp_path / "s").write_text(json.dumps(head | {"replay": 2}) + "\n")
    with ReplayState(tmp_path / "s", "another") as state:
        assert "another version" in state.anew


@pytest.mark.parametrize("octets", [b"a letter\n", b"{}\n", b"[1]\n", b"\x00" * 100, b"pack: pii\nrules: []\n"])
def test_a_file_that_is_no_state_is_left_alone(tmp_path: Path, octets: bytes) -> None:
    (tmp_path / "s").write_bytes(octets)
    with pytest.raises(ForeignError):
        ReplayState(tmp_path / "s", "key")
    assert (tmp_path / "s").read_bytes() == octets


def test_it_is_private_and_written_by_one_process_at_a_time(tmp_path: Path) -> None:
    hold = "import sys; from pathlib import Path; from smtp_gate.store.replay_state import ReplayState\n"
    hold += "s = ReplayState(Path(sys.argv[1]), 'key'); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(tmp_path / "s")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        with pytest.raises(BusyError):
            ReplayState(tmp_path / "s", "key")
        os.kill(other.pid, signal.SIGKILL)
    ReplayState(tmp_path / "s", "key").close()
    assert (tmp_path / "s").stat().st_mode & 0o777 == 0o600


def test_it_is_gone_when_nobody_needs_it(tmp_path: Path) -> None:
    with ReplayState(tmp_path / "s", "key") as state:
        state.remove()
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize(
    "change",
    [
        {"recipients": 5},
        {"change": "x"},
        {"asked": [1]},
        {"moved": "yes"},
        {"findings_after": [{}]},
        {"id": None},
        {"day": "x"},
    ],
)
def test_a_row_of_wrong_types_is_dropped_like_a_torn_one_with_all_behind_it_and_told(
    tmp_path: Path, change: dict[str, object]
) -> None:
    whole = filled(tmp_path / "s").splitlines(keepends=True)
    hostile = json.dumps({**row(1), **change}).encode() + b"\n"
    (tmp_path / "s").write_bytes(whole[0] + whole[1] + hostile + whole[3])
    with ReplayState(tmp_path / "s", "key") as state:
        assert (list(state.rows), state.damaged) == (["id0"], 3)
    assert (tmp_path / "s").read_bytes() == whole[0] + whole[1]
    with ReplayState(tmp_path / "s", "key") as state:
        assert (list(state.rows), state.damaged) == (["id0"], 0)


@pytest.mark.parametrize("line", [b"[" * 100_000 + b"\n", b"9" * 5000 + b"\n"])
def test_a_line_that_no_reader_of_json_takes_stops_nothing(tmp_path: Path, line: bytes) -> None:
    whole = filled(tmp_path / "s", 1)
    (tmp_path / "s").write_bytes(whole + line)
    with ReplayState(tmp_path / "s", "key") as state:
        assert (list(state.rows), state.damaged) == (["id0"], 3)
    (tmp_path / "s").write_bytes(line)
    with pytest.raises(ForeignError):
        ReplayState(tmp_path / "s", "key")


def test_rows_of_an_earlier_run_are_read_while_others_are_written_and_not_held(tmp_path: Path) -> None:
    filled(tmp_path / "s", 2000)
    with ReplayState(tmp_path / "s", "key") as state:
        for number in (1999, 0, 7):
            assert state.rows[f"id{number}"] == row(number)
            state.add(row(5000 + number))
        assert state.rows["id0"] is not state.rows["id0"]
    with ReplayState(tmp_path / "s", "key") as state:
        assert len(state.rows) == 2003
        os.truncate(tmp_path / "s", 10)
        with pytest.raises(OSError, match="changed by somebody else"):
            state.rows["id0"]
