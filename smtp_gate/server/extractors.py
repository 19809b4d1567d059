"""Extractor children: each opens one document at a time, confined, and is killed by its own alarm at the deadline."""

import contextlib
import ctypes
import os
import resource
import select
import signal
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from smtp_gate.adapters import control
from smtp_gate.adapters.extractor import SECONDS
from smtp_gate.adapters.extractor_wire import SIZES, STARTED, GarbledError, answer, parse, sizes
from smtp_gate.adapters.logs import Logger
from smtp_gate.core.view import Part, Reason
from smtp_gate.reading.containers import open_container
from smtp_gate.reading.openers.base import OpenLimits
from smtp_gate.server.children import BEAT, READY, Leash
from smtp_gate.server.supervisor import Kind, Role, Supervisor

MEMORY: Final = 1024 * 1024 * 1024
"""Octets of address space that a document may take beyond what the child has when it begins."""
USES: Final = 500
"""Documents after which a child makes room for a fresh one: memory that a library has lost goes with it."""
EVERY: Final = 1.0
PR_SET_PDEATHSIG: Final = 1
Open = Callable[[Part], tuple[Part, ...] | Reason]


def open_part(part: Part) -> tuple[Part, ...] | Reason:
    """What the children do."""
    return open_container(part, OpenLimits())


def roles(listening: socket.socket, count: int, work: Open = open_part, seconds: float = SECONDS) -> list[Role]:
    """So many places for children on one socket."""
    return [
        Role(f"x{n}", Kind.EXTRACTOR, lambda leash: extractor_main(listening, leash, work, seconds))
        for n in range(count)
    ]


def extractor_main(listening: socket.socket, leash: Leash, work: Open = open_part, seconds: float = SECONDS) -> int:
    """The life of a child: questions in turn until its supervisor has gone or it has done its share."""
    # The alarm has to end the process even where it is deep in a library: no handler of Python's could.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    confine(MEMORY)
    leash.say(READY)
    done = 0
    while done < USES:
        ready, _, _ = select.select([listening, leash.end], [], [], EVERY)
        leash.say(BEAT)
        if leash.end in ready:
            return 0
        if listening in ready:
            # Another child may have been quicker.
            with contextlib.suppress(BlockingIOError):
                connection, _ = listening.accept()
                with connection:
                    done += _serve(connection, work, seconds)
    return 0


def _serve(connection: socket.socket, work: Open, seconds: float) -> bool:
    """One question. The alarm is the kernel's and ends the process whatever it is in; nobody has to watch."""
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        connection.setblocking(True)
        head, contents = sizes(_exactly(connection, SIZES.size))
        asked = parse(_exactly(connection, head), _exactly(connection, contents))
        if isinstance(asked, Reason) or len(asked) != 1:
            return False
        connection.sendall(STARTED)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        for block in answer(_opened(asked[0], work)):
            connection.sendall(block)
    except (ConnectionError, GarbledError, EOFError):
        # Who asked has gone or is none of ours: nobody waits for an answer.
        return False
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return True


def _opened(part: Part, work: Open) -> tuple[Part, ...] | Reason:
    try:
        return work(part)
    except MemoryError:
        return Reason.LIMIT
    except Exception:  # noqa: BLE001 - a parser that breaks on hostile octets has not read them: that is the answer
        return Reason.CRASH


def _exactly(connection: socket.socket, size: int) -> bytes:
    """So many octets. Raises EOFError where fewer come."""
    found = bytearray(size)
    view, at = memoryview(found), 0
    while at < size:
        got = connection.recv_into(view[at:])
        if not got:
            raise EOFError
        at += got
    return bytes(found)


def confine(memory: int) -> None:
    """Take from this process what no document needs: files, sockets, children, cores, and memory without end.

    Every descriptor up to one free place is taken, and no higher one may be opened: while a question's connection has the
    place, the process can open no file and no socket at all.
    """
    highest = max(int(entry.name) for entry in Path("/proc/self/fd").iterdir())
    null = os.open(os.devnull, os.O_RDONLY)
    while (free := os.dup(null)) <= highest:
        pass
    os.close(free)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    for what, limit in (
        (resource.RLIMIT_NOFILE, free + 1),
        (resource.RLIMIT_AS, used + memory),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (limit, limit))


@contextlib.contextmanager
def local_extractors(count: int) -> Iterator[Path]:
    """A pool of its own for a command that judges without a running gate; yields the path of its socket.

    To be entered before the command starts a thread or a loop. Raises OSError.
    """
    with TemporaryDirectory(prefix="smtp-gate-") as folder:
        path = Path(folder) / "extract.sock"
        listening = control.listen(path)
        pid = os.fork()
        if not pid:
            try:
                _end_with_parent()
                signal.signal(signal.SIGINT, signal.SIG_IGN)
                os._exit(Supervisor(roles(listening, count), Logger(_epoch, stream=StringIO()), grace=1.0).run())
            finally:
                os._exit(1)
        try:
            yield path
        finally:
            listening.close()
            os.kill(pid, signal.SIGTERM)
            os.waitpid(pid, 0)


def _epoch() -> datetime:
    """What the log of a pool that nobody reads says of the time."""
    return datetime.fromtimestamp(0, tz=UTC)


def _end_with_parent() -> None:
    """Be told to end when the parent dies, however it does (prctl(2))."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
