"""What a replay works on: one message of the past with all that is known of it, and who has such messages."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from smtp_gate.core.message import Message
from smtp_gate.replay.recorded import Decided


class Joined(StrEnum):
    """By what a record and a content were brought together."""

    NOT = ""
    SHA256 = "sha256"
    MESSAGE_ID = "message-id"


@dataclass(frozen=True, slots=True)
class Piece:
    """One message to be judged twice. `id` is the same in every run over the same mail, `path` where a person finds it.

    A file has `content` alone: its envelope is read from it, or said, by whoever completes it. Held mail has its whole
    `message`. A journal's has its `record`, and a `message` where its content was found.
    """

    id: str
    path: str
    source: str
    content: bytes = b""
    message: Message | None = None
    record: Decided | None = None
    joined: Joined = Joined.NOT

    @property
    def size(self) -> int:
        """Octets that it takes to hand it on."""
        return len(self.content) + (len(self.message.content) if self.message is not None else 0)


@dataclass(frozen=True, slots=True)
class Complete:
    """A message ready for judging, and its day for the report where one is known."""

    message: Message
    day: str = ""


class MailSource(Protocol):
    """Who has mail of the past: files, held mail, a journal; an archive is one more."""

    def count(self) -> int | None:
        """How many messages there are, None where that cannot be told without reading them all."""
        ...

    def pieces(self) -> Iterator[Piece]:
        """Each message, in an order that is the same in every run. Raises OSError."""
        ...


class ContentSource(Protocol):
    """Who may have the content of a message that a record speaks of."""

    def find(self, record: Decided) -> tuple[bytes, str, Joined] | None:
        """The octets, where they lie, and by what they were known; None where they are not there. Raises OSError."""
        ...


def day_of(moment: datetime) -> str:
    """A day as reports write it."""
    return moment.date().isoformat()
