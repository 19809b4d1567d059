"""Patterns on RE2: compiled with bounded memory, and refused in words where they cannot be used."""

import re
from collections.abc import Iterator
from typing import Final, Protocol

import re2

MEMORY: Final = 32 << 20
"""Octets that one pattern's automaton may take; beyond that RE2 goes on more slowly, never wrongly."""


REPEATS: Final = 1000
"""How often a piece of a pattern may be repeated by number, `{1,1000}`."""


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

    @property
    def programsize(self) -> int:
        """Its instructions; what an octet may cost at most grows with them."""
        ...

    def search(self, text: bytes, pos: int = 0, /) -> Found | None:
        """The first match at or behind an offset in octets."""
        ...

    def finditer(self, text: bytes, pos: int = 0, /) -> Iterator[Found]:
        """Every match at or behind an offset in octets, each behind the one before."""
        ...


class PatternError(ValueError):
    """A pattern that cannot be used; the text says why, in words for the person who wrote it, `hint` what to do instead."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.hint = hint


_ELSEWHERE: Final = (
    (
        re.compile(r"\(\?<?[=!]"),
        "look-ahead and look-behind are not known here, since they make the time of a search unpredictable",
        "name the value by `group`, or look beside it with evidence: a `regex` that ends in $ stands right before it",
    ),
    (
        re.compile(r"\\[1-9]|\(\?P="),
        "back-references are not known here, since they make the time of a search unpredictable",
        "write out the signs that may stand there, `[-. ]` twice, or let a validator compare them",
    ),
    (
        re.compile(r"\(\?>|[*+?}]\+"),
        "atomic groups and possessive repeats are not known here",
        "leave them out: a search never goes back here, so there is nothing to prevent",
    ),
    (re.compile(r"\\Z"), "\\Z is not known here", "the end of the text is \\z"),
    (re.compile(r"\\u[0-9A-Fa-f]{4}"), "\\u is not known here", "write \\x{20AC}, or the letter itself"),
    (re.compile(r"\\[hR]"), "\\h and \\R are not known here", "write [ \\t] for a space and \\n for a line's end"),
    (
        re.compile(r"\(\?[a-wyzA-Z]*x"),
        "comments and spaces within a pattern are not known here",
        "write it in one piece",
    ),
    (
        re.compile(r"\(\?#"),
        "comments within a pattern are not known here",
        "write it as a YAML comment before the line",
    ),
    (re.compile(r"\(\?\("), "conditions within a pattern are not known here", "write both cases, with | between them"),
)
"""What other engines know: how it is recognised where a pattern does not compile, what is wrong, and what to do."""


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
        raise _refusal(regex, said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)) from None
    if pattern.search(b"") is not None:
        raise PatternError("it matches the empty text, so it would match everywhere")
    return pattern


def _refusal(regex: str, said: str) -> PatternError:
    """Why the library does not know a pattern, in words, with what to write instead where that is known."""
    if said.startswith("invalid repetition size"):
        return PatternError(said, f"up to {REPEATS} times, and repeats within repeats multiply")
    for sign, reason, hint in _ELSEWHERE:
        found = sign.search(regex)
        if found is not None:
            return PatternError(f"{reason}: {said}", hint)
    return PatternError(said)


def options(*, case_sensitive: bool) -> re2.Options:
    """How every pattern is compiled: memory bounded, nothing written to standard error."""
    made = re2.Options()
    made.case_sensitive = case_sensitive
    made.log_errors = False
    made.max_mem = MEMORY
    return made
