"""The text of a message's own body as its recipients see it: of alternatives the ones shown, without what a page hides.

Law 8 reads everything that anybody could see. What somebody must have said is the other way round: it counts only where
everybody sees it, so the readings of the view are not enough here. And whether somebody said anything at all is told
without what only programs see: an element that is called a quote is one only where its readers see that it is.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import re2
from selectolax.lexbor import LexborHTMLParser, LexborNode

from smtp_gate.core.view import MessageView, Part, Region, RegionKind, Text
from smtp_gate.reading import html_hidden, phrases
from smtp_gate.reading.attributions import surely_own
from smtp_gate.reading.charset import decode_octets
from smtp_gate.reading.html_hidden import CLOSE, HIDING_MARKS, OPEN
from smtp_gate.reading.html_quotes import NO_WORDS, parsed, reached, unclaimed
from smtp_gate.reading.html_style import Colour, declarations, rules
from smtp_gate.reading.leaves import Leaves
from smtp_gate.reading.limits import Limits
from smtp_gate.reading.regions import Author, own_words
from smtp_gate.reading.sink import Sink

MOST: Final = 8
"""Alternatives that may each be the one shown; of more the last ones, which readers prefer."""

_PAGES: Final = frozenset({"text/html", "application/xhtml+xml"})
_FILES: Final = frozenset({"text/vcard", "text/x-vcard", "text/directory", "text/rfc822-headers"})
"""Texts that mail programs show as what they hold, not as a letter."""
_NO_TEXT: Final = frozenset({"application", "audio", "chemical", "font", "image", "message", "model", "video"})
_MARKS: Final = re.compile(f"[{HIDING_MARKS}]")
_UNSHOWN: Final = [
    *NO_WORDS, "noscript", "noframes", "noembed", "object", "embed", "applet", "iframe", "audio", "video", "canvas", "svg",
    "math", "select", "datalist", "option", "textarea", "input", "progress", "meter", "rp", "rt", "map", "frameset",
]  # fmt: skip
"""What readers show in one way or another, or not at all."""
_ID: Final = re.compile(r"<[^<>\s]+>")
_FORWARDS: Final = re.compile(r"[ \t]*(?:fwd?|wg|tr|rv|enc|doorst|vs|vb|i)[ \t]*:", re.IGNORECASE)
_RULED_OFF: Final = re2.compile(
    rf"(?i)<hr\b[^<>]*>(?:\s|&nbsp;|<[^<>]*>)*(?:{phrases.FROM})(?:\s|&nbsp;|<[^<>]*>)*[:\x{{ff1a}}]"
)
_LOOKS: Final = html_hidden.INHERITED | {"background", "background-color"}
_RULES, _ELEMENTS, _STEPS = 400, 60_000, 300_000
"""A page with more of them than this is not gone through: nothing in it is surely seen."""
_DARK: Final = re.compile(r"@media[^{}@]*prefers-color-scheme\s*:\s*dark[^{}@]*\{(?:[^{}@]*\{[^{}@]*\})*[^{}@]*\}")
"""What a sheet says for dark screens, whose ground is another."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A part of a letter: what every reader surely sees, None where nothing; and whether its author wrote a word of it."""

    text: Text | None
    says: bool


def letters(view: MessageView) -> tuple[tuple[Shown, ...], ...]:
    """The letter, once for each alternative that readers may be shown in place of the plain text.

    Where no alternative but the plain ones says anything, it is the last of those. Attachments are no part of a letter.
    """
    root = next(iter(view.parts), None)
    return tuple(tuple(variant) for variant in _Letter(view).variants(root)) if root is not None else ()


def outer(number: str) -> str:
    """The number of the part around a part."""
    if number.endswith("!1"):
        return number[:-2]
    return number.rpartition(".")[0] or "0"


def answers(view: MessageView) -> bool:
    """Whether its headers name a message that it answers."""
    return any(_ID.search(said) for name in ("in-reply-to", "references") for said in view.all_headers(name))


def bears_words(part: Part) -> bool:
    """Whether mail programs show the part as text of the letter: unknown kinds of text too (RFC 2046, section 4.1.4), and
    what should have parts and has none.
    """
    if part.container or part.disposition == "attachment":
        return False
    kind = part.media_type
    return kind in _PAGES or (kind.partition("/")[0] not in _NO_TEXT and kind not in _FILES)


