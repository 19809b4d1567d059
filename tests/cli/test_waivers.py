"""`smtp-gate waiver`: added and revoked as a transaction, on record, in use at once, and its uses counted."""

import asyncio
import json
import os
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from smtp_gate.adapters.clock import utc_now
from smtp_gate.cli import main, waiver_change
from smtp_gate.store.journal_reader import Record, read
from tests.running import PACK, running, write_settings
from tests.server.test_worker import get

SOON = (utc_now() + timedelta(days=90)).date().isoformat()
TRUSTING = {"listeners": "[{name: outbound, listen: '127.0.0.1:0', sender_is_authenticated: true}]"}


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(w) for w in words])


def add(config: Path, *more: str, **changed: str) -> Result:
    fields = {
        "rule": "test.secret",
        "sender": "dokafor@milwaukee.gov",
        "recipients": "domain:irs.gov",
        "owner": "comptroller",
        "approver": "cio",
        "ticket": "RITS-991",
        "reason": "W-2 filing",
        "expires": SOON,
        **changed,
    }
    return run("waiver", "add", "-c", config, *(w for k, v in fields.items() for w in (f"--{k}", v)), *more)


def events(folder: Path) -> list[tuple[str, str]]:
    found = [r.fields for r in read(folder / "data" / "journal") if isinstance(r, Record)]
    return [(r["what"], r["detail"]) for r in found if r["kind"] == "event" and r["what"].startswith("waiver")]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_settings(tmp_path, 10026)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "rules" / "waivers.yaml"


def test_add_list_show_revoke(config: Path, file: Path) -> None:
    done = add(config)
    assert done.exit_code == 0, done.output
    assert "not journalled: no gate has run" in done.output
    assert "no gate runs" in done.output
    assert file.read_text().startswith("# yaml-language-server: $schema=")
    row = json.loads(run("waiver", "list", "-c", config, "--json").output)
    assert (row["id"], row["rule"], row["state"], row["expires"]) == ("RITS-991", "test.secret", "in force", SOON)
    assert (row["sender"], row["recipients"]) == (["address:dokafor@milwaukee.gov"], ["domain:irs.gov"])
    assert (row["uses"], row["last_use"]) == (None, None)
    assert run("waiver", "list", "-c", config, "--json", "--expiring", "30").output == ""
    assert run("waiver", "list", "-c", config, "--json", "--expiring", "91").output
    assert "W-2 filing" in run("waiver", "show", "-c", config, "RITS-991").output
    assert run("waiver", "show", "-c", config, "RITS-992").exit_code == 1
    before = file.read_text()
    done = run("waiver", "revoke", "-c", config, "RITS-991", "--reason", "the contract is over")
    assert done.exit_code == 0, done.output
    after = file.read_text()
    assert [line for line in before.splitlines() if line not in after] == [f'    expires: "{SOON}"']
    row = json.loads(run("waiver", "show", "-c", config, "--json", "RITS-991").output)
    assert (row["state"], row["days_left"]) == ("expired", 0)
    assert row["note"].endswith(": the contract is over")
    assert run("waiver", "revoke", "-c", config, "RITS-991").exit_code == 1, "it has ended already"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"rule": "test.secrte"}, "did you mean `test.secret`?"),
        ({"sender": "group:nobody"}, "no account is in `group:nobody`"),
        ({"sender": "dokafor"}, "does not say who"),
        ({"owner": " "}, "one line of text expected"),
        ({"id": "EX-1"}, "stands here twice"),
        ({"approver": "comptroller"}, "approved by its own owner"),
        ({"expires": "2020-01-01"}, "has expired"),
        ({"recipients": "internal"}, "can never apply"),
    ],
)
def test_what_check_refuses_or_warns_of_changes_nothing(
    changed: dict[str, str], said: str, config: Path, file: Path, tmp_path: Path
) -> None:
    assert add(config, "--id", "EX-1", recipients="domain:ssa.gov").exit_code == 0
    (tmp_path / "data" / "journal").mkdir(parents=True)
    before = file.read_bytes()
    done = add(config, **changed)
    assert done.exit_code == 1
    assert said in done.output
    assert "nothing was written" in done.output
    assert file.read_bytes() == before
    assert sorted(p.name for p in file.parent.iterdir()) == ["test.yaml", "waivers.yaml"]
    assert events(tmp_path) == []


