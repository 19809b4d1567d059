"""Who sends: the accounts that a login, an envelope sender and the addresses of headers stand for.

Shared by families and by the examination, which spares nobody whose message does not agree with itself (law 10).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from smtp_gate.core.facts import Account, FactKey, Facts, directory
from smtp_gate.core.message import Envelope
from smtp_gate.core.view import MessageView, covered
from smtp_gate.reading.authors import doubts, unclear
from smtp_gate.reading.shown import answers

HEADERS: Final = ("from", "sender", "reply-to", "resent-from", "resent-sender", "resent-reply-to")
"""The headers that say who sends."""
MOST: Final = 20
"""Addresses of one header that are looked up; a message that names more authors is no message of a person."""
LOGIN_DOMAINS: Final = 8
SHOWN: Final = 15
REPORTS: Final = frozenset({"multipart/report", "message/delivery-status", "message/disposition-notification"})

_SRS: Final = re.compile(r"srs([01])[=+-](.+)", re.IGNORECASE)
_EXCHANGE_SRS: Final = re.compile(r"[^+=]{1,64}\+srs=[^=]{1,16}=[^=]{1,8}=([^=]+)=(.+)", re.IGNORECASE)
_BATV: Final = re.compile(r"(?:prvs|msprvs1)=[0-9a-z]{6,24}=(.+)", re.IGNORECASE)
_OF_BOXES: Final = frozenset({"list", "service", "shared"})
"""Kinds of accounts that have addresses for bounces and the like."""
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
    exchange = _EXCHANGE_SRS.fullmatch(local)
    if exchange is not None:
        return exchange[2], exchange[1].casefold()
    found = _SRS.fullmatch(local)
    if found is None:
        return "", ""
    pieces = found[2].split("==", 1)[-1] if found[1] == "1" else found[2]
    # SRS0=hash=days=domain=local, where the local part may hold further equal signs.
    _, _, rest = pieces.lstrip("=+-").partition("=")
    _, _, rest = rest.partition("=")
    domain, _, original = rest.partition("=")
    return (original, domain.casefold()) if original and domain else ("", "")


def is_ours(view: MessageView, domain: str) -> bool:
    """Whether a domain is one of ours or stands below one: everybody takes city.example.gov for the city."""
    ours = view.envelope.listener.internal_domains
    return domain in ours or any(domain.endswith(f".{d}") for d in ours)


def base_questions(view: MessageView) -> Iterator[FactKey]:
    """Every directory question that `base` takes: of the login, and without one of the envelope sender."""
    envelope = view.envelope
    logins = _login_keys(envelope)
    if logins or envelope.sender.is_null:
        yield from map(directory, logins)
    else:
        yield from map(directory, _keys(*_unwrapped(view)))


def questions(view: MessageView) -> Iterator[FactKey]:
    """Every directory question that `login`, `sender` and `named` take."""
    envelope = view.envelope
    yield from base_questions(view)
    if not envelope.sender.is_null:
        yield from map(directory, _keys(*_unwrapped(view)))
    for header in HEADERS:
        for box in view.mailboxes_of(header)[:MOST]:
            if is_ours(view, box.domain):
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
    if view.envelope.sender.is_null:
        return None
    return _who("envelope", *_unwrapped(view), facts)


def named(view: MessageView, facts: Facts, header: str) -> tuple[Who, ...]:
    """The readable addresses of a header."""
    boxes = (box for box in view.mailboxes_of(header)[:MOST] if box.domain)
    return tuple(_who(header, box.local, box.domain, facts) for box in boxes)


def base(view: MessageView, facts: Facts) -> Who | None:
    """Who answers for the message: the login where one is proven, else the envelope sender."""
    return login(view, facts) or sender(view, facts)


def is_one_voice(view: MessageView, facts: Facts) -> bool:
    """Whether the envelope sender and every author agree beyond doubt: what a declared sender needs to be believed."""
    if doubts(view) or unclear(view):
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


def is_rewritten(view: MessageView) -> bool:
    """Whether the envelope sender is an SRS address of ours: another server's rewriting says nothing here."""
    path = view.envelope.sender
    return bool(forward_of(path.local)[0]) and is_ours(view, path.domain)


def _unwrapped(view: MessageView) -> tuple[str, str]:
    """Local part and domain of the envelope sender, those it was rewritten from where we have rewritten it."""
    path = view.envelope.sender
    return forward_of(path.local) if is_rewritten(view) else (path.local, path.domain)


def is_automatic(view: MessageView) -> bool:
    """Whether it says of itself that a program has sent it (RFC 3834), or is a report (RFC 6522)."""
    root = next(iter(view.parts), None)
    if root is not None and root.media_type in REPORTS:
        return True
    return auto_submitted(view) not in {"", "no"}


def is_reply_of_program(view: MessageView) -> bool:
    """Whether it is an automatic reply to one who wrote, and to nobody else."""
    by_itself = auto_submitted(view) in {"auto-replied", "auto-generated"}
    return by_itself and answers(view) and len(view.envelope.recipients) == 1


def shown(who: Who) -> str:
    """The address as a sender may read it: one that nobody has may be anything, so no number and no long word of it."""
    text = covered(who.key)
    if who.account is None and len(who.local) > SHOWN and "." not in who.local and "-" not in who.local:
        return f"{text[:4]}***@{who.domain}"
    return text


def auto_submitted(view: MessageView) -> str:
    """The keyword of Auto-Submitted (RFC 3834, section 5), in lower case; empty where there is none."""
    return view.header("auto-submitted").partition(";")[0].partition("(")[0].strip().lower()


def _who(role: str, local: str, domain: str, facts: Facts) -> Who:
    return Who(role, local, domain, account_of(local, domain, facts))


def of(address: str, facts: Facts) -> Account | None:
    """The account of an address in one piece."""
    local, _, domain = address.rpartition("@")
    return account_of(local, domain, facts)


def account_of(local: str, domain: str, facts: Facts) -> Account | None:
    """The account of the address, or the one it is derived from: with a tag, a bounce tag, or a list's own addresses."""
    stem = f"{_list_stem(_untagged(local))}@{domain}".casefold()
    for key in _keys(local, domain):
        account = facts.account(key)
        if account is not None and (account.kind in _OF_BOXES or key != stem):
            return account
    return None


def _keys(local: str, domain: str) -> tuple[str, ...]:
    untagged = _untagged(local)
    names = (local, _bare(local), untagged, _list_stem(untagged))
    return tuple(dict.fromkeys(f"{name}@{domain}".casefold() for name in names if name))


def _bare(local: str) -> str:
    """The local part without the tag that tells bounces to come from forged ones."""
    found = _BATV.fullmatch(local)
    return found[1] if found is not None else local


def _untagged(local: str) -> str:
    bare = _bare(local)
    return bare.partition("+")[0] or bare


def _list_stem(local: str) -> str:
    found = _LIST.fullmatch(local)
    return (found[1] or found[2]) if found is not None else ""


def _names(key: str) -> tuple[str, ...]:
    """The address and the one without its tag; what the directory does not know agrees by its letters alone."""
    local, _, domain = key.rpartition("@")
    return f"{_bare(local)}@{domain}", f"{_untagged(local)}@{domain}"


def _login_keys(envelope: Envelope) -> tuple[str, ...]:
    client = envelope.client
    if not client.account or client.proof is None:
        return ()
    if "@" in client.account:
        return (client.account.casefold(),)
    domains = sorted(envelope.listener.internal_domains)[:LOGIN_DOMAINS]
    return tuple(f"{client.account}@{domain}".casefold() for domain in domains)
