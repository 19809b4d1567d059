"""A reading of today merged into what was known: the past stays, today is what was read, and nobody has an address twice."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.adapters.directory_rows import overlaps
from smtp_gate.core.directory import Dated, Directory, Entry, index
from smtp_gate.core.directory_merge import merged

FIRST = date(2026, 6, 1)
MONDAY, TUESDAY, WEDNESDAY = date(2026, 7, 6), date(2026, 7, 7), date(2026, 7, 8)
ANN = Entry("ann@b.c", name="Ann", department="Health")


def after(old: list[Entry], *new: Entry, day: date = TUESDAY) -> list[Entry]:
    return list(merged(index(old), new, day))


def test_the_first_reading_is_taken_as_it_is_in_a_stable_order() -> None:
    bob = Entry("bob@b.c")
    assert after([], bob, ANN) == after([], ANN, bob) == [ANN, bob]


def test_what_is_as_it_was_stays_as_it_was() -> None:
    assert after([ANN], ANN) == [ANN]


def test_an_account_that_has_vanished_ended_the_day_before() -> None:
    assert after([ANN]) == [replace(ANN, until=MONDAY)]


def test_an_account_that_had_ended_before_is_left_alone() -> None:
    gone = replace(ANN, until=date(2026, 1, 31))
    assert after([gone]) == [gone]


def test_a_new_account_begins_on_the_day() -> None:
    assert after([ANN], ANN, Entry("bob@b.c")) == [ANN, Entry("bob@b.c", since=TUESDAY)]


def test_a_new_account_of_the_same_day_that_vanishes_again_never_was() -> None:
    assert after([ANN, Entry("bob@b.c", since=TUESDAY)], ANN) == [ANN]


@pytest.mark.parametrize(
    "change", [{"department": "Library"}, {"title": "Chief"}, {"status": "vendor"}, {"kind": "list"}, {"person": "p"}]
)
def test_a_change_of_what_the_account_is_begins_a_stretch(change: dict[str, str]) -> None:
    now = replace(ANN, **change)  # type: ignore[arg-type]  # all of these are texts
    assert after([ANN], now) == [replace(ANN, until=MONDAY), replace(now, since=TUESDAY)]


def test_a_changed_name_or_successor_replaces_the_old_one() -> None:
    now = replace(ANN, name="Ann Lee", address="Ann@b.c", successor="x@b.c")
    assert after([ANN], now) == [now]


def test_changed_values_are_dated_within_the_stretch() -> None:
    before = replace(ANN, groups=(Dated("g"), Dated("h")), personal=(Dated("P@x.y"),))
    now = replace(ANN, groups=(Dated("i"), Dated("h")), personal=(Dated("p@x.y"),))
    groups = (Dated("g", None, MONDAY), Dated("h"), Dated("i", TUESDAY))
    assert after([before], now) == [replace(now, groups=groups)]


def test_a_value_that_comes_back_has_a_second_term() -> None:
    before = replace(ANN, groups=(Dated("g", None, date(2026, 1, 31)),))
    now = replace(ANN, groups=(Dated("g"),))
    assert after([before], now)[0].groups == (Dated("g", None, date(2026, 1, 31)), Dated("g", TUESDAY))


def test_an_alias_that_went_to_another_account_is_handed_over_on_the_day() -> None:
    bob, alias = Entry("bob@b.c"), (Dated("desk@b.c"),)
    made = after([replace(ANN, aliases=alias), bob], ANN, replace(bob, aliases=alias))
    assert [e.aliases for e in made] == [(Dated("desk@b.c", None, MONDAY),), (Dated("desk@b.c", TUESDAY),)]


def test_an_account_that_comes_back_has_a_second_stretch() -> None:
    gone = replace(ANN, until=date(2026, 1, 31))
    assert after([gone], ANN) == [gone, replace(ANN, since=TUESDAY)]


def test_two_syncs_of_one_day_are_as_the_second_alone() -> None:
    once = after([ANN], replace(ANN, department="Library"))
    assert after(once, ANN) == [ANN]


class TestDaysThatTheSourceWritesDown:
    def test_a_new_account_begins_when_the_source_says(self) -> None:
        bob = Entry("bob@b.c", since=date(2026, 3, 1))
        assert after([ANN], ANN, bob)[1] == bob

    def test_it_begins_on_the_day_where_another_had_the_address_until_now(self) -> None:
        bob = Entry("bob@b.c", since=date(2026, 3, 1))
        assert after([replace(ANN, aliases=(Dated("bob@b.c"),))], ANN, bob)[1].since == TUESDAY

    def test_its_aliases_begin_after_those_who_had_them(self) -> None:
        desk = (Dated("desk@b.c"),)
        bob = Entry("bob@b.c", since=date(2026, 3, 1), aliases=desk)
        gone = replace(ANN, aliases=desk, until=date(2026, 6, 30))
        assert after([gone], bob)[1] == replace(bob, aliases=(Dated("desk@b.c", date(2026, 7, 1)),))

    def test_an_earlier_beginning_is_taken_back_only_to_where_nobody_else_had_the_address(self) -> None:
        bob, early = Entry("bob@b.c", since=date(2026, 7, 1)), date(2026, 3, 1)
        ann = replace(ANN, aliases=(Dated("bob@b.c", None, date(2026, 6, 30)),))
        assert after([ann, bob], ANN, replace(bob, since=early)) == [ann, bob]
        assert after([ANN, bob], ANN, replace(bob, since=early)) == [ANN, replace(bob, since=early)]

    def test_an_account_whose_beginning_nobody_knew_began_then(self) -> None:
        assert after([ANN], replace(ANN, since=date(2020, 1, 1))) == [replace(ANN, since=date(2020, 1, 1))]

    def test_the_beginning_of_an_account_says_nothing_about_its_later_stretches(self) -> None:
        hired = date(2020, 1, 1)
        now = replace(ANN, department="Library", since=hired)
        made = after([replace(ANN, since=hired)], now)
        assert [(e.since, e.until) for e in made] == [(hired, MONDAY), (TUESDAY, None)]
        assert after(made, now, day=WEDNESDAY) == made

    def test_an_account_ends_when_the_source_says(self) -> None:
        for end in (date(2026, 7, 1), MONDAY, TUESDAY, date(2027, 1, 1)):
            assert after([ANN], replace(ANN, until=end)) == [replace(ANN, until=end)]

    def test_an_end_that_is_taken_back_leaves_no_gap_where_it_had_not_come(self) -> None:
        assert after([replace(ANN, until=WEDNESDAY)], ANN) == [ANN]

    def test_an_end_before_a_stretch_that_we_saw_takes_that_away(self) -> None:
        seen = [replace(ANN, until=date(2026, 3, 31)), replace(ANN, department="Library", since=date(2026, 4, 1))]
        assert after(seen, replace(ANN, until=date(2026, 2, 28))) == [replace(ANN, until=date(2026, 2, 28))]

    def test_an_account_that_is_to_come_comes(self) -> None:
        coming = Entry("bob@b.c", since=date(2026, 8, 1))
        assert after([ANN, coming], ANN, replace(coming, since=WEDNESDAY))[1].since == WEDNESDAY

    def test_values_have_the_days_that_stand_behind_them(self) -> None:
        now = replace(ANN, groups=(Dated("g", date(2026, 1, 1), date(2026, 12, 31)), Dated("h", WEDNESDAY)))
        assert after([replace(ANN, groups=(Dated("g"),))], now)[0].groups == now.groups

    def test_several_stretches_of_one_account_stay_apart(self) -> None:
        one, two = replace(ANN, until=date(2025, 1, 31)), replace(ANN, since=date(2026, 2, 1))
        assert after([Entry("bob@b.c")], one, two)[:2] == [one, two]
        assert after([one, two], one, two) == [one, two]


ADDRESSES = ("a@b.c", "b@b.c", "C@b.c", "d@b.c")
texts = st.sampled_from(("", "x", "y"))
values = st.lists(st.sampled_from(ADDRESSES), max_size=2, unique=True)


@st.composite
def readings(draw: st.DrawFn, *, dated: bool = False) -> list[Entry]:
    """What a source says on one day: nobody has an address twice on it."""
    made: list[Entry] = []
    for address in draw(st.lists(st.sampled_from(ADDRESSES), max_size=4, unique=True)):
        since, until = (draw(terms) if dated else (None, None)) if draw(st.booleans()) else (None, None)
        aliases = tuple(Dated(a, *(draw(terms) if dated else (None, None))) for a in draw(values))
        groups = tuple(map(Dated, draw(values)))
        entry = Entry(address, department=draw(texts), groups=groups, aliases=aliases, since=since, until=until)
        if not any(overlaps(index([*made, entry]))):
            made.append(entry)
    return made


days = st.one_of(st.none(), st.integers(0, 12).map(lambda n: FIRST + timedelta(n)))
terms = st.tuples(days, days).filter(lambda t: t[0] is None or t[1] is None or t[0] <= t[1])
EVERY = [FIRST + timedelta(n) for n in range(-2, 15)]


def answer(people: Directory, address: str, day: date) -> object:
    """Who has an address on a day, but for what says nothing about that day."""
    account = people.look_up(address, day)
    if account is None or not account.current:
        return None
    aliases = tuple(sorted(account.aliases))
    return replace(account, name="", address=account.key, aliases=aliases, valid_from=None, valid_to=None, successor="")


@given(st.lists(st.tuples(readings(), st.integers(0, 3)), min_size=2, max_size=5))
def test_no_reading_changes_any_earlier_day_and_today_is_what_was_read(course: list[tuple[list[Entry], int]]) -> None:
    day, known = FIRST, index([])
    for reading, later in course:
        day += timedelta(later)
        before, known = known, index(merged(known, reading, day))
        read = index(reading)
        assert not list(overlaps(known))
        for address in ADDRESSES:
            for one in EVERY:
                from_it = one >= day or not before.entries
                assert answer(known, address, one) == answer(read if from_it else before, address, one), (address, one)
        assert merged(known, reading, day) == known.entries


@given(st.lists(st.tuples(readings(dated=True), st.integers(0, 3)), min_size=2, max_size=5))
def test_days_that_a_source_writes_down_never_give_an_address_to_two(course: list[tuple[list[Entry], int]]) -> None:
    day, known = FIRST, index([])
    for reading, later in course:
        day += timedelta(later)
        known = index(merged(known, reading, day))
        read = index(reading)
        assert not list(overlaps(known)), known.entries
        for address in ADDRESSES:
            for one in (d for d in EVERY if d >= day):
                assert answer(known, address, one) == answer(read, address, one), (address, one)


@given(readings(dated=True), readings(), st.integers(0, 12))
def test_whatever_stood_in_a_dated_directory_an_undated_reading_changes_no_earlier_day(
    old: list[Entry], reading: list[Entry], later: int
) -> None:
    before, day = index(old), FIRST + timedelta(later)
    known = index(merged(before, reading, day))
    for address in ADDRESSES:
        for one in (d for d in EVERY if d < day and old):
            assert answer(known, address, one) == answer(before, address, one), (address, one)
