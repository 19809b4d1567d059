"""What data formats write otherwise than it is meant: escaped line breaks, and values labelled by the elements around them."""

import html
import re
from collections.abc import Iterator
from typing import Final

import re2

_BROKEN: Final = re2.compile(r"\\[nNrt][0-9]|[0-9]\\[-,;:/. ]|[0-9]\\[nNrt]")
_ESCAPE: Final = re.compile(r"\\(?:([nNrt])|([-,;:/.\\\" ]))")
_ELEMENT: Final = re.compile(r"<([A-Za-z_][\w.:-]{0,80})((?:\s[^<>]{0,2000})?)>([^<>]{1,400})(?=</)")
_ATTRIBUTE: Final = re.compile(
    r"""(?<![\w.:-])([A-Za-z_][\w.:-]{0,80})\s{0,9}=\s{0,9}(?:"([^"<]{1,400})"|'([^'<]{1,400})')"""
)
_DECLARED: Final = re.compile(r"""<!ENTITY\s{1,9}([\w.:-]{1,80})\s{1,9}(?:"([^"]{0,2000})"|'([^']{0,2000})')""")
_REFERENCE: Final = re.compile(r"&([\w.:-]{1,80});")
_NAME: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|[_.:-]+")
_VALUE: Final = re.compile(r"\d{2}|@|\w{6}")
ENTITIES: Final = 1000
"""Declared entities of one text that are put in their places."""


def unescaped(kind: str, source: str) -> Iterator[tuple[str, str]]:
    """How each further reading of a text came about, and the reading; most often there is none. Linear.

    Escapes of JSON and calendars count where they touch a number, whose ends they would hide (RFC 8259, section 7;
    RFC 5545, section 3.3.11). Of XML, each value is told with the names of its element or attribute.
    """
    if "\\" in source and _BROKEN.search(source) is not None:
        yield "escapes", _ESCAPE.sub(lambda found: "\n" if found[1] else found[2], source)
    if kind != "xml":
        return
    if "<!ENTITY" in source:
        declared = {f[1]: f[2] or f[3] or "" for f, _ in zip(_DECLARED.finditer(source), range(ENTITIES), strict=False)}
        yield "declared", "\n".join(declared.values())
        source = _expanded(source, declared)
    labelled = "\n".join(_labelled(source))
    if labelled:
        yield "labelled", labelled


def _expanded(source: str, declared: dict[str, str]) -> str:
    """With references replaced once, as long as that does not make much more of it."""
    room = len(source)
    pieces, at = [], 0
    for found in _REFERENCE.finditer(source):
        value = declared.get(found[1])
        if value is None:
            continue
        room -= len(value)
        if room < 0:
            break
        pieces += [source[at : found.start()], value]
        at = found.end()
    return "".join((*pieces, source[at:]))


def _labelled(source: str) -> Iterator[str]:
    for found in _ELEMENT.finditer(source):
        value = html.unescape(found[3]).strip()
        if _VALUE.search(value):
            yield f"{_words(found[1])}: {value}"
    for found in _ATTRIBUTE.finditer(source):
        value = html.unescape(found[2] or found[3] or "").strip()
        if _VALUE.search(value) and not found[1].startswith("xmlns"):
            yield f"{_words(found[1])}: {value}"


def _words(name: str) -> str:
    """The words of a name: `dateOfBirth` and `date_of_birth` are `date of birth`."""
    return _NAME.sub(" ", name).strip()
