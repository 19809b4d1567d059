"""A reload is told once in log, metrics and journal: by whom, from what to what, what changed, and which rules are gone."""

import json
from pathlib import Path
from typing import Any

import pytest

from smtp_gate.server.preparing import Wish
from smtp_gate.server.reload import USUAL
from smtp_gate.server.reload_told import wish_of
from smtp_gate.server.watch import WATCH
from smtp_gate.store.journal import SegmentJournal
from tests.running import PACK, Running, running


def events(gate: Running, name: str) -> list[dict[str, Any]]:
    return [row for row in map(json.loads, gate.log.getvalue().splitlines()) if row["event"] == name]


def journalled(gate: Running) -> list[tuple[str, str]]:
    lines = [
        json.loads(line)
        for segment in sorted((gate.folder / "data" / "journal").rglob("*keeper*"))
        for line in segment.read_bytes().splitlines()
        if line.startswith(b"{")
    ]
    return [(row["who"], row["detail"]) for row in lines if row.get("what") == "reload"]


async def test_what_was_done_is_in_log_and_journal(tmp_path: Path) -> None:
    async with running(tmp_path, {"watch": "false"}) as gate:
        pack = tmp_path / "rules" / "test.yaml"
        first = gate.worker.in_use.ruleset.hash
        pack.write_text(PACK[: PACK.index("  - id: test.forbidden")] + PACK[PACK.index("detectors:") :])
        second = (await gate.solo.keeper.reload(Wish("command by ann"))).ruleset
        (gone,) = events(gate, "rules_gone")
        assert (gone["level"], gone["rules"]) == ("warning", ["test.forbidden"])
        (told,) = events(gate, "reloaded")
        assert (told["by"], told["before"], told["ruleset"]) == ("command by ann", first, second)
        assert told["changes"] == ["- test.forbidden"]
        back = await gate.solo.keeper.reload(Wish("rollback by ann", to=""))
        assert events(gate, "reloaded")[1]["rolled_back"] == back.rolled_back
        pack.write_text("[")
        await gate.solo.keeper.reload(Wish("signal"))
        assert journalled(gate) == [
            ("command by ann", f"{first[:23]} -> {second[:23]}; - test.forbidden"),
            ("rollback by ann", f"{second[:23]} -> {first[:23]}; + test.forbidden; rolled back to {back.rolled_back}"),
            ("signal", f"refused, {first[:23]} stays: {events(gate, 'reload_refused')[0]['mistakes'][0]}"),
        ]
        text = gate.solo.keeper.metrics.text().decode()
        assert "smtp_gate_ruleset_rolled_back 1.0" in text
        assert "smtp_gate_ruleset_refused 1.0" in text
        pack.write_text(PACK)
        await gate.solo.reload()
        text = gate.solo.keeper.metrics.text().decode()
        assert "smtp_gate_ruleset_rolled_back 0.0" in text
        assert "smtp_gate_ruleset_refused 0.0" in text


async def test_a_refused_rollback_says_nothing_of_the_files(tmp_path: Path) -> None:
    async with running(tmp_path, {"watch": "false"}) as gate:
        await gate.solo.keeper.reload(Wish("rollback by ann", to="nothing"))
        text = gate.solo.keeper.metrics.text().decode()
        assert "smtp_gate_ruleset_refused 0.0" in text
        assert "smtp_gate_ruleset_reload_failures_total 1.0" in text


async def test_the_watch_does_not_say_again_what_a_person_was_just_told(tmp_path: Path) -> None:
    async with running(tmp_path, {"watch": "false"}) as gate:
        (tmp_path / "rules" / "test.yaml").write_text("[")
        for wish in (USUAL, WATCH):
            assert (await gate.solo.keeper.reload(wish)).reasons
        assert len(events(gate, "reload_refused")) == 1
        (tmp_path / "rules" / "test.yaml").write_text("pack: 7")
        assert (await gate.solo.keeper.reload(WATCH)).reasons
        assert len(events(gate, "reload_refused")) == 2


async def test_a_full_disk_does_not_undo_a_reload(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(tmp_path, {"watch": "false"}) as gate:

        async def full(_self: SegmentJournal, _record: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(SegmentJournal, "event", full)
        (tmp_path / "rules" / "test.yaml").write_text(PACK.replace("sesame", "simsim"))
        assert (await gate.solo.reload()).reasons == ()
        (told,) = events(gate, "reload_not_journalled")
        assert told["error"] == "No space left on device"


async def test_mistakes_of_the_settings_are_told_at_their_place(tmp_path: Path) -> None:
    async with running(tmp_path, {"watch": "false"}) as gate:
        file = tmp_path / "smtp-gate.yaml"
        file.write_text(file.read_text() + "enforse: true\n")
        (reason,) = (await gate.solo.reload()).reasons
        assert reason.startswith(f"{file}:11:1: unknown key `enforse`")


@pytest.mark.parametrize(
    ("frame", "wish"),
    [
        ({"do": "reload"}, Wish("command by somebody")),
        ({"do": "reload", "who": "ann", "by": "directory sync"}, Wish("directory sync by ann", files=False)),
        ({"do": "reload", "who": "a" * 200, "by": "watch"}, Wish(f"command by {'a' * 100}")),
        ({"do": "rollback", "who": 7, "to": None}, Wish("rollback by 7", to="")),
        ({"do": "rollback", "who": "ann", "to": "abc"}, Wish("rollback by ann", to="abc")),
    ],
)
def test_what_a_command_asks_for(frame: dict[str, object], wish: Wish) -> None:
    assert wish_of(frame) == wish
