"""`smtp-gate directory`: an address as of a day, differences of snapshots, and syncs, as people type them."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from smtp_gate.cli import main
from smtp_gate.cli.directory import SHOWN
from smtp_gate.store.people import People
from tests.cli.test_index import keeper
from tests.running import running, write_settings
from tests.server.test_directory_sync import ldif

SAMPLE = Path(__file__).parents[2] / "config" / "directory.csv"
ALIAS, OLD, NEW = "Nancy.Robles@milwaukee.gov", "nrobles@milwaukee.gov", "nrobles2@milwaukee.gov"
LOADED = {"ruleset": "sha256:1", "rules": 2, "reasons": []}


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(w) for w in words])


def rows(*words: str | Path) -> list[dict[str, Any]]:
    done = run(*words)
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    made = write_settings(tmp_path, 10026)
    (tmp_path / "directory.csv").write_text(SAMPLE.read_text())
    return made


@pytest.fixture
def synced(tmp_path: Path) -> Path:
    (tmp_path / "people.ldif").write_text(ldif("ann Health", "bob ITMD"))
    return write_settings(tmp_path, 10026, {"directory": "{ldif: people.ldif}"})


def snapshots(folder: Path) -> list[str]:
    return People(folder / "data" / "directory").names()


class TestShow:
    @pytest.mark.parametrize(
        ("address", "day", "standing", "account", "successor"),
        [
            (ALIAS, "2026-06-30", "current", OLD, ""),
            (ALIAS, "2026-07-05", "ended", OLD, NEW),
            (ALIAS, "2026-07-15", "current", NEW, ""),
            (OLD, "2026-07-01", "ended", OLD, NEW),
            (NEW, "2026-06-30", "not_yet", NEW, OLD),
            ("rsilva@milwaukee.gov", "2020-01-01", "ended", "rsilva@milwaukee.gov", ""),
        ],
    )
    def test_the_sample_tells_the_story_of_a_transfer(
        self, config: Path, address: str, day: str, standing: str, account: str, successor: str
    ) -> None:
        (row,) = rows("directory", "show", "-c", config, "--json", "--on", day, address)
        assert (row["standing"], row["address"], row["successor"]) == (standing, account, successor)
        assert row["alias"] is (address == ALIAS)

    def test_json_has_these_keys(self, config: Path) -> None:
        (row,) = rows("directory", "show", "-c", config, "--json", "--on", "2026-07-20", ALIAS)
        assert list(row) == [
            "asked", "on", "standing", "address", "alias", "since", "until", "successor", "kind", "name", "person",
            "department", "title", "status", "groups", "aliases", "personal", "senders", "may_send", "may_send_as",
            "stretches",
        ]  # fmt: skip
        assert (row["since"], row["until"]) == ("2026-07-15", None)
        assert [(s["address"], s["as"], s["since"], s["until"]) for s in row["stretches"]] == [
            (OLD, "alias", "2018-02-12", "2026-06-30"),
            (NEW, "alias", "2026-07-15", None),
        ]

    def test_the_accounts_of_one_person_follow_each_other(self, config: Path) -> None:
        (row,) = rows("directory", "show", "-c", config, "--json", "--on", "2026-07-20", OLD)
        assert [(s["address"], s["as"]) for s in row["stretches"]] == [(OLD, "account"), (NEW, "account")]

    def test_who_may_send_is_looked_up_in_groups(self, config: Path) -> None:
        (then,) = rows("directory", "show", "-c", config, "--json", "--on", "2026-07-01", "alerts@milwaukee.gov")
        assert then["may_send"] == ["cdiaz@milwaukee.gov", "rbaptiste@milwaukee.gov", "sokonkwo@milwaukee.gov"]
        (later,) = rows("directory", "show", "-c", config, "--json", "--on", "2027-01-01", "alerts@milwaukee.gov")
        assert later["may_send"] == ["rbaptiste@milwaukee.gov"]

    def test_for_people_it_says_first_how_it_stands(self, config: Path) -> None:
        shown = run("directory", "show", "-c", config, "--on", "2026-07-05", ALIAS).output
        first = f"{ALIAS} on 2026-07-05: ended, from 2018-02-12 until 2026-06-30, an alias of {OLD}"
        assert shown.splitlines()[0] == first
        assert NEW in shown.splitlines()[1]
        assert "Accounting Manager" in shown.splitlines()[-1]

    def test_an_unknown_address_names_the_nearest(self, config: Path) -> None:
        shown = run("directory", "show", "-c", config, "nroblez@milwaukee.gov")
        assert shown.exit_code == 1
        assert f"nobody ever had nroblez@milwaukee.gov; the nearest are {OLD}" in shown.stderr
        shown = run("directory", "show", "-c", config, "--json", "nroblez@milwaukee.gov")
        assert (shown.exit_code, json.loads(shown.stdout)["nearest"][0]) == (1, OLD)

    def test_which_others_it_may_send_as(self, config: Path) -> None:
        for address, day, others in (
            ("hstone@milwaukee.gov", "2026-07-01", ["mayor@milwaukee.gov"]),
            ("sokonkwo@milwaukee.gov", "2026-07-01", ["alerts@milwaukee.gov", "helpdesk@milwaukee.gov"]),
            ("sokonkwo@milwaukee.gov", "2026-10-01", []),
            ("sokonkwo@milwaukee.gov", "2027-01-01", []),
            ("mayor@milwaukee.gov", "2026-07-01", []),
        ):
            (row,) = rows("directory", "show", "-c", config, "--json", "--on", day, address)
            assert row["may_send_as"] == others, address
        shown = run("directory", "show", "-c", config, "--on", "2026-07-01", "hstone@milwaukee.gov").output
        assert "may send as" in shown
        assert "mayor@milwaukee.gov" in shown

    @pytest.mark.parametrize("asked", ["nancy robles", "nrob", "nancy.robles@yahoo.com"])
    def test_a_part_of_what_is_known_finds_the_account(self, config: Path, asked: str) -> None:
        (row,) = rows("directory", "show", "-c", config, "--json", "--on", "2026-07-05", asked)
        assert row["found"][:2] == [
            {"address": OLD, "standing": "ended", "name": "Nancy Robles", "department": "ITMD"},
            {"address": NEW, "standing": "current", "name": "Nancy Robles", "department": "Comptroller"},
        ]
        shown = run("directory", "show", "-c", config, "--on", "2026-07-05", asked)
        assert shown.exit_code == 0
        assert [line.split()[0] for line in shown.stdout.splitlines()[1:3]] == [OLD, NEW]

    def test_of_many_that_match_some_are_shown(self, config: Path, tmp_path: Path) -> None:
        (tmp_path / "directory.csv").write_text("address\n" + "".join(f"p{n}@b.c\n" for n in range(SHOWN + 5)))
        assert run("directory", "show", "-c", config, "p").output.endswith("... and 5 more\n")
        (row,) = rows("directory", "show", "-c", config, "--json", "p")
        assert len(row["found"]) == SHOWN

    def test_mistakes_of_the_file_and_of_the_day_are_told(self, config: Path, tmp_path: Path) -> None:
        assert run("directory", "show", "-c", config, "--on", "July", OLD).exit_code == 2
        (tmp_path / "directory.csv").write_text("address\nx\n")
        shown = run("directory", "show", "-c", config, OLD)
        assert shown.exit_code == 1
        assert "directory.csv:2:1: error: address: not an address: 'x'" in shown.stderr


class TestSync:
    def test_it_tells_what_has_changed_and_that_no_gate_runs(self, synced: Path, tmp_path: Path) -> None:
        done = run("directory", "sync", "-c", synced)
        assert done.exit_code == 0
        assert "+ ann@milwaukee.gov: Health\n" in done.output
        (name,) = snapshots(tmp_path)
        assert f"2 current accounts: 2 new, 0 ended, 0 changed; snapshot {name}\n" in done.output
        assert "no gate runs; the next start loads it" in done.output
        again = run("directory", "sync", "-c", synced)
        assert f"nothing new; the snapshot in use stays {name}" in again.output
        assert "no gate" not in again.output

    def test_a_running_gate_is_asked_to_load_it(self, synced: Path, tmp_path: Path) -> None:
        (tmp_path / "data" / "run").mkdir(parents=True)
        with keeper(tmp_path / "data", LOADED) as asked:
            done = run("directory", "sync", "-c", synced)
        # A sync is no word on the rules: a rollback that is in force stays so.
        assert [{k: v for k, v in frame.items() if k != "who"} for frame in asked] == [
            {"do": "reload", "by": "directory sync"}
        ]
        assert done.output.endswith("in use in every worker\n")

    def test_a_gate_that_refuses_it_says_why(self, synced: Path, tmp_path: Path) -> None:
        (tmp_path / "data" / "run").mkdir(parents=True)
        with keeper(tmp_path / "data", {**LOADED, "reasons": ["rules/test.yaml:1:1: error: broken"]}):
            done = run("directory", "sync", "-c", synced)
        assert done.exit_code == 1
        assert "rules/test.yaml:1:1: error: broken" in done.stderr
        assert "mend that, then `smtp-gate reload`" in done.stderr

    def test_bad_entries_are_all_named_and_nothing_changes(self, synced: Path, tmp_path: Path) -> None:
        (tmp_path / "people.ldif").write_text("x: y\n\nz: y\n")
        done = run("directory", "sync", "-c", synced)
        assert done.exit_code == 1
        file = tmp_path / "people.ldif"
        assert [line.partition(": ")[0] for line in done.stderr.splitlines()] == [
            f"{file}:1", f"{file}:3", "nothing has changed",
        ]  # fmt: skip
        assert snapshots(tmp_path) == []

    def test_a_dry_run_writes_nothing_and_force_takes_a_thin_source(self, synced: Path, tmp_path: Path) -> None:
        assert (
            "2 new, 0 ended, 0 changed; nothing was written"
            in run("directory", "sync", "-c", synced, "--dry-run").output
        )
        assert snapshots(tmp_path) == []
        run("directory", "sync", "-c", synced)
        (tmp_path / "people.ldif").write_text(ldif("ann Health"))
        assert run("directory", "sync", "-c", synced).exit_code == 1
        done = run("directory", "sync", "-c", synced, "--force")
        assert "- bob@milwaukee.gov: valid_to - -> " in done.output
        assert "1 current accounts: 0 new, 1 ended, 0 changed" in done.output

    def test_many_changes_are_counted_and_some_shown(self, synced: Path, tmp_path: Path) -> None:
        (tmp_path / "people.ldif").write_text(ldif(*(f"p{n} X" for n in range(SHOWN + 5))))
        assert "... and 5 more\n" in run("directory", "sync", "-c", synced).output

    def test_statuses_that_no_rule_knows_are_named(self, synced: Path, tmp_path: Path) -> None:
        (tmp_path / "people.ldif").write_text(ldif("ann Health") + "employeeType: Staff\n")
        for command in ("sync", "diff"):
            done = run("directory", command, "-c", synced)
            assert done.exit_code == 1
            said = "ann@milwaukee.gov: status `staff` is none of agent, contractor, employee, vendor: map it with"
            assert f"{said} `statuses: {{staff: employee}}`\n" in done.stderr
        write_settings(tmp_path, 10026, {"directory": "{ldif: people.ldif, statuses: {Staff: employee}}"})
        assert run("directory", "sync", "-c", synced).exit_code == 0

    def test_an_attribute_that_nobody_has_is_told(self, synced: Path, tmp_path: Path) -> None:
        more = "attributes: {title: jobTitle, department: [ou, unit], personal: [home, other], kind: sort}"
        write_settings(tmp_path, 10026, {"directory": f"{{ldif: people.ldif, {more}}}"})
        done = run("directory", "sync", "-c", synced)
        assert done.exit_code == 0
        assert done.stderr.splitlines() == [
            "warning: `title` is empty for everybody: no entry has a usable `jobTitle`",
            "warning: `personal` is empty for everybody: no entry has a usable `home` or `other`",
        ]

    def test_a_csv_directory_needs_none(self, config: Path) -> None:
        done = run("directory", "sync", "-c", config)
        assert done.exit_code == 1
        assert "a CSV directory is read as it is, at each reload" in done.stderr


class TestDiff:
    def test_between_the_snapshot_in_use_and_the_source(self, synced: Path, tmp_path: Path) -> None:
        run("directory", "sync", "-c", synced)
        assert "no account differs" in run("directory", "diff", "-c", synced).output
        (tmp_path / "people.ldif").write_text(ldif("ann Library", "cy ITMD"))
        found = rows("directory", "diff", "-c", synced, "--json")
        assert [(r["address"], r["how"]) for r in found] == [
            ("ann@milwaukee.gov", "changed"), ("bob@milwaukee.gov", "ended"), ("cy@milwaukee.gov", "new"),
        ]  # fmt: skip
        assert found[0] == {
            "address": "ann@milwaukee.gov", "name": "", "how": "changed",
            "what": {"department": {"from": "Health", "to": "Library"}},
        }  # fmt: skip
        assert len(snapshots(tmp_path)) == 1
        shown = run("directory", "diff", "-c", synced).output
        assert "~ ann@milwaukee.gov: department Health -> Library\n" in shown
        assert "1 new, 1 ended, 1 changed" in shown

    def test_between_two_snapshots_and_files(self, synced: Path, tmp_path: Path) -> None:
        run("directory", "sync", "-c", synced)
        (tmp_path / "people.ldif").write_text(ldif("ann Library", "bob ITMD"))
        run("directory", "sync", "-c", synced)
        now, before = snapshots(tmp_path)
        for one, two in ((before, now[:8]), (before, tmp_path / "data" / "directory" / f"{now}.csv")):
            (row,) = rows("directory", "diff", "-c", synced, "--json", "--from", one, "--to", two)
            assert row["what"] == {"department": {"from": "Health", "to": "Library"}}

    def test_what_is_neither_is_told_with_what_there_is(self, synced: Path, tmp_path: Path) -> None:
        run("directory", "sync", "-c", synced)
        done = run("directory", "diff", "-c", synced, "--from", "nothing")
        assert done.exit_code == 2
        assert snapshots(tmp_path)[0] in done.stderr

    async def test_of_a_csv_file_it_is_what_a_reload_would_bring(self, tmp_path: Path) -> None:
        file = write_settings(tmp_path, 10026)
        said = run("directory", "diff", "-c", file).stderr
        assert "name an older copy of the file to compare with, like `smtp-gate directory diff --from" in said
        async with running(tmp_path):
            pass
        (tmp_path / "directory.csv").write_text("address,name,status\ndokafor@milwaukee.gov,Dana Lee,vendor\n")
        (row,) = rows("directory", "diff", "-c", file, "--json")
        assert row["what"] == {
            "name": {"from": "Dana Okafor", "to": "Dana Lee"}, "status": {"from": "employee", "to": "vendor"},
        }  # fmt: skip

    def test_a_source_that_is_broken_is_told(self, synced: Path, tmp_path: Path) -> None:
        run("directory", "sync", "-c", synced)
        (tmp_path / "people.ldif").write_text("x: y\n")
        done = run("directory", "diff", "-c", synced)
        assert done.exit_code == 1
        assert f"{tmp_path / 'people.ldif'}:1: a record begins with dn:" in done.stderr


@pytest.mark.parametrize("command", ["show", "diff", "sync"])
def test_each_has_help_with_an_example(command: str) -> None:
    assert f"Example: smtp-gate directory {command}" in " ".join(run("directory", command, "--help").output.split())
