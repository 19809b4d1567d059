"""The one notice a sender gets about held mail that was discarded, expired, or finally refused (RFC 3834).

It goes from the null sender to an internal one, never in answer to automatic mail, honours NOTIFY, and quotes nothing: no
content, no subject, no finding.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from typing import Final

from smtp_gate.core.message import Client, Envelope, Path, Recipient
from smtp_gate.core.record import journal_id
from smtp_gate.reading.headers import parse_headers
from smtp_gate.store.items import Item
from smtp_gate.store.progress import Copy, Notice, Standing

HEADERS: Final = 1000
"""How many header fields are looked at."""
NAMED: Final = 100
"""How many recipients a notice names."""
_MESSAGE_ID: Final = re.compile(r"<[!-;=?-~]{1,250}>")
_COMMENT: Final = re.compile(r"\([^)]*\)")


@dataclass(frozen=True, slots=True)
class NoticeTerms:
    """How this city sends notices: whether at all, whom they name (`contact`, may be empty), and the help desk's words."""

    hostname: str
    wanted: bool = True
    contact: str = ""
    way_out: str = ""
    zone: tzinfo = UTC


def owed(item: Item, over: Sequence[int], terms: NoticeTerms) -> tuple[tuple[int, ...], str]:
    """Whose copies among those that are over the sender is to be told of, and why not of the others."""
    why = _silence(item, terms)
    if why:
        return (), why
    recipients = item.message.envelope.recipients
    told = tuple(i for i in over if _wants_notice(recipients[i]))
    return told, "" if len(told) == len(over) else "the sender asked for no report (NOTIFY)"


def _silence(item: Item, terms: NoticeTerms) -> str:
    """Why this sender gets no notice at all, empty where one may go."""
    envelope = item.message.envelope
    if not terms.wanted:
        return "notices are switched off"
    if envelope.sender.is_null:
        return "the sender is null"
    if not envelope.listener.is_internal(envelope.sender):
        return "the sender is not internal"
    return _automatic(item.message.content)


def _automatic(content: bytes) -> str:
    """Why the message counts as automatic (RFC 3834 section 2, RFC 2919), empty where a person seems to have sent it."""
    for header in parse_headers(content, 0, len(content), HEADERS).headers:
        if header.key == "auto-submitted":
            words = _COMMENT.sub(" ", header.value).replace(";", " ").split()
            if not words or words[0].casefold() != "no":
                return "the message is automatic (Auto-Submitted)"
        elif header.key in {"precedence", "list-id"}:
            return f"the message is automatic ({header.key.title()})"
    return ""


def _wants_notice(recipient: Recipient) -> bool:
    """Whether reports of failure are wanted for this recipient; they are unless NOTIFY leaves them out (RFC 3461, 4.1)."""
    for param in recipient.params:
        name, _, value = param.partition(b"=")
        if name.upper() == b"NOTIFY":
            return b"FAILURE" in value.upper().split(b",")
    return True


def envelope_of(item: Item, terms: NoticeTerms) -> Envelope:
    """The notice's own envelope: from nobody to the sender."""
    sender = item.message.envelope.sender
    params = () if sender.raw.isascii() else (b"SMTPUTF8",)
    client = Client("127.0.0.1", helo=terms.hostname)
    return Envelope(Path(b""), (Recipient(sender),), client, item.message.envelope.listener, params)


def compose(item: Item, copies: Sequence[Copy], notice: Notice, terms: NoticeTerms) -> bytes:
    """The octets of the notice, CRLF ended. Equal input gives equal octets, so that every attempt sends the same one."""
    sender, ref = item.message.envelope.sender, item.message.ref
    mail = EmailMessage(policy=SMTP if sender.raw.isascii() else SMTPUTF8)
    mail["From"] = f"smtp-gate <{terms.contact or f'postmaster@{terms.hostname}'}>"
    mail["To"] = _to(sender)
    mail["Subject"] = f"Your message was not sent to everybody (ref {ref})"
    mail["Date"] = format_datetime(notice.at.astimezone(UTC))
    mail["Message-ID"] = f"<{ref}.notice.{int(notice.at.timestamp())}@{terms.hostname}>"
    original = item.message_id
    if _MESSAGE_ID.fullmatch(original) and journal_id(original) == original:
        mail["In-Reply-To"] = original
        mail["References"] = original
    mail["Auto-Submitted"] = "auto-replied"
    text = "\n".join(_text(item, copies, notice, terms)) + "\n"
    mail.set_content(text, cte="7bit" if text.isascii() else "quoted-printable")
    return mail.as_bytes()


def _to(sender: Path) -> str | Address:
    """The sender for the To line; an address that its rules do not allow is left out, the envelope has it."""
    try:
        return Address(username=sender.local, domain=sender.domain)
    except (MessageError, ValueError, IndexError):
        return "undisclosed-recipients:;"


def _text(item: Item, copies: Sequence[Copy], notice: Notice, terms: NoticeTerms) -> Iterator[str]:
    envelope, ref = item.message.envelope, item.message.ref
    yield f"The message you sent on {_day(item.message.received, terms.zone)} was held for review by the mail gate"
    yield f"{terms.hostname}. It did not reach everybody:"
    yield ""
    for index in notice.to[:NAMED]:
        yield f"  {_shown(envelope.recipients[index].path)}"
        yield from (f"    {line}" for line in _happened(copies[index]))
    if len(notice.to) > NAMED:
        yield f"  and {len(notice.to) - NAMED} more"
    yield ""
    yield "The gate will not send it to them any more."
    if any(copies[i].standing is Standing.FAILED for i in notice.to):
        yield "If it still has to arrive, correct the address or send it again later."
    if terms.way_out:
        yield terms.way_out
    if terms.contact:
        yield f"Questions: {terms.contact}"
    yield f"Please name this reference: {ref}"
    yield ""
    yield "This is an automatic notice. It quotes nothing of your message."


def _happened(copy: Copy) -> Iterator[str]:
    match copy.standing:
        case Standing.DISCARDED:
            yield "was reviewed, and is not sent on"
        case Standing.EXPIRED:
            yield "was held until its time ran out, and is not sent on"
        case _:
            yield "was released, and could not be delivered"
    if copy.before is Standing.UNKNOWN and copy.standing is not Standing.FAILED:
        yield "(whether an earlier attempt reached this recipient is not known)"
    if copy.standing is Standing.FAILED and copy.reply:
        yield f"the next mail server said: {_plain(copy.reply)[:300]}"


def _shown(path: Path) -> str:
    return _plain(path.address)[:320] or "<>"


def _plain(text: str) -> str:
    """Text of others on one line, without control characters."""
    return " ".join("".join(c if c.isprintable() else "?" for c in text).split())


def _day(at: datetime, zone: tzinfo) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%d at %H:%M %Z")
