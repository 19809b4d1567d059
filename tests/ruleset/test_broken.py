"""Broken packs: each mistake at its line and column, in words that help, and nothing loaded."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from smtp_gate.detect.compiled import DetectorError
from smtp_gate.detect.detectors import Detectors
from smtp_gate.ruleset import vocabulary
from smtp_gate.ruleset.build import load
from tests.ruleset.toy import PACK, RULE, SETTINGS, TOYS, loaded

EXAMPLES = RULE[RULE.index("    examples:") :]
DETECTOR = """\
detectors:
  ssn:
    primary: {regex: '\\d{9}', validator: us_ssn}
    levels:
      high: {all: [{keywords: words, within: 300}]}
keywords:
  words: [ssn]
"""
WAIVER = (
    "waivers:\n"
    '  - {id: EX-1, rule: toy.word, sender: pay@milwaukee.gov, recipients: "domain:irs.gov", owner: comptroller,\n'
    "     approver: cio, ticket: T-1, reason: filing, expires: 2027-03-31}\n"
)


def swap(old: str, new: str, pack: str = PACK) -> str:
    """The pack with one piece replaced; `§` in the new piece marks where the mistake must be reported."""
    assert pack.count(old) == 1, old
    return pack.replace(old, new)


# Name: (pack with § before the place, words of the message, words of the hint).
BROKEN: dict[str, tuple[str | bytes, str, str]] = {
    # YAML itself
    "not utf-8": (b"pack: \xc2\xa7\xff\n", "not UTF-8", "save the file as UTF-8"),
    "control character": ("pack: §\x07\n", "control character", ""),
    "tab": ("pack: toys\n§\trules: []\n", "tab character", "spaces, not tabs"),
    "open quote": (swap('"{count} in {where}. {way_out}"', '§"{count}'), "quoted scalar", "never closed"),
    "open bracket": (PACK.replace("find: {word: secret}", "find: §{word: secret")[: PACK.index("action:") - 2], "flow", "bracket opened in line 9"),
    "colon in plain text": (swap("the secret plan\n      miss", "see§: the plan\n      miss"), "mapping values", "quotes"),
    "indentation": (swap("    family: toy", "   §family: toy"), "block", "indentation"),
    "unknown escape": (swap('"{count} in', '"{count} §\\d in'), "escape", "doubled"),
    "second document": (PACK + "§---\npack: more\n", "second document", "one file"),
    "unknown tag": (swap("word: secret", "word: §!!python/name:os.system secret"), "tag", "leave it out"),
    "unknown alias": (swap("word: secret", "word: §*w"), "named &w", "before it is used"),
    "deep nesting": ("pack: toys\nrules: " + "[" * 39 + "§[" + "[" * 60, "nested more than", ""),
    "very deep nesting": ("pack: toys\nrules: " + "[" * 999 + "§[" + "[" * 50_000, "nesting", "nest less"),
    "unhashable key": (PACK + "? §[a]\n: b\n", "key must be a word", "quotes"),
    "number as key": (PACK + "§7: b\n", "key must be a word", "quotes"),
    "duplicate key": (swap("    action: quarantine", "    action: quarantine\n    §action: reject"), "`action` stands here twice", "line 10"),
    "duplicate key at the top": (PACK + "§pack: again\n", "`pack` stands here twice", "line 1"),
    # The pack
    "empty": ("§", "a pack expected", "pack: NAME"),
    "only a word": ("§toys\n", "a pack expected", "pack: NAME"),
    "a list": ("§- pack: toys\n", "a pack expected", "pack: NAME"),
    "no name": ("§rules:\n" + RULE, "`pack` is missing", ""),
    "name is a number": (PACK.replace("pack: toys", "pack: §7"), "id expected", "small letters"),
    "unknown section": (PACK + "§rule: []\n", "unknown key `rule`", "did you mean `rules`?"),
    "rules is a mapping": ("pack: toys\nrules:\n  §toy: {}\n", "`rules` must be a list", ""),
    "rule is a word": ("pack: toys\nrules: [§x]\n", "a mapping expected", "- id"),
    "no rules": ("§pack: toys\nrules: []\n", "no rules at all", ""),
    # A rule's own keys
    "no id": (swap("- id: toy.word\n    title", "- §title"), "`id` is missing", ""),
    "id with a space": (swap("id: toy.word", "id: §toy word"), "id expected", "pii.ssn"),
    "id twice": (PACK + RULE.replace("id: toy.word", "id: §toy.word"), "stands here twice", "toys.yaml:3"),
    "id twice, and a waiver misses the other": (
        PACK + RULE.replace("id: toy.word", "id: §toy.word") + WAIVER.replace("toy.word", "toy.other"), "stands here twice", "",
    ),
    "no action": (swap("    action: quarantine\n", "").replace("- id", "- §id"), "`action` is missing", ""),
    "unknown action": (swap("action: quarantine", "action: §quarantain"), "not one of accept", "did you mean `quarantine`?"),
    "unknown key": (swap("    action: q", "    §actoin: reject\n    action: q"), "unknown key `actoin`", "did you mean `action`?"),
    "unknown family": (swap("family: toy", "family: §toi"), "unknown family", "did you mean `toy`?"),
    "broken family": (swap("family: toy", "family: §lame"), "cannot be loaded", "ImportError"),
    "unknown clause": (swap("P-DECENT", "§P-DESCENT"), "unknown clause", "did you mean `P-DECENT`?"),
    "clause like none": (swap("P-DECENT", "§zzz"), "unknown clause", "known: P-ACCESS"),
    "second clause unknown": (swap("P-DECENT", "[P-DECENT, §P-SENSITVE]"), "unknown clause", "`P-SENSITIVE`"),
    "mode no": (swap("action: quarantine", "action: quarantine\n    mode: §no"), "not one of enforce", ""),
    "title is a number": (swap("title: The word stays here", "title: §2027"), "text expected", "quotes"),
    "on_error odd": (swap("action: quarantine", "action: quarantine\n    on_error: §false"), "not one of", ""),
    "also": (swap("action: quarantine", "action: quarantine\n    §also: [notify]"), "`also` is not implemented yet", "remove it"),
    "override": (swap("action: quarantine", "action: quarantine\n    §override: {ttl: 4h}"), "not implemented yet", ""),
    "unless encrypted": (
        swap("action: quarantine", "action: quarantine\n    unless: [{encrypted: §hole}]"), "`hole` is not one of whole", "`whole`?",
    ),
    "unless partly": (
        swap("action: quarantine", "action: quarantine\n    unless: [{encrypted: §partly}]"), "not one of whole", "",
    ),
    "unless encripted": (
        swap("action: quarantine", "action: quarantine\n    unless: [{§encripted: whole}]"), "unknown key", "encrypted",
    ),
    "unless nobody": (swap("action: quarantine", "action: quarantine\n    unless: §[{}]"), "spare everybody", "sender"),
    "unless is a mapping": (
        swap("action: quarantine", "action: quarantine\n    unless: §{sender: internal}"), "a list expected", "",
    ),
    # Who
    "who unknown": (swap("recipients: external", "recipients: §outside"), "does not say who", "external"),
    "who domain bare": (swap("recipients: external", "recipients: [internal, §irs.gov]"), "does not say who", "domain:irs.gov"),
    "who domain odd": (swap("recipients: external", 'recipients: §"domain:irs..gov"'), "not a domain", "example.org"),
    "who address odd": (swap("recipients: external", 'recipients: §"address:a b@c"'), "not an address", ""),
    "who group empty": (swap("recipients: external", 'recipients: §"group:"'), "does not say who", "group:NAME"),
    "who nobody": (swap("recipients: external", "recipients: §[]"), "something must stand here", ""),
    "who left empty": (swap("    action", "    unless: [{sender: §, recipients: internal}]\n    action"), "who expected", ""),
    "when unknown side": (swap("recipients: external", "§recipient: external"), "unknown key", "`recipients`"),
    "when is a word": (swap("when:\n      recipients: external", "when: §external"), "a mapping expected", ""),
    # The message
    "unknown placeholder": (swap('"{count} in {where}. {way_out}"', '§"{cuont} found"'), "{cuont}", "did you mean `count`?"),
    "open brace": (swap('"{count} in {where}. {way_out}"', '§"{count found"'), "a brace", "{count}"),
    # The family's parameters
    "parameter missing": (swap("    find: {word: secret}\n", "").replace("- id", "- §id"), "`find` is missing", ""),
    "parameter unknown": (swap("{word: secret}", "{word: secret, §tims: 2}"), "unknown key `tims`", "did you mean `times`?"),
    "parameter wrong": (swap("{word: secret}", "{word: secret, times: §many}"), "whole number expected", ""),
    "parameter's text is a number": (swap("{word: secret}", "{word: §010}"), "text expected, not 10", "quotes"),
    "detector unknown": (swap("    action", "    detector: §snn\n    action") + DETECTOR, "unknown detector", "did you mean `ssn`?"),
    "region off": (
        swap("P-DECENT", "P-SENSITIVE").replace("    action", "    regions: {quoted: §off}\n    action"),
        "may not look less closely", "claim",
    ),
    "region shifted down": (
        swap("P-DECENT", "[P-DECENT, P-PASSWORD]").replace("    action", "    regions: {own: 1, quoted: §-1}\n    action"),
        "may not look less closely", "",
    ),
    # Examples
    "no examples": (swap(EXAMPLES, "").replace("- id", "- §id"), "`examples` is missing", ""),
    "no miss": (PACK[: PACK.index("      miss:")].replace("      hit", "      §hit"), "`miss` is missing", ""),
    "no hit": (swap("      hit:\n        - text: the secret plan\n", "      hit: §[]\n"), "something must stand here", ""),
    "example without a body": (swap("- text: the open plan", "- §to: b@c.org"), "`text` and `html` or `case`", ""),
    "example with two bodies": (swap("- text: the open plan", "- §text: a\n          case: b.eml"), "`case`", ""),
    "example key": (swap("- text: the open plan", "- §txt: the open plan\n          text: x"), "unknown key `txt`", "`text`"),
    "example date": (swap("- text: the open plan", "- text: x\n          date: §2026-02-30"), "a date expected", "2027-03-31"),
    "example account": (
        swap("- text: the open plan", "- text: x\n          accounts: [{address: a@b.org, §stat: employee}]"),
        "unknown key `stat`", "`status`",
    ),
    # Detectors and keywords
    "detector without levels": (PACK + DETECTOR[: DETECTOR.index("    levels")].replace("    primary", "    §primary"), "`levels` is missing", ""),
    "detector level": (PACK + DETECTOR.replace("      high", "      §hihg"), "`hihg` is not one of high", "did you mean `high`?"),
    "detector key": (PACK + DETECTOR.replace("validator:", "§validater:"), "unknown key", "did you mean `validator`?"),
    "evidence of both kinds": (PACK + DETECTOR.replace("[{key", "[§{regex: x, key"), "exactly one of", ""),
    "evidence without a window": (PACK + DETECTOR.replace("[{key", "[§{key").replace(", within: 300", ""), "`within` is missing", ""),
    "negative window": (PACK + DETECTOR.replace("within: 300", "within: §-1"), "greater than", ""),
    "unknown keyword list": (PACK + DETECTOR.replace("keywords: words", "keywords: §wrods"), "unknown keyword list", "did you mean `words`?"),
    "empty keyword list": (PACK + DETECTOR.replace("words: [ssn]", "words: §[]"), "something must stand here", ""),
    "keyword is a number": (PACK + DETECTOR.replace("[ssn]", "[ssn, §1099]"), "one line of text", "quotes"),
    "detector name": (PACK + DETECTOR.replace("  ssn:", "  §SSN!:"), "id expected", ""),
    "bad pattern": (PACK + DETECTOR.replace("'\\d{9}'", "§'(\\d{9}'"), "regex: ", ""),
    "pattern of other engines": (PACK + DETECTOR.replace("'\\d{9}'", "§'(?=x)y'"), "regex: ", ""),
    "bad pattern in evidence": (PACK + DETECTOR.replace("keywords: words,", "regex: §'a(',"), "regex: ", ""),
    "pattern that matches everywhere": (PACK + DETECTOR.replace("'\\d{9}'", "§'\\d*'"), "empty text", ""),
    "unknown validator": (PACK + DETECTOR.replace("validator: us_ssn", "validator: §us_sn"), "validator: ", "did you mean `us_ssn`?"),
    "unknown mask": (PACK + DETECTOR.replace("    levels", "    mask: §lats4\n    levels"), "mask: ", "did you mean `last4`?"),
    "unknown format": (PACK + DETECTOR.replace("within: 300}]}", "within: 300}], format: §seperated}"), "format: ", ""),
    "group that is not there": (PACK + DETECTOR.replace("validator:", "group: §2, validator:"), "group: ", ""),
    # Roll-outs
    "roll-out of nobody": (swap("    action", "    rollout: §{}\n    action"), "a share of senders or certain", "percent"),
    "roll-out of nothing": (swap("    action", "    rollout: {percent: §0}\n    action"), "greater than 0", ""),
    "roll-out of more than all": (swap("    action", "    rollout: {percent: §100.5}\n    action"), "less than or equal to 100", ""),
    "percent in words": (swap("    action", "    rollout: {percent: §10 %}\n    action"), "a percentage expected", "like 10 or 0.5"),
    "percent true": (swap("    action", "    rollout: {percent: §true}\n    action"), "a percentage expected", ""),
    "roll-out of a stranger": (swap("    action", "    rollout: {sender: §itmd}\n    action"), "does not say who", ""),
    "roll-out with another key": (swap("    action", "    rollout: {§percentage: 10}\n    action"), "unknown key", "did you mean `percent`?"),
    "roll-out in shadow": (swap("    action", "    mode: shadow\n    rollout: §{percent: 10}\n    action"), "contradicts `mode: shadow`", "mode: enforce"),
    "roll-out before its mode, off": (swap("    action", "    rollout: §{percent: 10}\n    mode: off\n    action"), "contradicts `mode: off`", ""),
    # Waivers
    "waiver without approver": (PACK + WAIVER.replace("approver: cio, ", "").replace("- {", "- §{"), "`approver` is missing", ""),
    "waiver of an unknown rule": (PACK + WAIVER.replace("rule: toy.word", "rule: §toy.wrod"), "unknown rule", "did you mean `toy.word`?"),
    "waiver for everybody": (
        PACK + WAIVER.replace('sender: pay@milwaukee.gov, recipients: "domain:irs.gov", ', "").replace("- {", "- §{"),
        "for everybody", "sender",
    ),
    "waiver without an end": (PACK + WAIVER.replace("2027-03-31", "§never"), "a date expected", ""),
    "waiver twice": (PACK + WAIVER + WAIVER.replace("waivers:\n", "").replace("id: EX-1", "id: §EX-1"), "stands here twice", ""),
}  # fmt: skip


def expected(marked: bytes) -> tuple[bytes, int, int]:
    """The pack without the mark, and the line and column the mark stood at."""
    before, mark, after = marked.partition("§".encode())
    assert mark
    assert "§".encode() not in after
    text = before.decode()
    return before + after, text.count("\n") + 1, len(text) - text.rfind("\n")


@pytest.mark.parametrize("name", BROKEN)
def test_the_mistake_stands_where_it_is(name: str, tmp_path: Path) -> None:
    marked, message, hint = BROKEN[name]
    pack, line, column = expected(marked if isinstance(marked, bytes) else marked.encode())
    result = loaded(tmp_path, pack)
    assert result.ruleset is None
    shown = [str(m) for m in result.mistakes]
    (error,) = result.errors or pytest.fail("no error")
    assert (error.line, error.column) == (line, column), shown
    assert message in error.message, shown
    assert hint in error.hint, shown
    assert str(error).startswith(f"{tmp_path}/toys.yaml:{line}:{column}: ")


def test_there_are_enough_of_them() -> None:
    assert len(BROKEN) >= 60


def test_every_mistake_of_every_file_at_once(tmp_path: Path) -> None:
    first = swap("P-DECENT", "P-DESCENT").replace("action: quarantine", "action: hold").replace("recipients:", "to:")
    (tmp_path / "a.yaml").write_text(first)
    (tmp_path / "b.yaml").write_text("pack: b\nrules: [\n")
    (tmp_path / "c.yaml").write_text("pack: toys\n" + WAIVER.replace("toy.word", "nobody"))
    result = load([tmp_path], SETTINGS, TOYS)
    found = [(Path(m.file).name, m.line) for m in result.mistakes]
    assert found == [("a.yaml", 5), ("a.yaml", 8), ("a.yaml", 10), ("b.yaml", 2), ("c.yaml", 1)]


def test_a_bad_pattern_is_told_at_its_place_beside_other_mistakes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Picky:
        def __init__(self, detectors: Detectors) -> None:
            for d in detectors.detectors:
                if "(" in d.regex:
                    raise DetectorError(d.name, "regex", "missing )")
                if d.mask == "all":
                    raise DetectorError(d.name, "mask", "unknown mask")

    monkeypatch.setattr(vocabulary, "Engine", Picky)
    first = DETECTOR[11 : DETECTOR.index("keywords:\n")]
    second = first.replace("ssn:", "ein:") + "    mask: all\n"
    two = "detectors:\n" + first.replace("'\\d{9}'", "'('") + second + "keywords:\n  words: [ssn]\n"
    result = loaded(tmp_path, PACK + two + "  empty: []\n")
    said = [(m.line, m.message) for m in result.errors]
    offset = PACK.count("\n")
    assert (offset + 3, "regex: missing )") in said
    assert any(m == "mask: unknown mask" for _, m in said)
    assert any("something" in m for _, m in said)
    clean = loaded(tmp_path, PACK + two)
    assert [m.message for m in clean.errors] == ["regex: missing )", "mask: unknown mask"]


def test_an_expired_waiver_warns_and_loads(tmp_path: Path) -> None:
    pack = PACK + WAIVER
    late = loaded(tmp_path, pack, replace(SETTINGS, today=date(2027, 4, 1)))
    assert late.ruleset is not None
    assert [(m.severity, m.line, m.message) for m in late.mistakes] == [
        ("warning", pack.count("\n"), "the waiver `EX-1` has expired")
    ]
    assert loaded(tmp_path, pack, replace(SETTINGS, today=date(2027, 2, 1))).mistakes == ()


def test_names_claimed_by_two_packs(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(PACK + DETECTOR)
    (tmp_path / "b.yaml").write_text("pack: toys\n" + DETECTOR)
    (same,) = load([tmp_path], SETTINGS, TOYS).mistakes
    assert (same.line, same.message, same.hint) == (1, "another pack is named `toys`", f"{tmp_path / 'a.yaml'}:1")
    (tmp_path / "b.yaml").write_text("pack: others\n" + DETECTOR)
    result = load([tmp_path], SETTINGS, TOYS)
    assert [(m.line, m.message.split(" ")[0], m.hint.rpartition("/")[2]) for m in result.mistakes] == [
        (3, "`ssn`", f"a.yaml:{PACK.count(chr(10)) + 2}"),
        (8, "`words`", f"a.yaml:{PACK.count(chr(10)) + 7}"),
    ]


def test_missing_paths_and_empty_folders(tmp_path: Path) -> None:
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "x.yaml").write_text("no pack")
    result = load([tmp_path / "none.yaml", tmp_path], SETTINGS, TOYS)
    assert result.ruleset is None
    said = sorted(m.message for m in result.mistakes)
    assert said == ["cannot be read: No such file or directory", "no pack in this folder"]


@pytest.mark.parametrize(
    ("who", "wide"),
    [
        ("sender: internal", True),
        ("sender: [internal, external]", True),
        ("recipients: [internal, external]", True),
        ("sender: internal, recipients: external", True),
        ("sender: internal, recipients: internal", False),
        ("sender: pay@milwaukee.gov", False),
        ('recipients: "domain:irs.gov"', False),
    ],
)
def test_a_waiver_as_wide_as_its_rule_warns(who: str, wide: bool, tmp_path: Path) -> None:
    pack = PACK + swap('sender: pay@milwaukee.gov, recipients: "domain:irs.gov"', who, WAIVER)
    result = loaded(tmp_path, pack)
    assert result.ruleset is not None
    assert [(m.severity, m.line) for m in result.mistakes if "as wide as its rule" in m.message] == (
        [("warning", PACK.count("\n") + 2)] if wide else []
    )
