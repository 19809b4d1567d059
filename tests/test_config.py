"""Settings: defaults, short forms, and every mistake at its line and column."""

import json
import re
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smtp_gate.config import Config, LoadedConfig, config_schema, find_config, load_config, pack_paths
from smtp_gate.core.message import Direction, Upstream
from smtp_gate.ruleset.packs import shipped_rules

REPOSITORY = Path(__file__).resolve().parent.parent
SMALL = """\
internal_domains: [milwaukee.gov]
timezone: America/Chicago
listeners:
  - name: outbound
    listen: 127.0.0.1:2525
next_hop: 127.0.0.1:10026
data_dir: data
rules: rules
"""
HOP = "next_hop: 127.0.0.1:10026"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    for name in ("gate.pem", "gate.key", "users", "directory.csv"):
        (tmp_path / name).write_text("x\n")
    return tmp_path


def read(folder: Path, text: str | bytes = SMALL) -> Config:
    result = write(folder, text)
    assert result.config is not None, [str(m) for m in result.mistakes]
    return result.config


def write(folder: Path, text: str | bytes) -> LoadedConfig:
    file = folder / "smtp-gate.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_config(file)


def test_the_outline_and_its_defaults(folder: Path) -> None:
    config = read(folder)
    assert config.internal_domains == ("milwaukee.gov",)
    assert str(config.timezone) == "America/Chicago"
    (listener,) = config.listeners
    assert str(listener.listen) == "127.0.0.1:2525"
    assert (listener.direction, listener.upstream, listener.rcpt) == (
        Direction.OUTBOUND,
        Upstream.BEFORE_QUEUE,
        "mirror",
    )
    assert listener.clients == (ip_network("127.0.0.0/8"), ip_network("::1/128"))
    assert (listener.tls, listener.auth, listener.xforward, listener.xclient) == (None, None, (), ())
    assert listener.sender_is_authenticated is False
    assert [str(h) for h in config.next_hop.hosts] == ["127.0.0.1:10026"]
    assert (config.next_hop.tls.mode, config.next_hop.tls.verify) == ("may", True)
    assert config.data_dir == folder / "data"
    assert config.rules == (folder / "rules",)
    assert pack_paths(config) == (folder / "rules",)
    assert (config.enforce, config.deadline, config.line_endings, config.nul) == (True, 90.0, "refuse", "refuse")
    limits = config.limits
    assert (limits.message_size, limits.line, limits.header_size) == (50 * 2**20, 64 * 2**10, 102_400)
    assert (limits.recipients, limits.connections, limits.connections_per_client) == (1000, 1000, 50)
    assert (limits.command_timeout, limits.min_data_rate, limits.errors, limits.junk, limits.hops) == (
        300,
        500,
        20,
        100,
        50,
    )
    assert (config.log.level, config.log.format) == ("info", "json")
    built = config.build_settings()
    assert built.internal_domains == frozenset({"milwaukee.gov"})
    assert (built.zone, built.way_out, built.enforce) == (config.timezone, config.way_out, True)


def test_without_rules_the_shipped_ones(folder: Path) -> None:
    assert pack_paths(read(folder, SMALL.replace("rules: rules\n", ""))) == (shipped_rules(),)


