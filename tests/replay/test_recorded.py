"""A record becomes what was judged again: envelope, time and facts, and what it lacks is asked again and said."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from smtp_gate.core.facts import (
    Account,
    Fact,
    FactKey,
    Facts,
    Listed,
    Roster,
    Standing,
    directory,
    feed,
    group,
    known_directory,
)
from smtp_gate.core.finding import Failure
from smtp_gate.core.message import Direction, Listener, Proof, Upstream
from smtp_gate.core.record import FactRow, fact_rows
from smtp_gate.core.verdict import Judgement, decide
from smtp_gate.replay.recorded import Recalled, decided_of, path_of
from smtp_gate.store.journal_records import decided
from tests.builders import OURS, RECEIVED, envelope, listener, message
from tests.fakes import FakeFacts

DANA = Account(
    "dokafor@milwaukee.gov", name="Dana Okafor", person="p-1", department="Comptroller", title="Analyst",
    groups=frozenset({"benefits"}), aliases=("dana@milwaukee.gov",), personal=("danaokafor@gmail.com",),
    valid_from=date(2019, 5, 6), standing=Standing.ENDED, successor="new@milwaukee.gov",
)  # fmt: skip
ASKED = directory("dokafor@milwaukee.gov")


def rows_of(answers: dict[FactKey, Fact | Failure]) -> list[FactRow]:
    return fact_rows(Judgement(decide((), envelope()), Facts(answers), "sha256:test"))


async def recalled(
    recorded: dict[FactKey, Fact | Failure], now: dict[FactKey, Fact], *keys: FactKey
) -> tuple[dict[FactKey, Fact | Failure], Recalled]:
    source = Recalled(rows_of(recorded), FakeFacts(now))
    return dict(await source.ask(keys, RECEIVED)), source


async def test_what_is_recorded_in_full_is_not_asked_again() -> None:
    known: dict[FactKey, Fact | Failure] = {
        directory("x@y.z"): None,
        known_directory(): Listed("directory", "sha256:0123456789abcdef"),
        feed("free_mail", "gmail.com"): Listed("gmail.com", "sha256:0123456789abcdef"),
        directory("late@y.z"): Failure("timeout"),
    }
    answers, source = await recalled(known, {directory("x@y.z"): DANA}, *known)
    assert answers == known
    assert (source.asked, source.moved) == (set(), False)


async def test_an_account_that_is_as_recorded_brings_what_records_leave_out() -> None:
    answers, source = await recalled({ASKED: DANA}, {ASKED: DANA}, ASKED)
    assert answers == {ASKED: DANA}
    assert (source.asked, source.moved) == ({"directory"}, False)


@pytest.mark.parametrize(
    "now",
    [replace(DANA, department="Library"), replace(DANA, status="retired"), replace(DANA, groups=frozenset()), None],
)
async def test_where_the_directory_has_moved_the_record_counts(now: Account | None) -> None:
    answers, source = await recalled({ASKED: DANA}, {ASKED: now}, ASKED)
    found = answers[ASKED]
    assert isinstance(found, Account)
    assert source.moved
    assert (found.department, found.status, found.groups) == ("Comptroller", "employee", frozenset({"benefits"}))
    assert (found.valid_from, found.standing, found.successor) == (DANA.valid_from, DANA.standing, DANA.successor)
    # Private addresses are no part of a record, so they are today's or none.
    assert found.personal == (DANA.personal if now is not None else ())


async def test_another_persons_account_lends_nothing_to_a_recorded_one() -> None:
    other = replace(DANA, person="p-2", name="Nancy", personal=("nancy@gmail.com",))
    answers, source = await recalled({ASKED: DANA}, {ASKED: other}, ASKED)
    found = answers[ASKED]
    assert isinstance(found, Account)
    assert (found.person, found.name, found.personal) == ("p-1", "", ())
    assert source.moved


async def test_members_of_a_group_and_new_questions_are_asked_again() -> None:
    roster, other = Roster((("a@milwaukee.gov", "A", ""),)), directory("lee@example.org")
    answers, source = await recalled({group("council"): roster}, {group("council"): roster}, group("council"), other)
    assert answers == {group("council"): roster, other: None}
    assert (source.asked, source.moved) == ({"directory.group", "directory"}, False)


@pytest.mark.parametrize(
    ("then", "now", "more", "same"),
    [
        ("sha256:" + "a" * 64, "sha256:" + "a" * 64, (), True),
        ("sha256:" + "a" * 64, "sha256:" + "b" * 64, (), False),
        ("sha256:" + "a" * 64, "", (), False),
        ("", "sha256:" + "b" * 64, (), False),
        ("sha256:" + "a" * 64, "sha256:" + "a" * 64, (feed("free_mail", "x.org"),), False),
    ],
)
async def test_whether_the_very_snapshot_answers_again_is_known(
    then: str, now: str, more: tuple[FactKey, ...], *, same: bool
) -> None:
    recorded: dict[FactKey, Fact | Failure] = {
        ASKED: DANA,
        known_directory(): Listed("directory", then) if then else None,
    }
    today: dict[FactKey, Fact] = {ASKED: DANA, known_directory(): Listed("directory", now) if now else None}
    answers, source = await recalled(recorded, today, ASKED, known_directory(), *more)
    assert source.same is same
    # The record's own answer to which snapshot it was stays.
    assert answers[known_directory()] == (Listed("directory", then[:23]) if then else None)


async def test_a_question_that_nobody_answers_stays_without_an_answer() -> None:
    class Silent:
        async def ask(self, keys: object, on: object) -> dict[FactKey, Fact]:
            return {}

    assert await Recalled([], Silent()).ask([ASKED], RECEIVED) == {}


@pytest.mark.parametrize(
    "address",
    ["dokafor@milwaukee.gov", "", "postmaster", 'odd "one@example.org', "a@b@example.org", "jürgen@münchen.example"],
)
def test_an_address_comes_back_as_it_was(address: str) -> None:
    assert path_of(address).address == address
    assert path_of(address).is_null is (not address)


def test_envelope_account_and_time_come_back() -> None:
    queue = Listener("inside", Direction.OUTBOUND, Upstream.QUEUE, sender_is_authenticated=True, internal_domains=OURS)
    mail = message(
        env=envelope(to=["lee@example.org", "nrobles2@milwaukee.gov"], account="dokafor@milwaukee.gov", at=queue)
    )
    fields = dict(decided(mail, Judgement(decide((), mail.envelope), Facts(), "sha256:test"), "00"))
    found = decided_of(fields, {"inside": queue}, OURS)
    assert found.received == RECEIVED
    assert found.envelope.listener == queue
    assert found.envelope.client.proof is Proof.AUTH
    assert found.envelope.client.account == "dokafor@milwaukee.gov"
    assert [r.path for r in found.envelope.recipients] == [r.path for r in mail.envelope.recipients]
    assert found.envelope.sender == mail.envelope.sender
    # A listener that the settings know no more vouches for nobody.
    assert not decided_of(fields, {"outbound": listener()}, OURS).envelope.listener.sender_is_authenticated


@pytest.mark.parametrize(
    ("key", "value"), [("received", "2026-03-02T15:04:05"), ("received", "x"), ("findings", None), ("proof", "oath")]
)
def test_a_record_that_is_none_is_refused(key: str, value: object) -> None:
    mail = message()
    fields = dict(decided(mail, Judgement(decide((), mail.envelope), Facts(), "sha256:test"), "00"))
    with pytest.raises((ValueError, TypeError, KeyError)):
        decided_of(fields | {key: value}, {}, OURS)
    with pytest.raises(KeyError):
        decided_of({k: v for k, v in fields.items() if k != "sender"}, {}, OURS)


def test_times_are_aware() -> None:
    assert datetime.fromisoformat(RECEIVED.isoformat()).tzinfo == UTC
