"""`feeds build`: several lists into one file, whole or not there, and bad lines told by file and line."""

from pathlib import Path

from click.testing import CliRunner, Result

from smtp_gate.adapters.feeds import load
from smtp_gate.cli import main


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(w) for w in words])


def build(folder: Path, *files: str, name: str = "free_mail") -> Result:
    return run("feeds", "build", "--name", name, *(folder / f for f in files), "-o", folder / "out.feed")


def test_several_lists_become_one_feed(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("# ours\nExample.ORG\n")
    (tmp_path / "b.json").write_text('["example.net", "example.org"]')
    (tmp_path / "hosts").write_text("0.0.0.0 ads.example # x\n")
    done = build(tmp_path, "a.txt", "b.json", "hosts")
    assert done.exit_code == 0, done.stderr
    assert "3 domains" in done.stdout
    assert "feeds: {free_mail: out.feed}" in done.stdout
    feed = load(tmp_path / "out.feed")
    assert feed.count == 3
    assert feed.covers("x.ads.example") == "ads.example"
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_a_bad_line_is_told_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("example.org\nno domain\n" + "bad name\n" * 30)
    (tmp_path / "out.feed").write_bytes(b"older")
    done = build(tmp_path, "a.txt")
    assert done.exit_code == 1
    assert f"{tmp_path / 'a.txt'}:2: no domain" in done.stderr
    assert "and 11 more" in done.stderr
    assert "nothing was written" in done.stderr
    assert (tmp_path / "out.feed").read_bytes() == b"older"


def test_an_empty_list_is_no_feed(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("# nothing\n")
    done = build(tmp_path, "a.txt")
    assert done.exit_code == 1
    assert "without a single entry" in done.stderr
    assert not (tmp_path / "out.feed").exists()


def test_what_cannot_be_read_or_written_is_told(tmp_path: Path) -> None:
    assert "cannot be read" in build(tmp_path, "gone.txt").stderr
    (tmp_path / "a.txt").write_text("example.org\n")
    done = run("feeds", "build", "--name", "x", tmp_path / "a.txt", "-o", tmp_path / "gone" / "x.feed")
    assert done.exit_code == 1
    assert "cannot be written" in done.stderr
    assert build(tmp_path, "a.txt", name="Free Mail").exit_code == 2
    assert "Example: smtp-gate feeds build" in run("feeds", "build", "--help").stdout
