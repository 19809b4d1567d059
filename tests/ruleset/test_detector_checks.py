"""Detectors and keyword lists that load and are no good, and known hits that the whole engine must find."""

import time
from dataclasses import replace
from datetime import UTC
from pathlib import Path

import pytest

from smtp_gate.detect.detectors import Detector, Level
from smtp_gate.detect.sieve import Sieve
from smtp_gate.ruleset.build import BuildSettings, load
from smtp_gate.ruleset.detector_checks import known_mistakes
from smtp_gate.ruleset.packs import read_source
from tests.detect.texts import RULES, code, engine, near, shipped, text
from tests.ruleset.test_broken import DETECTOR, expected
from tests.ruleset.toy import PACK, SETTINGS, loaded

USING = PACK.replace("    action", "    detector: ssn\n    action")
KNOWN = DETECTOR.replace("    levels", "    known: §NOTHING\n    levels")
TIMED = replace(SETTINGS, clock=time.process_time)


def detector(levels: str, regex: str = r"\d{9}", words: str = "[ssn]") -> str:
    return (
        f"{USING}detectors:\n  ssn:\n    primary: {{regex: '{regex}'}}\n    levels:\n{levels}"
        f"keywords:\n  words: {words}\n"
    )


ONE = "      high: {all: [{keywords: words, within: 300}]}\n"
CHECKS: dict[str, tuple[str, str, str, str]] = {
    # pack with the place marked, message, hint, severity
    "look-ahead": (detector(ONE).replace("'\\d{9}'", "§'(?=x)\\d{9}'"), "look-ahead and look-behind", "`group`", "error"),
    "look-behind in evidence": (
        detector("      high: {none: [{regex: §'(?<!no )order', within: 30}]}\n"), "look-ahead and look-behind", "evidence", "error",
    ),
    "back-reference": (detector(ONE).replace("'\\d{9}'", "§'\\d{3}([- ])\\d{2}\\1\\d{4}'"), "back-references", "[-. ]", "error"),
    "possessive": (detector(ONE).replace("'\\d{9}'", "§'\\d++x'"), "atomic groups and possessive", "leave them out", "error"),
    "end of text": (detector(ONE).replace("'\\d{9}'", "§'\\d{9}\\Z'"), "\\Z is not known", "\\z", "error"),
    "too many repeats": (detector(ONE).replace("'\\d{9}'", "§'\\d{1,2000}x'"), "repetition", "1000", "error"),
    "empty text": (detector(ONE).replace("'\\d{9}'", "§'\\d*'"), "empty text", "", "error"),
    "always there": (detector(ONE).replace("'\\d{9}'", "§'\\w+'"), "lines of ordinary text", "say more", "error"),
    "letters beyond ASCII": (detector(ONE).replace("'\\d{9}'", "§'\\bпривет'"), "letters of ASCII alone", "\\pL", "error"),
    "ASCII word signs": (detector(ONE).replace("'\\d{9}'", "§'ñ\\w{9}'"), "letters of ASCII alone", "\\pL", "warning"),
    "slow": (detector(ONE).replace("'\\d{9}'", "§'(a|b)*a(a|b){200}'"), "s of the processor", "repeats smaller", "error"),
    "slow evidence": (
        detector("      high: {all: [{regex: §'(a|b)*a(a|b){200}', within: 300}]}\n"), "s of the processor", "", "error",
    ),
    "one letter": (detector(ONE, words="[ssn, §x]"), "nearly every text", "two letters", "error"),
    "no letter": (detector(ONE, words='[ssn, §"#"]'), "nearly every text", "two letters", "error"),
    "not normalised": (detector(ONE, words="[ssn, §ﬁle]"), "stands in no text", "`file`", "error"),
    "word twice": (detector(ONE, words="[social security, §Social-Security]"), "twice", "line", "warning"),
    "wide window": (detector("      high: {all: [{keywords: words, within: §2001}]}\n"), "2000", "", "error"),
    "level below takes more": (
        detector(ONE + "      low: §{all: [{keywords: words, within: 100}, {regex: abc, within: 9}]}\n"), "never reached", "take more", "warning",
    ),
    "level below the one that takes nothing": (detector("      high: {}\n      medium: §{all: [{keywords: words, within: 9}]}\n"), "never reached", "", "warning"),
    "level of the same": (detector(ONE + "      low: §{any: [{keywords: words, within: 300}]}\n"), "never reached", "", "warning"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHECKS)
def test_the_remark_stands_where_its_cause_is(name: str, tmp_path: Path) -> None:
    marked, message, hint, severity = CHECKS[name]
    pack, line, column = expected(marked.encode())
    result = loaded(tmp_path, pack, TIMED)
    shown = [str(m) for m in result.mistakes]
    (mistake,) = result.mistakes
    assert (mistake.line, mistake.column) == (line, column), shown
    assert message in mistake.message, shown
    assert hint in mistake.hint, shown
    assert mistake.severity == severity
    assert (result.ruleset is None) is (severity == "error")


def test_they_are_all_told_at_once(tmp_path: Path) -> None:
    pack = detector(ONE + "      low: {all: [{keywords: words, within: 9}]}\n", r"\w", "[ssn, SSN, x]")
    assert len(loaded(tmp_path, pack).mistakes) == 4


def test_without_a_clock_no_pattern_is_refused_for_its_cost(tmp_path: Path) -> None:
    assert loaded(tmp_path, detector(ONE, r"(a|b)*a(a|b){200}")).ruleset is not None


@pytest.mark.parametrize(
    "lower",
    [
        "{all: [{keywords: words, within: 301}]}",
        "{any: [{keywords: words, within: 300}, {regex: abc, within: 9}]}",
        "{}",
        "{all: [{regex: abc, within: 9}]}",
    ],
)
def test_a_level_that_takes_less_is_reached(lower: str, tmp_path: Path) -> None:
    assert loaded(tmp_path, detector(ONE + f"      low: {lower}\n")).mistakes == ()


@pytest.mark.parametrize(
    ("known", "message"),
    [
        ('"SSN 536904399"', ""),
        ('["SSN 536904399", "536904399 ssn"]', ""),
        ('"SSN 536904398765"', "is not found"),
        ('"number 536904399"', "is not found"),
        ('["SSN 536904399", §"SSN"]', "is not found"),
    ],
)
def test_a_known_hit_must_be_found_at_the_surest_level(known: str, message: str, tmp_path: Path) -> None:
    marked = USING + KNOWN.replace("§NOTHING", known if "§" in known else f"§{known}")
    pack, line, column = expected(marked.encode())
    result = loaded(tmp_path, pack)
    said = [(m.line, m.column, m.message) for m in result.errors]
    assert said == ([(line, column, f"the known hit {message}")] if message else [])
    assert (result.ruleset is None) is bool(message)


def test_a_known_hit_at_a_lower_level_is_none(tmp_path: Path) -> None:
    levels = ONE + "      low: {}\n"
    pack = detector(levels).replace("    levels", '    known: "number 536904399"\n    levels')
    (mistake,) = loaded(tmp_path, pack).mistakes
    assert mistake.message == "the known hit is found at `low` alone"
    assert mistake.hint == "it must be `high`"


def test_a_known_hit_is_normalised_as_mail_is(tmp_path: Path) -> None:
    assert loaded(tmp_path, USING + KNOWN.replace("§NOTHING", '"SSN ５３６９０４３９９"')).mistakes == ()


def test_a_filter_that_fails_silently_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack = USING + KNOWN.replace("§NOTHING", '"SSN 536904399"')
    assert loaded(tmp_path, pack).ruleset is not None
    monkeypatch.setattr(Sieve, "possible", lambda *_: [])
    result = loaded(tmp_path, pack)
    assert result.ruleset is None
    assert [m.message for m in result.errors] == ["the known hit is not found"]


def test_every_shipped_detector_has_a_known_hit_and_finds_it() -> None:
    without = [d.name for d in shipped().detectors.detectors if not d.known]
    assert without == []


def test_shipped_packs_give_no_remark_with_the_clock_running() -> None:
    result = load([RULES], BuildSettings(frozenset({"milwaukee.gov"}), UTC, clock=time.process_time))
    assert result.mistakes == ()


def test_a_detector_alone_says_what_it_misses() -> None:
    source = read_source(RULES / "pii.yaml", [])
    assert source is not None
    lost: Detector = replace(code(Level("high", all=(near("a"),))), known=("1234 word", "1234"))
    made = engine(lost, a=("word",))
    assert [m.message for m in known_mistakes(source, lost, made)] == ["the known hit is not found"]
    assert made.scan((text("1234 word"),))
