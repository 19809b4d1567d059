"""Patterns that stand wherever a given one does and take far fewer states: looked for first, to spare the search itself.

Nothing in RE2's language denies what it repeats or encloses, so a pattern of which a piece finds more, or is left out at
either end, finds more in all: never wrong downwards. What each function is given compiles.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from smtp_gate.detect.patterns import REPEATS, PatternError, compile_pattern

NARROW: Final = 2
"""The upper bound of a repeat up to which it stays."""

_TOKEN: Final = re.compile(
    r"\\(?:x\{[^}]*\}|x[0-9A-Fa-f]{2}|[0-7]{1,3}|[pP]\{[^}]*\}|Q.*?(?:\\E|\Z)|.)"
    r"|\[\^?\]?(?:\\(?:x\{[^}]*\}|[pP]\{[^}]*\}|.)|\[:\^?[a-z]+:\]|[^\]\\])*\]"
    r"|\{(?P<low>[0-9]+)(?P<comma>,?)(?P<high>[0-9]*)\}"
    r"|\(\?(?:P?<[^>]*>|[a-zA-Z-]*[:)])|.",
    re.DOTALL,
)
"""Escapes and classes whole; repeats by number; what opens a group; single signs."""

_EDGES: Final = frozenset({"^", "$", r"\b", r"\B", r"\A", r"\z"})
_OPTIONAL: Final = frozenset({"*", "?"})
_REPEATS: Final = frozenset({"*", "?", "+"})


def widened(regex: str, *, least: int = REPEATS) -> str:
    """The pattern without the upper bounds of its repeats, `a{3,40}b` as `a{3,}b`; lower ones come down to `least`."""

    def open_ended(token: re.Match[str]) -> str:
        if token["low"] is None:
            return token[0]
        low = int(token["low"])
        high = int(token["high"]) if token["high"] else REPEATS if token["comma"] else low
        if high <= NARROW or high == low <= least:
            return token[0]
        return f"{{{min(low, least)},}}"

    return _TOKEN.sub(open_ended, regex)


def freed(regex: str) -> str:
    """A pattern that stands in a text wherever this one stands in any stretch of it: widened, and tied to no edge.

    The ends of a stretch are edges of words and texts to a pattern that is searched there, and are none in the whole.
    """
    return _sound(_TOKEN.sub(lambda token: "" if token[0] in _EDGES else token[0], widened(regex)), "")


def core(regex: str, *, hard: bool = False) -> str:
    """The pattern without what may be missing at either end of its branches; `hard` cuts every repeat at their ends."""
    if r"\Q" in regex:
        return regex
    return _sound(_core([token[0] for token in _TOKEN.finditer(regex)], hard=hard), regex)


def _sound(regex: str, otherwise: str) -> str:
    try:
        compile_pattern(f"(?:{regex})\\x01", case_sensitive=False)
    except PatternError:
        return otherwise
    return regex


@dataclass(frozen=True, slots=True)
class _Atom:
    """One piece of a branch with its repeat, both as tokens."""

    tokens: list[str]
    repeat: str

    @property
    def may_be_missing(self) -> bool:
        """Whether nothing at all may stand for it; a change of flags is no piece of text and always stays."""
        if self.repeat[:1] in _OPTIONAL or self.repeat.startswith("{0"):
            return True
        opened = self.tokens[0]
        if not opened.startswith("(") or opened.endswith(")"):
            return False
        pattern = "".join(self.tokens)
        try:
            compile_pattern(pattern)
        except PatternError:
            # Nothing but matching the empty text is wrong with a piece of a pattern that compiles.
            return True
        return False

    @property
    def is_repeat(self) -> bool:
        """Whether it may stand several times in a row."""
        inner = self.tokens[1:-1] if self.tokens[0].startswith("(") else []
        return bool(self.repeat) or (len(_branches(inner)) == 1 and any(a.repeat for a in _branches(inner)[0]))

    def __str__(self) -> str:
        return "".join(self.tokens) + self.repeat


def _core(tokens: list[str], *, hard: bool) -> str:
    trimmed = []
    for branch in _branches(tokens):
        gone: Callable[[_Atom], bool] = lambda a: a.may_be_missing or (hard and a.is_repeat)  # noqa: E731 - a test of one piece, beside its two uses
        atoms = list(branch)
        while atoms and gone(atoms[-1]):
            atoms.pop()
        while atoms and atoms[0].may_be_missing:
            atoms.pop(0)
        if len(atoms) == 1 and not atoms[0].repeat and atoms[0].tokens[0] in {"(", "(?:"}:
            trimmed.append(f"(?:{_core(atoms[0].tokens[1:-1], hard=hard)})")
        else:
            trimmed.append("".join(map(str, atoms)))
    return "|".join(trimmed)


def _branches(tokens: list[str]) -> list[list[_Atom]]:
    """The alternatives at the top of a pattern, each as its pieces."""
    branches: list[list[_Atom]] = [[]]
    at = 0
    while at < len(tokens):
        if tokens[at] == "|":
            branches.append([])
            at += 1
            continue
        end = _group_end(tokens, at)
        start, at = at, end
        if at < len(tokens) and (tokens[at] in _REPEATS or re.fullmatch(r"\{[0-9]+,?[0-9]*\}", tokens[at])):
            at += 1
            # A second question mark makes a repeat take as little as it can.
            at += at < len(tokens) and tokens[at] == "?"
        branches[-1].append(_Atom(tokens[start:end], "".join(tokens[end:at])))
    return branches


def _group_end(tokens: list[str], at: int) -> int:
    """Behind the group that opens here, or behind this one token."""
    depth = 0
    for end in range(at, len(tokens)):
        if tokens[end].startswith("(") and not tokens[end].endswith(")"):
            depth += 1
        elif tokens[end] == ")":
            depth -= 1
        if depth <= 0:
            return end + 1
    return len(tokens)
