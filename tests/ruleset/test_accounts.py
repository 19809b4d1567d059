"""What of the directory is hardly meant is told at its line, and what is meant or over is not."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from smtp_gate.adapters.directory import load
from smtp_gate.core.directory import Dated, Directory, Entry
from smtp_gate.ruleset.accounts import account_mistakes

TODAY, FILE = date(2026, 9, 1), Path("directory.csv")
OURS = frozenset({"city.gov"})
ANN = Entry("ann@city.gov", groups=(Dated("desk"),), aliases=(Dated("Ann.Lee@city.gov"),), line=2)
BOB = Entry("bob@city.gov", line=3)
SAMPLE = Path(__file__).parents[2] / "config" / "directory.csv"


def told(*entries: Entry, ours: frozenset[str] = OURS) -> list[tuple[str, str]]:
    found = list(account_mistakes(FILE, entries, ours, TODAY))
    assert {(m.file, m.line, m.column, m.severity) for m in found} <= {("directory.csv", 3, 1, "warning")}
    return [(m.message, m.hint) for m in found]


def bob(**cells: Any) -> list[tuple[str, str]]:
    return told(ANN, replace(BOB, **cells))


@pytest.mark.parametrize(
    ("cells", "said", "hint"),
    [
        ({"senders": (Dated("group:dest"),)}, "senders: nobody is ever in `group:dest`", "did you mean `desk`?"),
        ({"senders": (Dated("group:"),)}, "senders: nobody is ever in `group:`", "known: desk"),
        (
            {"senders": (Dated("anm@city.gov"),)},
            "senders: nobody has the address `anm@city.gov`",
            "",
        ),
        (
            {"senders": (Dated("ann.leo@city.gov"),)},
            "senders: nobody has the address `ann.leo@city.gov`",
            "did you mean `ann.lee@city.gov`?",
        ),
        (
            {"groups": (Dated("group: desk"),)},
            "groups: `group: desk` has `group:` in the group's name",
            "leave it out",
        ),
        ({"groups": (Dated("rank: chief"),)}, "groups: `rank: chief` has a blank beside its colon", "rules must"),
        (
            {"senders": (Dated("group:rank :chief"),)},
            "senders: `rank :chief` has a blank beside its colon",
            "rules must",
        ),
        (
            {"groups": (Dated("desk 2026-09-15.."),)},
            "groups: `desk 2026-09-15..` looks like a group with days, but has no brackets around them",
            "days are written like [2026-07-01..2026-12-31]",
        ),
        (
            {"senders": (Dated("group:desk 2026-09-15.."),)},
            "senders: `desk 2026-09-15..` looks like a group with days, but has no brackets around them",
            "days are written",
        ),
        (
            {"since": date(2026, 7, 1), "aliases": (Dated("b@city.gov", None, date(2026, 6, 30)),)},
            "aliases: `b@city.gov [..2026-06-30]` never holds: the account has other days",
            "",
        ),
        (
            {"until": date(2026, 12, 31), "groups": (Dated("desk", date(2027, 1, 1)),)},
            "groups: `desk [2027-01-01..]` never holds: the account has other days",
            "",
        ),
        ({"successor": "ann.le@city.gov"}, "successor: nobody has the address `ann.le@city.gov`", "did you mean"),
        (
            {"personal": (Dated("b@Mail.city.gov"),)},
            "personal: `b@Mail.city.gov` is in one of our domains",
            "an address",
        ),
        ({"address": "bob@gov"}, "address: `bob@gov` is in none of our domains", "see `internal_domains`"),
        ({"address": "bob@notcity.gov"}, "address: `bob@notcity.gov` is in none of our domains", "see"),
    ],
)
def test_what_is_hardly_meant_is_told(cells: dict[str, Any], said: str, hint: str) -> None:
    ((message, way_out),) = bob(**cells)
    assert message == said
    assert way_out.startswith(hint)
    assert bool(way_out) is bool(hint)


@pytest.mark.parametrize(
    "cells",
    [
        {"senders": (Dated("group:Desk"), Dated("ANN@city.gov"), Dated("ann.lee@city.gov"))},
        {"senders": (Dated("gone@city.gov", None, date(2026, 8, 31)),)},
        {"groups": (Dated("rank:chief"), Dated("desk 2026"), Dated("groupware"), Dated("v1..2"))},
        {"since": date(2026, 7, 1), "aliases": (Dated("b@city.gov", None, date(2026, 7, 1)),)},
        {"until": date(2026, 12, 31), "personal": (Dated("b@home.net", date(2027, 1, 1)),)},
        {"successor": "Ann.Lee@city.gov"},
        {"address": "bob@Fire.City.gov"},
        {"address": "bob@else.gov", "successor": "x@y.z", "until": date(2026, 8, 31)},
    ],
)
def test_what_is_meant_or_over_is_not(cells: dict[str, Any]) -> None:
    assert bob(**cells) == []


def test_the_last_day_still_counts_and_without_our_domains_none_is_foreign() -> None:
    assert len(bob(address="bob@else.gov", until=TODAY)) == 1
    assert told(ANN, replace(BOB, address="bob@else.gov", personal=(Dated("b@city.gov"),)), ours=frozenset()) == []


def test_many_slips_are_all_told_and_the_first_ones_with_a_hint() -> None:
    found = bob(senders=tuple(Dated(f"group:desk{n}") for n in range(30)))
    assert [bool(hint) for _, hint in found] == [True] * 20 + [False] * 10
    found = bob(senders=tuple(Dated(f"ann.lee{n}@city.gov") for n in range(30)))
    assert [bool(hint) for _, hint in found] == [True] * 20 + [False] * 10


def test_the_sample_is_fine() -> None:
    people = load(SAMPLE, ZoneInfo("America/Chicago"))
    assert isinstance(people, Directory)
    assert list(account_mistakes(SAMPLE, people.entries, frozenset({"milwaukee.gov"}), TODAY)) == []