class _Letter:
    """Reads the parts of one message."""

    def __init__(self, view: MessageView) -> None:
        name = next((box.display for box in view.mailboxes if box.field == "from"), "")
        forwards = _FORWARDS.match(view.header("subject")) is not None
        self.author = Author(name, forwards)
        self.doubted = Author(name, forwards, answers=forwards or answers(view))
        self.begun = False
        self.children: dict[str, list[Part]] = {}
        for part in view.parts:
            # What only another parser sees is no part of the tree.
            if part.part != "0" and not part.part.startswith("s"):
                self.children.setdefault(outer(part.part), []).append(part)

    def variants(self, part: Part) -> list[list[Shown]]:
        """What readers may be shown of it, the likeliest last."""
        inside = self.children.get(part.part, ())
        if part.media_type == "multipart/alternative" and part.container:
            return _required([(p, self.variants(p)) for p in inside])
        if inside and (part.container or part.part + "!1" == inside[0].part):
            found = [self.variants(p) for p in inside] if not part.media_type.startswith("message/") else []
            most = max(map(len, found), default=1)
            return [[s for one in found for s in one[-min(n, len(one))]] for n in range(most, 0, -1)]
        return [[self.leaf(part)]] if bears_words(part) and part.content.strip() else [[]]

    def leaf(self, part: Part) -> Shown:
        """A text; one that is named as a file says something, but signs nothing unless it is the first."""
        page = part.media_type in _PAGES or part.kind in {"html", "xml"}
        shown = self.page(part) if page else self.plain(part)
        if self.begun and part.names:
            return replace(shown, text=None)
        self.begun = self.begun or shown.says
        return shown

    def plain(self, part: Part) -> Shown:
        """Plain text: doubt only makes more of it the author's own, so it is asked where there is nothing yet."""
        charsets = (part.charset, *part.charsets)
        said = _read(part, part.content, charsets, "text", self.author)
        says = said is not None and own_words(said)
        if not says and not self.doubted.answers:
            doubted = _read(part, part.content, charsets, "text", self.doubted)
            says = doubted is not None and own_words(doubted)
        return Shown(surely_own(said, self.author.name), says)

    def page(self, part: Part) -> Shown:
        """A page: what it hides cannot be signed, and what it calls a quote must look like one."""
        source = decode_octets(part.content, part.charset)[0]
        shown = visible_source(source)
        if shown is None:
            return Shown(None, says=True)
        ruled = _RULED_OFF.sub(lambda found: '<a name="_MailOriginal"></a>' + found.group(0), shown)
        said = _read_page(part, ruled, self.author)
        # Neither what is hidden nor what hidden lines announce must pass for somebody else's words.
        doubted = (_read_page(part, unclaimed(page) or "", self.doubted) for page in (source, shown))
        return Shown(surely_own(said, self.author.name), any(text is not None and own_words(text) for text in doubted))


def _required(alternatives: list[tuple[Part, list[list[Shown]]]]) -> list[list[Shown]]:
    """Those that say something and may be shown in place of the plain text, and the last; a calendar only by itself."""
    telling = [(p, [v for v in found if any(s.says for s in v)]) for p, found in alternatives]
    telling = [(p, found) for p, found in telling if found]
    telling = [(p, found) for p, found in telling if p.media_type != "text/calendar"] or telling
    if not telling:
        return next((found for _, found in reversed(alternatives) if any(found)), [[]])
    wanted = [v for p, found in telling[:-1] if p.media_type != "text/plain" for v in found]
    return [*wanted, *telling[-1][1]][-MOST:]


def _read_page(part: Part, source: str, author: Author) -> Text | None:
    return _read(part, source.encode("utf-8", "replace"), ("utf-8",), "html", author)


def _read(part: Part, octets: bytes, charsets: tuple[str, ...], kind: str, author: Author) -> Text | None:
    sink = Sink(Limits(), len(octets))
    Leaves(sink, author).textual(part.part, octets, charsets, kind, Region(RegionKind.OWN))
    return next((t for t in sink.texts if t.reading in {"html", "plain"}), None)


def visible_source(source: str) -> str | None:
    """A page without the elements that not every screen shows; None where it is too large or too deep to be looked into."""
    tree = parsed(source)
    if tree is None:
        return None
    sheets = [node.text() for node in tree.css("style")]
    tree.strip_tags(_UNSHOWN)
    for node in tree.css("details:not([open]),dialog:not([open])"):
        node.insert_before(OPEN)
        node.insert_after(CLOSE)
    return "".join(_kept(tree.html or "")) if _mark_unsure(tree, sheets) else None


def _kept(marked: str) -> Iterator[str]:
    """What stands outside of the marks around hidden elements."""
    at = depth = 0
    for mark in _MARKS.finditer(marked):
        if not depth:
            yield marked[at : mark.start()]
        at = mark.end()
        if mark[0] == OPEN:
            depth += 1
        elif mark[0] == CLOSE and depth:
            depth -= 1
    if not depth:
        yield marked[at:]


