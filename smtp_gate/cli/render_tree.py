"""The tree of a message on a terminal: each part with what stands in which region of it, and how much of it is hidden."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from rich.text import Text as Line
from rich.tree import Tree

from smtp_gate.core.view import MessageView, Part, Text
from smtp_gate.reading.charset import decode_octets
from smtp_gate.reading.html import read_page
from smtp_gate.reading.limits import Limits
from smtp_gate.reading.shown import visible_source

MAIN: Final = frozenset({"plain", "html", "header", "envelope"})
"""Readings of what a person would look at; the others are further readings of the same octets."""


def message_tree(view: MessageView) -> Tree:
    """The MIME tree: part number, declared type, type by content, name, size; below each part its texts by region."""
    tree = Tree(Line("message", style="dim"), guide_style="dim")
    branches: dict[int, Tree] = {-1: tree}
    texts: dict[str, list[Text]] = {}
    for text in view.texts:
        texts.setdefault(text.part, []).append(text)
    for part in view.parts:
        parent = branches[max(d for d in branches if d < part.depth)]
        branches = {d: b for d, b in branches.items() if d < part.depth}
        branches[part.depth] = parent.add(_part_line(part, view))
        for line in _texts(texts.pop(part.part, [])):
            branches[part.depth].add(line)
        hidden = hidden_words(part) if part.kind == "html" else 0
        if hidden:
            branches[part.depth].add(Line(_hiding(hidden), style="dark_orange"))
    for number, rest in texts.items():
        for line in _texts(rest):
            tree.add(Line(f"{number} ", style="bold").append_text(line))
    return tree


def hidden_words(part: Part) -> int:
    """How many words of a page some reader does not see; -1 where the page is too large or too deep to tell."""
    source, _ = decode_octets(part.content, part.charset)
    visible = visible_source(source)
    if visible is None:
        return -1
    limits = Limits()
    written = Counter(read_page(source, limits).text.split())
    written.subtract(read_page(visible, limits).text.split())
    return sum(n for n in written.values() if n > 0)


def _hiding(words: int) -> str:
    if words < 0:
        return "too large to tell what it hides"
    return f"{words} word{'s' if words > 1 else ''} that not every screen shows"


def _texts(texts: Iterable[Text]) -> list[Line]:
    """One line for what a person would look at, one for what else was read of it."""
    regions: Counter[str] = Counter()
    others: Counter[str] = Counter()
    for text in texts:
        if text.reading in MAIN:
            for span in text.spans:
                regions[str(span.region)] += _lines(text.text[span.start : span.end])
        else:
            others[text.reading] += _lines(text.text)
    said = []
    if any(regions.values()):
        said.append(Line(_counted(regions), style="default"))
    if others:
        said.append(Line(f"also read: {_counted(others)}", style="dim"))
    return said


def _counted(lines: Counter[str]) -> str:
    return ", ".join(f"{name} {n} line{'' if n == 1 else 's'}" for name, n in lines.items() if n)


def _lines(text: str) -> int:
    return sum(1 for line in text.splitlines() if line.strip())


def _part_line(part: Part, view: MessageView) -> Line:
    line = Line(part.part, style="bold").append(f" {part.media_type}", style="default not bold")
    if not part.container:
        line.append(f" {part.kind or 'unknown'} {len(part.content)} B", style="dim")
    if part.name:
        line.append(f" {part.name!r}", style="cyan")
    for sealed in (u for u in view.unscannable if u.part == part.part):
        line.append(f" unscannable ({sealed.reason})", style="dark_orange")
    return line
