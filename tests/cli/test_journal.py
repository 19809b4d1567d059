"""`smtp-gate journal`: what it shows, and that its verification uses the sealed heads."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from smtp_gate.cli import main
from smtp_gate.store.heads import Sealer
from tests.running import write_settings
from tests.store.held import NOW, Writing, answered, decided


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(w) for w in words])


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Settings, and a sealed journal of one message."""
    made = write_settings(tmp_path, 10026)
    Writing(tmp_path / "data").add(decided("A", findings=[]), answered("A"))
    Sealer(tmp_path / "data" / "journal").seal(NOW)
    return made


def test_a_whole_journal_ends_with_0(config: Path) -> None:
    done = run("journal", "verify", "-c", config)
    assert (done.exit_code, done.output) == (0, "5 records hold, 0 flaws, 0 torn by a crash\n")


def test_a_cut_end_and_a_removed_segment_are_named(config: Path) -> None:
    segment = config.parent / "data" / "journal" / "w0-00000001.jsonl"
    segment.write_bytes(b"".join(segment.read_bytes().splitlines(keepends=True)[:-1]))
    done = run("journal", "verify", "-c", config)
    assert done.exit_code == 1
    assert "w0-00000001.jsonl:0: lines are missing that the next segment or a sealed head knows of" in done.output
    segment.unlink()
    done = run("journal", "verify", "-c", config)
    assert done.exit_code == 1
    assert "w0-00000001.jsonl:0: the segment is missing, and a sealed head knows of it" in done.output


def test_a_journal_without_seals_says_so(config: Path) -> None:
    for path in (config.parent / "data" / "journal").glob("heads*"):
        path.unlink()
    done = run("journal", "verify", "-c", config)
    assert done.exit_code == 0
    assert "nothing is sealed yet" in done.output


def test_a_logged_seal_is_looked_for(config: Path) -> None:
    root = config.parent / "data" / "journal"
    seal = json.loads((root / "heads.last").read_bytes())["last"]
    assert run("journal", "verify", "-c", config, "--seal", seal).exit_code == 0
    done = run("journal", "verify", "-c", config, "--seal", "0f" * 32)
    assert done.exit_code == 1
    assert "no seal 0f0f" in done.output


def test_seals_are_not_shown_among_the_records(config: Path) -> None:
    done = run("journal", "show", "-c", config, "--json")
    assert done.exit_code == 0
    assert "sealed" not in {json.loads(line)["kind"] for line in done.output.splitlines()}
