"""The command line as people type it: what it prints, in which form, and how it ends."""

import base64
import gzip
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from smtp_gate.adapters.passwords import parse
from smtp_gate.cli import COMMANDS, main
from smtp_gate.config import load_config, pack_paths
from smtp_gate.ruleset.policy import CLAUSES, PROCEDURES
from tests.running import PACK, write_settings

LETTER = b"From: Dana Okafor <dokafor@milwaukee.gov>\nTo: lee@example.org\nMessage-ID: <1@x>\nSubject: s\n\nthe word is sesame\n"


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(w) for w in words])


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_settings(tmp_path, 10026)


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    file = tmp_path / "letter.eml"
    file.write_bytes(LETTER)
    return file


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str) -> None:
    shown = run(command, "--help")
    assert shown.exit_code == 0
    if command in {"quarantine", "journal"}:
        assert "Commands:" in shown.output
    else:
        assert f"Example: smtp-gate {command}" in " ".join(shown.output.split())


def test_an_unknown_command_is_a_usage_error() -> None:
    assert run("explode").exit_code == 2


def test_explain_json_has_the_keys_of_the_contract(config: Path, letter: Path) -> None:
    shown = run("explain", "-c", config, "--json", letter)
    assert shown.exit_code == 0
    row = json.loads(shown.output)
    assert list(row) == [
        "path", "message_id", "ruleset", "verdict", "recipients", "reply", "findings", "unscannable", "defects", "seconds",
    ]  # fmt: skip
    assert row["path"] == str(letter)
    assert row["message_id"] == "<1@x>"
    assert row["verdict"] == "quarantine"
    assert row["recipients"] == {"lee@example.org": "quarantine"}
    assert row["reply"].startswith("250 2.0.0 held for review, ref ")
    (finding,) = row["findings"]
    assert list(finding) == [
        "rule", "family", "detector", "level", "mode", "action", "region", "part", "evidence", "count",
    ]  # fmt: skip
    assert finding["rule"] == "test.secret"
    assert "sesame" not in json.dumps(finding)


def test_explain_takes_the_envelope_from_the_options_first(config: Path, letter: Path) -> None:
    inside = run("explain", "-c", config, "--json", "--to", "nrobles2@milwaukee.gov", letter)
    row = json.loads(inside.output)
    assert row["recipients"] == {"nrobles2@milwaukee.gov": "accept"}
    assert row["reply"] is None


def test_explain_for_people_names_rule_place_and_masked_evidence(config: Path, letter: Path) -> None:
    shown = run("explain", "-c", config, letter)
    assert shown.exit_code == 0
    assert "HELD" in shown.output
    assert "test.secret" in shown.output
    assert "******" in shown.output
    assert "sesame" not in shown.output


def test_explain_shows_what_stands_in_documents(config: Path, tmp_path: Path) -> None:
    packed = base64.encodebytes(gzip.compress(b"the word is sesame")).decode()
    kind = "Content-Type: application/gzip; name=a.txt.gz\nContent-Transfer-Encoding: base64\n"
    (tmp_path / "packed.eml").write_bytes(LETTER.replace(b"\n\nthe word is sesame\n", f"\n{kind}\n{packed}".encode()))
    shown = run("explain", "-c", config, tmp_path / "packed.eml").output
    assert "a.txt" in shown
    assert "HELD" in shown
    assert "unscannable" not in shown


def test_explain_of_one_rule_says_why_not(config: Path, letter: Path) -> None:
    shown = run("explain", "-c", config, "--rule", "test.secret", "--to", "a@milwaukee.gov", letter)
    assert "is for: none of these recipients" in shown.output
    assert "says:" not in shown.output
    assert run("explain", "-c", config, "--rule", "no.such", letter).exit_code == 2


def test_explain_of_one_rule_shows_its_message_filled_in(config: Path, letter: Path) -> None:
    shown = run("explain", "-c", config, "--rule", "test.secret", letter)
    assert "says: 1 secret(s) in the text" in shown.output


def test_explain_reads_what_it_can_and_ends_with_1_for_what_it_cannot(
    config: Path, letter: Path, tmp_path: Path
) -> None:
    shown = run("explain", "-c", config, "--json", letter, tmp_path / "nowhere")
    assert shown.exit_code == 1
    assert "nowhere" in shown.output
    assert '"verdict": "quarantine"' in shown.output


def test_explain_is_0_whatever_the_message_is(config: Path, tmp_path: Path) -> None:
    for number, octets in enumerate([b"", b"\0\xff\xfe", b"\r\n\r\n", b"no header at all"]):
        (tmp_path / "odd").mkdir(exist_ok=True)
        (tmp_path / "odd" / f"{number}.bin").write_bytes(octets)
    shown = run("explain", "-c", config, "--json", tmp_path / "odd")
    assert shown.exit_code == 0
    assert len(shown.output.splitlines()) == 4


