"""The family `sensitive`: identifiers that detectors found, weighed by level, count and region."""

from collections.abc import Iterable

from smtp_gate.core.facts import FactKey, Facts
from smtp_gate.core.finding import Finding
from smtp_gate.core.view import MessageView
from smtp_gate.families.clauses import FindParams, weigh


class SensitiveParams(FindParams):
    """What detectors find: numbers, days and words that must not leave the city unencrypted. No directory needed."""


class SensitiveFamily:
    """Looks at the shared scan of the ruleset's detectors."""

    name = "sensitive"
    schema = SensitiveParams
    reads_content = True

    def detectors(self, params: SensitiveParams) -> frozenset[str]:
        """The detectors that the clauses name."""
        return params.find.detectors

    def needs(self, view: MessageView, params: SensitiveParams) -> tuple[FactKey, ...]:  # noqa: ARG002 - the protocol's form
        """Nothing from outside."""
        return ()

    def check(self, view: MessageView, facts: Facts, params: SensitiveParams) -> Iterable[Finding]:  # noqa: ARG002 - the protocol's form
        """One finding for each detector, level and place behind the clauses that hold."""
        return weigh(view.matches, params)


family = SensitiveFamily()
