"""One child process of the supervisor: forked, leashed by a socket pair, heard by its heartbeat."""

import ctypes
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

PR_SET_NAME: Final = 15
READY: Final = b"R"
BEAT: Final = b"."
CRASHED: Final = 70
"""Exit code of a child that ended by an exception (EX_SOFTWARE)."""
CATCHABLE: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD, signal.SIGUSR1)


@dataclass(frozen=True, slots=True)
class Leash:
    """The child's end: it says that it is ready and alive, and reads the end of file when its supervisor has gone."""

    end: socket.socket

    def say(self, word: bytes) -> None:
        """Tell the supervisor; one that has gone is noticed by reading."""
        try:
            self.end.send(word)
        except (BrokenPipeError, ConnectionResetError, BlockingIOError):
            return


@dataclass(slots=True)
class Child:
    """The supervisor's view: process, its end of the leash, and when it was last heard (clock of the supervisor)."""

    name: str
    pid: int
    end: socket.socket
    started: float
    heard: float
    ready: bool = False

    def hear(self, now: float) -> None:
        """Take what the child said."""
        try:
            said = self.end.recv(4096)
        except (BlockingIOError, ConnectionResetError):
            return
        if said:
            self.heard = now
            self.ready = self.ready or READY in said

    def signal(self, number: int) -> None:
        """Send it a signal; it is our own unreaped child, so the pid is nobody else's."""
        os.kill(self.pid, number)


def fork(name: str, main: Callable[[Leash], int], now: float, close: Iterable[socket.socket]) -> Child:
    """A child that runs `main` and ends with its result. `close` are the supervisor's own ends, closed in the child.

    Call it in a process with one thread. Raises OSError.
    """
    here = os.getpid()
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    sys.stdout.flush()
    sys.stderr.flush()
    # A signal between the fork and the child's own handlers would be taken for the parent's.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, CATCHABLE)
    try:
        pid = os.fork()
    finally:
        if os.getpid() == here:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
    if pid:
        theirs.close()
        return Child(name, pid, ours, now, now)
    code = CRASHED
    try:
        signal.set_wakeup_fd(-1)
        for number in CATCHABLE:
            signal.signal(number, signal.SIG_DFL)
        # Ctrl-C goes to every process of a terminal; only the supervisor knows in which order they have to end.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        for one in (*close, ours):
            one.close()
        _call_itself(name)
        theirs.setblocking(False)
        code = main(Leash(theirs))
    except BaseException as error:  # noqa: BLE001 - a forked child must never return into its parent's code
        # What an exception says may hold what a message said; where it came from does not.
        sys.stderr.write(f"{name}: {type(error).__name__}\n{''.join(traceback.format_tb(error.__traceback__)[-20:])}")
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _call_itself(name: str) -> None:
    """The name that ps and top show of the process; at most fifteen octets (prctl(2))."""
    ctypes.CDLL(None).prctl(PR_SET_NAME, f"gate:{name}"[:15].encode())
