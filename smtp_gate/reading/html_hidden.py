"""Which elements of a page its reader does not see: hidden by attribute, style, style sheet, or by their colour.

Marks are put around them, so that one text tells what is shown, whatever hides and however it nests. What cannot be
decided is left shown: the other readings hold it either way.
"""

import re
from collections.abc import Iterator
from typing import Final

import re2
from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from smtp_gate.reading.html_style import RULES, Colour, Rule, alike, colour, colours, declarations, hides, rules, shows

OPEN: Final = "\x0e"
CLOSE: Final = "\x0f"
OPEN_MAYBE: Final = "\x10"
CLOSE_MAYBE: Final = "\x11"
HIDING_MARKS: Final = OPEN + CLOSE + OPEN_MAYBE + CLOSE_MAYBE
"""Around what is hidden on every screen, and around what is on some."""

ELEMENTS: Final = 20_000
"""Elements of one page whose style is looked at; what is beyond them counts as shown."""

_HINT: Final = re2.compile(
    rb"(?i)display\s*:|visibility\s*:|font(?:-size)?\s*:\s*[\d.]|mso-hide|opacity\s*:|\shidden|text-indent|clip|transform|"
    rb"margin-(?:left|top)\s*:\s*-|position\s*:|overflow|color|content-vis|zoom|text=|filter|style\s*=[^>]*\\|class\s*=.*"
)
_STYLED: Final = re2.compile(rb"(?i)\shidden|style\s*=|color|\stext\s*=")
_COLOURED: Final = re2.compile(rb"(?i)color|\stext\s*=|background")
_SIMPLE: Final = re.compile(r"(?:[a-zA-Z][\w-]*|\*)?(?:[.#][\w-]+){0,4}")
_RELATED: Final = re.compile(r"[\w.#*>+~ -]{1,80}")
_FEW: Final = 3_000
_MARK: Final = re.compile(f"[{HIDING_MARKS}]")
_BETWEEN: Final = " \t\n\x06\x07-./_:,"
_WHITE: Final = (255, 255, 255)


def mark_hidden(tree: LexborHTMLParser, searched: bytes, sheets: list[str]) -> bool:
    """Put marks around the hidden elements; whether there are any. `searched` are the tags with attributes."""
    by_rule = [r for sheet in sheets for r in rules(sheet)] if sheets else []
    styled = _STYLED.search(searched) is not None
    if not by_rule and not styled:
        return False
    found: dict[int, tuple[LexborNode, bool]] = {}
    spared: set[int] = set()
    declared = _own_styles(tree, found, spared) if styled else {}
    _by_sheets(tree, by_rule, found, spared)
    if _COLOURED.search(searched) is not None or any("color" in r.declarations for r in by_rule):
        _by_colour(tree, by_rule, declared, found)
    for node, certain in found.values():
        node.insert_before(OPEN if certain else OPEN_MAYBE)
        node.insert_after(CLOSE if certain else CLOSE_MAYBE)
    return bool(found)


def _own_styles(
    tree: LexborHTMLParser, found: dict[int, tuple[LexborNode, bool]], spared: set[int]
) -> dict[int, dict[str, str]]:
    """Elements that their own attributes hide, and those that their own style shows; returns every own style."""
    cache: dict[str, dict[str, str]] = {}
    styles: dict[int, dict[str, str]] = {}
    for node in tree.css("[style],[hidden]")[:ELEMENTS]:
        attributes = node.attributes
        written = attributes.get("style") or ""
        declared = cache.get(written)
        if declared is None:
            declared = cache[written] = declarations(written)
        styles[node.mem_id] = declared
        if hides(declared) or ("hidden" in attributes and not shows(declared)):
            found[node.mem_id] = (node, True)
        elif shows(declared):
            spared.add(node.mem_id)
    return styles


def _by_sheets(
    tree: LexborHTMLParser, by_rule: list[Rule], found: dict[int, tuple[LexborNode, bool]], spared: set[int]
) -> None:
    """Elements that rules of style sheets hide, unless a later rule with the same selector shows them again."""
    hiding: dict[str, bool] = {}
    for rule in by_rule:
        if hides(rule.declarations):
            hiding[rule.selector] = rule.certain or hiding.get(rule.selector, False)
        elif shows(rule.declarations) and rule.certain:
            hiding.pop(rule.selector, None)
    for selector, certain in list(hiding.items())[:RULES]:
        for node in _matching(tree, selector):
            if node.mem_id not in spared:
                found[node.mem_id] = (node, certain or found.get(node.mem_id, (node, False))[1])


