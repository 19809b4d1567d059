"""Where each piece of a YAML file stands, and mistakes that name the place."""

import difflib
from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

_BESIDE: Final = 100
"""Names that a wrong one is compared with, in either order, where there are very many."""


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One mistake in a file that people write; lines and columns count from 1. `severity` is error or warning.

    It renders as `file:line:col: message (hint)` and sorts by place. Of a `secret` file nothing but the place is shown.
    """

    file: str
    line: int
    column: int
    message: str
    hint: str = ""
    severity: str = "error"
    secret: bool = False

    @property
    def is_error(self) -> bool:
        """Whether it keeps the file from being used."""
        return self.severity == "error"

    def __str__(self) -> str:
        hint = f" ({self.hint})" if self.hint else ""
        kind = "" if self.is_error else f"{self.severity}: "
        return f"{self.file}:{self.line}:{self.column}: {kind}{self.message}{hint}"


MOST = 24
"""Names that a hint lists."""


def nearest(word: object, names: Iterable[str]) -> str:
    """A hint with the valid name most like `word`, small and large letters alike, or with the valid names."""
    orders = _orders(tuple(names))
    known, by_small = orders.known, orders.by_small
    small = str(word).casefold()
    found = difflib.get_close_matches(small, orders.likely(small), n=1, cutoff=0.6)
    if found:
        return f"did you mean `{by_small[found[0]]}`?"
    more = f" and {len(known) - MOST} more" if len(known) > MOST else ""
    return f"known: {', '.join(known[:MOST])}{more}" if known else ""


@dataclass(frozen=True, slots=True)
class _Orders:
    """Names in their order, the same in small letters, and those in order read from the front and from the back."""

    known: list[str]
    by_small: dict[str, str]
    front: list[str]
    back: list[str]

    def likely(self, small: str) -> Iterable[str]:
        """All names; of very many those beside it, as thousands of mistakes in thousands of names would take minutes."""
        if len(self.by_small) <= 2 * _BESIDE:
            return self.by_small
        beside = _beside(self.front, small)
        return dict.fromkeys((*beside, *(name[::-1] for name in _beside(self.back, small[::-1]))))


@lru_cache(maxsize=4)
def _orders(names: tuple[str, ...]) -> _Orders:
    known = sorted(set(names))
    by_small = {name.casefold(): name for name in known}
    return _Orders(known, by_small, sorted(by_small), sorted(name[::-1] for name in by_small))


def _beside(ordered: list[str], word: str) -> list[str]:
    at = bisect(ordered, word)
    return ordered[max(at - _BESIDE // 2, 0) : at + _BESIDE // 2]


Place = tuple[int, int]
"""Line and column, from 1."""


@dataclass(slots=True)
class Node:
    """One piece of a document: its value, its place, and below it the items of a list or the keys of a mapping.

    `size` and `depth` count the nodes below with aliases followed. `file` is empty but for what another file has put here.
    """

    value: Any
    place: Place
    items: list["Node"] = field(default_factory=list)
    keys: dict[str, tuple[Place, "Node"]] = field(default_factory=dict)
    size: int = 1
    depth: int = 1
    file: str = ""

    def child(self, step: str | int) -> "Node | None":
        """The item or the key's value; None where there is none."""
        if isinstance(step, int):
            return self.items[step] if 0 <= step < len(self.items) else None
        found = self.keys.get(step)
        return found[1] if found else None

    def scalars(self) -> Iterator["Node"]:
        """Every piece at the ends of this one, in document order."""
        if not self.items and not self.keys:
            yield self
        for item in self.items:
            yield from item.scalars()
        for _, value in self.keys.values():
            yield from value.scalars()


@dataclass(frozen=True, slots=True)
class Document:
    """One file, read: its root, and the mistakes found so far (the root is then what could be read)."""

    file: str
    root: Node
    mistakes: tuple[Mistake, ...] = ()
    ended: bool = False
    """Whether it ends with YAML's end marker `...`, which a file that was cut short has lost."""
    loose: bool = False
    """Whether its last line has no end and stops in a word without quotes, of which a cut may have left a piece."""

    def node(self, path: Sequence[str | int]) -> Node:
        """The piece at this path, or the deepest one above it; steps that the document lacks are passed over."""
        node = self.root
        for step in path:
            node = node.child(step) or node
        return node

    def place(self, path: Sequence[str | int], *, key: bool = False) -> Place:
        """Where the piece at this path stands; with `key`, where its key does."""
        if key and path and isinstance(path[-1], str):
            found = self.node(path[:-1]).keys.get(path[-1])
            if found:
                return found[0]
        return self.node(path).place

    def file_of(self, node: Node) -> str:
        """The file in which this piece of the document is written: an override stands in another pack's."""
        return node.file or self.file

    def mistake_at(self, node: Node, message: str, hint: str = "", severity: str = "error") -> Mistake:
        """A mistake at this piece of the document."""
        return Mistake(self.file_of(node), *node.place, message, hint, severity)

    def mistake(
        self, path: Sequence[str | int], message: str, hint: str = "", *, key: bool = False, severity: str = "error"
    ) -> Mistake:
        """A mistake at this path."""
        return Mistake(self.file_of(self.node(path)), *self.place(path, key=key), message, hint, severity)
