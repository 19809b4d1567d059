"""Metrics by rule of what a verdict says: findings, failures, whom each rule weighs on, in shadow as well, and waivers used."""

from collections.abc import Iterable
from functools import lru_cache, partial

from prometheus_client import CollectorRegistry, Counter

from smtp_gate.core.verdict import Disposition, Mode, Ruling, Verdict


class RuleMetrics:
    """A part of `Metrics`, on its registry. The mode is the one that the rule had for the message."""

    def __init__(self, registry: CollectorRegistry) -> None:
        counter = partial(Counter, namespace="smtp_gate", registry=registry)
        findings = counter("rule_findings", "Findings, by rule and mode.", ("rule", "mode"))
        failures = counter("rule_failures", "Rules that could not look, by rule and cause.", ("rule", "cause"))
        said = "Recipients that a rule weighs on, by rule, mode and what it asks for; in shadow, what it would ask for."
        weighed = counter("rule_recipients", said, ("rule", "mode", "disposition"))
        said = "Messages of which a waiver spared something that its rule would have acted on."
        waivers = counter("waiver_uses", said, ("waiver", "rule"))
        # Looking a labelled child up costs more than counting on it, and the label values are few.
        self._finding = lru_cache(4096)(findings.labels)
        self._failure = lru_cache(4096)(failures.labels)
        self._weighed = lru_cache(4096)(weighed.labels)
        self._waiver = lru_cache(1024)(waivers.labels)

    def judged(self, verdict: Verdict) -> None:
        """A verdict was made."""
        self._count_weights(verdict.rulings)
        for result in verdict.results:
            if result.findings and result.applies:
                self._finding(result.rule, result.terms.mode.value).inc(len(result.findings))
            if result.failure is not None:
                self._failure(result.rule, result.failure.cause).inc()
            for exempt in result.exempt:
                if exempt.spared:
                    self._waiver(exempt.by, result.rule).inc()

    def _count_weights(self, rulings: Iterable[Ruling]) -> None:
        """Count each rule once a recipient, by the strictest thing it asks for there."""
        counts: dict[tuple[str, str, str], int] = {}
        for ruling in rulings:
            for mode, weights in ((Mode.ENFORCE, ruling.weights), (Mode.SHADOW, ruling.shadow)):
                # The strictest stands first; of a rule with two causes that one counts.
                strictest: dict[str, Disposition] = {}
                for weight in weights:
                    strictest.setdefault(weight.rule, weight.disposition)
                for rule, disposition in strictest.items():
                    key = (rule, mode.value, disposition.word)
                    counts[key] = counts.get(key, 0) + 1
        for key, count in counts.items():
            self._weighed(*key).inc(count)
