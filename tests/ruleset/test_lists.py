"""Lists for exact data match in settings and rules: mistakes at their lines, and a ruleset that is named by its lists."""

from datetime import UTC
from pathlib import Path

import pytest

from smtp_gate.config import LoadedConfig, load_config
from smtp_gate.detect.edm import entry, packed
from smtp_gate.ruleset.build import BuildSettings, load
from smtp_gate.ruleset.lists import ListSource, read_lists, why_not
from smtp_gate.ruleset.marks import Mistake
from smtp_gate.server.rules import load_rulebook, load_snapshot, publish, shape_of
from smtp_gate.store.rulesets import NoSnapshotError, Snapshots

SETTINGS = """\
internal_domains: [milwaukee.gov]
listeners: [{name: outbound, listen: "127.0.0.1:2525"}]
next_hop: 127.0.0.1:10026
data_dir: data
rules: rules
edm:
  staff: {file: staff.bin, key: staff.key}
"""
PACK = """\
pack: staff
internal_domains: [milwaukee.gov]
detectors:
  staff_id:
    primary: {regex: '\\bE?\\d{7}\\b', edm: staff, column: employee_id}
    levels: {high: {}}
rules:
  - id: staff.id
    title: Employee numbers stay here
    policy: P-SENSITIVE
    family: sensitive
    when: {recipients: external}
    find: {any: [{detector: staff_id, min_level: high}]}
    action: quarantine
    examples:
      hit: [{text: "Employee E4410023 called"}]
      miss: [{text: "Employee E4410024 called"}]
"""


