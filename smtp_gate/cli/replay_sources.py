"""Where a replay takes its mail from: files and folders, the gate's held mail, its journal joined with content."""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from smtp_gate.cli.mailfiles import MailFile, files_below, message_at, messages_in
from smtp_gate.config import Config
from smtp_gate.core.message import Message
from smtp_gate.core.record import journal_id
from smtp_gate.replay.recorded import Decided, decided_of
from smtp_gate.replay.work import ContentSource, Joined, MailSource, Piece
from smtp_gate.server.settings import listener_of
from smtp_gate.store.journal_reader import Flaw, read
from smtp_gate.store.quarantine import FileQuarantine, NoSuchItemError, State

_ID: Final = re.compile(rb"(?:\A|\r\n)message-id:((?:[^\r\n]|\r\n[ \t])*)", re.IGNORECASE)
Say = Callable[[str], None]
"""Told of each thing that could not be read."""


@dataclass
class Files:
    """Mail in files: .eml, mbox, Maildirs and folders. Implements `MailSource`."""

    paths: Sequence[Path]
    say: Say

    def count(self) -> int | None:
        """How many files there are; an mbox holds more messages than it is files."""
        return sum(1 for _ in _below(self.paths, lambda _said: None))

    def pieces(self) -> Iterator[Piece]:
        """Each message in the order of paths and names."""
        for mail in _mails(self.paths, self.say):
            named = hashlib.sha256(mail.label.encode("utf-8", "surrogateescape") + b"\0" + mail.content).hexdigest()
            yield Piece(named[:32], mail.label, "files", content=mail.content)


@dataclass
class HeldMail:
    """The gate's held mail. Implements `MailSource`, and `ContentSource` with every item that still has its file."""

    quarantine: FileQuarantine
    say: Say

    def count(self) -> int | None:
        """How many messages are held."""
        return self.quarantine.count_and_oldest()[0]

    def pieces(self) -> Iterator[Piece]:
        """Each held message with the envelope of its held recipients, at the time it was received."""
        for listed in self.quarantine.items(State.HELD):
            if listed.item is None:
                self.say(f"quarantine {listed.ref}: {listed.flaw}")
                continue
            named = f"{listed.ref}-{listed.item.sha256[:16]}"
            yield Piece(named, f"quarantine {listed.ref}", "quarantine", message=listed.item.message)

    def find(self, record: Decided) -> tuple[bytes, str, Joined] | None:
        """The content of a message that was held."""
        if all(row["disposition"] != "quarantine" for row in record.recipients):
            return None
        try:
            item = self.quarantine.find(record.ref).item
        except (NoSuchItemError, ValueError):
            return None
        if item is None or item.sha256 != record.sha256:
            return None
        return item.message.content, f"quarantine {record.ref}", Joined.SHA256


@dataclass
class Several:
    """Sources one after another. Implements `MailSource`."""

    sources: Sequence[MailSource]

    def count(self) -> int | None:
        """All of them together, None where one cannot tell."""
        counts = [source.count() for source in self.sources]
        return None if None in counts else sum(number or 0 for number in counts)

    def pieces(self) -> Iterator[Piece]:
        """Each message of each source in turn."""
        for source in self.sources:
            yield from source.pieces()


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a message lies: its file, its octets there, and how it is called. An archive may hold more than memory does."""

    file: Path
    start: int
    size: int
    label: str


@dataclass
class FileContents:
    """The contents that lie in files, by their SHA-256 and by Message-ID. Implements `ContentSource`."""

    paths: Sequence[Path]
    say: Say
    total: int = 0
    claimed: set[_Place] = field(default_factory=set)
    _by_hash: dict[str, _Place] = field(default_factory=dict)
    _by_id: dict[str, list[_Place]] = field(default_factory=dict)

    def look(self) -> None:
        """Read every file once."""
        for file in _below(self.paths, self.say):
            for mail in _opened(file, self.say):
                self.total += 1
                place = _Place(file, mail.start, mail.size, mail.label)
                self._by_hash.setdefault(hashlib.sha256(mail.content).hexdigest(), place)
                named = _message_id(mail.content)
                if named:
                    self._by_id.setdefault(named, []).append(place)

    def find(self, record: Decided) -> tuple[bytes, str, Joined] | None:
        """The octets that were judged, else the one message with that Message-ID; several of one id are nobody's."""
        place, by = self._by_hash.get(record.sha256), Joined.SHA256
        if place is None:
            same = self._by_id.get(record.message_id, []) if record.message_id else []
            place, by = (same[0] if len(same) == 1 else None), Joined.MESSAGE_ID
        if place is None:
            return None
        content = message_at(place.file, place.start, place.size)
        if by is Joined.SHA256 and hashlib.sha256(content).hexdigest() != record.sha256:
            # The file was changed after we had looked.
            return None
        self.claimed.add(place)
        return content, place.label, by


@dataclass
class JournalMail:
    """The journal's decisions, each with its content where somebody has it. Implements `MailSource`."""

    root: Path
    config: Config
    contents: Sequence[ContentSource]
    say: Say

    def count(self) -> int | None:
        """How many decisions there are."""
        return sum(1 for item in read(self.root) if not isinstance(item, Flaw) and item.fields.get("kind") == "decided")

    def pieces(self) -> Iterator[Piece]:
        """Each decision in the order of the segments; a flaw of the journal is told, and what it hides is not there."""
        listeners = {s.name: listener_of(self.config, s) for s in self.config.listeners}
        ours = frozenset(self.config.internal_domains)
        for item in read(self.root):
            if isinstance(item, Flaw):
                if not item.by_crash:
                    self.say(f"journal {item}")
                continue
            if item.fields.get("kind") != "decided":
                continue
            try:
                record = decided_of(item.fields, listeners, ours)
            except (ValueError, KeyError, TypeError):
                self.say(f"journal {item.segment}:{item.line}: a record that this program does not understand")
                continue
            yield self._piece(record)

    def _piece(self, record: Decided) -> Piece:
        named = f"{record.ref}-{record.sha256[:16]}"
        for source in self.contents:
            found = source.find(record)
            if found is not None:
                content, where, by = found
                message = Message(record.ref, record.envelope, content, record.received)
                return Piece(f"{named}-{by}", where, "journal", message=message, record=record, joined=by)
        return Piece(named, f"journal {record.ref}", "journal", record=record)


def _mails(paths: Sequence[Path], say: Say) -> Iterator[MailFile]:
    for file in _below(paths, say):
        yield from _opened(file, say)


def _below(paths: Sequence[Path], say: Say) -> Iterator[Path]:
    for path in paths:
        try:
            yield from files_below(path)
        except OSError as error:
            say(f"{path}: {error.strerror}")


def _opened(file: Path, say: Say) -> Iterator[MailFile]:
    try:
        yield from messages_in(file)
    except OSError as error:
        say(f"{file}: {error.strerror}")


def _message_id(content: bytes) -> str:
    """The Message-ID as the journal writes it."""
    end = content.find(b"\r\n\r\n")
    found = _ID.search(content if end < 0 else content[: end + 2])
    if found is None:
        return ""
    return journal_id(" ".join(found[1].decode("utf-8", "replace").split()))
