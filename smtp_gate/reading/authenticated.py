"""The login that a trusted Postfix writes into the Received line it adds (`smtpd_sasl_authenticated_header = yes`).

Postfix puts `(Authenticated sender: NAME)` on a folded line of its own, and cleans what clients can put on the others, so
the line is taken whole or not at all. Only the topmost field counts: whatever stands below it came with the message.
"""

import re
from collections.abc import Collection
from typing import Final

ROOM: Final = 4096
"""Octets within which the topmost field must end."""

_END: Final = re.compile(rb"\r\n(?![\t ])")
_LOGIN: Final = re.compile(rb"\t\(Authenticated sender: ([!#-'*-+\--9=?A-Z^-~@\x80-\xff]{1,255})\)")
_BY: Final = re.compile(rb"\tby ([A-Za-z0-9.-]+) \([^()]*\) with ((?:UTF8|E)SMTPS?A)(?: id [A-Za-z0-9]+)?;?")


def authenticated_sender(content: bytes, hosts: Collection[str]) -> str:
    """The login in the topmost Received line, if one of these hosts (lower case) wrote it for a client that logged in.

    Empty where it did not: no such line, another host, a protocol without authentication (RFC 3848), or anything odd.
    """
    if content[:15] != b"Received: from ":
        return ""
    end = _END.search(content, 0, ROOM)
    if end is None:
        return ""
    lines = content[: end.start()].split(b"\r\n")
    # What wrote the line wrote the whole field: one login, and its own name once, below it.
    logins = [(place, found) for place, line in enumerate(lines) if (found := _LOGIN.fullmatch(line)) is not None]
    writers = [(place, found) for place, line in enumerate(lines) if (found := _BY.fullmatch(line)) is not None]
    if len(logins) != 1 or len(writers) != 1 or logins[0][0] > writers[0][0]:
        return ""
    if writers[0][1][1].decode("ascii").lower() not in hosts:
        return ""
    try:
        return logins[0][1][1].decode()
    except UnicodeDecodeError:
        return ""
