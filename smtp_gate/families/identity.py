"""The family `identity`: login, envelope sender, From, Sender, Reply-To and display name speak of one account."""

from collections.abc import Collection, Iterable, Iterator
from typing import Annotated, Final, Literal

from pydantic import Field

from smtp_gate.core.facts import FactKey, Facts, group, known_directory
from smtp_gate.core.finding import Finding
from smtp_gate.core.message import Direction
from smtp_gate.core.view import MessageView, Region, RegionKind, covered
from smtp_gate.families import officials, passing, senders
from smtp_gate.families.base import Params
from smtp_gate.families.senders import Who
from smtp_gate.reading.authors import doubts, other_addresses
from smtp_gate.reading.lookalikes import deep_skeleton, is_like

Signal = Literal[
    "author", "from", "sender", "resent", "reply_to", "foreign_reply_to", "official", "lookalike_domain", "other_name"
]
ENVELOPE: Final = Region(RegionKind.HEADER, "envelope")
_SAID: Final = {
    "several_from_lines": "there is more than one From line",
    "several_sender_lines": "there is more than one Sender line",
    "several_reply_to_lines": "there is more than one Reply-To line",
    "several_authors": "From names more than one author",
    "no_author": "From names nobody",
    "readers_disagree": "mail programs read From in different ways",
    "unreadable_author": "From holds no address that can be read",
    "encoded_author": "the address in From is encoded",
    "group_author": "From names a group",
    "rerouted_author": "the address in From leads on to another one",
    "control_in_author": "From holds invisible characters",
    "other_address_in_author": "From shows a second address",
    "stray_at_in_author": "From shows something like a second address",
    "long_author": "From is too long",
}
_REPORTS: Final = frozenset({"multipart/report", "message/delivery-status", "message/disposition-notification"})
_UNSURE: Final = "From is not clear"


class IdentityParams(Params):
    """Parameters of the family `identity`."""

    signals: Annotated[tuple[Signal, ...], Field(min_length=1)] = ("author", "from", "sender", "resent", "reply_to")
    """What counts: an `author` nobody can be sure of; `from`, `sender`, `resent` and `reply_to` that the account which
    sends may not use; a `foreign_reply_to` outside the city; the name of an `official` that another one bears; a
    `lookalike_domain` of ours; an `other_name` than the account's own."""
    officials: tuple[str, ...] = ()
    """Names and titles that only their owners may bear; `group:NAME` stands for the members of that group."""


class IdentityFamily:
    """Compares everything that says who sends with the account that does, as the directory knows it on that day."""

    name = "identity"
    schema = IdentityParams
    reads_content = False

    def detectors(self, params: IdentityParams) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's form
        """None."""
        return ()

    def needs(self, view: MessageView, params: IdentityParams) -> Collection[FactKey]:
        """The accounts of everybody named, and who the officials are."""
        groups = {group(name) for name in officials.groups(params.officials)} if "official" in params.signals else set()
        return {known_directory(), *senders.questions(view), *passing.questions(view), *groups}

    def check(self, view: MessageView, facts: Facts, params: IdentityParams) -> Iterable[Finding]:
        """What each wanted signal finds."""
        if view.envelope.listener.direction is Direction.INBOUND:
            return ()
        looks = {
            "author": _author,
            "from": _from,
            "sender": _sender,
            "resent": _resent,
            "reply_to": _reply_to,
            "foreign_reply_to": _foreign_reply_to,
            "official": _official,
            "lookalike_domain": _lookalike_domain,
            "other_name": _other_name,
        }
        found = (f for signal in params.signals for f in looks[signal](view, facts, params))
        return tuple(dict.fromkeys(found))


def _author(view: MessageView, _facts: Facts, _params: IdentityParams) -> Iterator[Finding]:
    """A From line that is not exactly one address to every reader.

    Outsiders' mail that shows two of their own addresses claims nothing of ours, and lists write such names.
    """
    for doubt in doubts(view):
        if doubt == "other_address_in_author" and not _is_about_us(view):
            continue
        yield Finding(_region("from"), detail=doubt, said=_SAID.get(doubt, _UNSURE))


def _is_about_us(view: MessageView) -> bool:
    """Whether the envelope, the login or any address that From shows is one of ours."""
    envelope = view.envelope
    if envelope.client.proof is not None or envelope.sender.domain in envelope.listener.internal_domains:
        return True
    shown = {box.domain for box in view.mailboxes_of("from")} | {a.rpartition("@")[2] for a in other_addresses(view)}
    return not shown.isdisjoint(envelope.listener.internal_domains)


def _from(view: MessageView, facts: Facts, _params: IdentityParams) -> Iterator[Finding]:
    yield from _compared(view, facts, "from")
    yield from _without_sender(view, facts)


def _sender(view: MessageView, facts: Facts, _params: IdentityParams) -> Iterator[Finding]:
    yield from _compared(view, facts, "sender")


def _resent(view: MessageView, facts: Facts, _params: IdentityParams) -> Iterator[Finding]:
    for header in ("resent-from", "resent-sender"):
        yield from _compared(view, facts, header)


def _compared(view: MessageView, facts: Facts, header: str) -> Iterator[Finding]:
    """Every address of the header that whoever sends may not use; mail that is foreign on all sides claims nothing of ours."""
    base = senders.base(view, facts)
    if base is None or _passes_on(base, view, facts):
        return
    claimed = senders.sender(view, facts) if header == "from" and base.role == "login" else None
    # What the login may not send under in the headers it may not in the envelope either.
    for who in (*senders.named(view, facts, header), *((claimed,) if claimed is not None else ())):
        if _concerns_us(who, base, view, facts) and not who.agrees(base):
            yield _other(who, base, who.role)


