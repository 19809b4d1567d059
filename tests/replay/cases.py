"""Mail, rules and records of the replay's tests."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC
from hashlib import sha256

from hypothesis import strategies as st

from smtp_gate.core.facts import Account, directory
from smtp_gate.core.message import Message
from smtp_gate.core.ports import FactSource
from smtp_gate.core.rollout import Rollout
from smtp_gate.core.scope import Scope, Spare, Who, WhoKind
from smtp_gate.core.verdict import Disposition, Judgement, Mode, Terms
from smtp_gate.examine import Rule, Ruleset
from smtp_gate.judge import Judge
from smtp_gate.replay.recorded import Decided, decided_of
from smtp_gate.replay.twice import Twice
from smtp_gate.replay.work import Complete
from smtp_gate.store.journal_records import decided
from tests.builders import OURS, envelope, listener, message
from tests.fakes import FakeFacts, FakeWatcher, ruleset, tick
from tests.test_gate import WordFamily, rule

WORDS = ("secret", "plan", "salary")
ADDRESSES = ("lee@example.org", "nrobles2@milwaukee.gov", "danaokafor@gmail.com")
GROUP = Who(WhoKind.GROUP, "benefits")
WHO = (Who(WhoKind.ANY), Who(WhoKind.INTERNAL), Who(WhoKind.EXTERNAL), GROUP)
DANA = Account("dokafor@milwaukee.gov", department="Comptroller", groups=frozenset({"benefits"}))
ROLLOUTS = (None, Rollout(percent=50.0), Rollout(senders=(GROUP,)), Rollout(senders=(Who(WhoKind.EXTERNAL),)))
FACTS = FakeFacts({directory("dokafor@milwaukee.gov"): DANA})


HEADERS = "From: dokafor@milwaukee.gov\nMessage-ID: <1@x>\nContent-Type: multipart/mixed; boundary=b\n\n--b\n"
ZIPPED = (
    "\n--b\nContent-Type: application/zip; name=a.zip\nContent-Transfer-Encoding: base64\n\n"
    "UEsDBBQAAAAIAAAAIQAAAAAAAAAAAAAAAAABAAAAYQ==\n--b--"
)


class ReadingFamily(WordFamily):
    """The same for words in content, so that what nobody can read matters."""

    name = "reading"
    reads_content = True


@st.composite
def rules(draw: st.DrawFn) -> tuple[Rule, ...]:
    """Rules of any mode, action and scope, some broken."""
    made = []
    for word in draw(st.lists(st.sampled_from((*WORDS, "crash")), unique=True, max_size=4)):
        one = rule(word)
        if draw(st.booleans()):
            one = replace(one, family=ReadingFamily())
        terms = Terms(
            draw(st.sampled_from(Disposition)),
            on_unscannable=draw(st.sampled_from(Disposition)),
            on_error=draw(st.sampled_from(Disposition)),
            mode=draw(st.sampled_from(Mode)),
        )
        scope = Scope((draw(st.sampled_from(WHO)),), (draw(st.sampled_from(WHO)),))
        unless = draw(st.sampled_from([(), (Spare(Scope((GROUP,))),)]))
        rollout = draw(st.sampled_from(ROLLOUTS)) if terms.mode is Mode.ENFORCE else None
        made.append(replace(one, terms=terms, when=scope, unless=unless, rollout=rollout))
    return tuple(made)


mails = st.builds(
    lambda words, to, account, zipped: message(
        " ".join(words) + ZIPPED * zipped, headers=HEADERS, env=envelope(to=to, account=account)
    ),
    st.lists(st.sampled_from((*WORDS, "hello"))),
    st.lists(st.sampled_from(ADDRESSES), min_size=1, max_size=3, unique=True),
    st.sampled_from(("", "dokafor@milwaukee.gov")),
    st.booleans(),
)
"""Mail with some of the words, to some of ours and others, at times with an archive that nobody opens here."""


def judge_of(rules: Ruleset, facts: FactSource | None = None) -> Judge:
    return Judge(lambda: rules, facts or FakeFacts(), FakeWatcher(), tick)


def twice(base: Ruleset, candidate: Ruleset, facts: FactSource | None = None, *, full: bool = False) -> Twice:
    judge = judge_of(base, facts)
    return Twice(base, candidate, judge, lambda p: Complete(p.message or never()), UTC, full)


def never() -> Message:
    raise AssertionError("this piece has its message")


def record_of(mail: Message, judgement: Judgement) -> Decided:
    """The record that the gate writes of it, read back."""
    fields = dict(decided(mail, judgement, sha256(mail.content).hexdigest()))
    return decided_of(fields, {"outbound": listener()}, OURS)


def made_of(*rules: Rule, name: str = "sha256:test") -> Ruleset:
    made = ruleset(*rules)
    return Ruleset(name, made.rules, made.engine, made.waivers, made.zone)


async def lived(mail: Message, rules: Sequence[Rule], facts: FactSource | None = None) -> Decided:
    """A message that went through the gate."""
    return record_of(mail, await judge_of(made_of(*rules), facts).judge(mail))
