"""Postfix → gate → Postfix before the queue: octets, parameters, refusals, holds, and a gate that is not there."""

import re
import time
from pathlib import Path

import pytest

from tests.peers import mailers
from tests.peers.conftest import Before
from tests.peers.ends import Inbox
from tests.peers.letters import BODIES, HEADERS, added, letter
from tests.peers.mailers import submit

pytestmark = pytest.mark.peers


@pytest.mark.parametrize("kind", BODIES)
def test_every_octet_arrives_and_the_gate_adds_one_line(before: Before, far: Inbox, kind: str) -> None:
    body, headers = BODIES[kind]
    mark, content = letter(body, headers)
    assert submit(before.port, content).code == 250
    top = added(content, far.wait(mark).content)
    lines = re.split(rb"\r\n(?![ \t])", top.removesuffix(b"\r\n"))
    assert all(line.startswith(b"Received: ") for line in lines), top
    assert sum(b"(smtp-gate)" in line for line in lines) == 1, top


def test_the_clients_reply_is_the_next_hops_own(before: Before, far: Inbox) -> None:
    mark, content = letter()
    said = submit(before.port, content)
    assert re.search(r"queued as \w+", said.text), said
    far.wait(mark)


def test_parameters_reach_the_next_hop_as_they_were_written(before: Before, far: Inbox) -> None:
    mark, content = letter()
    said = submit(
        before.port, content, mail=["RET=HDRS", "ENVID=aBc+2Bxyz"], rcpt=["NOTIFY=SUCCESS,DELAY", "ORCPT=rfc822;Lee.Q@Example.ORG"]
    )  # fmt: skip
    assert said.code == 250
    arrived = far.wait(mark)
    assert b"RET=HDRS" in arrived.mail
    assert b"ENVID=aBc+2Bxyz" in arrived.mail
    assert b"ORCPT=rfc822;Lee.Q@Example.ORG" in arrived.rcpts[0]
    assert re.search(rb"NOTIFY=(SUCCESS,DELAY|DELAY,SUCCESS)", arrived.rcpts[0])


def test_the_envelope_keeps_its_case_and_its_recipients(before: Before, far: Inbox) -> None:
    mark, content = letter()
    to = ["Lee.Q@example.org", '"a b"@example.org', "lee+tag@example.org"]
    assert submit(before.port, content, sender="D.Okafor+x@milwaukee.gov", to=to).code == 250
    far.wait(mark)
    far.until(lambda: sum(len(t.rcpts) for t in far.find(mark)) == 3)
    rcpts = sorted(r.split(b">")[0] for t in far.find(mark) for r in t.rcpts)
    assert rcpts == sorted(b"RCPT TO:<" + a.encode() for a in to)
    assert {t.mail.split(b">")[0] for t in far.find(mark)} == {b"MAIL FROM:<D.Okafor+x@milwaukee.gov"}


def test_the_null_sender_stays_null(before: Before, far: Inbox) -> None:
    mark, content = letter(
        headers=HEADERS.replace("Dana Okafor <dokafor@milwaukee.gov>", "MAILER-DAEMON@milwaukee.gov")
    )
    assert submit(before.port, content, sender="").code == 250
    assert far.wait(mark).mail.startswith(b"MAIL FROM:<> ")


def test_addresses_in_unicode_arrive_in_unicode(before: Before, far: Inbox) -> None:
    mark, content = letter("Grüße\r\n".encode())
    said = submit(
        before.port, content, sender="dörte@milwaukee.gov", to=["žofie@exämple.org"], mail=["SMTPUTF8", "BODY=8BITMIME"]
    )
    assert said.code == 250, said
    arrived = far.wait(mark)
    assert arrived.mail.startswith("MAIL FROM:<dörte@milwaukee.gov>".encode())
    assert b"SMTPUTF8" in arrived.mail
    assert arrived.rcpts[0].startswith("RCPT TO:<žofie@exämple.org>".encode())


def test_the_next_hop_learns_who_the_client_was(before: Before, far: Inbox) -> None:
    mark, content = letter()
    assert submit(before.port, content, helo="scanner.milwaukee.gov", source="127.0.0.77").code == 250
    told = b" ".join(far.wait(mark).xforward)
    assert b"ADDR=127.0.0.77" in told
    assert b"HELO=scanner.milwaukee.gov" in told


