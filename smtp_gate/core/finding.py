"""What a rule saw (a finding) and why it could not look (a failure): both are values that reach the decision."""

from dataclasses import dataclass, field

from smtp_gate.core.view import Region


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule saw in one place. `evidence` is masked; no clear value is ever put here (law 9).

    `level` is high, medium or low, or empty where the family has no levels. `recipients` are indexes into
    `Envelope.recipients` that the finding concerns, None for all of them. `count` is the number of distinct values
    behind it. `detail` is a short word for why (`own_address`), fit for logs and metrics. `said` is what the sender may
    read of it in place of {what}: which account, which line to add; never a value that a detector looks for.
    """

    region: Region
    evidence: str = ""
    detector: str = ""
    level: str = ""
    part: str = ""
    count: int = 1
    recipients: frozenset[int] | None = None
    detail: str = ""
    said: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a rule could not look: `cause` is a short word for metrics (`crash`, `timeout`, `fact_missing`).

    `detail` is for the log and never holds message content.
    """

    cause: str
    detail: str = field(default="")
