"""What the keeper tells of the whole gate: ruleset, holds, workers, what it found on disk."""

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from prometheus_client.parser import text_string_to_metric_families

from smtp_gate.adapters.metrics_keeper import KeeperMetrics
from smtp_gate.core.scope import Scope
from smtp_gate.core.sparing import Waiver
from smtp_gate.detect.detectors import Detectors
from smtp_gate.detect.engine import Engine
from smtp_gate.examine import Ruleset


def ruleset(name: str, waivers: tuple[Waiver, ...] = ()) -> Ruleset:
    return Ruleset(name, (), Engine(Detectors()), waivers, ZoneInfo("America/Chicago"))


def made(at: float = 1000.0) -> KeeperMetrics:
    return KeeperMetrics(lambda: at)


def sample(metrics: KeeperMetrics, name: str, **labels: str) -> float | None:
    metrics.text()
    return metrics.registry.get_sample_value(f"smtp_gate_{name}", labels)


def test_one_ruleset_is_in_use_and_every_load_is_counted() -> None:
    metrics = made()
    metrics.ruleset_loaded(ruleset("sha256:one"))
    metrics.ruleset_loaded(ruleset("sha256:two"))
    metrics.reload_refused()
    assert sample(metrics, "ruleset_info", hash="sha256:one") is None
    assert sample(metrics, "ruleset_info", hash="sha256:two") == 1
    assert sample(metrics, "ruleset_loaded_timestamp_seconds") == 1000
    assert sample(metrics, "ruleset_reloads_total", result="good") == 2
    assert sample(metrics, "ruleset_reloads_total", result="refused") == 1
    assert sample(metrics, "ruleset_reload_failures_total") == 1


def test_a_waivers_end_is_the_midnight_after_its_last_day_and_one_that_has_gone_is_gone() -> None:
    metrics = made()
    one, other = (Waiver(i, "pii.ssn", Scope(), date(2027, 3, 31), "o", "a", "t", "r") for i in ("EX-1", "EX-2"))
    metrics.ruleset_loaded(ruleset("sha256:1", (one, other)))
    ends = datetime(2027, 4, 1, tzinfo=ZoneInfo("America/Chicago")).timestamp()
    assert sample(metrics, "waiver_expires_timestamp_seconds", waiver="EX-1", rule="pii.ssn") == ends
    metrics.ruleset_loaded(ruleset("sha256:2", (replace(other, expires=date.max),)))
    assert sample(metrics, "waiver_expires_timestamp_seconds", waiver="EX-1", rule="pii.ssn") is None
    assert sample(metrics, "waiver_expires_timestamp_seconds", waiver="EX-2", rule="pii.ssn") is not None


def test_whether_rules_act_at_all_is_told() -> None:
    metrics = made()
    metrics.ruleset_loaded(ruleset("sha256:1"))
    assert sample(metrics, "enforcing") == 1
    metrics.ruleset_loaded(replace(ruleset("sha256:1"), enforcing=False))
    assert sample(metrics, "enforcing") == 0


def test_holds_are_read_once_a_scrape_and_a_folder_that_cannot_be_read_takes_nothing_else() -> None:
    metrics, asked = made(), []

    def count_and_oldest() -> tuple[int, float]:
        asked.append(1)
        if len(asked) == 3:
            raise OSError(5, "EIO")
        return (2, 900.0) if len(asked) == 1 else (0, 0.0)

    metrics.watch_holds(count_and_oldest)
    assert sample(metrics, "held_messages") == 2
    assert metrics.registry.get_sample_value("smtp_gate_held_oldest_seconds") == 100
    assert sample(metrics, "held_oldest_seconds") == 0
    assert sample(metrics, "keeper_failures_total", chore="holds") == 1
    assert len(asked) == 3


def test_workers_alerts_and_what_was_found_on_disk_are_counted() -> None:
    metrics = made()
    metrics.worker_came("w0")
    metrics.worker_came("w0")
    metrics.workers(1, 0)
    metrics.record_flaw("unknown")
    metrics.sealed()
    metrics.deferred_again("pii.ssn", "crash")
    metrics.chore_failed("index")
    assert sample(metrics, "worker_starts_total", worker="w0") == 2
    assert sample(metrics, "workers", ruleset="current") == 1
    assert sample(metrics, "workers", ruleset="other") == 0
    assert sample(metrics, "record_flaws_total", kind="unknown") == 1
    assert sample(metrics, "journal_sealed_timestamp_seconds") == 1000
    assert sample(metrics, "repeated_deferrals_total", rule="pii.ssn", cause="crash") == 1
    assert sample(metrics, "keeper_failures_total", chore="index") == 1


def test_the_exposition_parses_and_names_the_running_program() -> None:
    families = {family.name: family for family in text_string_to_metric_families(made().text().decode())}
    assert all(name.startswith("smtp_gate_") for name in families)
    assert set(families["smtp_gate_build_info"].samples[0].labels) == {"version", "python"}


def test_the_age_of_the_directory_is_that_of_its_last_good_sync() -> None:
    at: list[float | None] = [None]
    metrics = KeeperMetrics(lambda: 100.0)
    assert b"directory_sync_age_seconds{" not in metrics.text()
    metrics.watch_sync("ldap", lambda: at[0])
    assert b'smtp_gate_directory_sync_age_seconds{source="ldap"} NaN' in metrics.text()
    at[0] = 70.0
    metrics.directory_sync_failed()
    text = metrics.text()
    assert b'smtp_gate_directory_sync_age_seconds{source="ldap"} 30.0' in text
    assert b"smtp_gate_directory_sync_failures_total 1.0" in text
