"""OpenPGP: what a sequence of packets (RFC 9580) wraps, told by the packets and never by a label."""

from dataclasses import dataclass, field, replace
from typing import Final

from smtp_gate.core.view import Reason
from smtp_gate.reading.sealed import Sealed, inflated, looks_random, room_for, unzipped

CHUNKS: Final = 100_000
"""Packets and partial lengths looked at in one sequence."""
DEPTH: Final = 4
"""How many compressed packets inside each other are undone."""

_PKESK, _SIGNATURE, _SKESK, _ONE_PASS = 1, 2, 3, 4
_SECRET, _PUBLIC, _COMPRESSED, _SED, _MARKER, _LITERAL = 5, 6, 8, 9, 10, 11
_USER_ID, _SEIPD, _AEAD, _PADDING = 13, 18, 20, 21
_KEYS: Final = frozenset({_SECRET, _PUBLIC, 7, 14})
_FIRST: Final = frozenset(
    {_PKESK, _SIGNATURE, _SKESK, _ONE_PASS, _COMPRESSED, _MARKER, _LITERAL, _SEIPD, _AEAD, *_KEYS}
)
_VERSIONS: Final[dict[int, bytes]] = {
    _PKESK: b"\2\3\6",
    _SIGNATURE: b"\2\3\4\5\6",
    _SKESK: b"\4\5\6",
    _ONE_PASS: b"\3\6",
    _SECRET: b"\2\3\4\5\6",
    _PUBLIC: b"\2\3\4\5\6",
    _COMPRESSED: b"\0\1\2\3",
    _LITERAL: b"btulm1",
    _MARKER: b"P",
    _SEIPD: b"\1\2",
    _AEAD: b"\1",
    7: b"\2\3\4\5\6",
    14: b"\2\3\4\5\6",
}
"""The first octet that the body of a packet may have: a version, a format or an algorithm."""

_NAMES: Final = 200
_LEAST: Final = 16
"""Octets that even an empty message takes: a random block comes first."""


@dataclass(frozen=True, slots=True)
class _Packet:
    tag: int
    body: bytes = field(repr=False)


class _BrokenError(Exception):
    """The octets are no such sequence."""


class _BeyondError(Exception):
    """The sequence has more packets than anybody needs."""


def is_openpgp(octets: bytes) -> bool:
    """Whether it is a whole sequence of packets, each of a kind and a version that exist."""
    if not octets[:1] >= b"\x80" or _tag(octets[0]) not in _FIRST:
        return False
    try:
        return bool(_packets(octets))
    except _BeyondError:
        return True
    except _BrokenError:
        return False


def look_into_openpgp(octets: bytes, room: int) -> Sealed | None:
    """What the packets hold; None where they are none. Never raises; linear, within CHUNKS and the `room` to unfold."""
    return _look(octets, room, DEPTH)


def _look(octets: bytes, room: int, depth: int) -> Sealed | None:
    try:
        packets = [p for p in _packets(octets) if p.tag not in {_MARKER, _PADDING}]
    except _BeyondError:
        return Sealed("pgp", reason=Reason.LIMIT)
    except _BrokenError:
        return None
    return _sealed(packets, room, depth) if packets else None


def _sealed(packets: list[_Packet], room: int, depth: int) -> Sealed:
    """What a sequence of packets is by the grammar of section 10.3."""
    if packets[0].tag in _KEYS:
        return Sealed("pgp-key", words=_user_ids(packets))
    core = [p for p in packets if p.tag not in {_ONE_PASS, _SIGNATURE}]
    signed = len(core) < len(packets)
    if all(p.tag == _SIGNATURE for p in packets):
        return Sealed("pgp-signature", signed=True)
    if len(core) == 1 and core[0].tag == _LITERAL:
        return _literal(core[0].body, signed=signed)
    if len(core) == 1 and core[0].tag == _COMPRESSED:
        return _unfolded(core[0].body, room, depth)
    return _encrypted(core)


def _encrypted(packets: list[_Packet]) -> Sealed:
    """Session keys and behind them one packet that looks like the output of a cipher (section 10.3)."""
    *keys, data = packets or (_Packet(0, b""),)
    holds = data.tag in {_SEIPD, _AEAD, _SED} and keys and all(p.tag in {_PKESK, _SKESK} for p in keys)
    if not holds or len(data.body) <= _LEAST or not looks_random(data.body[1:]):
        return Sealed("pgp", reason=Reason.UNKNOWN, fake=True)
    return Sealed("pgp", encrypted=True)


