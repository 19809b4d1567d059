"""The dated directory: who has an address, an alias and a place in a group, day by day, against counting every day."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.adapters.directory_rows import overlaps
from smtp_gate.core.directory import Dated, Directory, Entry, Term, index
from smtp_gate.core.facts import Account, FactKey, Roster, Standing, directory, group
from smtp_gate.core.finding import Failure

FIRST = date(2026, 6, 1)
OLD, NEW, ALIAS = "nrobles@milwaukee.gov", "nrobles2@milwaukee.gov", "Nancy.Robles@milwaukee.gov"
JUNE30, JULY1, JULY14, JULY15 = date(2026, 6, 30), date(2026, 7, 1), date(2026, 7, 14), date(2026, 7, 15)
TRANSFER = index(
    [
        Entry(
            OLD, name="Nancy Robles", person="p-2", department="ITMD", groups=(Dated("on-call"),), personal=(Dated("n@x.example"),),
            aliases=(Dated(ALIAS),), senders=(Dated("group:on-call"),), since=date(2018, 2, 12), until=JUNE30,
        ),
        Entry(NEW, name="Nancy Robles", person="p-2", department="Comptroller", aliases=(Dated(ALIAS, JULY15),), since=JULY1),
    ]
)  # fmt: skip


def found(people: Directory, address: str, day: date) -> Account:
    account = people.look_up(address, day)
    assert account is not None
    return account


@pytest.mark.parametrize(
    ("address", "day", "holder", "standing", "successor"),
    [
        (OLD, date(2018, 2, 11), OLD, Standing.NOT_YET, ""),
        (OLD, date(2018, 2, 12), OLD, Standing.CURRENT, ""),
        (OLD, JUNE30, OLD, Standing.CURRENT, ""),
        (OLD, JULY1, OLD, Standing.ENDED, NEW),
        (NEW, JUNE30, NEW, Standing.NOT_YET, OLD),
        (NEW, JULY1, NEW, Standing.CURRENT, ""),
        (ALIAS, JUNE30, OLD, Standing.CURRENT, ""),
        (ALIAS, JULY1, OLD, Standing.ENDED, NEW),
        (ALIAS, JULY14, OLD, Standing.ENDED, NEW),
        (ALIAS.upper(), JULY15, NEW, Standing.CURRENT, ""),
        (ALIAS, date(2040, 1, 1), NEW, Standing.CURRENT, ""),
    ],
)
def test_a_transfer_with_an_alias_that_is_handed_over_later(
    address: str, day: date, holder: str, standing: Standing, successor: str
) -> None:
    account = found(TRANSFER, address, day)
    assert (account.address, account.standing, account.successor) == (holder, standing, successor)


def test_the_days_are_those_of_the_address_that_was_asked_for() -> None:
    account = found(TRANSFER, ALIAS, JULY15)
    assert (account.valid_from, account.valid_to) == (JULY15, None)
    assert found(TRANSFER, NEW, JULY15).valid_from == JULY1


def test_an_alias_that_has_ended_names_the_address_of_the_account_that_goes_on() -> None:
    people = index([Entry("a@b.c", aliases=(Dated("old@b.c", None, JUNE30),), groups=(Dated("g"),), successor="x@b.c")])
    account = found(people, "old@b.c", JULY1)
    assert (account.standing, account.successor, account.valid_to) == (Standing.ENDED, "a@b.c", JUNE30)
    assert account.groups == {"g"}


def test_what_somebody_wrote_down_names_the_successor_before_the_person_does() -> None:
    people = index([Entry("a@b.c", person="p", until=JUNE30, successor="desk@b.c"), Entry("b@b.c", person="p")])
    assert found(people, "a@b.c", JULY1).successor == "desk@b.c"


def test_a_service_of_the_same_person_is_nobodys_successor() -> None:
    people = index([Entry("a@b.c", person="p", until=JUNE30), Entry("robot@b.c", kind="service", person="p")])
    assert found(people, "a@b.c", JULY1).successor == ""


def test_somebody_who_came_back_is_current_again_and_ended_in_between() -> None:
    people = index([Entry("a@b.c", until=date(2020, 1, 31)), Entry("a@b.c", since=JULY1)])
    days = (date(2020, 1, 31), date(2020, 2, 1), JUNE30, JULY1)
    assert [found(people, "a@b.c", d).standing for d in days] == ["current", "ended", "ended", "current"]


def test_an_address_that_another_took_over_is_that_others() -> None:
    people = index([Entry("a@b.c", name="Ann", until=JUNE30), Entry("b@b.c", aliases=(Dated("A@b.c", JULY15),))])
    assert [found(people, "a@b.c", d).address for d in (JUNE30, JULY14, JULY15)] == ["a@b.c", "a@b.c", "b@b.c"]


def test_an_account_that_has_ended_is_in_no_group_and_lets_nobody_send_but_its_person_still_lives_somewhere() -> None:
    now, then = found(TRANSFER, OLD, JULY1), found(TRANSFER, OLD, JUNE30)
    assert not now.groups | now.senders
    assert now.aliases == ()
    assert now.personal == ("n@x.example",)
    assert then.groups == {"on-call"}
    assert then.senders == {"group:on-call"}
    assert then.aliases == (ALIAS,)
    assert TRANSFER.roster("On-Call", JUNE30) == Roster(((OLD, "Nancy Robles", "p-2"),))
    assert TRANSFER.roster("on-call", JULY1) == Roster()


def test_values_have_days_of_their_own() -> None:
    dated = (Dated("x@y.z", since=JULY1, until=JULY14),)
    people = index([Entry("a@b.c", groups=(Dated("g", JULY1, JULY14),), personal=dated, senders=dated)])
    for day, there in ((JUNE30, False), (JULY1, True), (JULY14, True), (JULY15, False)):
        account = found(people, "a@b.c", day)
        assert (bool(account.groups), bool(account.personal), bool(account.senders)) == (there, there, there)
        assert bool(people.roster("g", day).members) is there


def test_a_dated_value_is_written_with_its_days() -> None:
    assert str(Dated("g")) == "g"
    assert str(Dated("g", JULY1)) == "g [2026-07-01..]"
    assert str(Dated("g", None, JULY14)) == "g [..2026-07-14]"


async def test_days_are_the_citys() -> None:
    people = index(TRANSFER.entries, zone=timezone(timedelta(hours=-5)))
    keys = [directory(OLD), group("on-call"), FactKey("dns", "x")]
    before = await people.ask(keys, datetime(2026, 7, 1, 4, 59, tzinfo=UTC))
    after = await people.ask(keys, datetime(2026, 7, 1, 5, 0, tzinfo=UTC))
    assert before[keys[0]] == found(TRANSFER, OLD, JUNE30)
    assert after[keys[0]] == found(TRANSFER, OLD, JULY1)
    assert (before[keys[1]], after[keys[1]]) == (TRANSFER.roster("on-call", JUNE30), Roster())
    assert isinstance(after[keys[2]], Failure)


DAYS = [FIRST + timedelta(n) for n in range(8)]
ADDRESSES = ("a@b.c", "B@b.c", "c@b.c")
day = st.one_of(st.none(), st.sampled_from(DAYS))
term = st.tuples(day, day).filter(lambda t: t[0] is None or t[1] is None or t[0] <= t[1])


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    since, until = draw(term)
    dated = st.lists(st.builds(lambda v, t: Dated(v, *t), st.sampled_from(ADDRESSES), term), max_size=2).map(tuple)
    groups = st.lists(st.builds(lambda v, t: Dated(v, *t), st.sampled_from(("g", "h")), term), max_size=2).map(tuple)
    who, person = draw(st.sampled_from(ADDRESSES)), draw(st.sampled_from(("", "p")))
    return Entry(who, person=person, aliases=draw(dated), groups=draw(groups), since=since, until=until)


directories = st.lists(entries(), max_size=4).map(index)


def within(term: Term, day: date) -> bool:
    return (term[0] or date.min) <= day <= (term[1] or date.max)


def holders(people: Directory, key: str, day: date) -> Iterator[Entry]:
    """Whoever has the address, by looking at everybody."""
    for entry in people.entries:
        own = entry.address.casefold() == key
        alias = any(a.value.casefold() == key and within((a.since, a.until), day) for a in entry.aliases)
        if within((entry.since, entry.until), day) and (own or alias):
            yield entry


@given(directories)
def test_every_answer_is_that_of_looking_at_everybody(people: Directory) -> None:
    single = not any(overlaps(people))
    for key in map(str.casefold, ADDRESSES):
        for day in DAYS:
            having = list(holders(people, key, day))
            account = people.look_up(key, day)
            assert (account is not None and account.current) is bool(having)
            if having and account is not None:
                assert account in [e.on(day, Standing.CURRENT, (account.valid_from, account.valid_to)) for e in having]
                assert within((account.valid_from, account.valid_to), day)
            if single:
                assert len(having) <= 1, "an address is one account's on any day"
            if account is not None and account.standing is Standing.ENDED:
                assert account.valid_to is not None
                assert account.valid_to < day
                assert not any(list(holders(people, key, d)) for d in DAYS if account.valid_to < d <= day)
            if account is not None and account.standing is Standing.NOT_YET:
                assert not any(list(holders(people, key, d)) for d in DAYS if d <= day)
            if account is None:
                assert not any(list(holders(people, key, d)) for d in DAYS)


@given(directories)
def test_overlaps_are_found_exactly_where_two_have_one_address_on_a_day(people: Directory) -> None:
    def claims(key: str, day: date) -> int:
        return sum(within(term, day) for entry in people.entries for term in entry.terms(key))

    days = [DAYS[0] - timedelta(1), *DAYS, DAYS[-1] + timedelta(1)]
    twice = any(claims(key, day) > 1 for key in map(str.casefold, ADDRESSES) for day in days)
    assert any(overlaps(people)) is twice


@given(directories)
def test_a_roster_is_everybody_whose_account_says_so(people: Directory) -> None:
    for day in DAYS:
        for name in ("g", "h"):
            expected = {
                (e.address, e.name, e.person) for e in people.entries if e.covers(day) and name in e.on(day).groups
            }
            assert set(people.roster(name, day).members) == expected
