"""Elements by which mail programs mark quotes and signatures in HTML."""

import re
from collections.abc import Mapping
from typing import Final

import re2
from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from smtp_gate.reading.html_bounds import too_costly
from smtp_gate.reading.html_style import RULES, declarations, rules
from smtp_gate.reading.limits import Limits
from smtp_gate.reading.text import CONTROLS

QUOTE_OPEN: Final = "\x01"
QUOTE_CLOSE: Final = "\x02"
REST_QUOTED: Final = "\x03"
SIGNATURE: Final = "\x04"
MARKS: Final = QUOTE_OPEN + QUOTE_CLOSE + REST_QUOTED + SIGNATURE
"""Characters put into the text where such an element begins or ends."""

_QUOTES: Final = (
    ".gmail_quote,.gmail_attr,.yahoo_quoted,[id^=yahoo_quoted],.protonmail_quote,.tutanota_quote,.skiff_quote,.moz-cite-prefix,"
    ".moz-forward-container,#isReplyContent,#isForwardContent,#OLK_SRC_BODY_SECTION,.ms-outlook-mobile-reference-message,"
    "[name=messageReplySection],.hs_reply,.zmail_extra,[data-marker=__QUOTED_TEXT__]"
)
"""What stands in these is quoted: Gmail and K-9, Yahoo, Proton, Thunderbird, NetEase and QQ, Outlook for Mac, Spark, Zoho."""

_RESTS: Final = (
    "#appendonsend,#divRplyFwdMsg,#x_divRplyFwdMsg,#stopSpelling,.OutlookMessageHeader,#mail-editor-reference-message-container,"
    "#zwchr,[data-marker=__DIVIDER__],a[name=_MailOriginal]"
)
"""What follows these is: Outlook on the desktop, the web and phones, Hotmail, Zimbra."""

_SIGNATURES: Final = (
    ".gmail_signature,.gmail_signature_prefix,.moz-signature,#Signature,#ms-outlook-mobile-signature,.ms-outlook-mobile-signature,"
    ".protonmail_signature_block,#AppleMailSignature,#lineBreakAtBeginningOfSignature,[name=messageSignatureSection],"
    "[data-marker=__SIG_POST__],[data-marker=__SIG_PRE__],#composer_signature,.k9mail-signature,.front-signature,"
    ".sh-signature,[id^=Zm-_Id_-Sgn]"
)

_MARKED: Final = re2.compile(
    rb"(?i)_quote|_attr|yahoo_quoted|moz-|isReplyContent|isForwardContent|OLK_SRC|reference-message|messageReply|hs_reply|"
    rb"zmail_extra|__quoted_text|appendonsend|RplyFwd|stopSpelling|OutlookMess|zwchr|__divider|_MailOriginal|border-top|"
    rb"ignature|__sig_p|_Id_-Sgn"
)
_RULE_ABOVE: Final = re.compile(
    r"border-top\s*:[^;]*(?:#e1e1e1|#b5c4df|rgb\(\s*225\s*,\s*225\s*,\s*225\s*\)|rgb\(\s*181\s*,\s*196\s*,\s*223\s*\))",
    re.IGNORECASE,
)
_ASKED: Final = 50
"""Elements that are asked what they hold: one of many within each other would ask for the square of them."""
_INDENT: Final = re.compile(r"border\s*:\s*(?:none|0)", re.IGNORECASE)
NO_WORDS: Final = ["script", "style", "title", "template"]
_OPENING_TAG: Final = re.compile(r"<[A-Za-z][^<>]*>?")
_REFERENCE: Final = re.compile(r"&#(?:x0*(?:e|f|1[01])(?![0-9a-f])|0*1[4-7](?![0-9]));?", re.IGNORECASE)
"""A reference to one of the characters that stand for marks."""
_FEW: Final = 3_000
_MOVED: Final = re.compile(r":(?:hover|visited|active|focus|before|after|selection|placeholder|target|checked)|::|&")
_NAMED: Final = re.compile(r"(?:(?<=[\s>+~])|\A)([a-zA-Z][\w-]*)?((?:[.#][\w-]+){0,4})[^\s>+~]*\Z")
_SIMPLE: Final = re.compile(r"(?:[a-zA-Z][\w-]*|\*)?(?:[.#][\w-]+){0,4}")
_NUMBER: Final = re.compile(r"(?<![#\w.])(?:0?\.)?0*[1-9]|thin|medium|thick")
_INNER: Final = re.compile(r"\([^()]*\)")
"""A width that is not nothing; the digits of colours are none."""
_MEASURE: Final = re.compile(r"-?[0-9]{0,6}\.?[0-9]{1,6}")
_OUTLINE: Final = frozenset(
    (  # noqa: SIM905 - one word a line would hide the code
        "margin margin-left margin-inline margin-inline-start padding padding-left border border-left border-left-width"
    ).split()
)
_NO_GROUND: Final = frozenset({"", "none", "transparent", "white", "#fff", "#ffffff", "inherit", "initial", "unset"})


def has_marks(attributes: bytes) -> bool:
    """Whether any of the attributes of a page could be one of these elements'."""
    return _MARKED.search(attributes) is not None


