"""What the documents say is so: packs in them load, commands in them exist, series in them are exported."""

import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from smtp_gate.adapters.metrics import Metrics
from smtp_gate.adapters.metrics_keeper import KeeperMetrics
from smtp_gate.cli import COMMANDS
from smtp_gate.ruleset.build import BuildSettings, load
from smtp_gate.ruleset.examples import run_examples
from smtp_gate.ruleset.schema import RuleModel

ROOT = Path(__file__).parents[1]
DOCS = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md")


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


def test_every_key_of_a_rule_is_explained() -> None:
    text = (ROOT / "docs/writing-rules.md").read_text()
    for name in RuleModel.model_fields:
        assert f"`{name}`" in text, f"docs/writing-rules.md does not explain {name}"


@pytest.mark.parametrize("document", DOCS, ids=lambda p: p.name)
def test_every_command_that_is_named_exists(document: Path) -> None:
    text = document.read_text()
    code = re.findall(r"```.*?```|`[^`\n]+`|(?m:^    .*$)", text, re.DOTALL)
    for word in (w for piece in code for w in re.findall(r"(?:^|[ `/])smtp-gate ([a-z]+)", piece)):
        assert word in COMMANDS, f"{document.name} names the command {word}"


@pytest.mark.parametrize("document", DOCS, ids=lambda p: p.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", document.read_text()):
        if "://" not in target:
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_every_series_in_the_operating_guide_is_exported() -> None:
    exported = (Metrics().text() + KeeperMetrics(lambda: 0.0).text()).decode()
    for series in re.findall(r"`(smtp_gate_[a-z_]+)", (ROOT / "docs/operating.md").read_text()):
        base = re.sub(r"_total$", "", series)
        assert f"# TYPE {base} " in exported or f"# TYPE {base}_total " in exported, series
