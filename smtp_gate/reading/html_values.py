"""What stands in the attributes, scripts, styles and odd tags of a page: decoded, and pages and files written into it."""

import html
import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, unquote_to_bytes

import re2
from selectolax.lexbor import LexborHTMLParser

from smtp_gate.reading.html_style import unescape
from smtp_gate.reading.transfer import decode_base64

MOST: Final = 200
"""Files and pages within one page that are looked at."""

_PERCENT: Final = re2.compile(rb"%[0-9A-Fa-f]{2}")
_CODED: Final = re.compile(r"\\x([0-9A-Fa-f]{2})|\\u([0-9A-Fa-f]{4})|\\u\{([0-9A-Fa-f]{1,6})\}")
_STRINGS: Final = re.compile(r"[\"'`]\s*(?:\+\s*)?[\"'`]")
_CONTENT: Final = re.compile(r"content\s*:\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_SPLIT: Final = re2.compile(rb"[0-9][-. ]?[\"'`]\s*(?:\+\s*)?[\"'`][-. ]?[0-9]")
_ODD: Final = re.compile(
    r"<[!?](?!--|\[endif|\[if)[^<>]*>?|</[A-Za-z][^\s<>]*[\s/][^<>]*>?|<[/]?[A-Za-z][^\s<>=]*[0-9]{2}[^<>=]*>?|<[A-Za-z][^\s<>=]*\s[^<>=]*[0-9][^<>=]*>?"
)
_DATA: Final = re.compile(r"data:([\w.+-]*/?[\w.+-]*)((?:;[\w=.+\"'-]*)*),", re.IGNORECASE)
_DATA_END: Final = re.compile(r"[\"'<>)\\]")


@dataclass(frozen=True, slots=True)
class Embedded:
    """A file written into a page as a `data:` URI (RFC 2397), decoded."""

    media_type: str
    content: bytes = field(repr=False)


def decoded_values(attributes: str, scripts: list[str]) -> str:
    """Attributes, scripts and styles with their escapes undone, where there are any: percent signs, backslashes, strings cut
    in pieces, and what a style sheet puts before and after elements.
    """
    out: list[str] = []
    if "%" in attributes and _PERCENT.search(attributes.encode("utf-8", "replace")) is not None:
        coded = "\n".join(line for line in attributes.split("\n") if "%" in line)
        out.append(unquote(coded.replace("+", " ") if "+" in coded else coded))
        if "%25" in coded:
            out.append(unquote(out[-1]))
    for script in (*scripts, attributes) if "\\" in attributes else scripts:
        if "\\" in script:
            out += [unescape(script), _CODED.sub(_character, script)]
    for script in [*scripts, *out]:
        if _SPLIT.search(script.encode("utf-8", "replace")) is not None:
            out.append(_STRINGS.sub("", script))
        if "content" in script:
            shown = [a or b for a, b in _CONTENT.findall(script)]
            if len(shown) > 1:
                out.append("".join(shown))
    return "\n".join(dict.fromkeys(out))


def _character(found: re.Match[str]) -> str:
    point = int(found[1] or found[2] or found[3], 16)
    return chr(point) if 0x20 <= point < 0xD800 or 0xDFFF < point <= 0x10FFFF else ""


def odd_tags(source: str) -> str:
    """Tags that are more than a name yet carry no attribute, declarations and instructions: browsers show none of them."""
    found = dict.fromkeys(tag for tag in _ODD.findall(source) if len(tag) > 9)
    cut = source.rfind("<")
    if cut >= 0 and source.find(">", cut) < 0:
        # Parsers drop a tag that nothing closes.
        found[source[cut:]] = None
    joined = "\n".join(found)
    return html.unescape(joined) if "&" in joined else joined


def inner_pages(tree: LexborHTMLParser) -> tuple[str, ...]:
    """The pages that frames carry in an attribute (HTML, section 4.8.5)."""
    return tuple(page for node in tree.css("[srcdoc]")[:MOST] if (page := node.attributes.get("srcdoc")))


def embedded_files(values: str) -> tuple[tuple[Embedded, ...], bool]:
    """The `data:` URIs in attributes and styles, and whether there are more than are looked at. Linear."""
    found: list[Embedded] = []
    at = 0
    while (begin := _DATA.search(values, at)) is not None:
        if len(found) >= MOST:
            return tuple(found), True
        ends = _DATA_END.search(values, begin.end())
        at = ends.start() if ends is not None else len(values)
        payload = values[begin.end() : at]
        octets = unquote_to_bytes(payload)
        if "base64" in begin[2].lower():
            octets = decode_base64(octets)[0]
        if octets:
            found.append(Embedded(begin[1].lower() or "text/plain", octets))
    return tuple(found), False
