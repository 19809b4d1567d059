"""The text of a page as a reader would say it: hyphens at line ends, characters drawn one by one, broken fonts."""

import re
from typing import Final

_HYPHEN: Final = re.compile("[\x02\ufffe]")
_SPACED: Final = re.compile(r"(?<!\S)\S(?:[ \t]{1,2}\S){5,}(?!\S)")
_STACKED: Final = re.compile(r"(?<!\S)\S(?:[ \t]?\n\S){5,}(?!\S)")
_BROKEN: Final = re.compile(r"(?<=\d)-[ \t]*\r?\n[ \t]*(?=\d)")
_BLANK: Final = re.compile(r"\s+")
_STRANGE: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ue000-\uf8ff\ufffd\uffff]")
_FEW: Final = 8


def untangled(text: str) -> str:
    """With the hyphens that stand at line ends as hyphens; the library marks them with characters of its own."""
    return _HYPHEN.sub("-", text).replace("\r\n", "\n")


def tightened(text: str) -> str:
    """Stretches of single characters with gaps between them, and numbers broken at a hyphen, joined; else empty."""
    # What stands in front says what the characters are: the label of a form's boxes.
    said = [
        text[max(0, found.start() - 40) : found.start()] + _BLANK.sub("", found[0])
        for pattern in (_SPACED, _STACKED)
        for found in pattern.finditer(text)
    ]
    for found in _BROKEN.finditer(text):
        start, end = found.span()
        said.append(text[max(0, start - 40) : start] + "-" + text[end : end + 20])
    return "\n".join(said)


def is_readable(text: str) -> bool:
    """Whether nearly all characters are ones that people write."""
    strange = len(_STRANGE.findall(text))
    return strange <= _FEW or strange * 10 < len(text)
