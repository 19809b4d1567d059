"""A whole gate: mail in by SMTP, verdicts out, metrics, journal, quarantine, reload."""

import asyncio
import json
from pathlib import Path

from smtp_gate.adapters import control
from smtp_gate.store.journal_reader import Flaw, read, verify
from smtp_gate.store.quarantine import State
from tests.running import PACK, running
from tests.sinks import Act, Sink


async def get(port: int, path: str) -> tuple[int, str]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    answer = (await reader.read()).decode()
    writer.close()
    await writer.wait_closed()
    return int(answer.split(" ")[1]), answer


async def test_mail_is_relayed_held_and_refused_and_every_verdict_is_on_record(tmp_path: Path) -> None:
    async with running(tmp_path) as gate:
        assert (await gate.send("hello", "lee@example.org")).startswith("250 2.0.0 queued as SINK")
        held = await gate.send("the word is sesame", "lee@example.org")
        mixed = await gate.send("sesame", "lee@example.org", "nrobles2@milwaukee.gov")
        refused = await gate.send("abracadabra", "lee@example.org")
        _, metrics = await get(gate.metrics, "/metrics")
        kept = list(gate.worker.quarantine.items(State.HELD))
    assert "held for review, ref " in held
    assert "relayed to 1, held for 1, ref " in mixed
    assert refused.startswith("550 5.7.1 This word is forbidden. [rule test.forbidden; for lee@example.org; ref ")
    assert [t.rcpts for t in gate.sink.transactions] == [
        [b"RCPT TO:<lee@example.org>"],
        [b"RCPT TO:<nrobles2@milwaukee.gov>"],
    ]
    assert [[r.path.address for r in k.item.message.envelope.recipients] for k in kept if k.item] == [
        ["lee@example.org"],
        ["lee@example.org"],
    ]
    assert 'smtp_gate_messages_total{listener="outbound",outcome="refused",verdict="reject"} 1.0' in metrics
    assert "smtp_gate_held_messages 2.0" in metrics
    records = [r.fields for r in read(tmp_path / "data" / "journal") if not isinstance(r, Flaw)]
    verdicts = [r["verdict"] for r in records if r["kind"] == "decided"]
    assert verdicts == ["accept", "quarantine", "quarantine", "reject"]
    assert verify(tmp_path / "data" / "journal")[1] == ()
    text = (tmp_path / "data" / "journal").glob("*.jsonl").__next__().read_text() + gate.log.getvalue()
    assert "sesame" not in text.replace("the word is", "")


async def test_a_held_message_is_released_with_its_own_octets_once(tmp_path: Path) -> None:
    async with running(tmp_path) as gate:
        reply = await gate.send("the word is sesame\r\n.dot", "lee@example.org")
        ref = reply.rsplit(" ", 1)[1]
        line = await control.connect(gate.solo.plan.control)
        for expected in ("released", "failed"):
            line.send({"do": "release", "ref": ref, "who": "reviewer"})
            answer = await line.receive()
            assert answer is not None
            assert answer.get("state", "failed") == expected, answer
        await line.close()
        assert gate.worker.quarantine.find(ref).state is State.RELEASED
        (got,) = gate.sink.transactions
    head, _, rest = got.content.partition(b"From: dokafor@milwaukee.gov\r\n")
    assert head.startswith(b"Received: from client.test")
    assert rest.endswith(b"the word is sesame\r\n.dot\r\n")


async def test_the_journal_is_written_before_the_next_hop_hears_of_the_message(tmp_path: Path) -> None:
    async with running(tmp_path, {"listeners": "[{name: outbound, listen: '127.0.0.1:0', rcpt: after_data}]"}) as gate:
        journal = tmp_path / "data" / "journal"
        original = gate.worker.next_hop.begin

        async def begin(envelope: object) -> object:
            decided = [r for r in read(journal) if not isinstance(r, Flaw) and r.fields["kind"] == "decided"]
            assert len(decided) == 1
            return await original(envelope)  # type: ignore[arg-type]  # passed on as it came

        gate.worker.next_hop.begin = begin  # type: ignore[method-assign,assignment]  # a spy around the method
        assert (await gate.send("hello", "lee@example.org")).startswith("250")


