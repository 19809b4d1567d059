"""What rows add up to: before and after, by rule, department, sender and day, with a few samples of each rule."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypedDict

from smtp_gate.core.record import FindingRow, journal_id
from smtp_gate.replay.rows import DIFFERENT, NEW, Change, CopyRow, ReplayRow

SAMPLES: Final = 5
"""Messages shown of a rule."""
EVIDENCE: Final = 4
"""Findings shown of a message."""
FAILED: Final = 20
"""Messages named that could not be judged."""
WORDS: Final = ("accept", "defer", "quarantine", "reject")
"""Dispositions from the loosest to the strictest."""
NO_DEPARTMENT: Final = "(none in the directory)"


@dataclass(frozen=True, slots=True)
class Sample:
    """A message that a rule changes, with what a person needs to find it and masked evidence; no word of its own text."""

    path: str
    ref: str
    message_id: str
    sender: str
    change: str
    before: str
    after: str
    evidence: tuple[str, ...] = ()


class Summary(TypedDict):
    """The last line of `--json`."""

    kind: str
    messages: int
    judged: int
    changes: dict[str, int]
    new_per_1000: float
    before_after: dict[str, dict[str, int]]
    rules: dict[str, dict[str, int]]
    departments: dict[str, dict[str, int]]
    senders: dict[str, int]
    days: dict[str, dict[str, int]]
    facts: dict[str, int]
    asked_again: dict[str, int]
    moved: int
    as_recorded: dict[str, int]
    joined: dict[str, int]
    untold: dict[str, int]


@dataclass
class Tally:
    """Counts of messages, added one at a time; equal rows in equal order give an equal tally."""

    messages: int = 0
    changes: Counter[str] = field(default_factory=Counter)
    totals: Counter[tuple[str, str]] = field(default_factory=Counter)
    rules: dict[str, Counter[str]] = field(default_factory=dict)
    departments: dict[str, Counter[str]] = field(default_factory=dict)
    senders: Counter[str] = field(default_factory=Counter)
    days: dict[str, Counter[str]] = field(default_factory=dict)
    facts: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    moved: int = 0
    as_recorded: Counter[str] = field(default_factory=Counter)
    joined: Counter[str] = field(default_factory=Counter)
    untold: Counter[str] = field(default_factory=Counter)
    failed: list[tuple[str, str]] = field(default_factory=list)
    samples: dict[str, list[Sample]] = field(default_factory=dict)

    @property
    def judged(self) -> int:
        """Messages of which both verdicts are known."""
        return self.messages - self.changes[Change.UNTOLD] - self.changes[Change.FAILED]

    @property
    def undated(self) -> int:
        """Judged messages without a day."""
        return self.judged - sum(counts.total() for counts in self.days.values())

    @property
    def new(self) -> int:
        """Messages of which some copy is accepted now and would be held, refused or deferred."""
        return sum(self.changes[change] for change in NEW)

    @property
    def different(self) -> int:
        """Messages for which the candidate changes anything."""
        return sum(self.changes[change] for change in DIFFERENT)

    @property
    def new_per_1000(self) -> float:
        """The same of a thousand judged messages."""
        return 1000 * self.new / self.judged if self.judged else 0.0

    def add(self, row: ReplayRow) -> None:
        """Count one message."""
        change = Change(row["change"])
        self.messages += 1
        self.changes[change] += 1
        if change is Change.FAILED:
            if len(self.failed) < FAILED:
                self.failed.append((safe(row["path"]), row["why"]))
            return
        self.facts[row["how"]] += 1
        self.asked.update(row["asked"])
        self.moved += row["moved"]
        if row["as_recorded"]:
            self.as_recorded[row["as_recorded"]] += 1
        if row["joined"]:
            self.joined[row["joined"]] += 1
        if change is Change.UNTOLD:
            self.untold.update(row["why"].split(", "))
            return
        self.totals[row["before"], row["after"]] += 1
        if row["day"]:
            _count(self.days, row["day"], change)
        _count(self.departments, row["department"] or NO_DEPARTMENT, change)
        if change in DIFFERENT:
            self._different(row, change)

    def _different(self, row: ReplayRow, change: Change) -> None:
        if change in NEW:
            self.senders[safe(row["sender"]) or "<>"] += 1
        for rule, what in sorted(_responsible(row)):
            counts = self.rules.setdefault(rule, Counter())
            counts[what] += 1
            shown = self.samples.setdefault(rule, [])
            if len(shown) < SAMPLES and all(one.path != row["path"] for one in shown):
                shown.append(_sample(row, rule, what))

    def unshown(self, rule: str) -> int:
        """How many messages that a rule changes are not among its samples."""
        return self.rules[rule].total() - len(self.samples[rule])

    def ranked(self) -> list[tuple[str, Counter[str]]]:
        """The rules, those that stop most new mail first."""
        return sorted(self.rules.items(), key=lambda item: (-_new(item[1]), -item[1].total(), item[0]))

    def summary(self) -> Summary:
        """All of it for programs."""
        table: dict[str, dict[str, int]] = {}
        for (before, after), number in sorted(self.totals.items()):
            table.setdefault(before, {})[after] = number
        return Summary(
            kind="summary",
            messages=self.messages,
            judged=self.judged,
            changes={str(change): self.changes[change] for change in Change},
            new_per_1000=round(self.new_per_1000, 3),
            before_after=table,
            rules={rule: dict(sorted(counts.items())) for rule, counts in self.ranked()},
            departments=_plain(self.departments),
            senders=dict(top(self.senders, 10)),
            days=_plain(self.days),
            facts=dict(sorted(self.facts.items())),
            asked_again=dict(sorted(self.asked.items())),
            moved=self.moved,
            as_recorded=dict(sorted(self.as_recorded.items())),
            joined=dict(sorted(self.joined.items())),
            untold=dict(sorted(self.untold.items())),
        )


def top(counts: Counter[str], number: int) -> list[tuple[str, int]]:
    """The most frequent, in a stable order."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:number]


