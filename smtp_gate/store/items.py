r"""A held message as one file: a first line, a JSON head, the exact octets, and an end that says the file is whole.

Layout of version 1, nothing else in the file:

    smtp-gate-hold 1 <octets of head> <octets of content> <SHA-256 of head>\n
    <head><content>\nend <SHA-256 of content>\n
"""

import base64
import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from smtp_gate.core.message import Client, Direction, Envelope, Listener, Message, Path, Proof, Recipient, Upstream
from smtp_gate.core.record import (
    FailureRow,
    FindingRow,
    RecipientRow,
    UnscannableRow,
    failure_rows,
    finding_rows,
    recipient_rows,
    unscannable_rows,
)
from smtp_gate.core.verdict import Judgement

VERSION: Final = 1
MAGIC: Final = b"smtp-gate-hold"
DIGITS: Final = 12
"""Longest number of the first line: a terabyte, and nothing that would make int() work."""


class DamagedItemError(ValueError):
    """The file is not a whole item of a version we know."""


@dataclass(frozen=True, slots=True)
class Item:
    """A held message: the message with its envelope narrowed to the held recipients, and why it is held.

    `recipients` are all recipients of the message with their dispositions, `held` the indexes of the held ones among
    them; `rules` are those that weigh on a held recipient, the strictest first. Evidence is masked.
    """

    message: Message
    message_id: str
    ruleset: str
    sha256: str
    held: tuple[int, ...]
    recipients: tuple[RecipientRow, ...]
    findings: tuple[FindingRow, ...] = ()
    unscannable: tuple[UnscannableRow, ...] = ()
    failures: tuple[FailureRow, ...] = ()
    defects: tuple[str, ...] = ()

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules behind the hold."""
        return tuple(dict.fromkeys(w["rule"] for i in self.held for w in self.recipients[i]["weights"]))

    @property
    def others(self) -> int:
        """How many recipients of the same message were relayed at once."""
        return len(self.recipients) - len(self.held)


def make(message: Message, judgement: Judgement, held: tuple[int, ...]) -> Item:
    """The item for these recipients of a message. Raises ValueError where they are none of it."""
    everybody = message.envelope.recipients
    if not held or any(not 0 <= i < len(everybody) for i in held):
        raise ValueError("an item is held for recipients of its message")
    envelope = replace(message.envelope, recipients=tuple(everybody[i] for i in held))
    return Item(
        replace(message, envelope=envelope),
        judgement.message_id,
        judgement.ruleset,
        hashlib.sha256(message.content).hexdigest(),
        held,
        tuple(recipient_rows(judgement.verdict, message.envelope)),
        tuple(finding_rows(judgement.verdict)),
        tuple(unscannable_rows(judgement.unscannable)),
        tuple(failure_rows(judgement.verdict)),
        judgement.defects,
    )


def dump(item: Item) -> tuple[bytes, ...]:
    """The octets of the file, in blocks; the content is not copied."""
    head = json.dumps(_head(item), ensure_ascii=True, separators=(",", ":")).encode("ascii")
    content = item.message.content
    return (_first_line(head, len(content)), head, content, _end(item.sha256))


def load(octets: bytes) -> Item:
    """The item in a file's octets. Raises DamagedItemError where they are not all there or not as written."""
    line, newline, _ = octets[: 4 * DIGITS + 128].partition(b"\n")
    words = line.split(b" ")
    if len(words) != 5 or not newline or words[0] != MAGIC:
        raise DamagedItemError("not a held message")
    if words[1] != b"%d" % VERSION:
        version = words[1][:8].decode("ascii", "replace")
        raise DamagedItemError(f"written in version {version}, this program reads {VERSION}")
    if not all(w.isdigit() and len(w) <= DIGITS for w in words[2:4]):
        raise DamagedItemError("not a held message")
    start = len(line) + 1
    middle = start + int(words[2])
    stop = middle + int(words[3])
    head, content = octets[start:middle], octets[middle:stop]
    whole = (_first_line(head, len(content)), _end(hashlib.sha256(content).hexdigest()))
    if (octets[:start], octets[stop:]) != whole:
        raise DamagedItemError("incomplete or changed")
    try:
        return _item(json.loads(head), content)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedItemError(f"a head this program does not understand ({type(error).__name__})") from None


