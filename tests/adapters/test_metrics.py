"""Metrics and their small HTTP server: every series counts what it says, and nothing of a message becomes a label."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from smtp_gate.adapters import metrics_http
from smtp_gate.adapters.metrics import Metrics
from smtp_gate.adapters.metrics_http import MAX_CLIENTS, MetricsServer
from smtp_gate.core.ports import Outcome, Watcher
from smtp_gate.core.reply import Reply
from tests.store.sample import SECRET, judgement, secret_message

OK = Reply.of(250, "2.0.0", "queued")


def sample(metrics: Metrics, name: str, **labels: str) -> float | None:
    metrics.text()
    return metrics.registry.get_sample_value(f"smtp_gate_{name}", labels)


def told() -> Metrics:
    metrics = Metrics()
    watcher: Watcher = metrics
    message = secret_message()
    watcher.stage("read", 0.002)
    watcher.rule("", 0.001)
    watcher.rule("pii.ssn", 0.25)
    watcher.rule("pii.ssn", 0.5)
    watcher.judged(message, judgement(message))
    watcher.answered(message, judgement(message), Outcome.MIXED, OK, 0.02)
    watcher.answered(message, None, Outcome.CRASHED, OK, 0.02)
    watcher.fault(message.ref, "crash", ValueError(SECRET))
    return metrics


def test_what_the_gate_tells_is_counted() -> None:
    metrics = told()
    here = {"listener": "outbound"}
    assert sample(metrics, "messages_total", verdict="quarantine", outcome="mixed", **here) == 1
    assert sample(metrics, "messages_total", verdict="none", outcome="crashed", **here) == 1
    assert sample(metrics, "recipients_total", disposition="quarantine", would="quarantine") == 2
    assert sample(metrics, "recipients_total", disposition="accept", would="quarantine") == 2
    assert sample(metrics, "recipients_total", disposition="accept", would="accept") == 0
    assert sample(metrics, "rule_findings_total", rule="pii.ssn", mode="enforce") == 1
    assert sample(metrics, "rule_findings_total", rule="pii.shadow", mode="shadow") == 1
    assert sample(metrics, "rule_failures_total", rule="id.spoof", cause="crash") == 1
    assert sample(metrics, "rule_runs_total", rule="pii.ssn") == 2
    assert sample(metrics, "rule_seconds_total", rule="pii.ssn") == 0.75
    assert sample(metrics, "rule_runs_total", rule="(scan)") == 1
    assert sample(metrics, "stage_seconds_count", stage="read") == 1
    assert sample(metrics, "message_seconds_count") == 2
    assert sample(metrics, "unscannable_parts_total", reason="encrypted") == 1
    assert sample(metrics, "message_bytes_total") == len(secret_message().content)
    assert sample(metrics, "faults_total", what="crash") == 1


def test_rules_are_counted_once_however_often_somebody_scrapes() -> None:
    metrics = told()
    for _ in range(3):
        metrics.flush()
        assert sample(metrics, "rule_runs_total", rule="pii.ssn") == 2


def test_rules_told_from_threads_are_all_counted() -> None:
    metrics = Metrics()

    def tell() -> None:
        for _ in range(2000):
            metrics.rule("r", 1.0)

    threads = [threading.Thread(target=tell) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(20):
        metrics.flush()
    for thread in threads:
        thread.join()
    assert sample(metrics, "rule_runs_total", rule="r") == 8000


def test_what_door_and_hop_tell_is_counted() -> None:
    metrics = Metrics()
    for change in (1, 1, -1):
        metrics.connected("outbound", change)
    metrics.turned_away("outbound", "client")
    metrics.hop_replied("dot", 250)
    metrics.hop_connected(0.01)
    assert sample(metrics, "connections_open", listener="outbound") == 1
    assert sample(metrics, "connections_total", listener="outbound", result="taken") == 2
    assert sample(metrics, "connections_total", listener="outbound", result="client") == 1
    assert sample(metrics, "next_hop_replies_total", stage="dot", code="250") == 1
    assert sample(metrics, "next_hop_connect_seconds_count") == 1


def test_the_exposition_parses_and_holds_nothing_of_a_message() -> None:
    metrics = told()
    text = metrics.text().decode()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert all(name.startswith("smtp_gate_") for name in families)
    for clear in (SECRET, "okafor", "lee@", "example", "192.0.2.7", secret_message().ref):
        assert clear not in text


def test_each_object_has_a_registry_of_its_own() -> None:
    registry = CollectorRegistry()
    assert Metrics(registry).registry is registry
    assert Metrics().registry is not Metrics().registry


@asynccontextmanager
async def serving(text: bytes = b"x 1\n", *, ready: bool = True) -> AsyncIterator[int]:
    server = MetricsServer(lambda: text, lambda: ready)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        await server.start([listening])
        try:
            yield listening.getsockname()[1]
        finally:
            await server.stop()


async def ask(port: int, octets: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(octets)
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    await writer.wait_closed()
    return answer


async def get(port: int, target: str, method: str = "GET") -> tuple[int, bytes]:
    head, _, body = (await ask(port, f"{method} {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())).partition(b"\r\n\r\n")
    length = next(int(h.split(b":")[1]) for h in head.split(b"\r\n") if h.startswith(b"Content-Length"))
    assert method == "HEAD" or length == len(body)
    return int(head.split(b" ")[1]), body


@pytest.mark.parametrize(
    ("target", "code", "body"),
    [
        ("/metrics", 200, b"x 1\n"),
        ("/metrics?name=x", 200, b"x 1\n"),
        ("/healthz", 200, b"ok\n"),
        ("/readyz", 200, b"ready\n"),
        ("/", 404, b"try /metrics, /healthz or /readyz\n"),
        ("/../etc/passwd", 404, b"try /metrics, /healthz or /readyz\n"),
    ],
)
async def test_pages(target: str, code: int, body: bytes) -> None:
    async with serving() as port:
        assert await get(port, target) == (code, body)
        assert await get(port, target, "HEAD") == (code, b"")


async def test_not_ready_is_503_and_still_alive() -> None:
    async with serving(ready=False) as port:
        assert (await get(port, "/readyz"))[0] == 503
        assert (await get(port, "/healthz"))[0] == 200


async def test_other_methods_and_other_protocols_are_refused() -> None:
    async with serving() as port:
        assert (await get(port, "/metrics", "POST"))[0] == 405
        assert (await ask(port, b"EHLO x\r\n\r\n")).startswith(b"HTTP/1.1 400")
        assert (await ask(port, b"GET /metrics HTTP/2.0\r\n\r\n")).startswith(b"HTTP/1.1 400")
        assert (await ask(port, b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\n\r\n"))[:12] in {b"HTTP/1.1 431", b""}
        assert (await get(port, "/healthz"))[0] == 200


async def test_a_client_that_says_nothing_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics_http, "PATIENCE", 0.1)
    async with serving() as port:
        assert await ask(port, b"GET /metrics HTTP/1.1\r\n") == b""


async def test_clients_are_bounded() -> None:
    async with serving() as port:
        idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(MAX_CLIENTS)]
        await asyncio.sleep(0.05)
        with contextlib.suppress(ConnectionError):
            assert await ask(port, b"GET /healthz HTTP/1.1\r\n\r\n") == b""
        for _, writer in idle:
            writer.close()
            await writer.wait_closed()
        await asyncio.sleep(0.05)
        assert (await get(port, "/healthz"))[0] == 200
