"""SMTP smuggling through the whole chain: one message in is one message out, whatever its data pretends to end with."""

import socket
import uuid

import pytest

from tests.peers.conftest import Before
from tests.peers.ends import Inbox

ENDINGS = {
    "LF.LF": b"\n.\n",
    "CR.CR": b"\r.\r",
    "CR.LF": b"\r.\n",
    "LF.CR": b"\n.\r",
    "LF.CRLF": b"\n.\r\n",
    "CRLF.LF": b"\r\n.\n",
    "CR.CRLF": b"\r.\r\n",
    "CRLF.CR": b"\r\n.\r",
    "CRLF-NUL.CRLF": b"\r\n\0.\r\n",
    "CRLF.NUL-CRLF": b"\r\n.\0\r\n",
    "CRLF.CRCRLF": b"\r\n.\r\r\n",
}
pytestmark = pytest.mark.peers


def talk(port: int, data: bytes, mark: str) -> list[bytes]:
    """One transaction whose data hides a second one behind an ending; every reply line after DATA's 354."""
    with socket.create_connection(("127.0.0.1", port), 10) as wire:
        wire.settimeout(10)
        lines = wire.makefile("rb")
        lines.readline()
        for command in (
            b"EHLO client.test",
            b"MAIL FROM:<dokafor@milwaukee.gov>",
            b"RCPT TO:<lee@example.org>",
            b"DATA",
        ):
            wire.sendall(command + b"\r\n")
            while lines.readline()[3:4] == b"-":
                pass
        wire.sendall(data + b"\r\n.\r\nQUIT\r\n")
        return lines.read().splitlines()


@pytest.mark.parametrize("through", ["gate", "postfix and gate"])
@pytest.mark.parametrize("ending", ENDINGS)
def test_messages_at_the_sink_are_the_250s_at_the_client(before: Before, far: Inbox, ending: str, through: str) -> None:
    mark = uuid.uuid4().hex
    smuggled = b"MAIL FROM:<ceo@milwaukee.gov>\r\nRCPT TO:<victim@evil.example>\r\nDATA\r\n"
    data = b"Subject: first " + mark.encode() + b"\r\n\r\nfirst" + ENDINGS[ending] + smuggled
    data += b"Subject: second " + mark.encode() + b"\r\n\r\nsecond"
    port = before.gate.port if through == "gate" else before.port
    replies = talk(port, data, mark)
    accepted = sum(r.startswith(b"250") for r in replies)
    assert replies[-1].startswith(b"221") or replies[-1].startswith(b"421")
    if accepted:
        far.wait(mark.encode())
    # The marker message takes the same way behind, so all that was accepted before it has arrived when it has.
    after = uuid.uuid4().hex
    talk(before.gate.port, f"Subject: {after}\r\n\r\nmarker".encode(), after)
    far.wait(after.encode())
    arrived = far.find(mark.encode())
    assert len(arrived) == accepted
    assert all(b"victim" not in r for t in arrived for r in t.rcpts)
    assert not any(b"ceo@" in t.mail for t in arrived)
