"""Postfix → queue → gate → Postfix: octets, bounces, holds instead of bounces, and mail that waits for its gate."""

import re

import pytest

from tests.peers.conftest import Before, Relay
from tests.peers.ends import Inbox
from tests.peers.letters import BODIES, added, letter
from tests.peers.mailers import FAR, NEAR, submit

pytestmark = pytest.mark.peers


@pytest.mark.parametrize("kind", ["plain", "dots", "8 bit UTF-8", "line of 20,000", "blank lines"])
def test_every_octet_arrives(relay: Relay, far: Inbox, kind: str) -> None:
    body, headers = BODIES[kind]
    mark, content = letter(body, headers)
    assert submit(relay.port, content).code == 250
    assert added(content, far.wait(mark).content).count(b"(smtp-gate)") == 1


def test_parameters_and_the_client_reach_the_next_hop(relay: Relay, far: Inbox) -> None:
    mark, content = letter()
    said = submit(
        relay.port, content, mail=["RET=FULL", "ENVID=aBc+2Bxyz"], rcpt=["NOTIFY=NEVER"], helo="scanner.milwaukee.gov"
    )
    assert said.code == 250
    arrived = far.wait(mark)
    assert b"RET=FULL" in arrived.mail
    assert b"ENVID=aBc+2Bxyz" in arrived.mail
    assert b"NOTIFY=NEVER" in arrived.rcpts[0]
    assert b"HELO=scanner.milwaukee.gov" in b" ".join(arrived.xforward)


def test_a_refusal_comes_back_as_a_bounce_that_says_why(relay: Relay, far: Inbox) -> None:
    mark, content = letter(b"say GATE-STOP-1234 to nobody\r\n")
    assert submit(relay.port, content, rcpt=["NOTIFY=FAILURE"]).code == 250
    line = relay.postfix.wait_log("status=bounced (host 127.0.0.1[127.0.0.1] said: 550 5.7.1 The stop word")
    assert "rule peers.stop" in line
    # The bounce quotes the message, so it meets the same rule; to one of ours it goes, for nothing leaves the city.
    bounce = far.wait(b"Undelivered Mail Returned to Sender")
    assert bounce.mail.startswith(b"MAIL FROM:<>")
    assert bounce.rcpts[0].startswith(f"RCPT TO:<{NEAR}>".encode())
    assert not [t for t in far.find(mark) if t.rcpts[0].startswith(f"RCPT TO:<{FAR}>".encode())]


@pytest.mark.parametrize("sender", ["", "someone@elsewhere.example"])
def test_what_would_bounce_to_a_stranger_is_held(relay: Relay, far: Inbox, sender: str) -> None:
    kept = len(relay.gate.held())
    mark, content = letter(b"say GATE-STOP-1234 to nobody\r\n")
    assert submit(relay.port, content, sender=sender).code == 250
    far.until(lambda: len(relay.gate.held()) == kept + 1)
    assert not far.find(mark)


def test_mail_waits_in_the_queue_while_the_gate_is_down(relay: Relay, before: Before, far: Inbox) -> None:
    relay.gate.stop()
    try:
        mark, content = letter()
        said = submit(relay.port, content)
        assert said.code == 250
        queued = re.search(r"queued as (\w+)", said.text)
        assert queued, said
        assert "status=deferred" in relay.postfix.wait_log(f"{queued[1]}: to=")
        assert [entry["queue_name"] for entry in relay.postfix.queue()] == ["deferred"]
        assert not far.find(mark)
    finally:
        relay.gate.start()
    relay.postfix.flush()
    added(content, far.wait(mark, 30).content)
    far.until(lambda: relay.postfix.queue() == [])
