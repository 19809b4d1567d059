"""Names that only their owners may bear: those of officials, as rules list them or a group of the directory holds them."""

from collections.abc import Iterable, Iterator
from typing import Final

from smtp_gate.core.facts import Account, Facts
from smtp_gate.reading.lookalikes import deep_skeleton, is_like, name_words

GROUP: Final = "group:"
_LEAST: Final = 5
"""Letters from which on a name is one: shorter ones are initials and words of any language."""
_RUN: Final = 8
"""Letters from which on a name is seen in a run of letters without spaces."""


def groups(named: Iterable[str]) -> Iterator[str]:
    """The groups among the names of a rule."""
    return (name.removeprefix(GROUP).strip().casefold() for name in named if name.startswith(GROUP))


def borne(display: str, account: Account | None, facts: Facts, named: Iterable[str]) -> str:
    """The official whose name is shown for an account that is not the official's; empty where there is none.

    Who shows their own name beside it bears nobody else's, and two people may have one name.
    """
    shown = name_words(display)
    if sum(map(len, shown)) < _LEAST or _names_itself(account, shown):
        return ""
    for name, address, person in _officials(facts, named):
        words = name_words(name)
        if not words or _is_owner(account, address, person) or _is_within(account, words):
            continue
        if _is_borne(shown, words) or _runs_through(display, name):
            return name
    return ""


def shares_a_name(display: str, known: Iterable[str]) -> bool:
    """Whether a display name has a word, or a first letter and more, of any of these names."""
    words = {deep_skeleton(w) for w in name_words(display)}
    theirs = [deep_skeleton(w) for name in known for w in name_words(name)]
    if words & set(theirs):
        return True
    return any(len(w) > 2 and (w.startswith(t) or t.startswith(w)) for w in words for t in theirs if len(t) > 2)


def _officials(facts: Facts, named: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """Names with the address and the person of their owner, empty for a name that stands in the rule alone."""
    for name in named:
        if name.startswith(GROUP):
            members = facts.roster(name.removeprefix(GROUP).strip().casefold()).members
            yield from ((who, address, person) for address, who, person in members if who)
        else:
            yield name, "", ""


def _is_owner(account: Account | None, address: str, person: str) -> bool:
    if account is None or not address:
        return False
    own = {account.key, *(a.casefold() for a in account.aliases)}
    return address.casefold() in own or bool(person and person == account.person)


def _names_itself(account: Account | None, shown: tuple[str, ...]) -> bool:
    """Whether the account's own name is shown: all of it, or nothing but words of it."""
    mine = set(name_words(account.name)) if account is not None else set()
    return bool(mine) and (set(shown) <= mine or (len(mine) > 1 and mine <= set(shown)))


def _is_within(account: Account | None, words: tuple[str, ...]) -> bool:
    """Whether the account's own name is the official's, to which a rule may have added a title."""
    mine = set(name_words(account.name)) if account is not None else set()
    return len(mine) > 1 and mine <= set(words)


def _is_borne(shown: tuple[str, ...], words: tuple[str, ...]) -> bool:
    """Whether the shown words nearly are the name, or hold each of its words as the eye takes it."""
    if is_like(" ".join(shown), " ".join(words)):
        return True
    return len(words) > 1 and all(any(is_like(word, other) for other in shown) for word in words)


def _runs_through(display: str, name: str) -> bool:
    """Whether the name is there once all spaces are gone, forwards or with the last word first."""
    letters = _letters(display)
    words = [_letters(word) for word in name.split()]
    orders = ("".join(words), "".join((*words[-1:], *words[:-1])))
    return any(len(run) >= _RUN and run in letters for run in orders)


def _letters(text: str) -> str:
    return "".join(c for c in deep_skeleton(text) if c.isalnum())
