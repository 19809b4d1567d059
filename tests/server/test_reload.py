"""A reload goes through all workers or none: workers that fail, are silent, have gone, or come in the middle of it."""

import asyncio
import io
import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from smtp_gate.adapters.clock import utc_now
from smtp_gate.adapters.control import ControlLine, ControlServer, Frame, connect, listen
from smtp_gate.adapters.logs import Logger
from smtp_gate.config import load_config
from smtp_gate.judge import Judge
from smtp_gate.server import link, reload
from smtp_gate.server.link import KeeperLink
from smtp_gate.server.preparing import Preparer, Wish
from smtp_gate.server.reload import Workers
from smtp_gate.server.rules import InUse, Rulebook, load_rulebook, publish
from smtp_gate.store.rulesets import Snapshots
from tests.builders import message
from tests.fakes import FakeWatcher, tick
from tests.running import PACK, write_settings

Answer = Callable[[Frame], Frame | None]


def obedient(frame: Frame) -> Frame:
    return {
        "built" if frame["do"] == "build" else "using": frame["name"],
        "ruleset": "asked" if frame["do"] == "use" else "",
    }


@dataclass
class House:
    """Rules in a folder, the keeper's side of reloads, and workers that answer as planned."""

    folder: Path
    workers: Workers
    heard: dict[str, list[str]] = field(default_factory=dict)
    lines: list[ControlLine] = field(default_factory=list)

    def write(self, word: str) -> None:
        (self.folder / "rules" / "test.yaml").write_text(PACK.replace("sesame", word))

    async def join(
        self, name: str, answer: Answer = obedient, ruleset: str | None = None, directory: str | None = None
    ) -> None:
        line = await connect(self.folder / "c.sock")
        self.lines.append(line)
        now = self.workers.in_use
        using = {"ruleset": ruleset or now.ruleset.hash, "directory": directory or now.directory}
        line.send({"hello": "worker", "name": name, **using})
        self.heard[name] = []

        async def listen_on() -> None:
            async for frame in line:
                self.heard[name].append(frame["do"])
                said = answer(frame)
                if said is None:
                    await line.close()
                    return
                if said:
                    line.send(said)

        self.tasks.append(asyncio.get_running_loop().create_task(listen_on()))
        async with asyncio.timeout(5):
            while name not in self.workers.rulesets:
                await asyncio.sleep(0.005)

    tasks: list["asyncio.Task[None]"] = field(default_factory=list)


@asynccontextmanager
async def house(folder: Path) -> AsyncIterator[House]:
    file = write_settings(folder, 25)
    config = load_config(file).config
    assert config is not None
    book = load_rulebook(config)
    snapshots = Snapshots(folder / "rulesets")
    publish(config, book, snapshots)
    workers = Workers(lambda: load_config(file).config, snapshots, InUse(book))
    made = House(folder, workers)

    async def serve(line: ControlLine) -> None:
        hello = await line.receive()
        assert hello is not None
        await workers.serve(line, hello)

    server = ControlServer(serve)
    with listen(folder / "c.sock") as listening:
        await server.start(listening)
        try:
            yield made
        finally:
            await server.stop()
            for line in made.lines:
                await line.close()
            await asyncio.gather(*made.tasks, return_exceptions=True)


