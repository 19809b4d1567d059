"""Encryption, told apart: what of a message is encrypted or signed, how, and whether anything stands in clear beside it."""

import re
import struct
from collections.abc import Iterable, Iterator
from typing import Final

from smtp_gate.core.view import (
    Defect,
    Extent,
    Part,
    Protection,
    Reason,
    Region,
    RegionKind,
    Text,
    Unscannable,
)
from smtp_gate.reading.armor import ARMOR, Armor, armors, is_clear_signed
from smtp_gate.reading.cms import look_into_cms
from smtp_gate.reading.kinds import CMS, MEDIA, OPENPGP, RIGHTS_HEAD, RPMSG, UNWRAPPED
from smtp_gate.reading.openpgp import look_into_openpgp
from smtp_gate.reading.sealed import FAKE, ROOM, Seal, Sealed, inflated
from smtp_gate.reading.sink import Sink

WRAPPED: Final = frozenset({CMS, OPENPGP, RPMSG, UNWRAPPED})
"""Kinds of content that this module looks into."""

_SPACE: Final = b" \t\r\n"
_KINDS: Final = {"smime": "smime-enveloped"}
_VERSION: Final = re.compile(rb"\s*Version:\s*1\s*", re.IGNORECASE)
_MIME: Final = re.compile(
    rb"[\r\n]*(?:content-[a-z-]{1,40}|mime-version|from|to|cc|subject|date|message-id|received)[ \t]*:", re.IGNORECASE
)
_ASIDE: Final = frozenset({"header", "attributes", "comments", "strings", "preamble", "epilogue"})
"""Readings that show nothing of what a message says to whoever opens it."""
_DOUBTFUL: Final = frozenset({"raw", "qp", "base64", "second"})
"""Readings of octets that no part has to itself."""
_HEADS: Final = frozenset({RegionKind.HEADER, RegionKind.SUBJECT})
_ENVELOPES: Final = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_RIGHTS: Final = "application/x-microsoft-rpmsg-message"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LEAST: Final = 24


def look_into(content: bytes, room: int = ROOM) -> Sealed | None:
    """What a leaf wraps, by its octets: CMS, OpenPGP packets, armor that is the whole of it, a rights-managed message.

    None where it is no wrapping. `room` is what compressed content may unfold to. Never raises, linear.
    """
    if content[:1] == b"0":
        return look_into_cms(content, room)
    if content[:1] >= b"\x80":
        return look_into_openpgp(content, room)
    if content.startswith(RIGHTS_HEAD):
        return _rights_managed(content, room)
    if content[:64].lstrip(_SPACE).startswith(ARMOR):
        found = [a for a in armors(content) if a.octets is not None]
        if len(found) == 1 and not _beside(content, found) and found[0].octets is not None:
            return look_into_openpgp(found[0].octets, room)
    return None


def is_entity(content: bytes) -> bool:
    """Whether wrapped content is mail again: it begins with a header field (RFC 8551, section 3.1)."""
    return _MIME.match(content) is not None


def note(sink: Sink, part: str, region: Region, sealed: Sealed, *, beside: bool = False) -> None:
    """Write down what a wrapping is: out of reach, unreadable, pretended, or signed."""
    kind = sealed.by.partition("-")[0]
    sink.seals.append(Seal(part, sealed, beside))
    sink.unfold = max(0, sink.unfold - sealed.cost)
    if sealed.encrypted:
        sink.lost(part, region, Reason.ENCRYPTED, kind)
    if sealed.reason is not None:
        sink.lost(part, region, sealed.reason, kind)
    if sealed.fake:
        sink.defect(FAKE, part)
    if sealed.words:
        sink.text(part, "strings", "\n".join(sealed.words), region)


def armored(sink: Sink, text: Text, region: Region) -> Iterator[tuple[str, bytes]]:
    """Note every armor block of a text; yields name and content of those that wrap something in clear."""
    blocks: list[tuple[Armor, Sealed]] = []
    for block in armors(text.octets):
        sealed = look_into_openpgp(block.octets, sink.unfold) if block.octets is not None else None
        if sealed is not None:
            blocks.append((block, sealed))
        elif block.label.startswith("MESSAGE") and block.size >= _LEAST:
            note(sink, text.part, region, Sealed("pgp", reason=Reason.UNKNOWN, fake=True), beside=True)
    beside = _beside(text.octets, [block for block, _ in blocks])
    for _, sealed in blocks:
        note(sink, text.part, region, sealed, beside=beside)
        if sealed.content is not None:
            yield sealed.name, sealed.content
    if is_clear_signed(text.octets):
        sink.seals.append(Seal(text.part, Sealed("pgp-clear-signed", signed=True), beside=True))


