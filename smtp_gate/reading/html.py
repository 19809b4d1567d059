"""HTML as text: what is shown and hidden, attributes and comments, links, and the elements that mark quotes.

Parsed by lexbor, which reads as browsers do. Its time grows with the square of the nesting, so the depth is counted
before it and what nests deeper is only stripped of its tags.
"""

import html
import re
from dataclasses import dataclass
from typing import Final

import re2
from selectolax.lexbor import LexborHTMLParser, LexborNode

from smtp_gate.reading.html_bounds import too_costly
from smtp_gate.reading.limits import Limits
from smtp_gate.reading.text import CONTROLS, has_controls

BLOCK: Final = "\x06"
"""Stands where a block element begins or ends; the marks below where quotes and signatures do."""

QUOTE_OPEN: Final = "\x01"
QUOTE_CLOSE: Final = "\x02"
REST_QUOTED: Final = "\x03"
SIGNATURE: Final = "\x04"
MARKS: Final = QUOTE_OPEN + QUOTE_CLOSE + REST_QUOTED + SIGNATURE

_BLOCKS: Final = frozenset(
    (  # noqa: SIM905 - one word a line would hide the code
        "p div table blockquote pre ul ol dl dt dd h1 h2 h3 h4 h5 h6 form section article header footer address "
        "center title textarea caption fieldset figure main nav aside select button summary details br hr tr td th "
        "li option"
    ).split()
)
_SINGLE: Final = frozenset(
    (  # noqa: SIM905 - one word a line would hide the code
        "br hr tr td th li option"
    ).split()
)
_QUOTES: Final = ".gmail_quote,.yahoo_quoted,.protonmail_quote,.tutanota_quote,.moz-forward-container"
_RESTS: Final = (
    "#appendonsend,#divRplyFwdMsg,#stopSpelling,.OutlookMessageHeader,#mail-editor-reference-message-container,"
    'div[style*="border-top:solid #E1E1E1"],div[style*="border-top:solid #B5C4DF"]'
)
_SIGNATURES: Final = ".gmail_signature,.moz-signature,#Signature,#ms-outlook-mobile-signature,.protonmail_signature_block,#AppleMailSignature"
_MARKED: Final = re2.compile(
    rb"(?i)_quote|yahoo_quoted|moz-|appendonsend|RplyFwd|stopSpelling|OutlookMess|mail-editor-ref|border-top:solid #|ignature"
)
_HIDDEN: Final = re2.compile(
    rb"(?i)display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0|mso-hide|opacity\s*:\s*0|\shidden"
)
_HIDDEN_STYLE: Final = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d]*[1-9])|mso-hide\s*:\s*all|opacity\s*:\s*0(?![.\d]*[1-9])",
    re.IGNORECASE,
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
_GLUED: Final = re2.compile(rb"[0-9][-./]?\x06+[-./]?[0-9]|[0-9]\x06+[-./]|[-./]\x06+[0-9]")
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

    `joined` glues blocks together and `visible` leaves hidden elements out; both are empty where they would say the
    same. `deep`: nested beyond the limit, so that only the tags were stripped.
    """

    text: str
    joined: str = ""
    visible: str = ""
    attributes: str = ""
    comments: str = ""
    targets: tuple[Target, ...] = ()
    deep: bool = False


def read_page(source: str, limits: Limits) -> Page:
    """Read an HTML document or fragment; never raises. Time is linear in its size and in the bounded nesting."""
    octets = source.encode("utf-8", "replace")
    if has_controls(octets):
        octets = octets.translate(None, CONTROLS)
    source = octets.decode("utf-8")
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
    scripts = [node.text() for node in tree.css("script,style")]
    tree.strip_tags(["script", "style"])
    searched = attributes.encode("utf-8", "replace")
    if _MARKED.search(searched) is not None:
        _mark(tree)
    targets = _marked_blocks(tree, limits.links, ends=_AFTER.search(source) is not None)
    collapsed = _collapse(_text(tree))
    glued = collapsed.replace(BLOCK, "") if _may_glue(collapsed) else ""
    text = _flow(collapsed)
    visible = _visible(tree) if _HIDDEN.search(searched) else ""
    return Page(
        text,
        glued.translate(_NO_MARKS) if glued else "",
        visible if visible and visible != text.translate(_NO_MARKS) else "",
        "\n".join(x for x in (attributes, *scripts) if x.strip()),
        comments,
        targets,
    )


def _is_cut(tags: list[str]) -> bool:
    """Whether a quoted value held an angle bracket, so that a tag cut out of the source may not be whole."""
    rest = _QUOTED.sub("", "\n".join(tags))
    return '"' in rest or "'" in rest


def _may_glue(collapsed: str) -> bool:
    """Whether a block stands between digits or their separators, so that gluing blocks could bring forth a number."""
    return _GLUED.search(collapsed.encode()) is not None


_NO_MARKS: Final = {ord(mark): None for mark in MARKS + BLOCK}


def _text(tree: LexborHTMLParser) -> str:
    root = tree.root
    return root.text(deep=True, separator="") if root is not None else ""


def _mark(tree: LexborHTMLParser) -> None:
    """Put the MARKS into the tree where elements stand for quotes and signatures."""
    for node in tree.css(_SIGNATURES):
        node.insert_before(SIGNATURE)
    for node in tree.css(_RESTS):
        node.insert_before(REST_QUOTED)
    for node in tree.css(_QUOTES):
        if node.tag != "blockquote":
            node.insert_before(QUOTE_OPEN)
            node.insert_after(QUOTE_CLOSE)


def _marked_blocks(tree: LexborHTMLParser, limit: int, *, ends: bool) -> tuple[Target, ...]:
    """Put BLOCK into the tree where lines break, and gather the links on the way: one pass over the elements."""
    found: list[Target] = []
    for node in tree.css("*"):
        tag = node.tag
        if tag in _LINKED and len(found) < limit:
            found.extend(_target(node, tag or ""))
        if tag in _BLOCKS:
            node.insert_before(BLOCK)
            if tag == "blockquote":
                node.insert_before(QUOTE_OPEN)
                node.insert_after(QUOTE_CLOSE)
            if ends and tag not in _SINGLE:
                node.insert_after(BLOCK)
    return tuple(found[:limit])


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
    return text.replace(BLOCK, "\n").strip("\n")


def _visible(tree: LexborHTMLParser) -> str:
    """The text without elements that their own style or attribute hides."""
    for node in tree.css("[style],[hidden]"):
        attributes = node.attributes
        if "hidden" in attributes or _HIDDEN_STYLE.search(attributes.get("style") or ""):
            node.decompose()
    return _flow(_collapse(_text(tree))).translate(_NO_MARKS)


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
    """The tags that carry attributes, entities decoded; where they are cut the parser is asked instead of the source."""
    joined = _asked(tree) if cut else "\n".join(tag for tag in tags if "=" in tag)
    return html.unescape(joined) if "&" in joined else joined


def _asked(tree: LexborHTMLParser) -> str:
    values: dict[str, None] = {}
    root = tree.root
    if root is not None:
        for node in root.traverse(include_text=False):
            for key, value in node.attributes.items():
                values[f"{key}={value}" if value else key] = None
    return "\n".join(values)
