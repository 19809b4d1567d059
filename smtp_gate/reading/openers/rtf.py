"""Rich text (RTF 1.9.1): what it shows and hides, and the objects in it; one pass, nothing nested is kept but its state."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from smtp_gate.core.view import Part, Reason
from smtp_gate.reading.openers.base import OpenLimits, lost, member, text_of
from smtp_gate.reading.openers.codepages import codepage
from smtp_gate.reading.openers.native import carried
from smtp_gate.reading.openers.said import Said, SpentError
from smtp_gate.reading.openers.tables import tabled

_TOKEN: Final = re.compile(
    rb"\\([A-Za-z]{1,40})(-?[0-9]{1,10})?[ ]?|\\'([0-9A-Fa-f]{2})|\\([^A-Za-z])|([{}])|[\r\n\0]+|([^\\{}\r\n\0]+)|\\",
    re.DOTALL,
)
_BREAKS: Final = {
    b"par": "\n", b"line": "\n", b"sect": "\n", b"page": "\n", b"row": "\n", b"nestrow": "\n", b"cell": "\t",
    b"nestcell": "\t", b"tab": "\t", b"emdash": "-", b"endash": "-", b"bullet": "*", b"lquote": "'", b"rquote": "'",
    b"ldblquote": '"', b"rdblquote": '"', b"emspace": " ", b"enspace": " ", b"qmspace": " ", b"column": "\n",
}  # fmt: skip
_SIGNS: Final = {
    b"~": " ",
    b"_": "-",
    b"-": "",
    b"\\": "\\",
    b"{": "{",
    b"}": "}",
    b"\n": "\n",
    b"\r": "\n",
    b":": "",
    b"|": "",
}
_MUTE: Final = frozenset(
    (
        b"fonttbl colortbl stylesheet listtable listoverridetable rsidtbl themedata colorschememapping latentstyles "
        b"datastore pict pntext xmlnstbl mmathPr filetbl revtbl pgptbl blipuid shppict nonshppict generator "
        b"listpicture panose fontemb fontfile template passwordhash objclass sp"
    ).split()
)
"""Destinations without text that people wrote; what objects carry is read for itself."""
_ASIDE: Final = frozenset(
    (
        b"footnote annotation header headerl headerr headerf footer footerl footerr footerf info title subject author "
        b"manager company operator category keywords comment doccomm hlinkbase userprops propname staticval fldinst "
        b"xe tc atnauthor atnid atndate bkmkstart formfield ffdeftext ffname ffhelptext ffstattext ffentrymcr ffl "
        b"docvar shptxt"
    ).split()
)
"""Destinations whose text does not stand in the line around them."""
_CODECS: Final = {b"mac": 10000, b"pc": 437, b"pca": 850}
_NO_HEX: Final = re.compile(rb"[^0-9A-Fa-f]+")


@dataclass(slots=True)
class _State:
    """What a group inherits from the one around it; `out` takes its text, nowhere where that is None."""

    out: list[str] | None
    skip: int = 1
    data: list[bytes] | None = None
    starred: bool = False


def open_rtf(part: Part, limits: OpenLimits) -> tuple[Part, ...] | Reason:
    """The text of a rich text and the files embedded in it; whatever its structure is, every octet is looked at."""
    said = Said(limits.octets)
    reading = _Reading()
    reading.read(part.content)
    found: list[Part] = []
    reason: Reason | None = None
    try:
        tabled("".join(reading.text), said.say)
        for aside in reading.asides:
            said.say("".join(aside).strip())
    except SpentError:
        reason = Reason.LIMIT
    if said.lines:
        found.append(text_of(part, 1, said.lines))
    for name, content in reading.objects():
        found.append(member(part, len(found) + 1, name or f"object{len(found) + 1}", content))
    if reason is not None:
        found.append(lost(part, len(found) + 1, "", reason, "rtf"))
    return tuple(found)


class _Reading:
    """One pass over the octets. `text` is the text in its line, `asides` what stands beside it."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.asides: list[list[str]] = []
        self._objects: list[list[bytes]] = []
        self._codec = "cp1252"
        self._state = _State(self.text)
        self._stack: list[_State] = []
        self._octets: list[bytes] = []
        self._skip = 0

    def read(self, content: bytes) -> None:
        """Read all of it."""
        at, match = 0, _TOKEN.match
        while found := match(content, at):
            at = found.end()
            word, value, octet, sign, brace, plain = found.groups()
            if plain is not None:
                self._plain(plain)
            elif octet is not None:
                self._plain(bytes.fromhex(octet.decode()))
            elif word is not None:
                self._flush()
                number = int(value) if value else None
                if word == b"bin" and number is not None:
                    end = at + max(number, 0)
                    self._binary(content[at:end])
                    at = end
                elif self._skip:
                    self._skip -= 1
                else:
                    self._word(word, number)
            elif brace is not None:
                self._flush()
                self._skip = 0
                self._group(begins=brace == b"{")
            elif sign is not None:
                self._flush()
                self._sign(sign)
        self._flush()

    def objects(self) -> Iterator[tuple[str, bytes]]:
        """Name and octets of each embedded object."""
        for pieces in self._objects:
            digits = _NO_HEX.sub(b"", b"".join(pieces))
            octets = bytes.fromhex(digits[: len(digits) & ~1].decode("ascii"))
            if octets:
                yield carried(octets)

    def _plain(self, octets: bytes) -> None:
        if self._skip:
            skipped = min(self._skip, len(octets))
            self._skip -= skipped
            octets = octets[skipped:]
        if self._state.data is not None:
            self._state.data.append(octets)
        elif self._state.out is not None and octets:
            self._octets.append(octets)

    def _flush(self) -> None:
        if self._octets:
            if self._state.out is not None:
                self._state.out.append(b"".join(self._octets).decode(self._codec, "replace"))
            self._octets.clear()

    def _add(self, text: str) -> None:
        if self._state.out is not None:
            self._state.out.append(text)

    def _binary(self, octets: bytes) -> None:
        if self._state.data is not None:
            self._state.data.append(octets.hex().encode())

    def _group(self, *, begins: bool) -> None:
        if begins:
            state = self._state
            self._stack.append(state)
            self._state = _State(state.out, state.skip, state.data)
        elif self._stack:
            self._state = self._stack.pop()

    def _sign(self, sign: bytes) -> None:
        if sign == b"*":
            self._state.starred = True
        elif self._skip:
            self._skip -= 1
        else:
            self._add(_SIGNS.get(sign, ""))

    def _word(self, word: bytes, number: int | None) -> None:
        if word == b"u" and number is not None:
            self._unicode(number)
        elif word in _BREAKS:
            self._add(_BREAKS[word])
        elif word == b"uc":
            self._state.skip = max(0, min(number or 0, 255))
        elif word == b"objdata":
            self._state.data = []
            self._objects.append(self._state.data)
        elif word in _MUTE:
            self._state.out = None
        elif word in _ASIDE or self._state.starred:
            self._state.out = []
            self.asides.append(self._state.out)
        elif word in _CODECS or word == b"ansicpg":
            self._codec = codepage(_CODECS.get(word, number or 0)) or self._codec
        self._state.starred = False

    def _unicode(self, number: int) -> None:
        """A unit of UTF-16, written as a number with a sign; pairs of surrogates are two of them."""
        unit = chr(number & 0xFFFF)
        out = self._state.out
        if out is not None:
            if out and "\ud800" <= out[-1][-1:] <= "\udbff" and "\udc00" <= unit <= "\udfff":
                unit = (out.pop() + unit).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
            out.append(unit)
        self._skip = self._state.skip
