"""Who a message says has written it, and every doubt about that: mail readers disagree on odd From lines.

Whatever one reader may show as the author counts, so a line that more than one address can be read from is a doubt.
"""

import re
from collections.abc import Iterator
from typing import Final

from smtp_gate.core.view import Header, MessageView
from smtp_gate.reading.domains import canonical_domain
from smtp_gate.reading.words import decode_words

ROOM: Final = 8_000
"""Characters of a From line that are looked at; a longer one is a doubt in itself."""

_DEFECTS: Final = {
    "duplicate_from": "several_from_lines",
    "duplicate_sender": "several_sender_lines",
    "duplicate_reply_to": "several_reply_to_lines",
    "several_authors": "several_authors",
    "no_author": "no_author",
    "from_disagrees": "readers_disagree",
}
_ADDRESS: Final = re.compile(r"([^\s<>()\[\]\",;:@\\]+)@([^\s<>()\[\]\",;:@\\]+|\[[^\s\[\]@]+\])")
_AT: Final = re.compile("[@\uff20\ufe6b]")
_ODD: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]"
)
_COMMENT: Final = re.compile(r"\([^()]*\)")
_ROUTES: Final = re.compile(r"[%!]")
_WORD_IN_ADDRESS: Final = re.compile(r"<[^>]*=\?|=\?[^?]*\?[BbQq]\?[^?]*\?=\s*@|@\s*=\?")
_GROUP: Final = re.compile(r'^(?:[^<"(@:]|"(?:[^"\\]|\\.)*"|\([^()]*\))*:')
_FIELD: Final = re.compile(rb"(?im)^[\t \x00]*from[\t \x00]*:")


def doubts(view: MessageView) -> tuple[str, ...]:
    """Why nobody can be sure who the author is, as short words in a stable order; empty for an ordinary message."""
    found = {_DEFECTS[d.name] for d in view.defects if d.name in _DEFECTS and d.part in {"", "0"}}
    lines = [h for h in view.headers if h.key == "from"]
    for header in lines:
        found.update(_line_doubts(header, view))
    if len(lines) == 1 and _stray(view):
        found.add("several_from_lines")
    return tuple(sorted(found))


def other_addresses(view: MessageView) -> tuple[str, ...]:
    """Addresses that a From line shows beside those it holds: in a display name, a comment or behind a bracket."""
    known = {box.key for box in view.mailboxes_of("from") if box.key}
    shown = (key for h in view.headers if h.key == "from" for key in _shown(h))
    return tuple(dict.fromkeys(key for key in shown if key not in known))


def _line_doubts(header: Header, view: MessageView) -> Iterator[str]:
    raw = header.raw.decode("utf-8", "replace")
    boxes = [box for box in view.mailboxes_of("from") if box.field == "from"]
    if len(raw) > ROOM:
        yield "long_author"
        return
    if any(not box.domain for box in boxes):
        yield "unreadable_author"
    if _WORD_IN_ADDRESS.search(raw) is not None:
        yield "encoded_author"
    if _GROUP.match(raw) is not None:
        yield "group_author"
    if any(_ROUTES.search(box.local) is not None or "@" in box.local for box in boxes):
        yield "rerouted_author"
    decoded = decode_words(raw)
    if _ODD.search(decoded.replace("\r\n", "")) is not None:
        yield "control_in_author"
    if other_addresses(view):
        yield "other_address_in_author"
    if "@" in _ADDRESS.sub("", _AT.sub("@", decoded)):
        yield "stray_at_in_author"


def _shown(header: Header) -> Iterator[str]:
    """Every address that could be read from the line, encoded words decoded or not, comments and quotes opened."""
    raw = header.raw.decode("utf-8", "replace")[:ROOM]
    # Some readers pass over white space and comments within an address; between quotes nobody does.
    squeezed = "" if '"' in raw else "".join(_COMMENT.sub("", raw).split())
    for text in dict.fromkeys((raw, decode_words(raw), squeezed)):
        for found in _ADDRESS.finditer(_AT.sub("@", text)):
            yield _key(found[1], found[2])


def _key(local: str, domain: str) -> str:
    try:
        plain = canonical_domain(domain.rstrip(".").encode())
    except UnicodeEncodeError:
        plain = None
    return f"{local}@{plain or domain}".casefold()


def _stray(view: MessageView) -> bool:
    """Whether the header block holds another line that some reader takes for From: spaces before the colon or the name."""
    content = view.message.content
    end = content.find(b"\r\n\r\n")
    return len(_FIELD.findall(content, 0, end if end >= 0 else len(content))) > 1