def write_list(folder: Path, *values: str, key: bytes = b"k" * 32, column: str = "employee_id") -> None:
    entries = {entry(key, column, value) for value in values}
    (folder / "staff.bin").write_bytes(b"".join(packed({column: entries}, key)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "staff.yaml").write_text(PACK)
    (tmp_path / "smtp-gate.yaml").write_text(SETTINGS)
    (tmp_path / "staff.key").write_bytes(b"k" * 32)
    (tmp_path / "staff.key").chmod(0o600)
    write_list(tmp_path, "E4410023")
    return tmp_path


def read(folder: Path) -> LoadedConfig:
    return load_config(folder / "smtp-gate.yaml")


def said(mistakes: tuple[Mistake, ...]) -> str:
    return "\n".join(map(str, mistakes))


def test_a_rule_finds_what_stands_in_the_list(folder: Path) -> None:
    config = read(folder).config
    assert config is not None
    book = load_rulebook(config)
    assert book.ruleset is not None, book.errors
    (detector,) = book.ruleset.engine.detectors.detectors
    assert detector.mask == "all"


@pytest.mark.parametrize(
    ("break_it", "why"),
    [
        (lambda f: (f / "staff.bin").unlink(), "does not exist"),
        (lambda f: (f / "staff.key").unlink(), "does not exist"),
        (lambda f: (f / "staff.key").write_bytes(b"o" * 32), "another key"),
        (lambda f: (f / "staff.key").write_bytes(b"k" * 31), "32 octets"),
        (lambda f: (f / "staff.key").chmod(0o640), "chmod 600"),
        (lambda f: (f / "staff.bin").write_bytes(b"employee_id\nE4410023\n"), "no list"),
        (lambda f: (f / "staff.bin").write_bytes((f / "staff.bin").read_bytes()[:-1]), "cut short"),
    ],
)
def test_a_list_that_cannot_be_used_is_a_mistake_in_its_line_of_the_settings(
    folder: Path, break_it: object, why: str
) -> None:
    assert callable(break_it)
    break_it(folder)
    loaded = read(folder)
    assert loaded.config is None
    assert why in said(loaded.errors)
    assert {m.line for m in loaded.errors} == {7}
    assert "E4410023" not in said(loaded.errors)


def test_a_list_that_was_changed_keeps_the_ruleset_from_loading(folder: Path) -> None:
    octets = bytearray((folder / "staff.bin").read_bytes())
    octets[-40] ^= 1
    (folder / "staff.bin").write_bytes(octets)
    config = read(folder).config
    assert config is not None, "the head alone is as it was"
    book = load_rulebook(config)
    assert book.ruleset is None
    assert "staff.bin:1:1" in said(book.errors)
    assert "not as it was built" in said(book.errors)


@pytest.mark.parametrize(
    ("old", "new", "line", "why"),
    [
        ("edm: staff,", "edm: stuff,", 5, "there is no list"),
        ("column: employee_id", "column: ssn", 5, "no column"),
        (", column: employee_id", "", 5, "go together"),
        ("edm: staff, ", "", 5, "go together"),
    ],
)
def test_a_detector_that_names_what_is_not_there_is_a_mistake(
    folder: Path, old: str, new: str, line: int, why: str
) -> None:
    assert old in PACK
    (folder / "rules" / "staff.yaml").write_text(PACK.replace(old, new))
    config = read(folder).config
    assert config is not None
    errors = load_rulebook(config).errors
    assert why in said(errors)
    assert line in {m.line for m in errors}


def test_the_hash_of_a_ruleset_is_that_of_its_lists_too(folder: Path) -> None:
    source = ListSource("staff", folder / "staff.bin", folder / "staff.key")
    settings = BuildSettings(frozenset({"milwaukee.gov"}), UTC, edm=(source,))
    hashes = []
    for values in (("E4410023",), ("E4410023", "E4410025"), ("E4410023",)):
        write_list(folder, *values)
        loaded = load([folder / "rules"], settings)
        assert loaded.ruleset is not None, loaded.errors
        hashes.append(loaded.ruleset.hash)
    assert hashes[0] == hashes[2] != hashes[1]


def test_a_snapshot_keeps_the_list_and_never_the_key(folder: Path) -> None:
    config = read(folder).config
    assert config is not None
    book = load_rulebook(config)
    snapshots = Snapshots(folder / "rulesets")
    name = publish(config, book, snapshots)
    write_list(folder, "E4410099")
    again = load_snapshot(snapshots, name)
    assert again.ruleset is not None, again.errors
    assert book.ruleset is not None
    assert again.ruleset.hash == book.ruleset.hash
    assert again.ruleset.engine.detectors.lists["staff"].holds("employee_id", "E4410023")
    kept = [p for p in (folder / "rulesets").rglob("*") if p.is_file()]
    assert [p.suffix for p in kept if b"k" * 32 in p.read_bytes()] == []
    assert [p for p in kept if b"E4410023" in p.read_bytes() and p.suffix != ".yaml"] == []


def test_equal_lists_of_two_snapshots_are_one_file(folder: Path) -> None:
    config = read(folder).config
    assert config is not None
    snapshots = Snapshots(folder / "rulesets")
    first = publish(config, load_rulebook(config), snapshots)
    (folder / "rules" / "staff.yaml").write_text(PACK.replace("stay here", "stay with us"))
    second = publish(config, load_rulebook(config), snapshots)
    assert first != second
    inodes = {snapshots.get(n).lists["staff"].stat().st_ino for n in (first, second)}
    assert len(inodes) == 1


def test_a_snapshot_whose_list_was_changed_is_none(folder: Path) -> None:
    config = read(folder).config
    assert config is not None
    snapshots = Snapshots(folder / "rulesets")
    name = publish(config, load_rulebook(config), snapshots)
    (kept,) = (folder / "rulesets").rglob("*.bin")
    kept.write_bytes(kept.read_bytes()[:-1] + b"x")
    with pytest.raises(NoSnapshotError):
        load_snapshot(snapshots, name)


def test_a_snapshot_with_another_key_does_not_build(folder: Path) -> None:
    config = read(folder).config
    assert config is not None
    book = load_rulebook(config)
    snapshots = Snapshots(folder / "rulesets")
    name = publish(config, book, snapshots)
    assert [(one, key) for one, _, key in shape_of(config, book).edm] == [("staff", str(folder / "staff.key"))]
    (folder / "staff.key").write_bytes(b"o" * 32)
    again = load_snapshot(snapshots, name)
    assert again.ruleset is None
    assert "another key" in said(again.errors)


def test_lists_are_read_whole_or_told_of(folder: Path) -> None:
    mistakes: list[Mistake] = []
    good = ListSource("staff", folder / "staff.bin", folder / "staff.key", ours=True)
    gone = ListSource("gone", folder / "gone.bin", folder / "staff.key", ours=True)
    (folder / "empty.bin").write_bytes(b"")
    empty = ListSource("empty", folder / "empty.bin", folder / "staff.key", ours=True)
    assert list(read_lists((good, gone, empty), mistakes)) == ["staff"]
    assert [Path(m.file).name for m in mistakes] == ["gone.bin", "empty.bin"]
    assert why_not(good.file, good.key) == ""
    assert "no file" in why_not(good.file, folder / "rules")
