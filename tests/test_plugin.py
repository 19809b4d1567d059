"""A family in a package of its own: built, installed apart, used by rules; and what packages offer that cannot be used."""

import json
import os
import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final

import pytest

from tests.running import write_settings

ROOT: Final = Path(__file__).parents[1]
PLUGIN: Final = ROOT / "tests" / "plugin"
OWN: Final = ("pyproject.toml", "smtp_gate_open_recipients/__init__.py", "rules/open.yaml")
LETTER: Final = "From: dokafor@milwaukee.gov\nTo: {to}\nSubject: hearing\n\nIt is moved to Friday.\n"

pytestmark = pytest.mark.slow


def gate(site: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """`smtp-gate` in a process of its own, with what is installed in `site`."""
    paths = os.pathsep.join((str(site), str(ROOT)))
    return subprocess.run(
        [sys.executable, "-m", "smtp_gate", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": paths, "NO_COLOR": "1", "COLUMNS": "200"},
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, built as a wheel and installed into a folder of its own, without network."""
    folder = tmp_path_factory.mktemp("plugin")
    for name in OWN:
        (folder / "source" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "source" / name).write_text((PLUGIN / name).read_text())
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=folder / "source", check=True, capture_output=True, timeout=100)
    (wheel,) = folder.glob("*.whl")
    install = [
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
    ]
    command = [*install, "--target", str(folder / "site"), str(wheel)]
    subprocess.run(command, check=True, capture_output=True, timeout=100)
    return folder / "site"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = write_settings(tmp_path, 10026)
    (tmp_path / "rules" / "open.yaml").write_text((PLUGIN / "rules" / "open.yaml").read_text())
    return file


def test_the_document_shows_the_package_as_it_is() -> None:
    text = (ROOT / "docs" / "plugins.md").read_text()
    for language, name in zip(("toml", "python", "yaml"), OWN, strict=True):
        assert re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL) == [(PLUGIN / name).read_text()]


def test_the_example_imports_what_is_promised_and_nothing_else_of_the_gate() -> None:
    source = (PLUGIN / OWN[1]).read_text()
    used = set(re.findall(r"^(?:from|import) (smtp_gate[\w.]*)", source, re.MULTILINE))
    assert used
    assert all(name == "smtp_gate.families.base" or name.startswith("smtp_gate.core.") for name in used)
    # It is nowhere but where these tests install it.
    assert "open_recipients" not in entry_points(group="smtp_gate.families").names


def test_its_parameters_are_in_the_schema_for_editors(site: Path) -> None:
    schema = json.loads(gate(site, "schema", "pack").stdout)
    rule = schema["$defs"]["RuleModel"]
    assert "open_recipients" in rule["properties"]["family"]["enum"]
    (then,) = (b["then"] for b in rule["allOf"] if b["if"]["properties"]["family"]["const"] == "open_recipients")
    assert then["properties"]["most"]["description"] == "How many outside addresses To and Cc may show together."
    assert then["properties"]["granted"]["description"].startswith("Domains whose addresses do not count")


def test_its_pack_passes_check_and_its_examples(site: Path, config: Path) -> None:
    checked = gate(site, "check", "-c", config)
    assert (checked.returncode, checked.stderr) == (0, "")
    tested = gate(site, "test", "-c", config, "open")
    assert tested.returncode == 0, tested.stdout
    assert "open.recipients  1 hits, 3 misses" in tested.stdout


def test_without_the_package_its_rule_is_refused(tmp_path: Path, config: Path) -> None:
    checked = gate(tmp_path, "check", "-c", config)
    assert checked.returncode == 1
    assert "open.yaml:9:13: error: unknown family `open_recipients`" in checked.stderr


def test_mail_is_judged_by_it(site: Path, config: Path, tmp_path: Path) -> None:
    def explained(to: str, *words: str) -> str:
        (tmp_path / "letter.eml").write_text(LETTER.format(to=to))
        return gate(site, "explain", "-c", config, "--rule", "open.recipients", *words, tmp_path / "letter.eml").stdout

    many = "a@example.org, b@example.org, c@example.net, d@example.net"
    row = json.loads(explained(many, "--json"))
    assert row["verdict"] == "reject"
    assert row["reply"].startswith("550 5.7.1 To and Cc show 4 outside addresses to everybody. Put them into Bcc")
    (finding,) = row["findings"]
    assert (finding["rule"], finding["evidence"], finding["count"]) == ("open.recipients", "4 outside addresses", 4)
    assert "shown_to_all in header" in explained(many)
    few = "a@example.org, b@example.org, x@wisconsin.gov, y@dot.wisconsin.gov, nrobles2@milwaukee.gov"
    assert json.loads(explained(few, "--json"))["verdict"] == "accept"


@pytest.mark.parametrize(
    ("wrong", "place", "said"),
    [
        ("mots: 3", "11:5", "unknown key `mots`"),
        ("most: 0", "11:11", "should be greater than or equal to 1"),
        ("most: few", "11:11", "a whole number expected, not `few`"),
    ],
)
def test_a_wrong_parameter_is_told_at_its_line(site: Path, config: Path, wrong: str, place: str, said: str) -> None:
    pack = config.parent / "rules" / "open.yaml"
    pack.write_text(pack.read_text().replace("most: 3", wrong))
    checked = gate(site, "check", "-c", config)
    assert checked.returncode == 1
    assert f"open.yaml:{place}: error: {said}" in checked.stderr


def test_its_parameters_can_be_overridden(site: Path, config: Path) -> None:
    city = config.parent / "rules" / "city.yaml"
    city.write_text("pack: city\noverrides: {rules: {open.recipients: {most: 4}}}\n")
    tested = gate(site, "test", "-c", config, "open")
    assert "hit example 1 of open.recipients" in tested.stdout, "four are no longer too many"
    city.write_text("pack: city\noverrides: {rules: {open.recipients: {mots: 4}}}\n")
    checked = gate(site, "check", "-c", config)
    assert "city.yaml:2:39: error: unknown key `mots`" in checked.stderr
    assert "did you mean `most`?" in checked.stderr


TOY: Final = """\
from smtp_gate.core.facts import FactKey
from smtp_gate.core.finding import Finding
from smtp_gate.families.base import Params

class P(Params):
    '''Parameters.'''
    {field}

class F:
    '''A family.'''
    name = "{name}"
    schema = {schema}
    reads_content = False
    def detectors(self, params): return ()
    def needs(self, view, params): {needs}
    def check(self, view, facts, params): {check}

{top}
family = F()
"""
RULE: Final = """\
pack: {name}
rules:
  - id: {name}.one
    title: One
    policy: P-DECENT
    family: {name}
    action: reject
    examples: {{hit: [{{text: a}}], miss: [{{text: b}}]}}
"""


def offer(site: Path, package: str, name: str, **changed: str) -> None:
    """A package as pip would leave it, with one family in it."""
    said = {"field": "pass", "schema": "P", "needs": "return ()", "check": "return ()", "top": "", **changed}
    module = package.replace("-", "_")
    site.mkdir(exist_ok=True)
    (site / f"{module}.py").write_text(TOY.format(name=name, **said))
    info = site / f"{module}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[smtp_gate.families]\n{name} = {module}:family\n")


def checked(site: Path, config: Path) -> list[dict[str, Any]]:
    shown = gate(site, "check", "-c", config, "--format", "json")
    assert "Traceback" not in shown.stderr
    return [json.loads(line) for line in shown.stdout.splitlines()]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"top": "raise RuntimeError('no licence')"}, "RuntimeError: no licence"),
        ({"top": "raise SystemExit(3)"}, "SystemExit: 3"),
        ({"schema": "dict"}, "its schema is not a Params model"),
        ({"field": "message: str = ''"}, "its parameter `message` is a word that every rule uses"),
        ({"field": "model_config = {'extra': 'allow'}"}, "its schema takes unknown keys"),
    ],
)
def test_a_broken_package_is_refused_with_its_reason_and_only_its_rules_fail(
    tmp_path: Path, config: Path, changed: dict[str, str], reason: str
) -> None:
    (tmp_path / "rules" / "open.yaml").unlink()
    offer(tmp_path / "site", "broken-plug", "broken", **changed)
    assert checked(tmp_path / "site", config) == [], "no rule uses it"
    assert "broken" not in gate(tmp_path / "site", "schema", "pack").stdout
    (tmp_path / "rules" / "broken.yaml").write_text(RULE.format(name="broken"))
    (mistake,) = checked(tmp_path / "site", config)
    assert (Path(mistake["file"]).name, mistake["line"], mistake["column"]) == ("broken.yaml", 6, 13)
    assert mistake["message"] == "the family `broken` cannot be loaded"
    assert mistake["hint"].startswith(reason)


def test_two_packages_with_one_name_are_refused_and_none_takes_a_name_of_ours(tmp_path: Path, config: Path) -> None:
    (tmp_path / "rules" / "open.yaml").unlink()
    (tmp_path / "rules" / "twin.yaml").write_text(RULE.format(name="twin"))
    for package in ("plug-a", "plug-b"):
        offer(tmp_path / "site", package, "twin")
    offer(tmp_path / "site", "plug-c", "sensitive")
    mistakes = checked(tmp_path / "site", config)
    (error,) = (m for m in mistakes if m["severity"] == "error")
    assert error["hint"] == "it is offered more than once, by `plug-a` and `plug-b`: which one is meant?"
    warned = [m for m in mistakes if m["severity"] == "warning"]
    assert {(m["message"], m["hint"]) for m in warned} == {
        ("`sensitive` is the gate's own family", "`plug-c` offers another of this name, which is not used")
    }
    assert len(warned) == 2, "two rules use it"
    (tmp_path / "rules" / "twin.yaml").unlink()
    assert gate(tmp_path / "site", "test", "-c", config).returncode == 0, "the rules are judged by our own"


@pytest.mark.parametrize(
    "changed",
    [
        {"check": "raise ValueError('536-90-4399')"},
        {"check": "return ['536-90-4399']"},
        {"needs": "raise ValueError('536-90-4399')"},
        {"needs": "return [FactKey]"},
    ],
)
def test_a_family_that_stumbles_defers_the_mail_and_shows_nothing_of_it(
    tmp_path: Path, config: Path, changed: dict[str, str]
) -> None:
    (tmp_path / "rules" / "open.yaml").unlink()
    (tmp_path / "rules" / "stumbles.yaml").write_text(RULE.format(name="stumbles"))
    offer(tmp_path / "site", "plug-d", "stumbles", **changed)
    (tmp_path / "letter.eml").write_text(LETTER.format(to="lee@example.org"))
    shown = gate(tmp_path / "site", "explain", "-c", config, "--json", tmp_path / "letter.eml")
    row = json.loads(shown.stdout)
    assert row["verdict"] == "defer"
    assert row["reply"].startswith("451 4.7.1 could not be checked now")
    assert "stumbles.one" in row["reply"]
    assert "536-90-4399" not in shown.stdout + shown.stderr
