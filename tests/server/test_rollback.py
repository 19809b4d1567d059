"""A rollback brings back earlier packs in every worker, holds until the files change or somebody reloads, and survives us."""

import asyncio
import errno
import hashlib
import io
import json
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtp_gate.adapters.clock import utc_now
from smtp_gate.adapters.logs import Logger
from smtp_gate.config import Config, load_config
from smtp_gate.server import rollback
from smtp_gate.server.at_rest import load_in_force, roll_back_at_rest
from smtp_gate.server.keeper import Keeper
from smtp_gate.server.plan import DataLock, make_plan
from smtp_gate.server.preparing import Wish
from smtp_gate.server.reload import Workers
from smtp_gate.server.rollback import digest_of, disk_content, finish, in_force, named, snapshots_of, target
from smtp_gate.server.rules import InUse, current_rulebook, load_rulebook, publish
from smtp_gate.server.watch import Watch
from smtp_gate.store.ruleset_history import History
from smtp_gate.store.rulesets import NoSnapshotError, Snapshots
from tests.running import PACK, write_settings
from tests.server.test_reload import house

BACK = Wish("rollback by ann", to="")
SYNC = Wish("directory sync", files=False)


class Gate:
    """The keeper's side of a gate without workers, which can be begun again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "smtp-gate.yaml"
        if not self.file.exists():
            write_settings(folder, 25)
        self.start()

    @property
    def config(self) -> Config:
        config = load_config(self.file).config
        assert config is not None
        return config

    def start(self) -> None:
        """As `serve` begins."""
        config = self.config
        self.snapshots = Snapshots(self.folder / "data" / "rulesets", config.keep_rulesets)
        book = load_in_force(config, snapshots_of(config))
        assert book.ruleset is not None, book.errors
        name = publish(config, book, self.snapshots)
        self.workers = Workers(
            lambda: load_config(self.file).config,
            self.snapshots,
            InUse(current_rulebook(self.snapshots, name, book)),
            self.file,
        )

    def write(self, word: str) -> None:
        (self.folder / "rules" / "test.yaml").write_text(PACK.replace("sesame", word))

    async def load(self, word: str) -> str:
        self.write(word)
        done = await self.workers.reload()
        assert done.reasons == ()
        return done.ruleset

    @property
    def now(self) -> str:
        return self.workers.in_use.ruleset.hash


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate(tmp_path)


async def test_back_to_the_one_before_and_a_reload_returns_to_the_files(gate: Gate) -> None:
    first = gate.now
    second = await gate.load("simsim")
    back = await gate.workers.reload(BACK)
    assert (back.reasons, back.ruleset, back.before, gate.now) == ((), first, second, first)
    assert back.rolled_back == named(gate.snapshots, first).name
    forth = await gate.workers.reload()
    assert (forth.ruleset, forth.rolled_back, gate.now) == (second, "", second)


async def test_a_second_rollback_goes_further_back_and_not_forth(gate: Gate) -> None:
    hashes = [gate.now] + [await gate.load(word) for word in ("simsim", "ladder")]
    assert [(await gate.workers.reload(BACK)).ruleset for _ in range(2)] == [hashes[1], hashes[0]]
    last = await gate.workers.reload(BACK)
    assert last.reasons == ("no earlier ruleset is kept: see `smtp-gate ruleset list`",)
    assert gate.now == hashes[0]
    assert (await gate.workers.reload()).ruleset == hashes[2]


async def test_it_can_go_to_any_that_is_named(gate: Gate) -> None:
    first = gate.now
    await gate.load("simsim")
    await gate.load("ladder")
    assert (await gate.workers.reload(Wish("x", to=first.removeprefix("sha256:")[:6]))).ruleset == first
    again = await gate.workers.reload(Wish("x", to=first))
    assert "are in use already" in again.reasons[0]
    (unknown,) = (await gate.workers.reload(Wish("x", to="zzz"))).reasons
    assert "no ruleset is kept that begins with `zzz`; there are " in unknown
    (several,) = (await gate.workers.reload(Wish("x", to="sha256:"))).reasons
    assert several.startswith("no ruleset is kept that begins with")


async def test_it_holds_over_a_sync_of_the_directory_and_takes_the_new_one(gate: Gate) -> None:
    first = gate.now
    await gate.load("simsim")
    await gate.workers.reload(BACK)
    old = gate.workers.in_use.directory
    (gate.folder / "directory.csv").write_text("address,name,status\ncdiaz@milwaukee.gov,Carmen Diaz,employee\n")
    done = await gate.workers.reload(SYNC)
    assert (done.ruleset, done.beside, done.changes) == (first, ("directory",), ())
    assert done.rolled_back
    assert gate.workers.in_use.directory != old


async def test_it_holds_over_a_restart_even_where_the_files_are_broken(gate: Gate) -> None:
    first = gate.now
    gate.write("[")
    assert (await gate.workers.reload()).reasons
    await gate.load("simsim")
    gate.write("((")
    assert (await gate.workers.reload()).reasons
    assert (await gate.workers.reload(BACK)).ruleset == first
    gate.start()
    assert gate.now == first
    assert in_force(gate.config, gate.snapshots) is not None


async def test_a_changed_pack_ends_it_and_a_broken_one_does_not(gate: Gate) -> None:
    first = gate.now
    await gate.load("simsim")
    await gate.workers.reload(BACK)
    gate.write("((")
    refused = await gate.workers.reload(SYNC)
    assert refused.reasons
    assert (refused.rolled_back != "", gate.now) == (True, first)
    gate.write("ladder")
    done = await gate.workers.reload(SYNC)
    assert (done.reasons, done.rolled_back) == ((), "")
    assert gate.now != first
    assert gate.snapshots.history.pin() is None


async def test_a_pack_that_changed_while_no_gate_ran_ends_it(gate: Gate, tmp_path: Path) -> None:
    await gate.load("simsim")
    await gate.workers.reload(BACK)
    gate.write("ladder")
    config = gate.config
    plan = make_plan(config, Logger(lambda: None), load_in_force(config, snapshots_of(config)), lambda: config)  # type: ignore[arg-type, return-value]  # nothing is logged
    plan.sockets.close()
    plan.listening.close()
    assert gate.snapshots.history.pin() is None
    assert plan.book.ruleset is not None
    assert "ladder" in str((tmp_path / "data" / "rulesets" / plan.snapshot / "packs" / "000.yaml").read_text())


async def test_settings_are_those_of_now(gate: Gate) -> None:
    await gate.load("simsim")
    gate.file.write_text(gate.file.read_text() + "enforce: false\n")
    done = await gate.workers.reload(BACK)
    assert done.beside == ("enforce",)
    assert {str(r.terms.mode) for r in gate.workers.in_use.ruleset.rules} == {"shadow"}


async def test_what_does_not_build_with_the_settings_of_now_is_refused(gate: Gate) -> None:
    first = gate.now
    second = await gate.load("simsim")
    name = named(gate.snapshots, first).name
    shutil.rmtree(gate.snapshots.root / name / "packs")
    done = await gate.workers.reload(BACK)
    assert done.reasons == (f"{name} is not as it was written",)
    assert gate.now == second
    assert gate.snapshots.history.pin() is None


async def test_sample_mail_that_lies_beside_the_files_is_not_asked_for_again(gate: Gate) -> None:
    cases = gate.folder / "rules" / "cases"
    cases.mkdir()
    (cases / "a.eml").write_bytes(b"From: a@milwaukee.gov\r\n\r\nthe word is sesame\r\n")
    pack = gate.folder / "rules" / "test.yaml"
    pack.write_text(PACK.replace('hit: [{text: "the word is sesame"}]', "hit: [{case: cases/a.eml}]"))
    first = await gate.workers.reload()
    assert first.reasons == ()
    await gate.load("simsim")
    assert (await gate.workers.reload(BACK)).ruleset == first.ruleset


async def test_refused_by_a_worker_the_earlier_ruleset_is_still_there_to_go_back_to(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        first = made.workers.in_use.ruleset.hash
        made.write("simsim")
        await made.workers.reload()
        (tmp_path / "rulesets" / "uses.json").unlink()
        await made.join("w0", lambda frame: {"failed": frame["name"], "why": "no memory"})
        assert (await made.workers.reload(BACK)).reasons
        assert first in {k.ruleset for k in Snapshots(tmp_path / "rulesets").kept()}


async def test_a_snapshot_that_is_gone_ends_it(gate: Gate) -> None:
    await gate.load("simsim")
    await gate.workers.reload(BACK)
    pin = gate.snapshots.history.pin()
    assert pin is not None
    shutil.rmtree(gate.snapshots.root / pin.name)
    assert in_force(gate.config, gate.snapshots) is None
    gate.start()
    assert [r.id for r in gate.workers.in_use.ruleset.rules]
    assert (await gate.workers.reload(SYNC)).rolled_back == ""


async def test_a_crash_between_the_two_writes_is_mended_by_the_watch(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = gate.now
    second = await gate.load("simsim")

    def crash(_self: Snapshots, _name: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Snapshots, "use", crash)
        with pytest.raises(KeyboardInterrupt):
            gate.workers._use(_prepared(gate))
    assert gate.now == second
    watch = Watch(lambda: load_config(gate.file).config, gate.snapshots, gate.workers.reload, gate.config, gate.file)
    for _ in range(3):
        await watch.tick()
    assert gate.now == first


def kill_at(monkeypatch: pytest.MonkeyPatch, where: tuple[type, str], number: int) -> None:
    """Whoever calls it for that time is killed there."""
    real, calls = getattr(*where), iter(range(100))

    def killed(self: object, *given: object) -> object:
        if next(calls) == number:
            raise KeyboardInterrupt
        return real(self, *given)

    monkeypatch.setattr(*where, killed)


STEPS = [((History, "set_pin"), 0), ((Snapshots, "use"), 0), ((History, "set_going"), 1)]


@pytest.mark.parametrize(("where", "number"), STEPS)
@pytest.mark.parametrize("wish", [BACK, Wish()], ids=["begin", "end"])
async def test_killed_in_the_beginning_or_end_of_a_rollback_the_next_keeper_finishes_it_also_without_a_watch(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, wish: Wish, where: tuple[type, str], number: int
) -> None:
    gate.file.write_text(gate.file.read_text() + "watch: false\n")
    first, config = gate.now, gate.config
    second = await gate.load("simsim")
    if wish.to is None:
        await gate.workers.reload(BACK)
    book = load_in_force(config, snapshots_of(config))
    plan = make_plan(config, Logger(lambda: None), book, lambda: config)  # type: ignore[arg-type, return-value]  # nothing is logged
    with monkeypatch.context() as patched:
        kill_at(patched, where, number)
        with pytest.raises(KeyboardInterrupt):
            gate.workers._use(_prepared(gate, wish))
    keeper = Keeper(plan, lambda: b"")
    plan.sockets.close()
    plan.listening.close()
    keeper.disk.close()
    is_back = wish.to is not None
    assert keeper.in_use.ruleset.hash == (first if is_back else second)
    assert f"smtp_gate_ruleset_rolled_back {float(is_back)}".encode() in keeper.metrics.text()
    pin = plan.snapshots.history.pin()
    assert (pin is not None) == is_back
    assert pin is None or pin.name == plan.snapshots.current()
    assert plan.snapshots.history.going() is None


async def test_a_rollback_that_a_failing_disk_leaves_unfinished_is_told_and_the_gate_serves(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: Snapshots) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    config, log = gate.config, io.StringIO()
    book = load_in_force(config, snapshots_of(config))
    plan = make_plan(config, Logger(utc_now, stream=log), book, lambda: config)
    monkeypatch.setattr("smtp_gate.server.keeper.finish", fails)
    keeper = Keeper(plan, lambda: b"")
    plan.sockets.close()
    plan.listening.close()
    keeper.disk.close()
    assert keeper.in_use.ruleset.hash == gate.now
    told = [row for row in map(json.loads, log.getvalue().splitlines()) if row["event"] == "rollback_not_finished"]
    assert [(row["level"], row["error"]) for row in told] == [("error", os.strerror(errno.EIO))]


async def test_killed_in_a_rollback_whose_snapshot_is_lost_then_what_is_in_use_stays_and_is_no_rollback(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = await gate.load("simsim")
    with monkeypatch.context() as patched:
        kill_at(patched, (Snapshots, "use"), 0)
        with pytest.raises(KeyboardInterrupt):
            gate.workers._use(_prepared(gate))
    going = gate.snapshots.history.going()
    assert going is not None
    shutil.rmtree(gate.snapshots.root / going.name)
    finish(gate.snapshots)
    assert gate.snapshots.get(gate.snapshots.current()).shape.ruleset == second
    assert (gate.snapshots.history.pin(), gate.snapshots.history.going()) == (None, None)


async def test_what_a_killed_keeper_was_about_is_past_once_something_else_came_into_use(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    await gate.load("simsim")
    config = gate.config
    for again in (gate.workers.reload, None):
        with monkeypatch.context() as patched:
            kill_at(patched, (History, "set_pin"), 0)
            with pytest.raises(KeyboardInterrupt):
                gate.workers._use(_prepared(gate))
        assert gate.snapshots.history.going() is not None
        if again is not None:
            await again()
        else:
            book = load_in_force(config, snapshots_of(config))
            plan = make_plan(config, Logger(lambda: None), book, lambda: config)  # type: ignore[arg-type, return-value]  # nothing is logged
            plan.sockets.close()
            plan.listening.close()
        assert gate.snapshots.history.going() is None


def _prepared(gate: Gate, wish: Wish = BACK):  # type: ignore[no-untyped-def]  # noqa: ANN202 - a value that is only handed on
    preparer = gate.workers._preparer
    made = preparer.prepare(wish)
    assert made is not None
    return made


async def test_a_disk_that_fails_leaves_everything_as_it_was(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    second = await gate.load("simsim")

    def full(_self: Snapshots, _name: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Snapshots, "use", full)
    done = await gate.workers.reload(BACK)
    assert (done.reasons, done.lasting, gate.now) == (
        ("the snapshot could not be used: No space left on device",), False, second,
    )  # fmt: skip
    assert gate.snapshots.history.pin() is None


async def test_rollbacks_and_reloads_at_once_come_one_after_another(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        first = made.workers.in_use.ruleset.hash
        made.write("simsim")
        second = (await made.workers.reload()).ruleset
        await made.join("w0")
        await made.join("w1")
        done = await asyncio.gather(
            made.workers.reload(BACK), made.workers.reload(), made.workers.reload(BACK), made.workers.reload()
        )
        assert [d.ruleset for d in done] == [first, second, first, second]
        assert made.heard["w0"] == made.heard["w1"] == ["build", "use"] * 4
        assert made.workers.in_use.ruleset.hash == second


async def test_a_worker_that_cannot_build_it_keeps_all_where_they_are(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        made.write("simsim")
        second = (await made.workers.reload()).ruleset
        await made.join("w0")
        await made.join("w1", lambda frame: {"failed": frame["name"], "why": "no memory"})
        done = await made.workers.reload(BACK)
        assert (done.reasons, done.ruleset) == (("w1: no memory",), second)
        assert done.rolled_back == ""
        assert made.heard["w0"] == ["build"]


async def test_a_rollback_while_no_gate_runs_takes_effect_at_the_start(gate: Gate) -> None:
    first = gate.now
    second = await gate.load("simsim")
    assert roll_back_at_rest(gate.config, "").ruleset == first
    assert gate.now == second
    gate.start()
    assert gate.now == first
    lock = DataLock(gate.folder / "data")
    lock.release()
    assert roll_back_at_rest(gate.config, second).ruleset == second
    assert gate.snapshots.history.pin() is None, "the files say the same: there is nothing to hold against them"
    gate.start()
    assert gate.now == second


async def test_a_gate_does_not_start_with_a_pack_that_lost_its_end_marker(gate: Gate) -> None:
    pack = gate.folder / "rules" / "test.yaml"
    pack.write_text(PACK + "...\n")
    gate.start()
    pack.write_text(PACK)
    book = load_in_force(gate.config, snapshots_of(gate.config))
    assert book.ruleset is None
    (mistake,) = book.errors
    assert (mistake.file, mistake.message) == (str(pack), "the end marker `...` is gone: was the file cut short?")
    pack.write_text(PACK + "...\n")
    gate.start()


async def test_there_is_nothing_to_go_back_to_at_first(gate: Gate, tmp_path: Path) -> None:
    with pytest.raises(NoSnapshotError, match="no earlier ruleset is kept"):
        target(gate.snapshots)
    other = write_settings(tmp_path / "other", 25)
    config = load_config(other).config
    assert config is not None
    with pytest.raises(NoSnapshotError, match="no ruleset is kept yet"):
        roll_back_at_rest(config, "")
    assert load_in_force(config, snapshots_of(config)).ruleset is not None
    assert not (tmp_path / "other" / "data").exists(), "looking makes nothing"


@settings(max_examples=8, deadline=None)
@given(steps=st.lists(st.sampled_from(["sesame", "simsim", "ladder", "", "", "restart", "sync"]), max_size=6))
def test_whatever_went_before_a_reload_returns_to_the_files(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    gate = Gate(tmp_path_factory.mktemp("gate"))

    async def act() -> None:
        rolled_back = ""
        for step in steps:
            match step:
                case "restart":
                    before = gate.now
                    gate.start()
                    assert gate.now == before
                case "sync":
                    before = gate.now
                    assert (await gate.workers.reload(SYNC)).rolled_back == rolled_back
                    assert gate.now == before
                case "":
                    rolled_back = (await gate.workers.reload(BACK)).rolled_back
                case word:
                    rolled_back = ""
                    await gate.load(word)
        done = await gate.workers.reload()
        book = load_rulebook(gate.config)
        assert book.ruleset is not None
        assert (done.reasons, done.ruleset, done.rolled_back) == ((), book.ruleset.hash, "")

    asyncio.run(act())


def test_a_file_is_named_by_its_content_and_what_is_none_by_why_without_waiting(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    os.mkfifo(tmp_path / "pipe")
    assert digest_of(tmp_path / "file") == f"sha256:{hashlib.sha256(b'x').hexdigest()}"
    assert digest_of(tmp_path / "pipe") == "no regular file"
    assert digest_of(tmp_path / "gone") == "No such file or directory"


def test_two_packs_that_went_while_we_looked_are_not_one_content(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollback, "pack_files", lambda paths: paths)
    gone = [gate.folder / "one.yaml", gate.folder / "two.yaml"]
    assert len({disk_content(gate.config.model_copy(update={"rules": (file,)})) for file in gone}) == 2
