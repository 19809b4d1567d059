"""A whole gate in a test: settings written to a folder, a worker on free ports, and a sink as its next hop."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import aiosmtplib

from smtp_gate.adapters.clock import utc_now
from smtp_gate.adapters.logs import Logger
from smtp_gate.config import load_config
from smtp_gate.server.rules import load_rulebook
from smtp_gate.server.solo import Solo
from smtp_gate.server.worker import Worker
from tests.sinks import Sink

PACK = """\
pack: test
rules:
  - id: test.secret
    title: A secret word
    policy: P-SENSITIVE
    family: sensitive
    when: {recipients: external}
    find: {any: [{detector: word, min_level: high}]}
    action: quarantine
    message: "{count} secret(s) in {where}"
    examples: {hit: [{text: "the word is sesame"}], miss: [{text: "nothing here"}]}
  - id: test.forbidden
    title: A forbidden word
    policy: P-SENSITIVE
    family: sensitive
    find: {any: [{detector: forbidden, min_level: high}]}
    action: reject
    message: "This word is forbidden."
    examples: {hit: [{text: "abracadabra"}], miss: [{text: "nothing here"}]}
detectors:
  word: {primary: {regex: 'sesame'}, levels: {high: {}}, mask: all}
  forbidden: {primary: {regex: 'abracadabra'}, levels: {high: {}}, mask: all}
"""


@dataclass
class Running:
    """The worker, its sink and its folder."""

    solo: Solo
    sink: Sink
    folder: Path
    log: StringIO

    @property
    def worker(self) -> Worker:
        return self.solo.worker

    @property
    def port(self) -> int:
        return self.solo.addresses["outbound"][1]

    @property
    def metrics(self) -> int:
        return self.solo.addresses["metrics"][1]

    async def send(self, body: str, *to: str, sender: str = "dokafor@milwaukee.gov") -> str:
        """Send one message; the reply to its dot, or to the command that failed."""
        content = f"From: {sender}\r\nTo: {', '.join(to)}\r\nSubject: test\r\n\r\n{body}\r\n".encode()
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=self.port, local_hostname="client.test", start_tls=False)
        async with client:
            try:
                return "250 " + (await client.sendmail(sender, list(to), content))[1]
            except aiosmtplib.SMTPDataError as refusal:
                return f"{refusal.code} {refusal.message}"


def write_settings(folder: Path, hop_port: int, more: Mapping[str, str] | None = None) -> Path:
    """A settings file on free ports with one small pack."""
    (folder / "rules").mkdir(parents=True, exist_ok=True)
    (folder / "rules" / "test.yaml").write_text(PACK)
    (folder / "directory.csv").write_text("address,name,status\ndokafor@milwaukee.gov,Dana Okafor,employee\n")
    lines = {
        "internal_domains": "[milwaukee.gov]",
        "timezone": "America/Chicago",
        "hostname": "gate.test",
        "listeners": "[{name: outbound, listen: '127.0.0.1:0'}]",
        "next_hop": f"127.0.0.1:{hop_port}",
        "data_dir": "data",
        "rules": "rules",
        "directory": "directory.csv",
        "metrics": "127.0.0.1:0",
        **(more or {}),
    }
    file = folder / "smtp-gate.yaml"
    file.write_text("".join(f"{k}: {v}\n" for k, v in lines.items()))
    return file


@contextlib.asynccontextmanager
async def running(
    folder: Path, more: Mapping[str, str] | None = None, sink: Sink | None = None
) -> AsyncIterator[Running]:
    """A gate that listens, stopped in the end."""
    async with sink or Sink() as hop:
        file = write_settings(folder, hop.port, more)
        config = load_config(file).config
        assert config is not None, load_config(file).mistakes
        log = StringIO()
        book, logger = load_rulebook(config), Logger(utc_now, stream=log)
        solo = Solo(config, logger, book, lambda: load_config(file).config, settings=file)
        await solo.start()
        try:
            yield Running(solo, hop, folder, log)
        finally:
            await solo.stop()