def test_everything_said(folder: Path) -> None:
    text = SMALL.replace(HOP, """\
next_hop:
  hosts: [127.0.0.1:10026, "[::1]:10026", mx.example.org:25]
  tls: {mode: require, verify: false, ca: gate.pem, certificate: gate.pem, key: gate.key, server_name: MX.example.org}
  connections: 3
  idle: 5s
  uses: 7
  timeouts: {connect: 1s, command: 2s, data_init: 3s, data_block: 4s, data_done: 5s}""").replace("    listen", """\
    direction: inbound
    upstream: queue
    clients: 10.0.0.0/8
    rcpt: after_data
    sender_is_authenticated: true
    tls: {certificate: gate.pem, key: gate.key, mode: require, client_ca: gate.pem}
    auth: {users: users}
    certificates: [{sha256: "FINGER", account: Scanner@milwaukee.gov}]
    xforward: [127.0.0.1, "::1"]
    xclient: 192.0.2.0/24
    listen""".replace("FINGER", ":".join(["AB"] * 32))) + """\
enforce: false
hostname: gate.milwaukee.gov
way_out: Ask.
deadline: 1 min
directory: directory.csv
metrics: 127.0.0.1:0
limits: {message_size: 1 MB, hops: 100, recipients: 100, data_timeout: 1 min}
line_endings: normalize
nul: strip
log: {level: debug, format: text}
"""  # fmt: skip
    config = read(folder, text)
    hop, listener = config.next_hop, config.listeners[0]
    assert [str(h) for h in hop.hosts] == ["127.0.0.1:10026", "[::1]:10026", "mx.example.org:25"]
    assert (hop.tls.mode, hop.tls.verify, hop.tls.key, hop.tls.server_name) == (
        "require",
        False,
        folder / "gate.key",
        "mx.example.org",
    )
    assert (hop.connections, hop.idle, hop.uses, hop.timeouts.connect, hop.timeouts.data_done) == (3, 5, 7, 1, 5)
    assert listener.tls is not None
    assert listener.auth is not None
    assert (listener.tls.mode, listener.tls.client_ca, listener.auth.users) == (
        "require",
        folder / "gate.pem",
        folder / "users",
    )
    assert (listener.certificates[0].sha256, listener.certificates[0].account) == ("ab" * 32, "scanner@milwaukee.gov")
    assert listener.xforward == (ip_network("127.0.0.1/32"), ip_network("::1/128"))
    assert (config.metrics and config.metrics.port, config.hostname, config.deadline) == (0, "gate.milwaukee.gov", 60)
    assert (config.limits.message_size, config.limits.data_timeout) == (2**20, 60)
    assert write(folder, text).mistakes == ()


TLS = "    tls: {certificate: gate.pem, key: gate.key}\n"


def swap(old: str, new: str) -> str:
    assert SMALL.count(old) == 1
    return SMALL.replace(old, new)


def listener(lines: str) -> str:
    return swap("    listen: 127.0.0.1:2525\n", "    listen: 127.0.0.1:2525\n" + lines)


