"""What every opener shares: its budget, what it yields, and how its members are named."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from smtp_gate.core.view import Part, Reason


@dataclass(frozen=True, slots=True)
class OpenLimits:
    """How much one opening may yield: `octets` in all, and how many times its own size once it is above `free` octets;
    `depth` counts containers within containers, `members` what is named in all of them.

    The ratio tells bombs from documents: what people compress shrinks to a hundredth at most (TRUST.md, section 4).
    """

    octets: int = 64 * 1024 * 1024
    ratio: int = 100
    free: int = 10 * 1024 * 1024
    depth: int = 8
    members: int = 10_000

    def room(self, size: int) -> int:
        """The octets that a container of this size may yield."""
        return min(self.octets, max(self.free, self.ratio * size))


Opener = Callable[[Part, OpenLimits], tuple[Part, ...] | Reason]
"""Opens one kind: what is inside, or why nobody can tell. May raise, crash or hang: it runs in a child.

A member with a name is a file of its own, opened further by its content; one without is text of the document itself. A
member that could not be read has `lost` set and no content, so that the others still count.
"""


def member(outer: Part, number: int, name: str, content: bytes, *, kind: str = "") -> Part:
    """A file inside `outer`, or with an empty name a text of `outer` itself; `kind` where the opener knows it."""
    names = (name,) if name else ()
    return Part(
        f"{outer.part}!{number}",
        outer.depth + 1,
        "",
        (),
        0,
        len(content),
        nested=True,
        names=names,
        kind=kind,
        content=content,
    )


def text_of(outer: Part, number: int, lines: Iterable[str]) -> Part:
    """Text that the document itself shows or hides, as UTF-8."""
    return Part(
        f"{outer.part}!{number}",
        outer.depth + 1,
        "text/plain",
        (),
        0,
        0,
        nested=True,
        charset="utf-8",
        kind="text",
        content="\n".join(lines).encode("utf-8", "replace"),
    )


def lost(outer: Part, number: int, name: str, reason: Reason, kind: str) -> Part:
    """A member that nobody could look into; `kind` is what it seems to be."""
    names = (name,) if name else ()
    return Part(
        f"{outer.part}!{number}", outer.depth + 1, "", (), 0, 0, nested=True, names=names, kind=kind, lost=reason
    )
