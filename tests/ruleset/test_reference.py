"""The page of the rule language: its packs load, and whatever is installed or added stands in it."""

import re
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import pytest
from pydantic import Field

from smtp_gate.config import load_config
from smtp_gate.families.base import Meanings, Params
from smtp_gate.ruleset.examples import run_examples
from smtp_gate.ruleset.plugins import Families, installed
from smtp_gate.ruleset.reference import anchor, reference
from smtp_gate.ruleset.reference_examples import EXAMPLES
from smtp_gate.ruleset.reference_tables import keys, table, value_of, words_in
from smtp_gate.ruleset.schema import PackModel
from smtp_gate.ruleset.shipped import Shipped, shipped
from smtp_gate.server.rules import Rulebook, load_rulebook
from tests.ruleset.toy import TOYS, Toy

ROOT: Final = Path(__file__).parents[2]
OURS: Final = Families({n: f for n, f in installed().known.items() if type(f).__module__.startswith("smtp_gate.")})
PAGE: Final = reference(OURS)


def packs() -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_every_example_stands_in_the_page() -> None:
    assert sorted(packs()) == sorted(EXAMPLES.values())
    assert set(OURS.known) <= set(EXAMPLES)


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Rulebook:
    """The shipped settings with the packs of the page beside the shipped ones."""
    folder = tmp_path_factory.mktemp("page")
    for number, pack in enumerate(packs()):
        (folder / f"{number}.yaml").write_text(pack)
    config = load_config(ROOT / "config" / "smtp-gate.yaml").config
    assert config is not None
    return load_rulebook(config.model_copy(update={"rules": (ROOT / "rules", folder)}), date(2026, 9, 1), test=False)


def test_the_packs_of_the_page_load_beside_the_shipped_ones(book: Rulebook) -> None:
    # Groups that a page names need not be those of the sample directory.
    assert [str(m) for m in book.errors if "group" not in m.message] == []
    assert book.loaded.ruleset is not None


def test_their_examples_come_out_right(book: Rulebook) -> None:
    names = {pack.splitlines()[0].removeprefix("pack: ") for pack in packs()}
    own = [r for r in run_examples(book.loaded) if r.rule.partition(".")[0] in names]
    assert len(own) == 2 * sum("    examples:" in pack for pack in packs()) >= 18
    assert [f"{r.rule}: {r.why}" for r in own if not r.passed] == []


def test_its_contents_lead_to_its_headings() -> None:
    headings = re.findall(r"(?m)^#{2,} (.+)$", re.sub(r"(?s)```.*?```", "", PAGE))
    listed = re.findall(r"(?m)^ *- \[(.+)\]\(#(.+)\)$", PAGE)
    assert listed == [(h, anchor(h)) for h in headings]
    assert len({a for _, a in listed}) == len(listed)


def test_every_key_of_a_pack_stands_in_a_table() -> None:
    definitions = PackModel.model_json_schema(by_alias=True)["$defs"]
    wanted = {key for d in definitions.values() for key in d.get("properties", {})}
    assert wanted - set(re.findall(r"(?m)^\| `([a-z_]+)` \|", PAGE)) == set()


def test_a_family_of_a_plug_in_stands_in_it() -> None:
    page = reference(Families({"toy": TOYS.known["toy"]}), Shipped())
    section = page.split("### `toy`\n")[1].split("\n## ")[0]
    assert "Parameters of the test family." in section
    assert "| `find` | [mapping](#toy-find) | **must be there** | What is looked for. |" in section
    assert "| `times` | number | `1` | How often. |" in section
    assert "(#accounts)" not in page


def test_words_of_a_family_bring_their_meanings() -> None:
    class Choosing(Params):
        """Chooses."""

        how: Annotated[Literal["a", "b"], Meanings({"a": "one way", "b": "the other"})] = "a"
        """How."""
        each: Annotated[tuple[Annotated[Literal["x"], Meanings({"x": "only this | that"})], ...], Field(min_length=1)]
        """Each."""

    plugin: Any = Toy()
    plugin.name, plugin.schema = "choosing", Choosing
    page = reference(Families({"choosing": plugin}), Shipped())
    assert "| `b` | the other |" in page
    assert "| `x` | only this \\| that |" in page


def test_two_families_with_the_same_keys_are_told_once() -> None:
    assert PAGE.count("| `min_level` | `high` or `medium` or `low` |") == 1
    assert "Its keys are those of [`credentials`](#credentials)." in PAGE


def test_a_definition_without_a_name_of_its_own_is_called_by_its_key() -> None:
    assert value_of({"$ref": "#/$defs/New"}, {"New": "the-keys-of-new"}) == "[mapping](#the-keys-of-new)"


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "string"}, "text"),
        ({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}, "text, or a list"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "number"),
        ({"enum": ["a", "b"]}, "`a` or `b`"),
        ({"enum": list("abcde")}, "a word"),
        ({"type": "integer", "minimum": 1, "maximum": 9}, "1 to 9"),
        ({"type": "integer", "exclusiveMinimum": 0}, "number, at least 1"),
        ({"type": "array", "items": {"type": "string"}}, "list of texts"),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "mapping of names to texts"),
        ({}, "anything"),
    ],
)
def test_what_may_stand_at_a_key_is_said_in_words(schema: dict[str, object], said: str) -> None:
    assert value_of(schema, {}) == said


def test_a_table_keeps_its_cells_apart() -> None:
    assert list(table(("a", "b"), [("x|y", "z")])) == ["| a | b |", "|---|---|", "| x\\|y | z |", ""]
    assert list(keys({"properties": {}}, {})) == ["| key | value | default | meaning |", "|---|---|---|---|", ""]
    assert words_in({"type": "array"}) == {}


def test_shipped_detectors_and_lists_are_known() -> None:
    found = shipped()
    assert found.detectors["us_ssn"][0] == "pii"
    assert "ssn_words" in found.keywords
