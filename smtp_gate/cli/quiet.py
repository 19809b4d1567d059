"""A watcher for commands that judge without a gate around: told, and silent."""

from smtp_gate.core.message import Message
from smtp_gate.core.ports import Outcome
from smtp_gate.core.reply import Reply
from smtp_gate.core.verdict import Judgement


class Quiet:
    """Implements `Watcher` and keeps nothing."""

    def stage(self, name: str, seconds: float) -> None:
        """Nothing is kept."""

    def rule(self, rule: str, seconds: float) -> None:
        """Nothing is kept."""

    def judged(self, message: Message, judgement: Judgement) -> None:
        """Nothing is kept."""

    def answered(
        self, message: Message, judgement: Judgement | None, outcome: Outcome, reply: Reply, seconds: float
    ) -> None:
        """Nothing is kept."""

    def fault(self, ref: str, what: str, error: BaseException | None = None) -> None:
        """Nothing is kept."""
