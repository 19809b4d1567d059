"""Extractor children: what they open, what kills them, what they may not do, and what is said of it."""

import asyncio
import contextlib
import gzip
import os
import signal
import socket
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest

from smtp_gate.adapters import control
from smtp_gate.adapters.clock import utc_now
from smtp_gate.adapters.extractor import SocketExtractor
from smtp_gate.adapters.logs import Logger
from smtp_gate.core.view import Part, Reason
from smtp_gate.server.extractors import local_extractors, open_part, roles
from smtp_gate.server.supervisor import Supervisor

KINDS = frozenset({"gz", "test"})


def part(content: bytes, kind: str = "test", name: str = "list.csv.gz") -> Part:
    return Part("2", 1, "application/gzip", (), 0, len(content), nested=True, names=(name,), kind=kind, content=content)


def acting(asked: Part) -> tuple[Part, ...] | Reason:
    """Does what the document's octets say, as a parser that was taken over would."""
    match asked.content.split(b" ", 1)[0]:
        case b"gz":
            return open_part(asked)
        case b"die":
            os.kill(os.getpid(), signal.SIGKILL)
        case b"hang":
            while True:
                pass
        case b"eat":
            return (part(b"x" * (8 << 30)),)
        case b"raise":
            raise RuntimeError("hostile")
        case b"reach":
            return (part(",".join(reached()).encode()),)
    return (part(b"opened"),)


def reached() -> Iterator[str]:
    """What a child could get hold of."""
    with contextlib.suppress(OSError):
        socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        yield "network"
    with contextlib.suppress(OSError):
        os.open("/etc/hostname", os.O_RDONLY)
        yield "files"
    with contextlib.suppress(OSError):
        os.dup(0)
        yield "descriptors"


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[Path]:
    """Two children that do as they are told, and nothing longer than a second."""
    path = tmp_path / "x.sock"
    listening = control.listen(path)
    pid = os.fork()
    if not pid:
        logger = Logger(utc_now, stream=StringIO())
        os._exit(Supervisor(roles(listening, 2, acting, 1.0), logger, grace=1.0).run())
    try:
        yield path
    finally:
        listening.close()
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)


def extractor(path: Path, wait: float = 10.0) -> SocketExtractor:
    return SocketExtractor(path, KINDS, seconds=1.0, wait=wait)


async def test_a_document_is_opened_and_its_members_come_back(pool: Path) -> None:
    assert await extractor(pool).open(part(b"plain")) == (part(b"opened"),)


async def test_the_shipped_children_open_gzip(tmp_path: Path) -> None:
    with local_extractors(1) as path:
        found = await extractor(path).open(part(gzip.compress(b"name,ssn\r\n"), "gz"))
    assert isinstance(found, tuple)
    assert [(m.part, m.name, m.kind, m.content) for m in found] == [("2!1", "list.csv", "text", b"name,ssn\r\n")]


async def test_content_that_kills_a_fresh_child_twice_is_a_crash_and_the_next_document_is_opened(pool: Path) -> None:
    asked = extractor(pool)
    assert await asked.open(part(b"die")) is Reason.CRASH
    assert await asked.open(part(b"plain")) == (part(b"opened"),)


async def test_content_that_spends_its_time_is_over_the_limit_and_its_child_is_gone(pool: Path) -> None:
    started = time.monotonic()
    assert await extractor(pool).open(part(b"hang")) is Reason.LIMIT
    assert 0.9 < time.monotonic() - started < 3


async def test_content_that_eats_memory_is_over_the_limit(pool: Path) -> None:
    assert await extractor(pool).open(part(b"eat")) is Reason.LIMIT


async def test_a_parser_that_raises_is_a_crash(pool: Path) -> None:
    assert await extractor(pool).open(part(b"raise")) is Reason.CRASH


async def test_a_child_can_reach_neither_network_nor_files_while_it_works(pool: Path) -> None:
    found = await extractor(pool).open(part(b"reach"))
    assert isinstance(found, tuple)
    assert [member.content for member in found] == [b""]


async def test_nobody_to_ask_is_an_error_and_no_property_of_the_content(tmp_path: Path) -> None:
    with control.listen(tmp_path / "x.sock"), pytest.raises(OSError, match="no extractor"):
        await extractor(tmp_path / "x.sock", wait=0.2).open(part(b"plain"))
    (tmp_path / "x.sock").unlink()
    with pytest.raises(OSError, match="No such file"):
        await extractor(tmp_path / "x.sock").open(part(b"plain"))


async def test_many_documents_share_few_children(pool: Path) -> None:
    asked = extractor(pool)
    found = await asyncio.gather(*(asked.open(part(b"die" if n % 10 == 9 else b"plain")) for n in range(50)))
    assert [f is Reason.CRASH for f in found] == [n % 10 == 9 for n in range(50)]


async def test_a_question_that_is_garbage_harms_nobody(pool: Path) -> None:
    with control.reachable(pool) as name:
        for octets in (b"\xff" * 8, b"\0\0\0\2\0\0\0\0[]", b"\0\0\0\0"):
            _, writer = await asyncio.open_unix_connection(name)
            writer.write(octets)
            writer.close()
    assert await extractor(pool).open(part(b"plain")) == (part(b"opened"),)
