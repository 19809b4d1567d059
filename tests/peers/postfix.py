"""Private Postfix instances made from the snippets that the project ships, so that the shipped lines are what is tested."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.peers.ports import wait_port

SAMPLES: Final = Path(__file__).parents[2] / "config" / "postfix"
DAEMONS: Final = Path("/usr/lib/postfix/sbin")

# What any Postfix has in its master.cf beside the lines of a snippet; nothing is chrooted and nothing of the system used.
STOCK: Final = """\
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
DELIVERY: Final = """\
smtp unix - - n - 20 smtp
relay unix - - n - 20 smtp
"""


def basics(home: Path) -> str:
    """The main.cf that a snippet is added to: paths of its own, loopback only, quick retries, no look-ups."""
    return f"""\
compatibility_level = 3.6
queue_directory = {home}/queue
data_directory = {home}/data
command_directory = /usr/sbin
daemon_directory = {DAEMONS}
maillog_file = {home}/mail.log
maillog_file_prefixes = {home}
myhostname = {home.name}.test
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = loopback-only
inet_protocols = ipv4
smtputf8_enable = yes
alias_maps =
local_recipient_maps =
smtpd_peername_lookup = no
smtpd_relay_restrictions = permit_mynetworks, reject
smtp_tls_security_level = none
smtp_line_length_limit = 0
smtp_host_lookup = native
disable_dns_lookups = yes
minimal_backoff_time = 300s
notify_classes =
"""


def moved(text: str, places: Mapping[str, str]) -> str:
    """A snippet with its service names and addresses moved to where this test has them; each must occur."""
    for old, new in places.items():
        assert old in text, f"the sample no longer has {old!r}"
        text = text.replace(old, new)
    return text


class Postfix:
    """One instance below `home`; `start` and `stop` touch nothing else."""

    def __init__(self, home: Path, main: str, master: str) -> None:
        self.home = home
        self.etc = home / "etc"
        self.log = home / "mail.log"
        for folder in (self.etc, home / "queue", home / "data"):
            folder.mkdir(parents=True)
        shutil.chown(home / "data", "postfix")
        (self.etc / "main.cf").write_text(basics(home) + main)
        (self.etc / "master.cf").write_text(master + STOCK + ("" if "smtp      unix" in master else DELIVERY))

    def start(self, *ports: int) -> None:
        """Start it and wait until it listens."""
        done = self._run("/usr/sbin/postfix", "-c", str(self.etc), "start")
        assert done.returncode == 0, done.stdout + done.stderr + self.tail()
        for port in ports:
            wait_port(port)

    def stop(self) -> None:
        """Stop the master that this instance's own pid file names, and all of its children."""
        self._run("/usr/sbin/postfix", "-c", str(self.etc), "stop")

    def warnings(self) -> list[str]:
        """What `postconf` has to say about the settings."""
        done = [self._run("/usr/sbin/postconf", "-c", str(self.etc), flag) for flag in ("-n", "-M", "-P")]
        return [line for d in done for line in d.stderr.splitlines()]

    def setting(self, name: str) -> str:
        """One setting as Postfix understands it."""
        return self._run("/usr/sbin/postconf", "-c", str(self.etc), "-h", name).stdout.strip()

    def queue(self) -> list[dict[str, object]]:
        """The messages in the queue."""
        listed = self._run("/usr/sbin/postqueue", "-c", str(self.etc), "-j").stdout
        return [json.loads(line) for line in listed.splitlines()]

    def flush(self) -> None:
        """Try everything again now."""
        self._run("/usr/sbin/postqueue", "-c", str(self.etc), "-f")

    def wait_log(self, word: str, seconds: float = 15.0) -> str:
        """The first log line with this word in it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for line in self.lines():
                if word in line:
                    return line
            time.sleep(0.05)
        raise AssertionError(f"no {word!r} in the log:\n{self.tail()}")

    def lines(self) -> list[str]:
        """The whole log."""
        return self.log.read_text(errors="replace").splitlines() if self.log.exists() else []

    def tail(self) -> str:
        """The end of the log, for a failure's message."""
        return "\n".join(self.lines()[-40:])

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        # An inherited MAIL_CONFIG would lead to another instance than the one that -c names.
        clean = {k: v for k, v in os.environ.items() if not k.startswith("MAIL_")}
        return subprocess.run(command, capture_output=True, text=True, timeout=60, env=clean)
