"""Which elements of a page its reader does not see: hidden by attribute, style, style sheet, or by their colour.

Marks are put around them, so that one text tells what is shown, whatever hides and however it nests. What cannot be
decided is left shown: the other readings hold it either way. What must be seen is judged the other way round: `conceals`
and the colours below it tell whether any reader might not see it.
"""

import colorsys
import re
from collections.abc import Iterator, Mapping
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

_APART: Final = 40
"""Colours that differ by less in each channel are as good as alike to somebody who does not look for the text."""
_TINY: Final = dict.fromkeys(("", "px"), 4.9) | dict.fromkeys(("em", "rem"), 0.35) | {"pt": 3.9, "%": 35.0, "mm": 1.4}
_VALUE: Final = re.compile(r"(-?[0-9]{0,6}\.?[0-9]{1,6})\s*([a-z%]*)")
_HSL: Final = re.compile(r"hsla?\(\s*(-?[\d.]{1,8})(?:deg)?[\s,]+([\d.]{1,8})%?[\s,]+([\d.]{1,8})%?")
_UNKNOWN: Final = re.compile(r"\b(?!rgb|hsl)[a-z-]{1,20}\(")
_PALE: Final = re.compile(
    r"\b(?:azure|mintcream|floralwhite|aliceblue|seashell|honeydew|canvas|window|lightyellow|lavender|lavenderblush|oldlace|linen|"
    r"cornsilk|lightcyan)\b"
)
_ALPHA: Final = r"\s*(?:0?\.[012]\d*|0|[12]?\d%)\s*\)"
_FAINT_TOO: Final = re.compile(
    rf"a?\((?:[^(),/]{{0,20}},){{3}}{_ALPHA}|a?\([^(),/]{{0,40}}/{_ALPHA}|#[0-9a-f]{{6}}[0-3][0-9a-f]\b|#[0-9a-f]{{3}}[0-3]\b"
)
_MEASURED: Final = ("left", "top", "right", "bottom", "margin-left", "margin-top", "text-indent")
_CONCEALING: Final = (
    "mask",
    "mask-image",
    "-webkit-mask",
    "-webkit-mask-image",
    "clip-path",
    "clip",
    "-webkit-text-fill-color",
)
_DECISIVE: Final = ("display", "visibility", "opacity", "font-size", "line-height", "height", "max-height", "zoom")
_MOVING: Final = ("scale", "rotatex", "rotatey", "rotate3d", "matrix", "translate")
_LEAST: Final = {"opacity": 0.3, "zoom": 0.4}
_NARROW: Final = ("height", "width", "max-height", "max-width", "line-height")
_FADING: Final = ("opacity", "blur", "brightness", "contrast", "url")
INHERITED: Final = frozenset({"visibility", "font-size", "color", "font"})
"""What an element may take back that one around it declares."""
SIZES: Final = frozenset({"small", "medium", "large", "x-small", "x-large", "xx-large"})
VALUE_ROOM: Final = 400
"""A value that is longer says nothing that anybody writes to be read."""


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


def conceals(declared: Mapping[str, str]) -> bool:
    """Whether an element with these declarations may show no text to somebody; what is inherited is judged by itself."""
    if any(len(value) > VALUE_ROOM for value in declared.values()):
        return True
    by_itself = {name: value for name, value in declared.items() if name not in INHERITED}
    if hides(by_itself) or any("var(" in declared.get(name, "") for name in _DECISIVE):
        return True
    return _is_cut(declared) or _is_moved(declared) or _is_faded(declared)


def _is_moved(declared: Mapping[str, str]) -> bool:
    moved = declared.get("transform", "")
    far = any(abs(_amount(declared.get(name, ""))) >= 300 for name in _MEASURED)
    return far or declared.get("position") in {"absolute", "fixed"} or any(word in moved for word in _MOVING)


def _is_faded(declared: Mapping[str, str]) -> bool:
    faded = any(word in declared.get("filter", "") for word in _FADING)
    small = any(_VALUE.match(declared.get(n, "")) and _amount(declared[n]) < least for n, least in _LEAST.items())
    return faded or small or any(declared.get(name, "none") not in {"none", "auto", "initial"} for name in _CONCEALING)


def _is_cut(declared: Mapping[str, str]) -> bool:
    cut = any(declared.get(name, "visible") != "visible" for name in ("overflow", "overflow-x", "overflow-y"))
    return cut and any(_VALUE.match(declared.get(name, "")) and is_tiny(declared[name]) for name in _NARROW)


def _amount(value: str) -> float:
    found = _VALUE.match(value)
    if found is None:
        return 0.0
    return float(found[1]) / (100 if found[2] == "%" else 1) * (16 if found[2] in {"em", "rem"} else 1)


def is_tiny(value: str) -> bool:
    """Whether text of this size, or in so narrow a space, is no text to its readers."""
    found = _VALUE.match(value)
    return found is not None and float(found[1]) <= _TINY.get(found[2], 0.0)


def is_near(one: Colour, other: Colour) -> bool:
    """Whether text of the one colour is hard to see on the other."""
    return all(abs(a - b) <= _APART for a, b in zip(one, other, strict=True))


def sizes_of(font: str) -> list[str]:
    """The words of the short form that may be a size; a weight is none."""
    words = [word.partition("/")[0] for word in font.split()[:4]]
    return [word for word in words if word[:1] in "0123456789." and not (word.isdigit() and len(word) == 3)]


def front_of(value: str) -> Colour | None:
    """The colour of text; None where it is faint or may be any. What names no colour changes nothing: it is black."""
    if _FAINT_TOO.search(value) is not None or value == "transparent" or _UNKNOWN.search(value) is not None:
        return None
    return ground_of(value) or (None if "(" in value else (0, 0, 0))


def ground_of(value: str) -> Colour | None:
    """The colour of a ground; None where it is none, or lets another through."""
    if _PALE.search(value) is not None:
        return _WHITE
    turned = _HSL.search(value)
    if turned is None:
        return colour(value) if _FAINT_TOO.search(value) is None else None
    try:
        hue, full, light = (float(number) for number in turned.groups())
    except ValueError:
        return _WHITE
    red, green, blue = colorsys.hls_to_rgb(hue / 360 % 1, min(light, 100) / 100, min(full, 100) / 100)
    return round(red * 255), round(green * 255), round(blue * 255)


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