def _new(counts: Mapping[str, int]) -> int:
    return sum(counts.get(change, 0) for change in NEW)


def _count(table: dict[str, Counter[str]], name: str, change: Change) -> None:
    table.setdefault(name, Counter())[change] += 1


def _plain(table: dict[str, Counter[str]]) -> dict[str, dict[str, int]]:
    return {name: {str(k): v for k, v in sorted(counts.items())} for name, counts in sorted(table.items())}


def _responsible(row: ReplayRow) -> set[tuple[str, str]]:
    """Each rule behind a change of some copy, with the change: the new ones' for a copy that is stopped, else both sides'."""
    found = set()
    for copy in row["recipients"]:
        change = Change(copy["change"])
        if change in NEW:
            found |= {(rule, str(change)) for rule in copy["rules_after"]}
        elif change is Change.FREED:
            found |= {(rule, str(change)) for rule in copy["rules_before"]}
        elif change is Change.CHANGED:
            found |= {(rule, str(change)) for rule in _behind(copy)}
    return found


def _behind(copy: CopyRow) -> set[str]:
    """The rules behind a change: those of the stricter side, or where both are as strict those of one side alone."""
    before, after = set(copy["rules_before"]), set(copy["rules_after"])
    if copy["before"] == copy["after"]:
        return before ^ after
    return after if WORDS.index(copy["after"]) > WORDS.index(copy["before"]) else before


def _sample(row: ReplayRow, rule: str, change: str) -> Sample:
    concerned = [
        c for c in row["recipients"] if c["change"] == change and rule in (*c["rules_before"], *c["rules_after"])
    ]
    chosen = concerned or row["recipients"]
    before = max((c["before"] for c in chosen), key=WORDS.index)
    after = max((c["after"] for c in chosen), key=WORDS.index)
    seen = tuple(_evidence(f for side in _sides(row, change) for f in side if f["rule"] == rule))
    if not seen and row["unscannable"]:
        seen = (f"content that nobody can look into ({', '.join(sorted({u['reason'] for u in row['unscannable']}))})",)
    names = (safe(row["path"]), row["ref"], safe(row["message_id"]), safe(row["sender"]))
    return Sample(*names, change, before, after, seen)


def _sides(row: ReplayRow, change: str) -> tuple[list[FindingRow], ...]:
    """Where to look for what a rule saw: what is freed was seen before, all else is seen by the candidate."""
    sides = (row["findings_after"], row["findings_before"])
    return sides[::-1] if change == Change.FREED else sides


def safe(text: str) -> str:
    """What a sender or a file name says, with what looks like an SSN masked in it, as journals have it (law 9)."""
    return journal_id(text)


def _evidence(findings: Iterable[FindingRow]) -> list[str]:
    """What was seen, where, and its mask, as `explain` writes it."""
    said = [
        " ".join(filter(None, (f["detector"], f["level"], f"in {f['region']}", f["evidence"])))
        + (f" x{f['count']}" if f["count"] > 1 else "")
        for f in findings
    ]
    return list(dict.fromkeys(said))[:EVIDENCE]