def _first_line(head: bytes, size: int) -> bytes:
    return b"%s %d %d %d %s\n" % (MAGIC, VERSION, len(head), size, hashlib.sha256(head).hexdigest().encode("ascii"))


def _end(sha256: str) -> bytes:
    return b"\nend %s\n" % sha256.encode("ascii")


def _raw(octets: bytes) -> str:
    return base64.b64encode(octets).decode("ascii")


def _head(item: Item) -> dict[str, Any]:
    """Envelope octets are base64, so that they come back exactly; the addresses beside them are for people."""
    message, envelope = item.message, item.message.envelope
    return {
        "ref": message.ref,
        "received": message.received.isoformat(),
        "message_id": item.message_id,
        "ruleset": item.ruleset,
        "sha256": item.sha256,
        "held": item.held,
        "recipients": item.recipients,
        "findings": item.findings,
        "unscannable": item.unscannable,
        "failures": item.failures,
        "defects": item.defects,
        "mail": _path(envelope.sender) | {"params": [_raw(p) for p in envelope.sender_params]},
        "rcpt": [_path(r.path) | {"params": [_raw(p) for p in r.params]} for r in envelope.recipients],
        "client": _client(envelope.client),
        "listener": _listener(envelope.listener),
    }


def _path(path: Path) -> dict[str, Any]:
    return {"address": path.address, "raw": _raw(path.raw), "local": path.local, "domain": path.domain}


def _client(client: Client) -> dict[str, Any]:
    return {
        "address": client.address,
        "port": client.port,
        "helo": client.helo,
        "esmtp": client.esmtp,
        "tls": client.tls,
        "account": client.account,
        "proof": client.proof,
        "forwarded": client.forwarded,
    }


def _listener(listener: Listener) -> dict[str, Any]:
    return {
        "name": listener.name,
        "direction": listener.direction,
        "upstream": listener.upstream,
        "sender_is_authenticated": listener.sender_is_authenticated,
        "internal_domains": sorted(listener.internal_domains),
    }


def _item(head: dict[str, Any], content: bytes) -> Item:
    envelope = Envelope(
        _path_of(head["mail"]),
        tuple(Recipient(_path_of(r), _params(r)) for r in head["rcpt"]),
        _client_of(head["client"]),
        _listener_of(head["listener"]),
        _params(head["mail"]),
    )
    return Item(
        Message(head["ref"], envelope, content, datetime.fromisoformat(head["received"])),
        head["message_id"],
        head["ruleset"],
        head["sha256"],
        tuple(head["held"]),
        tuple(head["recipients"]),
        tuple(head["findings"]),
        tuple(head["unscannable"]),
        tuple(head["failures"]),
        tuple(head["defects"]),
    )


def _path_of(fields: dict[str, Any]) -> Path:
    return Path(base64.b64decode(fields["raw"], validate=True), fields["local"], fields["domain"])


def _params(fields: dict[str, Any]) -> tuple[bytes, ...]:
    return tuple(base64.b64decode(p, validate=True) for p in fields["params"])


def _client_of(fields: dict[str, Any]) -> Client:
    return Client(
        fields["address"],
        fields["port"],
        fields["helo"],
        fields["esmtp"],
        fields["tls"],
        fields["account"],
        None if fields["proof"] is None else Proof(fields["proof"]),
        tuple((name, value) for name, value in fields["forwarded"]),
    )


def _listener_of(fields: dict[str, Any]) -> Listener:
    return Listener(
        fields["name"],
        Direction(fields["direction"]),
        Upstream(fields["upstream"]),
        fields["sender_is_authenticated"],
        frozenset(fields["internal_domains"]),
    )
