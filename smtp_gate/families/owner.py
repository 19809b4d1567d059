"""Whose mail it is: the accounts that answer for a message, their personal addresses, and names to compare others with."""

from collections.abc import Iterable, Iterator
from typing import Final

from smtp_gate.core.facts import Account, Facts
from smtp_gate.core.view import MessageView
from smtp_gate.families import senders
from smtp_gate.families.resemblance import STRONG, WEAK, Person

_SAME_MAILBOX: Final = {
    "googlemail.com": "gmail.com",
    "me.com": "icloud.com",
    "mac.com": "icloud.com",
    "protonmail.com": "proton.me",
    "protonmail.ch": "proton.me",
    "pm.me": "proton.me",
}
"""Domains of one provider where a mailbox has the same name under each."""


class Owner:
    """Who sends: what the directory says of them, and their names as directory or From have them."""

    def __init__(self, accounts: Iterable[Account], names: Iterable[str] = (), logins: Iterable[str] = ()) -> None:
        self.accounts = tuple(accounts)
        self.personal = frozenset(plain_address(a) for account in self.accounts for a in account.personal)
        own = tuple(dict.fromkeys((*logins, *(_local(a) for x in self.accounts for a in (x.address, *x.aliases)))))
        self.keys = frozenset(plain_address(a.address) for a in self.accounts)
        named = dict.fromkeys(n for n in (*(x.name for x in self.accounts if x.kind == "person"), *names) if n)
        self.people = tuple(Person(name, own) for name in list(named)[:3])

    def owns(self, local: str, domain: str) -> bool:
        """Whether the directory knows the address as their own, however it is written."""
        return bool(self.personal) and plain_key(local, domain) in self.personal

    def grade(self, local: str) -> str:
        """How far the local part bears one of their names: `strong`, `weak`, or empty."""
        grades = {person.grade(local) for person in self.people}
        return STRONG if STRONG in grades else WEAK if WEAK in grades else ""

    def is_called(self, words: Iterable[str]) -> bool:
        """Whether any of these lower-case words is one of their names."""
        return any(word in person.names for word in words for person in self.people)


def owner_of(view: MessageView, facts: Facts) -> Owner:
    """Whoever answers for the message: the login, the envelope sender, the first author; outsiders have no names here."""
    ours = view.envelope.listener.internal_domains
    authors = senders.named(view, facts, "from")[:1]
    voices = [w for w in (senders.login(view, facts), senders.sender(view, facts), *authors) if w is not None]
    known = {w.account.key: w.account for w in voices if w.account is not None}
    inside = [w for w in voices if w.domain in ours]
    if not inside:
        return Owner(known.values())
    logins = (w.local.partition("+")[0] for w in inside)
    return Owner(known.values(), _shown_names(view, known.values()), logins)


def _shown_names(view: MessageView, accounts: Iterable[Account]) -> Iterator[str]:
    """The name in From, where it is a name of somebody: what boxes, lists and programs are called belongs to nobody."""
    ours = view.envelope.listener.internal_domains
    others = {a.name.casefold() for a in accounts if a.kind != "person"}
    for box in view.mailboxes_of("from")[:1]:
        if box.domain in ours and box.display and box.display.casefold() not in others:
            yield box.display


def plain_key(local: str, domain: str) -> str:
    """The address without what many providers ignore: a `+tag`, dots at Gmail, and which of its domains it names."""
    box = local.casefold().split("+", 1)[0]
    host = domain.casefold()
    host = _SAME_MAILBOX.get(host, host)
    if host == "gmail.com":
        box = box.replace(".", "")
    return f"{box}@{host}"


def plain_address(address: str) -> str:
    """`plain_key` of an address in one piece."""
    local, _, domain = address.rpartition("@")
    return plain_key(local, domain)


def mask_address(local: str, domain: str) -> str:
    """The address with its local part covered but for the first and last character."""
    shown = f"{local[0]}***{local[-1]}" if len(local) > 2 else "***"
    return f"{shown}@{domain}"


def _local(address: str) -> str:
    return address.rpartition("@")[0]
