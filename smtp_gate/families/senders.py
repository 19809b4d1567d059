"""Who sends: the accounts that a login, an envelope sender and the addresses of headers stand for.

Shared by families and by the examination, which spares nobody whose message does not agree with itself (law 10).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from smtp_gate.core.facts import Account, FactKey, Facts, directory
from smtp_gate.core.message import Envelope
from smtp_gate.core.view import Mailbox, MessageView
from smtp_gate.reading.authors import doubts

HEADERS: Final = ("from", "sender", "reply-to", "resent-from", "resent-sender", "resent-reply-to")
"""The headers that say who sends."""
MOST: Final = 20
"""Addresses of one header that are looked up; a message that names more authors is no message of a person."""
LOGIN_DOMAINS: Final = 8

_SRS: Final = re.compile(r"srs([01])[=+-](.+)", re.IGNORECASE)
_BATV: Final = re.compile(r"prvs=[0-9a-z]{6,12}=(.+)", re.IGNORECASE)
_LIST: Final = re.compile(
    r"(?:owner-(.+)|(.+)-(?:bounces?|owner|request|admin|errors|confirm|join|leave|subscribe|unsubscribe))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Who:
    """An address that somebody sends as: `role` says where it stands, `account` is the directory's, None if unknown."""

    role: str
    local: str
    domain: str
    account: Account | None

    @property
    def key(self) -> str:
        """The address as look-ups compare it."""
        return f"{self.local}@{self.domain}".casefold() if self.domain else self.local.casefold()

    def agrees(self, other: "Who") -> bool:
        """Whether the other one may send under this address: the same, the same account or human, or by a grant."""
        if self.key == other.key:
            return True
        if self.account is None or other.account is None:
            return (
                bool(self.domain)
                and self.domain == other.domain
                and set(_names(self.key)) & set(_names(other.key)) != set()
            )
        return self.account.current and self.account.lets(other.account)


def forward_of(local: str) -> tuple[str, str]:
    """The original local part and domain inside an SRS address; two empty strings where it is none."""
    found = _SRS.fullmatch(local)
    if found is None:
        return "", ""
    pieces = found[2].split("==", 1)[-1] if found[1] == "1" else found[2]
    # SRS0=hash=days=domain=local, where the local part may hold further equal signs.
    _, _, rest = pieces.lstrip("=+-").partition("=")
    _, _, rest = rest.partition("=")
    domain, _, original = rest.partition("=")
    return (original, domain.casefold()) if original and domain else ("", "")


def base_questions(view: MessageView) -> Iterator[FactKey]:
    """Every directory question that `base` takes: of the login, and without one of the envelope sender."""
    envelope = view.envelope
    logins = _login_keys(envelope)
    if logins or envelope.sender.is_null:
        yield from map(directory, logins)
    else:
        yield from map(directory, _keys(envelope.sender.local, envelope.sender.domain))


def questions(view: MessageView) -> Iterator[FactKey]:
    """Every directory question that `login`, `sender` and `named` take."""
    envelope = view.envelope
    yield from base_questions(view)
    if not envelope.sender.is_null:
        yield from map(directory, _keys(envelope.sender.local, envelope.sender.domain))
    for header in HEADERS:
        for box in view.mailboxes_of(header)[:MOST]:
            if box.domain in envelope.listener.internal_domains:
                yield from map(directory, _keys(box.local, box.domain))


def login(view: MessageView, facts: Facts) -> Who | None:
    """The account that has proven who it is, None where none has."""
    client = view.envelope.client
    if not client.account or client.proof is None:
        return None
    local, at, domain = client.account.rpartition("@")
    account = next((a for a in map(facts.account, _login_keys(view.envelope)) if a is not None), None)
    if not at:
        # A bare name logs in to one of our domains: the one where the directory has such an account.
        domain = account.address.rpartition("@")[2].casefold() if account is not None else ""
        return Who("login", client.account, domain, account)
    return Who("login", local, domain.casefold(), account)


def sender(view: MessageView, facts: Facts) -> Who | None:
    """The envelope sender, an SRS address as the one it was made from; None for the null path."""
    path = view.envelope.sender
    if path.is_null:
        return None
    local, domain = forward_of(path.local)
    if not local:
        local, domain = path.local, path.domain
    return _who("envelope", local, domain, facts)


def named(view: MessageView, facts: Facts, header: str) -> tuple[Who, ...]:
    """The readable addresses of a header."""
    boxes = (box for box in view.mailboxes_of(header)[:MOST] if box.domain)
    return tuple(_who(header, box.local, box.domain, facts) for box in boxes)


def base(view: MessageView, facts: Facts) -> Who | None:
    """Who answers for the message: the login where one is proven, else the envelope sender."""
    return login(view, facts) or sender(view, facts)


def is_one_voice(view: MessageView, facts: Facts) -> bool:
    """Whether the envelope sender and every author agree beyond doubt: what a declared sender needs to be believed."""
    if doubts(view):
        return False
    claimed = sender(view, facts)
    authors = named(view, facts, "from")
    if claimed is None or len(authors) != 1:
        return False
    others = (
        *authors,
        *named(view, facts, "sender"),
        *named(view, facts, "resent-from"),
        *named(view, facts, "resent-sender"),
    )
    return all(other.agrees(claimed) for other in others)


def box_of(view: MessageView, header: str, who: Who) -> Mailbox | None:
    """The mailbox of a header that an address stands in."""
    return next((box for box in view.mailboxes_of(header) if box.key == who.key), None)


def _who(role: str, local: str, domain: str, facts: Facts) -> Who:
    return Who(role, local, domain, _account(local, domain, facts))


def _account(local: str, domain: str, facts: Facts) -> Account | None:
    """The account of the address, or the one it is derived from: with a tag, a bounce tag, or a list's own addresses."""
    stem = _list_stem(local)
    for key in _keys(local, domain):
        account = facts.account(key)
        if account is not None and (account.kind == "list" or key != f"{stem}@{domain}".casefold()):
            return account
    return None


def _keys(local: str, domain: str) -> tuple[str, ...]:
    original, elsewhere = forward_of(local)
    if original:
        local, domain = original, elsewhere
    bare = _BATV.fullmatch(local)
    plain = bare[1] if bare is not None else local
    untagged = plain.partition("+")[0] or plain
    names = (local, plain, untagged, _list_stem(untagged))
    return tuple(dict.fromkeys(f"{name}@{domain}".casefold() for name in names if name))


def _list_stem(local: str) -> str:
    found = _LIST.fullmatch(local.partition("+")[0])
    return (found[1] or found[2]) if found is not None else ""


def _names(key: str) -> tuple[str, ...]:
    """The address and the one without its tag; what the directory does not know agrees by its letters alone."""
    local, _, domain = key.rpartition("@")
    bare = _BATV.fullmatch(local)
    local = bare[1] if bare is not None else local
    return f"{local}@{domain}", f"{local.partition('+')[0] or local}@{domain}"


def _login_keys(envelope: Envelope) -> tuple[str, ...]:
    client = envelope.client
    if not client.account or client.proof is None:
        return ()
    if "@" in client.account:
        return (client.account.casefold(),)
    domains = sorted(envelope.listener.internal_domains)[:LOGIN_DOMAINS]
    return tuple(f"{client.account}@{domain}".casefold() for domain in domains)
