"""Packs of rules on two detectors, loaded with the real families, and the warnings that came of them."""

from datetime import UTC
from pathlib import Path

from smtp_gate.ruleset.build import BuildSettings, load
from smtp_gate.ruleset.marks import Mistake

SETTINGS = BuildSettings(frozenset({"milwaukee.gov"}), UTC)
WORDS = """\
detectors:
  badge:
    primary: {regex: '\\bB-\\d{5}\\b'}
    levels: {high: {all: [{keywords: badges, within: 50}]}, low: {}}
  codename:
    primary: {regex: '\\bosprey\\b'}
    levels: {medium: {}}
keywords:
  badges: [badge]
"""
FIND = "find: {any: [{detector: badge, min_level: high}]}"


def rule(name: str = "a", more: str = "", find: str = FIND, family: str = "sensitive") -> str:
    """One rule with examples that need not pass: they are not run here."""
    return f"""\
  - id: t.{name}
    title: A title
    policy: P-DECENT
    family: {family}
    {find}
    action: quarantine
    examples: {{hit: [{{text: hit {name}}}], miss: [{{text: miss {name}}}]}}
{more}"""


def warnings(folder: Path, *rules: str, words: str = WORDS, more: str = "") -> list[Mistake]:
    """The warnings of a pack of these rules. What nobody uses is left out where a test gives no words of its own."""
    file = folder / "t.yaml"
    file.write_text("pack: t\nrules:\n" + "".join(rules) + more + words)
    loaded = load([file], SETTINGS)
    assert loaded.ruleset is not None, [str(m) for m in loaded.errors]
    return [
        m
        for m in loaded.mistakes
        if words is not WORDS or not m.message.startswith(("no rule names", "no detector names"))
    ]


def said(found: list[Mistake]) -> list[tuple[int, int, str]]:
    """Where each stands and what it says."""
    assert all(m.severity == "warning" for m in found)
    return [(m.line, m.column, m.message) for m in found]
