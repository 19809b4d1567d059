"""Snapshots of rules: whole or not there, the same shape once, the current one kept, old ones removed."""

import errno
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from smtp_gate.store import rulesets
from smtp_gate.store.ruleset_history import ORDER, Pin, write_new
from smtp_gate.store.rulesets import KEPT, VERSION, Files, NoSnapshotError, Shape, Snapshots

SHAPE = Shape("sha256:1", "dir:1", ("milwaukee.gov",), "America/Chicago", "Ask.", enforce=True)


def files(folder: Path) -> Files:
    pack, directory = folder / "a.yaml", folder / "directory.csv"
    pack.write_bytes(b"pack: a\n")
    directory.write_bytes(b"address\n")
    return Files([pack], directory)


def test_a_snapshot_comes_back_as_it_was_saved_whatever_becomes_of_the_files(tmp_path: Path) -> None:
    given = files(tmp_path)
    snapshots = Snapshots(tmp_path / "rulesets")
    saved = snapshots.save(SHAPE, given)
    given.packs[0].write_bytes(b"changed")
    found = snapshots.get(saved.name)
    assert found == saved
    assert replace(found.shape, content="") == SHAPE
    assert [p.read_bytes() for p in found.packs] == [b"pack: a\n"]
    assert found.directory is not None
    assert found.directory.read_bytes() == b"address\n"
    given.packs[0].write_bytes(b"pack: a\n")
    assert snapshots.save(SHAPE, given) == saved, "the same shape is saved once"
    given.packs[0].write_bytes(b"pack: a\n...\n")
    assert snapshots.save(SHAPE, given).name != saved.name, "an end marker is no part of the hash, and yet is kept"


def test_a_gate_without_a_directory_has_a_snapshot_without_one(tmp_path: Path) -> None:
    given = files(tmp_path)
    saved = Snapshots(tmp_path / "rulesets").save(replace(SHAPE, directory=""), replace(given, directory=None))
    assert saved.directory is None


def test_one_is_in_use_and_the_oldest_others_go(tmp_path: Path) -> None:
    given = files(tmp_path)
    snapshots = Snapshots(tmp_path / "rulesets")
    assert snapshots.current() == ""
    names = [snapshots.save(replace(SHAPE, ruleset=f"sha256:{n}"), given).name for n in range(KEPT + 4)]
    for number, name in enumerate(names):
        os.utime(snapshots.root / name, (number, number))
    snapshots.use(names[0])
    assert snapshots.current() == names[0]
    kept = {p.name for p in snapshots.root.iterdir() if p.is_dir()}
    assert kept == {names[0], *names[1 - KEPT :]}


@pytest.mark.parametrize("name", ["", "..", "0123", "0123456789abcdeg", "/etc"])
def test_what_is_no_name_names_nothing(tmp_path: Path, name: str) -> None:
    with pytest.raises(NoSnapshotError):
        Snapshots(tmp_path / "rulesets").get(name)


@pytest.mark.parametrize("head", [b"", b"{", b"[]", b'{"version": 3}', b'{"version": 4, "ruleset": "x"}'])
def test_a_damaged_snapshot_is_none_and_is_written_anew(tmp_path: Path, head: bytes) -> None:
    given = files(tmp_path)
    snapshots = Snapshots(tmp_path / "rulesets")
    saved = snapshots.save(SHAPE, given)
    (snapshots.root / saved.name / "snapshot.json").write_bytes(head)
    with pytest.raises(NoSnapshotError):
        snapshots.get(saved.name)
    assert snapshots.save(SHAPE, given) == saved
    assert json.loads((snapshots.root / saved.name / "snapshot.json").read_text())["version"] == VERSION


def test_a_crash_in_the_middle_leaves_nothing_that_could_be_used(tmp_path: Path) -> None:
    given = files(tmp_path)
    snapshots = Snapshots(tmp_path / "rulesets")
    with pytest.raises(FileNotFoundError):
        snapshots.save(SHAPE, replace(given, packs=[*given.packs, tmp_path / "gone.yaml"]))
    assert not [p for p in snapshots.root.iterdir() if not p.name.startswith(".")]
    assert snapshots.save(SHAPE, given).packs


@pytest.mark.parametrize("damage", ["emptied", "gone", "added", "directory"])
def test_a_snapshot_whose_files_have_changed_is_none_and_is_written_anew(tmp_path: Path, damage: str) -> None:
    given = files(tmp_path)
    snapshots = Snapshots(tmp_path / "rulesets")
    saved = snapshots.save(SHAPE, given)
    folder = snapshots.root / saved.name
    match damage:
        case "emptied":
            (folder / "packs" / "000.yaml").write_bytes(b"")
        case "gone":
            (folder / "packs" / "000.yaml").unlink()
        case "added":
            (folder / "packs" / "001.yaml").write_bytes(b"pack: b\n")
        case "directory":
            (folder / "directory.csv").write_bytes(b"address\nx@milwaukee.gov\n")
    with pytest.raises(NoSnapshotError, match="not as it was written"):
        snapshots.get(saved.name)
    assert snapshots.save(SHAPE, given) == saved
    assert (folder / "packs" / "000.yaml").read_bytes() == b"pack: a\n"


