"""The same message deferred again and again by one cause: what its key is, what the causes are, and when to raise an alert.

Pure; the counting stands in the derived index (table `deferrals`), one row a deferral, so it survives a restart, takes no
memory, and does not depend on the order in which the workers' segments are read. It reaches back `WINDOW` and holds at most
`MOST` rows, about 200 octets each.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from smtp_gate.core.ports import Outcome

THRESHOLD: Final = 3
"""The deferral of the same message by the same cause that raises the first alert."""

WINDOW: Final = timedelta(days=7)
"""How far back deferrals count: a queue gives mail up after five days by default (Postfix, maximal_queue_lifetime)."""

MOST: Final = 200_000
"""How many deferrals are remembered, the newest."""

NEXT_HOP: Final = "next_hop"
FAULT: Final = "fault"
FAULTS: Final = frozenset({Outcome.CRASHED, Outcome.LATE, Outcome.ABANDONED})
DEFERRING: Final = FAULTS | {Outcome.DEFERRED, Outcome.HOP_DEFERRED}
"""The outcomes after which the sender keeps the mail and will come again."""

_ENHANCED: Final = re.compile(r"4\.\d{1,3}\.\d{1,3}")

Blame = tuple[str, str]
"""Who deferred a message and why: a rule's id, `next_hop` or `fault`; and a cause, an enhanced code or an outcome."""


@dataclass(frozen=True, slots=True)
class Alert:
    """The same message was deferred by the same cause for the `count`-th time within the window; `ref` is its last ref."""

    rule: str
    cause: str
    ref: str
    count: int


def key_of(sha256: str, sender: str, recipients: Sequence[str]) -> str:
    """What makes two messages the same one sent again: the content and the envelope, the recipients in any order."""
    parts = "\n".join((sha256, sender, *sorted(recipients)))
    return hashlib.sha256(parts.encode("utf-8", "backslashreplace")).hexdigest()


def rules_to_blame(decided: Mapping[str, Any]) -> list[Blame]:
    """The rules that would defer a decided message, with their causes: a failure's own word, else `finding`, `unscannable`.

    Rules that failed and were told to let mail pass, and those in shadow, defer nothing.
    """
    failures = {str(row.get("rule")): str(row.get("cause")) for row in decided.get("failures", ())}
    blamed = {
        (str(weight.get("rule")), str(weight.get("cause")))
        for row in decided.get("recipients", ())
        if row.get("disposition") == "defer"
        for weight in row.get("weights", ())
        if weight.get("disposition") == "defer"
    }
    return sorted((rule, failures.get(rule, cause) if cause == "failure" else cause) for rule, cause in blamed)


def blame(outcome: str, reply: str, rules: Sequence[Blame]) -> list[Blame]:
    """Who deferred a message that was answered so; nobody where it was not deferred. `rules` are those of its verdict."""
    if outcome == Outcome.DEFERRED:
        return list(rules)
    if outcome == Outcome.HOP_DEFERRED:
        code, _, rest = reply.partition(" ")
        enhanced = _ENHANCED.match(rest)
        return [(NEXT_HOP, enhanced[0] if enhanced else code)]
    if outcome in FAULTS:
        return [(FAULT, outcome)]
    return []