def test_check_shows_each_mistake_with_its_line_and_a_caret(config: Path, tmp_path: Path) -> None:
    (tmp_path / "rules" / "test.yaml").write_text(PACK.replace("action: quarantine", "action: quarantin"))
    shown = run("check", "-c", config)
    assert shown.exit_code == 1
    assert "test.yaml:9:" in shown.output
    assert "^" in shown.output
    assert "did you mean `quarantine`?" in shown.output
    rows = [json.loads(r) for r in run("check", "-c", config, "--format", "json").output.splitlines()]
    assert rows[0]["line"] == 9
    assert run("check", "-c", config, "--format", "github").output.startswith("::error file=")


def test_check_counts_failing_examples_as_mistakes(config: Path, tmp_path: Path) -> None:
    (tmp_path / "rules" / "test.yaml").write_text(PACK.replace("the word is sesame", "the word is missing"))
    shown = run("check", "-c", config)
    assert shown.exit_code == 1
    assert "the hit example 1 of test.secret fails" in shown.output


def test_check_of_good_files_is_0(config: Path) -> None:
    shown = run("check", "-c", config)
    assert shown.exit_code == 0, shown.output
    assert "2 rules" in shown.output


def test_test_shows_what_was_expected_and_what_came_out(config: Path, tmp_path: Path) -> None:
    assert run("test", "-c", config).exit_code == 0
    assert run("test", "-c", config, "nopack").exit_code == 2
    (tmp_path / "rules" / "test.yaml").write_text(PACK.replace("the word is sesame", "the word is missing"))
    shown = run("test", "-c", config, "test")
    assert shown.exit_code == 1
    assert "expected  a finding" in shown.output
    assert "nothing found" in shown.output


def test_init_makes_a_city_that_checks_and_overwrites_nothing(tmp_path: Path) -> None:
    city = tmp_path / "city"
    assert run("init", city).exit_code == 0
    assert (city / "config" / "directory.csv").is_file()
    assert run("check", "-c", city / "config" / "smtp-gate.yaml").exit_code == 0
    again = run("init", city)
    assert again.exit_code == 1
    assert "there already" in again.output


def test_policy_lists_every_clause_and_what_stays_with_people(config: Path) -> None:
    shown = run("policy", "-c", config)
    assert shown.exit_code == 0
    for clause in ("P-ACCESS", "P-SENSITIVE", "P-CONSEQUENCE", "stays with people"):
        assert clause in shown.output
    rows = [json.loads(r) for r in run("policy", "-c", config, "--json").output.splitlines()]
    assert {r["id"] for row in rows for r in row["rules"]} == {"test.secret", "test.forbidden"}


@pytest.mark.parametrize("what", ["pack", "config"])
def test_schema_prints_a_json_schema(what: str) -> None:
    assert json.loads(run("schema", what).output)["$schema"].startswith("https://json-schema.org/")


def test_empty_stores_are_said_to_be_empty(config: Path) -> None:
    assert "nothing is held" in run("quarantine", "list", "-c", config).output
    assert run("quarantine", "show", "-c", config, "ABCDEFGH").exit_code == 1
    assert run("quarantine", "release", "-c", config, "../../etc").exit_code == 1


def test_the_demo_accepts_holds_and_refuses_and_ends() -> None:
    shown = run("demo", "--once")
    assert shown.exit_code == 0, shown.output
    assert "2 relayed, 3 held, 1 mixed, 2 refused" in shown.output
    assert "536-90-4399" not in shown.output


def test_passwd_makes_a_line_that_the_users_file_takes() -> None:
    made = CliRunner().invoke(main, ["passwd", "scanner@milwaukee.gov"], input="correct horse\n")
    assert made.exit_code == 0
    assert parse(made.output).check("scanner@milwaukee.gov", "correct horse")


@pytest.mark.parametrize(("name", "typed"), [("a:b", "x\n"), ("a", "\n"), ("", "x\n")])
def test_passwd_refuses_what_makes_no_line(name: str, typed: str) -> None:
    made = CliRunner().invoke(main, ["passwd", name], input=typed)
    assert made.exit_code == 2


def test_a_users_file_without_hashes_of_ours_is_a_mistake_at_its_line(tmp_path: Path) -> None:
    (tmp_path / "users").write_text("# people\nkim:$6$salt$notours\n")
    listeners = "[{name: outbound, listen: '127.0.0.1:0', auth: {users: users}}]"
    config = write_settings(tmp_path, 10026, {"listeners": listeners})
    for command in ("check", "serve"):
        shown = run(command, "-c", config)
        assert shown.exit_code == 1
        said = " ".join(shown.output.split())
        assert "users:2:1: error: no scrypt hash; a line looks like NAME:$scrypt$ln=15,r=8,p=1$SALT$HASH" in said
        assert "smtp-gate passwd NAME" in said
        assert "notours" not in shown.output


