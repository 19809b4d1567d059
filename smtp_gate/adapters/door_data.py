"""The octets of DATA become content, or the reply that refuses them: unstuffed, mended only where settings say so."""

from typing import Final

from smtp_gate.adapters.door_settings import DoorLimits, DoorSettings, LineEndings, Nul
from smtp_gate.core.reply import Reply

# Deleting every other octet leaves the skeleton whose length tells stray ones, faster than three searches.
_OTHERS: Final = bytes(set(range(256)) - {0, 10, 13})

BARE_LF: Final = Reply.of(550, "5.5.2", "bare <LF> received")
BARE_CR: Final = Reply.of(550, "5.5.2", "bare <CR> received")
NUL_FOUND: Final = Reply.of(550, "5.6.0", "NUL not permitted")
LONG_LINE: Final = Reply.of(550, "5.6.0", "line too long")
LONG_HEADER: Final = Reply.of(552, "5.3.4", "message header too large")
MANY_HEADERS: Final = Reply.of(550, "5.6.0", "too many header lines")
MANY_HOPS: Final = Reply.of(554, "5.4.0", "too many hops")
TOO_BIG: Final = Reply.of(552, "5.3.4", "message exceeds the size limit")
EIGHT_BIT: Final = Reply.of(554, "5.6.3", "conversion required but not supported")


def content_of(octets: bytes, settings: DoorSettings) -> bytes | Reply:
    """The content in the octets of DATA, every line ended by CRLF; or the refusal, to be sent after the dot.

    A leading dot of a line goes (RFC 5321, section 4.5.2). What is mended is mended here, before anything is judged.
    """
    content = octets[1:] if octets.startswith(b".") else octets
    content = content.replace(b"\r\n.", b"\r\n")
    if not _is_clean(content):
        mended = _mend(content, settings)
        if isinstance(mended, Reply):
            return mended
        content = mended
    return _limit_error(content, settings.limits) or content


def _is_clean(content: bytes) -> bool:
    """Whether every CR and LF stands in a CRLF and there is no NUL."""
    return len(content.translate(None, _OTHERS)) == 2 * content.count(b"\r\n")


def _mend(content: bytes, settings: DoorSettings) -> bytes | Reply:
    """Remove NULs first, since what stands around them may become a CRLF; then mend the line ends."""
    if b"\0" in content:
        if settings.nul is Nul.REFUSE:
            return NUL_FOUND
        content = content.replace(b"\0", b"")
    joined = content.replace(b"\r\n", b"\n")
    if settings.line_endings is LineEndings.NORMALIZE:
        return joined.replace(b"\r", b" ").replace(b"\n", b"\r\n")
    if b"\r" in joined:
        return BARE_CR
    return content if content.count(b"\n") == content.count(b"\r\n") else BARE_LF


def _limit_error(content: bytes, limits: DoorLimits) -> Reply | None:
    header = content[: header_length(content)]
    if len(header) > limits.header:
        return LONG_HEADER
    if header.count(b"\r\n") > limits.header_lines:
        return MANY_HEADERS
    if _hops(header) > limits.hops:
        return MANY_HOPS
    return None if _lines_fit(content, limits.line) else LONG_LINE


def header_length(content: bytes) -> int:
    """Where the header block ends: behind the last line before the first empty one (RFC 5322, section 2.1)."""
    if content.startswith(b"\r\n"):
        return 0
    end = content.find(b"\r\n\r\n")
    return len(content) if end < 0 else end + 2


def _hops(header: bytes) -> int:
    """How many `Received` fields there are; each is one server that had the message (RFC 5321, section 6.3)."""
    lower = header.lower()
    return lower.count(b"\r\nreceived:") + lower.startswith(b"received:")


def _lines_fit(content: bytes, room: int) -> bool:
    """Whether no line is longer than `room` octets, in steps of whole windows."""
    start = 0
    while len(content) - start > room:
        last = content.rfind(b"\r\n", start, start + room + 2)
        if last < 0:
            return False
        start = last + 2
    return True
