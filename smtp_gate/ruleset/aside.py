"""Work that may be done aside, by another process, while this one goes on; where it may not, it is done when it is asked for."""

from collections.abc import Callable
from typing import Protocol, TypeVar

T = TypeVar("T")


class Aside(Protocol):
    """How work is set aside: given work, it answers how to ask for the result. What the work returns must be picklable."""

    def __call__(self, work: Callable[[], T], /) -> Callable[[], T]:
        """Begin the work, or keep it until somebody asks."""
        ...


def here(work: Callable[[], T], /) -> Callable[[], T]:
    """Nobody else is there: the work is done here, when it is asked for."""
    return work
