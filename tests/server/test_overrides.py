"""Overrides in a gate: snapshots build the same rules of them, and people's groups in them are looked up as in rules."""

from pathlib import Path

import pytest

from smtp_gate.config import Config, load_config
from smtp_gate.core.verdict import Mode
from smtp_gate.ruleset.packs import shipped_rules
from smtp_gate.server.directory_sync import statuses_of
from smtp_gate.server.rules import Rulebook, load_rulebook, load_snapshot, publish
from smtp_gate.store.rulesets import Snapshots
from tests.running import write_settings

OVER = """\
pack: city
layer: 2
overrides:
  rules:
    test.secret: {mode: shadow, examples: {hit: [{case: cases/a.eml}], miss: [{text: none}]}}
"""
# Its name comes before that of the pack it changes, and so do the snapshot's copies of both.
EARLY = "a-city.yaml"


def config_of(folder: Path, over: str = OVER, **more: str) -> Config:
    file = write_settings(folder, 25, more)
    (folder / "rules" / "cases").mkdir(exist_ok=True)
    (folder / "rules" / "cases" / "a.eml").write_text("Subject: x\n\nthe word is sesame\n")
    (folder / "rules" / EARLY).write_text(over)
    config = load_config(file).config
    assert config is not None
    return config


def modes(book: Rulebook) -> dict[str, Mode]:
    assert book.ruleset is not None, [str(m) for m in book.mistakes]
    return {rule.id: rule.terms.mode for rule in book.ruleset.rules}


def test_a_snapshot_builds_the_same_rules_of_the_same_overrides(tmp_path: Path) -> None:
    config = config_of(tmp_path)
    book = load_rulebook(config)
    snapshots = Snapshots(tmp_path / "rulesets")
    again = load_snapshot(snapshots, publish(config, book, snapshots))
    assert modes(again) == modes(book) == {"test.secret": Mode.SHADOW, "test.forbidden": Mode.ENFORCE}
    assert book.ruleset is not None
    assert again.ruleset is not None
    assert again.ruleset.hash == book.ruleset.hash
    (tmp_path / "rules" / EARLY).write_text("pack: city\n")
    plain = load_rulebook(config)
    assert modes(plain)["test.secret"] is Mode.ENFORCE
    assert publish(config, plain, snapshots) != again.ruleset.hash
    assert modes(load_snapshot(snapshots, snapshots.current()))["test.secret"] is Mode.ENFORCE


def test_a_snapshot_of_shipped_packs_and_ones_own(tmp_path: Path) -> None:
    over = "pack: city\noverrides: {rules: {pii.ssn: {mode: shadow}}, keywords: {ssn_words: {add: [sozialnummer]}}}\n"
    config = config_of(tmp_path, over, rules="[shipped, rules]")
    (tmp_path / "rules" / "test.yaml").unlink()
    book = load_rulebook(config, test=False)
    snapshots = Snapshots(tmp_path / "rulesets")
    name = publish(config, book, snapshots)
    again = load_snapshot(snapshots, name)
    assert modes(again) == modes(book)
    assert modes(again)["pii.ssn"] is Mode.SHADOW
    shipped = shipped_rules()
    assert shipped is not None
    copies = {p.read_bytes() for p in snapshots.get(name).packs}
    assert {p.read_bytes() for p in shipped.glob("*.yaml")} < copies


@pytest.mark.parametrize("key", ["when: {sender: group:payrol}", "unless: [{sender: group:payrol}]"])
def test_a_group_that_an_override_names_is_looked_up_in_the_directory(tmp_path: Path, key: str) -> None:
    over = f"pack: city\noverrides:\n  rules:\n    test.secret:\n      {key}\n"
    config = config_of(tmp_path, over)
    (tmp_path / "directory.csv").write_text("address,groups\na@milwaukee.gov,payroll\n")
    book = load_rulebook(config, test=False)
    assert book.ruleset is None
    (error,) = book.errors
    assert (error.message, error.hint) == ("no account is in `group:payrol`", "did you mean `payroll`?")
    assert (Path(error.file).name, error.line, error.column) == (EARLY, 5, 7 + key.index("group"))


def test_a_group_that_an_override_has_taken_away_is_asked_for_no_more(tmp_path: Path) -> None:
    config = config_of(tmp_path, OVER.replace("{mode", "{when: {sender: internal}, mode"))
    (tmp_path / "directory.csv").write_text("address,groups\na@milwaukee.gov,payroll\n")
    pack = tmp_path / "rules" / "test.yaml"
    pack.write_text(pack.read_text().replace("{recipients: external}", "{sender: group:nobody}"))
    assert [str(m) for m in load_rulebook(config).errors] == []


def test_a_status_that_only_an_override_names_is_one_that_the_directory_may_use(tmp_path: Path) -> None:
    config = config_of(tmp_path, "pack: city\noverrides: {rules: {test.who: {statuses: [contractor, intern]}}}\n")
    (tmp_path / "directory.csv").write_text("address,status\na@milwaukee.gov,intern\n")
    (tmp_path / "rules" / "who.yaml").write_text(
        "pack: who\nrules:\n  - {id: test.who, title: Who, policy: P-CONTRACTOR, family: signature, action: reject,"
        " statement: [contractor], statuses: [contractor], examples: {hit: [{text: a}], miss: [{text: b}]}}\n"
    )
    assert [m for m in load_rulebook(config, test=False).errors if "status" in m.message] == []
    assert "intern" in statuses_of(config)
