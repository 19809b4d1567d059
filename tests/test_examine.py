"""What every rule says of one message: scopes, exemptions that need proof, failures as values, equal input equal result."""

from dataclasses import replace
from datetime import UTC, date, timedelta

import pytest

from smtp_gate.core.facts import Account, Facts, directory
from smtp_gate.core.finding import Failure
from smtp_gate.core.message import Message
from smtp_gate.core.rollout import Rollout, share_of
from smtp_gate.core.scope import Scope, Spare, Who, WhoKind
from smtp_gate.core.sparing import Waiver
from smtp_gate.core.verdict import Disposition, Mode, Result, Terms, decide
from smtp_gate.core.view import (
    Extent,
    Mailbox,
    MessageView,
    Protection,
    Reason,
    Region,
    RegionKind,
    Span,
    Text,
    Unscannable,
)
from smtp_gate.detect.detectors import Detector, Detectors, Level
from smtp_gate.detect.engine import Engine, Scanned
from smtp_gate.examine import Rule, Ruleset, asker, examine
from tests.builders import RECEIVED, envelope, listener, message
from tests.fakes import tick
from tests.test_gate import SECRET, WordFamily, rule

DANA = Who(WhoKind.ADDRESS, "dokafor@milwaukee.gov")
WAIVER = Waiver("EX-1", SECRET.id, Scope((DANA,)), date(2026, 3, 2), "o", "cio", "T-1", "because")


def run(
    view: MessageView, *rules: Rule, waivers: tuple[Waiver, ...] = (), facts: Facts | None = None
) -> tuple[Result, ...]:
    ruleset = Ruleset("sha256:0", rules, Engine(Detectors()), waivers, UTC)
    nobody = Facts(dict.fromkeys(ruleset.needs(view)))
    return examine(view, nobody if facts is None else facts, ruleset, tick)


def view_of(mail: Message, *, author: str = "") -> MessageView:
    local, _, domain = author.partition("@")
    boxes = (Mailbox("from", "", local, domain),) if author else ()
    return MessageView(mail, mailboxes=boxes)


LOGGED_IN = message("secret", env=envelope(account="dokafor@milwaukee.gov"))
CLAIMED = message("secret", env=envelope())
DECLARED = message("secret", env=envelope(at=listener(sender_is_authenticated=True)))


@pytest.mark.parametrize(
    ("mail", "author", "spared"),
    [
        (LOGGED_IN, "", True),
        (CLAIMED, "dokafor@milwaukee.gov", False),
        (DECLARED, "dokafor@milwaukee.gov", True),
        (DECLARED, "cdiaz@milwaukee.gov", False),
        (DECLARED, "", False),
    ],
)
def test_a_waiver_needs_proof_of_who_asks(mail: Message, author: str, spared: bool) -> None:
    (result,) = run(view_of(mail, author=author), SECRET, waivers=(WAIVER,))
    assert bool(result.exempt) is spared
    assert bool(result.findings) is not spared


def test_two_authors_prove_nothing() -> None:
    boxes = (Mailbox("from", "", "dokafor", "milwaukee.gov"), Mailbox("from", "", "x", "milwaukee.gov"))
    assert asker(MessageView(DECLARED, mailboxes=boxes), Facts()) is None


def test_a_waiver_ends_with_its_last_day_in_the_citys_zone() -> None:
    late = replace(LOGGED_IN, received=RECEIVED + timedelta(days=1))
    assert run(view_of(LOGGED_IN), SECRET, waivers=(WAIVER,))[0].exempt
    assert not run(view_of(late), SECRET, waivers=(WAIVER,))[0].exempt


def test_unless_spares_only_the_recipients_it_names() -> None:
    env = envelope(to=["a@irs.gov", "b@example.org"], account="dokafor@milwaukee.gov")
    spare = replace(SECRET, unless=(Spare(Scope((DANA,), (Who(WhoKind.DOMAIN, "irs.gov"),))),))
    (result,) = run(view_of(message("secret", env=env)), spare)
    assert result.applies == {1}
    assert [(e.by, e.recipients) for e in result.exempt] == [("unless", frozenset({0}))]


