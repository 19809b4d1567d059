"""Rows of the directory: dated values, every mistake of a row, and addresses that two have on one day."""

from collections.abc import Mapping
from datetime import UTC, date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from smtp_gate.adapters.directory_columns import COLUMNS
from smtp_gate.adapters.directory_rows import Reader, RowMistake, build, is_address, overlaps, row_of
from smtp_gate.core.directory import Dated, Directory, Entry, index
from smtp_gate.reading.paths import parse_address

JULY1, JULY31 = date(2026, 7, 1), date(2026, 7, 31)


def read(**cells: str) -> Entry:
    mistakes: list[RowMistake] = []
    entry = Reader().entry(2, {"address": "a@b.c", **cells}, mistakes)
    assert entry is not None, mistakes
    return entry


def wrong(**cells: str) -> list[RowMistake]:
    mistakes: list[RowMistake] = []
    assert Reader().entry(2, {"address": "a@b.c", **cells}, mistakes) is None
    return mistakes


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("x@b.c", [Dated("x@b.c")]),
        ("x@b.c [2026-07-01..2026-07-31]", [Dated("x@b.c", JULY1, JULY31)]),
        ("x@b.c[2026-07-01..]; y@b.c [ ..2026-07-31 ];", [Dated("x@b.c", JULY1), Dated("y@b.c", None, JULY31)]),
        ("x@b.c [..]", [Dated("x@b.c")]),
        (" ; ;", []),
    ],
)
def test_each_value_of_a_cell_may_have_days_of_its_own(cell: str, expected: list[Dated]) -> None:
    for column in ("aliases", "personal", "senders"):
        assert list(getattr(read(**{column: cell}), column)) == expected


def test_groups_are_in_small_letters_and_senders_are_groups_or_addresses() -> None:
    entry = read(groups="Permit Desk [2026-07-01..]", senders="group:  permit desk [..2026-07-31];x@b.c")
    assert entry.groups == (Dated("permit desk", JULY1),)
    assert entry.senders == (Dated("group:permit desk", None, JULY31), Dated("x@b.c"))


@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [
        ("aliases", "nobody", "not an address: 'nobody'"),
        (
            "aliases",
            "x@b.c [2026-07-01]",
            "not an address: 'x@b.c [2026-07-01]'; days are written like [2026-07-01..2026-12-31]",
        ),
        (
            "personal",
            "x@b.c [2026-09-15.]",
            "not an address: 'x@b.c [2026-09-15.]'; days are written like [2026-07-01..2026-12-31]",
        ),
        (
            "aliases",
            "x@b.c 2026-09-15..",
            "not an address: 'x@b.c 2026-09-15..'; days are written like [2026-07-01..2026-12-31]",
        ),
        ("senders", "Group :desk", "not an address: 'Group :desk'; a group is written like group:NAME"),
        ("senders", "permit-desk", "not an address: 'permit-desk'"),
        ("groups", "g [2026-07-01]", "days are written like [2026-07-01..2026-12-31]: 'g [2026-07-01]'"),
        ("groups", "[2026-07-01..]", "days are written like [2026-07-01..2026-12-31]: '[2026-07-01..]'"),
        ("groups", "g [2026-07-31..2026-07-01]", "its last day is before its first: 'g [2026-07-31..2026-07-01]'"),
        ("groups", "g [2026-13-01..]", "not a day like 2026-03-31: '2026-13-01'"),
        ("valid_from", "20260701", "not a day like 2026-03-31: '20260701'"),
        ("kind", "robot", "'robot' is none of person, service, shared, list, forward"),
        ("successor", "next", "not an address: 'next'"),
    ],
)
def test_a_cell_that_cannot_be_read_is_told_with_its_column(column: str, cell: str, said: str) -> None:
    assert wrong(**{column: cell}) == [RowMistake(2, column, said)]


def test_every_mistake_of_a_row_is_told() -> None:
    found = wrong(address="", kind="robot", valid_from="x", groups="[", aliases="1;2", successor="3")
    assert [m.column for m in found] == ["successor", "address", "kind", "valid_from", "groups", "aliases", "aliases"]


def test_a_bad_cell_is_told_again_where_another_row_has_it_too() -> None:
    rows = [(n, {"address": f"a{n}@b.c", "groups": "[", "valid_from": "x"}) for n in (2, 3)]
    mistakes = build(rows, [], "", UTC)
    assert not isinstance(mistakes, Directory)
    assert [m.line for m in mistakes] == [2, 2, 3, 3]


