"""The listening sockets: made as the settings say, or taken from whoever made them before."""

import os
import socket
from pathlib import Path

import pytest

from smtp_gate.config import Config, load_config
from smtp_gate.server.sockets import METRICS, inherited, open_sockets
from tests.running import write_settings


def config(folder: Path, **more: str) -> Config:
    loaded = load_config(write_settings(folder, 25, more))
    assert loaded.config is not None, loaded.mistakes
    return loaded.config


def test_every_listener_and_the_metrics_get_sockets(tmp_path: Path) -> None:
    sockets = open_sockets(config(tmp_path))
    assert set(sockets.by_name) == {"outbound", METRICS}
    for name in sockets.by_name:
        with socket.create_connection(sockets.address(name), 5):
            pass
    address = sockets.address("outbound")
    sockets.close(but=[METRICS])
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(address, 5)
    socket.create_connection(sockets.address(METRICS), 5).close()
    sockets.close()


def test_an_address_that_is_taken_is_named_and_nothing_stays_open(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        listeners = f"[{{name: outbound, listen: '127.0.0.1:{port}'}}]"
        with pytest.raises(OSError, match=f"cannot listen on 127.0.0.1:{port}: Address already in use"):
            open_sockets(config(tmp_path, listeners=listeners))


def test_sockets_are_taken_only_by_the_process_they_were_passed_to() -> None:
    assert inherited({"LISTEN_PID": str(os.getpid() + 1), "LISTEN_FDS": "1", "LISTEN_FDNAMES": "outbound"}) == {}
    assert inherited({}) == {}


def test_sockets_without_names_are_refused() -> None:
    with pytest.raises(ValueError, match="FileDescriptorName="):
        inherited({"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "2", "LISTEN_FDNAMES": "outbound"})
