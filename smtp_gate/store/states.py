"""The states of a hold, and which one a file is in: by its folder, by who works on it, and by its progress."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from smtp_gate.store.items import Item
from smtp_gate.store.progress import Progress


class State(StrEnum):
    """The state of a hold (DESIGN.md, words)."""

    PENDING = "pending"
    HELD = "held"
    RELEASING = "releasing"
    RELEASED = "released"
    DISCARDED = "discarded"
    EXPIRED = "expired"
    FAILED = "failed"
    UNKNOWN = "unknown"


FOLDERS: Final = tuple(s for s in State if s is not State.UNKNOWN)
WORKED_ON: Final = frozenset({State.PENDING, State.RELEASING})
SETTLED: Final = frozenset({State.RELEASED, State.DISCARDED, State.EXPIRED})


class NoSuchItemError(LookupError):
    """There is no item with this ref in the state that was asked for."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An item as lists show it; `item` is None and `flaw` says why where its file cannot be read.

    `folder` tells two kinds of `unknown` apart: from `pending` the other copies may have been relayed, from `releasing`
    this one. `progress` is None where nobody has decided on the item yet, and where its progress file is damaged, which
    `flaw` says then.
    """

    ref: str
    state: State
    item: Item | None
    flaw: str = ""
    folder: State = State.HELD
    progress: Progress | None = None


def state_of(folder: State, now: Progress | None, *, claimed: bool) -> State:
    """The state of what lies in a folder. Where nobody works on it, its progress is what became of it."""
    if claimed or folder in SETTLED:
        return folder
    if now is not None:
        return State(now.state)
    return State.UNKNOWN if folder in WORKED_ON else folder
