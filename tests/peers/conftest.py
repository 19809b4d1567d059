"""Two private Postfix instances, the gates between them and a recording next hop, once for all of these tests."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.peers.ends import Inbox, inbox
from tests.peers.gates import Gate
from tests.peers.ports import free_port
from tests.peers.postfix import DAEMONS, SAMPLES, Postfix, moved

NEEDED = {
    "postfix": DAEMONS / "master",
    "postconf": Path("/usr/sbin/postconf"),
    "smtp-sink": Path("/usr/sbin/smtp-sink"),
    "smtp-source": Path("/usr/sbin/smtp-source"),
}
ON_PATH = ("swaks", "openssl")


@dataclass(frozen=True)
class Before:
    """before-queue use: `port` takes mail from clients, `after` takes it back from the gate.

    `eager` takes whole messages before it bothers its gate (speed_adjust), the gate of `dead` is not there, `tls_only` is a
    next hop that insists on TLS.
    """

    postfix: Postfix
    gate: Gate
    port: int
    eager: int
    dead: int
    after: int
    tls_only: int


@dataclass(frozen=True)
class Relay:
    """relayhost use: `port` takes mail from clients into a queue, from which it goes through the gate."""

    postfix: Postfix
    gate: Gate
    port: int


@pytest.fixture(scope="session")
def servers() -> None:
    """The servers are there; else a skip that says what is missing, and under CI=true a failure."""
    missing = [name for name, path in NEEDED.items() if not path.exists()]
    missing += [name for name in ON_PATH if shutil.which(name) is None]
    why = f"real servers are missing: {', '.join(missing)} (apt-get install postfix swaks openssl)" if missing else ""
    if not why and os.geteuid() != 0:
        why = "Postfix can be started by root only"
    if not why:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture(scope="session")
def house(servers: None) -> Iterator[Path]:
    """A folder that Postfix's own user can reach, which pytest's are not."""
    with tempfile.TemporaryDirectory(prefix="smtp-gate-peers-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.fixture(scope="session")
def certificate(house: Path) -> Path:
    """A self-signed certificate for mx.milwaukee.gov with its key beside it (`key.pem`)."""
    folder = house / "tls"
    folder.mkdir()
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "2", "-subj", "/CN=mx.milwaukee.gov", "-addext", "subjectAltName=DNS:mx.milwaukee.gov"]
    command += ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    return folder / "cert.pem"


@pytest.fixture(scope="session")
def far(servers: None) -> Iterator[Inbox]:
    """The last hop: it records what it is sent."""
    with inbox() as box:
        yield box


@pytest.fixture(scope="session")
def before(house: Path, certificate: Path, far: Inbox) -> Iterator[Before]:
    """Postfix made from the before-queue snippets, with its gate."""
    port, eager, dead, after, tls_only = (free_port() for _ in range(5))
    gate = Gate(house / "gate-before", "before_queue", f"127.0.0.1:{after}")
    patient = Gate(house / "gate-eager", "before_queue", f"127.0.0.1:{after}", rcpt="after_data")
    snippet = (SAMPLES / "before-queue" / "master.cf").read_text()
    front, back = split(snippet)
    master = ""
    for listener, proxy in ((port, gate.port), (eager, patient.port), (dead, free_port())):
        master += moved(
            front, {"submission inet": f"127.0.0.1:{listener} inet", "127.0.0.1:2525": f"127.0.0.1:{proxy}"}
        )
        master += "  -o smtpd_proxy_options=speed_adjust\n" if listener == eager else ""
    master += moved(back, {"127.0.0.1:10026": f"127.0.0.1:{after}"})
    master += moved(back, {"127.0.0.1:10026": f"127.0.0.1:{tls_only}", "level=none": "level=encrypt"})
    main = (SAMPLES / "before-queue" / "main.cf").read_text() + (
        f"relayhost = [127.0.0.1]:{far.port}\nsmtp_send_xforward_command = yes\n"
        f"smtpd_tls_cert_file = {certificate}\nsmtpd_tls_key_file = {certificate.parent / 'key.pem'}\n"
    )
    postfix = Postfix(house / "postfix-before", main, master)
    try:
        postfix.start(port, after)
        gate.start()
        patient.start()
        yield Before(postfix, gate, port, eager, dead, after, tls_only)
    finally:
        postfix.stop()
        gate.stop()
        patient.stop()


@pytest.fixture(scope="session")
def relay(house: Path, before: Before) -> Iterator[Relay]:
    """Postfix made from the relayhost snippets; its gate hands mail to the other instance's after-gate listener."""
    port = free_port()
    gate = Gate(house / "gate-relay", "queue", f"127.0.0.1:{before.after}")
    samples = SAMPLES / "relayhost"
    main = moved((samples / "main.cf").read_text(), {"[127.0.0.1]:2525": f"[127.0.0.1]:{gate.port}"})
    master = f"127.0.0.1:{port} inet n - n - - smtpd\n" + (samples / "master.cf").read_text()
    postfix = Postfix(house / "postfix-relay", main, master)
    try:
        gate.start()
        postfix.start(port)
        yield Relay(postfix, gate, port)
    finally:
        postfix.stop()
        gate.stop()


def split(snippet: str) -> tuple[str, str]:
    """The snippet's two services: where clients come in, and where the gate hands mail back."""
    at = snippet.index("\n127.0.0.1:10026") + 1
    return snippet[:at], snippet[at:]
