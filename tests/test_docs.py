"""What the documents say is so: packs in them load, commands in them exist, series in them are exported."""

import re
import shlex
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import pytest
import yaml
from click.testing import CliRunner
from pydantic import BaseModel

from smtp_gate.adapters.directory_attributes import Attributes
from smtp_gate.adapters.directory_columns import COLUMNS, KINDS
from smtp_gate.adapters.metrics import Metrics
from smtp_gate.adapters.metrics_keeper import KeeperMetrics
from smtp_gate.cli import COMMANDS, main
from smtp_gate.core.view import RegionKind
from smtp_gate.detect.detectors import LEVELS
from smtp_gate.detect.masks import MASKS
from smtp_gate.detect.validators import FORMATS, VALIDATORS
from smtp_gate.families.links import WEIGHTS
from smtp_gate.ruleset.build import BuildSettings, load
from smtp_gate.ruleset.examples import run_examples
from smtp_gate.ruleset.people import STATUSES
from smtp_gate.ruleset.plugins import installed
from smtp_gate.ruleset.policy import coverage
from smtp_gate.ruleset.schema import DetectorModel, LevelModel, PrimaryModel, RuleModel

ROOT = Path(__file__).parents[1]
DOCS = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md")


LETTER = "From: Dana Okafor <dokafor@milwaukee.gov>\nTo: lee@example.org\nSubject: s\n\nHer SSN is 536-90-4399\n"


def blocks(file: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / file).read_text(), re.DOTALL)


def test_the_pack_in_writing_rules_loads_and_its_examples_come_out_right(tmp_path: Path) -> None:
    pack, waiver = blocks("docs/writing-rules.md", "yaml")
    file = tmp_path / "permits.yaml"
    file.write_text(pack + waiver)
    loaded = load([file], BuildSettings(frozenset({"milwaukee.gov"}), ZoneInfo("America/Chicago"), "Ask."))
    assert [str(m) for m in loaded.mistakes] == []
    results = list(run_examples(loaded))
    assert len(results) == 3
    assert [r.why for r in results if not r.passed] == []


def test_the_rule_on_who_may_write_to_whom_loads(tmp_path: Path) -> None:
    section = (ROOT / "docs/writing-rules.md").read_text().split("## Who may write to whom")[1].split("\n## ")[0]
    rule = "\n".join(line[2:] for line in section.splitlines() if line.startswith("    "))
    file = tmp_path / "bank.yaml"
    file.write_text(f"pack: bank\ninternal_domains: [milwaukee.gov]\nrules:\n{rule}\n")
    loaded = load([file], BuildSettings(frozenset({"milwaukee.gov"}), ZoneInfo("America/Chicago"), "Ask."))
    assert [str(m) for m in loaded.mistakes] == []
    assert [r.passed for r in run_examples(loaded)] == [True, True]


def unexplained(file: str, names: set[str]) -> list[str]:
    text = (ROOT / file).read_text()
    return sorted(name for name in names if f"`{name}`" not in text)


def test_every_key_of_a_rule_a_detector_and_a_family_is_explained() -> None:
    models: list[type[BaseModel]] = [RuleModel, PrimaryModel, DetectorModel, LevelModel]
    models += [family.schema for family in installed().known.values()]
    names = {name for model in models for name in model.model_fields}
    names |= {*VALIDATORS, *MASKS, *installed().known, *RegionKind, *WEIGHTS}
    assert unexplained("docs/rules.md", names | {f for some in FORMATS.values() for f in some}) == []


def test_every_shipped_detector_has_a_title_and_stands_in_the_table_with_its_levels() -> None:
    packs = [yaml.safe_load(file.read_text("utf-8")) for file in sorted((ROOT / "rules").glob("*.yaml"))]
    shipped = {
        n: (d["title"], [lv for lv in LEVELS if lv in d["levels"]])
        for p in packs
        for n, d in p.get("detectors", {}).items()
    }
    section = (ROOT / "docs/rules.md").read_text().split("## The shipped detectors")[1]
    rows = re.findall(r"(?m)^\| `([a-z0-9_]+)` \| ([^|]{10,}) \| [a-z]+ \| (.+) \|$", section)
    told = {name: (title, re.findall(r"\*\*(\w+)\*\*", takes)) for name, title, takes in rows}
    assert told == shipped
    assert len(rows) == len(shipped)


def test_every_column_of_the_directory_is_explained() -> None:
    assert unexplained("docs/operating.md", {*COLUMNS, *KINDS, *STATUSES}) == []


