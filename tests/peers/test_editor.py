"""What people see in an editor: the shipped schemas through the YAML language server that editors run."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from smtp_gate.core.message import Upstream
from smtp_gate.families.accounts import SIGNALS
from smtp_gate.ruleset.plugins import installed
from smtp_gate.ruleset.schema import RuleModel
from tests.peers.lsp import LanguageServer

pytestmark = pytest.mark.peers

ROOT: Final = Path(__file__).parents[2]
EDITOR: Final = Path(__file__).parent / "editor"
SERVER: Final = EDITOR / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
PACKS: Final = sorted((ROOT / "rules").glob("*.yaml"))
OWN: Final = ROOT / "rules" / "own.yaml"
SETTINGS: Final = ROOT / "config" / "smtp-gate.yaml"

PACK: Final = """\
# yaml-language-server: $schema=schema/pack.schema.json
pack: own
detectors:
  own_number:
    primary: {regex: '\\bQ-\\d{4}\\b'}
    levels:
      high:
        all: [{keywords: own_words, within: 40}]
      low:
keywords:
  own_words: [number]
rules:
  - id: own.account
    title: Mail leaves from accounts
    policy: P-ACCESS
    family: accounts
    action: reject
    on_unscannable: reject
    examples:
      hit: [{text: "a"}]
      miss: [{text: "b"}]
  - id: own.number
    title: Numbers stay
    policy: [P-SENSITIVE]
    family: sensitive
    find:
      any: [{detector: own_number}]
    action: quarantine
    examples:
      hit: [{text: "a"}]
      miss: [{text: "b"}]
