"""Metrics for Prometheus: the gate, the door and the next hop tell it what happened; no label comes from a message."""

from collections.abc import Callable
from functools import lru_cache, partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from smtp_gate import __version__
from smtp_gate.core.message import Message
from smtp_gate.core.ports import Outcome
from smtp_gate.core.reply import Reply
from smtp_gate.core.verdict import Judgement

STAGES = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0)
WHOLE = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 90.0)


class Metrics:
    """Implements `Watcher`, the door's and the next hop's watchers. One object a process, on a registry of its own."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        counter = partial(Counter, namespace="smtp_gate", registry=self.registry)
        gauge = partial(Gauge, namespace="smtp_gate", registry=self.registry)
        histogram = partial(Histogram, namespace="smtp_gate", registry=self.registry)
        self._messages = counter("messages", "Messages answered, by verdict and outcome.", ("verdict", "outcome"))
        self._recipients = counter("recipients", "Recipients judged, by disposition.", ("disposition",))
        self._octets = counter("message_bytes", "Octets of the messages judged.")
        self._findings = counter("rule_findings", "Findings, by rule and mode.", ("rule", "mode"))
        self._failures = counter("rule_failures", "Rules that could not look, by rule and cause.", ("rule", "cause"))
        self._unscannable = counter("unscannable_parts", "Parts nobody could look into, by reason.", ("reason",))
        self._rules = histogram("rule_seconds", "Seconds a rule took.", ("rule",), buckets=STAGES)
        self._stages = histogram("stage_seconds", "Seconds a stage took.", ("stage",), buckets=STAGES)
        self._whole = histogram("message_seconds", "Seconds from the client's dot to our reply.", buckets=WHOLE)
        self._faults = counter("faults", "Faults turned into 4xx, by kind.", ("what",))
        self._open = gauge("connections", "Client connections now open.", ("listener",))
        self._connections = counter("client_connections", "Client connections taken.", ("listener",))
        self._away = counter("turned_away", "Clients turned away, by reason.", ("listener", "why"))
        self._hop = counter("next_hop_replies", "Replies of the next hop.", ("stage", "code"))
        self._dial = histogram("next_hop_connect_seconds", "Seconds to a ready connection.", buckets=STAGES)
        self._held = gauge("held_messages", "Messages held now.")
        self._oldest = gauge("held_oldest_seconds", "Age of the oldest held message, 0 where none is held.")
        self._ruleset = gauge("ruleset_info", "The ruleset in use: 1 under its hash.", ("hash",))
        self._loaded = gauge("ruleset_loaded_timestamp_seconds", "When the ruleset in use was loaded.")
        self._reloads = counter("ruleset_reloads", "Reloads, by result.", ("result",))
        build = gauge("build_info", "The running program: 1 under its version.", ("version",))
        build.labels(__version__).set(1)
        # Looking a labelled child up costs more than counting on it, and the label values are few.
        self._stage_child = lru_cache(256)(self._stages.labels)
        self._rule_child = lru_cache(4096)(lambda name: self._rules.labels(name or "(scan)"))
        self._message_child = lru_cache(256)(self._messages.labels)
        self._recipient_child = lru_cache(16)(self._recipients.labels)

    def text(self) -> bytes:
        """The exposition, as `/metrics` serves it."""
        return generate_latest(self.registry)

    # What the gate tells.

    def stage(self, name: str, seconds: float) -> None:
        """A stage of one message took so long."""
        self._stage_child(name).observe(seconds)

    def rule(self, rule: str, seconds: float) -> None:
        """One rule took so long; the empty name is the shared scan."""
        self._rule_child(rule).observe(seconds)

    def judged(self, message: Message, judgement: Judgement) -> None:
        """A verdict was made."""
        self._octets.inc(len(message.content))
        for ruling in judgement.verdict.rulings:
            self._recipient_child(ruling.disposition.word).inc()
        for result in judgement.verdict.results:
            if result.findings and result.applies:
                self._findings.labels(result.rule, str(result.terms.mode)).inc(len(result.findings))
            if result.failure is not None:
                self._failures.labels(result.rule, result.failure.cause).inc()
        for part in judgement.unscannable:
            self._unscannable.labels(str(part.reason)).inc()

    def answered(
        self, _message: Message, judgement: Judgement | None, outcome: Outcome, _reply: Reply, seconds: float
    ) -> None:
        """A message was answered."""
        verdict = judgement.verdict.strictest.word if judgement is not None else "none"
        self._message_child(verdict, str(outcome)).inc()
        self._whole.observe(seconds)

    def fault(self, _ref: str, what: str, _error: BaseException | None = None) -> None:
        """Something broke and was turned into a 4xx."""
        self._faults.labels(what).inc()

    # What the door tells.

    def connected(self, listener: str, change: int) -> None:
        """A client's connection came (1) or went (-1)."""
        self._open.labels(listener).inc(change)
        if change > 0:
            self._connections.labels(listener).inc()

    def turned_away(self, listener: str, why: str) -> None:
        """The door closed on a client."""
        self._away.labels(listener, why).inc()

    # What the next hop's client and the worker tell.

    def hop_replied(self, stage: str, code: int) -> None:
        """The next hop answered."""
        self._hop.labels(stage, str(code)).inc()

    def hop_connected(self, seconds: float) -> None:
        """A connection to the next hop was made."""
        self._dial.observe(seconds)

    def ruleset_loaded(self, ruleset_hash: str, at: float) -> None:
        """A ruleset came into use at a time (seconds since the epoch)."""
        self._ruleset.clear()
        self._ruleset.labels(ruleset_hash).set(1)
        self._loaded.set(at)
        self._reloads.labels("good").inc()

    def reload_refused(self) -> None:
        """A reload was refused and the last good ruleset stays."""
        self._reloads.labels("refused").inc()

    def watch_holds(self, count_and_oldest: Callable[[], tuple[int, float]], now: Callable[[], float]) -> None:
        """Read the quarantine whenever somebody scrapes."""
        self._held.set_function(lambda: count_and_oldest()[0])

        def oldest() -> float:
            written = count_and_oldest()[1]
            return now() - written if written else 0.0

        self._oldest.set_function(oldest)


class HopMetrics:
    """The next hop's watcher, in its own words."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def replied(self, stage: str, code: int) -> None:
        """The next hop answered at a stage."""
        self._metrics.hop_replied(stage, code)

    def connected(self, seconds: float) -> None:
        """A new connection was made in so long."""
        self._metrics.hop_connected(seconds)
