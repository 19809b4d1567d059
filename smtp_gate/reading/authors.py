"""Who a message says has written it, and every doubt about that: mail readers disagree on odd From lines.

Whatever one reader may show as the author counts, so a line that more than one address can be read from is a doubt.
"""

import re
from collections.abc import Iterator
from typing import Final

from smtp_gate.core.view import Header, MessageView
from smtp_gate.reading.domains import canonical_domain
from smtp_gate.reading.words import decode_words

ROOM: Final = 2_000
"""Characters of a line that are looked at; a longer one is a doubt in itself."""
MOST: Final = 20
"""Addresses that one line may name before it is a doubt in itself."""
OTHERS: Final = ("sender", "reply-to", "resent-from", "resent-sender", "resent-reply-to")
"""The headers beside From that say who sends or who reads the answers."""

_DEFECTS: Final = {
    "duplicate_from": "several_from_lines",
    "duplicate_sender": "several_sender_lines",
    "duplicate_reply_to": "several_reply_to_lines",
    "several_authors": "several_authors",
    "no_author": "no_author",
    "from_disagrees": "readers_disagree",
}
# An address begins where nothing of it stands before, so that a run of letters is looked at once.
_ADDRESS: Final = re.compile(
    r"(?<![^\s<>()\[\]\",;:@\\])([^\s<>()\[\]\",;:@\\]{1,256})@([^\s<>()\[\]\",;:@\\]{1,256}|\[[^\s\[\]@]{1,64}\])"
)
_AT: Final = re.compile("[@\uff20\ufe6b]")
_STRAY_AT: Final = re.compile(r"[^\s\"'(<\[]@|@\x01|@[ \t]{0,4}[^\s<>()\[\]\",;:@\\.]{1,64}\.[^\s<>()\[\]\",;:@\\.]")
"""An at sign that hangs on something, or leads to a domain; a handle (`@city`) and one between words are none."""
_QUOTED_LOCAL: Final = re.compile(r"\"([\w.+-]{1,64})\"(?=@)")
_WORD: Final = re.compile(r"=\?[^?\s]{1,80}\?[BbQq]\?[^?]{0,2000}\?=")
_ODD: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u2069\u2800"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb]"
)
_COMMENT: Final = re.compile(r"\([^()]{0,2000}\)|\"(?:[^\"\\]|\\.){0,2000}\"")
"""A comment, or a quoted string, which no reader squeezes."""
_IN_COMMENT: Final = re.compile(r"\(([^()]{1,500})\)")
_ROUTES: Final = re.compile(r"[%!@]")
_WORD_IN_ADDRESS: Final = re.compile(r"<[^<>]{0,500}=\?|\?=\s{0,4}@|@\s{0,4}=\?")
_GROUP: Final = re.compile(r'(?:[^<"(@:]|"(?:[^"\\]|\\.){0,500}"|\([^()]{0,500}\)){0,500}:')
# Some readers pass over odd octets before a name, and white space or NUL behind it.
_FIELD: Final = re.compile(rb"(?im)^[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\xff]{0,6}from[\t \x00]{0,20}:")
_FIRST: Final = re.compile(rb"(?i)[\t ]{1,20}from[\t \x00]{0,20}:")


def doubts(view: MessageView) -> tuple[str, ...]:
    """Why nobody can be sure who the author is, as short words in a stable order; empty for an ordinary message."""
    found = {_DEFECTS[d.name] for d in view.defects if d.name in _DEFECTS and d.part in {"", "0"}}
    lines = [h for h in view.headers if h.key == "from"]
    if len(lines) > 1:
        return tuple(sorted(found | {"several_from_lines"}))
    for header in lines:
        found.update(f"{word}_author" for word in _line_doubts(header, view))
        if _GROUP.match(_WORD.sub("w", header.raw.decode("utf-8", "replace")[:ROOM])) is not None:
            found.add("group_author")
    if _stray(view):
        found.add("several_from_lines")
    return tuple(sorted(found))


def unclear(view: MessageView) -> tuple[str, ...]:
    """The headers of OTHERS that raise such a doubt, or that name more people than they may."""
    found = dict.fromkeys(h.key for h in view.headers if h.key in OTHERS and any(True for _ in _line_doubts(h, view)))
    for name in OTHERS:
        most = 1 if name in {"sender", "resent-sender"} else MOST
        if len(view.mailboxes_of(name)) > most:
            found[name] = None
    return tuple(found)


def other_addresses(view: MessageView) -> tuple[str, ...]:
    """Addresses that the From line shows beside those it holds: in a display name, a comment or behind a bracket."""
    header = next((h for h in view.headers if h.key == "from"), None)
    return _others(header, view) if header is not None else ()


def comments(view: MessageView, field: str) -> tuple[str, ...]:
    """What stands in brackets in the lines of a header, which some readers show as a name."""
    values = (h.value[:ROOM] for h in view.headers if h.key == field)
    return tuple(found[1] for value in values for found in _IN_COMMENT.finditer(value))[:MOST]


def _line_doubts(header: Header, view: MessageView) -> Iterator[str]:
    raw = header.raw.decode("utf-8", "replace")
    boxes = view.mailboxes_of(header.key)
    if len(raw) > ROOM:
        yield "long"
        return
    if any(not box.domain for box in boxes):
        yield "unreadable"
    if _WORD_IN_ADDRESS.search(raw) is not None:
        yield "encoded"
    if any(_ROUTES.search(box.local) is not None for box in boxes):
        yield "rerouted"
    words = decode_words(raw)
    decoded = _plain(words)
    if _ODD.search(decoded.replace("\r\n", "")) is not None:
        yield "control_in"
    if _others(header, view):
        yield "other_address_in"
    # An at sign of another width is in no name.
    if decoded.count("@") > words.count("@") or _STRAY_AT.search(_ADDRESS.sub("\x01", decoded)) is not None:
        yield "stray_at_in"


def _others(header: Header, view: MessageView) -> tuple[str, ...]:
    known = {box.key for box in view.mailboxes_of(header.key) if box.key}
    return tuple(dict.fromkeys(key for key in _shown(header) if key not in known))


def _shown(header: Header) -> Iterator[str]:
    """Every address that could be read from the line, encoded words decoded or not, comments and quotes opened."""
    raw = header.raw.decode("utf-8", "replace")[:ROOM]
    # Some readers pass over white space and comments within an address, but not between quotes.
    squeezed = "".join(_COMMENT.sub("", raw).split())
    for text in dict.fromkeys((raw, decode_words(raw), squeezed)):
        for found in _ADDRESS.finditer(_plain(text)):
            yield _key(found[1], found[2])


def _plain(text: str) -> str:
    """One kind of at sign, and a local part without quotes that it does not need."""
    return _QUOTED_LOCAL.sub(r"\1", _AT.sub("@", text))


def _key(local: str, domain: str) -> str:
    """The address as look-ups compare it; the apostrophes that some programs put around one are no part of it."""
    local, domain = local.lstrip("'"), domain.rstrip("'.")
    try:
        plain = canonical_domain(domain.encode())
    except UnicodeEncodeError:
        plain = None
    return f"{local}@{plain or domain}".casefold()


def _stray(view: MessageView) -> bool:
    """Whether the header block holds another line that some reader takes for From."""
    content = view.message.content
    end = content.find(b"\r\n\r\n")
    found = len(_FIELD.findall(content, 0, end if end >= 0 else len(content)))
    # White space before the name makes a line a fold, but nothing is folded above the first line.
    return found + (_FIRST.match(content) is not None) > 1