@pytest.mark.parametrize(
    "words", [("quarantine", "list"), ("journal", "verify"), ("serve",), ("reload",), ("index", "rebuild")]
)
def test_a_command_for_a_gates_own_data_never_takes_the_shipped_sample(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = run(*words)
    assert shown.exit_code == 2
    assert "say -c FILE" in shown.output
    assert not list(tmp_path.iterdir())


def test_a_command_that_only_reads_rules_says_that_it_took_the_sample(
    letter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = run("explain", letter)
    assert shown.exit_code == 0
    assert "with the shipped settings" in shown.stderr


def test_a_gate_begins_with_rules_that_report_and_do_not_act(tmp_path: Path) -> None:
    shown = run("init", tmp_path / "city")
    assert "say `enforce: true`" in shown.output
    loaded = load_config(tmp_path / "city" / "config" / "smtp-gate.yaml")
    assert loaded.config is not None
    assert loaded.config.enforce is False


def test_the_first_help_shows_its_examples_as_lines() -> None:
    assert "\n  Try it:              smtp-gate demo\n" in run("--help").output


def test_check_names_groups_and_statuses_that_nothing_knows(config: Path, tmp_path: Path) -> None:
    unless = "{recipients: external}\n    unless: [{sender: group:payrol}]"
    (tmp_path / "rules" / "test.yaml").write_text(PACK.replace("{recipients: external}", unless))
    (tmp_path / "directory.csv").write_text("address,status,groups\na@milwaukee.gov,contracter,payroll\n")
    shown = run("check", "-c", config)
    assert shown.exit_code == 1
    said = " ".join(shown.output.split())
    assert "directory.csv:2:1: error: status: no rule knows `contracter`" in said
    assert "did you mean `contractor`?" in said
    assert "test.yaml:8:23: error: no account is in `group:payrol`" in said
    assert "did you mean `payroll`?" in said
    config.write_text(config.read_text().replace("directory:", "# directory:"))
    shown = run("check", "-c", config)
    assert shown.exit_code == 0
    assert "test.yaml:8:23: warning: nobody is in `group:payrol`" in " ".join(shown.output.split())


def test_check_says_that_it_took_the_sample_or_takes_what_lies_here(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    shown = run("check")
    assert shown.exit_code == 0
    assert "with the shipped settings" in shown.stderr
    monkeypatch.chdir(config.parent)
    config.rename("smtp-gate.yaml")
    shown = run("check")
    assert shown.exit_code == 0
    assert shown.output.startswith("smtp-gate.yaml: fine, 2 rules")


def test_policy_says_of_what_is_to_come_that_it_is(config: Path) -> None:
    said = " ".join(run("policy", "-c", config).output.split())
    assert "to come: gives them figures" in said
    unserved = {c.id for c in CLAUSES.values() if c.to_come and not c.families and not c.beside}
    assert [p.clause for p in PROCEDURES if p.clause in unserved and not p.to_come] == []


def test_a_discard_without_a_reason_is_refused(config: Path) -> None:
    shown = run("quarantine", "discard", "-c", config, "7Q3KX0M2P9RT4", "--reason", " ")
    assert shown.exit_code == 2
    assert "--reason may not be empty" in shown.output


OVER = "pack: city\noverrides:\n  rules:\n    test.secret: {mode: shadow, message: Hm.}\n"


def test_policy_and_explain_say_what_is_overridden_and_where(config: Path, letter: Path, tmp_path: Path) -> None:
    (tmp_path / "rules" / "city.yaml").write_text(OVER)
    shown = " ".join(run("policy", "-c", config).output.split())
    assert "test.secret (shadow) *" in shown
    assert "test.forbidden (enforce) *" not in shown
    assert "* test.secret is overridden: `message`, `mode` in " in shown
    rows = [json.loads(r) for r in run("policy", "-c", config, "--json").output.splitlines()]
    rules = {r["id"]: r["overridden"] for row in rows for r in row["rules"]}
    city = str(tmp_path / "rules" / "city.yaml")
    assert rules["test.secret"] == [{"key": key, "file": city, "line": 4} for key in ("message", "mode")]
    assert rules["test.forbidden"] == []
    assert "`secret` (shadow) (overridden), `forbidden`" in run("policy", "-c", config, "--markdown").output
    told = "test.secret is overridden: `message`, `mode` in "
    assert told in run("explain", "-c", config, "--rule", "test.secret", letter).output
    assert "overridden" not in run("explain", "-c", config, "--rule", "test.forbidden", letter).output
    (row,) = run("explain", "-c", config, "--rule", "test.secret", "--json", letter).output.splitlines()
    assert json.loads(row)["verdict"] == "accept"


def test_words_taken_out_of_a_list_are_seen_in_policy_at_the_rules_that_need_them(config: Path, tmp_path: Path) -> None:
    (tmp_path / "rules" / "codes.yaml").write_text(
        "pack: codes\nkeywords: {code_words: [badge, token]}\n"
        "detectors: {code: {primary: {regex: 'C\\d{6}'}, levels: {high: {all: [{keywords: code_words, within: 20}]}}}}\n"
        "rules:\n  - {id: codes.code, title: Codes, policy: P-SENSITIVE, family: sensitive, find: {any: [{detector: code}]},\n"
        "     action: reject, examples: {hit: [{text: badge C123456}], miss: [{text: C123456}]}}\n"
    )
    assert "overridden:" not in run("policy", "-c", config).output
    (tmp_path / "rules" / "city.yaml").write_text(
        "pack: city\noverrides:\n  keywords:\n    code_words: {remove: [token]}\n"
    )
    shown = " ".join(run("policy", "-c", config).output.split())
    assert "* codes.code is overridden: `keywords code_words` in " in shown
    rows = [json.loads(r) for r in run("policy", "-c", config, "--json").output.splitlines()]
    rules = {r["id"]: [o["line"] for o in r["overridden"]] for row in rows for r in row["rules"]}
    assert rules["codes.code"] == [4]
    assert rules["test.secret"] == []


def test_check_shows_the_line_of_the_override(config: Path, tmp_path: Path) -> None:
    (tmp_path / "rules" / "city.yaml").write_text(OVER.replace("shadow", "shado"))
    shown = run("check", "-c", config)
    assert shown.exit_code == 1
    assert "city.yaml:4:25: error: `shado` is not one of enforce, shadow, off" in " ".join(shown.output.split())
    assert "    test.secret: {mode: shado, message: Hm.}" in shown.output


def test_init_beside_the_shipped_packs_checks_and_passes_its_examples(tmp_path: Path) -> None:
    city = tmp_path / "city"
    assert run("init", "--shipped", city).exit_code == 0
    assert sorted(p.name for p in (city / "rules").iterdir()) == ["city.yaml", "schema"]
    file = city / "config" / "smtp-gate.yaml"
    assert "\nrules: [shipped, ../rules] " in file.read_text()
    loaded = load_config(file)
    assert loaded.config is not None
    assert len(pack_paths(loaded.config)) == 2
    for command in ("check", "test"):
        shown = run(command, "-c", file)
        assert shown.exit_code == 0, shown.output
        assert "warning" not in shown.output
    assert "city.badge" in run("test", "-c", file, "city").output
    assert "pii.ssn is overridden: `message` in" in " ".join(run("policy", "-c", file).output.split())
    assert "there already" in run("init", "--shipped", city).output


def test_what_the_starter_pack_shows_in_comments_is_right(tmp_path: Path) -> None:
    city = tmp_path / "city"
    run("init", "--shipped", city)
    pack = city / "rules" / "city.yaml"
    shown, last = [], ""
    for line in pack.read_text().splitlines():
        written = re.sub(r"^( *)# (?=layer:|links|personal|waivers|  )", r"\1", line)
        shown.append(written)
        last = written
    assert last == "..."
    pack.write_text("\n".join(shown) + "\n")
    assert pack.read_text().count("#") < 13
    result = run("check", "-c", city / "config" / "smtp-gate.yaml")
    assert result.exit_code == 0, result.output
    assert "warning" not in result.output


def test_init_refuses_settings_whose_rules_it_cannot_change(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    own = tmp_path / "own" / "smtp-gate.yaml"
    own.write_text("data_dir: data\nrules:\n  - a\n")
    shown = run("init", "--shipped", "-c", own, tmp_path / "city")
    assert shown.exit_code == 1
    assert "no line `rules: FOLDER`" in shown.output
    assert not (tmp_path / "city").exists()


def test_copies_beside_the_shipped_packs_are_told_with_the_way_out(tmp_path: Path) -> None:
    city = tmp_path / "city"
    assert run("init", city).exit_code == 0
    file = city / "config" / "smtp-gate.yaml"
    file.write_text(file.read_text().replace("rules: ../rules", "rules: [shipped, ../rules]"))
    shown = " ".join(run("check", "-c", file).output.split())
    assert "another pack is named `pii`" in shown
    assert "remove your copy and say in `overrides:` what differs, or take `shipped` out of `rules:`" in shown
    assert "stands here twice" not in shown
