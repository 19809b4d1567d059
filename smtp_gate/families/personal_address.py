"""The family `personal_address`: official mail to, from or by way of the sender's own personal address.

Constituents write from free-mail and are answered there: a free-mail recipient alone, or a likeness of names alone, is
never a finding.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Final, Literal

from pydantic import Field

from smtp_gate.core.facts import Account, FactKey, Facts, directory
from smtp_gate.core.finding import Finding
from smtp_gate.core.message import Path
from smtp_gate.core.view import Mailbox, MessageView, Region, RegionKind
from smtp_gate.families.base import Params
from smtp_gate.families.free_mail import FREE_MAIL

Signal = Literal["own_address", "auto_forward", "personal_reply_to", "personal_from", "bulk"]
ENVELOPE: Final = Region(RegionKind.HEADER, "envelope")
_LETTERS: Final = re.compile(r"[^a-z]+")
_FORWARD: Final = re.compile(r"(?i)\s*(?:fwd?|wg|tr|rv|enc)\s*:")


class PersonalAddressParams(Params):
    """Parameters of the family `personal_address`."""

    signals: tuple[Signal, ...] = ("own_address", "auto_forward", "personal_reply_to", "personal_from")
    """Which signs count."""
    free_mail: tuple[str, ...] = ()
    """Further domains of personal mail, beside those that are built in."""
    not_free_mail: tuple[str, ...] = ()
    """Domains to take off the built-in list."""
    bulk_recipients: Annotated[int, Field(ge=2)] = 20
    """From how many free-mail recipients on a message counts as bulk."""
    resemblance: bool = True
    """Whether a free-mail address that resembles the sender's name counts beside a second sign."""


class PersonalAddressFamily:
    """Looks at envelope, headers and the sender's account."""

    name = "personal_address"
    schema = PersonalAddressParams
    reads_content = False

    def detectors(self, params: PersonalAddressParams) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's form
        """None."""
        return ()

    def needs(self, view: MessageView, params: PersonalAddressParams) -> tuple[FactKey, ...]:  # noqa: ARG002 - the protocol's form
        """The sender's account."""
        sender = view.envelope.sender
        return () if sender.is_null else (directory(sender.key),)

    def check(self, view: MessageView, facts: Facts, params: PersonalAddressParams) -> Iterable[Finding]:
        """What the wanted signals find, each concerning only its own recipients where it concerns some."""
        looks: dict[Signal, Callable[[_Case], Iterator[Finding]]] = {
            "own_address": _own_address,
            "auto_forward": _auto_forward,
            "personal_reply_to": _personal_reply_to,
            "personal_from": _personal_from,
            "bulk": _bulk,
        }
        case = _Case(view, facts.account(view.envelope.sender.key), params)
        return tuple(f for signal in params.signals for f in looks[signal](case))


class _Case:
    """One message with what is known of its sender."""

    def __init__(self, view: MessageView, account: Account | None, params: PersonalAddressParams) -> None:
        self.view = view
        self.account = account
        self.params = params

    def is_free_mail(self, domain: str) -> bool:
        host = domain.lower()
        return host in self.params.free_mail or (host in FREE_MAIL and host not in self.params.not_free_mail)

    def personal(self) -> frozenset[str]:
        return frozenset(a.casefold() for a in self.account.personal) if self.account else frozenset()

    def recipients(self) -> Iterator[tuple[int, Path]]:
        return ((i, r.path) for i, r in enumerate(self.view.envelope.recipients))


def _own_address(case: _Case) -> Iterator[Finding]:
    """The directory's word, or a likeness of names with a second sign."""
    known = case.personal()
    for index, path in case.recipients():
        if plain_key(path.local, path.domain) in {_plain(a) for a in known}:
            yield _finding(path.local, path.domain, "own_address", frozenset({index}))
        elif case.params.resemblance and case.is_free_mail(path.domain):
            second = _second_sign(case)
            if second and resembles(path.local, _sender_names(case)):
                yield _finding(path.local, path.domain, f"resemblance+{second}", frozenset({index}))


def _second_sign(case: _Case) -> str:
    """A sign that this is no answer to a citizen: sole recipient outside any thread with something forwarded or attached."""
    view = case.view
    threaded = bool(view.header("in-reply-to") or view.header("references"))
    if threaded or len(view.envelope.recipients) != 1:
        return ""
    if _FORWARD.match(view.header("subject")):
        return "forward"
    if any(p.names for p in view.parts):
        return "attachment"
    return "no_text" if not any(_own_words(view)) else ""


