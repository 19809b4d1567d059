"""The one header line the gate adds: `Received` with the ref (RFC 5321 section 4.4; law 3)."""

from email.utils import format_datetime

from smtp_gate.core.message import Client, Message, Proof


def received_line(message: Message, hostname: str) -> bytes:
    """The line to put on top, CRLF ended and folded; recipients are never named in it, so no Bcc leaks."""
    client = message.envelope.client
    literal = f"IPv6:{client.address}" if ":" in client.address else client.address
    line = (
        f"Received: from {_token(client.helo)} ([{_token(literal)}])\r\n"
        f"\tby {_token(hostname)} (smtp-gate) with {_protocol(client, smtputf8=message.envelope.smtputf8)}\r\n"
        f"\tid {message.ref}; {format_datetime(message.received)}\r\n"
    )
    return line.encode("ascii")


def _protocol(client: Client, *, smtputf8: bool) -> str:
    """The transmission type (RFC 3848; UTF8SMTP of RFC 6531 section 4.3)."""
    base = ("UTF8SMTP" if smtputf8 else "ESMTP") if client.esmtp else "SMTP"
    if not client.esmtp:
        return base
    return base + ("S" if client.tls else "") + ("A" if client.proof is Proof.AUTH else "")


def _token(text: str) -> str:
    """The text if it is one safe word of ASCII, else `unknown`: a client must not write our header."""
    safe = text.isascii() and all(c.isalnum() or c in ".-_:[]" for c in text)
    return text if text and safe and len(text) <= 255 else "unknown"
