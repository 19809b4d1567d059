"""Encoded words of headers (RFC 2047): decoded leniently, adjacent ones joined before their charset is."""

import binascii
import re
from typing import Final

from smtp_gate.reading.charset import decode_octets, is_unusual

# The parts are separated by question marks that their classes exclude, so a search is linear.
_WORD: Final = re.compile(r"=\?([^?\s]{1,80})\?([BbQq])\?([^?]*)\?=")
_NOT_BASE64: Final = bytes(o for o in range(256) if not (chr(o).isascii() and chr(o).isalnum()) and o not in b"+/")


def decode_words(text: str, label: str = "") -> str:
    """The text with every encoded word decoded; what does not decode stays as it stands. Never raises.

    `label` is the charset to decode them in, whatever they declare.

    Words in one charset with nothing but white space between them are decoded as one octet string, since senders split
    characters over words although RFC 2047, section 5, forbids it.
    """
    out: list[str] = []
    held, charset, end = b"", "", 0
    for word in _WORD.finditer(text):
        between = text[end : word.start()]
        name = label or word[1].partition("*")[0].lower()
        octets = _octets(word[3], word[2])
        if charset and not between.strip():
            if name == charset:
                held += octets
            else:
                out.append(decode_octets(held, charset, marks=False)[0])
                held, charset = octets, name
        else:
            if charset:
                out.append(decode_octets(held, charset, marks=False)[0])
            out.append(between)
            held, charset = octets, name
        end = word.end()
    if charset:
        out.append(decode_octets(held, charset, marks=False)[0])
    out.append(text[end:])
    return "".join(out)


def has_unusual_words(text: str) -> bool:
    """Whether an encoded word is in a charset in which ASCII octets are not themselves, so that readers may differ."""
    return any(is_unusual(word[1].partition("*")[0].lower()) for word in _WORD.finditer(text))


def _octets(payload: str, encoding: str) -> bytes:
    raw = payload.encode("utf-8", "replace")
    if encoding in "Qq":
        return binascii.a2b_qp(raw.replace(b"_", b"=20"))
    clean = raw.translate(None, _NOT_BASE64)
    # A lone last character carries no octet; the padding is whatever the length asks for.
    clean = clean[:-1] if len(clean) % 4 == 1 else clean
    return binascii.a2b_base64(clean + b"=" * (-len(clean) % 4))