def test_syncs_of_the_directory_push_out_no_ruleset(tmp_path: Path) -> None:
    given = files(tmp_path)
    snapshots = Snapshots(tmp_path / "rulesets", keep=2)
    older = snapshots.save(SHAPE, given).name
    snapshots.use(older)
    newer = ""
    for number in range(20):
        newer = snapshots.save(replace(SHAPE, ruleset="sha256:2", directory=f"dir:{number}"), given).name
        snapshots.use(newer)
    assert [(k.name, k.ruleset) for k in snapshots.kept()] == [(newer, "sha256:2"), (older, "sha256:1")]
    assert len([p for p in snapshots.root.iterdir() if p.is_dir()]) == 3, "and the one before that in use"


def test_a_ruleset_that_comes_back_keeps_its_first_day(tmp_path: Path) -> None:
    given = files(tmp_path)
    snapshots = Snapshots(tmp_path / "rulesets")
    one, two = (snapshots.save(replace(SHAPE, ruleset=f"sha256:{n}"), given).name for n in range(2))
    for name in (one, two, one):
        snapshots.use(name)
    now, before = snapshots.kept()
    assert (now.name, before.name) == (one, two)
    assert now.first < before.first <= before.last <= now.last


def test_a_snapshot_of_the_version_before_is_still_good_to_go_back_to(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path / "rulesets")
    saved = snapshots.save(SHAPE, files(tmp_path))
    file = snapshots.root / saved.name / "snapshot.json"
    head = json.loads(file.read_bytes())
    del head["content"]
    file.write_text(json.dumps({**head, "version": 4}))
    found = snapshots.get(saved.name)
    assert (found.shape, found.content) == (SHAPE, saved.content)
    assert [k.name for k in snapshots.kept()] == [saved.name]


def test_snapshots_of_another_version_are_no_rulesets_and_stop_nobody(tmp_path: Path) -> None:
    given = files(tmp_path)
    snapshots = Snapshots(tmp_path / "rulesets")
    old = snapshots.root / ("0" * 16)
    old.mkdir()
    (old / "snapshot.json").write_text('{"version": 3, "layout": "unknown"}')
    (snapshots.root / "current").write_text("0" * 16)
    assert snapshots.kept() == ()
    name = snapshots.save(SHAPE, given).name
    snapshots.use(name)
    assert [k.name for k in snapshots.kept()] == [name]


@settings(max_examples=15, deadline=None)
@drawn(
    keep=st.integers(2, 4),
    steps=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 2), st.booleans()), min_size=1, max_size=12),
)
def test_what_is_in_use_or_rolled_back_to_is_never_removed(
    tmp_path_factory: pytest.TempPathFactory, keep: int, steps: list[tuple[int, int, bool]]
) -> None:
    folder = tmp_path_factory.mktemp("kept")
    given = files(folder)
    snapshots = Snapshots(folder / "rulesets", keep=keep)
    pinned = ""
    for ruleset, directory, pin in steps:
        name = snapshots.save(replace(SHAPE, ruleset=f"sha256:{ruleset}", directory=f"dir:{directory}"), given).name
        if pin:
            pinned = name
            snapshots.history.set_pin(Pin(name, "content"))
        snapshots.use(name)
        assert snapshots.get(snapshots.current()).name == name
        assert not pinned or snapshots.get(pinned).name == pinned
        kept = snapshots.kept()
        assert kept[0].name == name
        assert len({k.ruleset for k in kept}) == len(kept)
        assert len(kept) <= keep + 2


def test_what_is_in_use_or_rolled_back_to_is_not_dropped(tmp_path: Path) -> None:
    given = files(tmp_path)
    snapshots = Snapshots(tmp_path / "rulesets")
    used, never, pinned = (snapshots.save(replace(SHAPE, ruleset=f"sha256:{n}"), given).name for n in range(3))
    snapshots.use(used)
    snapshots.history.set_pin(Pin(pinned, "content"))
    assert snapshots.names() == {used, never, pinned}
    snapshots.drop([used, never, pinned, "nothing"])
    assert {k.name for k in snapshots.kept()} == {used, pinned}


