"""What a replay's verdicts rest on and what it could not tell, in plain sentences."""

from typing import Final

from smtp_gate.replay.compared import Compared
from smtp_gate.replay.rows import Change
from smtp_gate.replay.tally import Tally, top

KINDS: Final = (Change.REFUSED, Change.HELD, Change.DEFERRED, Change.FREED, Change.CHANGED)
"""The changes, the gravest first."""
HEADS: Final = ("newly refused", "newly held", "newly deferred", "freed", "changed")
"""What the columns of tables call them."""
MOST: Final = 10
"""Rules named that need the content."""


def short(hashed: str, digits: int = 12) -> str:
    """A ruleset's hash as people compare it, with the shadow rules that were enforced in it."""
    named, plus, more = hashed.partition(" + ")
    return named.removeprefix("sha256:")[:digits] + (plus + more if plus else "")


def facts_lines(tally: Tally, compared: Compared) -> list[str]:
    """What the verdicts rest on, in plain sentences."""
    lines = [f"{number} messages judged with {how}" for how, number in _by_facts(tally)]
    if tally.asked:
        named = ", ".join(f"{source} ({n})" for source, n in sorted(tally.asked.items()))
        lines.append(f"asked now, of today's directory and lists: {named}")
    if tally.moved:
        lines.append(f"{tally.moved} messages of which a source says something else now than is recorded")
    for by, number in sorted(tally.joined.items()):
        lines.append(f"{number} records joined with their content by {by}")
    if tally.as_recorded:
        yes, no = tally.as_recorded["yes"], tally.as_recorded["no"]
        lines.append(f"{yes} of {yes + no} come out under the rules that run exactly as the journal has them")
    if tally.undated:
        lines.append(f"{tally.undated} messages have no date that can be true, and are on no day of the timeline")
    if compared.unclaimed:
        lines.append(f"{compared.unclaimed} messages in files stand in no record of the journal and were not judged")
    return lines


def _by_facts(tally: Tally) -> list[tuple[str, int]]:
    words = {
        "no facts": "no facts from outside, because no rule asked for any",
        "recorded facts": "recorded facts alone",
        "same snapshot": "recorded facts, and the rest of the very snapshot of the directory that was in use then",
        "asked again": "facts that were asked now",
        "record": "their record alone, because their content is nowhere",
    }
    return [(said, tally.facts[how]) for how, said in words.items() if tally.facts[how]]


def untold_lines(tally: Tally) -> list[str]:
    """Of which messages nothing can be said, and why."""
    lines = []
    if tally.changes[Change.UNTOLD]:
        why = ", ".join(f"{rule} ({n})" for rule, n in top(tally.untold, MOST))
        lines.append(f"{tally.changes[Change.UNTOLD]} messages cannot be told without their content: {why}")
    if tally.changes[Change.FAILED]:
        lines.append(f"{tally.changes[Change.FAILED]} messages could not be judged:")
        lines += [f"  {path}: {why}" for path, why in tally.failed]
    return lines