def _matching(tree: LexborHTMLParser, selector: str) -> list[LexborNode]:
    """The elements of a selector; one that relates elements costs their depth, so it is asked of small pages only."""
    if selector in {"*", "html", "body", ""}:
        return []
    if _SIMPLE.fullmatch(selector) is None and (
        _RELATED.fullmatch(selector) is None or len(tree.css("*")) > _FEW or selector.count(" ") > 4
    ):
        return []
    try:
        return tree.css(selector)[:ELEMENTS]
    except SelectolaxError:
        return []


def _by_colour(
    tree: LexborHTMLParser,
    by_rule: list[Rule],
    declared: dict[int, dict[str, str]],
    found: dict[int, tuple[LexborNode, bool]],
) -> None:
    """Elements whose text has the colour of what is behind it: their own background, or that of one around them."""
    texts: dict[int, tuple[LexborNode, Colour]] = {}
    behind: dict[int, Colour] = {}
    for node, front, back in _coloured(tree, by_rule, declared):
        if front is not None:
            texts[node.mem_id] = (node, front)
        if back is not None:
            behind[node.mem_id] = back
    backs = {_WHITE, *behind.values()}
    suspects = [(n, c) for n, c in texts.values() if any(alike(c, b) for b in backs)]
    steps = ELEMENTS
    for node, front in suspects:
        around: LexborNode | None = node
        while around is not None and around.mem_id not in behind and steps > 0:
            around = around.parent
            steps -= 1
        if steps > 0 and node.tag != "body" and alike(front, behind[around.mem_id] if around is not None else _WHITE):
            found.setdefault(node.mem_id, (node, True))


def _coloured(
    tree: LexborHTMLParser, by_rule: list[Rule], declared: dict[int, dict[str, str]]
) -> Iterator[tuple[LexborNode, Colour | None, Colour | None]]:
    """Elements with the colours that rules, attributes and their own style give them, the strongest last."""
    with_colour = [r for r in by_rule if any(n in r.declarations for n in ("color", "background", "background-color"))]
    for rule in with_colour[:RULES]:
        front, back = colours(rule.declarations)
        if front is not None or back is not None:
            yield from ((node, front, back) for node in _matching(tree, rule.selector))
    for node in tree.css("[color],[bgcolor],[text],[style]")[:ELEMENTS]:
        attributes = node.attributes
        front = colour((attributes.get("color") or "").lower())
        back = colour((attributes.get("bgcolor") or "").lower())
        own = declared.get(node.mem_id)
        if own:
            styled = colours(own)
            front, back = styled[0] or front, styled[1] or back
        yield node, front, back


def shown(text: str) -> tuple[str, ...]:
    """The text without what is hidden, on every screen and then on some, where that brings words or digits together."""
    out = []
    for both in (False, True):
        visible = _without(text, both=both)
        if visible and visible not in out:
            out.append(visible)
    return tuple(out)


def _without(text: str, *, both: bool) -> str:
    """Empty where leaving out what is hidden joins nothing that could be read together."""
    kept: list[str] = []
    at = depth = 0
    useful = False
    for mark in _MARK.finditer(text):
        kind = mark[0]
        if not depth:
            kept.append(text[at : mark.start()])
        at = mark.end()
        if kind == OPEN or (both and kind == OPEN_MAYBE):
            depth += 1
        elif depth and (kind == CLOSE or (both and kind == CLOSE_MAYBE)):
            depth -= 1
            useful = useful or (not depth and _joins(kept, text, at))
    if not depth:
        kept.append(text[at:])
    return "".join(kept) if useful else ""


def _joins(kept: list[str], text: str, at: int) -> bool:
    before = "".join(kept[-3:])[-4:].rstrip(_BETWEEN)
    after = text[at : at + 12].lstrip(_BETWEEN + HIDING_MARKS)
    return before[-1:].isalnum() and after[:1].isalnum()
