"""The family `identity`: login, envelope sender, From, Sender, Reply-To and display name speak of one account."""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Annotated, Final, Literal

from pydantic import Field

from smtp_gate.core.facts import FactKey, Facts, directory, group, known_directory
from smtp_gate.core.finding import Finding
from smtp_gate.core.message import Direction
from smtp_gate.core.view import MessageView, Region, RegionKind
from smtp_gate.families import impostors, officials, passing, senders
from smtp_gate.families.base import Meanings, Params
from smtp_gate.families.senders import Who
from smtp_gate.reading.authors import doubts, other_addresses, unclear

SIGNALS: Final = {
    "author": "From, or another header that says who sends, is not exactly one address to every mail program",
    "from": "From (and the envelope sender, where somebody has logged in) shows an account that the sender may not use: "
    "neither its own, nor an alias of the day, nor one whose `senders` name it; or there is no envelope sender",
    "sender": "the same of the header Sender",
    "resent": "the same of the headers Resent-From and Resent-Sender",
    "reply_to": "answers go to an account of ours that is not there, or to another person's",
    "redirected": "an outsider's mail that somebody of ours sends again as it is (Resent-From)",
    "foreign_reply_to": "answers leave the city",
    "official": "a name of `officials`, or one that looks like it, on another account",
    "lookalike_domain": "a domain that looks like ours",
    "other_name": "a display name with nothing of the account's own",
}
Signal = Annotated[
    Literal[
        "author",
        "from",
        "sender",
        "resent",
        "reply_to",
        "redirected",
        "foreign_reply_to",
        "official",
        "lookalike_domain",
        "other_name",
    ],
    Meanings(SIGNALS),
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
_FEW: Final = 5
_PASSED_ON: Final[frozenset[Signal]] = frozenset({"author", "from", "sender", "resent", "reply_to", "official"})
"""Signals that ask whether a list or a forward has sent the mail on."""
_UNSURE: Final = "From is not clear"


class IdentityParams(Params):
    """Whether everything that says who sends (login, envelope, From, Sender, Reply-To, names) belongs to one account.

    Accounts, aliases and officials are known from the directory; without one, two addresses of ours are not told apart.
    """

    signals: Annotated[tuple[Signal, ...], Field(min_length=1)] = ("author", "from", "sender", "resent", "reply_to")
    """What counts; the signals that are no default count only where they are named."""
    officials: tuple[str, ...] = ()
    """Names and titles that only their owners may bear; `group:NAME` stands for the members of that group in the directory."""


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
        wanted = set(params.signals)
        keys: set[FactKey] = set()
        if wanted <= {"lookalike_domain"}:
            return keys
        keys.update((known_directory(), *senders.questions(view)))
        if wanted & _PASSED_ON:
            keys.update(passing.questions(view))
        if "official" in wanted:
            keys.update(group(name) for name in officials.groups(params.officials))
        if "author" in wanted:
            shown = other_addresses(view)[:_FEW]
            keys.update(directory(a) for a in shown if senders.is_ours(view, a.rpartition("@")[2]))
        return keys

    def check(self, view: MessageView, facts: Facts, params: IdentityParams) -> Iterable[Finding]:
        """What each wanted signal finds."""
        if view.envelope.listener.direction is Direction.INBOUND:
            return ()
        looks: dict[Signal, Callable[[MessageView, Facts, IdentityParams], Iterable[Finding]]] = {
            "author": _author,
            "from": _from,
            "sender": _sender,
            "resent": _resent,
            "reply_to": _reply_to,
            "redirected": _redirected,
            "foreign_reply_to": _foreign_reply_to,
            "official": _official,
            "lookalike_domain": lambda v, _f, _p: impostors.lookalike_domain(v),
            "other_name": lambda v, f, _p: impostors.other_name(v, f),
        }
        found = (f for signal in params.signals for f in looks[signal](view, facts, params))
        return tuple(dict.fromkeys(found))


def _author(view: MessageView, facts: Facts, _params: IdentityParams) -> Iterator[Finding]:
    """A From line that is not exactly one address to every reader.

    Outsiders' mail that shows two of their own addresses claims nothing of ours, and lists write such names; what a forward
    passes on may be as sloppy as it came.
    """
    about_us = _is_about_us(view)
    if not about_us and passing.explains(view, facts):
        return
    found = doubts(view)
    harmless = not about_us or _shows_its_own(view, facts)
    for doubt in found:
        if not (harmless and doubt in {"other_address_in_author", "stray_at_in_author"}):
            yield Finding(_region("from"), detail=doubt, said=_SAID.get(doubt, _UNSURE))
    for header in unclear(view) if about_us else ():
        said = f"{header.title()} is not exactly one address to every mail program"
        yield Finding(_region(header), detail=f"unclear_{header.replace('-', '_')}", said=said)


def _shows_its_own(view: MessageView, facts: Facts) -> bool:
    """Whether the second address in From is the author's own as well, or a list shows whom it sends on."""
    base = senders.base(view, facts)
    if base is not None and _passes_on(base, view, facts):
        return True
    author = next(iter(senders.named(view, facts, "from")), None)
    others = [senders.of(address, facts) for address in other_addresses(view)]
    mine = author.account if author is not None else None
    return bool(others) and mine is not None and all(o is not None and o.key == mine.key for o in others)


def _is_about_us(view: MessageView) -> bool:
    """Whether the envelope, the login or any address that From shows is one of ours."""
    envelope = view.envelope
    if envelope.client.proof is not None or senders.is_ours(view, envelope.sender.domain):
        return True
    shown = {box.domain for box in view.mailboxes_of("from")} | {a.rpartition("@")[2] for a in other_addresses(view)}
    return any(senders.is_ours(view, domain) for domain in shown)


def _from(view: MessageView, facts: Facts, _params: IdentityParams) -> Iterator[Finding]:
    yield from _compared(view, facts, "from")
    yield from _without_sender(view, facts)


def _redirected(view: MessageView, facts: Facts, _params: IdentityParams) -> Iterator[Finding]:
    """An outsider's mail that somebody of ours sends on as it is (RFC 5322, section 3.6.6)."""
    base = senders.base(view, facts)
    if base is not None and _resends(base, view, facts):
        for who in senders.named(view, facts, "from"):
            if not senders.is_ours(view, who.domain) and not who.agrees(base):
                said = f"it goes out as mail of {senders.shown(who)}"
                yield Finding(_region("from"), senders.shown(who), detail="redirected", said=said)


def _resends(base: Who, view: MessageView, facts: Facts) -> bool:
    resent = senders.named(view, facts, "resent-from")
    return bool(resent) and all(who.agrees(base) for who in resent)


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
    resends = header == "from" and _resends(base, view, facts)
    # What the login may not send under in the headers it may not in the envelope either.
    for who in (*senders.named(view, facts, header), *((claimed,) if claimed is not None else ())):
        if resends and who.role == header and not senders.is_ours(view, who.domain):
            continue
        # Whoever holds the other one's grant may be named as the one who has really sent it.
        granted = header in {"sender", "resent-sender"} and base.agrees(who)
        if _concerns_us(who, base, view, facts) and not granted and not who.agrees(base):
            yield _other(who, base, who.role)


def _concerns_us(who: Who, base: Who, view: MessageView, facts: Facts) -> bool:
    inside = (senders.is_ours(view, who.domain), senders.is_ours(view, base.domain))
    if not facts.has_directory and all(inside):
        # Nobody knows which of our addresses are aliases of each other.
        return False
    return any(inside) or base.role == "login"


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
    """A letter with the null sender, which only reports and automatic replies have (RFC 5321, section 4.5.5)."""
    root = next(iter(view.parts), None)
    is_report = root is not None and root.media_type in senders.REPORTS
    if senders.base(view, facts) is not None or is_report or senders.is_reply_of_program(view):
        return
    for who in (*senders.named(view, facts, "from"), *senders.named(view, facts, "sender")):
        known = who.account is not None and who.account.kind in {"person", "shared"}
        if senders.is_ours(view, who.domain) and known:
            said = "it has no envelope sender, as only reports and automatic replies have"
            yield Finding(ENVELOPE, senders.shown(who), detail="null_sender", said=said)


def _other(who: Who, base: Who, header: str) -> Finding:
    shown, mine = senders.shown(who), senders.shown(base)
    place = "the envelope" if header == "envelope" else header.title()
    said = f"{place} shows {shown}, which is not for {mine} to use"
    return Finding(_region(header), f"{shown} for {mine}", detail=f"{header.replace('-', '_')}_mismatch", said=said)


def _reply_to(view: MessageView, facts: Facts, _params: IdentityParams) -> Iterator[Finding]:
    """Answers must come to an account of the city that is there; to another person only where that was granted.

    Programs let answers go to whom they serve, lists to their authors, and outsiders' mail that is passed on to whom it wants.
    """
    base = senders.base(view, facts)
    if base is None or not facts.has_directory or _passes_on(base, view, facts):
        return
    if not senders.is_ours(view, base.domain) and passing.explains(view, facts):
        return
    for header in ("reply-to", "resent-reply-to"):
        for who in senders.named(view, facts, header):
            if not senders.is_ours(view, who.domain) or who.agrees(base):
                continue
            account = who.account
            if account is None or not account.current:
                shown = senders.shown(who)
                yield Finding(_region(header), shown, detail="reply_to_nobody", said=f"nobody reads {shown}")
            elif account.kind == "person" and (base.account is None or base.account.kind == "person"):
                yield _other(who, base, header)


def _foreign_reply_to(view: MessageView, facts: Facts, _params: IdentityParams) -> Iterator[Finding]:
    base = senders.base(view, facts)
    if base is None or not senders.is_ours(view, base.domain):
        return
    for who in senders.named(view, facts, "reply-to"):
        if not senders.is_ours(view, who.domain):
            shown = senders.shown(who)
            said = f"answers would go to {shown} and not to the city"
            yield Finding(_region("reply-to"), shown, detail="foreign_reply_to", said=said)


def _official(view: MessageView, facts: Facts, params: IdentityParams) -> Iterator[Finding]:
    """An official's name on another account; a list may name whose mail it sends on."""
    base = senders.base(view, facts)
    if base is None or not _passes_on(base, view, facts):
        yield from impostors.official(view, facts, params.officials)


def _region(header: str) -> Region:
    return ENVELOPE if header == "envelope" else Region(RegionKind.HEADER, header)


family = IdentityFamily()
