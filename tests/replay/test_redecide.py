"""What a record alone tells is what judging the content says, and of all else it says that it cannot tell."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, event, given, settings

from smtp_gate.core.facts import directory
from smtp_gate.core.message import Message
from smtp_gate.core.rollout import Rollout
from smtp_gate.core.scope import Scope, Spare, Who, WhoKind
from smtp_gate.core.sparing import Waiver
from smtp_gate.core.verdict import Disposition, Mode, Terms
from smtp_gate.detect.detectors import Detector, Detectors, Evidence, Level
from smtp_gate.detect.engine import Engine
from smtp_gate.examine import Rule, Ruleset
from smtp_gate.replay.redecide import Told, redecide
from smtp_gate.replay.rows import How
from smtp_gate.replay.sameness import Kinship, looks_alike, pairs
from smtp_gate.replay.work import Joined, Piece
from tests.builders import RECEIVED, envelope, message
from tests.fakes import FakeFacts
from tests.replay.cases import (
    DANA,
    FACTS,
    GROUP,
    HEADERS,
    ZIPPED,
    ReadingFamily,
    judge_of,
    made_of,
    mails,
    record_of,
    rules,
    twice,
)
from tests.test_gate import SECRET, Word, rule

ONE, TWO = envelope(), envelope(to=["lee@example.org", "nrobles2@milwaukee.gov"])
HELD = Terms(Disposition.QUARANTINE)
SHADOW = replace(SECRET, terms=replace(HELD, mode=Mode.SHADOW))
READING = replace(SHADOW, family=ReadingFamily())


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(mails, rules(), rules())
async def test_what_a_record_tells_is_what_the_content_says(
    mail: Message, before: tuple[Rule, ...], after: tuple[Rule, ...]
) -> None:
    base, candidate = made_of(*before), made_of(*after, name="sha256:other")
    record = record_of(mail, await judge_of(base, FACTS).judge(mail))
    engine = twice(base, candidate, FACTS)
    told = await engine.row(Piece("1", "journal R", "journal", record=record))
    whole = await engine.row(Piece("1", "a.eml", "journal", message=mail, record=record, joined=Joined.SHA256))
    event(told["how"])
    assert told["change"] != "failed", told["why"]
    if told["change"] != "untold":
        assert told["how"] == How.RECORD
        for key in ("recipients", "before", "after", "change", "day", "department", "message_id", "sender"):
            assert told[key] == whole[key]


async def told(base: Rule | None, candidate: Rule | None, mail: Message) -> Told:
    """What the record of a message tells, one rule on each side."""
    was = made_of(*([base] if base else []))
    is_now = made_of(*([candidate] if candidate else []), name="sha256:other")
    record = record_of(mail, await judge_of(was, FACTS).judge(mail))
    return await redecide(record, was, pairs(was, is_now), FACTS)


async def after(base: Rule | None, candidate: Rule | None, mail: Message) -> list[str] | None:
    found = (await told(base, candidate, mail)).after
    return None if found is None else [r.disposition.word for r in found.rulings]


async def test_another_action_is_told() -> None:
    harder = replace(SECRET, terms=Terms(Disposition.REJECT))
    assert await after(SECRET, harder, message("secret", env=TWO)) == ["reject", "reject"]
    assert await after(SECRET, harder, message("nothing", env=TWO)) == ["accept", "accept"]


async def test_a_rule_that_sleeps_or_falls_away_frees_what_it_held() -> None:
    mail = message("secret")
    assert await after(SECRET, None, mail) == ["accept"]
    assert await after(SECRET, SHADOW, mail) == ["accept"]
    assert await after(SECRET, replace(SECRET, terms=replace(HELD, mode=Mode.OFF)), mail) == ["accept"]


async def test_a_shadow_rule_that_is_enforced_is_told_where_its_findings_say_whom_they_concern() -> None:
    assert await after(SHADOW, SECRET, message("secret", env=ONE)) == ["quarantine"]
    assert await after(SHADOW, SECRET, message("nothing", env=TWO)) == ["accept", "accept"]
    assert await after(SHADOW, SECRET, message("secret", env=TWO)) is None
    enforced = replace(READING, terms=HELD)
    assert await after(READING, enforced, message("secret", env=TWO)) == ["quarantine", "quarantine"]


async def test_a_shadow_rule_holds_only_for_those_it_is_for() -> None:
    scoped = replace(READING, when=Scope(recipients=(Who(WhoKind.EXTERNAL),)))
    mail = message("secret", env=TWO)
    assert await after(scoped, replace(scoped, terms=HELD), mail) == ["quarantine", "accept"]


async def test_whom_a_shadow_rule_spared_it_spares_enforced() -> None:
    spared = replace(READING, unless=(Spare(Scope((Who(WhoKind.ADDRESS, "dokafor@milwaukee.gov"),))),))
    mail = message("secret", env=envelope(account="dokafor@milwaukee.gov"))
    assert await after(spared, replace(spared, terms=HELD), mail) == ["accept"]


@pytest.mark.parametrize(
    "looks_otherwise",
    [
        rule("secrets"),
        replace(SECRET, params=Word(word="other")),
        replace(SECRET, family=ReadingFamily()),
        replace(SECRET, when=Scope(recipients=(Who(WhoKind.EXTERNAL),))),
        replace(SECRET, unless=(Spare(encrypted=True),)),
    ],
)
async def test_a_rule_that_looks_otherwise_cannot_be_told(looks_otherwise: Rule) -> None:
    found = await told(SECRET, looks_otherwise, message("secret"))
    assert found.after is None
    assert found.before is not None
    assert found.why == (looks_otherwise.id,)
    # Nobody would see what it sees in shadow, so then it matters not.
    asleep = replace(looks_otherwise, terms=replace(HELD, mode=Mode.SHADOW))
    assert await after(SECRET, asleep, message("secret")) == ["accept"]


async def test_a_new_rule_for_other_people_changes_nothing() -> None:
    inside = replace(rule("new"), when=Scope(recipients=(Who(WhoKind.INTERNAL),)))
    assert await after(SECRET, inside, message("secret", env=ONE)) == ["accept"]
    assert await after(None, inside, message("new", env=ONE)) == ["accept"]
    assert await after(None, inside, message("new", env=TWO)) is None


async def test_who_is_in_a_group_is_asked_for() -> None:
    ours = replace(rule("new"), when=Scope((Who(WhoKind.GROUP, "library"),)))
    assert await after(None, ours, message("new")) == ["accept"]
    theirs = replace(rule("new"), when=Scope((Who(WhoKind.GROUP, "benefits"),)))
    assert await after(None, theirs, message("new")) is None
    record = record_of(message("new"), await judge_of(made_of()).judge(message("new")))
    nobody = FakeFacts({directory(DANA.key): DANA})
    found = await redecide(record, made_of(), pairs(made_of(), made_of(theirs)), nobody)
    assert found.why == ("test.new",)


async def test_a_record_of_other_rules_tells_nothing() -> None:
    old = made_of(SECRET, name="sha256:old")
    record = record_of(message("secret"), await judge_of(old).judge(message("secret")))
    found = await redecide(record, made_of(SECRET), (), FACTS)
    assert (found.before, found.after) == (None, None)
    assert "other rules" in found.why[0]


async def test_a_record_that_does_not_come_out_as_written_tells_nothing() -> None:
    base = made_of(SECRET)
    record = record_of(message("secret"), await judge_of(base).judge(message("secret")))
    lying = replace(record, recipients=({**record.recipients[0], "disposition": "accept"},))
    assert (await redecide(lying, base, pairs(base, base), FACTS)).before is None


def test_waivers_are_a_part_of_how_a_rule_looks() -> None:
    base = made_of(SECRET)
    waiver = Waiver("EX-1", SECRET.id, Scope(), date(2027, 1, 1), "o", "cio", "T-1", "because")
    waived = Ruleset("sha256:w", base.rules, base.engine, (waiver,))
    assert looks_alike(SECRET, SECRET, base, base)
    assert not looks_alike(SECRET, SECRET, base, waived)
    assert looks_alike(SECRET, SECRET, waived, waived)


class Detecting(ReadingFamily):
    def detectors(self, params: Word) -> tuple[str, ...]:
        return (params.word,)


def detecting(regex: str, words: tuple[str, ...] = ("ssn",), other: str = "x") -> Ruleset:
    level = Level("high", all=(Evidence(80, keywords="near"),))
    made = Detectors((Detector("secret", regex, (level,)), Detector("other", other, (level,))), {"near": words})
    return Ruleset("sha256:d", (replace(SECRET, family=Detecting()),), Engine(made))


@pytest.mark.parametrize(
    ("candidate", "kinship"),
    [
        (detecting("a"), Kinship.EQUAL),
        (detecting("a", other="y"), Kinship.EQUAL),
        (detecting("b"), Kinship.LOOKS),
        (detecting("a", ("ssn", "number")), Kinship.LOOKS),
    ],
)
def test_detectors_and_their_words_are_a_part_of_how_a_rule_looks(candidate: Ruleset, kinship: Kinship) -> None:
    assert [p.kinship for p in pairs(detecting("a"), candidate)] == [kinship]


def test_what_a_rule_says_to_the_sender_changes_no_verdict() -> None:
    said = replace(SECRET, terms=replace(SECRET.terms, message="otherwise"), title="another")
    assert [p.kinship for p in pairs(made_of(SECRET), made_of(said))] == [Kinship.EQUAL]
    assert RECEIVED.tzinfo is not None


async def test_whom_a_shadow_rule_spared_beside_others_it_spares_enforced() -> None:
    inside = Spare(Scope((Who(WhoKind.ADDRESS, "dokafor@milwaukee.gov"),), (Who(WhoKind.INTERNAL),)))
    some = replace(READING, unless=(inside,))
    both = envelope(to=["lee@example.org", "nrobles2@milwaukee.gov"], account="dokafor@milwaukee.gov")
    assert await after(some, replace(some, terms=HELD), message("secret", env=both)) == ["quarantine", "accept"]


async def test_what_nobody_can_read_weighs_on_rules_that_read_alone() -> None:
    mail = message(f"hello{ZIPPED}", headers=HEADERS)
    terms = replace(HELD, on_unscannable=Disposition.REJECT)
    assert await after(READING, replace(READING, terms=terms), mail) == ["reject"]
    assert await after(SHADOW, replace(SECRET, terms=terms), mail) == ["accept"]
    enforced = replace(READING, terms=HELD)
    assert await after(enforced, replace(READING, terms=terms), mail) == ["reject"]


async def test_a_shadow_rule_that_failed_cannot_be_told() -> None:
    broken = replace(rule("crash"), terms=replace(HELD, mode=Mode.SHADOW))
    assert await after(broken, replace(broken, terms=HELD), message("hello")) is None


@pytest.mark.parametrize(
    "more",
    [
        {"action": Disposition.REJECT},
        {"on_unscannable": Disposition.REJECT},
        {"on_error": Disposition.REJECT},
        {"mode": Mode.SHADOW},
    ],
)
def test_all_that_follows_is_a_part_of_the_terms(more: dict[str, Disposition]) -> None:
    other = replace(SECRET, terms=replace(HELD, **more))  # type: ignore[arg-type]  # the values are those of their keys
    same = replace(SECRET, terms=HELD)
    assert [p.kinship for p in pairs(made_of(same), made_of(other))] == [Kinship.TERMS]


async def test_only_the_very_content_under_the_very_rules_is_compared_with_its_record() -> None:
    base, mail = made_of(SECRET), message("secret")
    record = record_of(mail, await judge_of(base).judge(mail))
    engine = twice(base, base)

    async def said(joined: Joined, ruleset: str) -> str:
        piece = Piece("1", "a", "journal", message=mail, record=replace(record, ruleset=ruleset), joined=joined)
        return (await engine.row(piece))["as_recorded"]

    assert await said(Joined.SHA256, base.hash) == "yes"
    assert not await said(Joined.MESSAGE_ID, base.hash)
    assert not await said(Joined.SHA256, "sha256:old")
    lying = replace(record, findings=())
    row = await engine.row(Piece("1", "a", "journal", message=mail, record=lying, joined=Joined.SHA256))
    assert row["as_recorded"] == "no"


@pytest.mark.parametrize("was", [None, Rollout(percent=1e-9), Rollout(senders=(GROUP,))])
@pytest.mark.parametrize("now", [None, Rollout(percent=1e-9), Rollout(senders=(GROUP,))])
@pytest.mark.parametrize("account", ["", "dokafor@milwaukee.gov", "cdiaz@milwaukee.gov"])
async def test_another_roll_out_is_not_taken_for_the_same_rule(
    was: Rollout | None, now: Rollout | None, account: str
) -> None:
    base, candidate = replace(SECRET, rollout=was), replace(SECRET, rollout=now)
    mail = message("secret", env=envelope(account=account))
    judged = await judge_of(made_of(candidate), FACTS).judge(mail)
    assert await after(base, candidate, mail) == [r.disposition.word for r in judged.verdict.rulings]


async def test_a_shadow_rule_that_is_rolled_out_acts_only_for_whom_it_is_rolled_out() -> None:
    candidate = replace(SECRET, rollout=Rollout(senders=(GROUP,)))
    inside, outside = (envelope(account=f"{a}@milwaukee.gov") for a in ("dokafor", "cdiaz"))
    assert await after(SHADOW, candidate, message("secret", env=inside)) == ["quarantine"]
    assert await after(SHADOW, candidate, message("secret", env=outside)) == ["accept"]
