"""`smtp-gate serve` as it runs: its processes die, are told to reload, to end, and mail goes on."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import aiosmtplib
import pytest

from tests.peers.gates import RULES, SERVE, Gate
from tests.sinks import Act, Sink

HELD = "say GATE-HOLD-1234"


def children(gate: Gate) -> dict[str, int]:
    """The processes of the gate by their names, as its log and the system tell."""
    found: dict[str, int] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text()
            name = (entry / "comm").read_text().strip()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(stat.rpartition(")")[2].split()[1]) == gate.pid:
            found[name] = int(entry.name)
    return found


def scrape(gate: Gate) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{gate.metrics}/metrics", timeout=5) as answer:
        text: str = answer.read().decode()
    return text


async def send(gate: Gate, body: str = "hello", to: str = "lee@example.org") -> str:
    content = f"From: dokafor@milwaukee.gov\r\nSubject: x\r\n\r\n{body}\r\n".encode()
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=gate.port, local_hostname="client.test", start_tls=False)
    async with client:
        try:
            return "250 " + (await client.sendmail("dokafor@milwaukee.gov", [to], content))[1]
        except aiosmtplib.SMTPDataError as refusal:
            return f"{refusal.code} {refusal.message}"


async def until(what: object, within: float = 10.0) -> None:
    end = time.monotonic() + within
    while not what():  # type: ignore[operator]  # a lambda of the tests below
        assert time.monotonic() < end
        await asyncio.sleep(0.02)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[list[Gate]]:
    """Gates that a test has started; what is left of them is ended."""
    made: list[Gate] = []
    yield made
    for gate in made:
        gate.kill()


async def started(home: list[Gate], folder: Path, sink: Sink, **more: object) -> Gate:
    gate = Gate(folder / "gate", "before_queue", f"127.0.0.1:{sink.port}", more={"workers": 2, **more})
    home.append(gate)
    await asyncio.to_thread(gate.start)
    return gate


async def test_mail_goes_on_while_each_process_in_turn_is_killed(home: list[Gate], tmp_path: Path) -> None:
    async with Sink() as sink:
        gate = await started(home, tmp_path, sink)
        assert set(children(gate)) == {"gate:w0", "gate:w1", "gate:keeper", "gate:x0", "gate:x1"}
        for name in ("gate:w0", "gate:w1", "gate:keeper", "gate:x0"):
            pid = children(gate)[name]
            os.kill(pid, signal.SIGKILL)
            await until(lambda: children(gate).get(name, pid) != pid)  # noqa: B023 - called before the next turn
            assert (await send(gate)).startswith("250 2.0.0 queued")
        await until(lambda: 'smtp_gate_workers{ruleset="current"} 2.0' in scrape(gate))
        assert 'smtp_gate_messages_total{listener="outbound",outcome="relayed",verdict="accept"} 4.0' in scrape(gate)
        gate.stop()
    assert len(sink.transactions) == 4


async def test_counters_of_a_killed_worker_stay_and_its_open_connections_do_not(
    home: list[Gate], tmp_path: Path
) -> None:
    async with Sink() as sink:
        gate = await started(home, tmp_path, sink, workers=1)
        reader, writer = await asyncio.open_connection("127.0.0.1", gate.port)
        await reader.readline()
        await send(gate)
        await until(lambda: 'smtp_gate_connections_open{listener="outbound"} 1.0' in scrape(gate))
        files = sorted(p.name for p in (gate.home / "data" / "run" / "metrics").iterdir())
        pid = children(gate)["gate:w0"]
        os.kill(pid, signal.SIGKILL)
        await until(lambda: children(gate).get("gate:w0", pid) != pid)
        await until(lambda: 'smtp_gate_connections_open{listener="outbound"} 1.0' not in scrape(gate))
        assert 'outcome="relayed",verdict="accept"} 1.0' in scrape(gate)
        assert sorted(p.name for p in (gate.home / "data" / "run" / "metrics").iterdir()) == files
        writer.close()


async def test_sigterm_lets_a_message_under_way_end_and_takes_no_new_one(home: list[Gate], tmp_path: Path) -> None:
    async with Sink({"dot": [Act(stall=True)]}) as sink:
        gate = await started(home, tmp_path, sink, deadline="6s")
        first = asyncio.get_running_loop().create_task(send(gate))
        await until(lambda: bool(sink.transactions))
        os.kill(gate.pid, signal.SIGTERM)
        await until(lambda: _refuses(gate.port))
        # The next hop never answers, so the gate's own deadline ends the message, and the gate waits for that.
        assert (await first).startswith("451 4.4.2")
        assert await asyncio.to_thread(gate.wait) == 0


def _refuses(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


async def test_reload_by_command_and_by_signal_swaps_every_worker_or_none(home: list[Gate], tmp_path: Path) -> None:
    async with Sink() as sink:
        gate = await started(home, tmp_path, sink)
        pack = gate.home / "rules" / "peers.yaml"
        pack.write_text(RULES.replace("action: quarantine", "action: quarantin"))
        done = await asyncio.to_thread(gate.run, "reload")
        assert done.returncode == 1
        assert "peers.yaml:" in done.stderr
        assert "held" in await send(gate, HELD)
        pack.write_text(RULES.replace("GATE-HOLD", "GATE-KEEP"))
        done = await asyncio.to_thread(gate.run, "reload", "--json")
        assert done.returncode == 0, done.stderr
        fresh = json.loads(done.stdout)["ruleset"]
        assert [await send(gate, HELD) for _ in range(8)] == ["250 2.0.0 queued as SINK"] * 8
        pack.write_text(RULES)
        os.kill(gate.pid, signal.SIGHUP)
        await until(lambda: f'smtp_gate_ruleset_info{{hash="{fresh}"}}' not in scrape(gate))
        await until(lambda: 'smtp_gate_workers{ruleset="other"} 0.0' in scrape(gate))
        assert all("held" in r for r in [await send(gate, HELD) for _ in range(8)])


async def test_a_worker_born_after_a_reload_judges_by_the_new_rules(home: list[Gate], tmp_path: Path) -> None:
    async with Sink() as sink:
        gate = await started(home, tmp_path, sink, workers=1)
        (gate.home / "rules" / "peers.yaml").write_text(RULES.replace("GATE-HOLD", "GATE-KEEP"))
        assert (await asyncio.to_thread(gate.run, "reload")).returncode == 0
        for name in ("gate:w0", "gate:keeper"):
            pid = children(gate)[name]
            os.kill(pid, signal.SIGKILL)
            await until(lambda: children(gate).get(name, pid) != pid)  # noqa: B023 - called before the next turn
        assert "queued" in await send(gate, HELD)
        await until(lambda: 'smtp_gate_workers{ruleset="current"} 1.0' in scrape(gate))


async def test_a_changed_pack_is_taken_up_and_a_rollback_holds_over_deaths_and_a_restart(
    home: list[Gate], tmp_path: Path
) -> None:
    async with Sink() as sink:
        gate = await started(home, tmp_path, sink)
        pack = gate.home / "rules" / "peers.yaml"
        first = re.findall(r'smtp_gate_ruleset_info{hash="(.*?)"}', scrape(gate))
        pack.write_text(RULES.replace("GATE-HOLD", "GATE-KEEP"))
        await until(lambda: re.findall(r'smtp_gate_ruleset_info{hash="(.*?)"}', scrape(gate)) != first, within=20)
        assert [await send(gate, HELD) for _ in range(8)] == ["250 2.0.0 queued as SINK"] * 8
        done = await asyncio.to_thread(gate.run, "ruleset", "rollback", "--json")
        assert (done.returncode, json.loads(done.stdout)["ruleset"]) == (0, first[0]), done.stderr
        for name in ("gate:w0", "gate:w1", "gate:keeper"):
            pid = children(gate)[name]
            os.kill(pid, signal.SIGKILL)
            await until(lambda: children(gate).get(name, pid) != pid)  # noqa: B023 - called before the next turn
        assert all("held" in r for r in [await send(gate, HELD) for _ in range(8)])
        await until(lambda: "smtp_gate_ruleset_rolled_back 1.0" in scrape(gate))
        await asyncio.to_thread(gate.stop)
        await asyncio.to_thread(gate.start)
        assert all("held" in r for r in [await send(gate, HELD) for _ in range(4)])
        assert "smtp_gate_ruleset_rolled_back 1.0" in scrape(gate)
        os.kill(gate.pid, signal.SIGHUP)
        await until(lambda: "smtp_gate_ruleset_rolled_back 0.0" in scrape(gate))
        await until(lambda: 'smtp_gate_workers{ruleset="other"} 0.0' in scrape(gate))
        assert [await send(gate, HELD) for _ in range(8)] == ["250 2.0.0 queued as SINK"] * 8


async def test_a_second_gate_on_the_same_data_is_refused(home: list[Gate], tmp_path: Path) -> None:
    async with Sink() as sink:
        gate = await started(home, tmp_path, sink)
        done = await asyncio.to_thread(gate.run, "serve")
    assert done.returncode == 1
    assert "another smtp-gate works in" in done.stderr


async def test_a_killed_supervisor_takes_its_children_along_and_the_next_one_starts(
    home: list[Gate], tmp_path: Path
) -> None:
    async with Sink() as sink:
        gate = await started(home, tmp_path, sink)
        left = children(gate)
        gate.kill()
        await asyncio.to_thread(gate.start)
        await until(lambda: not any(_lives(pid) for pid in left.values()))
        assert (await send(gate)).startswith("250")


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_sockets_of_a_service_manager_are_used(home: list[Gate], tmp_path: Path) -> None:
    """As systemd passes them (sd_listen_fds(3)): by number and name, to the process whose pid it names."""
    async with Sink() as sink:
        gate = Gate(tmp_path / "gate", "before_queue", f"127.0.0.1:{sink.port}", more={"workers": 2})
        home.append(gate)
        listening = socket.create_server(("127.0.0.1", gate.port))
        program = (
            "import os, sys; os.dup2(int(sys.argv[1]), 3); os.environ['LISTEN_PID'] = str(os.getpid());"
            "os.execv(sys.argv[2], sys.argv[2:])"
        )
        wrapper = (sys.executable, "-c", program, str(listening.fileno()))
        environment = {"LISTEN_FDS": "1", "LISTEN_FDNAMES": "outbound"}
        await asyncio.to_thread(gate.start, wrapper, environment, (listening.fileno(),))
        assert (await send(gate)).startswith("250")
        # While the gate is away, the service manager's socket keeps clients in line.
        gate.stop()
        waiting = asyncio.get_running_loop().create_task(send(gate))
        await asyncio.to_thread(gate.start, wrapper, environment, (listening.fileno(),))
        assert (await waiting).startswith("250")
        listening.close()


async def test_a_service_manager_hears_that_the_gate_is_ready_and_that_it_ends(
    home: list[Gate], tmp_path: Path
) -> None:
    async with Sink() as sink:
        gate = Gate(tmp_path / "gate", "before_queue", f"127.0.0.1:{sink.port}")
        home.append(gate)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
            ear.bind(str(tmp_path / "notify"))
            await asyncio.to_thread(gate.start, (), {"NOTIFY_SOCKET": str(tmp_path / "notify")})
            gate.stop()
            assert [ear.recv(64), ear.recv(64)] == [b"READY=1", b"STOPPING=1"]


async def test_an_address_that_is_taken_is_told_by_name(tmp_path: Path) -> None:
    gate = Gate(tmp_path / "gate", "before_queue", "127.0.0.1:1")
    with socket.create_server(("127.0.0.1", gate.port)):
        command = [*SERVE, str(gate.config)]
        done = await asyncio.to_thread(
            subprocess.run, command, capture_output=True, text=True, timeout=60, env=gate.environment()
        )
    assert done.returncode == 1
    assert re.search(rf"cannot listen on 127\.0\.0\.1:{gate.port}: Address already in use", done.stderr)


async def test_the_places_of_a_killed_workers_clients_are_free_again(home: list[Gate], tmp_path: Path) -> None:
    async with Sink() as sink:
        gate = await started(home, tmp_path, sink, workers=1, limits={"connections": 3})
        held = [await asyncio.open_connection("127.0.0.1", gate.port) for _ in range(3)]
        assert all([(await reader.readline()).startswith(b"220") for reader, _ in held])
        reader, writer = await asyncio.open_connection("127.0.0.1", gate.port)
        assert (await reader.readline()).startswith(b"421 4.3.2")
        pid = children(gate)["gate:w0"]
        os.kill(pid, signal.SIGKILL)
        await until(lambda: children(gate).get("gate:w0", pid) != pid)
        assert (await send(gate)).startswith("250")
        for _, each in (*held, (reader, writer)):
            each.close()
