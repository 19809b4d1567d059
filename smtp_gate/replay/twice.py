"""One message judged under the rules that run and under the candidate: by the judge that judges live, read once (law 7)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import tzinfo
from functools import cached_property

from smtp_gate.core.facts import Account, directory
from smtp_gate.core.message import Message
from smtp_gate.core.ports import FactSource
from smtp_gate.core.record import FindingRow, finding_rows, journal_id, recipient_rows, unscannable_rows
from smtp_gate.core.verdict import Judgement, Verdict
from smtp_gate.examine import Ruleset
from smtp_gate.judge import Judge
from smtp_gate.replay.recorded import Decided, Recalled
from smtp_gate.replay.redecide import redecide
from smtp_gate.replay.rows import Change, How, ReplayRow, blank, copies, foremost
from smtp_gate.replay.sameness import Pair, pairs
from smtp_gate.replay.work import Complete, Joined, Piece, day_of


@dataclass(frozen=True)
class Twice:
    """Both rulesets and the judge. `complete` makes a file's message; `full` keeps findings of unchanged messages too."""

    base: Ruleset
    candidate: Ruleset
    judge: Judge
    complete: Callable[[Piece], Complete]
    zone: tzinfo
    full: bool = False

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """How each rule of the candidate stands to those that run."""
        return pairs(self.base, self.candidate)

    async def row(self, piece: Piece) -> ReplayRow:
        """What changes for this message; what cannot be judged is a row that says why, never an exception."""
        row = blank(piece.id, piece.path, piece.source)
        try:
            if piece.record is not None and piece.message is None:
                return await self._from_record(row, piece.record)
            return await self._from_content(row, piece)
        except Exception as error:  # noqa: BLE001 - one message that breaks is a line of the report, not the end of it
            failed = blank(piece.id, piece.path, piece.source)
            failed["why"] = f"could not be judged: {type(error).__name__}"
            return failed

    async def _from_content(self, row: ReplayRow, piece: Piece) -> ReplayRow:
        ready = self._ready(piece)
        message, record = ready.message, piece.record
        recalled = Recalled(record.facts, self.judge.facts) if record is not None else None
        judge = self.judge if recalled is None else replace(self.judge, facts=recalled)
        before, after = await judge.judge_under(message, (self.base, self.candidate))
        if recalled is not None:
            row["asked"], row["moved"] = sorted(recalled.asked), recalled.moved
        else:
            row["asked"] = sorted({key.source for j in (before, after) for key in j.facts.answers})
        used = any(judgement.facts.answers for judgement in (before, after))
        row["how"] = str(_how(row, recalled, used=used))
        row["joined"] = str(piece.joined)
        if record is not None and piece.joined is Joined.SHA256 and record.ruleset == self.base.hash:
            row["as_recorded"] = "yes" if _as_recorded(record, message, before) else "no"
        row["message_id"] = journal_id(before.message_id)
        await self._identify(row, message, record, ready.day)
        self._judged(row, message, before.verdict, after.verdict)
        if self.full or row["change"] != Change.SAME:
            row["findings_before"] = finding_rows(before.verdict)
            row["findings_after"] = finding_rows(after.verdict)
            row["unscannable"] = unscannable_rows(before.unscannable)
        return row

    def _ready(self, piece: Piece) -> Complete:
        if piece.message is None:
            return self.complete(piece)
        return Complete(piece.message, day_of(piece.message.received.astimezone(self.zone)))

    async def _from_record(self, row: ReplayRow, record: Decided) -> ReplayRow:
        recalled = Recalled(record.facts, self.judge.facts)
        told = await redecide(record, self.base, self.pairs, recalled)
        message = Message(record.ref, record.envelope, b"", record.received)
        row["asked"], row["moved"] = sorted(recalled.asked), recalled.moved
        row["message_id"] = record.message_id
        await self._identify(row, message, record, day_of(record.received.astimezone(self.zone)))
        if told.before is None or told.after is None:
            row["change"] = str(Change.UNTOLD)
            row["why"] = ", ".join(told.why)
            row["before"] = max(r.disposition for r in told.before.rulings).word if told.before is not None else ""
            return row
        row["how"] = str(How.RECORD)
        self._judged(row, message, told.before, told.after)
        if self.full or row["change"] != Change.SAME:
            row["findings_before"] = list(record.findings)
            row["findings_after"] = self._renamed(record)
            row["unscannable"] = list(record.unscannable)
        return row

    def _renamed(self, record: Decided) -> list[FindingRow]:
        """The recorded findings as the candidate's rules would tell them; those of rules that fell away are gone."""
        rules = {pair.after.id: pair.after.terms for pair in self.pairs}
        kept = [found for found in record.findings if found["rule"] in rules]
        told = [found.copy() for found in kept]
        for found in told:
            found["mode"], found["action"] = str(rules[found["rule"]].mode), rules[found["rule"]].action.word
        return told

    def _judged(self, row: ReplayRow, message: Message, before: Verdict, after: Verdict) -> None:
        row["recipients"] = copies(message.envelope, before, after)
        row["before"], row["after"] = before.strictest.word, after.strictest.word
        row["change"] = str(foremost([Change(copy["change"]) for copy in row["recipients"]]))
        if row["change"] == Change.SAME and not self.full:
            row["recipients"] = []

    async def _identify(self, row: ReplayRow, message: Message, record: Decided | None, day: str) -> None:
        sender = message.envelope.sender
        row["ref"] = record.ref if record is not None else "" if row["source"] == "files" else message.ref
        row["sender"], row["day"] = sender.address, day
        if sender.domain:
            row["department"] = await _department(sender.key, message, record, self.judge.facts)


def _how(row: ReplayRow, recalled: Recalled | None, *, used: bool) -> How:
    """By what facts a content was judged; `used`: there were any."""
    if row["asked"]:
        return How.SAME_SNAPSHOT if recalled is not None and recalled.same else How.ASKED_AGAIN
    return How.RECORDED_FACTS if used else How.NO_FACTS


async def _department(key: str, message: Message, record: Decided | None, facts: FactSource) -> str:
    """The sender's department on that day, as it was recorded or else as the directory knows it."""
    for row in record.facts if record is not None else ():
        if row["source"] == "directory" and row["subject"] == key and row["account"] is not None:
            return row["account"]["department"]
    question = directory(key)
    answer = (await facts.ask({question}, message.received)).get(question)
    return answer.department if isinstance(answer, Account) else ""


def _as_recorded(record: Decided, message: Message, judgement: Judgement) -> bool:
    """Whether replay decides what was decided then: dispositions, rules, causes and masked findings."""
    rows = tuple(recipient_rows(judgement.verdict, message.envelope))
    found = tuple(finding_rows(judgement.verdict))
    return (rows, found) == (record.recipients, record.findings)