@pytest.mark.parametrize("login", ["milwaukee.gov", "irs.gov"])
def test_a_login_without_a_domain_is_of_no_domain(login: str) -> None:
    env = envelope(account=login)
    spare = replace(SECRET, unless=(Spare(Scope((Who(WhoKind.DOMAIN, login), Who(WhoKind.INTERNAL)))),))
    (result,) = run(view_of(message("secret", env=env)), spare)
    assert result.findings
    assert not result.exempt


@pytest.mark.parametrize("address", ["victim%evil.example@irs.gov", "evil.example!victim@irs.gov"])
def test_an_address_that_is_passed_on_is_spared_by_nothing(address: str) -> None:
    env = envelope(to=[address, "a@irs.gov"], account="dokafor@milwaukee.gov")
    spare = replace(SECRET, unless=(Spare(Scope((DANA,), (Who(WhoKind.DOMAIN, "irs.gov"),))),))
    (result,) = run(view_of(message("secret", env=env)), spare, waivers=(WAIVER,))
    assert result.applies == {0}


def test_a_crash_of_a_rule_is_its_failure_and_nobody_elses() -> None:
    crashed, other = run(view_of(message("secret")), rule("crash"), SECRET)
    assert crashed.failure == Failure("crash", crashed.failure.detail if crashed.failure else "")
    assert crashed.failure is not None
    assert "secret" not in crashed.failure.detail
    assert crashed.applies == {0}
    assert other.findings


class Broken(Engine):
    """An engine whose scan crashes."""

    def search(self, texts: object, witness: object = None) -> Scanned:
        raise RuntimeError("boom")


class ReadsDetectors(WordFamily):
    def detectors(self, params: object) -> tuple[str, ...]:
        return ("us_ssn",)


class ReadsBoth(ReadsDetectors):
    reads_content = True


def test_text_that_spends_the_budget_is_unscannable_to_every_rule_that_reads_content() -> None:
    said = "1234 " * 200
    texts = tuple(Text(part, "plain", said, (Span(0, len(said), Region(RegionKind.OWN)),)) for part in ("1", "1", "2"))
    few = Engine(Detectors((Detector("code", r"\d{4}", (Level("high"),)),)), steps=100)
    reading = replace(SECRET, family=ReadsBoth())
    (result,) = examine(MessageView(CLAIMED, texts=texts), Facts(), Ruleset("sha256:0", (reading,), few, (), UTC), tick)
    assert result.unscannable == tuple(
        Unscannable(part, Region(RegionKind.OWN), Reason.LIMIT, "text") for part in ("1", "2")
    )


def test_a_crash_of_the_engine_fails_the_rules_that_read_it_only() -> None:
    reading = replace(SECRET, id="reads", family=ReadsDetectors())
    ruleset = Ruleset("sha256:0", (reading, SECRET), Broken(Detectors()))
    first, second = examine(view_of(message("secret")), Facts(), ruleset, tick)
    assert first.failure is not None
    assert first.failure.cause == "crash"
    assert second.failure is None


def test_a_group_needs_the_directory_and_its_silence_is_a_failure_for_everybody() -> None:
    grouped = replace(SECRET, when=Scope(recipients=(Who(WhoKind.GROUP, "payroll"),)))
    view = view_of(message("secret", env=envelope(to=["a@milwaukee.gov", "b@milwaukee.gov"])))
    keys = Ruleset("sha256:0", (grouped,), Engine(Detectors())).needs(view)
    assert keys == {directory("a@milwaukee.gov"), directory("b@milwaukee.gov")}
    (failed,) = run(view, grouped, facts=Facts())
    assert failed.failure is not None
    assert failed.applies == {0, 1}
    known = Facts(
        {
            directory("a@milwaukee.gov"): Account("a@milwaukee.gov", groups=frozenset({"payroll"})),
            directory("b@milwaukee.gov"): None,
        }
    )
    (answered,) = run(view, grouped, facts=known)
    assert (answered.failure, answered.applies) == (None, frozenset({0}))


