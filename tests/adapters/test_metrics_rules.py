"""Metrics by rule: a rule in shadow counts its would-be holds exactly as an enforced one counts its holds."""

from dataclasses import replace

from prometheus_client import CollectorRegistry

from smtp_gate.adapters.metrics_rules import RuleMetrics
from smtp_gate.core.finding import Failure, Finding
from smtp_gate.core.verdict import Disposition, Exemption, Mode, Result, Terms, decide
from smtp_gate.core.view import Reason, Region, RegionKind, Unscannable
from tests.builders import envelope

OWN = Region(RegionKind.OWN)
ENV = envelope(to=["a@example.org", "b@example.org"])
TERMS = Terms(Disposition.REJECT, Disposition.QUARANTINE)
SEALED = (Unscannable("2", OWN, Reason.UNKNOWN),)
FOUND = Result("r", "f", TERMS, frozenset({0, 1}), (Finding(OWN, "***", recipients=frozenset({0})),), SEALED)


def counted(*results: Result) -> dict[tuple[str, ...], float]:
    registry = CollectorRegistry()
    RuleMetrics(registry).judged(decide(results, ENV))
    samples = (s for m in registry.collect() for s in m.samples if not s.name.endswith("_created"))
    return {(s.name.removeprefix("smtp_gate_"), *s.labels.values()): s.value for s in samples}


def test_each_recipient_counts_once_a_rule_by_the_strictest() -> None:
    found = counted(FOUND)
    assert found["rule_recipients_total", "r", "enforce", "reject"] == 1
    assert found["rule_recipients_total", "r", "enforce", "quarantine"] == 1
    assert found["rule_findings_total", "r", "enforce"] == 1


def test_shadow_counts_the_same_under_its_own_mode() -> None:
    results = (FOUND, replace(FOUND, rule="s", findings=(), failure=Failure("crash")))
    shadow = tuple(replace(r, terms=replace(r.terms, mode=Mode.SHADOW)) for r in results)
    enforced = counted(*results)
    renamed = {tuple("shadow" if word == "enforce" else word for word in key): v for key, v in enforced.items()}
    assert counted(*shadow) == renamed
    assert len(renamed) == len(enforced)


def test_only_a_waiver_that_spared_something_is_used() -> None:
    used, unused = (
        Exemption(frozenset({0}), name, spared, "T-1", "cio") for name, spared in (("EX-1", 3), ("EX-2", 0))
    )
    by_unless = Exemption(frozenset({1}), "unless")
    found = counted(Result("r", "f", TERMS, exempt=(used, unused, by_unless)))
    assert {k: v for k, v in found.items() if k[0] == "waiver_uses_total"} == {("waiver_uses_total", "EX-1", "r"): 1}
