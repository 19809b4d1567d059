"""The watch loads what has changed and come to rest, tells of a refusal once, and hears of everything that rules are made of."""

import asyncio
import json
import os
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from smtp_gate.adapters.feeds import packed
from smtp_gate.config import Config, load_config
from smtp_gate.server import keeper
from smtp_gate.server.preparing import Wish
from smtp_gate.server.reload import Reloaded
from smtp_gate.server.rules import load_rulebook, publish
from smtp_gate.server.watch import AGAIN, WATCH, Watch
from smtp_gate.store.rulesets import Snapshots
from tests.running import PACK, Running, running, write_settings


@dataclass
class Room:
    """A watch over a folder, and what it asked for; `answers` are given one after another, then it is well."""

    folder: Path
    config: Config
    snapshots: Snapshots
    asked: list[Wish] = field(default_factory=list)
    answers: list[Reloaded] = field(default_factory=list)
    now: float = 0.0

    def __post_init__(self) -> None:
        self.watch = self.another()

    def another(self) -> Watch:
        file = self.folder / "smtp-gate.yaml"
        return Watch(
            lambda: load_config(file).config, self.snapshots, self.reload, self.config, file, clock=lambda: self.now
        )

    async def reload(self, wish: Wish) -> Reloaded:
        self.asked.append(wish)
        return self.answers.pop(0) if self.answers else Reloaded("sha256:x", 1)

    async def look(self, times: int = 1) -> int:
        """How many reloads were asked for in so many looks."""
        before = len(self.asked)
        for _ in range(times):
            await self.watch.tick()
        return len(self.asked) - before

    @property
    def pack(self) -> Path:
        return self.folder / "rules" / "test.yaml"


@pytest.fixture
def room(tmp_path: Path) -> Room:
    (tmp_path / "rules" / "cases").mkdir(parents=True)
    (tmp_path / "rules" / "cases" / "a.eml").write_text("Subject: x\n\nhello\n")
    (tmp_path / "mine.feed").write_bytes(packed(["mail.example"]))
    file = write_settings(tmp_path, 25, {"feeds": "{free_mail: mine.feed}"})
    config = load_config(file).config
    assert config is not None
    snapshots = Snapshots(tmp_path / "data" / "rulesets")
    publish(config, load_rulebook(config), snapshots)
    return Room(tmp_path, config, snapshots)


async def test_nothing_is_loaded_while_nothing_changes(room: Room) -> None:
    assert await room.look(5) == 0


async def test_a_file_is_taken_once_it_has_come_to_rest(room: Room) -> None:
    await room.look()
    whole = PACK.replace("sesame", "simsim")
    for length in range(0, len(whole), 200):
        room.pack.write_text(whole[:length])
        assert await room.look() == 0, "it still grows"
    room.pack.write_text(whole)
    assert await room.look() == 0
    assert await room.look() == 1
    assert await room.look(5) == 0
    assert room.asked == [WATCH]


def _settings(folder: Path) -> None:
    file = folder / "smtp-gate.yaml"
    file.write_text(file.read_text() + "enforce: false\n")


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "rules" / "more.yaml").write_text("pack: more\n"),
        lambda folder: (folder / "rules" / "test.yaml").unlink(),
        lambda folder: (folder / "rules" / "test.yaml").rename(folder / "rules" / "other.yml"),
        lambda folder: (folder / "rules" / "cases" / "a.eml").write_text("Subject: y\n\nhello\n"),
        lambda folder: (folder / "directory.csv").write_text("address,name\n"),
        lambda folder: (folder / "mine.feed").write_bytes(packed(["other.example"])),
        lambda folder: (folder / "mine.feed").unlink(),
        _settings,
    ],
)
async def test_everything_that_rules_are_made_of_is_watched(room: Room, change: Callable[[Path], object]) -> None:
    await room.look(2)
    change(room.folder)
    assert await room.look(2) == 1
    assert await room.look(3) == 0


