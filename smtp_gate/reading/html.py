"""HTML as text: what is shown and hidden, attributes and comments, links, and the elements that mark quotes.

Parsed by lexbor, which reads as browsers do. Its time grows with the square of the nesting, so the depth is counted
before it and what nests deeper is only stripped of its tags.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import re2
from selectolax.lexbor import LexborHTMLParser, LexborNode

from smtp_gate.reading.html_bounds import too_costly
from smtp_gate.reading.html_hidden import HIDING_MARKS, mark_hidden, shown
from smtp_gate.reading.html_quotes import MARKS, QUOTE_CLOSE, QUOTE_OPEN, has_marks, is_indent, mark
from smtp_gate.reading.html_values import Embedded, decoded_values, embedded_files, inner_pages, odd_tags
from smtp_gate.reading.limits import Limits
from smtp_gate.reading.text import CONTROLS, has_controls

BLOCK: Final = "\x06"
"""Stands where a block element begins or ends; the MARKS where quotes and signatures do."""

CELL: Final = "\x07"
"""Stands between the cells of a row, which a table in plain text parts by a tab."""

_BLOCKS: Final = frozenset(
    (  # noqa: SIM905 - one word a line would hide the code
        "p div table blockquote pre ul ol dl dt dd h1 h2 h3 h4 h5 h6 form section article header footer address "
        "center title textarea caption fieldset figure main nav aside select button summary details br hr tr td th "
        "li option"
    ).split()
)
_CELLS: Final = frozenset({"td", "th"})
_SINGLE: Final = frozenset(
    (  # noqa: SIM905 - one word a line would hide the code
        "br hr tr td th li option"
    ).split()
)
_TEMPLATE: Final = re.compile(r"<(/?)template", re.IGNORECASE)
_ANY_TAG: Final = re.compile(r"<[^<>]*>?")
_OPENING_TAG: Final = re.compile(r"<[A-Za-z][^<>]*>?")
_QUOTED: Final = re.compile(r'=\s*(?:"[^"]*"|\'[^\']*\')')
# What follows a closing block and is no tag of another one: only then must its end be marked as well.
# Upper case is not looked into, so that the search has a literal to begin with.
_AFTER: Final = re.compile(
    r"</(?:[A-Z]|(?:p|div|table|blockquote|pre|[uod]l|d[td]|h[1-6]|form|section|article|header|footer|address|center|title|"
    r"textarea|caption|fieldset|figure|main|nav|aside|select|button|summary|details)\s*>\s*"
    r"(?!\s|$|</|<(?:p|div|t[rdh]|table|tbody|thead|blockquote|pre|[uod]l|li|br|hr|h[1-6]|head|body|style|script|center)[\s>/]))"
)
_DATA: Final = re.compile(r"data:", re.IGNORECASE)
_BARE: Final = re.compile(r"<[A-Za-z][^<>=]*\shidden", re.IGNORECASE)
_FRAMED: Final = re.compile(r"srcdoc", re.IGNORECASE)
# A reference to a control character would pass for one of the marks.
_CONTROL: Final = re.compile(
    r"&#(?:[xX]0*(?:[0-8bBcCeEfF]|1[0-9a-fA-F]|7[fF])(?![0-9a-fA-F])|0*(?:[0-8]|1[124-9]|2[0-9]|3[01]|127)(?![0-9]));?"
)
_GLUED: Final = re2.compile(rb"[0-9][-./]?[\x06\x07]+[-./]?[0-9]|[0-9][\x06\x07]+[-./]|[-./][\x06\x07]+[0-9]")
_LINKED: Final = frozenset(
    (  # noqa: SIM905 - one word a line would hide the code
        "a area base link img iframe form body object embed source video audio input"
    ).split()
)
_TARGET_KEYS: Final = frozenset({"href", "src", "action", "background", "data", "srcset", "poster"})


@dataclass(frozen=True, slots=True)
class Target:
    """A link of the markup: the attribute as written and the text shown for it."""

    target: str
    shown: str
    source: str


@dataclass(frozen=True, slots=True)
class Page:
    """What an HTML document says. `text` holds a line feed where a block begins or ends, and the MARKS.

    `joined` glues blocks together and `visible` leaves hidden elements out, in one way or another; both are empty where
    that brings nothing together. `pages` are those of frames, `files` those of `data:` URIs. `deep`: nested beyond the
    limit, so that only the tags were stripped; `more`: not all files were looked at.
    """

    text: str
    joined: str = ""
    visible: tuple[str, ...] = ()
    attributes: str = ""
    comments: str = ""
    targets: tuple[Target, ...] = ()
    pages: tuple[str, ...] = ()
    files: tuple[Embedded, ...] = ()
    deep: bool = False
    more: bool = False


def read_page(source: str, limits: Limits) -> Page:
    """Read an HTML document or fragment; never raises. Time is linear in its size and in the bounded nesting."""
    octets = source.encode("utf-8", "replace")
    if has_controls(octets):
        octets = octets.translate(None, CONTROLS)
    source = octets.decode("utf-8")
    if "&#" in source:
        source = _CONTROL.sub("", source)
    comments = _comments(source) if "<!--" in source else ""
    tags = list(dict.fromkeys(_OPENING_TAG.findall(source)))
    cut = _is_cut(tags)
    if too_costly(source, tags, cut=cut, depth=limits.html_depth):
        text = html.unescape(_ANY_TAG.sub(BLOCK, source))
        return Page(_flow(_collapse(text)), attributes=html.unescape("\n".join(tags)), comments=comments, deep=True)
    if "template" in source or "TEMPLATE" in source:
        source = _TEMPLATE.sub(r"<\1x-template", source)
    return _parsed(source, tags, comments, limits, cut=cut)


def _parsed(source: str, tags: list[str], comments: str, limits: Limits, *, cut: bool) -> Page:
    tree = LexborHTMLParser(source)
    attributes = _attribute_text(tags, tree, cut=cut)
    sheets = [node.text() for node in tree.css("style")]
    scripts = [*(node.text() for node in tree.css("script")), *sheets]
    tree.strip_tags(["script", "style"])
    searched = attributes.encode("utf-8", "replace")
    hidden = mark_hidden(tree, searched + b" hidden" if _BARE.search(source) else searched, sheets)
    if has_marks(searched):
        mark(tree)
    targets = _marked_blocks(tree, limits.links, ends=_AFTER.search(source) is not None)
    marked = _collapse(_text(tree))
    collapsed = marked.translate(_NO_HIDING) if hidden else marked
    visible = [_flow(v).translate(_NO_MARKS) for v in _shown(marked)] if hidden else []
    values = "\n".join(x for x in (attributes, *scripts) if x.strip())
    files, more = embedded_files(values) if _DATA.search(values) is not None else ((), False)
    return Page(
        _flow(collapsed),
        _glued(collapsed),
        tuple(dict.fromkeys(visible)),
        "\n".join(x for x in (values, decoded_values(attributes, scripts), odd_tags(source)) if x),
        comments,
        targets,
        inner_pages(tree) if _FRAMED.search(attributes) is not None else (),
        files,
        more=more,
    )


def _shown(marked: str) -> Iterator[str]:
    """What is left without the hidden elements, and the same glued where that brings digits together."""
    for visible in shown(marked):
        yield visible
        glued = _glued(visible)
        if glued:
            yield glued


def _glued(collapsed: str) -> str:
    """The text without its blocks; empty unless one stands between digits or their separators."""
    return collapsed.translate(_NO_MARKS) if _GLUED.search(collapsed.encode("utf-8", "replace")) is not None else ""


def _is_cut(tags: list[str]) -> bool:
    """Whether a quoted value held an angle bracket, so that a tag cut out of the source may not be whole."""
    rest = _QUOTED.sub("", "\n".join(tags))
    return '"' in rest or "'" in rest


_NO_MARKS: Final = {ord(char): None for char in MARKS + BLOCK + CELL + HIDING_MARKS}
_NO_HIDING: Final = {ord(char): None for char in HIDING_MARKS}


def _text(tree: LexborHTMLParser) -> str:
    root = tree.root
    return root.text(deep=True, separator="") if root is not None else ""


def _marked_blocks(tree: LexborHTMLParser, limit: int, *, ends: bool) -> tuple[Target, ...]:
    """Put BLOCK into the tree where lines break, and gather the links on the way: one pass over the elements."""
    found: list[Target] = []
    begun = False
    for node in tree.css("*"):
        tag = node.tag
        if tag in _LINKED and len(found) < limit:
            found.extend(_target(node, tag or ""))
        if tag == "input":
            _show_value(node)
        if tag in _BLOCKS:
            cell = tag in _CELLS
            node.insert_before(CELL if cell and begun else BLOCK)
            begun = cell or (begun and tag != "tr")
            if tag == "blockquote" and not is_indent(node.attributes):
                node.insert_before(QUOTE_OPEN)
                node.insert_after(QUOTE_CLOSE)
            if ends and tag not in _SINGLE:
                node.insert_after(BLOCK)
    return tuple(found[:limit])


def _show_value(node: LexborNode) -> None:
    """What is written into a field of a form stands in the page as any other text."""
    attributes = node.attributes
    value = attributes.get("value")
    if value and (attributes.get("type") or "").lower() not in {"hidden", "checkbox", "radio"}:
        node.insert_before(value)


def _target(node: LexborNode, tag: str) -> list[Target]:
    values = [(key, value.strip()) for key, value in node.attributes.items() if key in _TARGET_KEYS and value]
    if not values:
        return []
    shown = " ".join(node.text(deep=True).split()).translate(_NO_MARKS) if tag == "a" else ""
    return [Target(value, shown, key) for key, value in values if value]


def _collapse(text: str) -> str:
    """White space as HTML shows it: any run of it is one space."""
    for space in "\n\r\t\f\u00a0":
        if space in text:
            text = text.replace(space, " ")
    while "  " in text:
        text = text.replace("  ", " ")
    return text.strip(" ")


def _flow(collapsed: str) -> str:
    # White space is single by now, so these two take all of it away around a break.
    text = collapsed.replace(f" {BLOCK}", BLOCK).replace(f"{BLOCK} ", BLOCK)
    while BLOCK + BLOCK in text:
        text = text.replace(BLOCK + BLOCK, BLOCK)
    if CELL in text:
        # A paragraph that fills its cell breaks no line of the row.
        text = text.replace(f"{CELL} ", CELL).replace(f" {CELL}", CELL)
        text = text.replace(CELL + BLOCK, CELL).replace(BLOCK + CELL, CELL).replace(CELL, "\t")
    return text.replace(BLOCK, "\n").strip("\n\t")


def _comments(source: str) -> str:
    """What stands in comments, and again without the tags in it: conditional comments hold what Outlook shows."""
    found: list[str] = []
    at = source.find("<!--")
    while at >= 0:
        end = source.find("-->", at + 4)
        found.append(source[at + 4 : end if end >= 0 else len(source)])
        if end < 0:
            break
        at = source.find("<!--", end + 3)
    raw = "\n".join(dict.fromkeys(c for c in found if c.strip()))
    if not raw:
        return ""
    bare = html.unescape(_ANY_TAG.sub("", raw)) if "<" in raw or "&" in raw else raw
    return raw if bare == raw else f"{raw}\n{bare}"


def _attribute_text(tags: list[str], tree: LexborHTMLParser, *, cut: bool) -> str:
    """The tags that carry attributes, entities decoded; where they are cut the parser is asked as well."""
    joined = "\n".join(tag for tag in tags if "=" in tag)
    if cut:
        joined = f"{_asked(tree)}\n{joined}"
    return html.unescape(joined) if "&" in joined else joined


def _asked(tree: LexborHTMLParser) -> str:
    values: dict[str, None] = {}
    root = tree.root
    if root is not None:
        for node in root.traverse(include_text=False):
            for key, value in node.attributes.items():
                values[f'{key}="{value}"' if value else key] = None
    return "\n".join(values)
