"""Mail that a mailbox sends on by itself: the marks that programs leave, and a recipient whom no header names."""

from collections.abc import Callable, Iterator
from typing import Final

from smtp_gate.core.facts import Account, FactKey, Facts, directory
from smtp_gate.core.view import Mailbox, MessageView
from smtp_gate.families import passing, senders
from smtp_gate.families.owner import Owner, plain_key
from smtp_gate.families.resemblance import STRONG

MOST: Final = 20
"""Addresses of ours in the headers that are looked up."""
_PRESENT: Final = (
    "resent-from",
    "resent-to",
    "x-forwarded-to",
    "x-forwarded-for",
    "x-autoforward",
    "x-autoforwarded",
    "x-ms-exchange-inbox-rules-loop",
    "x-sieve-redirected-from",
)
_TRACES: Final = ("delivered-to", "x-original-to", "envelope-to")
_NO: Final = frozenset({"", "no", "false", "0"})


def questions(view: MessageView) -> Iterator[FactKey]:
    """The accounts of ours that a redirected message was first for."""
    if not _is_exempt(view) and _may_be_redirected(view):
        yield from map(directory, dict.fromkeys((*_traced(view), *_addressed(view))))


def marks(view: MessageView) -> str:
    """The mark of a program that passed the message on, empty where there is none."""
    if _is_exempt(view):
        return ""
    for name in _PRESENT:
        if view.header(name).strip().lower() not in _NO:
            return name
    said = (v.partition(";")[0].partition("(")[0].strip().lower() for v in view.all_headers("auto-submitted"))
    if "auto-forwarded" in said:
        return "auto-submitted"
    if view.header("x-ms-exchange-organization-autoforwarded").strip().lower() not in _NO:
        return "x-ms-exchange-organization-autoforwarded"
    source = view.header("x-ms-exchange-generated-message-source").lower()
    return "mailbox_rules_agent" if "mailbox rules agent" in source else ""


def redirected(view: MessageView, facts: Facts, is_free_mail: Callable[[str], bool]) -> Iterator[int]:
    """The recipients whom no header names, and who own a mailbox of ours that the message was first for."""
    if _is_exempt(view) or not _may_be_redirected(view):
        return
    named = _named(view)
    traced = [Owner([a]) for a in _accounts(facts, _traced(view))]
    addressed = [Owner([a]) for a in _accounts(facts, _addressed(view))]
    for index, recipient in enumerate(view.envelope.recipients):
        path = recipient.path
        if plain_key(path.local, path.domain) in named or view.envelope.listener.is_internal(path):
            continue
        known = any(owner.owns(path.local, path.domain) for owner in (*traced, *addressed))
        if known or (is_free_mail(path.domain) and _bears(path.local, traced, addressed)):
            yield index


def _bears(local: str, traced: list[Owner], addressed: list[Owner]) -> bool:
    """Whether the address bears the name of whom the message was delivered to, or the whole name of whom it was written to."""
    return any(owner.grade(local) for owner in traced) or any(owner.grade(local) == STRONG for owner in addressed)


def _is_exempt(view: MessageView) -> bool:
    """A list has members, and a report is about mail: neither is a mailbox that sends its mail on."""
    if view.header("list-id") or view.header("list-post"):
        return True
    return any(p.media_type == "multipart/report" for p in view.parts[:1])


def _may_be_redirected(view: MessageView) -> bool:
    """Whether the message came from elsewhere, and somebody external gets it whom no header names.

    What one of ours wrote and sends blind is no redirection. A program that redirects keeps the foreign envelope sender, wraps
    it (SRS), empties it, or puts the mailbox's own address there while From stays foreign.
    """
    envelope = view.envelope
    if senders.auto_submitted(view) in {"auto-replied", "auto-generated"} and envelope.sender.is_null:
        return False
    foreign = not envelope.listener.is_internal(envelope.sender) or bool(senders.forward_of(envelope.sender.local)[0])
    authors = view.mailboxes_of("from")[:MOST]
    foreign = foreign or (bool(authors) and not any(b.domain in envelope.listener.internal_domains for b in authors))
    if not foreign and next(_traced(view), None) is None:
        return False
    named = _named(view)
    paths = (r.path for r in envelope.recipients if not envelope.listener.is_internal(r.path))
    return any(plain_key(p.local, p.domain) not in named for p in paths)


def _named(view: MessageView) -> frozenset[str]:
    boxes = (*view.mailboxes_of("to"), *view.mailboxes_of("cc"))
    return frozenset(plain_key(b.local, b.domain) for b in boxes if b.domain)


def _accounts(facts: Facts, keys: Iterator[str]) -> Iterator[Account]:
    found = {account.key: account for account in map(facts.account, keys) if account is not None}
    yield from (a for a in found.values() if a.kind == "person")


def _traced(view: MessageView) -> Iterator[str]:
    """Mailboxes of ours that servers say the message was delivered to."""
    return passing.addresses(view, _TRACES)


def _addressed(view: MessageView) -> Iterator[str]:
    """People of ours whom To and Cc name."""
    ours = view.envelope.listener.internal_domains
    boxes: tuple[Mailbox, ...] = (*view.mailboxes_of("to"), *view.mailboxes_of("cc"))
    keys = dict.fromkeys(b.key for b in boxes if b.domain in ours)
    yield from list(keys)[:MOST]
