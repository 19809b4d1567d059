"""Snapshots of the directory: whole or not there, one in use, the last ones kept, one sync at a time."""

import os
from pathlib import Path

import pytest

from smtp_gate.store.files import PRIVATE
from smtp_gate.store.people import KEPT, People


def test_a_snapshot_is_named_by_its_content_and_written_once(tmp_path: Path) -> None:
    people = People(tmp_path / "directory")
    name = people.save(b"address\n")
    assert people.save(b"address\n") == name
    assert people.path(name).read_bytes() == b"address\n"
    assert people.names() == [name]


def test_everything_is_for_the_owner_alone(tmp_path: Path) -> None:
    people = People(tmp_path / "directory")
    people.use(people.save(b"address\n"))
    assert people.root.stat().st_mode & 0o777 == PRIVATE
    assert {p.stat().st_mode & 0o777 for p in people.root.iterdir()} == {0o600}


def test_none_is_in_use_before_the_first(tmp_path: Path) -> None:
    people = People(tmp_path / "directory")
    assert (people.current(), people.synced_at(), people.names()) == ("", None, [])
    assert not people.root.exists()


def test_a_file_that_is_not_what_its_name_says_is_written_again(tmp_path: Path) -> None:
    people = People(tmp_path / "directory")
    name = people.save(b"address\n")
    people.path(name).write_bytes(b"cut")
    assert people.save(b"address\n") == name
    assert people.path(name).read_bytes() == b"address\n"


def test_one_is_in_use_and_the_oldest_others_go(tmp_path: Path) -> None:
    people = People(tmp_path / "directory")
    names = [people.save(b"%d" % n) for n in range(KEPT + 3)]
    for age, name in enumerate(names):
        os.utime(people.path(name), (age, age))
    people.use(names[0])
    assert people.current() == names[0]
    assert people.names() == [names[0], *reversed(names[4:])]


def test_a_sync_without_news_is_one_too(tmp_path: Path) -> None:
    people = People(tmp_path / "directory")
    name = people.save(b"address\n")
    people.use(name)
    os.utime(people.root / "current", (7, 7))
    assert people.synced_at() == 7
    people.use(name)
    at = people.synced_at()
    assert at is not None
    assert at > 7


def test_what_a_crash_left_is_swept_and_hinders_nobody(tmp_path: Path) -> None:
    people = People(tmp_path / "directory")
    name = people.save(b"address\n")
    people.path(name).rename(people.root / f".{name}.csv.tmp")
    (people.root / ".current").write_text("half")
    with people.syncing():
        people.use(people.save(b"address\n"))
    assert people.current() == name
    assert sorted(p.name for p in people.root.iterdir()) == sorted([f"{name}.csv", "current", "lock"])


def test_two_do_not_sync_at_a_time(tmp_path: Path) -> None:
    people = People(tmp_path / "directory")
    with people.syncing(), pytest.raises(BlockingIOError, match="another sync"), People(people.root).syncing():
        pass
    with people.syncing():
        pass


@pytest.mark.parametrize("written", ["", "../../etc/passwd", "0123456789abcdeg"])
def test_what_is_no_name_is_not_in_use(tmp_path: Path, written: str) -> None:
    people = People(tmp_path / "directory")
    people.save(b"address\n")
    (people.root / "current").write_text(written)
    assert people.current() == ""
