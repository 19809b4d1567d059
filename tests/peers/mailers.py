"""Who sends mail in these tests: smtplib for exact octets and parameters, swaks and smtp-source as programs of others."""

import smtplib
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FAR: Final = "lee@example.org"
NEAR: Final = "dokafor@milwaukee.gov"


@dataclass(frozen=True)
class Said:
    """The reply that a client got."""

    code: int
    text: str


def submit(
    port: int,
    content: bytes,
    sender: str = NEAR,
    to: Iterable[str] = (FAR,),
    *,
    mail: Iterable[str] = (),
    rcpt: Iterable[str] = (),
    helo: str = "desk.milwaukee.gov",
    source: str = "127.0.0.1",
    login: tuple[str, str] | None = None,
) -> Said:
    """One message exactly as given (CRLF, dots stuffed); the first reply that is no success, else that to the final dot."""
    with smtplib.SMTP("127.0.0.1", port, local_hostname=helo, timeout=60, source_address=(source, 0)) as client:
        client.ehlo()
        if login is not None:
            client.login(*login, initial_response_ok=True)
        if "SMTPUTF8" in mail:
            client.command_encoding = "utf-8"
        reply = client.mail(sender, list(mail))
        if reply[0] != 250:
            return _said(reply)
        for address in to:
            reply = client.rcpt(address, list(rcpt))
            if reply[0] != 250:
                return _said(reply)
        code, text = client.docmd("DATA")
        if code != 354:
            return _said((code, text))
        stuffed = content.replace(b"\r\n.", b"\r\n..")
        client.send((b"." if stuffed.startswith(b".") else b"") + stuffed + b".\r\n")
        return _said(client.getreply())


def _said(reply: tuple[int, bytes]) -> Said:
    return Said(reply[0], reply[1].decode("utf-8", "replace"))


def swaks(port: int, folder: Path, content: bytes, sender: str = NEAR, to: str = FAR) -> tuple[int, str]:
    """swaks: its exit code (0 sent, 26 refused after the dot) and the dialogue."""
    letter = folder / "letter.eml"
    letter.write_bytes(content.replace(b"\r\n", b"\n"))
    command = ["swaks", "--server", "127.0.0.1", "--port", str(port), "--helo", "desk.milwaukee.gov"]
    command += ["--from", sender, "--to", to, "--data", f"@{letter}", "--suppress-data", "--timeout", "60"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90)
    return done.returncode, done.stdout + done.stderr


def smtp_source(port: int, messages: int, sessions: int = 4, size: int = 2000, recipients: int = 1) -> None:
    """smtp-source: it stops with an error at the first reply that is no success."""
    command = ["/usr/sbin/smtp-source", "-s", str(sessions), "-m", str(messages), "-l", str(size)]
    command += ["-r", str(recipients), "-f", NEAR, "-t", FAR, "-S", "Agenda", f"inet:127.0.0.1:{port}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stdout + done.stderr
