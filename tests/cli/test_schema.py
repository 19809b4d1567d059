"""The schemas as they are printed, shipped and copied: complete, current, and never stricter than what reads the files."""

import json
import re
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.adapters.directory_columns import COLUMNS, KINDS, row_schema
from smtp_gate.adapters.directory_rows import Reader, RowMistake
from smtp_gate.cli import main
from smtp_gate.cli.schema import FILES, PAGE, WHAT, printed
from smtp_gate.ruleset.plugins import Families, installed
from tests.ruleset.toy import TOYS

ROOT: Final = Path(__file__).parents[2]
OURS: Final = Families({n: f for n, f in installed().known.items() if type(f).__module__.startswith("smtp_gate.")})
"""The families of the project itself; what else is installed beside it is not shipped."""


def run(*words: str | Path) -> str:
    done = CliRunner().invoke(main, [str(w) for w in words])
    assert done.exit_code == 0, done.output
    return done.output


def nodes(node: object) -> Iterator[dict[str, Any]]:
    """Every schema within a schema."""
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from nodes(value)
    elif isinstance(node, list):
        for item in node:
            yield from nodes(item)


@pytest.mark.parametrize("what", FILES)
def test_every_key_has_a_description(what: str) -> None:
    keys = 0
    for node in nodes(json.loads(printed(what))):
        properties = node.get("properties", {})
        # A key named `properties` would be a schema, not a mapping of them; there is none.
        for key, value in properties.items():
            if value is True or set(value) == {"const"}:
                # A branch of a family repeats the rule's own keys by name alone.
                continue
            keys += 1
            assert re.fullmatch(r"[^\n]{3,}", value.get("description", "")), f"{key}: {value}"
    assert keys > {"pack": 60, "config": 80, "directory": 13, "waivers": 9}[what]


@pytest.mark.parametrize("what", FILES)
def test_every_reference_leads_somewhere_and_no_definition_is_idle(what: str) -> None:
    made = json.loads(printed(what))
    named = {n["$ref"].removeprefix("#/$defs/") for n in nodes(made) if isinstance(n.get("$ref"), str)}
    assert named == set(made.get("$defs", {}))


def test_every_word_of_a_rule_has_a_meaning() -> None:
    seen = set()
    for node in nodes(json.loads(printed("pack", OURS))):
        if "enum" in node:
            meanings = dict(zip(node["enum"], node.get("enumDescriptions", []), strict=True))
            seen |= set(meanings)
            assert all(len(m) > 4 for m in meanings.values()), meanings
    assert {"P-SENSITIVE", "reject", "shadow", "foreign", "official", "own_address", "irregular", "us_ssn"} <= seen


@pytest.mark.parametrize("what", WHAT)
def test_what_is_shipped_is_what_the_code_makes(what: str) -> None:
    shipped = (ROOT / (FILES | {"rules": PAGE})[what]).read_text("utf-8")
    assert shipped == printed(what, OURS), "run `smtp-gate schema --write .`"


def test_they_are_written_below_a_folder(tmp_path: Path) -> None:
    run("schema", "--write", tmp_path)
    for what, file in FILES.items():
        assert (tmp_path / file).read_text("utf-8") == run("schema", what)
    assert not (tmp_path / PAGE).exists()
    (tmp_path / PAGE).parent.mkdir()
    run("schema", "--write", tmp_path)
    assert (tmp_path / PAGE).read_text("utf-8") == run("schema", "rules")


def test_a_family_of_a_plug_in_is_in_the_schema_and_in_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    class Offer:
        name = "toy"
        dist = None

        def load(self) -> object:
            return TOYS.known["toy"]

    monkeypatch.setattr("smtp_gate.ruleset.plugins.entry_points", lambda group: [*entry_points(group=group), Offer()])
    rule = json.loads(run("schema", "pack"))["$defs"]["RuleModel"]
    assert {"toy", "sensitive"} <= set(rule["properties"]["family"]["enum"])
    assert "### `toy`" in run("schema", "rules")


def test_nothing_is_written_where_there_is_no_folder(tmp_path: Path) -> None:
    assert CliRunner().invoke(main, ["schema", "--write", str(tmp_path / "nowhere")]).exit_code == 2
    assert not (tmp_path / "nowhere").exists()


def test_a_starter_has_the_schemas_that_its_first_lines_name(tmp_path: Path) -> None:
    city = tmp_path / "city"
    run("init", city)
    files = [*(city / "rules").glob("*.yaml"), city / "config" / "smtp-gate.yaml"]
    assert len(files) > 5
    for file in files:
        named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", file.read_text("utf-8"))
        assert named, file
        assert json.loads((file.parent / named[1]).read_text("utf-8"))["$schema"]
    assert (city / "config" / "directory.schema.json").is_file()


def fits(row: dict[str, str]) -> bool:
    """Whether the schema of a row takes these cells."""
    schema = row_schema()
    assert set(schema["required"]) <= set(row)
    for column, cell in row.items():
        form = schema["properties"][column]
        if "enum" in form and cell not in form["enum"]:
            return False
        if "pattern" in form and re.search(form["pattern"], cell) is None:
            return False
        if len(cell) < form.get("minLength", 0):
            return False
    return True


CELLS: Final = st.one_of(
    st.sampled_from(["", ";", "a@b.example", '"a b"@b.example', "ä@b.example", "2026-03-31", "group:x", *KINDS]),
    st.from_regex(r"[a-c]{1,3}@[a-c]{1,3}\.example( \[2026-0[1-9]-01\.\.\])?(; group:[a-c])?", fullmatch=True),
    st.text(max_size=12),
)


@given(st.fixed_dictionaries({"address": CELLS}, optional={c: CELLS for c in COLUMNS if c != "address"}))
def test_no_row_that_is_read_is_marked(row: dict[str, str]) -> None:
    mistakes: list[RowMistake] = []
    if Reader().entry(1, row, mistakes) is not None:
        assert fits(row)


@pytest.mark.parametrize(
    "row",
    [{"address": ""}, {"address": "nobody"}, {"kind": "robot"}, {"valid_to": "31.3.2026"}, {"successor": "a"}],
)
def test_rows_that_cannot_be_right_are_marked(row: dict[str, str]) -> None:
    whole = {"address": "a@b.example"} | row
    mistakes: list[RowMistake] = []
    assert Reader().entry(1, whole, mistakes) is None
    assert not fits(whole)
