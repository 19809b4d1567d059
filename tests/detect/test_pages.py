"""The page of hits and misses that each shipped detector has: found at the level it says, or not at one that acts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from smtp_gate.detect.detectors import LEVELS
from smtp_gate.reading.text import normalise
from tests.detect.texts import found, shipped

FOLDER = Path(__file__).parent / "pages"
LEAST = 40
"""Sentences of each kind that make a page."""


def pages() -> list[tuple[str, dict[str, Any]]]:
    """Each page: `detector` or `detectors`, the level it `acts` at, `hits` (by level, or any that acts) and `misses`."""
    return [(file.stem, yaml.safe_load(file.read_text("utf-8"))) for file in sorted(FOLDER.glob("*.yaml"))]


def acting(page: dict[str, Any]) -> tuple[str, ...]:
    """The levels at which one match is enough for a rule."""
    return LEVELS[: LEVELS.index(page["acts"]) + 1]


def by_level(page: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    hits = page["hits"]
    if isinstance(hits, list):
        yield from ((acting(page), said) for said in hits)
    else:
        yield from (((level,), said) for level, every in hits.items() for said in every)


def hits() -> Iterator[tuple[str, tuple[str, ...], str]]:
    yield from ((name, levels, said) for name, page in pages() for levels, said in by_level(page))


def misses() -> Iterator[tuple[str, tuple[str, ...], str]]:
    yield from ((name, acting(page), said) for name, page in pages() for said in page["misses"])


def best(name: str, said: str) -> str:
    """The best level at which the page's detectors find something in the text as it is read; empty for none."""
    page = PAGES[name]
    wanted = page.get("detectors") or [page["detector"]]
    levels = [level for detector, level, _ in found(shipped(), normalise(said)) if detector in wanted]
    return min(levels, key=LEVELS.index, default="")


PAGES = dict(pages())


@pytest.mark.parametrize(("page", "levels", "said"), list(hits()))
def test_a_hit_is_found_at_its_level(page: str, levels: tuple[str, ...], said: str) -> None:
    assert best(page, said) in levels


@pytest.mark.parametrize(("page", "levels", "said"), list(misses()))
def test_a_miss_is_nothing_that_a_rule_acts_on(page: str, levels: tuple[str, ...], said: str) -> None:
    assert best(page, said) not in levels


@pytest.mark.parametrize(("name", "page"), pages(), ids=[name for name, _ in pages()])
def test_a_page_is_a_page(name: str, page: dict[str, Any]) -> None:
    enough = [said for levels, said in by_level(page) if set(levels) <= set(acting(page))]
    assert page.get("detector", name) == name
    assert len(set(enough)) >= LEAST
    assert len(set(page["misses"])) >= LEAST