def _beside(octets: bytes, blocks: Iterable[Armor]) -> bool:
    """Whether a text says anything outside of its armor blocks, or in their fields."""
    at = 0
    for block in blocks:
        if not block.plain or octets[at : block.start].strip():
            return True
        at = block.end
    return bool(octets[at:].strip())


def _rights_managed(content: bytes, room: int) -> Sealed:
    """A message under Microsoft's rights management: compressed blocks of an OLE file that is encrypted (MS-OXORMMS)."""
    try:
        _, _, size = struct.unpack_from("<III", content, len(RIGHTS_HEAD))
    except struct.error:
        size = 0
    start = len(RIGHTS_HEAD) + 12
    found = inflated(content[start : start + size], 15, room)
    if isinstance(found, bytes) and found.startswith(_OLE):
        return Sealed("rpmsg", encrypted=True)
    return Sealed("rpmsg", reason=Reason.UNKNOWN, fake=True)


def protection_of(parts: Iterable[Part], sink: Sink, unscannable: Iterable[Unscannable]) -> Protection:
    """How far the message is encrypted, whether it is signed, and by what."""
    known = {part.part: part for part in parts}
    entries = tuple(unscannable)
    lost = [entry for entry in entries if entry.reason is Reason.ENCRYPTED]
    signed = [seal.sealed.by for seal in sink.seals if seal.sealed.signed]
    if not lost and not signed:
        return _UNPROTECTED
    extent = Extent.NONE
    if lost:
        extent = Extent.PARTLY if len(lost) < len(entries) or _in_clear(known, sink) else Extent.WHOLE
    by = [*(_named(entry, known) for entry in lost), *signed]
    return Protection(extent, bool(signed), tuple(dict.fromkeys(by)), frozenset(entry.part for entry in lost))


_UNPROTECTED: Final = Protection()


def _in_clear(known: dict[str, Part], sink: Sink) -> bool:
    """Whether a leaf that is not encrypted says or shows something."""
    beside = {seal.part for seal in sink.seals if seal.beside}
    covered = {seal.part for seal in sink.seals} - beside
    for text in sink.texts:
        if text.reading in _ASIDE or (text.part in covered and text.reading not in _DOUBTFUL):
            continue
        if all(span.region.kind in _HEADS for span in text.spans):
            # A boundary that happens to read as quoted-printable says nothing to anybody.
            continue
        part = known.get(text.part)
        if part is None or part.media_type != "application/pgp-encrypted" or not _VERSION.fullmatch(part.content):
            return True
    return any(part.kind in MEDIA and not part.container for part in known.values())


def _named(entry: Unscannable, known: dict[str, Part]) -> str:
    """What encrypts this entry: OpenPGP in a multipart of its own, in a text, or in a file."""
    if entry.kind != "pgp":
        return _KINDS.get(entry.kind, entry.kind)
    outer = known.get(entry.part.rpartition(".")[0] or "0")
    if outer is not None and outer.container and outer.media_type == "multipart/encrypted":
        return "pgp-mime"
    return "pgp-file" if entry.region.kind is RegionKind.ATTACHMENT else "pgp-inline"


def pretended(parts: Iterable[Part], protection: Protection) -> Iterator[Defect]:
    """A defect for each part whose declared type says encrypted, where nothing in it is."""
    for part in parts:
        if part.container and part.media_type == "multipart/encrypted":
            prefix = "" if part.part == "0" else f"{part.part}."
            if not any(number.startswith(prefix) for number in protection.parts):
                yield Defect(FAKE, part.part)
        elif part.part not in protection.parts and _claims_more(part):
            yield Defect(FAKE, part.part)


def _claims_more(part: Part) -> bool:
    """Whether a leaf that is not encrypted is no CMS at all, one that is said to be enveloped, or no managed rights."""
    if part.media_type not in _ENVELOPES:
        return part.media_type == _RIGHTS and part.kind != RPMSG
    if part.kind not in WRAPPED:
        return part.kind != "empty"
    return any(h.key == "content-type" and "enveloped" in h.value.lower() for h in part.headers)