class ReadsContent(WordFamily):
    reads_content = True


def test_unscannable_content_concerns_only_families_that_read_content() -> None:
    sealed = Unscannable("2", Region(RegionKind.ATTACHMENT, "x.zip"), Reason.UNKNOWN)
    view = replace(view_of(message("nothing")), unscannable=(sealed,))
    reads, envelope_only = run(view, replace(SECRET, family=ReadsContent()), SECRET)
    assert reads.unscannable == (sealed,)
    assert envelope_only.unscannable == ()


def test_a_rule_that_is_off_says_nothing() -> None:
    assert run(view_of(message("secret")), replace(SECRET, terms=Terms(mode=Mode.OFF))) == ()


def test_every_rule_and_the_scan_are_timed() -> None:
    timed: list[str] = []
    ruleset = Ruleset("sha256:0", (SECRET,), Engine(Detectors()))
    examine(view_of(message("x")), Facts(), ruleset, tick, lambda name, _seconds: timed.append(name))
    assert timed == ["", SECRET.id]


def test_equal_input_gives_an_equal_result() -> None:
    assert run(view_of(message("secret")), SECRET, rule("crash")) == run(
        view_of(message("secret")), SECRET, rule("crash")
    )


def test_a_broken_scan_is_not_spared_by_encryption() -> None:
    view = replace(view_of(message("x")), protection=Protection(Extent.WHOLE, by=("zip",), parts=frozenset({"1"})))
    sparing = replace(SECRET, family=ReadsDetectors(), unless=(Spare(encrypted=True),))
    assert run(view, sparing)[0].exempt
    (result,) = examine(view, Facts(), Ruleset("sha256:0", (sparing,), Broken(Detectors()), (), UTC), tick)
    assert not result.exempt
    assert result.failure is not None


def test_a_family_too_broken_to_ask_fails_its_rule_though_every_other_question_is_answered() -> None:
    class Broken(WordFamily):
        def needs(self, view: MessageView, params: object) -> tuple[()]:
            raise RuntimeError("broken")

    broken = replace(SECRET, family=Broken())
    view = view_of(message("secret"))
    ruleset = Ruleset("sha256:0", (broken,), Engine(Detectors()), (), UTC)
    keys = ruleset.needs(view)
    silence = Facts({key: Failure("fact_missing") for key in keys}, whole=True)
    (result,) = examine(view, silence, ruleset, tick)
    assert result.failure is not None
    assert result.failure.cause == "crash"


def test_facts_that_are_whole_and_without_a_failure_are_sound() -> None:
    key = directory("a@milwaukee.gov")
    assert Facts({key: None}, whole=True).are_sound
    assert not Facts({key: None}).are_sound
    assert not Facts({key: Failure("timeout")}, whole=True).are_sound


def test_a_waiver_is_used_only_where_it_spared_something() -> None:
    (used,) = run(view_of(LOGGED_IN), SECRET, waivers=(WAIVER,))
    (unused,) = run(view_of(replace(LOGGED_IN, content=b"Subject: x\r\n\r\nnothing\r\n")), SECRET, waivers=(WAIVER,))
    for result, spared in ((used, 1), (unused, 0)):
        assert (result.applies, result.findings) == (frozenset(), ())
        (exempt,) = result.exempt
        assert (exempt.by, exempt.spared, exempt.ticket, exempt.approver) == ("EX-1", spared, "T-1", "cio")