def test_the_attributes_of_each_column_are_the_usual_ones() -> None:
    section = (ROOT / "docs/operating.md").read_text().split("\n### From LDAP or LDIF")[1].split("\n## ")[0]
    rows = re.findall(r"(?m)^\| `([a-z_]+)` \| (.+) \|$", section)
    usual = Attributes()
    told = {column: tuple(re.findall(r"`([A-Za-z]+)`", cell)) for column, cell in rows}
    assert told == {column: getattr(usual, column) for column in COLUMNS}


LATER = {"P-LAWFUL", "P-DECENT", "P-IP", "P-PROPERTY", "P-OPAQUE", "P-ARCHIVE", "P-RETAIN"}
"""Clauses that nothing enforces yet, each of which says what is to come."""


def test_every_clause_has_rules_or_says_what_is_to_come() -> None:
    loaded = load([ROOT / "rules"], BuildSettings(frozenset({"milwaukee.gov"}), ZoneInfo("America/Chicago"), "Ask."))
    assert loaded.ruleset is not None
    covered = coverage(loaded.ruleset.rules)
    assert {r.clause.id for r in covered if not r.rules and not r.clause.beside} == LATER
    for row in covered:
        families = {rule.family.name for rule in row.rules}
        assert set(row.clause.families) <= families, f"{row.clause.id} names a family that no rule of it is of"
        assert bool(row.clause.to_come) or row.rules or row.clause.beside


def test_the_policy_table_of_the_readme_is_what_the_command_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    shown = CliRunner().invoke(main, ["policy", "--markdown"])
    assert shown.exit_code == 0
    table = [line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("| P-")]
    assert table == [line for line in shown.stdout.splitlines() if line.startswith("| P-")]


@pytest.mark.parametrize("document", DOCS, ids=lambda p: p.name)
def test_every_command_that_is_named_exists(document: Path) -> None:
    text = document.read_text()
    code = re.findall(r"```.*?```|`[^`\n]+`|(?m:^    .*$)", text, re.DOTALL)
    for word in (w for piece in code for w in re.findall(r"(?:^|[ `/])smtp-gate ([a-z]+)", piece)):
        assert word in COMMANDS, f"{document.name} names the command {word}"


@pytest.mark.parametrize("document", DOCS, ids=lambda p: p.name)
def test_every_command_line_has_options_and_arguments_that_the_command_takes(document: Path) -> None:
    for line in re.findall(r"(?m)^    (?:\S*/)?smtp-gate (.+)$", document.read_text()):
        # What stands behind two blanks is said to people, what stands behind > to the shell.
        words = shlex.split(re.split(r"\s{2,}|\s>", line)[0])
        command: click.Command = main
        while isinstance(command, click.Group):
            found = command.get_command(click.Context(command), words.pop(0))
            assert found is not None, f"{document.name}: {line}"
            command = found
        try:
            command.make_context(command.name, words)
        except click.UsageError as error:
            pytest.fail(f"{document.name}: {line}: {error.message}")


def test_the_first_steps_of_the_readme_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("letter.eml").write_text(LETTER)
    lines = re.findall(
        r"(?m)^    smtp-gate ((?:init|check|explain) .+?)(?:\s{2,}.*)?$", (ROOT / "README.md").read_text()
    )
    assert [line.split()[0] for line in lines] == ["init", "check", "explain"]
    for line in lines:
        done = CliRunner().invoke(main, shlex.split(line))
        assert done.exit_code == 0, f"{line}: {done.output}"
    assert "us_ssn" in done.output


def anchors(document: Path) -> set[str]:
    headings = re.findall(r"(?m)^#+ (.+)$", re.sub(r"(?s)```.*?```", "", document.read_text()))
    return {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings}


@pytest.mark.parametrize("document", DOCS, ids=lambda p: p.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    for target, _, section in (t.partition("#") for t in re.findall(r"\]\(([^)]+)\)", document.read_text())):
        if "://" not in target:
            file = document.parent / target if target else document
            assert file.exists(), f"{document.name}: {target}"
            assert not section or section in anchors(file), f"{document.name}: {target}#{section}"


def test_every_series_in_the_operating_guide_is_exported() -> None:
    exported = (Metrics().text() + KeeperMetrics(lambda: 0.0).text()).decode()
    for series in re.findall(r"`(smtp_gate_[a-z_]+)", (ROOT / "docs/operating.md").read_text()):
        base = re.sub(r"_total$", "", series)
        assert f"# TYPE {base} " in exported or f"# TYPE {base}_total " in exported, series
