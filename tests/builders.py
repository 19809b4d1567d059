"""Builders of messages, envelopes and rules that tests share; every default is a harmless outbound mail."""

from collections.abc import Iterable
from datetime import UTC, datetime

from smtp_gate.core.message import Client, Direction, Envelope, Listener, Message, Path, Proof, Recipient, Upstream

RECEIVED = datetime(2026, 3, 2, 15, 4, 5, tzinfo=UTC)
OURS = frozenset({"milwaukee.gov"})


def path(address: str) -> Path:
    """A path as the door would parse it; an empty string is the null path."""
    local, _, domain = address.rpartition("@")
    return Path(address.encode(), local, domain) if address else Path(b"")


def listener(
    direction: Direction = Direction.OUTBOUND,
    upstream: Upstream = Upstream.BEFORE_QUEUE,
    *,
    sender_is_authenticated: bool = False,
) -> Listener:
    return Listener("outbound", direction, upstream, sender_is_authenticated, OURS)


def envelope(
    sender: str = "dokafor@milwaukee.gov",
    to: Iterable[str] = ("lee@example.org",),
    *,
    account: str = "",
    at: Listener | None = None,
) -> Envelope:
    client = Client("127.0.0.1", 40000, "mail.milwaukee.gov", account=account, proof=Proof.AUTH if account else None)
    recipients = tuple(Recipient(path(a)) for a in to)
    return Envelope(path(sender), recipients, client, at or listener())


def message(
    body: str = "Lee, the agenda is attached.",
    *,
    headers: str = "From: Dana Okafor <dokafor@milwaukee.gov>\nTo: lee@example.org\nSubject: Agenda",
    env: Envelope | None = None,
    ref: str = "TESTREF0001",
) -> Message:
    text = f"{headers}\n\n{body}\n"
    return Message(ref, env or envelope(), text.replace("\n", "\r\n").encode(), RECEIVED)