# Name: (settings with § before the place, words of the message, words of the hint).
BROKEN = {
    "empty": ("§", "settings expected", "data_dir"),
    "a list": ("§- a\n", "settings expected", ""),
    "not yaml": (SMALL + "§a: b: c\n".replace("§a: b", "a: b§"), "mapping values", "quotes"),
    "duplicate": (SMALL + "§data_dir: b\n", "stands here twice", "line 7"),
    "unknown key": (swap("data_dir", "§datadir").replace("rules", "data_dir: x\nrules", 1), "unknown key", "`data_dir`"),
    "unknown listener key": (listener("    §upstrem: queue\n"), "unknown key", "`upstream`"),
    "unknown limit": (SMALL + "limits: {§recipient: 100}\n", "unknown key", "`recipients`"),
    "no data_dir": ("§" + swap("data_dir: data\n", ""), "`data_dir` is missing", ""),
    "no listeners": (swap("  - name: outbound\n    listen: 127.0.0.1:2525\n", "").replace("listeners:", "listeners: §[]"), "something must", ""),
    "listener without a name": (swap("- name: outbound\n    listen", "- §listen"), "`name` is missing", ""),
    "listener's name": (swap("name: outbound", "name: §Out bound"), "", ""),
    "names twice": (swap("next_hop", "  - {name: §outbound, listen: 127.0.0.1:1}\nnext_hop"), "another listener is named", ""),
    "places twice": (swap("next_hop", "  - {name: b, listen: §127.0.0.1:2525}\nnext_hop"), "another listener listens", ""),
    "no port": (swap("listen: 127.0.0.1:2525", "listen: §127.0.0.1"), "not host:port", "[::1]:2525"),
    "port too large": (swap("listen: 127.0.0.1:2525", "listen: §127.0.0.1:70000"), "not host:port", "65535"),
    "port alone": (swap("listen: 127.0.0.1:2525", "listen: §2525"), "host:port expected", ""),
    "v6 without brackets": (swap("listen: 127.0.0.1:2525", "listen: §::1:2525"), "", "brackets"),
    "next hop port 0": (swap(HOP, "next_hop: §127.0.0.1:0"), "port 0", ""),
    "second next hop": (swap(HOP, "next_hop: [127.0.0.1:1, §nowhere]"), "not host:port", ""),
    "next hop is a number": (swap(HOP, "next_hop: §25"), "a mapping expected", ""),
    "no next hop in the list": (swap(HOP, "next_hop: §[]"), "something must", ""),
    "loop": (swap(HOP, "next_hop: §127.0.0.1:2525"), "this gate itself", "circles"),
    "loop in the list": (swap(HOP, "next_hop: [127.0.0.1:1, §127.0.0.1:2525]"), "this gate itself", ""),
    "network with host bits": (listener("    clients: [§10.1.1.1/8]\n"), "inside its network", "10.0.0.0/8"),
    "network": (listener("    clients: [127.0.0.1, §localhost]\n"), "not a network", ""),
    "direction": (listener("    direction: §outbond\n"), "not one of outbound", "`outbound`"),
    "flag": (listener("    sender_is_authenticated: §yes\n"), "true or false expected", "YAML 1.2"),
    "enforce no": (SMALL + "enforce: §no\n", "true or false expected", "YAML 1.2"),
    "domain": (swap("[milwaukee.gov]", "[§'@milwaukee.gov']"), "not a domain", "without @"),
    "no domains": (swap("[milwaukee.gov]", "§[]"), "something must", ""),
    "zone": (swap("America/Chicago", "§America/Milwaukee"), "time zone", "America/Chicago"),
    "zone path": (swap("America/Chicago", "§../../etc/passwd"), "time zone", ""),
    "rules missing": (swap("rules: rules", "rules: §../rulse"), "does not exist", "relative"),
    "rules missing in a list": (swap("rules: rules", "rules: [rules, §more]"), "does not exist", ""),
    "directory missing": (SMALL + "directory: §none.csv\n", "does not exist", ""),
    "directory is a folder": (SMALL + "directory: §rules\n", "not a file", ""),
    "size": (SMALL + "limits:\n  message_size: §50 MegaBytes\n", "a size expected", "50 MB"),
    "duration": (SMALL + "deadline: §soon\n", "a duration expected", "90s"),
    "deadline too short": (SMALL + "deadline: §1s\n", "greater than", ""),
    "too few recipients": (SMALL + "limits: {recipients: §10}\n", "greater than", ""),
    "number": (SMALL + "limits: {errors: §many}\n", "whole number", ""),
    "way out": (SMALL + 'way_out: §""\n', "one line", ""),
    "tls without files": (listener("    §tls: {mode: may}\n"), "needs `certificate` and `key`", ""),
    "tls without a key": (listener("    tls: {§certificate: gate.pem}\n"), "needs `key`", ""),
    "tls file": (listener("    tls: {certificate: gate.pem, key: §gate.kye}\n"), "does not exist", ""),
    "tls mode": (listener("    tls: {mode: §required, certificate: gate.pem, key: gate.key}\n"), "not one of none", "`require`"),
    "client certificates without tls": (listener("    §certificates: [{sha256: %s, account: a@b.org}]\n" % ("aB" * 32)), "need `tls`", ""),
    "fingerprint": (listener(TLS + "    certificates: [{sha256: §abc, account: a@b.org}]\n"), "fingerprint", "64"),
    "certificate's account": (listener(TLS + "    certificates: [{sha256: '%s', account: §nobody}]\n" % ("aB" * 32)), "not an address", ""),
    "password in place of a file": (listener("    auth: {users: §hunter2}\n"), "does not exist", ""),
    "hop's key alone": (swap(HOP, "next_hop: {hosts: 127.0.0.1:1, tls: {§key: gate.key}}"), "needs `certificate`", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_the_mistake_stands_where_it_is(name: str, folder: Path) -> None:
    marked, message, hint = BROKEN[name]
    before, mark, after = marked.partition("§")
    assert mark
    result = write(folder, before + after)
    shown = [str(m) for m in result.mistakes]
    assert result.config is None
    assert len(result.errors) == 1, shown
    (error,) = result.errors
    assert (error.line, error.column) == (before.count("\n") + 1, len(before) - before.rfind("\n")), shown
    assert message in error.message, shown
    assert hint in error.hint, shown


def test_all_at_once(folder: Path) -> None:
    text = (
        swap("[milwaukee.gov]", "[a b]").replace("127.0.0.1:2525", "here").replace("rules: rules", "rules: gone\nx: 1")
    )
    assert [m.line for m in write(folder, text).mistakes] == [1, 5, 8, 9]


def test_warnings_do_not_refuse(folder: Path) -> None:
    text = swap("listen: 127.0.0.1:2525", "listen: 0.0.0.0:2525\n    auth: {users: users}") + "deadline: 100s"
    result = write(folder, text)
    assert result.config is not None
    assert [(m.severity, m.line) for m in result.mistakes] == [("warning", 6), ("warning", 10), ("warning", 10)]


def test_two_listeners_may_leave_their_ports_to_the_system(folder: Path) -> None:
    text = swap("127.0.0.1:2525", "127.0.0.1:0").replace("next_hop:", "  - {name: b, listen: 127.0.0.1:0}\nnext_hop:")
    assert len(read(folder, text).listeners) == 2


def test_a_missing_file_is_a_mistake(tmp_path: Path) -> None:
    (mistake,) = load_config(tmp_path / "none.yaml").mistakes
    assert str(mistake).endswith("none.yaml:1:1: cannot be read: No such file or directory")


def test_where_settings_are_found(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert find_config().resolve() == REPOSITORY / "config" / "smtp-gate.yaml"
    (folder / "config").mkdir()
    (folder / "config" / "smtp-gate.yaml").write_text(SMALL.replace("rules: rules", "rules: ../rules"))
    assert find_config() == Path("config/smtp-gate.yaml")
    assert load_config().config is not None


def test_the_shipped_sample_is_right_and_shows_the_defaults(folder: Path) -> None:
    sample = (REPOSITORY / "config" / "smtp-gate.yaml").read_text()
    inner = folder / "config"
    inner.mkdir()
    for name in ("directory.csv", "users"):
        (inner / name).write_text("x\n")
    plain = write(inner, sample)
    assert plain.mistakes == ()
    # Every commented setting is a real one with its real default: uncommented, nothing changes.
    kept = [
        line.removeprefix("# ")
        for line in sample.splitlines()
        if line.startswith("# ") and line.removeprefix("# ").partition(":")[0].strip() in SHOWN
    ]
    # `connections` stands for the limit and for the next hop, which comes first and is not taken along.
    kept.remove("  connections: 20                # at a time")
    assert {line.partition(":")[0].strip() for line in kept} == SHOWN
    assert read(inner, sample + "\n".join(kept) + "\n") == plain.config


SHOWN = {
    "deadline", "line_endings", "nul", "limits", "log", "connections",
    "message_size", "recipients", "connections_per_client", "line", "header_size", "header_lines",
    "command_timeout", "data_timeout", "min_data_rate", "errors", "junk", "hops", "level", "format",
    "workers", "extractors", "quarantine", "expire", "retry_for", "notices", "in_flight", "spool_above", "queue_wait",
}  # fmt: skip


def test_the_schema_describes_every_key() -> None:
    schema = config_schema()
    places = {"": schema, **schema["$defs"]}
    for name, place in places.items():
        for key, value in place.get("properties", {}).items():
            meant = schema["$defs"][value["$ref"].rpartition("/")[2]] if "$ref" in value else value
            assert value.get("description") or meant.get("description"), f"{name}.{key}"
    text = json.dumps(schema)
    assert len(schema["properties"]["next_hop"]["anyOf"]) == 3
    for name in {part.partition('"')[0] for part in text.split('"#/$defs/')[1:]}:
        assert name in schema["$defs"], name


@given(st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_give_mistakes(folder: Path, octets: bytes) -> None:
    result = write(folder, octets)
    assert result.config is None
    assert result.errors


@given(st.integers(0, len(SMALL)), st.text(max_size=4), st.integers(0, 6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
def test_noise_never_raises(folder: Path, at: int, noise: str, gone: int) -> None:
    result = write(folder, (SMALL[:at] + noise + SMALL[at + gone :]).encode("utf-8", "replace"))
    assert (result.config is None) == bool(result.errors)


DIRECTORY = SMALL + "directory: {}\n"


def test_a_directory_is_a_path_or_a_mapping_with_one_source(folder: Path) -> None:
    short, long = (read(folder, DIRECTORY.format(d)).directory for d in ("directory.csv", "{csv: directory.csv}"))
    assert short == long
    assert short is not None
    assert (short.csv, short.is_synced, short.keep_at_least) == (folder / "directory.csv", False, 80)
    ldif = read(folder, DIRECTORY.format("{ldif: users, every: 1h, keep_at_least: 50}")).directory
    assert ldif is not None
    assert (ldif.ldif, ldif.is_synced, ldif.every, ldif.keep_at_least) == (folder / "users", True, 3600, 50)
    server = "{server: ldaps://dc1.example.org, base: dc=b, bind_dn: cn=gate, password_file: users}"
    found = read(folder, DIRECTORY.format(f"{{ldap: {server}, attributes: {{name: [sn, cn], title: t}}}}")).directory
    assert found is not None
    assert found.ldap is not None
    assert (found.ldap.base, found.ldap.page, found.ldap.timeout) == (("dc=b",), 500, 30)
    assert found.attributes == {"name": ("sn", "cn"), "title": ("t",)}
    for plain in ("ldap://127.0.0.1", "ldap://localhost:3890", "'ldap://[::1]'"):
        read(folder, DIRECTORY.format(f"{{ldap: {server.replace('ldaps://dc1.example.org', plain)}}}"))


@pytest.mark.parametrize(
    ("written", "column", "said"),
    [
        ("nosuch.csv", 12, "`nosuch.csv` does not exist"),
        ("{}", 12, "where is the directory?"),
        ("{csv: directory.csv, ldif: users}", 12, "`csv` and `ldif` exclude each other"),
        ("{csv: directory.csv, every: 1h}", 12, "`every` is for ldif and ldap"),
        ("{ldif: users, every: 1s}", 33, "greater than or equal to 60"),
        ("{ldif: users, keep_at_least: 101}", 41, "less than or equal to 100"),
        ("{ldif: users, attributes: {nmae: cn}}", 39, "`nmae` is not one of"),
        ("{ldap: {server: dc1, base: dc=b}}", 19, "not the address of an LDAP server"),
        ("{ldap: {server: 'ldap://a:x', base: dc=b}}", 19, "not the address of an LDAP server"),
        ("{ldap: {server: 'ldap://a'}}", 19, "`base` is missing"),
        ("{ldap: {server: 'ldaps://a', base: dc=b, bind_dn: cn=x}}", 19, "belong together"),
        ("{ldap: {server: 'ldaps://a', base: dc=b, start_tls: true}}", 19, "`start_tls` is for ldap://"),
        ("{ldap: {server: 'ldap://a', base: dc=b, bind_dn: cn=x, password_file: users}}", 19, "in clear"),
    ],
)
def test_a_mistake_in_the_directory_stands_at_its_place(folder: Path, written: str, column: int, said: str) -> None:
    (mistake,) = write(folder, DIRECTORY.format(written)).mistakes
    assert said in mistake.message
    assert (mistake.line, mistake.column) == (9, column), mistake


def test_the_schema_knows_the_short_form_of_a_directory() -> None:
    forms = config_schema()["properties"]["directory"]["anyOf"]
    assert forms[0]["type"] == "string"
    assert {"$ref": "#/$defs/DirectorySettings"} in forms


def test_shipped_stands_for_the_packs_of_the_installation(folder: Path) -> None:
    shipped = shipped_rules()
    for said, paths in (
        ("shipped", (shipped,)),
        ("[shipped, rules]", (shipped, folder / "rules")),
        ("[rules, shipped]", (folder / "rules", shipped)),
    ):
        assert pack_paths(read(folder, SMALL.replace("rules: rules", f"rules: {said}"))) == paths


def test_a_folder_that_is_called_shipped_is_written_as_a_path(folder: Path) -> None:
    (folder / "shipped").mkdir()
    result = write(folder, SMALL.replace("rules: rules", "rules: ./shipped"))
    assert result.config is not None
    assert (pack_paths(result.config), result.mistakes) == ((folder / "shipped",), ())
    result = write(folder, SMALL.replace("rules: rules", "rules: [rules, shipped]"))
    assert result.config is not None
    (warning,) = result.mistakes
    assert (warning.severity, warning.line, warning.column) == ("warning", 8, 16)
    assert "./shipped" in warning.hint


def test_an_installation_without_packs_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smtp_gate.config.models.shipped_rules", lambda: None)
    (error,) = write(folder, SMALL.replace("rules: rules", "rules: [rules, shipped]")).errors
    assert (error.line, error.column, error.message) == (8, 16, "this installation has no shipped packs")


def test_the_shipped_sample_names_every_setting() -> None:
    sample = (REPOSITORY / "config" / "smtp-gate.yaml").read_text()
    assert [name for name in Config.model_fields if not re.search(rf"(?m)^(# )?{name}:", sample)] == []
