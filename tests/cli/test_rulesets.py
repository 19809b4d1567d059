"""`smtp-gate ruleset` as a person types it: what is kept, what differs, and the way back with and without a gate that runs."""

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from smtp_gate.cli import main
from smtp_gate.config import load_config
from smtp_gate.server.at_rest import load_in_force
from smtp_gate.server.rollback import snapshots_of
from smtp_gate.server.rules import load_rulebook, publish
from smtp_gate.store.rulesets import Snapshots
from tests.running import PACK, running, write_settings


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(w) for w in words])


def use(file: Path, word: str) -> str:
    """A ruleset comes into use as a gate would take it; its hash."""
    (file.parent / "rules" / "test.yaml").write_text(PACK.replace("sesame", word))
    return use_files(file)


def use_files(file: Path) -> str:
    """The files as they are come into use as a gate would take them; the ruleset's hash."""
    config = load_config(file).config
    assert config is not None
    book = load_rulebook(config)
    assert book.ruleset is not None
    publish(config, book, Snapshots(file.parent / "data" / "rulesets", config.keep_rulesets))
    return book.ruleset.hash


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_settings(tmp_path, 10026)


def test_before_the_first_start_there_is_nothing_to_list_or_compare(config: Path) -> None:
    assert "no ruleset is kept yet" in run("ruleset", "list", "-c", config).output
    assert run("ruleset", "list", "-c", config, "--json").output == ""
    shown = run("ruleset", "diff", "-c", config)
    assert (shown.exit_code, "no ruleset is kept yet" in shown.output) == (2, True)
    assert run("ruleset", "rollback", "-c", config).exit_code == 1
    assert not (config.parent / "data").exists()


def test_the_list_has_the_one_in_use_first(config: Path) -> None:
    first, second = use(config, "sesame"), use(config, "simsim")
    rows = [json.loads(line) for line in run("ruleset", "list", "-c", config, "--json").output.splitlines()]
    assert [(r["ruleset"], r["rules"], r["current"], r["rolled_back"]) for r in rows] == [
        (second, 2, True, False), (first, 2, False, False),
    ]  # fmt: skip
    assert list(rows[0]) == ["name", "ruleset", "rules", "first_used", "last_used", "current", "rolled_back"]
    shown = run("ruleset", "list", "-c", config).output
    assert rows[0]["name"] in shown
    assert "in use" in shown


def test_a_diff_names_rule_and_key_and_ends_with_1_only_where_asked(config: Path) -> None:
    use(config, "sesame")
    assert run("ruleset", "diff", "-c", config, "--exit-code").exit_code == 0
    assert "nothing differs between" in run("ruleset", "diff", "-c", config).output
    pack = config.parent / "rules" / "test.yaml"
    pack.write_text(PACK.replace("action: quarantine", "action: reject").replace("test.forbidden", "test.banned"))
    config.write_text(config.read_text() + "enforce: false\n")
    (config.parent / "directory.csv").write_text("address,name\n")
    shown = run("ruleset", "diff", "-c", config)
    assert shown.exit_code == 0
    lines = shown.output.splitlines()[1:]
    assert lines == [
        "+ test.banned",
        "- test.forbidden",
        "~ test.secret: action quarantine -> reject",
        "~ setting enforce: true -> false",
        "~ setting directory: changed",
    ]
    assert run("ruleset", "diff", "-c", config, "--exit-code").exit_code == 1
    rows = [json.loads(line) for line in run("ruleset", "diff", "-c", config, "--json").output.splitlines()]
    assert rows[2] == {
        "kind": "rule", "name": "test.secret", "key": "action", "sign": "~", "before": '"quarantine"', "after": '"reject"',
    }  # fmt: skip
    back = run("ruleset", "diff", "-c", config, "files", "current").output
    assert "~ test.secret: action reject -> quarantine" in back


def test_a_diff_with_names_with_nonsense_and_with_broken_files(config: Path) -> None:
    first, second = use(config, "sesame"), use(config, "simsim")
    shown = run("ruleset", "diff", "-c", config, first.removeprefix("sha256:")[:8], second)
    assert "~ detector word: primary.regex sesame -> simsim" in shown.output
    unknown = run("ruleset", "diff", "-c", config, "zzz")
    assert (unknown.exit_code, "begins with `zzz`" in unknown.output) == (2, True)
    (config.parent / "rules" / "test.yaml").write_text("pack: test\nrules: [")
    broken = run("ruleset", "diff", "-c", config)
    assert broken.exit_code == 1
    assert "test.yaml:2:8: error" in broken.output


def test_without_a_gate_a_rollback_waits_for_the_next_start(config: Path) -> None:
    first = use(config, "sesame")
    use(config, "simsim")
    shown = run("ruleset", "rollback", "-c", config)
    assert (shown.exit_code, "no gate runs; the next start uses" in shown.output) == (0, True)
    assert "a rollback is in force" in run("check", "-c", config).output
    assert "rolled back to" in run("ruleset", "list", "-c", config).output
    loaded = load_config(config).config
    assert loaded is not None
    book = load_in_force(loaded, snapshots_of(loaded))
    assert book.ruleset is not None
    assert book.ruleset.hash == first
    again = run("ruleset", "rollback", "-c", config, first)
    assert (again.exit_code, "in use already" in again.output) == (1, True)