async def test_a_reload_swaps_whole_or_keeps_the_last_good_rules(tmp_path: Path) -> None:
    async with running(tmp_path) as gate:
        first = gate.worker.in_use.ruleset.hash
        pack = tmp_path / "rules" / "test.yaml"
        pack.write_text(PACK.replace("action: quarantine", "action: quarantin"))
        refused = await gate.solo.reload()
        assert "test.yaml:9:" in refused.reasons[0]
        assert gate.worker.in_use.ruleset.hash == first
        assert "test.yaml:9:" in gate.log.getvalue()
        pack.write_text(PACK.replace("sesame'", "simsim'"))
        assert (await gate.solo.reload()).reasons, "an example that fails refuses the reload"
        pack.write_text(PACK.replace("sesame", "simsim"))
        assert not (await gate.solo.reload()).reasons
        assert gate.worker.in_use.ruleset.hash != first
        assert (await gate.send("sesame", "lee@example.org")).startswith("250 2.0.0 queued")
        assert "held" in await gate.send("simsim", "lee@example.org")
        _, metrics = await get(gate.metrics, "/metrics")
    assert 'smtp_gate_ruleset_reloads_total{result="refused"} 2.0' in metrics


async def test_the_probes_tell_ready_from_alive(tmp_path: Path) -> None:
    async with running(tmp_path) as gate:
        port = gate.metrics
        assert (await get(port, "/healthz"))[0] == 200
        assert (await get(port, "/readyz"))[0] == 200
        gate.solo.keeper.workers._members.clear()
        assert (await get(port, "/readyz"))[0] == 503
        assert (await get(port, "/nothing"))[0] == 404


async def test_a_dead_next_hop_is_451_at_mail_and_the_gate_lives_on(tmp_path: Path) -> None:
    sink = Sink({"connect": [Act(close=True)]})
    async with running(tmp_path, sink=sink) as gate:
        for _ in range(2):
            reader, writer = await asyncio.open_connection("127.0.0.1", gate.port)
            writer.write(b"EHLO x\r\n")
            await reader.readuntil(b"250 ")
            await reader.readline()
            writer.write(b"MAIL FROM:<dokafor@milwaukee.gov>\r\n")
            assert (await reader.readline()).startswith(b"451 4.4.")
            writer.close()
            await writer.wait_closed()


async def test_one_log_line_a_message_with_ref_and_rules_and_no_content(tmp_path: Path) -> None:
    async with running(tmp_path) as gate:
        await gate.send("the word is sesame", "lee@example.org")
    lines = [json.loads(line) for line in gate.log.getvalue().splitlines()]
    (told,) = [line for line in lines if line["event"] == "message"]
    assert told["rules"] == ["test.secret"]
    assert told["outcome"] == "held"
    assert "sesame" not in gate.log.getvalue()


async def test_a_message_deferred_three_times_by_one_cause_raises_an_alert(tmp_path: Path) -> None:
    sink = Sink({"dot": [Act(b"451 4.3.0 not now\r\n")]})
    async with running(tmp_path, sink=sink) as gate:
        replies = [await gate.send("hello", "lee@example.org") for _ in range(3)]
        await gate.send("another", "lee@example.org")
        assert all(reply.startswith("451 4.3.0 not now") for reply in replies)
        alerts = 'smtp_gate_repeated_deferrals_total{cause="4.3.0",rule="next_hop"}'
        for _ in range(200):
            await gate.solo.keeper.records.catch_up()
            _, metrics = await get(gate.metrics, "/metrics")
            if alerts in metrics:
                break
            await asyncio.sleep(0.02)
    assert f"{alerts} 1.0" in metrics
    (told,) = [t for t in map(json.loads, gate.log.getvalue().splitlines()) if t["event"] == "deferred_again"]
    assert told["count"] == 3
    assert told["ref"]
