"""Commands and their order, malformed commands, pipelining, floods: one dialogue a row of the protocol's edges."""

import time
from dataclasses import replace

import pytest

from smtp_gate.adapters.door_settings import DoorLimits, RcptMode
from smtp_gate.core.reply import Reply
from tests.session.harness import MAIL, house

HELLO = ">> EHLO mail.milwaukee.gov\n<< 250 *\n"
ENVELOPE = ">> MAIL FROM:<a@milwaukee.gov>\n<< 250 2.1.0 *\n>> RCPT TO:<b@example.org>\n<< 250 2.1.5 *\n"


async def test_a_message_goes_in_and_its_answer_comes_out() -> None:
    async with house() as h:
        script = await h.play(HELLO + ENVELOPE + ">> DATA\n<< 354 *")
        await script.send(MAIL.encode() + b".\r\n")
        await script.play("<< 250 2.0.0 queued as 1\n>> QUIT\n<< 221 2.0.0 *\n<< closed")
    (message,) = h.gate.messages
    assert message.content == MAIL.encode()
    assert message.ref == "TESTREF000001"
    envelope = message.envelope
    assert (envelope.sender.raw, [r.path.raw for r in envelope.recipients]) == (b"a@milwaukee.gov", [b"b@example.org"])
    assert (envelope.client.address, envelope.client.helo, envelope.client.esmtp) == (
        "127.0.0.1",
        "mail.milwaukee.gov",
        True,
    )


ORDER = {
    "mail before hello": ">> MAIL FROM:<a@milwaukee.gov>\n<< 503 5.5.1 *",
    "rcpt before mail": HELLO + ">> RCPT TO:<b@example.org>\n<< 503 5.5.1 *",
    "data before mail": HELLO + ">> DATA\n<< 503 5.5.1 *",
    "data before rcpt": HELLO + ">> MAIL FROM:<a@milwaukee.gov>\n<< 250 *\n>> DATA\n<< 503 5.5.1 *",
    "nested mail": HELLO + ENVELOPE + ">> MAIL FROM:<c@milwaukee.gov>\n<< 503 5.5.1 nested*\n>> DATA\n<< 354 *",
    "data with an argument": HELLO + ENVELOPE + ">> DATA now\n<< 501 5.5.4 *",
    "hello without a name": ">> EHLO\n<< 501 5.5.4 *",
    "rset ends the transaction": HELLO + ENVELOPE + ">> RSET\n<< 250 2.0.0 *\n>> DATA\n<< 503 5.5.1 *",
    "ehlo ends the transaction": HELLO + ENVELOPE + HELLO + ">> DATA\n<< 503 5.5.1 *",
    "helo will do": ">> HELO old.milwaukee.gov\n<< 250 gate.milwaukee.gov\n" + ENVELOPE,
    "small talk": ">> NOOP\n<< 250 2.0.0 *\n>> VRFY lee\n<< 252 2.0.0 *\n>> VRFY\n<< 501 *\n>> EXPN all\n<< 502 5.5.1 *\n>> HELP\n<< 214 *",
    "rset with an argument": ">> RSET all\n<< 501 5.5.4 *",
    "quit with an argument": ">> QUIT now\n<< 501 5.5.4 *\n>> quit\n<< 221 2.0.0 *\n<< closed",
    "unknown command": ">> ETRN milwaukee.gov\n<< 500 5.5.2 *\n>> NOOP\n<< 250 *",
    "starttls without tls": HELLO + ">> STARTTLS\n<< 502 5.5.1 *",
    "auth without users": HELLO + ">> AUTH PLAIN\n<< 502 5.5.1 *",
}


@pytest.mark.parametrize("dialogue", ORDER.values(), ids=ORDER.keys())
async def test_order_and_small_talk(dialogue: str) -> None:
    async with house() as h:
        await h.play(dialogue)