@dataclass(frozen=True, slots=True)
class _Look:
    """How text looks in an element: its possible colours, what is behind it, and whether it is too small or not shown."""

    fronts: frozenset[Colour] = frozenset({(0, 0, 0)})
    back: Colour = (255, 255, 255)
    tiny: bool = False
    unseen: bool = False

    @property
    def is_seen(self) -> bool:
        """Whether it can be read whichever of its styles holds."""
        return not (self.tiny or self.unseen or any(html_hidden.is_near(f, self.back) for f in self.fronts))


def _mark_unsure(tree: LexborHTMLParser, sheets: list[str]) -> bool:
    """Put marks around what some reader may not see; False where the page is too large to tell.

    Every rule counts, whichever would win. Only an own style outdoes them, and only where no sheet says `!important`.
    """
    ruled = _ruled(tree, sheets)
    forced = any("important" in sheet.lower() for sheet in sheets)
    looks: dict[int, _Look | None] = {}
    hidden: list[LexborNode] = []
    for node in tree.root.traverse(include_text=True) if tree.root is not None and ruled is not None else ():
        parent = node.parent
        look = looks.get(parent.mem_id, _Look()) if parent is not None else _Look()
        if look is not None and node.is_element_node:
            look = _look_of(node, ruled.get(node.mem_id, []), look, forced=forced) if ruled is not None else None
            looks[node.mem_id] = look
            if look is None:
                hidden.append(node)
        elif look is None:
            looks[node.mem_id] = None
        elif node.is_text_node and not look.is_seen:
            hidden.append(node)
    for node in hidden:
        node.insert_before(OPEN)
        node.insert_after(CLOSE)
    return ruled is not None


def _ruled(tree: LexborHTMLParser, sheets: list[str]) -> dict[int, list[Mapping[str, str]]] | None:
    """What rules say of each element; None where it takes too many steps to tell."""
    said = [_DARK.sub("", sheet.lower()) if "dark" in sheet.lower() else sheet for sheet in sheets]
    by_rule = [
        r
        for sheet in said
        for r in rules(sheet)
        if _LOOKS & r.declarations.keys() or html_hidden.conceals(r.declarations)
    ]
    elements = steps = len(tree.css("*"))
    ruled: dict[int, list[Mapping[str, str]]] = {}
    for rule in by_rule[: _RULES + 1]:
        found = reached(tree, rule.selector, elements) if steps < _STEPS else ()
        steps += len(found)
        for node in found:
            ruled.setdefault(node.mem_id, []).append(rule.declarations)
    return ruled if len(by_rule) <= _RULES and elements < _ELEMENTS and steps < _STEPS else None


def _look_of(node: LexborNode, by_rules: list[Mapping[str, str]], around: _Look, *, forced: bool) -> _Look | None:
    """How an element's text looks; None where it may not be shown at all."""
    attributes = node.attributes
    if not attributes and not by_rules:
        return around
    own = declarations(attributes.get("style") or "")
    for name in ("color", "bgcolor", "text"):
        if attributes.get(name) and (name != "text" or node.tag == "body"):
            own.setdefault("background-color" if name == "bgcolor" else "color", (attributes[name] or "").lower())
    if "hidden" in attributes or "popover" in attributes or any(map(html_hidden.conceals, (*by_rules, own))):
        return None
    look = replace(around, fronts=frozenset({(0, 0, 238)})) if node.tag == "a" and "href" in attributes else around
    by_name: dict[str, list[str]] = {}
    for declared in (*by_rules, own):
        for name in _LOOKS & declared.keys():
            if declared is own and not forced:
                by_name[name] = []
            by_name.setdefault(name, []).append(declared[name])
    return _with_styles(look, by_name) if by_name else look


def _with_styles(look: _Look, by_name: Mapping[str, list[str]]) -> _Look | None:
    fronts = [
        html_hidden.front_of(v) for v in by_name.get("color", ()) if v not in {"inherit", "unset", "currentcolor"}
    ]
    if None in fronts:
        return None
    grounds = [*by_name.get("background", ()), *by_name.get("background-color", ())]
    backs = [back for back in map(html_hidden.ground_of, grounds) if back is not None]
    sizes = [
        *by_name.get("font-size", ()),
        *(word for value in by_name.get("font", ()) for word in html_hidden.sizes_of(value)),
    ]
    sized = any(size in html_hidden.SIZES or (size[:1].isdigit() and not size.endswith(("em", "%"))) for size in sizes)
    visible = [value for value in by_name.get("visibility", ()) if value != "inherit"]
    return _Look(
        frozenset(front for front in fronts if front is not None) or look.fronts,
        backs[-1] if backs else look.back,
        any(map(html_hidden.is_tiny, sizes)) or (look.tiny and not sized),
        any(value != "visible" for value in visible) if visible else look.unseen,
    )
