"""Feeds: lists of domains that somebody keeps beside the rules, asked like any other fact; and the head of a feed's file."""

import hashlib
import struct
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from smtp_gate.core.facts import Fact, FactKey, Listed
from smtp_gate.core.finding import Failure

PREFIX: Final = "feed."
MAGIC: Final = b"smtp-gate feed\r\n"
VERSION: Final = 1
_HEAD: Final = struct.Struct("<16sIIQQ32s")
HEAD_ROOM: Final = _HEAD.size


class FeedError(ValueError):
    """A file that is no feed, or not as it was written: it is never taken for a list without entries."""


@dataclass(frozen=True, slots=True)
class Head:
    """What stands before the list in a feed's file: how many entries, how many octets, and their SHA-256."""

    count: int
    size: int
    digest: bytes

    @classmethod
    def over(cls, count: int, body: bytes) -> "Head":
        """The head for these octets."""
        return cls(count, len(body), hashlib.sha256(body).digest())

    @classmethod
    def of(cls, octets: bytes) -> "Head":
        """The head of a file that begins with these octets. Raises FeedError."""
        if octets[: len(MAGIC)] != MAGIC:
            raise FeedError("no feed that `smtp-gate feeds build` made")
        if len(octets) < HEAD_ROOM:
            raise FeedError("cut short")
        _, version, _, count, size, digest = _HEAD.unpack_from(octets)
        if version != VERSION:
            raise FeedError(f"made by another version of smtp-gate (format {version}, not {VERSION}): build it again")
        if not count:
            raise FeedError("without a single entry")
        return cls(count, size, digest)

    @property
    def octets(self) -> bytes:
        """The head as it stands in the file; its length is a multiple of eight, as the list behind it needs."""
        return _HEAD.pack(MAGIC, VERSION, 0, self.count, self.size, self.digest)

    def check_size(self, whole: int) -> None:
        """Whether the file is as long as it was written. Raises FeedError."""
        if whole != HEAD_ROOM + self.size:
            raise FeedError("cut short, or longer than it was written")

    def check(self, body: bytes | memoryview) -> None:
        """Whether the octets behind the head are those that were written. Raises FeedError."""
        self.check_size(HEAD_ROOM + len(body))
        if hashlib.sha256(body).digest() != self.digest:
            raise FeedError("not as it was written")


class Domains(Protocol):
    """One list of domains."""

    @property
    def id(self) -> str:
        """The name of its content, for the journal: `sha256:` and hex digits."""
        ...

    def covers(self, domain: str) -> str | None:
        """The entry that the domain, lower-case, is or stands below; None where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Feeds:
    """All lists by name."""

    lists: Mapping[str, Domains] = field(default_factory=dict)

    @property
    def ids(self) -> dict[str, str]:
        """The name of each list's content, by the list's name."""
        return {name: listed.id for name, listed in sorted(self.lists.items())}

    def answer(self, keys: Collection[FactKey]) -> dict[FactKey, Fact | Failure]:
        """The answers to questions that `facts.feed` made; a list that is not there is a Failure."""
        return {key: self._answer(key) for key in keys}

    def _answer(self, key: FactKey) -> Fact | Failure:
        domains = self.lists.get(key.source.removeprefix(PREFIX)) if key.source.startswith(PREFIX) else None
        if domains is None:
            return Failure("fact_missing", f"nobody answers {key.source}")
        entry = domains.covers(key.subject)
        return None if entry is None else Listed(entry, domains.id)
