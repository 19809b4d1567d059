"""The shipped Postfix snippets: understood by Postfix without a word of warning, and true to what their comments promise."""

import re

import pytest

from smtp_gate.config.models import Config
from tests.peers.conftest import Before, Relay
from tests.peers.postfix import SAMPLES

pytestmark = pytest.mark.peers


def seconds(text: str) -> int:
    return int(re.sub(r"\D", "", text)) * {"s": 1, "m": 60, "h": 3600}[text[-1]]


def test_postfix_has_nothing_to_say_about_them(before: Before, relay: Relay) -> None:
    assert before.postfix.warnings() == []
    assert relay.postfix.warnings() == []


def test_postfix_waits_longer_than_the_gate_takes(relay: Relay) -> None:
    deadline = Config.model_fields["deadline"].default
    proxy = re.search(r"smtpd_proxy_timeout=(\d+)s", (SAMPLES / "before-queue" / "master.cf").read_text())
    assert proxy
    assert int(proxy[1]) > deadline
    assert seconds(relay.postfix.setting("smtp_data_done_timeout")) > deadline


def test_postfix_announces_no_more_than_the_gate_takes(before: Before, relay: Relay) -> None:
    largest = Config.model_fields["limits"].default.message_size
    assert int(before.postfix.setting("message_size_limit")) <= largest
    assert int(relay.postfix.setting("message_size_limit")) <= largest


def test_no_more_messages_at_a_time_than_the_gate_has_connections() -> None:
    connections = 20
    master = (SAMPLES / "before-queue" / "master.cf").read_text()
    front = re.search(r"^submission inet .* (\d+) +smtpd$", master, re.MULTILINE)
    assert front
    assert int(front[1]) <= connections
    agents = re.findall(
        r"^(?:smtp|relay) .* (\d+) +smtp$", (SAMPLES / "relayhost" / "master.cf").read_text(), re.MULTILINE
    )
    assert len(agents) == 2
    assert all(int(n) <= connections for n in agents)


def test_there_is_no_way_round_the_gate(relay: Relay) -> None:
    assert relay.postfix.setting("smtp_fallback_relay") == ""
    assert relay.postfix.setting("transport_maps") == ""
