"""What all processes of one gate share, made before any of them: sockets, folders, the ruleset as it was tested."""

import errno
import fcntl
import os
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from smtp_gate.adapters import control
from smtp_gate.adapters.board import Board
from smtp_gate.adapters.logs import Logger
from smtp_gate.config import Config
from smtp_gate.server.rollback import FOLDER as RULESETS
from smtp_gate.server.rollback import in_force
from smtp_gate.server.rules import Rulebook, publish
from smtp_gate.server.sockets import Sockets, open_sockets
from smtp_gate.store.files import make_private
from smtp_gate.store.rulesets import Snapshots

T = TypeVar("T")
CONTROL: Final = Path("run") / "control.sock"
"""The control socket below the data folder."""
METRICS: Final = Path("run") / "metrics"
"""The folder of the workers' counts below the data folder."""
EXTRACT: Final = Path("run") / "extract.sock"
"""The extractors' socket below the data folder."""
LOCK: Final = Path("run") / "lock"
PATIENCE: Final = 3.0
"""Seconds that a gate waits for the one before it to let go of its data folder and its addresses."""
_AGAIN: Final = 0.1


@dataclass(frozen=True, slots=True)
class Plan:
    """Inherited by every process. `snapshot` is the name under which `book` can be read again; `slots` name the workers."""

    config: Config
    logger: Logger
    book: Rulebook
    reread: Callable[[], Config | None]
    sockets: Sockets
    listening: socket.socket
    snapshots: Snapshots
    snapshot: str
    slots: tuple[str, ...]
    board: Board
    extract: Path | None = None
    """The socket of those who open documents; without it documents are unscannable."""
    settings: Path | None = None
    """The settings file that `reread` reads; without it that file is not watched."""

    @property
    def control(self) -> Path:
        """Where the control socket is."""
        return Path(self.config.data_dir) / CONTROL

    @property
    def metrics(self) -> Path:
        """Where the workers' counts are."""
        return Path(self.config.data_dir) / METRICS


def make_plan(
    config: Config,
    logger: Logger,
    book: Rulebook,
    reread: Callable[[], Config | None],
    environment: Mapping[str, str] | None = None,
) -> Plan:
    """Open and write what is shared. Raises OSError saying what is taken or cannot be written, ValueError for sockets
    of a service manager that fit no listener.
    """
    data = Path(config.data_dir)
    make_private(data / "run")
    sockets = _patiently(lambda: open_sockets(config, environment))
    snapshots = Snapshots(data / RULESETS, config.keep_rulesets)
    # The book was loaded by the rollback that is written down; what a killed keeper was about is past.
    snapshots.history.set_going(None)
    name = publish(config, book, snapshots)
    if snapshots.history.pin() is not None and in_force(config, snapshots) is None:
        # A pack file has changed while no gate ran: the files count again.
        snapshots.history.set_pin(None)
    listening = control.listen(data / CONTROL)
    slots = slot_names(config)
    return Plan(config, logger, book, reread, sockets, listening, snapshots, name, slots, Board(len(slots)))


def slot_names(config: Config) -> tuple[str, ...]:
    """The names of the workers: `w0`, `w1`, as many as the settings say, else one for each core we may use."""
    return tuple(f"w{n}" for n in range(config.workers or len(os.sched_getaffinity(0))))


class DataLock:
    """Keeps a second gate out of the data folder. Held by one process, not by those it forks; it ends with that process."""

    def __init__(self, data: Path) -> None:
        """Raises OSError where another gate is still there after some seconds, or the folder cannot be written."""
        make_private(data / "run")
        self._file = (data / LOCK).open("ab")
        try:
            _patiently(lambda: fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB))
        except BlockingIOError:
            self._file.close()
            raise OSError(errno.EBUSY, f"another smtp-gate works in {data}: end it first") from None

    def release(self) -> None:
        """Let another gate in."""
        self._file.close()


def _patiently(attempt: Callable[[], T]) -> T:
    """Try again while the gate before us is going: it drains, but it has let go of all that within seconds."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return attempt()
        except OSError as error:
            if error.errno not in {errno.EADDRINUSE, errno.EAGAIN, errno.EACCES} or time.monotonic() > until:
                raise
        time.sleep(_AGAIN)
