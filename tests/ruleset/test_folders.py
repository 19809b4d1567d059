"""Below a folder of packs nothing is passed over in silence, and no circle of links is walked for ever."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from smtp_gate.config import load_config
from smtp_gate.ruleset.folders import Unread, below
from smtp_gate.ruleset.marks import Mistake
from smtp_gate.ruleset.packs import pack_files
from smtp_gate.server.watch import watched
from tests.running import write_settings


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    (folder / "city" / "cases").mkdir(parents=True)
    for name in ("a.yaml", "city/b.yaml", "city/cases/c.yaml"):
        (folder / name).write_text("pack: x\n")
    return folder


def failing(monkeypatch: pytest.MonkeyPatch, at: Path, number: int) -> None:
    """Root may read everything, so the kernel's refusal is played."""
    real: Callable[[Any], Any] = os.scandir

    def scandir(path: Any = ".") -> Any:
        if Path(path) == at:
            raise OSError(number, os.strerror(number), str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)


def seen(folder: Path) -> list[str]:
    return [p.relative_to(folder).as_posix() for p in pack_files([folder]) if isinstance(p, Path)]


def mistakes(folder: Path) -> list[Mistake]:
    return [m for m in pack_files([folder]) if isinstance(m, Mistake)]


def watch(folder: Path) -> set[str]:
    config = load_config(write_settings(folder.parent, 25)).config
    assert config is not None
    return {p.relative_to(folder).as_posix() for p in watched(config) if p.is_relative_to(folder)} - {"test.yaml"}


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO])
@pytest.mark.parametrize("name", ["city", ""])
def test_a_folder_that_cannot_be_read_is_a_mistake_and_not_passed_over(
    rules: Path, monkeypatch: pytest.MonkeyPatch, number: int, name: str
) -> None:
    failing(monkeypatch, rules / name, number)
    (one,) = mistakes(rules)
    assert (one.file, one.severity) == (str(rules / name), "error")
    assert one.message == f"cannot be read: {os.strerror(number)}"
    assert "mend it" in one.hint
    assert seen(rules) == (["a.yaml"] if name else [])


def test_sample_mail_is_no_pack_so_a_folder_of_it_stops_no_pack(rules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, rules / "city" / "cases", errno.EACCES)
    assert mistakes(rules) == []
    assert seen(rules) == ["a.yaml", "city/b.yaml"]


def test_the_watch_sees_a_folder_become_unreadable_and_come_back(rules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = watch(rules)
    with monkeypatch.context() as patch:
        failing(patch, rules / "city", errno.EACCES)
        assert watch(rules) == {"a.yaml", "city"}
    assert watch(rules) == before == {"a.yaml", "city/b.yaml", "city/cases/c.yaml"}


def test_a_link_to_a_folder_is_followed_by_packs_and_by_the_watch(rules: Path, tmp_path: Path) -> None:
    (rules / "city").rename(tmp_path / "elsewhere")
    (rules / "city").symlink_to(tmp_path / "elsewhere")
    assert seen(rules) == ["a.yaml", "city/b.yaml"]
    assert watch(rules) == {"a.yaml", "city/b.yaml", "city/cases/c.yaml"}
    assert mistakes(rules) == []


def test_links_in_a_circle_end_and_each_pack_is_there_once_by_its_plain_path(rules: Path) -> None:
    (rules / "city" / "up").symlink_to(rules)
    (rules / "aaa").symlink_to(rules / "city")
    (rules / "self").symlink_to(".")
    (rules / "city" / "deep").mkdir()
    (rules / "city" / "deep" / "d.yaml").write_text("pack: x\n")
    (rules / "near").symlink_to(rules / "city" / "deep")
    assert seen(rules) == ["a.yaml", "city/b.yaml", "city/deep/d.yaml"]
    assert mistakes(rules) == []
    assert sum(1 for p in below(rules) if isinstance(p, Path) and p.name == "b.yaml") == 1


@pytest.mark.parametrize("target", ["nowhere", "city"])
def test_a_link_that_leads_nowhere_may_have_led_to_rules(rules: Path, target: str) -> None:
    (rules / "city").rename(rules.parent / "elsewhere")
    (rules / "city").symlink_to(target)
    (one,) = mistakes(rules)
    assert (one.file, one.message) == (str(rules / "city"), "the link `city` leads nowhere")
    assert seen(rules) == ["a.yaml"]


def test_what_is_hidden_is_not_looked_at(rules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (rules / ".git").mkdir()
    (rules / ".#a.yaml").symlink_to("nobody@nowhere")
    failing(monkeypatch, rules / ".git", errno.EACCES)
    assert not any(isinstance(p, Unread) for p in below(rules))
    assert mistakes(rules) == []
