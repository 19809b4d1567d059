"""S/MIME: what a CMS structure (RFC 5652) wraps, told by its octets and never by its label."""

from dataclasses import dataclass
from typing import Final

from smtp_gate.core.view import Reason
from smtp_gate.reading.sealed import Sealed, inflated, looks_random, room_for

STEPS: Final = 200_000
"""Elements looked at in one structure; long content comes in chunks of a thousand octets."""

_PKCS7: Final = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07"
_SMIME: Final = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01"
_TYPES: Final = {
    _PKCS7 + b"\x01": "smime-data",
    _PKCS7 + b"\x02": "smime-signed",
    _PKCS7 + b"\x03": "smime-enveloped",
    _PKCS7 + b"\x04": "smime-enveloped",
    _PKCS7 + b"\x05": "smime-digested",
    _PKCS7 + b"\x06": "smime-enveloped",
    _SMIME + b"\x02": "smime-authenticated",
    _SMIME + b"\x09": "smime-compressed",
    _SMIME + b"\x17": "smime-enveloped",
}
_INTEGER, _OCTETS, _OID, _SEQUENCE, _SET, _FIRST = 0x02, 0x04, 0x06, 0x30, 0x31, 0xA0
_CONSTRUCTED: Final = 0x20
_HEAD: Final = 64


class _BrokenError(Exception):
    """The octets are no such structure."""


class _BeyondError(Exception):
    """The structure has more elements than anybody needs."""


@dataclass(frozen=True, slots=True)
class _Element:
    """One element: its tag, its body from `start` to `stop`, and where the next one begins."""

    tag: int
    start: int
    stop: int
    after: int


def is_cms(octets: bytes) -> bool:
    """Whether it begins as a CMS structure of a type that is known. Costs next to nothing for anything else."""
    return octets[:1] == b"0" and _type_in(octets[:_HEAD]) is not None


def _type_in(head: bytes) -> str | None:
    """The type named by the first element of the outermost sequence."""
    at = 2 + (head[1] & 0x7F if len(head) > 1 and head[1] & 0x80 else 0)
    if at + 1 >= len(head) or head[at] != _OID:
        return None
    return _TYPES.get(head[at + 2 : at + 2 + head[at + 1]])


def look_into_cms(octets: bytes, room: int) -> Sealed | None:
    """What the structure holds; None where it is none. Never raises; linear, iterative, within STEPS and `room`."""
    named = _type_in(octets[:_HEAD]) if octets[:1] == b"0" else None
    if named is None:
        return None
    try:
        return _Walk(octets, room).look(named)
    except _BeyondError:
        return Sealed(named, reason=Reason.LIMIT)
    except _BrokenError:
        return Sealed(named, reason=Reason.UNKNOWN, fake=named == "smime-enveloped")


