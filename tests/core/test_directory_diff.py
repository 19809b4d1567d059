"""What differs between two directories on a day: each account once, as new, ended or changed, and in what."""

from dataclasses import replace
from datetime import date

from hypothesis import given

from smtp_gate.core.directory import Dated, Entry, index
from smtp_gate.core.directory_diff import Change, changes
from smtp_gate.core.directory_merge import merged
from tests.core.test_directory_merge import readings

DAY = date(2026, 7, 7)
ANN = Entry("ann@b.c", name="Ann", department="Health", title="Nurse")


def between(old: list[Entry], new: list[Entry]) -> list[Change]:
    return list(changes(index(old), index(new), DAY))


def test_directories_that_are_alike_do_not_differ() -> None:
    assert between([ANN], [replace(ANN, line=7)]) == []


def test_a_new_account_says_what_it_is() -> None:
    (change,) = between([], [ANN])
    assert (change.address, change.name, change.how) == ("ann@b.c", "Ann", "new")
    assert ("department", "", "Health") in change.what


def test_an_account_that_has_ended_or_is_gone_says_when_it_did() -> None:
    ended = replace(ANN, until=date(2026, 7, 6))
    assert between([ANN], [ended]) == [Change("ann@b.c", "Ann", "ended", (("valid_to", "", "2026-07-06"),))]
    assert between([ANN], []) == [Change("ann@b.c", "Ann", "ended")]


def test_an_account_that_nobody_knew_and_that_is_over_has_ended() -> None:
    over = replace(ANN, until=date(2026, 7, 6))
    assert between([], [over]) == [Change("ann@b.c", "Ann", "ended", (("valid_to", "", "2026-07-06"),))]
    assert between([], [replace(ANN, until=DAY)])[0].how == "new"


def test_a_changed_account_says_what_it_was_and_is() -> None:
    now = replace(ANN, department="Library", since=DAY, groups=(Dated("g"), Dated("a")))
    (change,) = between([ANN], [replace(ANN, until=date(2026, 7, 6)), now])
    assert (change.how, change.what) == ("changed", (("department", "Health", "Library"), ("groups", "", "a; g")))


def test_an_end_that_is_to_come_is_a_change() -> None:
    (change,) = between([ANN], [replace(ANN, until=date(2026, 12, 31))])
    assert (change.how, change.what) == ("changed", (("valid_to", "", "2026-12-31"),))


def test_a_beginning_that_was_not_known_is_a_change() -> None:
    (change,) = between([ANN], [replace(ANN, since=date(2026, 6, 1))])
    assert (change.how, change.what) == ("changed", (("valid_from", "", "2026-06-01"),))


def test_what_is_to_come_is_a_change_though_nothing_differs_today() -> None:
    (change,) = between([ANN], [replace(ANN, groups=(Dated("g", date(2026, 8, 1)),))])
    assert change.what == (("groups", "", "g [2026-08-01..]"),)
    (change,) = between([ANN], [ANN, replace(ANN, since=date(2026, 9, 1))])
    assert change.what == (("stretches", "1", "2"),)
    (change,) = between([], [replace(ANN, since=date(2026, 9, 1))])
    assert (change.how, ("valid_from", "", "2026-09-01") in change.what) == ("changed", True)


@given(readings(dated=True), readings(dated=True))
def test_what_differs_is_told_and_what_does_not_is_not(old: list[Entry], new: list[Entry]) -> None:
    first, second = index(old), index(merged(index(old), new, DAY))
    told = {c.address.casefold() for c in changes(first, second, DAY)}
    by_key = [{e.key: [x for x in d.entries if x.key == e.key] for e in d.entries} for d in (first, second)]
    differing = {k for k in by_key[0].keys() | by_key[1].keys() if by_key[0].get(k) != by_key[1].get(k)}
    assert told <= differing
    for key in differing - told:
        assert first.look_up(key, DAY) == second.look_up(key, DAY) or not second.look_up(key, DAY)
