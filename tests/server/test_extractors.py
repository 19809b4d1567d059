"""Extractor children: what they open, what kills them, what they may not do, and what is said of it."""

import asyncio
import contextlib
import gzip
import os
import signal
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

from smtp_gate.adapters import control
from smtp_gate.adapters.clock import utc_now
from smtp_gate.adapters.extractor import SocketExtractor
from smtp_gate.adapters.extractor_cache import ExtractorCache
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


class Asked:
    """Counts what is asked and answers when it is told to."""

    def __init__(self, *answers: tuple[Part, ...] | Reason | BaseException) -> None:
        self.answers = list(answers)
        self.count = 0
        self.go = asyncio.Event()

    async def __call__(self, asked: Part) -> tuple[Part, ...] | Reason:
        self.count += 1
        answer = self.answers[min(self.count, len(self.answers)) - 1]
        await self.go.wait()
        if isinstance(answer, BaseException):
            raise answer
        return answer


def inner(content: bytes, lost: Reason | None = None) -> Part:
    return Part("2!1", 2, "", (), 0, len(content), nested=True, names=("a",), kind="text", content=content, lost=lost)


async def test_equal_documents_are_opened_once_wherever_they_stand() -> None:
    cache, ask = ExtractorCache(), Asked((inner(b"x"),))
    ask.go.set()
    assert await cache.answer(part(b"same"), ask) == (inner(b"x"),)
    elsewhere = replace(part(b"same"), part="3.1", depth=4)
    assert await cache.answer(elsewhere, ask) == (replace(inner(b"x"), part="3.1!1", depth=5),)
    assert ask.count == 1
    for other in (part(b"other"), part(b"same", "gz"), part(b"same", name="b.gz"), part(b"x" * 300_000)):
        await cache.answer(other, ask)
    assert ask.count == 5


async def test_equal_questions_at_once_share_one_answer() -> None:
    cache, ask = ExtractorCache(), Asked((inner(b"x"),))
    waiting = [asyncio.ensure_future(cache.answer(part(b"same"), ask)) for _ in range(5)]
    await asyncio.sleep(0)
    ask.go.set()
    assert await asyncio.gather(*waiting) == [(inner(b"x"),)] * 5
    assert ask.count == 1


async def test_who_waits_for_an_answer_asks_for_itself_when_the_one_who_asked_has_gone() -> None:
    cache, ask = ExtractorCache(), Asked((inner(b"x"),))
    waiting = [asyncio.ensure_future(cache.answer(part(b"same"), ask)) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.sleep(0)
    ask.go.set()
    assert await asyncio.gather(*waiting[1:]) == [(inner(b"x"),)] * 2
    assert ask.count == 2


async def test_nobody_to_ask_is_told_to_all_who_wait_and_not_remembered() -> None:
    cache, ask = ExtractorCache(), Asked(OSError("gone"), (inner(b"x"),))
    waiting = [asyncio.ensure_future(cache.answer(part(b"same"), ask)) for _ in range(3)]
    await asyncio.sleep(0)
    ask.go.set()
    assert [type(e) for e in await asyncio.gather(*waiting, return_exceptions=True)] == [OSError] * 3
    assert ask.count == 1
    assert await cache.answer(part(b"same"), ask) == (inner(b"x"),)


@pytest.mark.parametrize("answer", [Reason.CRASH, Reason.LIMIT, (inner(b"x"), inner(b"", Reason.LIMIT))])
async def test_crashes_and_limits_are_not_remembered(answer: tuple[Part, ...] | Reason) -> None:
    cache, ask = ExtractorCache(), Asked(answer)
    ask.go.set()
    for _ in range(2):
        assert await cache.answer(part(b"same"), ask) == answer
    assert ask.count == 2


@pytest.mark.parametrize("answer", [Reason.ENCRYPTED, Reason.UNKNOWN, (), (inner(b"", Reason.ENCRYPTED),)])
async def test_other_reasons_are_remembered(answer: tuple[Part, ...] | Reason) -> None:
    cache, ask = ExtractorCache(), Asked(answer)
    ask.go.set()
    for _ in range(2):
        assert await cache.answer(part(b"same"), ask) == answer
    assert ask.count == 1


async def test_what_was_longest_unused_goes_first_and_what_is_too_large_is_never_kept() -> None:
    cache, ask = ExtractorCache(octets=10_000), Asked((inner(b"x" * 2000),))
    ask.go.set()
    for name in (b"a", b"b", b"a", b"c", b"a", b"b"):
        await cache.answer(part(name), ask)
    # Two of them have room: `b` made way for `c`, as `a` had been used since.
    assert ask.count == 4
    large = Asked((inner(b"x" * 20_000),))
    large.go.set()
    for _ in range(2):
        await cache.answer(part(b"large"), large)
    assert large.count == 2
    none = SocketExtractor(Path("nowhere"), KINDS, remembers=0)
    with pytest.raises(OSError, match="No such file"):
        await none.open(part(b"x"))