class _Walk:
    """One walk over the octets; definite and indefinite lengths (X.690, section 8.1.3)."""

    def __init__(self, octets: bytes, room: int) -> None:
        self.octets = octets
        self.room = room
        self.steps = STEPS

    def look(self, named: str) -> Sealed:
        outer = self.element(0, len(self.octets))
        fields = self.fields(outer)
        if len(fields) != 2 or fields[1].tag != _FIRST:
            raise _BrokenError
        content = self.only(fields[1])
        # What stands behind the structure belongs to nobody, and could be anybody's text.
        trailing = bool(self.octets[outer.after :].strip(b"\0\r\n "))
        if named == "smime-enveloped":
            return self._enveloped(content, trailing=trailing)
        found = b"".join(self.string(content)) if named == "smime-data" else self._inside(content)
        signers = self.fields(content)[-1] if named == "smime-signed" else None
        signed = signers is not None and signers.tag == _SET and signers.start < signers.stop
        if named == "smime-signed":
            named = "smime-certificates" if not signed else named if found is None else "smime-opaque-signed"
        reason = Reason.UNKNOWN if trailing else None
        if named == "smime-compressed":
            unfolded = inflated(found, 15, self.room) if found is not None else Reason.UNKNOWN
            if isinstance(unfolded, Reason):
                return Sealed(named, reason=unfolded, cost=room_for(len(found or b""), self.room))
            return Sealed(named, content=unfolded, reason=reason, cost=len(unfolded))
        return Sealed(named, content=found, reason=reason, signed=signed)

    def _enveloped(self, content: _Element, *, trailing: bool) -> Sealed:
        """Encrypted, if the content is there and looks like the output of a cipher (RFC 5652, section 6.1)."""
        fields = self.fields(content)
        info = next((f for f in fields if f.tag == _SEQUENCE), None)
        if info is None or fields[0].tag != _INTEGER:
            raise _BrokenError
        inside = self.fields(info)
        if (
            len(inside) < 3
            or inside[0].tag != _OID
            or inside[1].tag != _SEQUENCE
            or inside[2].tag not in {0x80, _FIRST}
        ):
            raise _BrokenError
        encrypted = b"".join(self.string(inside[2]))
        if not encrypted or not looks_random(encrypted):
            return Sealed("smime-enveloped", reason=Reason.UNKNOWN, fake=True)
        return Sealed("smime-enveloped", encrypted=True, reason=Reason.UNKNOWN if trailing else None)

    def _inside(self, content: _Element) -> bytes | None:
        """The octets of the encapsulated content (RFC 5652, section 5.2); None where it is detached."""
        for one in self.fields(content)[1:]:
            if one.tag != _SEQUENCE:
                continue
            named = self.element(one.start, one.stop)
            if named.tag == _OID and named.after < one.stop:
                wrapped = self.element(named.after, one.stop)
                if wrapped.tag == _FIRST:
                    return b"".join(self.string(self.only(wrapped)))
        return None

    def element(self, at: int, end: int) -> _Element:
        """The element that begins here."""
        self.steps -= 1
        if self.steps < 0:
            raise _BeyondError
        tag, start, size = self._head(at, end)
        if size is None:
            stop = self._end_of_contents(start, end)
            return _Element(tag, start, stop, stop + 2)
        return _Element(tag, start, start + size, start + size)

    def _head(self, at: int, end: int) -> tuple[int, int, int | None]:
        """Tag, where the body begins, and its length; None where that is indefinite."""
        if at + 2 > end:
            raise _BrokenError
        tag, size, start = self.octets[at], self.octets[at + 1], at + 2
        if tag & 0x1F == 0x1F:
            raise _BrokenError
        if size == 0x80:
            if not tag & _CONSTRUCTED:
                raise _BrokenError
            return tag, start, None
        if size & 0x80:
            count = size & 0x7F
            if count > 8:
                raise _BrokenError
            size = int.from_bytes(self.octets[start : start + count], "big")
            start += count
        if start + size > end:
            raise _BrokenError
        return tag, start, size

    def _end_of_contents(self, at: int, end: int) -> int:
        """Where the two empty octets stand that end an element of indefinite length."""
        open_ones = 1
        while True:
            self.steps -= 1
            if self.steps < 0:
                raise _BeyondError
            tag, start, size = self._head(at, end)
            if size is None:
                open_ones += 1
                at = start
            elif tag == 0 and size == 0:
                open_ones -= 1
                if open_ones == 0:
                    return at
                at = start
            else:
                at = start + size

    def fields(self, outer: _Element) -> list[_Element]:
        """The elements directly inside a constructed one; at least one."""
        found, at = [], outer.start
        while at < outer.stop:
            found.append(self.element(at, outer.stop))
            at = found[-1].after
        if not found:
            raise _BrokenError
        return found

    def only(self, outer: _Element) -> _Element:
        """The one element that an explicit tag stands around."""
        found = self.fields(outer)
        if len(found) != 1:
            raise _BrokenError
        return found[0]

    def string(self, outer: _Element) -> list[bytes]:
        """The pieces of an octet string, whether in one or in chunks within chunks (X.690, section 8.7)."""
        if not outer.tag & _CONSTRUCTED:
            return [self.octets[outer.start : outer.stop]]
        pieces: list[bytes] = []
        ends = [outer.stop]
        at = outer.start
        while ends:
            if at >= ends[-1]:
                ends.pop()
                continue
            tag, start, size = self._head(at, ends[-1])
            self.steps -= 1
            if self.steps < 0:
                raise _BeyondError
            if tag == 0 and size == 0:
                at = start
            elif tag == _OCTETS and size is not None:
                pieces.append(self.octets[start : start + size])
                at = start + size
            elif tag == _OCTETS | _CONSTRUCTED:
                at = start
                if size is not None:
                    ends.append(start + size)
            else:
                raise _BrokenError
        return pieces
