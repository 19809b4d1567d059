"""Work shared with a second process on a second core, for commands that have no threads and no sockets of their own."""

import multiprocessing
import os
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import Final, TypeVar

T = TypeVar("T")

MOST: Final = 256
"""Pieces of one work: a ticket is one octet."""


def second_core(pieces: Sequence[Callable[[], T]], /) -> Callable[[], list[T]]:
    """Begin with the pieces in a copy of this process, and answer how to ask for their results, which must be picklable.

    Whoever asks takes part: each process does one piece after another until none is left. Where there is one core alone,
    or the copy ends without results, the work is done here when it is asked for, so that an exception of the work is
    raised here as well. Never for a process with threads: a copy would have their locks and not them. Raises ValueError
    for more than MOST pieces.
    """
    if len(pieces) > MOST:
        raise ValueError(f"more than {MOST} pieces of work")
    if len(os.sched_getaffinity(0)) < 2 or not pieces:
        return lambda: [piece() for piece in pieces]
    # Every octet in this pipe is a piece that nobody has taken yet; who reads one has it alone.
    left, tickets = os.pipe()
    os.write(tickets, bytes(range(len(pieces))))
    os.close(tickets)
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    copy = context.Process(target=_send, args=(pieces, left, theirs), daemon=True)
    copy.start()
    theirs.close()

    def results() -> list[T]:
        try:
            done = _take(pieces, left)
            done.update(_received(ours))
        finally:
            os.close(left)
            ours.close()
            copy.join()
        return [done[number] if number in done else piece() for number, piece in enumerate(pieces)]

    return results


def _take(pieces: Sequence[Callable[[], T]], left: int) -> dict[int, T]:
    """Do one piece after another that nobody has taken, until none is left; the results by the pieces' numbers."""
    done = {}
    while ticket := os.read(left, 1):
        done[ticket[0]] = pieces[ticket[0]]()
    return done


def _received(ours: Connection) -> dict[int, T]:
    try:
        found: dict[int, T] = ours.recv()
    except (EOFError, OSError):
        # It ended before it sent them, or amid that.
        return {}
    return found


def _send(pieces: Sequence[Callable[[], object]], left: int, to: Connection) -> None:
    # Whoever asks does the work again and meets the exception itself; a copy of it would tell less.
    try:
        made = _take(pieces, left)
    except Exception:  # noqa: BLE001 - see above
        to.close()
    else:
        to.send(made)