async def test_all_build_before_any_uses(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await made.join("w0")
        await made.join("w1")
        made.write("simsim")
        done = await made.workers.reload()
        assert done.reasons == ()
        assert made.workers.in_use.ruleset.hash == done.ruleset
        assert made.heard == {"w0": ["build", "use"], "w1": ["build", "use"]}


async def test_one_that_cannot_build_keeps_all_from_using(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        before = made.workers.in_use.ruleset.hash
        await made.join("w0")
        await made.join("w1", lambda frame: {"failed": frame["name"], "why": "no memory"})
        made.write("simsim")
        done = await made.workers.reload()
        assert done.reasons == ("w1: no memory",)
        assert made.heard["w0"] == ["build"]
        assert made.workers.in_use.ruleset.hash == before
        assert len(Snapshots(tmp_path / "rulesets").names()) == 1, "what came to nothing is no ruleset to go back to"


async def test_who_asks_by_name_mends_a_worker_and_who_saw_a_file_touched_disturbs_none(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await made.join("w0")
        assert not (await made.workers.reload(Wish("watch", files=False))).is_news
        assert made.heard["w0"] == []
        assert not (await made.workers.reload()).is_news
        assert made.heard["w0"] == ["build", "use"]


async def test_one_that_goes_meanwhile_stops_nobody(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await made.join("w0")
        await made.join("w1", lambda _: None)
        made.write("simsim")
        assert (await made.workers.reload()).reasons == ()
        assert made.heard["w0"] == ["build", "use"]


async def test_one_that_is_silent_counts_as_failed_and_its_late_answer_as_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reload, "PATIENCE", 0.2)
    asked: list[Frame] = []

    def late(frame: Frame) -> Frame:
        asked.append(frame)
        return {} if len(asked) == 1 else {"built": asked[-2]["name"]} if len(asked) == 2 else obedient(frame)

    async with house(tmp_path) as made:
        await made.join("w0", late)
        made.write("simsim")
        assert (await made.workers.reload()).reasons == ("w0: no answer in time",)
        made.write("ladder")
        assert (await made.workers.reload()).reasons == ("w0: no answer in time",), "an answer about another snapshot"
        made.write("open")
        assert (await made.workers.reload()).reasons == ()


@pytest.mark.parametrize("older", [{"ruleset": "sha256:older"}, {"directory": "older"}])
async def test_one_that_comes_with_older_ones_is_brought_to_the_present_ones(
    tmp_path: Path, older: dict[str, str]
) -> None:
    async with house(tmp_path) as made:
        await made.join("w9", ruleset=older.get("ruleset"), directory=older.get("directory"))
        async with asyncio.timeout(5):
            while made.heard["w9"] != ["build", "use"]:
                await asyncio.sleep(0.005)


@pytest.mark.parametrize("broken", ["settings", "pack", "gone"])
async def test_whatever_is_broken_the_last_good_rules_stay(tmp_path: Path, broken: str) -> None:
    async with house(tmp_path) as made:
        await made.join("w0")
        if broken == "settings":
            (tmp_path / "smtp-gate.yaml").write_text("x: [")
        elif broken == "pack":
            made.write("[")
        else:
            shutil.rmtree(tmp_path / "rules")
        before = made.workers.in_use.ruleset.hash
        done = await made.workers.reload()
        assert done.reasons
        assert done.ruleset == made.workers.in_use.ruleset.hash == before
        assert made.heard["w0"] == []


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), RuntimeError("a plug-in's own")])
async def test_a_reload_that_breaks_is_a_refusal_and_no_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    async with house(tmp_path) as made:
        await made.join("w0")
        before = made.workers.in_use.ruleset.hash

        def breaks(*_given: object) -> None:
            raise error

        monkeypatch.setattr(Preparer, "prepare", breaks)
        done = await made.workers.reload()
        assert done.reasons == (f"the reload broke: {'Input/output error' if error.args[1:] else 'RuntimeError'}",)
        assert (done.ruleset, done.lasting) == (before, False)
        assert made.heard["w0"] == []


@pytest.mark.parametrize("name", ["directory.csv", "smtp-gate.yaml", "rules/test.yaml"])
async def test_a_pipe_in_the_place_of_a_file_is_refused_and_holds_up_no_later_reload(tmp_path: Path, name: str) -> None:
    async with house(tmp_path) as made:
        before = made.workers.in_use.ruleset.hash
        octets = (tmp_path / name).read_bytes()
        (tmp_path / name).unlink()
        os.mkfifo(tmp_path / name)
        async with asyncio.timeout(20):
            done = await made.workers.reload()
        assert (done.ruleset, len(done.reasons)) == (before, 1)
        (tmp_path / name).unlink()
        (tmp_path / name).write_bytes(octets)
        assert not (await made.workers.reload()).reasons


