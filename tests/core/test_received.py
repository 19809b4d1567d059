"""The one header line of ours: legal, folded, and out of a client's reach."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.core.message import Client, Proof
from smtp_gate.core.received import received_line
from tests.builders import envelope, message


def line(client: Client) -> bytes:
    return received_line(message(env=replace(envelope(), client=client)), "gate.milwaukee.gov")


@pytest.mark.parametrize(
    ("client", "protocol"),
    [
        (Client("192.0.2.7", helo="mx.example"), "ESMTP"),
        (Client("192.0.2.7", helo="mx.example", esmtp=False), "SMTP"),
        (Client("192.0.2.7", helo="mx.example", tls="TLSv1.3"), "ESMTPS"),
        (Client("192.0.2.7", helo="mx.example", tls="TLSv1.3", account="a@b.c", proof=Proof.AUTH), "ESMTPSA"),
    ],
)
def test_the_line_names_client_protocol_and_ref_and_no_recipient(client: Client, protocol: str) -> None:
    text = line(client).decode()
    assert text.startswith("Received: from mx.example ([192.0.2.7])\r\n\tby gate.milwaukee.gov (smtp-gate)")
    assert f"with {protocol}\r\n\tid TESTREF0001; Mon, 02 Mar 2026 15:04:05 +0000\r\n" in text
    assert "example.org" not in text


def test_an_ipv6_client_is_a_tagged_literal() -> None:
    assert b"([IPv6:2001:db8::1])" in line(Client("2001:db8::1", helo="mx"))


@given(st.text(max_size=300))
def test_no_greeting_can_add_a_header(helo: str) -> None:
    octets = line(Client("192.0.2.7", helo=helo))
    assert octets.count(b"\r\n") == 3
    assert octets.count(b"\n") == 3
    assert octets.count(b"\r") == 3
    assert all(rest.startswith(b"\t") for rest in octets.split(b"\r\n")[1:-1])