async def test_a_file_of_the_same_size_and_time_in_the_place_of_another_is_seen(room: Room) -> None:
    await room.look(2)
    stat = room.pack.stat()
    other = room.folder / "other.yaml"
    other.write_text(PACK.replace("sesame", "simsim"))
    os.utime(other, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    other.replace(room.pack)
    assert await room.look(2) == 1


@pytest.mark.parametrize("name", [".swap.yaml", "notes.txt", ".shipped/pii.yaml"])
async def test_what_is_no_pack_is_not_watched(room: Room, name: str) -> None:
    await room.look(2)
    (room.folder / "rules" / name).parent.mkdir(exist_ok=True)
    (room.folder / "rules" / name).write_text("x")
    assert await room.look(3) == 0


@pytest.mark.parametrize("file", ["rules/test.yaml", "directory.csv", "mine.feed"])
async def test_what_changed_while_nobody_looked_is_loaded_at_the_beginning(room: Room, file: str) -> None:
    path = room.folder / file
    octets = path.read_bytes()
    path.write_bytes(octets.replace(b"sesame", b"simsim").replace(b"Dana", b"Dora") + b"#" * (file == "mine.feed"))
    room.watch = room.another()
    assert await room.look(2) == 1
    assert await room.look(3) == 0


async def test_refused_content_is_not_tried_again_before_it_is_another(room: Room) -> None:
    await room.look(2)
    room.answers = [Reloaded("x", 1, ("a mistake",))] * 2
    room.pack.write_text("[")
    assert await room.look(5) == 1
    room.pack.write_text("[")
    room.pack.touch()
    assert await room.look(5) == 0, "touched, and as wrong as before"
    room.pack.write_text("[[")
    assert await room.look(5) == 1
    room.pack.write_text(PACK)
    assert await room.look(5) == 1, "what is in use already must be told to be well again"


async def test_what_the_files_themselves_are_refused_for_is_not_tried_again_for_time_having_passed(room: Room) -> None:
    await room.look(2)
    room.answers = [Reloaded("x", 1, ("no rules at all",), lasting=True)]
    room.pack.write_text("pack: broken\n")
    assert await room.look(5) == 1
    room.now = 2 * AGAIN
    assert await room.look(5) == 0


async def test_a_reload_that_failed_by_no_fault_of_the_files_is_tried_again_later(room: Room) -> None:
    await room.look(2)
    room.answers = [Reloaded("x", 1, ("w0: no answer in time",), lasting=False)]
    room.pack.write_text(PACK.replace("sesame", "simsim"))
    assert await room.look(5) == 1
    room.now = AGAIN
    assert await room.look(5) == 1
    room.now = 3 * AGAIN
    assert await room.look(5) == 0


async def test_where_to_look_follows_the_settings(room: Room) -> None:
    await room.look(2)
    file = room.folder / "smtp-gate.yaml"
    (room.folder / "elsewhere").mkdir()
    (room.folder / "elsewhere" / "a.yaml").write_text(PACK)
    file.write_text(file.read_text().replace("rules: rules", "rules: elsewhere"))
    assert await room.look(3) == 1
    (room.folder / "elsewhere" / "a.yaml").write_text(PACK.replace("sesame", "simsim"))
    assert await room.look(3) == 1
    room.pack.unlink()
    assert await room.look(3) == 0


# With a gate that runs


def metric(gate: Running, name: str) -> float:
    with urllib.request.urlopen(f"http://127.0.0.1:{gate.metrics}/metrics", timeout=5) as answer:
        text: str = answer.read().decode()
    return float(next(line for line in text.splitlines() if line.startswith(f"smtp_gate_{name} ")).rpartition(" ")[2])


def events(gate: Running, name: str) -> list[dict[str, Any]]:
    return [row for row in map(json.loads, gate.log.getvalue().splitlines()) if row["event"] == name]


async def until(what: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not what():
            await asyncio.sleep(0.02)


async def test_a_running_gate_takes_up_a_changed_pack_and_refuses_a_broken_one_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "EVERY", 0.1)
    async with running(tmp_path) as gate:
        pack = tmp_path / "rules" / "test.yaml"
        before = gate.worker.in_use.ruleset.hash
        pack.write_text(PACK.replace("sesame", "simsim"))
        await until(lambda: events(gate, "reloaded"))
        (told,) = events(gate, "reloaded")
        assert (told["by"], told["before"]) == ("watch", before)
        assert told["changes"] == ["~ test.secret: 1 examples new, 1 gone", "~ detector word: primary.regex sesame -> simsim"]  # fmt: skip
        assert (await gate.send("the word is simsim", "lee@example.org")).startswith("250 2.0.0 held")
        pack.write_text("pack: test\nrules: [")
        await until(lambda: events(gate, "reload_refused"))
        pack.touch()
        await asyncio.sleep(0.6)
        (refused,) = events(gate, "reload_refused")
        assert refused["mistakes"][0].startswith(f"{pack}:2:8: not valid YAML")
        assert (await gate.send("the word is simsim", "lee@example.org")).startswith("250 2.0.0 held")
        assert await asyncio.to_thread(metric, gate, "ruleset_refused") == 1
        assert await asyncio.to_thread(metric, gate, "ruleset_reload_failures_total") == 1
        pack.write_text(PACK.replace("sesame", "simsim"))
        async with asyncio.timeout(10):
            while await asyncio.to_thread(metric, gate, "ruleset_refused"):
                await asyncio.sleep(0.05)
        assert len(events(gate, "reloaded")) == 1, "it is in use already, and nobody needs to hear of it"


async def test_a_gate_that_shall_not_watch_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "EVERY", 0.05)
    async with running(tmp_path, {"watch": "false"}) as gate:
        (tmp_path / "rules" / "test.yaml").write_text(PACK.replace("sesame", "simsim"))
        await asyncio.sleep(0.5)
        assert not events(gate, "reloaded")
        assert (await gate.solo.reload()).reasons == ()
