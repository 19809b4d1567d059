"""The text of a message's own body as its recipients see it: of alternatives the one shown, without what a page hides.

Law 8 reads everything that anybody could see. What somebody must have said is the other way round: it counts only where
everybody sees it, so the readings of the view are not enough here.
"""

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from selectolax.lexbor import LexborHTMLParser

from smtp_gate.core.view import MessageView, Part, Region, RegionKind, Text
from smtp_gate.reading.charset import decode_octets
from smtp_gate.reading.html_bounds import too_costly
from smtp_gate.reading.html_hidden import CLOSE, HIDING_MARKS, OPEN, mark_hidden
from smtp_gate.reading.leaves import Leaves
from smtp_gate.reading.limits import Limits
from smtp_gate.reading.regions import Author
from smtp_gate.reading.sink import Sink
from smtp_gate.reading.text import CONTROLS

_LETTERS: Final = frozenset({"text/plain", "text/html", "text/enriched", "text/richtext", "application/xhtml+xml"})
"""What mail programs show as the letter itself; a calendar or a card beside it is none."""
_PAGES: Final = frozenset({"text/html", "application/xhtml+xml"})
_SAID: Final = (RegionKind.OWN, RegionKind.SIGNATURE)
_OPENING_TAG: Final = re.compile(r"<[A-Za-z][^<>]*>?")
_MARKS: Final = re.compile(f"[{HIDING_MARKS}]")
_REFERENCE: Final = re.compile(r"&#(?:x0*(?:e|f|1[01])(?![0-9a-f])|0*1[4-7](?![0-9]));?", re.IGNORECASE)
"""A reference to one of the characters that stand for marks."""
_UNSHOWN: Final = ["script", "style", "title", "template"]
# A picture stands in plain text as a note of the mail program's.
_PICTURE: Final = re.compile(r"\[(?:cid|image|inline)\b[^\]\n]*\]|<[^<>\s]*:[^<>\s]*>", re.IGNORECASE)


def letters(view: MessageView) -> tuple[Text, ...]:
    """The texts that make up the letter, in order, each with its regions; attachments and hidden elements are no part of it.

    Of a `multipart/alternative` it is the page, which nearly every reader is shown; where there is none with own words,
    it is the plain text.
    """
    children: dict[str, list[Part]] = {}
    for part in view.parts:
        if part.part != "0":
            children.setdefault(outer(part.part), []).append(part)
    readings = {t.part: t for t in view.texts if t.reading in {"plain", "html"} and _is_inside(t)}
    author = Author(next((box.display for box in view.mailboxes if box.field == "from"), ""))
    root = next(iter(view.parts), None)
    return tuple(_shown(root, children, readings, author)) if root is not None else ()


def outer(number: str) -> str:
    """The number of the part around a part."""
    if number.endswith("!1"):
        return number[:-2]
    return number.rpartition(".")[0] or "0"


def own_words(text: Text) -> bool:
    """Whether its author wrote any word of it, a signature included."""
    said = _PICTURE.sub("", text.region_text(*_SAID))
    return any(char.isalnum() for char in said)


def _is_inside(text: Text) -> bool:
    return all(span.region.kind is not RegionKind.ATTACHMENT for span in text.spans)


def _shown(
    part: Part, children: Mapping[str, list[Part]], readings: Mapping[str, Text], author: Author
) -> Iterator[Text]:
    inside = children.get(part.part, ())
    if part.media_type == "multipart/alternative":
        yield from _chosen([(p, list(_shown(p, children, readings, author))) for p in inside])
    elif inside and not part.media_type.startswith("message/"):
        for one in inside:
            yield from _shown(one, children, readings, author)
    elif part.media_type in _LETTERS and part.part in readings:
        text = readings[part.part]
        seen = _visible(part, author) if text.reading == "html" else text
        if seen is not None:
            yield seen


def _chosen(alternatives: list[tuple[Part, list[Text]]]) -> Iterable[Text]:
    """The first with a page that says something of its author's, else the plain text, else whatever is last."""
    telling = [(part, texts) for part, texts in alternatives if any(map(own_words, texts))]
    for wanted in (_has_page, _is_plain):
        found = next((texts for part, texts in telling if wanted(part, texts)), None)
        if found is not None:
            return found
    candidates = telling or [(part, texts) for part, texts in alternatives if texts]
    return candidates[-1][1] if candidates else ()


def _has_page(part: Part, texts: list[Text]) -> bool:
    return part.media_type in _PAGES or (part.container and any(t.reading == "html" for t in texts))


def _is_plain(part: Part, texts: list[Text]) -> bool:  # noqa: ARG001 - the form of a question
    return part.media_type == "text/plain"


def _visible(part: Part, author: Author) -> Text | None:
    """The page as it shows; None where it shows nothing."""
    source = visible_source(decode_octets(part.content, part.charset)[0])
    sink = Sink(Limits(), len(source))
    Leaves(sink, author).textual(
        part.part, source.encode("utf-8", "replace"), ("utf-8",), "html", Region(RegionKind.OWN)
    )
    return next((t for t in sink.texts if t.reading in {"html", "plain"}), None)


def visible_source(source: str) -> str:
    """A page without the elements that no screen shows; as it is where it nests too deep to be looked into."""
    source = _without_controls(source)
    tags = list(dict.fromkeys(_OPENING_TAG.findall(source)))
    if too_costly(source, tags, cut=True, depth=Limits().html_depth):
        return source
    tree = LexborHTMLParser(source)
    sheets = [node.text() for node in tree.css("style")]
    tree.strip_tags(_UNSHOWN)
    attributes = html.unescape("\n".join(tags)) + " hidden"
    mark_hidden(tree, attributes.encode("utf-8", "replace"), sheets)
    return "".join(_kept(tree.html or ""))


def _without_controls(source: str) -> str:
    """The source without control characters, however they are written: they would pass for marks."""
    octets = source.encode("utf-8", "replace").translate(None, CONTROLS)
    return _REFERENCE.sub("", octets.decode("utf-8"))


def _kept(marked: str) -> Iterator[str]:
    """What stands outside of the marks around hidden elements; what is hidden on some screens only is kept."""
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
