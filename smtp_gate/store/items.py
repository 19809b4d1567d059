r"""A held message as one file: a magic line, a JSON head, the exact octets, and a digest that says the file is whole.

Layout of version 1: `smtp-gate-hold 1 <octets of head>\\n`, the head, the content, `\\n<sha256 of all before>\\n`.
"""

import base64
import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from smtp_gate.core.message import Client, Direction, Envelope, Listener, Message, Path, Recipient, Upstream
from smtp_gate.core.record import finding_rows, unscannable_rows
from smtp_gate.core.verdict import Judgement

VERSION: Final = 1
MAGIC: Final = b"smtp-gate-hold"
TAIL: Final = 1 + 64 + 1


class DamagedItemError(ValueError):
    """The file is not a whole item of a version we know."""


@dataclass(frozen=True, slots=True)
class Item:
    """A held message: the message with its envelope narrowed to the held recipients, and why it is held."""

    message: Message
    message_id: str
    ruleset: str
    rules: tuple[str, ...]
    findings: tuple[dict[str, Any], ...]
    unscannable: tuple[dict[str, Any], ...]
    others: int
    """How many recipients of the same message were relayed at once."""

    @property
    def sha256(self) -> str:
        """The digest of the content in hex."""
        return hashlib.sha256(self.message.content).hexdigest()


def make(message: Message, judgement: Judgement, held: tuple[int, ...]) -> Item:
    """The item for these recipients of a message."""
    recipients = tuple(message.envelope.recipients[i] for i in held)
    narrowed = replace(message, envelope=replace(message.envelope, recipients=recipients))
    weights = [w.rule for i in held for w in judgement.verdict.rulings[i].weights]
    return Item(
        narrowed,
        judgement.message_id[:998],
        judgement.ruleset,
        tuple(dict.fromkeys(weights)),
        tuple(dict(row) for row in finding_rows(judgement.verdict)),
        tuple(dict(row) for row in unscannable_rows(judgement.unscannable)),
        len(message.envelope.recipients) - len(held),
    )


def dump(item: Item) -> tuple[bytes, ...]:
    """The octets of the file, in blocks; the content is not copied."""
    head = json.dumps(_head(item), ensure_ascii=True, separators=(",", ":")).encode()
    first = b"%s %d %d\n" % (MAGIC, VERSION, len(head))
    digest = hashlib.sha256(first)
    for block in (head, item.message.content):
        digest.update(block)
    return (first, head, item.message.content, b"\n" + digest.hexdigest().encode() + b"\n")


def load(octets: bytes) -> Item:
    """The item in a file's octets. Raises DamagedItemError where they are not all there or not as written."""
    line, _, rest = octets.partition(b"\n")
    words = line.split(b" ")
    if len(words) != 3 or words[0] != MAGIC or not words[2].isdigit():
        raise DamagedItemError("not a held message")
    if words[1] != b"%d" % VERSION:
        raise DamagedItemError(
            f"written in version {words[1][:8].decode('ascii', 'replace')}, this program reads {VERSION}"
        )
    if len(rest) < int(words[2]) + TAIL or octets[-65:-1] != _digest(octets):
        raise DamagedItemError("incomplete or changed")
    size = int(words[2])
    return _item(json.loads(rest[:size]), rest[size:-TAIL])


def _digest(octets: bytes) -> bytes:
    return hashlib.sha256(memoryview(octets)[:-TAIL]).hexdigest().encode()


def _raw(octets: bytes) -> str:
    return base64.b64encode(octets).decode("ascii")


def _head(item: Item) -> dict[str, Any]:
    """Envelope octets are base64, so that they come back exactly; the addresses beside them are for people."""
    message, envelope = item.message, item.message.envelope
    client, listener = envelope.client, envelope.listener
    return {
        "ref": message.ref,
        "received": message.received.isoformat(),
        "message_id": item.message_id,
        "ruleset": item.ruleset,
        "rules": item.rules,
        "findings": item.findings,
        "unscannable": item.unscannable,
        "others": item.others,
        "sender": _path(envelope.sender) | {"params": [_raw(p) for p in envelope.sender_params]},
        "recipients": [_path(r.path) | {"params": [_raw(p) for p in r.params]} for r in envelope.recipients],
        "client": {
            "address": client.address,
            "port": client.port,
            "helo": client.helo,
            "esmtp": client.esmtp,
            "tls": client.tls,
            "account": client.account,
            "forwarded": client.forwarded,
        },
        "listener": {
            "name": listener.name,
            "direction": listener.direction,
            "upstream": listener.upstream,
            "sender_is_authenticated": listener.sender_is_authenticated,
            "internal_domains": sorted(listener.internal_domains),
        },
    }


def _path(path: Path) -> dict[str, Any]:
    return {"address": path.address, "raw": _raw(path.raw), "local": path.local, "domain": path.domain}


def _item(head: dict[str, Any], content: bytes) -> Item:
    client, listener = head["client"], head["listener"]
    envelope = Envelope(
        _path_of(head["sender"]),
        tuple(Recipient(_path_of(r), _params(r)) for r in head["recipients"]),
        Client(**{**client, "forwarded": tuple((n, v) for n, v in client["forwarded"])}),
        Listener(
            listener["name"],
            Direction(listener["direction"]),
            Upstream(listener["upstream"]),
            listener["sender_is_authenticated"],
            frozenset(listener["internal_domains"]),
        ),
        _params(head["sender"]),
    )
    message = Message(head["ref"], envelope, content, datetime.fromisoformat(head["received"]))
    return Item(
        message,
        head["message_id"],
        head["ruleset"],
        tuple(head["rules"]),
        tuple(head["findings"]),
        tuple(head["unscannable"]),
        head["others"],
    )


def _path_of(fields: dict[str, Any]) -> Path:
    return Path(base64.b64decode(fields["raw"]), fields["local"], fields["domain"])


def _params(fields: dict[str, Any]) -> tuple[bytes, ...]:
    return tuple(base64.b64decode(p) for p in fields["params"])
