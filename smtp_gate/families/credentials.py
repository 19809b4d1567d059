"""The family `credentials`: passwords, keys and tokens that detectors found, weighed by level, count and region."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from smtp_gate.core.facts import FactKey, Facts
from smtp_gate.core.finding import Finding
from smtp_gate.core.view import MessageView
from smtp_gate.families.clauses import FindParams, weigh

COVERED: Final = "********"
"""All that is ever shown of a secret: not even its length or its signs are told."""


class CredentialsParams(FindParams):
    """Passwords, keys and tokens that detectors find; evidence is covered wholly, whatever the mask. No directory needed."""


class CredentialsFamily:
    """Looks at the shared scan of the ruleset's detectors; what it found is a secret and shown by no mask."""

    name = "credentials"
    schema = CredentialsParams
    reads_content = True

    def detectors(self, params: CredentialsParams) -> frozenset[str]:
        """The detectors that the clauses name."""
        return params.find.detectors

    def needs(self, view: MessageView, params: CredentialsParams) -> tuple[FactKey, ...]:  # noqa: ARG002 - the protocol's form
        """Nothing from outside."""
        return ()

    def check(self, view: MessageView, facts: Facts, params: CredentialsParams) -> Iterable[Finding]:  # noqa: ARG002 - the protocol's form
        """One finding for each detector, level and place, its evidence covered whatever mask the detector names."""
        return [replace(finding, evidence=COVERED) for finding in weigh(view.matches, params)]


family = CredentialsFamily()
