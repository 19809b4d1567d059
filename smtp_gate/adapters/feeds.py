"""Lists of domains: a feed's file mapped into memory, and the plain lists that are shipped or that feeds are built from.

A feed's file is a head (`core.feeds.Head`) and a trie of reversed names (`com.gmail.`), so that an entry covers what stands
below it by being a prefix.
"""

import hashlib
import json
import mmap
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import marisa_trie  # type: ignore[import-not-found]  # an extension module alone, without types

from smtp_gate.core.feeds import HEAD_ROOM, MAGIC, FeedError, Head
from smtp_gate.reading.domains import canonical_domain

LINE_ROOM: Final = 1000
PLAIN: Final = ".txt"
_SINKS: Final = frozenset({"0.0.0.0", "127.0.0.1", "::", "::1"})  # noqa: S104 - what hosts files write, nothing is bound
_ADDRESS: Final = re.compile(r"[0-9.]+")
_HOSTS_OWN: Final = frozenset({"localhost", "localhost.localdomain", "broadcasthost", "local"})


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line of a plain list that is no domain, and why."""

    line: int
    reason: str


class TrieDomains:
    """A built feed. `octets` must not change while it is used."""

    def __init__(self, octets: bytes | mmap.mmap) -> None:
        whole = memoryview(octets)
        head = Head.of(bytes(whole[:HEAD_ROOM]))
        head.check(whole[HEAD_ROOM:])
        self.id = f"sha256:{hashlib.sha256(whole).hexdigest()}"
        self.count = head.count
        # The trie reads these octets where they are and keeps no hold on them itself.
        self._octets = whole
        self._trie: Any = marisa_trie.Trie()
        try:
            self._trie.map(whole[HEAD_ROOM:])
        except RuntimeError:
            raise FeedError("made by another version of its library: build it again") from None

    def covers(self, domain: str) -> str | None:
        """The widest entry that the domain is or stands below."""
        found = self._trie.prefixes(_key(domain))
        return _domain(found[0]) if found else None


class PlainDomains:
    """A plain list, kept as a set of names."""

    def __init__(self, octets: bytes) -> None:
        self.id = f"sha256:{hashlib.sha256(octets).hexdigest()}"
        found = tuple(domains_in(octets))
        bad = next((f for f in found if isinstance(f, BadLine)), None)
        if bad is not None:
            raise FeedError(f"line {bad.line}: {bad.reason}")
        self._names = frozenset(f for f in found if isinstance(f, str))
        self.count = len(self._names)
        if not self.count:
            raise FeedError("without a single entry")

    def covers(self, domain: str) -> str | None:
        """The widest entry that the domain is or stands below."""
        labels = domain.split(".")
        names = (".".join(labels[i:]) for i in range(len(labels) - 1, -1, -1))
        return next((name for name in names if name in self._names), None)


def load(path: Path, *, ours: bool = False) -> TrieDomains | PlainDomains:
    """The list in a file, a plain one where it is named so. Raises FeedError, OSError.

    `ours` says that nobody else writes the file, so that it may be mapped into memory and shared by all processes.
    """
    with path.open("rb") as file:
        if path.suffix == PLAIN and file.peek(len(MAGIC))[: len(MAGIC)] != MAGIC:
            return PlainDomains(file.read())
        if ours and path.stat().st_size:
            return TrieDomains(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        return TrieDomains(file.read())


def packed(domains: Iterable[str]) -> bytes:
    """The feed's file for these domains, the same whatever their order. Raises FeedError where there is none."""
    keys = sorted({_key(domain) for domain in domains})
    if not keys:
        raise FeedError("without a single entry")
    body: bytes = marisa_trie.Trie(keys).tobytes()
    return Head.over(len(keys), body).octets + body


def domains_in(octets: bytes) -> Iterator[str | BadLine]:
    """The domains of a list: JSON (an array of names), or one a line, as in a hosts file (`0.0.0.0 NAME`), `#` for comments."""
    text = octets.decode("utf-8-sig", "replace")
    if text.lstrip()[:1] == "[":
        yield from _of_array(text)
        return
    for number, line in enumerate(text.splitlines(), 1):
        words = line[:LINE_ROOM].partition("#")[0].split()
        if not words:
            continue
        if words[0] in _SINKS and len(words) > 1:
            names = [w for w in words[1:] if w not in _HOSTS_OWN and w not in _SINKS]
        else:
            names = [" ".join(words)]
        for name in names:
            yield _canonical(name, number)


def _of_array(text: str) -> Iterator[str | BadLine]:
    try:
        values = json.loads(text)
    except ValueError as error:
        yield BadLine(getattr(error, "lineno", 1), "no JSON")
        return
    except RecursionError:
        yield BadLine(1, "no array of names")
        return
    line, at = 1, 0
    for value in values:
        if not isinstance(value, str):
            yield BadLine(line, "not a name")
            continue
        # Where the value stands in the text tells its line; a name that is written with escapes leaves it at the last one.
        found = text.find(f'"{value}"', at)
        if found >= 0:
            line, at = line + text.count("\n", at, found), found
        yield _canonical(value, line)


def _canonical(name: str, line: int) -> str | BadLine:
    """The one spelling that look-ups compare; `*.example.com` and `.example.com` are example.com, which covers them."""
    plain = name.removeprefix("*").removeprefix(".").removesuffix(".")
    try:
        domain = canonical_domain(plain.encode())
    except UnicodeEncodeError:
        domain = None
    if not domain or domain.startswith("["):
        return BadLine(line, f"no domain: {name[:60]!r}")
    if "." not in domain or _ADDRESS.fullmatch(domain):
        # A list that named `com` by mistake would cover half of all mail.
        return BadLine(line, f"no domain with a name below the top: {name[:60]!r}")
    return domain


def _key(domain: str) -> str:
    return ".".join(reversed(domain.split("."))) + "."


def _domain(key: str) -> str:
    return ".".join(reversed(key[:-1].split(".")))
