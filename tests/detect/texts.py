"""Texts, detectors and the shipped pack for the tests of this folder."""

from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from smtp_gate.core.view import Match, Region, RegionKind, Span, Text
from smtp_gate.detect.detectors import Detector, Detectors, Evidence, Level
from smtp_gate.detect.engine import Engine
from smtp_gate.ruleset.build import BuildSettings, load

OWN = Region(RegionKind.OWN)
RULES = Path(__file__).parents[2] / "rules"


def text(content: str, *, part: str = "1", reading: str = "plain") -> Text:
    return Text(part, reading, content, (Span(0, len(content), OWN),))


def regions(*pieces: tuple[RegionKind, str]) -> Text:
    """One text made of pieces that stand in different regions."""
    spans, whole = [], ""
    for kind, piece in pieces:
        spans.append(Span(len(whole), len(whole) + len(piece), Region(kind)))
        whole += piece
    return Text("1", "plain", whole, tuple(spans))


@cache
def shipped() -> Engine:
    """The engine of the shipped packs."""
    loaded = load(
        [RULES], BuildSettings(frozenset({"milwaukee.gov"}), ZoneInfo("America/Chicago"), "Ask the help desk.")
    )
    assert loaded.ruleset is not None, loaded.mistakes
    return loaded.ruleset.engine


def found(engine: Engine, content: str) -> list[tuple[str, str, str]]:
    """What is found: detector, level, and the value as written."""
    return [(m.detector, m.level, value(m)) for m in engine.scan((text(content),))]


def value(match: Match) -> str:
    return match.text.text[match.start : match.end]


def near(keywords: str = "", within: int = 20, *, regex: str = "") -> Evidence:
    return Evidence(within, keywords, regex)


def code(*levels: Level, regex: str = r"\d{4}", group: int = 0, validator: str = "", mask: str = "last4") -> Detector:
    return Detector("code", regex, levels or (Level("high"),), validator, mask, group)


def engine(*detectors: Detector, **keywords: tuple[str, ...]) -> Engine:
    return Engine(Detectors(detectors, keywords))
