"""Text formats whose commands stand between the words: text/enriched, richtext and the strings of PostScript."""

import re
from typing import Final

_PARAM: Final = re.compile(r"<param>[^<]*</param>", re.IGNORECASE)
_COMMAND: Final = re.compile(r"</?[A-Za-z][\w-]{0,59}>|<(?=<)")
_BREAK: Final = re.compile(r"<(?:nl|lt|np)>", re.IGNORECASE)
_STRING: Final = re.compile(r"\(((?:[^()\\]|\\.)*)\)|<([0-9A-Fa-f\s]+)>", re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(?:([0-7]{1,3})|(\r\n|[\r\n])|(.))", re.DOTALL)


def without_commands(text: str) -> str:
    """The words of text/enriched (RFC 1896) or text/richtext (RFC 1341, section 7.1.3): commands and parameters dropped."""
    return _COMMAND.sub("", _BREAK.sub("\n", _PARAM.sub("", text)))


def drawn_strings(source: str) -> str:
    """The strings of a PostScript program one behind the other, since words are often drawn letter by letter."""
    joined: list[str] = []
    for plain, digits in _STRING.findall(source):
        if digits:
            joined.append(
                bytes.fromhex("".join(digits.split())[: len("".join(digits.split())) // 2 * 2]).decode("latin-1")
            )
        else:
            joined.append(_ESCAPE.sub(_escaped, plain) if "\\" in plain else plain)
    return "".join(joined)


def _escaped(found: re.Match[str]) -> str:
    if found[1]:
        return chr(int(found[1], 8) & 255)
    return "" if found[2] else {"n": "\n", "r": "\n", "t": "\t"}.get(found[3], found[3])
