"""Work in pieces that may be done aside, by another process as well; where it may not, it is done when it is asked for."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

T = TypeVar("T")


class Aside(Protocol):
    """How work is set aside: given its pieces, it answers how to ask for their results, which must be picklable."""

    def __call__(self, pieces: Sequence[Callable[[], T]], /) -> Callable[[], list[T]]:
        """Begin with the pieces, or keep them until somebody asks; the results come in the order of the pieces."""
        ...


def here(pieces: Sequence[Callable[[], T]], /) -> Callable[[], list[T]]:
    """Nobody else is there: the work is done here, when it is asked for."""
    return lambda: [piece() for piece in pieces]


def cut(whole: Sequence[T], most: int = 64) -> list[Sequence[T]]:
    """A sequence in at most so many pieces of about one length, none of them empty."""
    size = -(-len(whole) // most) or 1
    return [whole[at : at + size] for at in range(0, len(whole), size)]
