"""All detectors compiled once; one scan of a text serves every rule."""

from collections.abc import Iterable

from smtp_gate.core.view import Match, Text
from smtp_gate.detect.detectors import Detectors


class DetectorError(ValueError):
    """A detector that cannot be compiled: which one, which of its keys (`regex`, `validator`, ...), and why."""

    def __init__(self, detector: str, key: str, reason: str) -> None:
        super().__init__(f"{detector}: {key}: {reason}")
        self.detector = detector
        self.key = key
        self.reason = reason


class Engine:
    """The compiled detectors of one ruleset; immutable once built, usable from several threads."""

    def __init__(self, detectors: Detectors) -> None:
        """Compile. Raises DetectorError for the first detector that will not compile."""
        self.detectors = detectors

    def scan(self, texts: Iterable[Text]) -> tuple[Match, ...]:
        """Every match of every detector in these texts at the best level that holds, in a stable order."""
        raise NotImplementedError
