"""The gate alone between smtp-source and smtp-sink: as many messages at the sink as successes at the client."""

from pathlib import Path

import pytest

from tests.peers.ends import smtp_sink
from tests.peers.gates import Gate
from tests.peers.mailers import FAR, smtp_source

pytestmark = pytest.mark.peers


@pytest.mark.parametrize("rcpt", ["mirror", "after_data"])
def test_two_hundred_messages_over_eight_connections(house: Path, rcpt: str) -> None:
    folder = house / f"sink-{rcpt}"
    folder.mkdir()
    folder.chmod(0o755)
    with smtp_sink(folder) as (port, taken):
        gate = Gate(folder / "gate", "submission", f"127.0.0.1:{port}", rcpt=rcpt)
        gate.start()
        try:
            smtp_source(gate.port, messages=200, sessions=8, recipients=3)
            files = taken()
        finally:
            gate.stop()
        assert len(files) == 200
        for file in files:
            text = file.read_bytes()
            assert text.count(b"(smtp-gate)") == 1
            assert [text.count(f"X-Rcpt-Args: <{n}{FAR}>".encode()) for n in ("3", "2", "")] == [1, 1, 1]
