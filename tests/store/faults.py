"""Faults of the disk for one call at a time: the Nth call of an `os` function fails, or writes only a part."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

ERRNOS = (errno.EIO, errno.ENOSPC, errno.EDQUOT)


class Nth:
    """Stands for a function: the Nth call (from 1) raises, the others pass. A negative N lets every call pass."""

    def __init__(self, real: Callable[..., Any], nth: int, number: int, *, after: bool = False) -> None:
        self.real, self.nth, self.number, self.after, self.calls = real, nth, number, after, 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        if self.calls == self.nth:
            if self.after:
                self.real(*args, **kwargs)
            raise OSError(self.number, os.strerror(self.number))
        return self.real(*args, **kwargs)


@contextmanager
def failing(name: str, nth: int = 1, number: int = errno.EIO) -> Iterator[Nth]:
    """`os.<name>` fails at its Nth call; a failing close has closed, as in the kernel."""
    stand_in = Nth(getattr(os, name), nth, number, after=name == "close")
    with mock.patch.object(os, name, stand_in):
        yield stand_in


@contextmanager
def short_writes(most: int) -> Iterator[None]:
    """`os.write` takes at most so many octets at a time."""
    real = os.write
    with mock.patch.object(os, "write", lambda descriptor, data: real(descriptor, bytes(data)[:most])):
        yield
