r"""Distinguished names of LDAP (RFC 4514) taken apart: which group `CN=Legal\, City,OU=Groups,DC=city` names."""

import re
from typing import Final

_TYPE: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)*")
# One character or one escaped character at a time, so there is one way to match and none to go back to.
_PART: Final = re.compile(r"((?:[^\\,;+]|\\.)*)([,;+]|\Z)", re.DOTALL)
_ESCAPED: Final = re.compile(rb"\\([0-9A-Fa-f]{2}|.)", re.DOTALL)

type_value = tuple[str, str]
Name = tuple[tuple[type_value, ...], ...]
"""The relative names of a DN, the entry's own first, each with its types in lower case and their values."""


def parse(text: str) -> Name | None:
    """The relative names that a DN is made of; None where the text is no DN."""
    names: list[tuple[type_value, ...]] = []
    pairs: list[type_value] = []
    at, end = 0, len(text)
    while True:
        part = _PART.match(text, at)
        pair = None if part is None else _pair(part[1])
        if part is None or pair is None:
            return None
        pairs.append(pair)
        if part[2] != "+":
            names.append(tuple(pairs))
            pairs = []
        at = part.end()
        if not part[2]:
            return tuple(names) if at == end else None


def comparable(name: Name) -> Name:
    """The name as directories compare it: without case, outer spaces and the order within a relative name."""
    return tuple(tuple(sorted((kind, " ".join(v.casefold().split())) for kind, v in pairs)) for pairs in name)


def own(name: Name) -> str:
    """The value that names the entry among its neighbours: its `cn` where it has one."""
    return next((value for kind, value in name[0] if kind == "cn"), name[0][0][1])


def _pair(text: str) -> type_value | None:
    kind, equals, written = text.partition("=")
    kind = kind.strip(" ")
    if not equals or not _TYPE.fullmatch(kind):
        return None
    value = written.strip(" ")
    if value != written.lstrip(" ") and _ends_escaped(value):
        # The space that the last backslash escapes belongs to the value.
        value += " "
    try:
        return kind.lower(), _ESCAPED.sub(_plain, value.encode()).decode()
    except UnicodeError:
        return None


def _ends_escaped(value: str) -> bool:
    return (len(value) - len(value.rstrip("\\"))) % 2 == 1


def _plain(escaped: re.Match[bytes]) -> bytes:
    return bytes.fromhex(escaped[1].decode()) if len(escaped[1]) == 2 else escaped[1]
