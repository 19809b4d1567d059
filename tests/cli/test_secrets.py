"""No command and no refused reload says what stands in a file that the settings name, or a password in the settings."""

import asyncio
import secrets
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from smtp_gate.adapters.passwords import Hash
from smtp_gate.cli import main
from smtp_gate.config import load_config
from smtp_gate.server.preparing import Wish
from smtp_gate.server.reload import Workers
from smtp_gate.server.rules import InUse, load_rulebook, publish
from smtp_gate.store.rulesets import Snapshots
from tests.running import PACK, write_settings

PASSWORD = "hunter2-of-the-directory"
KEY = secrets.token_hex(16)
"""A key of letters, so that it could be shown where somebody did."""
LDAP = "{ldap: {server: 'ldap://127.0.0.1:1', base: dc=b, bind_dn: cn=x, password_file: password}}"
LISTENERS = "[{name: outbound, listen: '127.0.0.1:0', auth: {users: users}, tls: {mode: none}}]"
COMMANDS = (
    ("check",), ("test",), ("ruleset", "list"), ("ruleset", "diff"), ("ruleset", "diff", "--json"), ("policy",),
    ("pack", "diff", "pii"), ("reload",), ("ruleset", "rollback"), ("directory", "sync"), ("serve",),
)  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A gate whose files hold secrets, and that has been in use once."""
    for name, octets in (("key", KEY), ("password", PASSWORD), ("users", f"ann:{Hash.of('x', 10)}\n")):
        (tmp_path / name).write_text(octets)
        (tmp_path / name).chmod(0o600)
    (tmp_path / "cases.csv").write_text("number\n" + "".join(f"MKE-{n:08}\n" for n in range(1000)))
    said = run(
        tmp_path,
        "edm",
        "build",
        tmp_path / "cases.csv",
        "--columns",
        "number",
        "--key",
        tmp_path / "key",
        "--allow-short",
        "-o",
        tmp_path / "list",
    )
    assert (tmp_path / "list").exists(), said
    (tmp_path / "list").chmod(0o600)
    write(tmp_path)
    return tmp_path


def write(folder: Path, **more: str) -> None:
    write_settings(folder, 25, {"edm": "{cases: {file: list, key: key}}", "listeners": LISTENERS, **more})


def run(folder: Path, *words: str | Path) -> str:
    """All that a command says."""
    done = CliRunner().invoke(main, [*map(str, words)], env={"COLUMNS": "500"})
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done.output + done.stderr


def known(folder: Path) -> tuple[str, ...]:
    """What nobody may say."""
    return KEY, PASSWORD, (folder / "users").read_text().strip()[-30:], "MKE-0000"


def bad_users(home: Path) -> None:
    (home / "users").write_text((home / "users").read_text().replace("$ln=", "$ln=9"))


def bad_key(home: Path) -> None:
    (home / "key").write_text(KEY + "\n")


def open_key(home: Path) -> None:
    (home / "key").chmod(0o644)


def other_key(home: Path) -> None:
    (home / "list").write_bytes((home / "list").read_bytes()[:-1])


def exchanged(home: Path) -> None:
    write(home, edm="{cases: {file: key, key: list}}")


def no_password(home: Path) -> None:
    write(home, directory=LDAP)


def in_settings(home: Path) -> None:
    write(home, password=PASSWORD)


def in_flow(home: Path) -> None:
    write(home, directory=LDAP.replace("password_file: password", f"password: {PASSWORD}"))


def in_server(home: Path) -> None:
    write(home, directory=LDAP.replace("127", f"gate:{PASSWORD}@127"))


def in_hop(home: Path) -> None:
    write(home, next_hop=f"smtp://gate:{PASSWORD}@relay.example:25")


def broken_pack(home: Path) -> None:
    (home / "rules" / "test.yaml").write_text(PACK.replace("sesame", "simsim", 1) + "x: 1\n")


BREAKS = (
    bad_users, bad_key, open_key, other_key, exchanged, no_password, in_settings, in_flow, in_server, in_hop, broken_pack,
)  # fmt: skip


@pytest.mark.parametrize("breaks", BREAKS, ids=lambda b: b.__name__)
def test_nothing_says_what_stands_in_a_file_that_settings_name(home: Path, breaks: Callable[[Path], None]) -> None:
    file = home / "smtp-gate.yaml"
    config = load_config(file).config
    assert config is not None
    snapshots = Snapshots(home / "data" / "rulesets")
    book = load_rulebook(config)
    publish(config, book, snapshots)
    workers = Workers(lambda: load_config(file).config, snapshots, InUse(book), file)
    before = known(home)
    breaks(home)
    reasons = asyncio.run(workers.reload(Wish())).reasons
    said = {
        command: run(home, *command, "-c", file)
        for command in COMMANDS
        if command != ("serve",) or load_config(file).config is None
    }
    said["reload", "reasons"] = "\n".join(reasons)
    assert [c for c, text in said.items() if any(secret in text for secret in (*before, *known(home)))] == []
    assert said["check",]


def test_a_list_that_is_really_the_key_is_not_shown_by_its_first_line(home: Path) -> None:
    config = load_config(home / "smtp-gate.yaml").config
    assert config is not None
    (home / "list").write_text(KEY)
    (mistake,) = load_rulebook(config).errors
    assert (mistake.file, mistake.secret) == (str(home / "list"), True)
