"""Counts of all workers in files that each worker owns by its slot, read together by whoever serves them.

The files are made whole before any worker writes: a write into a memory-mapped file that has no room on the disk would
kill the process. A slot's files outlive its worker, so that counters go on where the last one stopped.
"""

import os
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest, values
from prometheus_client.multiprocess import MultiProcessCollector

ROOM: Final = 1 << 20
"""Octets of one file: some thousands of series."""
KINDS: Final = ("counter", "histogram", "gauge_livesum")
"""The kinds of metrics a worker keeps; the library names files after them."""


def make_room(folder: Path, slots: tuple[str, ...]) -> None:
    """Make the files of these slots, empty. Raises OSError where there is no room for them."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in folder.glob("*.db"):
        old.unlink()
    for slot in slots:
        for kind in KINDS:
            descriptor = os.open(folder / f"{kind}_{slot}.db", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, ROOM)
            finally:
                os.close(descriptor)


def write_into(folder: Path, slot: str) -> None:
    """From now on every metric made in this process counts in the slot's files. Call it before any is made."""
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    # The library chooses this class at import by the environment and names files by the pid; slots keep them few.
    values.ValueClass = values.MultiProcessValue(lambda: slot)  # type: ignore[no-untyped-call]  # the library is typed in part


def forget_present(folder: Path, slot: str) -> None:
    """Set back what was true only while the slot's worker lived (its open connections). Raises OSError."""
    with (folder / f"gauge_livesum_{slot}.db").open("r+b") as file:
        file.write(bytes(ROOM))


def text(folder: Path) -> bytes:
    """The exposition of all workers together. Blocking. Raises OSError."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(folder))  # type: ignore[no-untyped-call]  # the library is typed in part
    return generate_latest(registry)
