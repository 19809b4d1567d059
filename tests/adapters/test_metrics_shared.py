"""Counts of several processes in one exposition, in files that stay the same however often a process is replaced."""

import subprocess
import sys
from pathlib import Path
from typing import Final

from smtp_gate.adapters import metrics_shared

COUNT: Final = """
import sys
from pathlib import Path
from smtp_gate.adapters import metrics_shared
metrics_shared.write_into(Path(sys.argv[1]), sys.argv[2])
from smtp_gate.adapters.metrics import Metrics
metrics = Metrics()
for _ in range(int(sys.argv[3])):
    metrics.connected("outbound", 1)
    metrics.rule("a.rule", 0.5)
metrics.flush()
"""


def count(folder: Path, slot: str, times: int) -> None:
    subprocess.run([sys.executable, "-c", COUNT, str(folder), slot, str(times)], check=True, timeout=60)


def test_workers_are_added_up_and_a_replaced_one_goes_on_counting(tmp_path: Path) -> None:
    metrics_shared.make_room(tmp_path, ("w0", "w1"))
    files = sorted(tmp_path.iterdir())
    for slot, times in (("w0", 2), ("w1", 3), ("w0", 4)):
        count(tmp_path, slot, times)
    text = metrics_shared.text(tmp_path).decode()
    assert 'smtp_gate_connections_total{listener="outbound",result="taken"} 9.0' in text
    assert 'smtp_gate_rule_runs_total{rule="a.rule"} 9.0' in text
    assert sorted(tmp_path.iterdir()) == files
    assert all(f.stat().st_size == metrics_shared.ROOM for f in files)


def test_what_was_open_in_a_dead_worker_is_forgotten_and_what_it_counted_is_not(tmp_path: Path) -> None:
    metrics_shared.make_room(tmp_path, ("w0", "w1"))
    count(tmp_path, "w0", 2)
    count(tmp_path, "w1", 3)
    metrics_shared.forget_present(tmp_path, "w0")
    text = metrics_shared.text(tmp_path).decode()
    assert 'smtp_gate_connections_open{listener="outbound"} 3.0' in text
    assert 'smtp_gate_connections_total{listener="outbound",result="taken"} 5.0' in text


def test_a_new_gate_begins_with_empty_files(tmp_path: Path) -> None:
    metrics_shared.make_room(tmp_path, ("w0",))
    count(tmp_path, "w0", 2)
    metrics_shared.make_room(tmp_path, ("w0", "w1"))
    assert metrics_shared.text(tmp_path) == b""
    assert len(list(tmp_path.iterdir())) == 2 * len(metrics_shared.KINDS)
