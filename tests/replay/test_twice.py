"""Replay judges as live does: equal rules change nothing, and each side is what the judge says under it (law 7)."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings

from smtp_gate.core.facts import FactKey, Listed, directory, known_directory
from smtp_gate.core.message import Message
from smtp_gate.core.record import fact_rows, finding_rows
from smtp_gate.core.verdict import Cause as Why
from smtp_gate.core.verdict import Disposition, Ruling, Weight
from smtp_gate.core.view import MessageView
from smtp_gate.examine import Rule
from smtp_gate.replay.rows import NEW, Change, How, change_of, foremost
from smtp_gate.replay.work import Joined, Piece
from tests.builders import message
from tests.fakes import FakeFacts
from tests.replay.cases import FACTS, judge_of, made_of, mails, record_of, rules, twice
from tests.test_gate import SECRET, Word, WordFamily, rule


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(mails, rules(), rules())
async def test_each_side_is_what_the_judge_says_under_it(
    mail: Message, before: tuple[Rule, ...], after: tuple[Rule, ...]
) -> None:
    base, candidate = made_of(*before), made_of(*after, name="sha256:other")
    both = await judge_of(base, FACTS).judge_under(mail, (base, candidate))
    assert both[0] == await judge_of(base, FACTS).judge(mail)
    assert both[1] == await judge_of(candidate, FACTS).judge(mail)
    assert [fact_rows(j) for j in both] == [fact_rows(await judge_of(r, FACTS).judge(mail)) for r in (base, candidate)]


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(mails, rules())
async def test_equal_rules_change_nothing(mail: Message, some: tuple[Rule, ...]) -> None:
    base = made_of(*some)
    row = await twice(base, base, FACTS, full=True).row(Piece("1", "a.eml", "files", message=mail))
    live = await judge_of(base, FACTS).judge(mail)
    assert row["change"] == "same"
    assert [c["before"] for c in row["recipients"]] == [r.disposition.word for r in live.verdict.rulings]
    assert row["findings_before"] == row["findings_after"] == finding_rows(live.verdict)


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(mails, rules())
async def test_what_the_journal_says_comes_out_again(mail: Message, some: tuple[Rule, ...]) -> None:
    base = made_of(*some)
    record = record_of(mail, await judge_of(base, FACTS).judge(mail))
    piece = Piece("1", "a.eml", "journal", message=mail, record=record, joined=Joined.SHA256)
    row = await twice(base, base, FACTS).row(piece)
    assert (row["as_recorded"], row["change"], row["moved"]) == ("yes", "same", False)


async def test_the_message_is_read_once_for_both(monkeypatch: pytest.MonkeyPatch) -> None:
    base, candidate = made_of(SECRET), made_of(rule("plan"), name="sha256:other")
    judge = judge_of(base)
    await judge.judge_under(message("plan"), (base, candidate))
    watcher = judge.watcher
    assert getattr(watcher, "stages").count("read") == 1  # noqa: B009 - the port has no such attribute, the fake has
    assert getattr(watcher, "stages").count("examine") == 2  # noqa: B009 - as above


async def test_without_rulesets_there_is_nothing_to_judge() -> None:
    with pytest.raises(ValueError, match="some ruleset"):
        await judge_of(made_of()).judge_under(message(), ())


def ruling(disposition: Disposition, *named: str) -> Ruling:
    return Ruling(disposition, tuple(Weight(r, disposition, Why.FINDING) for r in named))


ACCEPTED, DEFERRED = ruling(Disposition.ACCEPT), ruling(Disposition.DEFER, "a")
HELD, OTHERS, REFUSED = (
    ruling(Disposition.QUARANTINE, "a"),
    ruling(Disposition.QUARANTINE, "b"),
    ruling(Disposition.REJECT, "a"),
)


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (ACCEPTED, ACCEPTED, Change.SAME),
        (ruling(Disposition.ACCEPT, "a"), ruling(Disposition.ACCEPT, "b"), Change.SAME),
        (ACCEPTED, HELD, Change.HELD),
        (ACCEPTED, REFUSED, Change.REFUSED),
        (ACCEPTED, DEFERRED, Change.DEFERRED),
        (HELD, ACCEPTED, Change.FREED),
        (DEFERRED, ACCEPTED, Change.FREED),
        (HELD, REFUSED, Change.CHANGED),
        (REFUSED, DEFERRED, Change.CHANGED),
        (HELD, OTHERS, Change.CHANGED),
        (ruling(Disposition.REJECT, "a", "b"), ruling(Disposition.REJECT, "b", "a"), Change.SAME),
    ],
)
def test_what_becomes_of_a_copy(before: Ruling, after: Ruling, change: Change) -> None:
    assert change_of(before, after) is change


def test_of_a_mixed_message_the_newly_stopped_copy_is_told_first() -> None:
    assert foremost([Change.SAME, Change.FREED, Change.HELD]) is Change.HELD
    assert foremost([Change.SAME, Change.CHANGED, Change.FREED]) is Change.FREED
    assert foremost([]) is Change.SAME
    assert {Change.HELD, Change.REFUSED, Change.DEFERRED} == NEW


async def test_a_changed_message_shows_who_by_what_and_whose() -> None:
    base, candidate = made_of(), made_of(SECRET, name="sha256:other")
    mail = message("secret", headers="From: Dana Okafor <dokafor@milwaukee.gov>\nMessage-ID: <1@x>\nSubject: Private")
    row = await twice(base, candidate, FACTS).row(Piece("1", "a.eml", "files", message=mail))
    assert (row["change"], row["before"], row["after"]) == ("held", "accept", "quarantine")
    assert (row["message_id"], row["sender"], row["department"]) == ("<1@x>", "dokafor@milwaukee.gov", "Comptroller")
    (copy,) = row["recipients"]
    assert copy["rules_after"] == ["test.secret"]
    assert [f["evidence"] for f in row["findings_after"]] == ["s***t"]
    assert "Private" not in str(row)


async def test_a_message_whose_judging_breaks_is_a_row_that_says_so() -> None:
    class Broken:
        def __getattr__(self, name: str) -> object:
            raise RuntimeError("a secret from the mail")

    piece = Piece("1", "a.eml", "files", message=Broken())  # type: ignore[arg-type]  # it is to break
    row = await twice(made_of(), made_of()).row(piece)
    assert (row["id"], row["change"]) == ("1", "failed")
    assert row["why"] == "could not be judged: RuntimeError"


async def test_an_unchanged_message_leaves_no_findings_behind_unless_asked_for() -> None:
    base = made_of(SECRET)
    piece = Piece("1", "a.eml", "files", message=message("secret"))
    assert (await twice(base, base).row(piece))["findings_before"] == []
    assert len((await twice(base, base, full=True).row(piece))["findings_before"]) == 1
    assert (await twice(base, base).row(piece))["how"] == How.NO_FACTS


async def test_the_day_is_that_of_the_citys_zone() -> None:
    base = made_of()
    row = await twice(base, base).row(Piece("1", "q", "quarantine", message=message()))
    assert row["day"] == date(2026, 3, 2).isoformat()


@pytest.mark.parametrize(
    ("now", "how"), [("sha256:" + "a" * 64, "same snapshot"), ("sha256:" + "b" * 64, "asked again")]
)
async def test_facts_of_the_very_snapshot_are_told_apart_from_facts_of_another(now: str, how: str) -> None:
    class Knowing(WordFamily):
        def needs(self, view: MessageView, params: Word) -> tuple[FactKey, ...]:  # type: ignore[override]  # it asks
            return known_directory(), directory("dokafor@milwaukee.gov")

    base, mail = made_of(replace(SECRET, family=Knowing())), message("secret")
    then = FakeFacts({**FACTS.answers, known_directory(): Listed("directory", "sha256:" + "a" * 64)})
    record = record_of(mail, await judge_of(base, then).judge(mail))
    today = FakeFacts({**FACTS.answers, known_directory(): Listed("directory", now)})
    row = await twice(base, base, today).row(
        Piece("1", "a.eml", "journal", message=mail, record=record, joined=Joined.SHA256)
    )
    assert (row["how"], row["asked"], row["as_recorded"]) == (how, ["directory"], "yes")
