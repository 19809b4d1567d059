"""Metrics of mail for Prometheus: gate, door and next hop tell what happened; no label comes from a message.

What is told once a rule for every message is added up in plain numbers and moved into the registry when somebody
scrapes (`text`) or calls `flush`, because counting it in the registry at once would cost more than the rules.
"""

from functools import lru_cache, partial
from threading import Lock

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from smtp_gate.adapters.metrics_rules import RuleMetrics
from smtp_gate.core.message import Message
from smtp_gate.core.ports import Outcome
from smtp_gate.core.reply import Reply
from smtp_gate.core.verdict import Disposition, Judgement

STAGES = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0)
WHOLE = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 90.0)
SCAN = "(scan)"
"""The label of the scan that all rules share; no rule can be called so."""


class Metrics:
    """Implements `Watcher`, the door's and the next hop's watchers. One object a process, on a registry of its own.

    Every label value is a rule, a listener, a hash, or one of a few fixed words. Methods may be called in any thread.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        counter = partial(Counter, namespace="smtp_gate", registry=self.registry)
        gauge = partial(Gauge, namespace="smtp_gate", registry=self.registry)
        histogram = partial(Histogram, namespace="smtp_gate", registry=self.registry)
        said = ("verdict", "listener", "outcome")
        self._messages = counter("messages", "Messages answered, by verdict, listener and outcome.", said)
        would = "Recipients judged, by disposition and by what it would be with every shadow rule enforced."
        self._recipients = counter("recipients", would, ("disposition", "would"))
        self._octets = counter("message_bytes", "Octets of the messages judged.")
        self._rules = RuleMetrics(self.registry)
        self._unscannable = counter("unscannable_parts", "Parts nobody could look into, by reason.", ("reason",))
        self._rule_seconds = counter("rule_seconds", "Seconds spent in a rule.", ("rule",))
        self._rule_runs = counter("rule_runs", "Messages a rule looked at.", ("rule",))
        self._stages = histogram("stage_seconds", "Seconds a stage took.", ("stage",), buckets=STAGES)
        self._whole = histogram("message_seconds", "Seconds from the client's dot to our reply.", buckets=WHOLE)
        self._faults = counter("faults", "Faults turned into 4xx, by kind.", ("what",))
        self._open = gauge(
            "connections_open", "Client connections now open.", ("listener",), multiprocess_mode="livesum"
        )
        self._connections = counter("connections", "Client connections, by how they began.", ("listener", "result"))
        self._put_off = counter(
            "put_off", "Messages put off unjudged for want of room, by listener and cause.", ("listener", "cause")
        )
        self._queues = histogram("queue_seconds", "Seconds a message waited, by queue.", ("queue",), buckets=STAGES)
        self._in_flight = gauge("bytes_in_flight", "Octets of messages in memory.", multiprocess_mode="livesum")
        self._hop = counter("next_hop_replies", "Replies of the next hop, by stage and code.", ("stage", "code"))
        self._dial = histogram("next_hop_connect_seconds", "Seconds to a ready connection.", buckets=STAGES)
        self._syncs = counter("syncs", "Syncs to disk, by what was synced.", ("what",))
        self._records = counter("journal_records", "Records the journal has made durable.")
        # Looking a labelled child up costs more than counting on it, and the label values are few.
        self._stage_child = lru_cache(256)(self._stages.labels)
        self._message_child = lru_cache(1024)(self._messages.labels)
        self._queue_child = lru_cache(16)(self._queues.labels)
        self._hop_child = lru_cache(1024)(self._hop.labels)
        # What would be is never looser than what is.
        pairs = ((d, would) for d in Disposition for would in Disposition if would >= d)
        self._recipient_child = {(d, w): self._recipients.labels(d.word, w.word) for d, w in pairs}
        self._spent: dict[str, list[float]] = {}
        self._lock = Lock()

    def text(self) -> bytes:
        """The exposition of this process alone."""
        self.flush()
        return generate_latest(self.registry)

    def committed(self, what: str, syncs: int, records: int = 0) -> None:
        """So many syncs of the `journal` or of `folders` were done, and made so many records durable."""
        self._syncs.labels(what).inc(syncs)
        self._records.inc(records)

    def flush(self) -> None:
        """Move what was added up into the registry."""
        with self._lock:
            spent, self._spent = self._spent, {}
        for rule, (runs, seconds) in spent.items():
            self._rule_runs.labels(rule or SCAN).inc(runs)
            self._rule_seconds.labels(rule or SCAN).inc(seconds)

    # What the gate tells.

    def stage(self, name: str, seconds: float) -> None:
        """A stage of one message took so long."""
        self._stage_child(name).observe(seconds)

    def rule(self, rule: str, seconds: float) -> None:
        """One rule took so long; the empty name is the shared scan."""
        with self._lock:
            cell = self._spent.get(rule)
            if cell is None:
                self._spent[rule] = [1, seconds]
            else:
                cell[0] += 1
                cell[1] += seconds

    def judged(self, message: Message, judgement: Judgement) -> None:
        """A verdict was made."""
        self._octets.inc(len(message.content))
        verdict = judgement.verdict
        for ruling in verdict.rulings:
            self._recipient_child[ruling.disposition, ruling.would].inc()
        self._rules.judged(verdict)
        for part in judgement.unscannable:
            self._unscannable.labels(part.reason.value).inc()

    def answered(
        self, message: Message, judgement: Judgement | None, outcome: Outcome, _reply: Reply, seconds: float
    ) -> None:
        """A message was answered."""
        verdict = judgement.verdict.strictest.word if judgement is not None else "none"
        self._message_child(verdict, message.envelope.listener.name, outcome.value).inc()
        self._whole.observe(seconds)

    def fault(self, _ref: str, what: str, _error: BaseException | None = None) -> None:
        """Something broke and was turned into a 4xx."""
        self._faults.labels(what).inc()

    # What the door tells.

    def connected(self, listener: str, change: int) -> None:
        """A client's connection came (1) or went (-1)."""
        self._open.labels(listener).inc(change)
        if change > 0:
            self._connections.labels(listener, "taken").inc()

    def turned_away(self, listener: str, why: str) -> None:
        """The door closed on a client."""
        self._connections.labels(listener, why).inc()

    def put_off(self, listener: str, why: str) -> None:
        """A message was put off before it was judged."""
        self._put_off.labels(listener, why).inc()

    def waited(self, queue: str, seconds: float) -> None:
        """A message waited so long."""
        self._queue_child(queue).observe(seconds)

    def in_flight(self, octets: int) -> None:
        """So many octets of messages are in this process."""
        self._in_flight.set(octets)

    # What the next hop's client tells.

    def hop_replied(self, stage: str, code: int) -> None:
        """The next hop answered."""
        self._hop_child(stage, str(code)).inc()

    def hop_connected(self, seconds: float) -> None:
        """A connection to the next hop was made."""
        self._dial.observe(seconds)
