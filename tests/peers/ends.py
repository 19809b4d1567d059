"""Where mail arrives: our recording sink in a thread of its own, and Postfix's smtp-sink as a program."""

import asyncio
import contextlib
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.peers.ports import free_port, wait_port
from tests.sinks import EHLO, Sink, Transaction

XFORWARD = "XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE"


class Inbox:
    """What arrived at a sink."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.port = sink.port

    def find(self, mark: bytes) -> list[Transaction]:
        """Every message with these octets in it."""
        return [t for t in list(self.sink.transactions) if mark in t.raw]

    def wait(self, mark: bytes, seconds: float = 20.0) -> Transaction:
        """The message with these octets in it, as soon as it is there."""
        self.until(lambda: bool(self.find(mark)), seconds)
        return self.find(mark)[0]

    def until(self, come: Callable[[], bool], seconds: float = 20.0) -> None:
        """Until this is so."""
        end = time.monotonic() + seconds
        while not come():
            assert time.monotonic() < end, f"it did not arrive; {len(self.sink.transactions)} others did"
            time.sleep(0.02)


@contextlib.contextmanager
def inbox(tls: ssl.SSLContext | None = None) -> Iterator[Inbox]:
    """A recording sink; one with TLS offers STARTTLS."""
    offers = (*EHLO, XFORWARD, *(["STARTTLS"] if tls else []))
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="inbox")
    thread.start()
    sink = Sink(ehlo=offers, tls=tls)
    asyncio.run_coroutine_threadsafe(sink.__aenter__(), loop).result(10)
    try:
        yield Inbox(sink)
    finally:
        asyncio.run_coroutine_threadsafe(sink.__aexit__(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


@contextlib.contextmanager
def smtp_sink(folder: Path) -> Iterator[tuple[int, Callable[[], list[Path]]]]:
    """Postfix's smtp-sink: its port, and a call that lists the files of the messages it took."""
    dumps = folder / "dumps"
    dumps.mkdir()
    dumps.chmod(0o777)
    port = free_port()
    command = ["/usr/sbin/smtp-sink", "-u", "nobody", "-d", f"{dumps}/%M.", f"inet:127.0.0.1:{port}", "100"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wait_port(port)
            yield port, lambda: sorted(dumps.iterdir())
        finally:
            server.terminate()
