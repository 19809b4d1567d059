"""Elements by which mail programs mark quotes and signatures in HTML."""

import re
from collections.abc import Mapping
from typing import Final

import re2
from selectolax.lexbor import LexborHTMLParser

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