def _literal(body: bytes, *, signed: bool) -> Sealed:
    """The content of a literal packet: a format, a name, a date, and the octets (section 5.9)."""
    size = body[1] if len(body) > 1 else 0
    name = body[2 : 2 + size].decode("utf-8", "replace")
    return Sealed(
        "pgp-signed" if signed else "pgp-literal", content=body[6 + size :], name=name if name != "_CONSOLE" else "",
        signed=signed,
    )  # fmt: skip


def _unfolded(body: bytes, room: int, depth: int) -> Sealed:
    """What a compressed packet holds (section 5.6)."""
    if depth <= 0:
        return Sealed("pgp-compressed", reason=Reason.LIMIT)
    rest = body[1:]
    found: bytes | Reason
    match body[0]:
        case 0:
            found = rest
        case 1:
            found = inflated(rest, -15, room)
        case 2:
            found = inflated(rest, 15, room)
        case _:
            found = unzipped(rest, room)
    if isinstance(found, Reason):
        return Sealed("pgp-compressed", reason=found, cost=room_for(len(body), room))
    inner = _look(found, room - len(found), depth - 1)
    if inner is None:
        return Sealed("pgp-compressed", content=found, cost=len(found))
    return replace(inner, cost=inner.cost + len(found))


def _user_ids(packets: list[_Packet]) -> tuple[str, ...]:
    said = [p.body.decode("utf-8", "replace") for p in packets if p.tag == _USER_ID]
    return tuple(said[:_NAMES])


def _tag(first: int) -> int:
    return first & 0x3F if first & 0x40 else (first >> 2) & 0x0F


def _packets(octets: bytes) -> list[_Packet]:
    """Every packet, to the last octet (section 4.2)."""
    found: list[_Packet] = []
    at, room = 0, CHUNKS
    while at < len(octets):
        first = octets[at]
        if not first & 0x80:
            raise _BrokenError
        room -= 1
        body, at, room = (_new if first & 0x40 else _old)(octets, at, room)
        tag = _tag(first)
        if room < 0:
            raise _BeyondError
        versions = _VERSIONS.get(tag)
        if versions is not None and body[:1] not in {bytes((v,)) for v in versions}:
            raise _BrokenError
        if tag == 0:
            raise _BrokenError
        found.append(_Packet(tag, body))
    return found


def _old(octets: bytes, at: int, room: int) -> tuple[bytes, int, int]:
    """The body of a packet with a legacy header, whose length may be left open (section 4.2.2)."""
    kind = octets[at] & 3
    if kind == 3:
        if _tag(octets[at]) not in {_COMPRESSED, _LITERAL, _SED}:
            raise _BrokenError
        return octets[at + 1 :], len(octets), room
    start = at + 1 + (1 << kind)
    stop = start + int.from_bytes(octets[at + 1 : start], "big")
    if stop > len(octets):
        raise _BrokenError
    return octets[start:stop], stop, room


def _new(octets: bytes, at: int, room: int) -> tuple[bytes, int, int]:
    """The body of a packet with today's header, in one or in partial lengths (section 4.2.1)."""
    partial = _tag(octets[at]) in {_COMPRESSED, _LITERAL, _SED, _SEIPD, _AEAD}
    at += 1
    pieces: list[bytes] = []
    while True:
        size, at, more = _length(octets, at)
        if at + size > len(octets) or (more and not partial):
            raise _BrokenError
        pieces.append(octets[at : at + size])
        at += size
        if not more:
            return b"".join(pieces), at, room
        room -= 1
        if room < 0:
            raise _BeyondError


def _length(octets: bytes, at: int) -> tuple[int, int, bool]:
    """A length, where it ends, and whether another one follows behind that many octets."""
    if at >= len(octets):
        raise _BrokenError
    first = octets[at]
    if first < 192:
        return first, at + 1, False
    if first < 224:
        if at + 1 >= len(octets):
            raise _BrokenError
        return ((first - 192) << 8) + octets[at + 1] + 192, at + 2, False
    if first == 255:
        return int.from_bytes(octets[at + 1 : at + 5], "big"), at + 5, False
    return 1 << (first & 0x1F), at + 1, True
