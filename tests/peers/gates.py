"""`smtp-gate serve` as an admin starts it: a settings file, a process of its own, and waiting for /readyz."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.peers.ports import free_port

SERVE: Final = (sys.executable, "-m", "smtp_gate", "serve", "-c")
CONFIG: Final = Path(__file__).parents[2] / "config"

# The words of these rules stand in no other test mail, so that each test says by one word what becomes of its mail.
RULES: Final = """\
pack: peers
detectors:
  stop_word:
    primary: {regex: 'GATE-STOP-\\d{4}'}
    levels:
      high: {}
    mask: all
  hold_word:
    primary: {regex: 'GATE-HOLD-\\d{4}'}
    levels:
      high: {}
    mask: all
rules:
  - id: peers.stop
    title: The stop word does not leave
    policy: P-SENSITIVE
    family: sensitive
    when: {recipients: external}
    find:
      any:
        - {detector: stop_word}
    action: reject
    message: "The stop word stands in {where}. {way_out}"
    examples:
      hit:
        - text: "say GATE-STOP-1234 to nobody"
      miss:
        - text: "say nothing to nobody"
  - id: peers.hold
    title: The hold word is looked at first
    policy: P-SENSITIVE
    family: sensitive
    when: {recipients: external}
    find:
      any:
        - {detector: hold_word}
    action: quarantine
    message: "The hold word stands in {where}. {way_out}"
    examples:
      hit:
        - text: "say GATE-HOLD-1234 to nobody"
      miss:
        - text: "say nothing to nobody"
"""


class Gate:
    """One gate below `home`: its listener at `port`, the settings in `home/smtp-gate.yaml`."""

    def __init__(
        self,
        home: Path,
        upstream: str,
        next_hop: object,
        *,
        port: int = 0,
        rcpt: str = "mirror",
        more: Mapping[str, object] | None = None,
        listener: Mapping[str, object] | None = None,
    ) -> None:
        self.home = home
        self.port = port or free_port()
        self.metrics = free_port()
        self.log = home / "gate.log"
        self._process: subprocess.Popen[bytes] | None = None
        (home / "rules").mkdir(parents=True)
        (home / "rules" / "peers.yaml").write_text(RULES)
        taken = {
            "name": "outbound",
            "listen": f"127.0.0.1:{self.port}",
            "direction": "outbound",
            "upstream": upstream,
            "clients": ["127.0.0.0/8"],
            "xforward": ["127.0.0.1"],
            "rcpt": rcpt,
            **(listener or {}),
        }
        settings = {
            "internal_domains": ["milwaukee.gov"],
            "timezone": "America/Chicago",
            "hostname": "gate.milwaukee.gov",
            "way_out": "Ask the help desk.",
            "listeners": [taken],
            "next_hop": next_hop,
            "data_dir": "data",
            "rules": "rules",
            "metrics": f"127.0.0.1:{self.metrics}",
            **(more or {}),
        }
        # JSON is YAML, so the settings need no writer of their own.
        self.config = home / "smtp-gate.yaml"
        self.config.write_text(json.dumps(settings, indent=1))

    @property
    def pid(self) -> int:
        """The process that was started: the gate's supervisor."""
        assert self._process is not None
        return self._process.pid

    @staticmethod
    def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment of its commands."""
        return os.environ | {"PYTHONPATH": str(CONFIG.parent), "NO_COLOR": "1", **(more or {})}

    def start(
        self, wrapper: Sequence[str] = (), environment: Mapping[str, str] | None = None, pass_fds: Sequence[int] = ()
    ) -> None:
        """Start it and wait until it says that it is ready."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*wrapper, *SERVE, str(self.config)],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=self.environment(environment), pass_fds=pass_fds,
            )  # fmt: skip
        end = time.monotonic() + 30
        while time.monotonic() < end:
            if self._process.poll() is not None:
                self._process = None
                raise AssertionError(f"the gate ended by itself:\n{self.tail()}")
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics}/readyz", timeout=5) as answer:
                    if answer.status == 200:
                        return
            except urllib.error.HTTPError as error:
                error.close()
            except OSError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"the gate is not ready after 30 s:\n{self.tail()}")

    def stop(self) -> None:
        """End it as a service manager does, and see that it ends well."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
            raise AssertionError(f"the gate did not end within 30 s:\n{self.tail()}") from None
        assert code == 0, f"the gate ended with {code}:\n{self.tail()}"

    def wait(self, within: float = 30) -> int:
        """Its exit code, once it has ended by itself."""
        assert self._process is not None
        code = self._process.wait(within)
        self._process = None
        return code

    def kill(self) -> None:
        """End it at once, if it is there."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait(10)
        # Its children end by themselves, a moment later; until then they would answer for the next gate.
        end = time.monotonic() + 10
        while time.monotonic() < end:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.metrics)) != 0:
                    return
            time.sleep(0.01)
        raise AssertionError("the children of a killed gate are still there")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Another command of smtp-gate on the same settings."""
        command = [sys.executable, "-m", "smtp_gate", *arguments, "-c", str(self.config)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, env=self.environment())

    def held(self) -> list[Path]:
        """The files of the messages that are held."""
        folder = self.home / "data" / "quarantine" / "held"
        return sorted(p for p in folder.rglob("*") if p.is_file()) if folder.exists() else []

    def tail(self) -> str:
        """The end of its log, for a failure's message."""
        return self.log.read_text(errors="replace")[-4000:] if self.log.exists() else ""
