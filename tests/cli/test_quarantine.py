"""`smtp-gate quarantine` as people type it: with a running gate and without, and what it says when somebody must act."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from smtp_gate.adapters.control import ControlLine, ControlServer, listen
from smtp_gate.adapters.logs import Logger
from smtp_gate.config import load_config
from smtp_gate.core.facts import Facts
from smtp_gate.core.message import Message
from smtp_gate.core.verdict import Judgement, decide
from smtp_gate.server.releases import Releases
from smtp_gate.store.files import Disk
from smtp_gate.store.journal_reader import Record, read
from smtp_gate.store.quarantine import FileQuarantine, State
from tests.builders import envelope, message
from tests.running import write_settings
from tests.sinks import Act, Sink, sink
from tests.store.releasing import Desk

REF = "TESTREF0001"


@dataclass
class City:
    """A settings file, its data, and the next hop it names."""

    folder: Path
    hop: Sink

    @property
    def data(self) -> Path:
        return self.folder / "data"

    async def run(self, *words: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "smtp_gate", "quarantine", words[0], "-c", str(self.folder / "smtp-gate.yaml")]
        process = await asyncio.create_subprocess_exec(
            *command, *words[1:], stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        out, _ = await asyncio.wait_for(process.communicate(), 60)
        return process.returncode or 0, out.decode()

    async def json(self, *words: str) -> tuple[int, dict[str, Any]]:
        code, out = await self.run(*words, "--json")
        return code, json.loads(out)

    async def hold(self, mail: Message | None = None) -> None:
        disk = Disk(1)
        kept = mail or message(env=envelope(to=["lee@example.org", "kim@example.net"]), ref=REF)
        store = FileQuarantine(self.data / "quarantine", disk)
        hold = await store.prepare(kept, judged(kept), range(len(kept.envelope.recipients)))
        await hold.commit()
        disk.close()

    def events(self) -> list[tuple[str, str]]:
        records = [r.fields for r in read(self.data / "journal") if isinstance(r, Record)]
        return [(r["what"], r.get("who", "")) for r in records if r["kind"] == "event" and r["what"] != "closed"]


def judged(of: Message) -> Judgement:
    """Held, as somebody without a rule would hold it."""
    return Judgement(decide((), of.envelope), Facts(), "sha256:test", 0.0, "<a1@milwaukee.gov>")


@asynccontextmanager
async def city(folder: Path, **script: list[Act]) -> AsyncIterator[City]:
    async with sink(script) as hop:
        write_settings(folder, hop.port)
        made = City(folder, hop)
        await made.hold()
        yield made


async def test_without_a_running_gate_it_is_released_here(tmp_path: Path) -> None:
    async with city(tmp_path) as made:
        code, out = await made.run("release", REF, "--reason", "the taxpayer asked")
        assert (code, len(made.hop.transactions)) == (0, 1), out
        assert f"{REF}  released" in out
        assert "lee@example.org  released  250 2.0.0 queued as SINK" in out
        assert [w for w, _ in made.events()] == ["release", "judged_again", "released"]
        assert made.events()[0][1] not in {"", "gate"}
        code, out = await made.run("release", REF)
        assert (code, "is released" in out) == (1, True)


async def test_what_else_weighs_is_named_with_the_words_that_approve_it(tmp_path: Path) -> None:
    async with city(tmp_path) as made:
        await made.hold(message("the word is sesame", ref="TESTREF0002"))
        code, out = await made.run("release", "TESTREF0002")
        assert code == 1
        assert "`release TESTREF0002 --rule test.secret` approves all of it" in out
        code, row = await made.json("release", "TESTREF0002", "--rule", "test.secret")
        assert (code, row["state"]) == (0, "released")
        assert row["recipients"] == {"lee@example.org": {"state": "released", "reply": "250 2.0.0 queued as SINK"}}


async def test_put_off_it_says_when_and_a_discard_sends_the_notice(tmp_path: Path) -> None:
    async with city(
        tmp_path, rcpt=[Act(b"451 4.3.2 later\r\n"), Act(b"451 4.3.2 later\r\n"), Act(b"250 ok\r\n")]
    ) as made:
        code, row = await made.json("release", REF)
        assert (code, row["state"]) == (1, "releasing")
        assert row["next"]
        code, out = await made.run("list")
        assert (code, "retry" in out) == (0, True)
        code, row = await made.json("show", REF)
        assert row["recipient_states"]["lee@example.org"] == {"state": "retry", "reply": "451 4.3.2 later"}
        code, out = await made.run("discard", REF, "--reason", "sent by other means")
        assert code == 0, out
        assert "notice to the sender: sent" in out
        (notice,) = made.hop.transactions
        assert notice.mail.startswith(b"MAIL FROM:<>")
        assert notice.rcpts == [b"RCPT TO:<dokafor@milwaukee.gov>"]
        assert b"Auto-Submitted: auto-replied" in notice.content


async def test_an_unknown_one_is_listed_with_what_to_do(tmp_path: Path) -> None:
    async with city(tmp_path, dot=[Act(b"", close=True), Act(b"250 2.0.0 ok\r\n")]) as made:
        code, out = await made.run("release", REF)
        assert code == 1
        assert "unknown" in out
        assert f"`release {REF} --again` if it did not arrive" in out
        code, out = await made.run("list")
        assert f"{REF}: it may have been sent" in out
        code, out = await made.run("release", REF)
        assert (code, "is unknown" in out) == (1, True)
        code, out = await made.run("show", REF)
        assert "lee@example.org unknown 451" in out
        code, out = await made.run("release", REF, "--again")
        assert code == 0, out


async def test_list_json_keeps_its_keys_and_a_damaged_progress_file_is_told(tmp_path: Path) -> None:
    async with city(tmp_path) as made:
        code, row = await made.json("list")
        assert code == 0
        for key in ("ref", "state", "message_id", "received", "sender", "recipients", "rules", "findings", "sha256"):
            assert key in row
        assert (row["message_id"], row["recipients"]) == ("<a1@milwaukee.gov>", ["lee@example.org", "kim@example.net"])
        (made.data / "quarantine" / "progress" / "open" / f"{REF}.progress").write_bytes(b"nonsense\n")
        code, out = await made.run("list")
        assert "its progress file is damaged" in out
        assert "unknown" in out
        code, row = await made.json("list")
        assert row["flaw"].startswith("its progress file is damaged")


@pytest.mark.parametrize("words", [("discard", REF), ("release",), ("release", REF, "--what")])
async def test_wrong_words_are_a_usage_error(tmp_path: Path, words: tuple[str, ...]) -> None:
    async with city(tmp_path) as made:
        assert (await made.run(*words))[0] == 2


async def test_a_running_gate_does_it(tmp_path: Path) -> None:
    async with city(tmp_path) as made:
        disk = Disk(2)
        desk = Desk(made.data / "quarantine", disk, rules=())
        desk.now = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)
        config = load_config(tmp_path / "smtp-gate.yaml").config
        assert config is not None
        logger = Logger(lambda: desk.now, stream=StringIO())
        gate = Releases(
            desk.quarantine, desk.judge(), desk.hop, desk.events, config, logger=logger, now=lambda: desk.now
        )

        async def serve(line: ControlLine) -> None:
            async for frame in line:
                line.send(await gate.serve(frame))

        listening = listen(made.data / "run" / "control.sock")
        server = ControlServer(serve)
        await server.start(listening)
        code, row = await made.json("release", REF)
        assert (code, row["state"], desk.state()) == (0, "released", State.RELEASED)
        assert (len(desk.hop.octets), made.hop.transactions) == (1, [])
        assert desk.events.what[0] == "release"
        code, out = await made.run("release", "NOSUCHREF")
        assert (code, "no message with ref" in out) == (1, True)
        code, row = await made.json("release", "NOSUCHREF")
        assert (code, row) == (1, {"failed": "no message with ref NOSUCHREF"})
        await server.stop()
        listening.close()
        disk.close()
