"""What mail readers and simple decoders would show of a mail: the yardstick that evasion is measured with.

Four views that owe nothing to the gate's own reading: Python's parser with its old and its new policy, the tree of another
parser, and blind decoders that undo whatever looks encoded.
"""

import base64
import binascii
import email
import email.policy
import html
import re
import unicodedata
import urllib.parse
import warnings
from collections.abc import Iterator
from email.message import Message
from typing import Any, Final

import fast_mail_parser

SHOWN: Final = re.compile(r"(?<![A-Za-z])SSN(?![A-Za-z])[^0-9]{0,60}536(?:[-. ]{1,3}90[-. ]{1,3}|90)4399(?![0-9])")
_TAG: Final = re.compile(r"<!--.*?-->|<[^<>]*>", re.DOTALL)
_BLOCK: Final = re.compile(rb"[A-Za-z0-9+/]{24}[A-Za-z0-9+/=\r\n]*")
_DASHES: Final = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d"), "-")


def said(text: str) -> bool:
    """Whether the labelled number stands in a text, as it is or with its tags and invisible characters taken out."""
    plain = unicodedata.normalize("NFKC", text).translate(_DASHES)
    plain = "".join(c for c in plain if unicodedata.category(c) not in {"Cf", "Mn"})
    plain = "".join(str(unicodedata.digit(c)) if c.isdigit() and not c.isascii() else c for c in plain)
    return SHOWN.search(plain) is not None or (
        "<" in plain and SHOWN.search(html.unescape(_TAG.sub("", plain))) is not None
    )


def _text(octets: bytes, charset: str | None) -> Iterator[str]:
    for name in {charset or "utf-8", "utf-8"}:
        try:
            yield octets.decode(name, "replace")
        except (LookupError, ValueError, UnicodeError):
            continue


def _walked(message: Message) -> Iterator[str]:
    for part in message.walk():
        yield from (str(value) for value in part.values())
        name = part.get_filename()
        if name:
            yield name
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes):
            charset: Any = part.get_content_charset()
            yield from _text(payload, charset)


def stdlib_old(content: bytes) -> Iterator[str]:
    """Python's parser with the policy of old: a walk over its parts, payloads decoded."""
    yield from _walked(email.message_from_bytes(content))


def stdlib_new(content: bytes) -> Iterator[str]:
    """The same with the policy of today, which decodes fields."""
    yield from _walked(email.message_from_bytes(content, policy=email.policy.default))


def other_parser(content: bytes) -> Iterator[str]:
    """Every leaf of the tree of fast-mail-parser, and its fields."""
    for node in fast_mail_parser.walk(fast_mail_parser.parse_email_tree(content)):
        yield from (value for values in node.headers.values() for value in values)
        yield node.filename
        if node.content is not None:
            yield from _text(node.content, None)


def blind(content: bytes) -> Iterator[str]:
    """The octets as they stand, as quoted-printable, every block as base64, and that once more."""
    level = [content]
    for _ in range(2):
        deeper = []
        for octets in level:
            yield from _text(octets, None)
            yield urllib.parse.unquote(octets.decode("latin-1"))
            deeper.append(binascii.a2b_qp(octets))
            for block in _BLOCK.findall(octets)[:50]:
                clean = block.translate(None, b"\r\n=")
                deeper.append(base64.b64decode(clean[: len(clean) // 4 * 4]))
        level = deeper
    for octets in level:
        yield from _text(octets, None)


READERS: Final = {"stdlib_old": stdlib_old, "stdlib_new": stdlib_new, "other_parser": other_parser, "blind": blind}


def shown_by(content: bytes) -> tuple[str, ...]:
    """The readers that show the labelled number; one that breaks shows nothing."""
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, reader in READERS.items():
            try:
                if any(said(text) for text in reader(content)):
                    found.append(name)
            except Exception:  # noqa: BLE001, S112 - a reader that breaks shows nothing; that is what is asked
                continue
    return tuple(found)
