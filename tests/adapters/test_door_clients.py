"""Whose word counts for who has logged in: the connection's own proof before anybody's line, and nothing behind XCLIENT.

Commands of peers are tried as dialogues in tests/session.
"""

from dataclasses import replace

import pytest

from smtp_gate.adapters.door_clients import Peer
from smtp_gate.core.message import Proof
from tests.session.harness import LOOPBACK, settings

CONTENT = (
    b"Received: from pc (pc [10.0.0.9])\r\n\t(Authenticated sender: payroll@milwaukee.gov)\r\n"
    b"\tby mail.milwaukee.gov (Postfix) with ESMTPSA id 4X\r\n\tfor <l@example.org>; x\r\nSubject: x\r\n\r\nx\r\n"
)
VOUCHED = settings(vouchers=LOOPBACK, voucher_hosts=frozenset({"mail.milwaukee.gov"}), xclient=LOOPBACK)


def test_a_trusted_peers_line_proves_the_login() -> None:
    client = Peer(VOUCHED, "127.0.0.1", 1).client(CONTENT)
    assert (client.account, client.proof) == ("payroll@milwaukee.gov", Proof.TRUSTED_RECEIVED)


@pytest.mark.parametrize("proof", [Proof.AUTH, Proof.CERTIFICATE])
def test_what_the_connection_has_proven_itself_stands(proof: Proof) -> None:
    peer = Peer(VOUCHED, "127.0.0.1", 1)
    peer.proved("mallory@milwaukee.gov", proof)
    client = peer.client(CONTENT)
    assert (client.account, client.proof) == ("mallory@milwaukee.gov", proof)


def test_behind_xclient_the_line_is_the_clients_own() -> None:
    peer = Peer(VOUCHED, "127.0.0.1", 1)
    assert peer.impersonate(b"ADDR=127.0.0.9") is None
    assert peer.client(CONTENT).proof is None


def test_a_login_without_a_domain_is_one_of_the_listeners() -> None:
    peer = Peer(replace(VOUCHED, login_domain="milwaukee.gov"), "127.0.0.1", 1)
    peer.proved("mallory", Proof.AUTH)
    assert peer.client().account == "mallory@milwaukee.gov"