def test_a_warning_passes_with_yes_and_old_ones_are_no_news(config: Path, file: Path) -> None:
    assert add(config, approver="comptroller").exit_code == 1
    assert add(config, "--yes", approver="comptroller").exit_code == 0
    done = add(config, "--id", "EX-2", recipients="domain:ssa.gov")
    assert done.exit_code == 0
    assert "own owner" not in done.output
    assert file.read_text().count("- id:") == 2


def test_another_pack_keeps_all_its_octets(config: Path, tmp_path: Path) -> None:
    pack = tmp_path / "rules" / "test.yaml"
    done = add(config, "--file", str(pack))
    assert done.exit_code == 0, done.output
    assert pack.read_text().startswith(PACK)
    assert run("check", "-c", config).exit_code == 0


@pytest.mark.parametrize("name", ["elsewhere.yaml", "rules/.hidden.yaml", "rules/cases/x.yaml", "rules/waivers.txt"])
def test_a_file_that_no_gate_reads_is_refused(name: str, config: Path, tmp_path: Path) -> None:
    (tmp_path / "rules" / "cases").mkdir()
    done = add(config, "--file", str(tmp_path / name))
    assert done.exit_code == 2
    assert "no gate reads" in done.output
    assert not (tmp_path / name).exists()


def test_a_file_that_changes_meanwhile_is_left_as_it_is(
    config: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert add(config).exit_code == 0
    theirs = file.read_bytes() + b"# by hand\n"

    def meanwhile(*_: object) -> str:
        file.write_bytes(theirs)
        return ""

    monkeypatch.setattr(waiver_change, "_record", meanwhile)
    done = add(config, "--id", "EX-2", recipients="domain:ssa.gov")
    assert (done.exit_code, "has changed meanwhile" in done.output) == (1, True)
    assert file.read_bytes() == theirs
    assert not list(file.parent.glob(".*"))


def test_two_at_a_time_are_kept_apart(config: Path, file: Path) -> None:
    (file.parent / ".waivers.yaml.new").write_text("")
    done = add(config)
    assert (done.exit_code, "somebody else changes it" in done.output) == (1, True)
    assert not file.exists()


def test_without_a_gate_the_commands_write_a_segment_of_their_own(config: Path, tmp_path: Path) -> None:
    (tmp_path / "data" / "journal").mkdir(parents=True)
    assert add(config).exit_code == 0
    assert run("waiver", "revoke", "-c", config, "RITS-991").exit_code == 0
    assert [what for what, _ in events(tmp_path)] == ["waiver_added", "waiver_revoked"]
    assert events(tmp_path)[0][1].startswith(
        "RITS-991: test.secret sender=dokafor@milwaukee.gov recipients=domain:irs.gov"
    )
    assert run("journal", "verify", "-c", config).exit_code == 0


async def test_a_running_gate_takes_it_up_and_its_uses_are_journalled_and_counted(tmp_path: Path) -> None:
    async with running(tmp_path, TRUSTING) as gate:
        config = tmp_path / "smtp-gate.yaml"
        assert "held" in await gate.send("the word is sesame", "a@irs.gov")
        done = await asyncio.to_thread(add, config)
        assert "journalled by the running gate; in use in every worker" in done.output
        assert "held" not in await gate.send("the word is sesame", "a@irs.gov")
        assert "held" not in await gate.send("nothing here", "a@irs.gov")
        assert "held" in await gate.send("the word is sesame", "a@example.org")
        _, metrics = await get(gate.metrics, "/metrics")
        assert 'smtp_gate_waiver_uses_total{rule="test.secret",waiver="RITS-991"} 1.0' in metrics
        assert 'smtp_gate_waiver_expires_timestamp_seconds{rule="test.secret",waiver="RITS-991"}' in metrics
        row = json.loads((await asyncio.to_thread(run, "waiver", "list", "-c", config, "--json")).output)
        assert row["uses"] == 1
        assert row["last_use"]
        shown = (await asyncio.to_thread(run, "journal", "show", "-c", config)).output
        assert "(RITS-991, approved by cio): 1 finding(s)" in shown
        assert "(RITS-991, approved by cio): nothing to spare" in shown
        done = await asyncio.to_thread(run, "waiver", "revoke", "-c", config, "RITS-991")
        assert "in use in every worker" in done.output
        assert "held" in await gate.send("the word is sesame", "a@irs.gov")
        assert [what for what, _ in events(tmp_path)] == ["waiver_added", "waiver_revoked"]


async def test_nothing_but_what_is_done_to_waivers_is_written_for_a_command(tmp_path: Path) -> None:
    async with running(tmp_path) as gate:
        for frame in ({"what": "release"}, {"what": ["waiver_added"]}, {"what": "waiver_added"}, {}):
            answer = await gate.solo.keeper._record({"who": "x", **frame})
            assert answer == {"failed": "not understood"}
    assert events(tmp_path) == []


async def test_a_rule_in_shadow_shows_in_metrics_and_journal_what_it_would_do(tmp_path: Path) -> None:
    async with running(tmp_path, {"enforce": "false"}) as gate:
        config = tmp_path / "smtp-gate.yaml"
        assert "held" not in await gate.send("the word is sesame", "a@example.org", "b@example.org")
        _, metrics = await get(gate.metrics, "/metrics")
        labels = 'disposition="quarantine",mode="shadow",rule="test.secret"'
        assert f"smtp_gate_rule_recipients_total{{{labels}}} 2.0" in metrics
        assert 'smtp_gate_recipients_total{disposition="accept",would="quarantine"} 2.0' in metrics
        assert "smtp_gate_enforcing 0.0" in metrics
        assert "not_enforcing" in gate.log.getvalue()
        shown = await asyncio.to_thread(run, "journal", "show", "-c", config)
        assert "a@example.org (accept, would be quarantine)" in shown.output


def test_commands_tell_the_roll_out_and_what_shadow_would_do(config: Path, tmp_path: Path) -> None:
    rolled = PACK.replace(
        "action: quarantine", "rollout: {percent: 0.000001, sender: cdiaz@milwaukee.gov}\n    action: quarantine"
    )
    (tmp_path / "rules" / "test.yaml").write_text(rolled)
    assert "(1e-06 % and address:cdiaz@milwaukee.gov)" in " ".join(run("policy", "-c", config).output.split())
    letter = tmp_path / "letter.eml"
    letter.write_bytes(b"From: dokafor@milwaukee.gov\nTo: lee@example.org\n\nthe word is sesame\n")
    outside = run("explain", "-c", config, letter).output
    assert "would be held" in outside
    assert "test.secret in shadow" in outside
    inside = run("explain", "-c", config, "--from", "cdiaz@milwaukee.gov", letter).output
    assert "would be" not in inside
    assert "HELD" in inside
    row = json.loads(run("explain", "-c", config, "--json", letter).output)
    assert (row["verdict"], row["findings"][0]["mode"]) == ("accept", "shadow")


def test_a_mistake_is_refused_whatever_the_caller_says(config: Path, file: Path) -> None:
    assert add(config, "--yes", rule="test.secrte").exit_code == 1
    assert not file.exists()


def test_the_file_stays_readable_for_whoever_runs_the_gate(
    config: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert add(config).exit_code == 0
    file.chmod(0o640)
    owners: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "chown", lambda _path, user, group: owners.append((user, group)))
    assert add(config, "--yes", ticket="RITS-992").exit_code == 0
    assert owners == [(file.stat().st_uid, file.stat().st_gid)]
    assert file.stat().st_mode & 0o777 == 0o640


def test_a_waiver_does_not_end_a_rollback_unsaid(config: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiver_change, "rollback_note", lambda _config: "a rollback is in force")
    done = add(config)
    assert (done.exit_code, "this would end it" in done.output, file.exists()) == (1, True, False)
    assert add(config, "--yes").exit_code == 0


def test_the_packs_of_the_installation_are_nobodys_to_write_in(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As where the settings say `rules: [shipped, ../rules]`, or `rules: shipped` alone.
    monkeypatch.setattr(waiver_change, "shipped_rules", lambda: tmp_path / "rules")
    done = add(config)
    assert (done.exit_code, "say --file FILE" in done.output) == (2, True)
    assert [p.name for p in (tmp_path / "rules").iterdir()] == ["test.yaml"]