"""


@pytest.fixture(scope="module")
def server() -> Iterator[LanguageServer]:
    """The server of tests/peers/editor; else a skip that says what is missing, and under CI=true a failure."""
    node = shutil.which("node")
    if node is None or not SERVER.is_file():
        why = "no YAML language server: install nodejs and npm, then `npm ci --ignore-scripts` in tests/peers/editor"
        if os.environ.get("CI") == "true":
            pytest.fail(why)
        pytest.skip(why)
    running = LanguageServer([node, str(SERVER), "--stdio"], ROOT)
    yield running
    running.close()


def told(server: LanguageServer, path: Path, text: str | None = None) -> list[tuple[int, str]]:
    """What the server finds wrong: line, counted from 1, and message."""
    return [(d["range"]["start"]["line"] + 1, d["message"]) for d in server.diagnostics(path, text)]


def at(text: str, piece: str) -> tuple[int, int]:
    """Line and column of the end of a piece, counted from 0."""
    before = text[: text.index(piece) + len(piece)]
    return before.count("\n"), len(before) - before.rfind("\n") - 1


def offered(server: LanguageServer, path: Path, text: str, piece: str) -> list[str]:
    return [item["label"] for item in server.completions(path, text, *at(text, piece))]


@pytest.mark.parametrize("path", [*PACKS, SETTINGS], ids=lambda p: p.name)
def test_shipped_files_are_fine_in_an_editor(server: LanguageServer, path: Path) -> None:
    assert path.read_text("utf-8").startswith("# yaml-language-server: $schema=")
    assert told(server, path) == []


def test_a_pack_with_names_of_its_own_is_fine(server: LanguageServer) -> None:
    assert told(server, OWN, PACK) == []


@pytest.mark.parametrize(
    ("right", "wrong", "line", "word"),
    [
        ("    on_unscannable: reject\n", "    on_unscanable: reject\n", 18, "on_unscanable"),
        ("    on_unscannable: reject\n", "    signals: [unknwn]\n", 18, "not_yet"),
        ("    on_unscannable: reject\n", "    find: {any: [{detector: own_number}]}\n", 18, "find"),
        ("    action: quarantine\n", "    action: hold\n", 28, "quarantine"),
        ("    action: quarantine\n", "", 22, "action"),
        ("    find:\n      any: [{detector: own_number}]\n", "", 22, "find"),
        ("policy: P-ACCESS", "policy: P-ACESS", 15, "P-ACCESS"),
        ("family: accounts", "family: acounts", 16, "accounts"),
        ("within: 40", "within: 4000", 8, "2000"),
        ("      low:\n", "      lower:\n", 9, "lower"),
        ('      miss: [{text: "b"}]\n  - id: own.number', "  - id: own.number", 19, "miss"),
        ("pack: own\n", "", 2, "pack"),
    ],
)  # fmt: skip
def test_a_mistake_is_marked_at_its_line(server: LanguageServer, right: str, wrong: str, line: int, word: str) -> None:
    assert right in PACK
    found = told(server, OWN, PACK.replace(right, wrong, 1))
    assert [row for row, message in found if word in message] == [line], found


def test_a_rule_is_offered_the_keys_of_its_own_family(server: LanguageServer) -> None:
    for key, other, family in (("signals", "find", "accounts"), ("find", "signals", "sensitive")):
        text = PACK.replace("    find:\n      any: [{detector: own_number}]\n", "")
        text = text.replace(f"    family: {family}\n", f"    family: {family}\n    \n", 1)
        labels = offered(server, OWN, text, f"    family: {family}\n    ")
        assert key in labels
        assert other not in labels
        assert {"when", "mode", "unless", "message"} <= set(labels)
        assert "title" not in labels, "what stands there already"


def test_every_family_is_offered_with_what_it_is(server: LanguageServer) -> None:
    text = PACK.replace("family: accounts", "family: ")
    items = server.completions(OWN, text, *at(text, "family: "))
    assert {i["label"]: bool(i.get("documentation")) for i in items} == dict.fromkeys(installed().known, True)


def test_words_are_offered_where_they_stand(server: LanguageServer) -> None:
    text = PACK.replace("    on_unscannable: reject\n", "    signals:\n      - \n")
    assert set(SIGNALS) <= set(offered(server, OWN, text, "    signals:\n      - "))
    text = PACK.replace("{detector: own_number}", "{detector: }")
    assert {"us_ssn", "payment_card"} <= set(offered(server, OWN, text, "{detector: "))
    text = PACK.replace("\\b'}", "\\b', validator: }")
    assert {"us_ssn", "iban"} <= set(offered(server, OWN, text, "validator: "))


def test_a_key_and_its_words_are_explained(server: LanguageServer) -> None:
    shown = server.hover(OWN, PACK, *at(PACK, "on_unsc"))
    said = RuleModel.model_fields["on_unscannable"].description
    assert said
    assert said.split(";")[0] in shown
    assert "held until somebody decides" in shown
    text = PACK.replace("    on_unscannable: reject\n", "    signals: [ended]\n")
    assert SIGNALS["ended"] in server.hover(OWN, text, *at(text, "signals: [en"))


def test_settings_are_helped_with_too(server: LanguageServer) -> None:
    text = SETTINGS.read_text("utf-8")
    empty = re.sub(r"upstream: before_queue.*", "upstream: ", text, count=1)
    assert set(offered(server, SETTINGS, empty, "upstream: ")) == set(Upstream)
    wrong = text.replace("upstream: before_queue", "upstream: behind_queue", 1)
    line = at(wrong, "upstream: behind")[0] + 1
    (found,) = told(server, SETTINGS, wrong)
    assert found[0] == line
    assert "submission" in found[1]
    assert "becomes of a refusal" in server.hover(SETTINGS, text, *at(text, "upstr"))


def test_a_file_of_waivers_is_helped_with(server: LanguageServer) -> None:
    waiver = "{id: EX-1, rule: own.number, sender: a@milwaukee.gov, owner: o, approver: p, ticket: t, reason: r, expires: 2027-01-31}"
    text = f"# yaml-language-server: $schema=schema/waivers.schema.json\npack: exceptions\nwaivers:\n  - {waiver}\n"
    assert told(server, OWN, text) == []
    assert [line for line, _ in told(server, OWN, text.replace(", approver: p", ""))] == [4]
    assert [line for line, _ in told(server, OWN, text + "rules: []\n")] == [5]
