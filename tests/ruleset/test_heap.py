"""The search for rubbish is put off while rulesets are built, and goes on afterwards, whatever happened."""

import gc
from pathlib import Path

import pytest

from smtp_gate.ruleset import build
from smtp_gate.ruleset.heap import no_search
from smtp_gate.ruleset.marks import Mistake
from smtp_gate.ruleset.packs import Source, read_source
from tests.ruleset.toy import SETTINGS, TOYS, loaded


def test_it_goes_on_afterwards_even_behind_a_mistake() -> None:
    assert gc.isenabled()
    seen = []

    def fail() -> None:
        seen.append(gc.isenabled())
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), no_search():
        fail()
    assert seen == [False]
    assert gc.isenabled()


def test_who_has_switched_it_off_finds_it_off() -> None:
    gc.disable()
    try:
        with no_search():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_packs_are_read_without_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def reading(path: Path, mistakes: list[Mistake]) -> Source | None:
        seen.append(gc.isenabled())
        return read_source(path, mistakes)

    monkeypatch.setattr(build, "read_source", reading)
    loaded(tmp_path)
    build.load([tmp_path], SETTINGS, TOYS)
    assert seen == [False, False]
    assert gc.isenabled()
