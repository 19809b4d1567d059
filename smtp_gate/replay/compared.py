"""What was compared with what: told at the head of every report."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Compared:
    """The two rulesets by their hashes, the sources as they were named, how long it took and how fast it went.

    `unclaimed` are messages in files of which the journal has no record. `differences` are the changes between the two
    rulesets, a line each, where somebody has told them.
    """

    base: str
    candidate: str
    sources: tuple[str, ...]
    seconds: float = 0.0
    rate: float = 0.0
    jobs: int = 1
    unclaimed: int = 0
    differences: tuple[str, ...] = ()
