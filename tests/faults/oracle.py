"""The one judge of all fault tests: what the client was told, against what the next hop has and what is held.

It is not told what was broken or when. A message may be lost only where nobody was told that it was taken.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from smtp_gate.store.files import Disk
from smtp_gate.store.journal_reader import Record, read, verify
from smtp_gate.store.quarantine import FileQuarantine, State
from tests.faults.mail import Letter, Scenario

RECIPIENT = re.compile(rb"<(m\d+\.\d@[a-z.]+)>")


@dataclass
class Truth:
    """What came of a run. `failures` are broken promises; the rest says how often which allowed thing happened."""

    failures: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def __bool__(self) -> bool:
        return not self.failures


@dataclass
class Oracle:
    """Knows where a gate keeps things, and what the next hop has written down: `delivered` are (recipient, content)."""

    data: Path

    def judge(self, letters: Iterable[Letter], delivered: Iterable[tuple[str, bytes]], *, late: bool = False) -> Truth:
        """The truth about these letters. With `late` a 4xx after the next hop's acceptance is allowed: the deadline passed."""
        truth = Truth()
        at_hop: dict[str, list[bytes]] = defaultdict(list)
        for recipient, content in delivered:
            at_hop[recipient].append(content)
        held, unknown = self._kept(truth)
        decided = self._journal(truth)
        for one in letters:
            self._one(one, at_hop, held, unknown, truth, late=late)
            for recipient in one.recipients:
                if (recipient in at_hop or recipient in held) and recipient not in decided:
                    truth.failures.append(f"m{one.number}: enacted without a verdict on record")
        return truth

    def _one(
        self, one: Letter, at_hop: dict[str, list[bytes]], held: dict[str, bytes], unknown: set[str], truth: Truth, *,
        late: bool,
    ) -> None:  # fmt: skip
        name = f"m{one.number} ({one.scenario}, client was told {one.code or 'nothing'})"
        for recipient in one.recipients:
            copies = at_hop.get(recipient, [])
            if any(not whole.endswith(one.content) for whole in copies):
                truth.failures.append(f"{name}: octets changed on the way")
            if recipient in held and held[recipient] != one.content:
                truth.failures.append(f"{name}: octets changed in the quarantine")
            if copies and recipient in held:
                truth.failures.append(f"{name}: {recipient} delivered and held")
            if len(copies) > 1:
                truth.failures.append(f"{name}: delivered {len(copies)} times")
            # Once the next hop has the other copies, a hold that cannot be committed is shown to a person (law 5).
            shown = recipient in unknown and one.scenario is Scenario.MIXED
            there = bool(copies) or recipient in held or shown
            if 200 <= one.code < 300 and not there:
                truth.failures.append(f"{name}: {recipient} is nowhere")
            if one.code >= 400 and there and not late:
                truth.failures.append(f"{name}: {recipient} was kept although the client was told to try again")
            if recipient in unknown and one.code and not shown:
                truth.failures.append(f"{name}: {recipient} is unknown although the client was told")
            wrong = held if recipient.endswith("milwaukee.gov") or one.scenario is Scenario.ACCEPT else at_hop
            if recipient in wrong:
                truth.failures.append(f"{name}: {recipient} went the wrong way")
        if one.code >= 500 and one.scenario is not Scenario.REFUSE:
            truth.failures.append(f"{name}: a fault became a {one.code}: {one.reply}")
        truth.counts[self._word(one, at_hop, held)] += 1

    @staticmethod
    def _word(one: Letter, at_hop: dict[str, list[bytes]], held: dict[str, bytes]) -> str:
        if one.code:
            return str(one.code)
        there = [r in at_hop or r in held for r in one.recipients]
        # The client will send it again: these are the duplicates that SMTP cannot avoid (RFC 1047).
        return "told nothing, kept" if all(there) else "told nothing, partly kept" if any(there) else "told nothing"

    def _kept(self, truth: Truth) -> tuple[dict[str, bytes], set[str]]:
        """What is held, by recipient, and whose copies are `unknown`."""
        held: dict[str, bytes] = {}
        unknown: set[str] = set()
        disk = Disk(1)
        try:
            for listed in FileQuarantine(self.data / "quarantine", disk).items():
                if listed.item is None:
                    truth.failures.append(f"{listed.ref}: half an item: {listed.flaw}")
                    continue
                names = [r.path.address for r in listed.item.message.envelope.recipients]
                if listed.state is State.UNKNOWN:
                    unknown.update(names)
                    continue
                for name in names:
                    if name in held:
                        truth.failures.append(f"{name}: held twice")
                    held[name] = listed.item.message.content
        finally:
            disk.close()
        return held, unknown

    def _journal(self, truth: Truth) -> set[str]:
        """Whom the journal has a verdict for; a flaw that no crash explains is a broken promise."""
        root = self.data / "journal"
        truth.failures += [f"journal: {flaw}" for flaw in verify(root)[1] if not flaw.by_crash]
        return {
            row["address"]
            for item in read(root)
            if isinstance(item, Record) and item.fields.get("kind") == "decided"
            for row in item.fields["recipients"]
        }


def delivered_in(transactions: Iterable[tuple[Iterable[bytes], bytes]]) -> list[tuple[str, bytes]]:
    """(recipient, content) of each copy, from RCPT lines and content as a sink has recorded them."""
    found = []
    for rcpts, content in transactions:
        for line in rcpts:
            match = RECIPIENT.search(line)
            if match is not None:
                found.append((match[1].decode(), content))
    return found
