"""What a person reads of a next hop that is out of reach: at once, then now and then, and when it is back."""

import json
from io import StringIO

from smtp_gate.adapters.clock import utc_now
from smtp_gate.adapters.logs import Logger
from smtp_gate.adapters.metrics import Metrics
from smtp_gate.server.watchers import HopWatch


def test_a_next_hop_that_goes_and_comes_back_is_told_of_and_not_for_every_message() -> None:
    out, now = StringIO(), [0.0]
    watch = HopWatch(Metrics(), Logger(utc_now, stream=out), lambda: now[0])
    watch.replied("dot", 250)
    for second in (0, 1, 2, 11, 12):
        now[0] = float(second)
        watch.replied("connect", 451)
    watch.connected(0.1)
    watch.connected(0.1)
    told = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [(t["event"], t.get("seconds", t.get("after"))) for t in told] == [
        ("next_hop_down", 0.0),
        ("next_hop_down", 11.0),
        ("next_hop_up", 12.0),
    ]
    assert (
        watch.metrics.registry.get_sample_value("smtp_gate_next_hop_replies_total", {"stage": "connect", "code": "451"})
        == 5
    )