def test_a_rule_that_crashes_for_waived_recipients_alone_defers_nobody() -> None:
    crash = rule("crash")
    waiver = replace(WAIVER, rule=crash.id)
    (result,) = run(view_of(LOGGED_IN), crash, waivers=(waiver,))
    assert result.failure is not None
    assert result.applies == frozenset()
    assert decide([result], LOGGED_IN.envelope).strictest is Disposition.ACCEPT
    assert result.exempt[0].spared == 0


def test_a_waiver_begins_with_its_first_day() -> None:
    later = replace(WAIVER, starts=date(2026, 3, 3), expires=date(2026, 4, 1))
    assert not run(view_of(LOGGED_IN), SECRET, waivers=(later,))[0].exempt
    assert run(view_of(LOGGED_IN), SECRET, waivers=(replace(later, starts=date(2026, 3, 2)),))[0].exempt


def test_a_roll_out_asks_for_the_group_and_decides_the_mode_alone() -> None:
    rolled = replace(SECRET, rollout=Rollout(senders=(Who(WhoKind.GROUP, "itmd"),)))
    view = view_of(CLAIMED)
    key = directory("dokafor@milwaukee.gov")
    assert key in Ruleset("sha256:0", (rolled,), Engine(Detectors())).needs(view)
    (plain,) = run(view, SECRET)
    member = Facts({key: Account("dokafor@milwaukee.gov", groups=frozenset({"itmd"}))})
    (inside,) = run(view, rolled, facts=member)
    (outside,) = run(view, rolled, facts=Facts({key: None}))
    assert inside == plain
    assert outside == replace(plain, terms=replace(plain.terms, mode=Mode.SHADOW))
    (silent,) = run(view, rolled, facts=Facts({key: Failure("timeout")}))
    assert (silent.terms.mode, silent.failure) == (Mode.ENFORCE, Failure("timeout"))


def test_outside_of_a_share_a_rule_that_fails_defers_nobody() -> None:
    """The directory is down, and 1 % of the senders wait for it: not everybody."""
    share = share_of(SECRET.id, CLAIMED.envelope.sender)
    needy = replace(SECRET, when=Scope(recipients=(Who(WhoKind.GROUP, "x"),)), rollout=Rollout(share / 2))
    (result,) = run(view_of(CLAIMED), needy, facts=Facts())
    assert result.failure is not None
    assert result.terms.mode is Mode.SHADOW
    verdict = decide([result], CLAIMED.envelope)
    assert (verdict.strictest, verdict.rulings[0].would) == (Disposition.ACCEPT, Disposition.DEFER)


def test_what_encryption_spares_anyway_is_no_use_of_a_waiver() -> None:
    whole = Protection(Extent.WHOLE, by=("zip",), parts=frozenset({""}))
    view = replace(view_of(LOGGED_IN), protection=whole)
    (sealed,) = run(view, replace(SECRET, unless=(Spare(encrypted=True),)), waivers=(WAIVER,))
    assert [(e.by, e.spared) for e in sealed.exempt] == [("EX-1", 0)]
    (open_,) = run(view, SECRET, waivers=(WAIVER,))
    assert [(e.by, e.spared) for e in open_.exempt] == [("EX-1", 1)]


@pytest.mark.parametrize(("action", "spared"), [(Disposition.QUARANTINE, 1), (Disposition.ACCEPT, 0)])
def test_a_part_that_nobody_can_read_counts_where_it_would_have_acted(action: Disposition, spared: int) -> None:
    sealed = Unscannable("2", Region(RegionKind.ATTACHMENT, "x.zip"), Reason.UNKNOWN)
    mail = replace(LOGGED_IN, content=b"Subject: x\r\n\r\nnothing\r\n")
    reading = replace(SECRET, family=ReadsContent(), terms=Terms(on_unscannable=action))
    (result,) = run(replace(view_of(mail), unscannable=(sealed,)), reading, waivers=(WAIVER,))
    assert result.exempt[0].spared == spared
