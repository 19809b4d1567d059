"""Mail that passes through: what a forward or a mailing list of the city leaves in the headers of foreign senders' mail."""

import re
from collections.abc import Iterator
from typing import Final

from smtp_gate.core.facts import Account, FactKey, Facts, directory
from smtp_gate.core.view import MessageView

TRACES: Final = (
    "delivered-to",
    "x-original-to",
    "x-forwarded-for",
    "x-forwarded-to",
    "x-loop",
    "resent-from",
    "envelope-to",
)
"""Headers in which a forward names the mailbox it has passed through."""
LISTS: Final = ("list-post", "list-id", "x-been-there", "x-beenthere", "sender")
MOST: Final = 20
KINDS: Final = frozenset({"forward", "list", "shared", "person"})
"""Accounts that may pass mail on; a person's own forwarding is another rule's business."""

_ADDRESS: Final = re.compile(r"([^\s<>()\[\]\",;:@\\]+)@([A-Za-z0-9.-]+)")
_LIST_ID: Final = re.compile(r"<([^\s<>@.]+)\.([A-Za-z0-9.-]+)>")


def questions(view: MessageView) -> Iterator[FactKey]:
    """The accounts that the traces name."""
    return map(directory, dict.fromkeys((*_traced(view), *_listed(view))))


def names(view: MessageView, facts: Facts, account: Account) -> bool:
    """Whether the message bears the traces of having passed through this list or forward."""
    keys = _listed(view) if account.kind == "list" else _traced(view)
    passed = (facts.account(key) for key in keys)
    return any(found is not None and found.key == account.key for found in passed)


def explains(view: MessageView, facts: Facts) -> bool:
    """Whether a current account of ours has passed the message on: a mailbox that forwards, or a list."""
    if any(_current(facts, key, KINDS) for key in _traced(view)):
        return True
    return any(_current(facts, key, frozenset({"list"})) for key in _listed(view))


def _current(facts: Facts, key: str, kinds: frozenset[str]) -> bool:
    account = facts.account(key)
    return account is not None and account.current and account.kind in kinds


def _traced(view: MessageView) -> Iterator[str]:
    yield from addresses(view, TRACES)


def _listed(view: MessageView) -> Iterator[str]:
    yield from addresses(view, LISTS)
    ours = view.envelope.listener.internal_domains
    for value in view.all_headers("list-id")[:MOST]:
        for found in _LIST_ID.finditer(value[:1000]):
            # A list's id is its name before the host that runs it (RFC 2919): council.lists.milwaukee.gov.
            for domain in ours:
                if found[2].lower() == domain or found[2].lower().endswith(f".{domain}"):
                    yield f"{found[1]}@{domain}".casefold()


def addresses(view: MessageView, names: tuple[str, ...]) -> Iterator[str]:
    """The addresses of ours in these headers as look-ups compare them, at most MOST."""
    ours = view.envelope.listener.internal_domains
    number = 0
    for name in names:
        for value in view.all_headers(name)[:MOST]:
            for found in _ADDRESS.finditer(value[:1000]):
                if found[2].lower() in ours and number < MOST:
                    number += 1
                    yield f"{found[1]}@{found[2]}".casefold()