def _own_words(view: MessageView) -> Iterator[str]:
    for text in view.texts:
        if text.reading in {"plain", "html"}:
            yield from text.region_text(RegionKind.OWN).split()


def _auto_forward(case: _Case) -> Iterator[Finding]:
    """Mail that a mailbox passes on by itself to personal addresses."""
    view = case.view
    marks = ("resent-from", "resent-to", "x-forwarded-to", "x-forwarded-for", "x-ms-exchange-inbox-rules-loop")
    automatic = view.header("auto-submitted").lower() == "auto-forwarded"
    present = next((m for m in marks if view.header(m)), "auto-submitted" if automatic else "")
    if not present:
        return
    known = {_plain(a) for a in case.personal()}
    for index, path in case.recipients():
        if case.is_free_mail(path.domain) or plain_key(path.local, path.domain) in known:
            yield _finding(path.local, path.domain, f"auto_forward:{present}", frozenset({index}))


def _personal_reply_to(case: _Case) -> Iterator[Finding]:
    """Answers that would go to the sender's personal mailbox."""
    yield from _header_boxes(case, "reply-to", "personal_reply_to")


def _personal_from(case: _Case) -> Iterator[Finding]:
    """Official mail that shows the sender's personal mailbox as its author."""
    yield from _header_boxes(case, "from", "personal_from")


def _header_boxes(case: _Case, header: str, detail: str) -> Iterator[Finding]:
    """Boxes of a header that are the sender's own by the directory or, being free-mail, by name."""
    if not case.view.envelope.listener.is_internal(case.view.envelope.sender):
        return
    known = {_plain(a) for a in case.personal()}
    for box in case.view.mailboxes_of(header):
        own = plain_key(box.local, box.domain) in known
        alike = case.is_free_mail(box.domain) and resembles(box.local, _sender_names(case))
        if own or alike:
            yield _finding(box.local, box.domain, detail, None, header)


def _bulk(case: _Case) -> Iterator[Finding]:
    """Many free-mail recipients at once."""
    some = frozenset(i for i, path in case.recipients() if case.is_free_mail(path.domain))
    if len(some) >= case.params.bulk_recipients:
        yield Finding(ENVELOPE, f"{len(some)} free-mail recipients", count=len(some), recipients=some, detail="bulk")


def _finding(local: str, domain: str, detail: str, concerned: frozenset[int] | None, header: str = "") -> Finding:
    region = Region(RegionKind.HEADER, header) if header else ENVELOPE
    return Finding(region, mask_address(local, domain), recipients=concerned, detail=detail)


def mask_address(local: str, domain: str) -> str:
    """The address with its local part covered but for the first and last character."""
    shown = f"{local[0]}***{local[-1]}" if len(local) > 2 else "***"
    return f"{shown}@{domain}"


def plain_key(local: str, domain: str) -> str:
    """The address without what many providers ignore: a `+tag`, and dots at Gmail."""
    box = local.casefold().split("+", 1)[0]
    host = domain.casefold()
    if host in {"gmail.com", "googlemail.com"}:
        box, host = box.replace(".", ""), "gmail.com"
    return f"{box}@{host}"


def _plain(address: str) -> str:
    local, _, domain = address.rpartition("@")
    return plain_key(local, domain)


def _sender_names(case: _Case) -> tuple[str, ...]:
    """The sender's names, from the directory or else from the display name of From, as lower-case words."""
    shown: Mailbox | None = next(iter(case.view.mailboxes_of("from")), None)
    name = case.account.name if case.account else (shown.display if shown else "")
    return tuple(w for w in _LETTERS.split(name.lower()) if w)


def resembles(local: str, names: tuple[str, ...]) -> bool:
    """Whether a local part is made of the first and the last name, in either order, or an initial and the last name.

    The last name alone never resembles: relatives share it.
    """
    if len(names) < 2 or not all(names) or len(names[-1]) < 2:
        return False
    letters = _LETTERS.sub("", local.lower().split("+", 1)[0])
    first, last = names[0], names[-1]
    middles = ["", *(n for n in names[1:-1]), *(n[0] for n in names[1:-1])]
    built = {f"{a}{m}{last}" for m in middles for a in (first, first[0])}
    built |= {f"{last}{m}{a}" for m in middles for a in (first, first[0])} | {f"{first}{m}{last[0]}" for m in middles}
    # A first name with one letter of the last is too common to mean anything unless it is rather long.
    return letters in {b for b in built if len(b) >= 5}


family = PersonalAddressFamily()