def _concerns_us(who: Who, base: Who, view: MessageView, facts: Facts) -> bool:
    ours = view.envelope.listener.internal_domains
    if not facts.has_directory and who.domain in ours and base.domain in ours:
        # Nobody knows which of our addresses are aliases of each other.
        return False
    return who.domain in ours or base.domain in ours or base.role == "login"


def _passes_on(who: Who, view: MessageView, facts: Facts) -> bool:
    """Whether it is a list or a forward that sends others' mail on under their own names, and the mail shows it."""
    account = who.account
    if account is None or not account.current or account.kind not in {"list", "forward"}:
        return False
    by_itself = any(
        s.account is not None and s.account.key == account.key for s in senders.named(view, facts, "sender")
    )
    return by_itself or passing.names(view, facts, account)


def _without_sender(view: MessageView, facts: Facts) -> Iterator[Finding]:
    """A person's letter with the null sender, which only reports and automatic mail have (RFC 5321, section 4.5.5)."""
    if senders.base(view, facts) is not None or _is_automatic(view):
        return
    ours = view.envelope.listener.internal_domains
    for who in senders.named(view, facts, "from"):
        if who.domain in ours and who.account is not None and who.account.kind == "person":
            said = "it has no envelope sender, as only reports and automatic replies have"
            yield Finding(ENVELOPE, covered(who.key), detail="null_sender", said=said)


def _is_automatic(view: MessageView) -> bool:
    root = next(iter(view.parts), None)
    if root is not None and root.media_type in _REPORTS:
        return True
    if view.header("auto-submitted").partition(";")[0].strip().lower() not in {"", "no"}:
        return True
    # Programs older than RFC 3834 say it in these words.
    return view.header("precedence").strip().lower() in {"bulk", "junk", "auto_reply"} or bool(
        view.header("x-autoreply")
    )


def _other(who: Who, base: Who, header: str) -> Finding:
    shown, mine = covered(who.key), covered(base.key)
    place = "the envelope" if header == "envelope" else header.title()
    said = f"{place} shows {shown}, which is not for {mine} to use"
    return Finding(_region(header), f"{shown} for {mine}", detail=f"{header.replace('-', '_')}_mismatch", said=said)


def _reply_to(view: MessageView, facts: Facts, _params: IdentityParams) -> Iterator[Finding]:
    """Answers must come to an account of the city that is there; to another person only where that was granted."""
    base = senders.base(view, facts)
    ours = view.envelope.listener.internal_domains
    if base is None or not facts.has_directory:
        return
    for header in ("reply-to", "resent-reply-to"):
        for who in senders.named(view, facts, header):
            if who.domain not in ours or who.agrees(base):
                continue
            account = who.account
            if account is None or not account.current:
                shown = covered(who.key)
                yield Finding(_region(header), shown, detail="reply_to_nobody", said=f"nobody reads {shown}")
            elif account.kind == "person":
                yield _other(who, base, header)


def _foreign_reply_to(view: MessageView, facts: Facts, _params: IdentityParams) -> Iterator[Finding]:
    base = senders.base(view, facts)
    ours = view.envelope.listener.internal_domains
    if base is None or base.domain not in ours:
        return
    for who in senders.named(view, facts, "reply-to"):
        if who.domain not in ours:
            shown = covered(who.key)
            said = f"answers would go to {shown} and not to the city"
            yield Finding(_region("reply-to"), shown, detail="foreign_reply_to", said=said)


def _official(view: MessageView, facts: Facts, params: IdentityParams) -> Iterator[Finding]:
    """A display name that is, or looks like, the name or title of an official whose account does not send."""
    for header in ("from", "sender", "reply-to", "resent-from"):
        for box in view.mailboxes_of(header)[: senders.MOST]:
            taken = officials.borne(box, facts, params.officials)
            if taken:
                yield Finding(
                    _region(header), taken, detail="official", said=f"{header.title()} bears the name of {taken}"
                )


def _lookalike_domain(view: MessageView, _facts: Facts, _params: IdentityParams) -> Iterator[Finding]:
    """A domain that people take for ours and is not."""
    ours = view.envelope.listener.internal_domains
    for header in ("from", "sender", "reply-to"):
        for box in view.mailboxes_of(header)[: senders.MOST]:
            if box.domain and not any(box.domain == d or box.domain.endswith(f".{d}") for d in ours):
                alike = next((d for d in sorted(ours) if _looks_like(box.domain, d)), "")
                if alike:
                    said = f"{header.title()} shows a domain that looks like {alike}"
                    yield Finding(_region(header), covered(box.domain), detail="lookalike_domain", said=said)


def _looks_like(domain: str, ours: str) -> bool:
    if is_like(domain, ours):
        return True
    # The name of ours with another ending or dots for its hyphens: milwaukee-gov.com, milwaukee.gov.example.org.
    flat, known = deep_skeleton(domain).replace("-", "."), deep_skeleton(ours)
    return f".{known}." in f".{flat}."


def _other_name(view: MessageView, facts: Facts, _params: IdentityParams) -> Iterator[Finding]:
    """A person who writes under a name that has nothing of their own in it."""
    for box in view.mailboxes_of("from")[:1]:
        who = next((w for w in senders.named(view, facts, "from") if w.key == box.key), None)
        account = who.account if who is not None else None
        if account is None or account.kind != "person" or not account.name or not box.display:
            continue
        if not officials.shares_a_name(box.display, (account.name, account.title, account.department, box.local)):
            yield Finding(_region("from"), detail="other_name", said="From bears a name that is not the account's")


def _region(header: str) -> Region:
    return ENVELOPE if header == "envelope" else Region(RegionKind.HEADER, header)


family = IdentityFamily()