async def test_with_a_gate_it_goes_through_the_keeper(tmp_path: Path) -> None:
    async with running(tmp_path, {"watch": "false"}) as gate:
        config = tmp_path / "smtp-gate.yaml"
        first = gate.worker.in_use.ruleset.hash
        (tmp_path / "rules" / "test.yaml").write_text(PACK.replace("sesame", "simsim"))
        done = await asyncio.to_thread(run, "reload", "-c", config)
        assert "~ detector word: primary.regex sesame -> simsim" in done.output
        back = await asyncio.to_thread(run, "ruleset", "rollback", "-c", config)
        assert back.exit_code == 0
        assert f"2 rules in use in every worker, {first}" in back.output
        assert "until a pack file changes or `smtp-gate reload`" in back.output
        assert gate.worker.in_use.ruleset.hash == first
        assert (await gate.send("the word is sesame", "lee@example.org")).startswith("250 2.0.0 held")
        again = await asyncio.to_thread(run, "ruleset", "rollback", "-c", config)
        assert (again.exit_code, "no earlier ruleset is kept" in again.output) == (1, True)
        rows = [json.loads(r) for r in (await asyncio.to_thread(run, "ruleset", "list", "-c", config, "--json")).output.splitlines()]  # fmt: skip
        assert next((r["ruleset"], r["current"], r["rolled_back"]) for r in rows) == (first, True, True)
        forth = await asyncio.to_thread(run, "reload", "-c", config, "--json")
        assert json.loads(forth.output)["rolled_back"] == ""
        assert gate.worker.in_use.ruleset.hash != first


class TestWithoutAGateAndWithBrokenFiles:
    """A pack was broken, and then the gate ended: nothing starts, and the way out leads to what was in use last."""

    @pytest.fixture
    def broken(self, config: Path) -> tuple[Path, str, str]:
        first, last = use(config, "sesame"), use(config, "simsim")
        (config.parent / "rules" / "test.yaml").write_text("pack: test\nrules: [")
        return config, first, last

    def begins_with(self, config: Path) -> str:
        loaded = load_config(config).config
        assert loaded is not None
        book = load_in_force(loaded, snapshots_of(loaded))
        return book.ruleset.hash if book.ruleset is not None else "nothing"

    def test_serve_names_the_way_out(self, broken: tuple[Path, str, str]) -> None:
        config, _, _ = broken
        shown = run("serve", "-c", config)
        assert shown.exit_code == 1
        assert "test.yaml:2:8: error" in shown.output
        assert "`smtp-gate ruleset rollback`" in shown.output

    def test_a_rollback_without_a_name_takes_what_was_in_use_last(self, broken: tuple[Path, str, str]) -> None:
        config, _, last = broken
        assert self.begins_with(config) == "nothing"
        assert run("ruleset", "rollback", "-c", config).exit_code == 0
        assert self.begins_with(config) == last

    def test_what_was_in_use_last_can_be_named(self, broken: tuple[Path, str, str]) -> None:
        config, first, last = broken
        assert run("ruleset", "rollback", "-c", config, last).exit_code == 0
        assert self.begins_with(config) == last
        assert run("ruleset", "rollback", "-c", config, first).exit_code == 0
        assert self.begins_with(config) == first

    def test_the_list_says_that_no_gate_runs(self, broken: tuple[Path, str, str]) -> None:
        assert "in use last, no gate runs" in run("ruleset", "list", "-c", broken[0]).output

    def test_a_second_rollback_goes_further_back(self, broken: tuple[Path, str, str]) -> None:
        config, first, _ = broken
        for _ in range(2):
            assert run("ruleset", "rollback", "-c", config).exit_code == 0
        assert self.begins_with(config) == first


def test_explain_and_policy_judge_by_what_is_rolled_back_to_and_say_so(config: Path, tmp_path: Path) -> None:
    first = use(config, "sesame")
    use(config, "simsim")
    assert run("ruleset", "rollback", "-c", config).exit_code == 0
    (tmp_path / "a.eml").write_text("From: dokafor@milwaukee.gov\nTo: lee@example.org\n\nThe word is sesame\n")
    shown = run("explain", "-c", config, "--json", tmp_path / "a.eml")
    row = json.loads(shown.stdout)
    assert (row["ruleset"], row["verdict"]) == (first, "quarantine")
    assert "a rollback is in force" in shown.stderr
    assert "a rollback is in force" in run("policy", "-c", config).stderr


def test_check_refuses_what_a_reload_and_a_start_refuse_for_its_lost_end(config: Path) -> None:
    pack = config.parent / "rules" / "test.yaml"
    pack.write_text(PACK + "...\n")
    use_files(config)
    assert run("check", "-c", config).exit_code == 0
    pack.write_text(PACK)
    shown = run("check", "-c", config)
    assert shown.exit_code == 1
    assert "the end marker `...` is gone" in shown.output


def test_replay_without_a_candidate_tries_the_packs_that_were_rolled_back_to(config: Path, tmp_path: Path) -> None:
    pack = config.parent / "rules" / "test.yaml"
    shadow = PACK.replace("    action: reject\n", "    action: reject\n    mode: shadow\n")
    pack.write_text(shadow)
    use_files(config)
    pack.write_text(shadow.replace("sesame", "simsim"))
    use_files(config)
    assert run("ruleset", "rollback", "-c", config).exit_code == 0
    (tmp_path / "a.eml").write_text("From: dokafor@milwaukee.gov\nTo: lee@example.org\n\nThe word is sesame\n")
    shown = run("replay", "-c", config, "--enforce-shadow", "test.forbidden", tmp_path / "a.eml")
    assert shown.exit_code == 0, shown.output
    assert "nothing changes" in shown.output


def test_without_a_gate_there_is_no_way_back_to_what_the_files_say(config: Path) -> None:
    last = use(config, "sesame")
    shown = run("ruleset", "rollback", "-c", config, last)
    assert (shown.exit_code, "the next start uses them" in shown.output) == (1, True)
