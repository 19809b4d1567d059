"""Connections shared between workers on one socket, and what accepting can meet."""

import asyncio
import errno
import json
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, cast

import pytest

from smtp_gate.adapters.acceptor import EXHAUSTED, Acceptor
from smtp_gate.adapters.board import Board
from smtp_gate.adapters.door_settings import DoorLimits
from tests.session.harness import House, settings

ROOT = Path(__file__).parents[2]


class Socket:
    """A listening socket whose next accepts fail as planned."""

    def __init__(self, real: socket.socket) -> None:
        self.real = real
        self.errors: list[int] = []
        self.accepts = 0

    def fileno(self) -> int:
        return self.real.fileno()

    def accept(self) -> tuple[socket.socket, Any]:
        self.accepts += 1
        if self.errors:
            number = self.errors.pop(0)
            raise OSError(number, errno.errorcode[number])
        return self.real.accept()


class Worker:
    """A door with an acceptor on a socket of its own or of somebody else."""

    def __init__(self, board: Board, slot: int, listening: socket.socket, limits: DoorLimits | None = None) -> None:
        # A loop knows one reader of a descriptor, so that two workers in one loop need two of them.
        self.own = listening.dup()
        self.socket = Socket(self.own)
        self.house = House(settings(limits), board.row(slot))
        self.house.port = listening.getsockname()[1]
        asked = cast("socket.socket", self.socket)
        self.acceptor = Acceptor(asyncio.get_running_loop(), asked, self.house.door)

    async def end(self) -> None:
        self.acceptor.close()
        for script in self.house.scripts:
            await script.close()
        await self.house.door.drain(0.0)
        await self.house.settle(lambda: not self.house.door.connections)
        self.own.close()


def listening() -> socket.socket:
    made = socket.create_server(("127.0.0.1", 0), backlog=128)
    made.setblocking(False)
    return made


async def test_a_dialogue_goes_through_and_closing_leaves_the_socket_open() -> None:
    with listening() as sock:
        worker = Worker(Board(1), 0, sock)
        script = await worker.house.play(">> EHLO mail.milwaukee.gov\n<< 250 *\n>> QUIT\n<< 221 *\n<< closed")
        await script.close()
        worker.acceptor.close()
        worker.acceptor.close()
        late = await worker.house.client()
        await asyncio.sleep(0.05)
        assert worker.socket.accepts == 1
        again = Worker(Board(1), 0, sock)
        assert (await late.reply()).startswith("220 ")
        await again.end()
        await worker.end()


@pytest.mark.parametrize("number", [errno.ECONNABORTED, errno.EPROTO, errno.EPERM])
async def test_a_connection_that_has_gone_is_no_reason_to_pause(number: int) -> None:
    with listening() as sock:
        worker = Worker(Board(1), 0, sock)
        worker.socket.errors = [number] * 3
        started = time.monotonic()
        await worker.house.play("")
        assert time.monotonic() - started < EXHAUSTED
        assert worker.house.watcher.faults == []
        await worker.end()


@pytest.mark.parametrize(("number", "what"), [(errno.EMFILE, "descriptors"), (errno.ENFILE, "descriptors"), (errno.EIO, "accept")])  # fmt: skip
async def test_out_of_descriptors_is_told_once_and_tried_again_without_a_busy_loop(number: int, what: str) -> None:
    with listening() as sock:
        worker = Worker(Board(1), 0, sock)
        worker.socket.errors = [number] * 2
        started = time.monotonic()
        await worker.house.play("")
        assert 2 * EXHAUSTED <= time.monotonic() - started < 1
        assert worker.socket.accepts == 3
        assert worker.house.watcher.faults == [("", what)]
        await worker.end()


async def test_two_loops_workers_get_their_halves() -> None:
    board = Board(2)
    with listening() as sock:
        workers = [Worker(board, slot, sock) for slot in range(2)]
        scripts = [await workers[0].house.client() for _ in range(40)]
        for script in scripts:
            assert (await script.reply()).startswith("220 ")
        assert min(board.loads()) >= 15
        for worker in workers:
            await worker.end()
    assert board.loads() == (0, 0)


@pytest.mark.parametrize("beats", [True, False])
async def test_a_worker_that_stopped_with_few_connections_starves_nobody(beats: bool) -> None:
    board = Board(2)
    stopped = board.row(1)
    with listening() as sock:
        worker = Worker(board, 0, sock)
        started = time.monotonic()
        for _ in range(40):
            if beats:
                stopped.beat()
            await worker.house.play("")
        assert time.monotonic() - started < 2
        assert board.loads() == (40, 0)
        await worker.end()


async def test_limits_hold_over_workers_and_listeners() -> None:
    board = Board(2)
    limits = DoorLimits(connections=3, per_client=2)
    with listening() as one, listening() as two:
        workers = [Worker(board, 0, one, limits), Worker(board, 1, two, limits)]
        first, _ = await workers[0].house.play(""), await workers[1].house.play("")
        refused = await workers[1].house.client()
        assert await refused.reply() == "421 4.7.0 too many connections from your address"
        await first.close()
        await workers[0].house.settle(lambda: board.loads() == (0, 1))
        await workers[1].house.play("")
        board.connections[0] = 1
        refused = await workers[0].house.client()
        assert await refused.reply() == "421 4.3.2 too many connections, try again later"
        assert workers[0].house.watcher.away == ["connections"]
        assert workers[1].house.watcher.away == ["per_client"]
        board.connections[0] = 0
        for worker in workers:
            await worker.end()


FORKED = """
import asyncio, json, os, socket, sys, time
from smtp_gate.adapters.acceptor import Acceptor
from smtp_gate.adapters.board import Board
from tests.session.harness import House, settings

board, sock = Board(2), socket.create_server(("127.0.0.1", 0), backlog=128)
sock.setblocking(False)
children = []

async def serve(slot):
    Acceptor(asyncio.get_running_loop(), sock, House(settings(), board.row(slot)).door)
    await asyncio.sleep(60)

for slot in range(2):
    if not (child := os.fork()):
        asyncio.run(serve(slot))
        os._exit(0)
    children.append(child)
while not all(board.seen):
    time.sleep(0.01)
clients = []
for _ in range(40):
    clients.append(socket.create_connection(sock.getsockname()))
assert all(client.recv(3) == b"220" for client in clients)
print(json.dumps(board.loads()))
for child in children:
    os.kill(child, 9)
    os.waitpid(child, 0)
"""


def test_forty_connections_are_spread_over_two_processes() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKED], capture_output=True, text=True, timeout=60, check=False, cwd=ROOT
    )
    assert done.stdout, done.stderr
    loads = json.loads(done.stdout)
    assert sum(loads) == 40
    assert min(loads) >= 10, loads
