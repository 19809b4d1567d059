"""A second opinion: another parser reads the whole message, and where the two part ways so do mail readers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from fast_mail_parser import ParseError, PyLazyMimePart, parse_email_tree

from smtp_gate.core.view import Header, Part
from smtp_gate.reading.mime import Tree

MOST: Final = 100 * 1024 * 1024
"""Octets that the other parser takes."""

WORDS: Final = 1_000
"""Encoded words it is given: its time grows with the square of their number in one field."""

DISAGREEMENT: Final = "parser_disagreement"
SKIPPED: Final = "parser_skipped"
REFUSED: Final = "parser_refused"
_PANIC: Final = "PanicException"
_CHARSET: Final = re.compile(r"charset\s*=\s*[\"']?([^\"';\s]{1,40})", re.IGNORECASE)
_ROOT_FIELDS: Final = ("subject", "from")
_INITIALS: Final = frozenset("sSfF \t\0")


@dataclass(frozen=True, slots=True)
class Leaf:
    """One leaf as the other parser sees it; `content` is decoded from its transfer encoding."""

    media_type: str
    name: str
    content: bytes = field(repr=False)
    node: PyLazyMimePart | None = field(default=None, repr=False, compare=False)

    @property
    def charset(self) -> str:
        """The first one declared; asked for seldom, since it takes the other parser's table of fields."""
        headers = self.node.headers if self.node is not None else {}
        said = next((values[0] for name, values in headers.items() if name.lower() == "content-type"), "")
        found = _CHARSET.search(said)
        return found[1].lower() if found is not None else ""


@dataclass(frozen=True, slots=True)
class Opinion:
    """How the other parser differs: in the defects named, in leaves whose content only it has, in the values of fields
    and the file names that only it reads.
    """

    defects: tuple[str, ...] = ()
    leaves: tuple[Leaf, ...] = ()
    values: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    more: bool = False


def second_opinion(content: bytes, tree: Tree, most: int = 1_000) -> Opinion:
    """Read the message with the other parser and compare. Never raises; costs some microseconds where both agree.

    Of its leaves `most` are looked at; `more` says that there are others.
    """
    if len(content) > MOST or content.count(b"=?") > WORDS or any(d.name == "mime_limit" for d in tree.defects):
        return Opinion((SKIPPED,))
    try:
        root = parse_email_tree(content, mode="lazy")
    except ParseError:
        return Opinion((DISAGREEMENT, REFUSED))
    except BaseException as error:
        # A panic of the other parser is no Exception; what breaks it must not stop the reading.
        if type(error).__name__ != _PANIC:
            raise
        return Opinion((DISAGREEMENT, REFUSED))
    defects: dict[str, None] = {}
    theirs = list(islice(_leaves(root, defects), most + 1))
    more = len(theirs) > most
    del theirs[most:]
    # What we have taken out of a wrapping (`2!1`) is a part to nobody else.
    ours = [piece.part for piece in tree.pieces if not piece.part.container and "!" not in piece.part.part]
    further = _compare(ours, theirs, defects)
    known = {name for part in ours for name in part.names}
    names = tuple(dict.fromkeys(leaf.name for leaf in theirs if leaf.name and leaf.name not in known))
    values = _fields(tree.pieces[0].part.headers if tree.pieces else (), root.headers, defects)
    found = tuple(defects)
    return Opinion((DISAGREEMENT, *found) if found else (), further, values, names, more)


def _leaves(root: PyLazyMimePart, defects: dict[str, None]) -> Iterator[Leaf]:
    """The leaves in document order; what it cannot decode is no leaf but a defect."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.children:
            waiting.extend(reversed(node.children))
            continue
        try:
            content = node.content
        except ParseError:
            defects[REFUSED] = None
            continue
        if content is not None:
            yield Leaf(node.content_type.lower(), node.filename, content, node)


def _compare(every: list[Part], theirs: list[Leaf], defects: dict[str, None]) -> tuple[Leaf, ...]:
    """Name the differences; returns the leaves with content that is none of ours."""
    # What stands in a wrapping has an exclamation mark in its number; the other parser opens none.
    ours = [part for part in every if "!" not in part.part]
    if len(ours) != len(theirs):
        defects["parts_disagree"] = None
    else:
        for part, leaf in zip(ours, theirs, strict=True):
            if part.media_type != leaf.media_type:
                defects["types_disagree"] = None
            if leaf.name and leaf.name not in part.names:
                defects["names_disagree"] = None
        if all(part.content == leaf.content for part, leaf in zip(ours, theirs, strict=True)):
            return ()
    known = {_bare(part.content) for part in every}
    further = tuple(leaf for leaf in theirs if _bare(leaf.content) not in known)
    if further:
        defects["content_disagrees"] = None
    return further


def _bare(content: bytes) -> bytes:
    """The octets without what parsers treat as they please: white space at the ends and carriage returns."""
    return content.replace(b"\r", b"").strip()


def _fields(ours: tuple[Header, ...], theirs: dict[str, list[str]], defects: dict[str, None]) -> tuple[str, ...]:
    """Values of the fields that say who writes about what, which are none of ours."""
    further = []
    known = {(h.key, _plain(h.value)) for h in ours if h.name[:1] in _INITIALS}
    for name, values in theirs.items():
        # The first letter tells most other fields apart at once.
        key = name.strip().lower() if name[:1] in _INITIALS else ""
        if key not in _ROOT_FIELDS:
            continue
        for value in values:
            if (key, _plain(value)) not in known:
                defects[f"{key}_disagrees"] = None
                further.append(f"{name}: {value}")
    return tuple(further)


def _plain(value: str) -> str:
    return "".join(value.split())
