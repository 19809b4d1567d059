"""Work done by a second process on a second core, for commands that have no threads and no sockets of their own."""

import multiprocessing
import os
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import TypeVar

T = TypeVar("T")


def second_core(work: Callable[[], T], /) -> Callable[[], T]:
    """Begin the work in a copy of this process, and answer how to ask for its result, which must be picklable.

    Where there is one core alone, or the copy ends without a result, the work is done here when it is asked for, so that
    an exception of the work is raised here as well. Never for a process with threads: a copy would have their locks and not them.
    """
    if len(os.sched_getaffinity(0)) < 2:
        return work
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    copy = context.Process(target=_send, args=(work, theirs), daemon=True)
    copy.start()
    theirs.close()

    def result() -> T:
        try:
            found: T = ours.recv()
        except EOFError:
            return work()
        finally:
            ours.close()
            copy.join()
        return found

    return result


def _send(work: Callable[[], object], to: Connection) -> None:
    # Whoever asks does the work again and meets the exception itself; a copy of it would tell less.
    try:
        made = work()
    except Exception:  # noqa: BLE001 - see above
        to.close()
    else:
        to.send(made)
