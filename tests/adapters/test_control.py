"""The control socket: frames go both ways, whoever speaks anything else is cut off, and it is its owner's alone."""

import asyncio
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from smtp_gate.adapters.control import ControlLine, ControlServer, connect, listen, reachable


async def echo(line: ControlLine) -> None:
    async for frame in line:
        line.send({"heard": frame})


@asynccontextmanager
async def serving(path: Path) -> AsyncIterator[None]:
    server = ControlServer(echo)
    with listen(path) as listening:
        await server.start(listening)
        try:
            yield
        finally:
            await server.stop()


async def test_a_frame_is_answered(tmp_path: Path) -> None:
    async with serving(tmp_path / "c.sock"):
        line = await connect(tmp_path / "c.sock")
        line.send({"do": "é\n"})
        assert await line.receive() == {"heard": {"do": "é\n"}}
        await line.close()


async def test_a_path_longer_than_a_socket_address_is_reached(tmp_path: Path) -> None:
    path = tmp_path / ("long" * 30) / "c.sock"
    async with serving(path):
        line = await connect(path)
        line.send({})
        assert await line.receive() == {"heard": {}}
        await line.close()


@pytest.mark.parametrize(
    "octets",
    [b"{\n", b"[]\n", b"\xff\n", b"{" + b" " * (1 << 20) + b"}\n", b"[" * 200_000 + b"\n", b'{"a":' * 90_000 + b"\n"],
)
async def test_what_is_no_frame_ends_the_line_and_harms_no_other(tmp_path: Path, octets: bytes) -> None:
    async with serving(tmp_path / "c.sock"):
        with reachable(tmp_path / "c.sock") as name:
            reader, writer = await asyncio.open_unix_connection(name)
        writer.write(octets)
        assert await reader.read() == b""
        writer.close()
        line = await connect(tmp_path / "c.sock")
        line.send({"still": "there"})
        assert await line.receive() == {"heard": {"still": "there"}}
        await line.close()


async def test_only_the_owner_may_connect_and_a_leftover_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "run" / "c.sock"
    listen(path).close()
    async with serving(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        await (await connect(path)).close()


async def test_a_server_that_stops_cuts_off_who_is_there(tmp_path: Path) -> None:
    async with serving(tmp_path / "c.sock"):
        line = await connect(tmp_path / "c.sock")
        line.send({})
        await line.receive()
    assert await line.receive() is None
    await line.close()


async def test_without_a_keeper_there_is_nobody_to_ask(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        await connect(tmp_path / "c.sock")