def test_feeds_are_kept_with_their_content_and_equal_ones_are_one_file(tmp_path: Path) -> None:
    feed, plain = tmp_path / "a.feed", tmp_path / "b.txt"
    feed.write_bytes(b"feed")
    plain.write_bytes(b"example.org\n")
    own = [f"sha256:{hashlib.sha256(p.read_bytes()).hexdigest()}" for p in (feed, plain)]
    shape = replace(SHAPE, feeds=(("free_mail", own[0], ".feed"), ("disposable", own[1], ".txt")))
    given = replace(files(tmp_path), feeds={"free_mail": feed, "disposable": plain})
    snapshots = Snapshots(tmp_path / "rulesets")
    first = snapshots.save(shape, given)
    second = snapshots.save(replace(shape, ruleset="sha256:2"), given)
    feed.write_bytes(b"other")
    assert first.feeds["free_mail"].read_bytes() == b"feed"
    assert first.feeds["disposable"].suffix == ".txt"
    assert replace(snapshots.get(first.name).shape, content="") == shape
    assert first.feeds["free_mail"].stat().st_ino == second.feeds["free_mail"].stat().st_ino
    first.feeds["free_mail"].write_bytes(b"changed")
    with pytest.raises(NoSnapshotError):
        snapshots.get(first.name)


def test_a_full_disk_leaves_no_pieces_that_fill_it_further(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, given = Snapshots(tmp_path / "rulesets"), files(tmp_path)

    def full(path: Path, octets: bytes) -> None:
        if path.name == "snapshot.json":
            raise OSError(errno.ENOSPC, "no room")
        write_new(path, octets)

    monkeypatch.setattr(rulesets, "write_new", full)
    before = sorted(kept.root.iterdir())
    with pytest.raises(OSError, match="no room"):
        kept.save(SHAPE, given)
    assert sorted(kept.root.iterdir()) == before


def test_what_a_killed_keeper_was_making_is_cleared_away(tmp_path: Path) -> None:
    kept = Snapshots(tmp_path / "rulesets")
    name = kept.save(SHAPE, files(tmp_path)).name
    left, ours = kept.root / f".{'0' * 16}.1", kept.root / f".{'0' * 16}.{os.getpid()}"
    for folder in (left, ours):
        (folder / "packs").mkdir(parents=True)
    kept.use(name)
    assert not left.exists()
    assert ours.exists()


def played_clock(monkeypatch: pytest.MonkeyPatch, times: Iterator[int]) -> None:
    """Each use is at the next of these times, which need not go on."""
    real = os.utime

    def utime(path: Path) -> None:
        now = next(times)
        real(path, (now, now))

    monkeypatch.setattr(os, "utime", utime)


def used(snapshots: Snapshots, given: Files, ruleset: int, directory: int = 1) -> str:
    """A snapshot, made and taken into use."""
    name = snapshots.save(replace(SHAPE, ruleset=f"sha256:{ruleset}", directory=f"dir:{directory}"), given).name
    snapshots.use(name)
    return name


def test_a_clock_that_went_back_makes_no_other_ruleset_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = files(tmp_path)
    snapshots = Snapshots(tmp_path / "rulesets", keep=3)
    played_clock(monkeypatch, iter((5000, 4000, 3000, 2000, 1000)))
    names = [used(snapshots, given, number) for number in range(5)]
    assert [k.name for k in snapshots.kept()] == names[:1:-1]
    assert snapshots.names() == set(names[2:]), "the oldest are those used first and not those of the oldest time"


def test_of_one_ruleset_the_snapshot_that_was_used_last_counts_whatever_the_clock_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = files(tmp_path)
    snapshots = Snapshots(tmp_path / "rulesets")
    played_clock(monkeypatch, iter((3000, 2000, 1000)))
    names = [used(snapshots, given, *which) for which in ((1, 1), (1, 2), (2, 1))]
    assert [k.name for k in snapshots.kept()] == [names[2], names[1]]


def test_state_that_was_written_before_an_order_was_kept_is_ordered_by_its_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = files(tmp_path)
    snapshots = Snapshots(tmp_path / "rulesets")
    played_clock(monkeypatch, iter((1000, 3000, 2000, 500, 400)))
    names = [used(snapshots, given, number) for number in range(3)]
    (snapshots.root / ORDER).unlink()
    assert [k.name for k in snapshots.kept()] == [names[2], names[1], names[0]]
    names += [used(snapshots, given, number) for number in (3, 4)]
    assert [k.name for k in snapshots.kept()] == [names[4], names[3], names[2], names[1], names[0]]


def test_killed_before_the_order_was_written_the_one_in_use_is_still_the_one_before_the_next(tmp_path: Path) -> None:
    given = files(tmp_path)
    snapshots = Snapshots(tmp_path / "rulesets")
    names = [snapshots.save(replace(SHAPE, ruleset=f"sha256:{n}"), given).name for n in range(3)]
    snapshots.use(names[0])
    (snapshots.root / "current").write_text(names[1])
    os.utime(snapshots.root / names[1], (1, 1))
    snapshots.use(names[2])
    assert [k.name for k in snapshots.kept()] == names[::-1]
