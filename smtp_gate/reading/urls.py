"""Links: found in text and taken from markup, with the text shown for them."""

from typing import Final

import re2

from smtp_gate.core.view import Link, Text

# One pass of RE2: schemes with an authority, mailto, data and script links, hosts that begin with www, and bare hosts of
# common top-level domains with a path, as shorteners are written.
_URL: Final = re2.compile(
    r"(?i)\b(?:(?:https?|ftps?|hxxps?|file|ws|wss)[ \t]?:[\\/]{2}|mailto:|javascript:|data:[a-z]+/[a-z]|www[.]|"
    r"[a-z0-9](?:[a-z0-9-]*\.)+(?:com|net|org|io|co|ly|me|info|biz|xyz|top|click|link|site|online|app|dev|ru|cn|gl|gd|cc|tk|us|"
    r"uk|eu|de)/)[^\s<>\"`{}|^]+"
)
_LONGEST: Final = 4096
_TRAILING: Final = ".,;:!?'*_~\u2019\u201d\u00bb"
_PAIRS: Final = {")": "(", "]": "[", ">": "<"}


def links_of(text: Text, room: int) -> tuple[list[Link], bool]:
    """The links written out in a text, at most `room`, and whether there were more."""
    octets = text.octets
    found: list[Link] = []
    if b":" not in octets and b"/" not in octets and b"ww." not in octets and b"WW." not in octets:
        return found, False
    spots = [m.span() for m in _URL.finditer(octets)]
    seen: set[str] = set()
    for start, end in spots:
        target = trimmed(octets[start : min(end, start + _LONGEST)].decode("utf-8", "replace"))
        if target in seen:
            continue
        seen.add(target)
        if len(found) >= room:
            return found, True
        at = start if text.is_ascii else len(octets[:start].decode("utf-8", "replace"))
        found.append(Link(target, "", text.part, text.span_at(at).region))
    return found, False


def trimmed(target: str) -> str:
    """Without the punctuation that a sentence puts behind a link, and without a bracket opened before it."""
    surplus = {close: target.count(close) - target.count(opening) for close, opening in _PAIRS.items()}
    end = len(target)
    while end:
        last = target[end - 1]
        if surplus.get(last, 0) > 0:
            surplus[last] -= 1
        elif last not in _TRAILING:
            break
        end -= 1
    return target[:end]