def test_an_alias_may_be_handed_over_but_not_shared() -> None:
    def two(first: str, second: str) -> list[str]:
        return [m.reason for m in overlaps(index([read(aliases=first), read(address="b@b.c", aliases=second)]))]

    assert two("x@b.c [..2026-06-30]", "X@b.c [2026-07-01..]") == []
    assert two("x@b.c [..2026-07-01]", "X@b.c [2026-07-01..]") == ["x@b.c twice, first on 2026-07-01"]
    assert two("x@b.c; x@b.c [2026-07-01..]", "") == ["x@b.c twice, first on 2026-07-01"]
    assert two("x@b.c [..2026-06-30]; x@b.c [2026-07-31..]", "x@b.c [2026-07-01..2026-07-30]") == []
    assert two("a@b.c", "") == ["a@b.c twice, from the beginning"]


def test_a_clash_is_told_at_the_later_line_with_its_column_and_first_day() -> None:
    def clash(early: Mapping[str, str], late: Mapping[str, str]) -> tuple[RowMistake, ...]:
        found = build([(2, early), (3, late)], [], "", UTC)
        assert not isinstance(found, Directory)
        return found

    ann = {"address": "a@b.c", "valid_from": "2026-07-01"}
    bob = {"address": "b@b.c", "aliases": "A@b.c [..2026-07-31]"}
    said = "a@b.c is also in use by line 2, first on 2026-07-01"
    assert clash(ann, bob) == (RowMistake(3, "aliases", said),)
    assert clash(bob, ann) == (RowMistake(3, "address", said),)
    assert clash({"address": "c@b.c", "aliases": "a@b.c"}, bob)[0].column == "aliases"
    own = {"address": "a@b.c", "aliases": "a@b.c [2026-07-01..]"}
    assert clash(own, {"address": "b@b.c"}) == (RowMistake(2, "aliases", "a@b.c twice, first on 2026-07-01"),)


def test_the_days_of_an_alias_end_with_those_of_its_account() -> None:
    first = read(aliases="x@b.c", valid_to="2026-06-30")
    assert not list(overlaps(index([first, read(address="b@b.c", aliases="x@b.c", valid_from="2026-07-01")])))
    assert list(overlaps(index([first, read(address="b@b.c", aliases="x@b.c", valid_from="2026-06-30")])))


days = st.one_of(st.none(), st.dates(date(2000, 1, 1), date(2040, 1, 1)))
terms = st.tuples(days, days).filter(lambda t: t[0] is None or t[1] is None or t[0] <= t[1])
names = st.text(st.characters(codec="utf-8", categories=("L", "N", "Zs", "Sm"), exclude_characters=";[]")).map(
    str.strip
)


def dated(values: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[Dated, ...]]:
    return st.lists(st.builds(lambda v, t: Dated(v, *t), values, terms), max_size=3).map(tuple)


addresses = st.sampled_from(("a@b.c", "Ann.Lee@b.c", "x+y@sub.b.c"))
groups = names.filter(bool).map(str.casefold).map(str.strip).filter(bool)


@given(st.builds(
    lambda t, **cells: Entry(since=t[0], until=t[1], **cells), terms,
    address=addresses, name=names, department=names, groups=dated(groups), aliases=dated(addresses),
    personal=dated(addresses), senders=dated(st.one_of(addresses, groups.map("group:{}".format))), successor=addresses,
))  # fmt: skip
def test_a_row_that_was_written_is_read_back(entry: Entry) -> None:
    row: Mapping[str, str] = row_of(entry)
    assert tuple(row) == COLUMNS
    again = Reader().entry(2, row, [])
    assert again == entry


@given(st.from_regex(r"[A-Za-z0-9_.+@ é\"-]{0,70}", fullmatch=True))
@example("a" * 64 + "@b.c")
@example("a" * 65 + "@b.c")
@example("a@-b.c")
@example("a@b..c")
@example("a@xn--bcher-kva.example")
@example("a@[192.0.2.1]")
@example("<>")
def test_the_quick_look_at_an_address_says_what_the_door_says(text: str) -> None:
    path = parse_address(text)
    assert is_address(text) is (path is not None and bool(path.domain))


@given(st.from_regex(r"[a-z.+_-]{1,8}@[a-z0-9.-]{1,12}", fullmatch=True))
def test_and_so_for_what_looks_like_one(text: str) -> None:
    path = parse_address(text)
    assert is_address(text) is (path is not None and bool(path.domain))