MALFORMED = {
    "nul": ">>= NOOP\\0\\r\\n\n<< 500 5.5.2 bad syntax\n>> NOOP\n<< 250 *",
    "bare cr": ">>= NOOP\\rQUIT\\r\\n\n<< 500 5.5.2 bad syntax\n>> NOOP\n<< 250 *",
    "control": ">>= NOOP \\x07\\r\\n\n<< 500 5.5.2 bad syntax",
    "delete": ">>= NOOP \\x7f\\r\\n\n<< 500 5.5.2 bad syntax",
    "tab": ">>= MAIL\\tFROM:<a@milwaukee.gov>\\r\\n\n<< 500 5.5.2 bad syntax",
    "eight bit": ">>= EHLO m\\xc3\\xbcnchen\\r\\n\n<< 500 5.5.2 bad syntax",
    "control in an address": HELLO + ">>= MAIL FROM:<a\\x01@milwaukee.gov>\\r\\n\n<< 500 5.5.2 *",
    "bad utf-8": HELLO + ">>= MAIL FROM:<\\xff@milwaukee.gov> SMTPUTF8\\r\\n\n<< 500 5.5.2 *bad UTF-8 syntax",
    "utf-8 undeclared": HELLO + ">> MAIL FROM:<zoë@milwaukee.gov>\n<< 553 5.6.7 *",
    "empty line": ">>=\\r\\n\n<< 500 5.5.2 bad syntax",
    "bare lf": ">>= NOOP\\n\n<< 500 5.5.2 bare <LF> received\n>> NOOP\n<< 250 *\n>>= NOOP\\n\n<< 421 4.7.0 *\n<< closed",
    "bare lf, one group": ">>= NOOP\\nMAIL FROM:<a@milwaukee.gov>\\n\n<< 500 5.5.2 *\n<< 421 4.7.0 *\n<< closed",
    "browser": ">> GET / HTTP/1.1\n<< 421 4.7.0 *\n<< closed",
    "browser posting": ">> POST / HTTP/1.1\n>> Host: gate\n<< 421 4.7.0 *\n<< closed",
    "header line": ">> Subject: hello\n<< 421 4.7.0 *\n<< closed",
    "no letter": ">> .\n<< 421 4.7.0 *\n<< closed",
    "bdat": HELLO + ENVELOPE + ">> BDAT 5 LAST\n>> QUIT\n<< 502 5.5.1 *\n<< closed",
    "long command": f">> NOOP {'x' * 600}\n<< 500 5.5.2 command too long\n>> NOOP\n<< 250 *",
    "endless command": f">>= NOOP {'x' * 5000}\n<< 421 4.7.0 *\n<< closed",
    "parameters have room": HELLO
    + f">> MAIL FROM:<a@milwaukee.gov> RET=HDRS ENVID={'e' * 90} AUTH={'x' * 800}\n<< 250 *",
}


@pytest.mark.parametrize("dialogue", MALFORMED.values(), ids=MALFORMED.keys())
async def test_malformed_commands_are_not_mended(dialogue: str) -> None:
    async with house() as h:
        await h.play(dialogue)
    assert h.gate.messages == []


SYNC = {
    "after ehlo": ">> EHLO mail.milwaukee.gov\n>> NOOP\n<< 554 5.5.0 SMTP protocol synchronization\n<< closed",
    "after data": HELLO + ENVELOPE + ">> DATA\n>> Subject: early\n<< 554 5.5.0 *\n<< closed",
    "the whole message at once": HELLO
    + ">> MAIL FROM:<a@milwaukee.gov>\n>> RCPT TO:<b@example.org>\n>> DATA\n>> x\n>> .\n>> QUIT\n"
    + "<< 250 *\n<< 250 *\n<< 554 5.5.0 *\n<< closed",
}


@pytest.mark.parametrize("dialogue", SYNC.values(), ids=SYNC.keys())
async def test_who_talks_out_of_turn_is_closed_on(dialogue: str) -> None:
    async with house() as h:
        await h.play(dialogue)
    assert h.gate.messages == []
    assert "sync" in h.watcher.away


async def test_who_talks_before_the_banner_is_closed_on() -> None:
    async with house(DoorLimits(greet_pause=0.1)) as h:
        script = await h.client()
        await script.play(">> EHLO early.example.org\n<< 554 5.5.0 *\n<< closed")


async def test_a_pipelined_group_is_answered_in_order() -> None:
    async with house() as h:
        script = await h.play(
            HELLO
            + ">> MAIL FROM:<a@milwaukee.gov>\n>> RCPT TO:<b@example.org>\n>> RCPT TO:<not an address>\n"
            + ">> RCPT TO:<c@example.org>\n>> DATA\n<< 250 2.1.0 *\n<< 250 2.1.5 *\n<< 501 5.1.3 *\n<< 250 2.1.5 *\n<< 354 *"
        )
        await script.send(MAIL.encode() + b".\r\nRSET\r\nNOOP\r\n")
        await script.play("<< 250 2.0.0 queued*\n<< 250 2.0.0 Ok\n<< 250 2.0.0 Ok")
        assert [str(r.path) for r in h.envelope.recipients] == ["b@example.org", "c@example.org"]