def test_a_refusal_reaches_the_client_word_by_word(before: Before, far: Inbox) -> None:
    mark, content = letter(b"say GATE-STOP-1234 to nobody\r\n")
    said = submit(before.port, content)
    assert said.code == 550
    assert said.text.startswith("5.7.1 The stop word stands in ")
    assert "Ask the help desk." in said.text
    assert "rule peers.stop" in said.text
    assert "GATE-STOP" not in said.text
    before.postfix.wait_log("proxy-reject: END-OF-MESSAGE: 550 5.7.1 The stop word")
    assert not far.find(mark)


def test_a_refusal_of_one_is_a_refusal_of_all(before: Before, far: Inbox) -> None:
    mark, content = letter(b"say GATE-STOP-1234 to nobody\r\n")
    said = submit(before.port, content, to=["lee@example.org", "nrobles2@milwaukee.gov"])
    assert said.code == 550
    assert "lee@example.org" in said.text
    time.sleep(0.3)
    assert not far.find(mark)


def test_a_held_message_is_accepted_kept_and_released_unchanged(before: Before, far: Inbox) -> None:
    mark, content = letter(b"say GATE-HOLD-1234 to nobody\r\n")
    said = submit(before.port, content)
    assert said.code == 250
    ref = re.search(r"held for review, ref (\w+)", said.text)
    assert ref, said
    assert any(ref[1] in path.name for path in before.gate.held())
    assert not far.find(mark)
    released = before.gate.run("quarantine", "release", ref[1])
    assert released.returncode == 0, released.stdout + released.stderr
    added(content, far.wait(mark).content)
    assert not any(ref[1] in path.name for path in before.gate.held())


def test_who_may_have_it_gets_it_while_the_others_copy_is_held(before: Before, far: Inbox) -> None:
    mark, content = letter(b"say GATE-HOLD-1234 to nobody\r\n")
    said = submit(before.port, content, to=["nrobles2@milwaukee.gov", "lee@example.org"])
    assert said.code == 250
    assert re.search(r"relayed to 1, held for 1, ref \w+", said.text), said
    assert [r.split(b">")[0] for r in far.wait(mark).rcpts] == [b"RCPT TO:<nrobles2@milwaukee.gov"]


@pytest.mark.parametrize("kind", ["plain", "dots", "8 bit UTF-8", "line of 20,000", "many lines"])
def test_whole_messages_at_once_arrive_unchanged_too(before: Before, far: Inbox, kind: str) -> None:
    body, headers = BODIES[kind]
    mark, content = letter(body, headers)
    assert submit(before.eager, content, to=["lee@example.org", "kim@example.org"]).code == 250
    assert added(content, far.wait(mark).content).count(b"(smtp-gate)") == 1


def test_whole_messages_at_once_are_refused_word_by_word_too(before: Before, far: Inbox) -> None:
    mark, content = letter(b"say GATE-STOP-1234 to nobody\r\n")
    said = submit(before.eager, content)
    assert said.code == 550
    assert said.text.startswith("5.7.1 The stop word stands in ")
    assert not far.find(mark)


def test_without_the_gate_the_client_keeps_its_mail(before: Before, far: Inbox) -> None:
    mark, content = letter()
    said = submit(before.dead, content)
    assert said.code == 451
    assert not far.find(mark)


def test_swaks_sends_and_is_refused(before: Before, far: Inbox, tmp_path: Path) -> None:
    mark, content = letter()
    code, dialogue = mailers.swaks(before.port, tmp_path, content)
    assert code == 0, dialogue
    far.wait(mark)
    _, content = letter(b"say GATE-STOP-1234 to nobody\r\n")
    code, dialogue = mailers.swaks(before.port, tmp_path, content)
    assert code == 26, dialogue
    assert "<** 550 5.7.1 The stop word" in dialogue


def test_smtp_source_is_served_to_the_last_message(before: Before, far: Inbox) -> None:
    earlier = len(far.find(b"Subject: Agenda\r\n"))
    mailers.smtp_source(before.port, messages=100, sessions=8)
    far.until(lambda: len(far.find(b"Subject: Agenda\r\n")) >= earlier + 100, 60)
    time.sleep(0.3)
    assert len(far.find(b"Subject: Agenda\r\n")) == earlier + 100
