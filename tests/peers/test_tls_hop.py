"""A next hop that takes mail over TLS only: the gate uses it, verifies it, and defers where it cannot."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.peers.conftest import Before
from tests.peers.ends import Inbox
from tests.peers.gates import Gate
from tests.peers.letters import added, letter
from tests.peers.mailers import submit

pytestmark = pytest.mark.peers
Start = Callable[[str, dict[str, object]], Gate]


@pytest.fixture
def start(house: Path, before: Before) -> Iterator[Start]:
    """Start a gate in front of the TLS-only listener with these settings for TLS."""
    gates: list[Gate] = []

    def _start(name: str, tls: dict[str, object]) -> Gate:
        gates.append(Gate(house / name, "submission", {"hosts": [f"127.0.0.1:{before.tls_only}"], "tls": tls}))
        gates[-1].start()
        return gates[-1]

    yield _start
    for gate in gates:
        gate.stop()


def test_mail_goes_over_verified_tls(start: Start, before: Before, far: Inbox, certificate: Path) -> None:
    gate = start("tls-good", {"mode": "require", "ca": str(certificate), "server_name": "mx.milwaukee.gov"})
    mark, content = letter()
    assert submit(gate.port, content).code == 250
    top = added(content, far.wait(mark).content)
    assert b"with ESMTPS" in top


@pytest.mark.parametrize(
    ("name", "tls"),
    [
        ("tls-name", {"mode": "require", "ca": "CERTIFICATE", "server_name": "other.milwaukee.gov"}),
        ("tls-ca", {"mode": "require", "server_name": "mx.milwaukee.gov"}),
    ],
)
def test_without_trust_mail_is_deferred_not_lost_and_not_sent(
    start: Start, before: Before, far: Inbox, certificate: Path, name: str, tls: dict[str, object]
) -> None:
    gate = start(name, {k: str(certificate) if v == "CERTIFICATE" else v for k, v in tls.items()})
    mark, content = letter()
    said = submit(gate.port, content)
    assert 400 <= said.code < 500, said
    assert not far.find(mark)


def test_in_clear_the_next_hops_call_for_tls_defers_the_mail(start: Start, before: Before, far: Inbox) -> None:
    gate = start("tls-none", {"mode": "none"})
    mark, content = letter()
    said = submit(gate.port, content)
    assert (said.code, said.text[:5]) == (451, "4.7.5"), said
    assert not far.find(mark)
