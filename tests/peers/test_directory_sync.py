"""`smtp-gate directory sync` against a real LDAP server: from the settings to an answer with history, and what it refuses."""

import json
import os
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from smtp_gate.cli import main
from smtp_gate.config import Config, load_config
from smtp_gate.server.directories import load_directory, people_of
from smtp_gate.server.directory_sync import sync
from tests.peers.slapd import ADMIN, BASE, PASSWORD, SUFFIX, Slapd, missing, person
from tests.running import write_settings

pytestmark = [pytest.mark.peers, pytest.mark.timeout(300)]
MONDAY, TUESDAY = date(2026, 7, 6), date(2026, 7, 7)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Slapd]:
    gone = missing()
    if gone:
        said = f"OpenLDAP is not whole here: {', '.join(gone)} missing"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(said)
    made = Slapd(tmp_path / "slapd")
    made.fill(BASE + person("ann", "Ann Lee", departmentNumber="Health") + person("bob", departmentNumber="ITMD"))
    try:
        yield made.start()
    finally:
        made.stop()


@pytest.fixture
def file(tmp_path: Path, server: Slapd) -> Path:
    (tmp_path / "password").write_text(PASSWORD + "\n")
    ldap = f"{{server: '{server.url}', base: 'ou=people,{SUFFIX}', bind_dn: '{ADMIN}', password_file: password, timeout: 5s, page: 1, filter: (mail=*)}}"
    return write_settings(tmp_path, 25, {"directory": f"{{ldap: {ldap}, keep_at_least: 0}}"})


@pytest.fixture
def config(file: Path) -> Config:
    loaded = load_config(file)
    assert loaded.config is not None, loaded.mistakes
    return loaded.config


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(w) for w in words])


def remove(server: Slapd, uid: str) -> None:
    dn = f"uid={uid},ou=people,{SUFFIX}"
    subprocess.run(["/usr/bin/ldapdelete", "-H", server.url, "-x", "-D", ADMIN, "-w", PASSWORD, dn], check=True)


def test_an_account_that_leaves_the_server_has_ended(server: Slapd, config: Config) -> None:
    assert sync(config, MONDAY).accounts == 2
    remove(server, "bob")
    server.add(person("cy", departmentNumber="ITMD"))
    done = sync(config, TUESDAY)
    assert {(c.address, c.how) for c in done.changes} == {
        ("bob@milwaukee.gov", "ended"), ("cy@milwaukee.gov", "new"),
    }  # fmt: skip
    people, _ = load_directory(config)
    bob = people.look_up("bob@milwaukee.gov", TUESDAY)
    assert bob is not None
    assert (bob.standing, bob.valid_to, bob.department) == ("ended", MONDAY, "ITMD")


def test_the_command_makes_a_snapshot_and_shows_from_it_without_the_server(server: Slapd, file: Path) -> None:
    done = run("directory", "sync", "-c", file)
    assert done.exit_code == 0, done.output
    server.kill()
    shown = run("directory", "show", "-c", file, "--json", "ann@milwaukee.gov")
    assert json.loads(shown.stdout)["name"] == "Ann Lee"
    again = run("directory", "sync", "-c", file)
    assert again.exit_code == 1
    assert "cannot be reached" in again.stderr


def test_a_wrong_password_is_told_and_shown_to_nobody(file: Path, config: Config, tmp_path: Path) -> None:
    sync(config, MONDAY)
    before = people_of(config).current()
    (tmp_path / "password").write_text("another-secret")
    done = run("directory", "sync", "-c", file)
    assert done.exit_code == 1
    assert "bind_dn or the password is wrong" in done.stderr
    assert "another-secret" not in done.output + done.stderr + repr(done.exception) + repr(config)
    assert people_of(config).current() == before


def test_a_bad_entry_is_named_by_its_dn(server: Slapd, file: Path) -> None:
    server.add(person("dee", mail="dee..dee@milwaukee.gov"))
    done = run("directory", "sync", "-c", file)
    assert done.exit_code == 1
    assert f"uid=dee,ou=people,{SUFFIX}" in done.stderr
