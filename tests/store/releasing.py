"""A desk for the tests of release: a held message, a next hop with a plan for each recipient, a clock that is set by hand."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from smtp_gate.core.finding import Finding
from smtp_gate.core.message import Envelope, Message, Recipient
from smtp_gate.core.reply import Reply
from smtp_gate.core.scope import Scope
from smtp_gate.core.verdict import Disposition, Terms
from smtp_gate.core.view import MessageView, Region, RegionKind
from smtp_gate.examine import Rule, Ruleset
from smtp_gate.families.base import Params
from smtp_gate.judge import Judge
from smtp_gate.store.files import Disk
from smtp_gate.store.journal_records import EventRecord
from smtp_gate.store.notices import NoticeTerms
from smtp_gate.store.quarantine import FileQuarantine, State
from smtp_gate.store.release import Releaser, ReleaseTerms
from tests.fakes import FakeAttempt, FakeFacts, FakeHop, FakeWatcher, reply, ruleset, tick
from tests.store.sample import SECRET, judgement, secret_message

REF = "TESTREF0001"
START = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
LEE, MUELLER = "lee@example.org", "müller@example.org"


class Word(Params):
    word: str


class WordFamily:
    """Finds a word in the content; `crash` crashes it."""

    name = "word"
    schema = Word
    reads_content = False

    def detectors(self, params: Word) -> tuple[str, ...]:
        return ()

    def needs(self, view: MessageView, params: Word) -> tuple[()]:
        return ()

    def check(self, view: MessageView, facts: object, params: Word) -> list[Finding]:
        if params.word == "crash":
            raise RuntimeError("a secret from the mail")
        return [Finding(Region(RegionKind.OWN), "***")] if params.word.encode() in view.message.content else []


def rule(name: str, word: str, action: Disposition = Disposition.QUARANTINE) -> Rule:
    return Rule(name, name, ("P-SENSITIVE",), "test", WordFamily(), Word(word=word), Scope(), Terms(action))


SSN = rule("pii.ssn", SECRET)


class Hop(FakeHop):
    """Replies by recipient: `codes[address]` are used up in turn at RCPT, the last one stays. `notices` go elsewhere."""

    def __init__(self, codes: dict[str, list[int]] | None = None, **plan: int) -> None:
        super().__init__(plan)
        self.codes = {a: list(c) for a, c in (codes or {}).items()}
        self.notices: list[bytes] = []
        self.notice_plan: list[int] = []
        self.lose = ""
        """`before` or `after`: the connection is lost there, around the dot."""
        self.error: BaseException | None = None

    async def begin(self, envelope: Envelope) -> "FakeAttempt | Reply":
        if self.plan.get("mail", 250) != 250:
            return reply(self.plan["mail"])
        attempt = HopAttempt(self, envelope)
        self.attempts.append(attempt)
        return attempt


class HopAttempt(FakeAttempt):
    hop: Hop

    async def rcpt(self, recipient: Recipient) -> Reply:
        codes = self.hop.codes.get(recipient.path.address, [250])
        code = codes.pop(0) if len(codes) > 1 else codes[0]
        if code == 250:
            self.accepted.append(recipient)
        return reply(code)

    async def send(self, octets: Sequence[bytes], chosen: Sequence[int], may_finish: Callable[[], bool]) -> Reply:
        hop = self.hop
        if self.envelope.sender.is_null and not hop.lose:
            assert self.accepted
            code = hop.notice_plan.pop(0) if hop.notice_plan else 250
            self.dot_sent = True
            if code == 250:
                hop.notices.append(b"".join(octets))
            return reply(code)
        if hop.lose or hop.error is not None:
            self.dot_sent = hop.lose != "before"
            if hop.error is not None:
                raise hop.error
            return Reply(451, "4.4.2", ("lost connection with next hop",))
        return await super().send(octets, chosen, may_finish)


class Events:
    """A journal that remembers, or fails from the Nth event on."""

    def __init__(self) -> None:
        self.records: list[EventRecord] = []
        self.error: OSError | None = None

    @property
    def what(self) -> list[str]:
        return [r["what"] for r in self.records]

    async def event(self, record: EventRecord) -> None:
        if self.error is not None:
            raise self.error
        self.records.append(record)


class Desk:
    """A quarantine below a folder, and who decides on what it holds."""

    def __init__(
        self, root: Path, disk: Disk, hop: Hop | None = None, rules: Sequence[Rule] = (SSN,), **terms: Any
    ) -> None:
        self.root, self.disk = root, disk
        self.hop, self.events = hop or Hop(), Events()
        self.now = START
        self.rules = tuple(rules)
        self.terms = NoticeTerms(
            "gate.milwaukee.gov", contact="help@milwaukee.gov", way_out="Call the help desk.", **terms
        )
        self.restart()

    def restart(self) -> None:
        """What a new process would see."""
        self.quarantine = FileQuarantine(self.root, self.disk)
        terms = ReleaseTerms("gate.milwaukee.gov", timedelta(days=5), self.terms)
        self.releaser = Releaser(self.quarantine, self.judge(), self.hop, self.events, terms, lambda: self.now)

    def judge(self) -> Judge:
        return Judge(self.ruleset, FakeFacts(), FakeWatcher(), tick)

    def ruleset(self) -> Ruleset:
        return ruleset(*self.rules)

    async def hold(self, message: Message | None = None, held: Sequence[int] = (0, 3)) -> None:
        """Hold a message for these recipients."""
        kept = message or secret_message(REF)
        await (await self.quarantine.prepare(kept, judgement(kept), held)).commit()

    def state(self, ref: str = REF) -> State:
        return self.quarantine.find(ref).state

    def standings(self, ref: str = REF) -> list[str]:
        now = self.quarantine.find(ref).progress
        return [] if now is None else [str(c.standing) for c in now.copies]

    async def later(self, **by: float) -> None:
        """Time passes, then everything is tended once."""
        self.now += timedelta(**by)
        for ref in self.quarantine.progress.refs():
            await self.releaser.tend(ref)
