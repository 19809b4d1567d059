"""Patterns on RE2: compiled with bounded memory, and refused in words where they cannot be used."""

from typing import Final, Protocol

import re2

MEMORY: Final = 32 << 20
"""Octets that one pattern's automaton may take; beyond that RE2 goes on more slowly, never wrongly."""


class Found(Protocol):
    """One match of a pattern, in octets."""

    def span(self, group: int = 0, /) -> tuple[int, int]:
        """From and to; both -1 for a group that took no part."""
        ...

    def end(self, group: int = 0, /) -> int:
        """To where it goes."""
        ...


class Pattern(Protocol):
    """A compiled pattern, as much of it as is used here; the library gives it no public name."""

    @property
    def groups(self) -> int:
        """How many capturing groups it has."""
        ...

    def search(self, text: bytes, pos: int = 0, /) -> Found | None:
        """The first match at or behind an offset in octets."""
        ...


class PatternError(ValueError):
    """A pattern that cannot be used; the text says why, in words for the person who wrote it."""


def compile_pattern(regex: str, *, case_sensitive: bool = False) -> Pattern:
    """A pattern that runs in linear time over UTF-8 octets.

    Raises PatternError for what RE2 does not know (look-around, back-references) and for a pattern that matches the
    empty text, which would stand everywhere.
    """
    try:
        pattern = re2.compile(regex, options(case_sensitive=case_sensitive))
    except re2.error as error:
        # The library says why in octets, not in text.
        said = error.args[0] if error.args else "not a pattern"
        raise PatternError(said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)) from None
    if pattern.search(b"") is not None:
        raise PatternError("it matches the empty text, so it would match everywhere")
    return pattern


def options(*, case_sensitive: bool) -> re2.Options:
    """How every pattern is compiled: memory bounded, nothing written to standard error."""
    made = re2.Options()
    made.case_sensitive = case_sensitive
    made.log_errors = False
    made.max_mem = MEMORY
    return made