def mark(tree: LexborHTMLParser) -> None:
    """Put the MARKS into the tree where elements stand for quotes and signatures; `blockquote` is another's to mark."""
    for node in tree.css(_SIGNATURES):
        node.insert_before(SIGNATURE)
    for node in tree.css(_RESTS):
        node.insert_before(REST_QUOTED)
    for node in tree.css("div[style]"):
        if _RULE_ABOVE.search(node.attributes.get("style") or ""):
            node.insert_before(REST_QUOTED)
    for number, node in enumerate(tree.css(_QUOTES)):
        gmail = number < _ASKED and (node.attributes.get("class") or "").startswith("gmail_quote")
        answered = gmail and node.css_first("blockquote") is not None
        # Gmail leaves answers between the lines inside of its quote, whose `blockquote` elements are marked by themselves.
        if node.tag != "blockquote" and not answered:
            node.insert_before(QUOTE_OPEN)
            node.insert_after(QUOTE_CLOSE)


def is_indent(attributes: Mapping[str, str | None]) -> bool:
    """Whether a `blockquote` only indents what its author wrote, as composing windows do."""
    style = attributes.get("style") or ""
    return "cite" not in (attributes.get("type") or "") and _INDENT.search(style) is not None and "left:" not in style


def parsed(source: str) -> LexborHTMLParser | None:
    """The tree of a page without control characters, which however they are written would pass for marks; None of one that
    is too deep to be looked into.
    """
    source = _REFERENCE.sub("", source.encode("utf-8", "replace").translate(None, CONTROLS).decode("utf-8"))
    tags = list(dict.fromkeys(_OPENING_TAG.findall(source)))
    deep = too_costly(source, tags, cut=True, depth=Limits().html_depth)
    return LexborHTMLParser(source) if not deep else None


def unclaimed(source: str) -> str | None:
    """The page without what marks quotes and no recipient sees: names of elements, lines above, indents without an indent."""
    tree = parsed(source)
    if tree is None:
        return None
    for node in tree.css(f"{_QUOTES},{_RESTS}"):
        for name in {"class", "id", "name", "data-marker"} & node.attributes.keys():
            del node.attrs[name]
    for node in tree.css("div[style]"):
        if _RULE_ABOVE.search(node.attributes.get("style") or ""):
            del node.attrs["style"]
    quotes = tree.css("blockquote")
    sheets = [node.text() for node in tree.css("style")] if quotes else []
    by_rule = [r for sheet in sheets for r in rules(sheet) if _OUTLINE & r.declarations.keys()][:RULES]
    # A rule for quotes may name them in any way, so one with a quote in reach is taken for a rule of them all.
    flat = {name: value for r in by_rule if _reaches_quotes(tree, r.selector) for name, value in r.declarations.items()}
    for node in quotes:
        declared = {**flat, **declarations(node.attributes.get("style") or "")}
        if not _is_set_off(declared):
            node.attrs["style"], node.attrs["type"] = "border:none", ""
    tree.strip_tags(NO_WORDS)
    return tree.html or ""


def _reaches_quotes(tree: LexborHTMLParser, selector: str) -> bool:
    named = _NAMED.search(selector)
    if named is None or (named[1] or "blockquote").lower() != "blockquote":
        return False
    return not named[2] or any(node.tag == "blockquote" for node in tree.css(named[2])[:_FEW])


def reached(tree: LexborHTMLParser, selector: str, elements: int) -> list[LexborNode]:
    """The elements of a selector, or all that its last part may name where it is not understood; none of what holds on
    some occasion only, as a pointer above it. `elements` says how large the page is: relations cost their depth.
    """
    selector = selector.replace(":link", "").strip()
    if _MOVED.search(selector) is not None and "(" not in selector:
        return []
    related = elements < _FEW and len(selector) <= 80 and ":" not in selector and selector.count(" ") <= 4
    if related or _SIMPLE.fullmatch(selector) is not None:
        try:
            return tree.css(selector or "*")
        except SelectolaxError:
            return tree.css("*")
    last = _NAMED.search(selector)
    return tree.css("".join(last.groups("")) or "*" if last is not None else "*")


def _is_set_off(declared: Mapping[str, str]) -> bool:
    """Whether a `blockquote` shows that it is one: by an indent, as it has by itself, or by a line or ground of its own."""
    if any(_is_drawn(declared.get(name, "")) for name in ("border", "border-left", "border-left-width")):
        return True
    if any(declared.get(name, "none") not in _NO_GROUND for name in ("background", "background-color")):
        return True
    if any(_left(declared, name) > 0 for name in ("padding", "padding-inline", "margin", "margin-inline")):
        return True
    return not any(name.startswith("margin") for name in declared)


def _is_drawn(border: str) -> bool:
    plain = _INNER.sub("", border)
    return _NUMBER.search(plain) is not None and "none" not in plain and "hidden" not in plain


def _left(declared: Mapping[str, str], name: str) -> float:
    """How far it is moved to the right, in whatever measure."""
    values = declared.get(name, "").split()[:4]
    said = declared.get(f"{name}-left") or declared.get(f"{name}-start") or ""
    if not said and values:
        said = values[(0, 1, 1, 3)[len(values) - 1]] if name in {"margin", "padding"} else values[0]
    found = _MEASURE.match(said)
    return float(found[0]) if found is not None else 0.0