async def test_rset_inside_a_group_begins_a_new_envelope() -> None:
    async with house() as h:
        script = await h.play(
            HELLO
            + ">> MAIL FROM:<old@milwaukee.gov>\n>> RCPT TO:<old@example.org>\n>> RSET\n"
            + ">> MAIL FROM:<new@milwaukee.gov>\n>> RCPT TO:<new@example.org>\n>> DATA\n"
            + "<< 250 2.1.0 *\n<< 250 2.1.5 *\n<< 250 2.0.0 *\n<< 250 2.1.0 *\n<< 250 2.1.5 *\n<< 354 *"
        )
        await script.send(MAIL.encode() + b".\r\n")
        await script.play("<< 250 *")
        assert str(h.envelope.sender) == "new@milwaukee.gov"
        assert [str(r.path) for r in h.envelope.recipients] == ["new@example.org"]


async def test_next_transaction_knows_nothing_of_the_last() -> None:
    async with house() as h:
        script = await h.play(HELLO + ENVELOPE + ">> DATA\n<< 354 *")
        await script.send(MAIL.encode() + b".\r\n")
        await script.play("<< 250 *\n>> DATA\n<< 503 5.5.1 *\n>> RCPT TO:<b@example.org>\n<< 503 5.5.1 *")


@pytest.mark.parametrize("command", ["NOOP", "RSET", "VRFY lee", "EXPN all", "HELP"])
async def test_a_flood_of_commands_is_ended(command: str) -> None:
    async with house() as h:
        script = await h.play("")
        await script.send(f"{command}\r\n".encode() * 2000)
        replies = await script.rest()
        assert len(replies) <= 101
        assert replies[-1] == "421 4.7.0 too many errors" or "EXPN" in command
        await h.play(HELLO)


async def test_greeting_again_and_again_is_junk() -> None:
    async with house(DoorLimits(junk=5)) as h:
        await h.play(HELLO * 6 + ">> EHLO mail.milwaukee.gov\n<< 250 *\n>> NOOP\n<< 421 4.7.0 *\n<< closed")


async def test_mail_and_rset_for_ever_is_junk() -> None:
    async with house() as h:
        script = await h.play(HELLO)
        await script.send(b"MAIL FROM:<a@milwaukee.gov>\r\nRSET\r\n" * 1000)
        replies = await script.rest()
        assert replies[-1] == "421 4.7.0 too many errors"
        assert len(replies) == 202


async def test_errors_are_counted_and_forgiven_by_a_delivery() -> None:
    async with house() as h:
        script = await h.play(HELLO + ">> WHAT\n<< 500 *\n" * 19 + ENVELOPE + ">> DATA\n<< 354 *")
        await script.send(MAIL.encode() + b".\r\n")
        await script.play(
            "<< 250 *\n" + ">> WHAT\n<< 500 *\n" * 19 + ">> WHAT\n<< 421 4.7.0 too many errors\n<< closed"
        )


async def test_errors_beyond_the_soft_limit_are_slow() -> None:
    async with house() as h:
        h.door.settings = replace(h.door.settings, limits=DoorLimits(error_delay=0.15))
        started = time.monotonic()
        await h.play(">> WHAT\n<< 500 *\n" * 10)
        quick = time.monotonic() - started
        await h.play(">> WHAT\n<< 500 *\n" * 11)
        assert time.monotonic() - started - 2 * quick >= 0.1


async def test_refusals_of_the_next_hop_are_no_errors_of_the_client() -> None:
    async with house(rcpt=RcptMode.MIRROR) as h:
        h.hop.rcpt = {f"r{i}@example.org": Reply.of(550, "5.1.1", "nobody here") for i in range(50)}
        script = await h.play(HELLO + ">> MAIL FROM:<a@milwaukee.gov>\n<< 250 *")
        await script.send(b"".join(f"RCPT TO:<r{i}@example.org>\r\n".encode() for i in range(50)))
        await script.play(
            "<< 550 5.1.1 nobody here\n" * 50 + ">> NOOP\n<< 250 *\n>> DATA\n<< 554 5.5.1 no valid recipients"
        )
