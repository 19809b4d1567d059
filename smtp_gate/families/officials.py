"""Names that only their owners may bear: those of officials, as rules list them or a group of the directory holds them."""

from collections.abc import Iterable, Iterator
from typing import Final

from smtp_gate.core.facts import Account, Facts
from smtp_gate.core.view import Mailbox
from smtp_gate.reading.lookalikes import deep_skeleton, is_like, name_words

GROUP: Final = "group:"
_LEAST: Final = 5
"""Letters from which on a name is one: shorter ones are initials and words of any language."""


def groups(named: Iterable[str]) -> Iterator[str]:
    """The groups among the names of a rule."""
    return (name.removeprefix(GROUP).strip().casefold() for name in named if name.startswith(GROUP))


def borne(box: Mailbox, facts: Facts, named: Iterable[str]) -> str:
    """The official whose name the mailbox shows and whose account it is not; empty where there is none."""
    shown = name_words(box.display)
    if sum(map(len, shown)) < _LEAST:
        return ""
    account = facts.account(box.key) if box.key else None
    own = {account.key, *(a.casefold() for a in account.aliases)} if account is not None else {box.key}
    for name, address in _officials(facts, named):
        words = name_words(name)
        if words and address.casefold() not in own and not _is_rightly(account, words) and _is_borne(shown, words):
            return name
    return ""


def _is_rightly(account: Account | None, words: tuple[str, ...]) -> bool:
    """Whether the account's own name stands in the official's: two people may bear one name, and a rule may add a title."""
    mine = set(name_words(account.name)) if account is not None else set()
    return bool(mine) and mine <= set(words)


def shares_a_name(display: str, known: Iterable[str]) -> bool:
    """Whether a display name has a word, or a first letter and more, of any of these names."""
    words = {deep_skeleton(w) for w in name_words(display)}
    theirs = [deep_skeleton(w) for name in known for w in name_words(name)]
    if words & set(theirs):
        return True
    return any(len(w) > 2 and (w.startswith(t) or t.startswith(w)) for w in words for t in theirs if len(t) > 2)


def _officials(facts: Facts, named: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Names with the address of their owner, empty for a name that stands in the rule alone."""
    for name in named:
        if name.startswith(GROUP):
            members = facts.roster(name.removeprefix(GROUP).strip().casefold()).members
            yield from ((who, address) for address, who in members if who)
        else:
            yield name, ""


def _is_borne(shown: tuple[str, ...], words: tuple[str, ...]) -> bool:
    """Whether the shown words hold all words of the name, each as it is or as the eye takes it, or nearly are the name."""
    if is_like(" ".join(shown), " ".join(words)):
        return True
    left = [deep_skeleton(w) for w in shown]
    return len(words) > 1 and all(deep_skeleton(w) in left for w in words)
