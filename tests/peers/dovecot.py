"""A private Dovecot that checks passwords for Postfix and does nothing else."""

import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

BINARY: Final = Path("/usr/sbin/dovecot")


class Dovecot:
    """One instance below `home`, its socket where a Postfix with its queue in `queue` looks for it."""

    def __init__(self, home: Path, queue: Path, users: Mapping[str, str]) -> None:
        self.home = home
        self.log = home / "dovecot.log"
        self.socket = queue / "private" / "auth"
        home.mkdir()
        passwords = home / "users"
        passwords.write_text("".join(f"{name}:{{PLAIN}}{password}\n" for name, password in users.items()))
        passwords.chmod(0o644)
        self.config = home / "dovecot.conf"
        self.config.write_text(
            f"protocols =\nbase_dir = {home}/run\nstate_dir = {home}/state\nlog_path = {self.log}\n"
            "default_internal_user = nobody\ndefault_internal_group = nogroup\ndefault_login_user = nobody\n"
            "auth_mechanisms = plain login\ndisable_plaintext_auth = no\nssl = no\n"
            f"passdb {{\n driver = passwd-file\n args = {passwords}\n}}\n"
            "userdb {\n driver = static\n args = uid=nobody gid=nogroup home=/nonexistent\n}\n"
            f"service auth {{\n unix_listener {self.socket} {{\n  mode = 0666\n }}\n}}\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait for its socket."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen([str(BINARY), "-F", "-c", str(self.config)], stdout=log, stderr=log)
        end = time.monotonic() + 20
        while not self.socket.exists():
            assert self._process.poll() is None, self.log.read_text()
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.05)

    def stop(self) -> None:
        """End it with its children."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
        shutil.rmtree(self.home / "run", ignore_errors=True)