async def test_a_pack_that_has_lost_its_end_marker_is_refused_at_its_last_line(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await made.join("w0")
        pack = tmp_path / "rules" / "test.yaml"
        pack.write_text(PACK + "...\n")
        whole = (await made.workers.reload()).ruleset
        assert whole == made.workers.in_use.ruleset.hash
        # Cut behind the first rule: what is left is a whole pack, and would load.
        pack.write_text(PACK[: PACK.index("  - id: test.forbidden")] + "detectors:\n  word: {primary: {regex: 'sesame'}, levels: {high: {}}, mask: all}\n")  # fmt: skip
        done = await made.workers.reload()
        (reason,) = done.reasons
        assert reason.startswith(f"{pack}:13:1: the end marker `...` is gone: was the file cut short?")
        assert done.ruleset == made.workers.in_use.ruleset.hash == whole
        assert made.heard["w0"] == ["build", "use"]
        assert sum(path.is_dir() for path in (tmp_path / "rulesets").iterdir()) == 2, "what was refused is not kept"
        pack.write_text(PACK.replace("sesame", "simsim"))
        assert (await made.workers.reload()).reasons, "whole, but without the marker"
        pack.write_text(PACK.replace("sesame", "simsim") + "...\n")
        assert (await made.workers.reload()).reasons == ()


async def test_a_cut_at_any_octet_never_loads(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        pack = tmp_path / "rules" / "test.yaml"
        octets = (PACK + "...\n").encode()
        pack.write_bytes(octets)
        whole = (await made.workers.reload()).ruleset
        # The line end behind the marker is no content.
        for length in [*range(0, len(octets) - 1, 29), *range(len(octets) - 12, len(octets) - 1)]:
            pack.write_bytes(octets[:length])
            assert (await made.workers.reload()).reasons, length
            assert made.workers.in_use.ruleset.hash == whole


PEOPLE = "address,name,status,groups\ndokafor@milwaukee.gov,Dana Okafor,employee,{}\n"


async def test_a_reload_in_the_middle_of_a_message_gives_its_rules_no_other_directory(tmp_path: Path) -> None:
    def book(group: str) -> Rulebook:
        pack = tmp_path / "rules" / "test.yaml"
        file = write_settings(tmp_path, 25)
        pack.write_text(PACK.replace("when: {recipients: external}", f"when: {{sender: 'group:{group}'}}"))
        (tmp_path / "directory.csv").write_text(PEOPLE.format(group))
        config = load_config(file).config
        assert config is not None
        made = load_rulebook(config, test=False)
        assert made.ruleset is not None, [str(m) for m in made.mistakes]
        return made

    old, new = book("pay-office"), book("payroll")
    in_use = InUse(old)

    class Swaps(FakeWatcher):
        def stage(self, name: str, seconds: float) -> None:
            super().stage(name, seconds)
            in_use.swap(new)

    judge = Judge(lambda: in_use.ruleset, in_use, Swaps(), tick, together=in_use.together)
    mail = message("the word is sesame")
    first, second = await judge.judge(mail), await judge.judge(mail)
    assert [j.ruleset for j in (first, second)] == [b.ruleset.hash for b in (old, new) if b.ruleset is not None]
    assert [j.verdict.strictest.word for j in (first, second)] == ["quarantine", "quarantine"]


async def test_a_worker_whose_build_breaks_says_so_and_stays_on_the_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_given: object) -> None:
        raise RuntimeError("a plug-in's own")

    monkeypatch.setattr(link, "load_snapshot", breaks)
    async with house(tmp_path) as made:
        config = load_config(tmp_path / "smtp-gate.yaml").config
        assert config is not None
        worker, logger = InUse(load_rulebook(config)), Logger(utc_now, stream=io.StringIO())
        line = KeeperLink(tmp_path / "c.sock", "w0", worker, Snapshots(tmp_path / "rulesets"), logger)
        running = asyncio.get_running_loop().create_task(line.run())
        await asyncio.wait_for(made.workers.somebody.wait(), 5)
        made.write("simsim")
        for _ in range(2):
            done = await made.workers.reload()
            assert done.reasons == ("w0: RuntimeError",)
            assert not running.done()
        running.cancel()
