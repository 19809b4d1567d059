"""AUTH at the door: the PLAIN and LOGIN exchanges (RFC 4954, 4616), which yield a name and a password to check."""

import asyncio
import binascii
from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from smtp_gate.adapters.door_settings import Verifier
from smtp_gate.core.reply import Reply

MECHANISMS: Final = "AUTH PLAIN LOGIN"
ROOM: Final = 12_288
"""Longest line of an exchange in octets (RFC 4954, section 4)."""

ABORTED: Final = Reply.of(501, "5.7.0", "Authentication aborted")
BAD_BASE64: Final = Reply.of(501, "5.5.2", "cannot decode base64")
BAD_SYNTAX: Final = Reply.of(501, "5.5.4", "Syntax: AUTH mechanism [initial-response]")
UNKNOWN: Final = Reply.of(504, "5.5.4", "unrecognized authentication type")
INVALID: Final = Reply.of(535, "5.7.8", "authentication credentials invalid")
SUCCEEDED: Final = Reply.of(235, "2.7.0", "Authentication successful")
NEED_TLS: Final = Reply.of(538, "5.7.11", "Encryption required for requested authentication mechanism")
ALREADY: Final = Reply.of(503, "5.5.1", "already authenticated")

Ask = Callable[[Reply], Awaitable[bytes | None]]
"""Send a challenge and return the client's line without its CRLF; None where the client is gone."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A claim to be checked."""

    user: str
    password: str = field(repr=False)


async def exchange(argument: bytes, ask: Ask) -> Credentials | Reply | None:
    """The credentials that the client shows, or the reply that ends the exchange; None where the client is gone."""
    words = argument.split(b" ")
    if not 1 <= len(words) <= 2 or not all(words):
        return BAD_SYNTAX
    initial = words[1] if len(words) == 2 else None
    match words[0].upper():
        case b"PLAIN":
            return await _plain(initial, ask)
        case b"LOGIN":
            return await _login(initial, ask)
        case _:
            return UNKNOWN


async def verify(credentials: Credentials, verifier: Verifier, gate: asyncio.Semaphore) -> bool:
    """Check them in a thread, a few at a time: each check takes memory and time on purpose."""
    async with gate:
        return await asyncio.to_thread(verifier.check, credentials.user, credentials.password)


async def _plain(initial: bytes | None, ask: Ask) -> Credentials | Reply | None:
    answer = _decode(initial) if initial is not None else await _asked(b"", ask)
    if not isinstance(answer, bytes):
        return answer
    parts = answer.split(b"\0")
    if len(parts) != 3 or parts[0] not in {b"", parts[1]}:
        return INVALID
    return _credentials(parts[1], parts[2])


async def _login(initial: bytes | None, ask: Ask) -> Credentials | Reply | None:
    user = _decode(initial) if initial is not None else await _asked(b"Username:", ask)
    if not isinstance(user, bytes):
        return user
    password = await _asked(b"Password:", ask)
    return _credentials(user, password) if isinstance(password, bytes) else password


async def _asked(challenge: bytes, ask: Ask) -> bytes | Reply | None:
    line = await ask(Reply(334, "", (b64encode(challenge).decode("ascii"),)))
    if line is None:
        return None
    return ABORTED if line == b"*" else _decode(line)


def _decode(text: bytes) -> bytes | Reply:
    """Base64 to the letter; a lone `=` is an empty initial response (RFC 4954, section 4)."""
    if text == b"=":
        return b""
    try:
        return b64decode(text, validate=True)
    except binascii.Error:
        return BAD_BASE64


def _credentials(user: bytes, password: bytes) -> Credentials | Reply:
    try:
        shown = Credentials(user.decode(), password.decode())
    except UnicodeDecodeError:
        return INVALID
    return shown if shown.user and shown.password else INVALID
