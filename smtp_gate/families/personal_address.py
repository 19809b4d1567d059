"""The family `personal_address`: official mail to, from or by way of the sender's own personal address.

Constituents write from free-mail and are answered there: a free-mail recipient alone, or a likeness of names alone, is
never a finding.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Annotated, Final, Literal

from pydantic import Field

from smtp_gate.core.facts import FactKey, Facts, feed
from smtp_gate.core.finding import Finding
from smtp_gate.core.message import Path
from smtp_gate.core.view import Mailbox, MessageView, Region, RegionKind
from smtp_gate.families import forwarding, senders
from smtp_gate.families.base import Meanings, Params
from smtp_gate.families.owner import mask_address, owner_of
from smtp_gate.families.resemblance import STRONG
from smtp_gate.families.self_mail import Signs

SIGNALS: Final = {
    "own_address": "a recipient is the sender's own personal address, by the directory's `personal` or by a likeness of names",
    "auto_forward": "a mailbox sends its mail on by itself to such an address",
    "personal_reply_to": "Reply-To shows such an address",
    "personal_from": "From shows such an address",
    "personal_cc": "Cc or Bcc shows such an address",
    "bulk": "many free-mail recipients at once",
    "disposable": "throw-away mailboxes",
}
Signal = Annotated[
    Literal["own_address", "auto_forward", "personal_reply_to", "personal_from", "personal_cc", "bulk", "disposable"],
    Meanings(SIGNALS),
]
ENVELOPE: Final = Region(RegionKind.HEADER, "envelope")
FREE_MAIL: Final = "free_mail"
DISPOSABLE: Final = "disposable"
MOST: Final = 20
"""Addresses of one header that are looked at."""
_HEADERS: Final[dict[Signal, tuple[str, ...]]] = {
    "personal_reply_to": ("reply-to",),
    "personal_from": ("from",),
    "personal_cc": ("cc", "bcc"),
}


class PersonalAddressParams(Params):
    """Whether city business goes to or comes from the sender's own outside account; mail to constituents passes.

    Own addresses are known from the directory (`personal`), or told by a likeness of names.
    """

    signals: Annotated[tuple[Signal, ...], Field(min_length=1)] = (
        "own_address",
        "auto_forward",
        "personal_reply_to",
        "personal_from",
        "personal_cc",
    )
    """Which signs count; `bulk` and `disposable` only where they are named."""
    free_mail: tuple[str, ...] = ()
    """Further domains of personal mail for this rule, beside those of the feed `free_mail`; what stands below them counts too."""
    not_free_mail: tuple[str, ...] = ()
    """Domains that are no personal mail for this rule, whatever the feed says."""
    bulk_recipients: Annotated[int, Field(strict=True, ge=2)] = 20
    """From how many free-mail recipients on a message counts as bulk."""
    resemblance: bool = True
    """Whether a free-mail address that resembles the sender's name counts beside a second sign."""


class PersonalAddressFamily:
    """Looks at envelope, headers, the sender's account, and how the message speaks to whoever gets it."""

    name = "personal_address"
    schema = PersonalAddressParams
    reads_content = False

    def detectors(self, params: PersonalAddressParams) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's form
        """None."""
        return ()

    def needs(self, view: MessageView, params: PersonalAddressParams) -> tuple[FactKey, ...]:
        """The accounts of whoever sends, and whether the external domains stand in the feeds."""
        wanted = set(params.signals)
        keys: list[FactKey] = [] if wanted <= {"bulk", "disposable"} else [*senders.questions(view)]
        outside = {path.domain for _, path in _external(view)}
        free = set(outside) if wanted & {"own_address", "auto_forward", "bulk", "personal_cc"} else set()
        ours = view.envelope.listener.internal_domains
        for signal in params.signals:
            boxes = (b for header in _HEADERS.get(signal, ()) for b in view.mailboxes_of(header)[:MOST])
            free |= {b.domain for b in boxes if b.domain and b.domain not in ours}
        if "auto_forward" in wanted:
            keys += forwarding.questions(view)
        keys += (feed(FREE_MAIL, domain) for domain in sorted(free) if domain)
        if "disposable" in wanted:
            keys += (feed(DISPOSABLE, domain) for domain in sorted(outside) if domain)
        return tuple(dict.fromkeys(keys))

    def check(self, view: MessageView, facts: Facts, params: PersonalAddressParams) -> Iterable[Finding]:
        """What the wanted signals find, each concerning only its own recipients where it concerns some."""
        looks: dict[Signal, Callable[[_Case], Iterator[Finding]]] = {
            "own_address": _own_address,
            "auto_forward": _auto_forward,
            "personal_reply_to": _personal_reply_to,
            "personal_from": _personal_from,
            "personal_cc": _personal_cc,
            "bulk": _bulk,
            "disposable": _disposable,
        }
        case = _Case(view, facts, params)
        return tuple(dict.fromkeys(f for signal in params.signals for f in looks[signal](case)))


class _Case:
    """One message with what is known of its sender, each thing found out when it is first asked for."""

    def __init__(self, view: MessageView, facts: Facts, params: PersonalAddressParams) -> None:
        self.view = view
        self.facts = facts
        self.params = params
        self.owner = owner_of(view, facts)

    @cached_property
    def signs(self) -> Signs:
        return Signs(self.view, self.owner)

    def is_free_mail(self, domain: str) -> bool:
        if _is_below(domain, self.params.not_free_mail):
            return False
        return _is_below(domain, self.params.free_mail) or self.facts.listed(FREE_MAIL, domain)

    def is_alike(self, local: str, domain: str) -> str:
        """How far a free-mail address bears the sender's name."""
        return self.owner.grade(local) if self.params.resemblance and self.is_free_mail(domain) else ""

    @property
    def is_from_inside(self) -> bool:
        return self.view.envelope.listener.is_internal(self.view.envelope.sender)


def _is_below(domain: str, names: tuple[str, ...]) -> bool:
    return any(domain == name.lower() or domain.endswith(f".{name.lower()}") for name in names)


def _external(view: MessageView) -> Iterator[tuple[int, Path]]:
    """The recipients that are not ours."""
    envelope = view.envelope
    return ((i, r.path) for i, r in enumerate(envelope.recipients) if not envelope.listener.is_internal(r.path))


def _own_address(case: _Case) -> Iterator[Finding]:
    """The directory's word, or a likeness of names with a second sign."""
    for index, path in _external(case.view):
        if case.owner.owns(path.local, path.domain):
            yield _finding(path.local, path.domain, "own_address", frozenset({index}))
            continue
        grade = case.is_alike(path.local, path.domain)
        second = case.signs.second(grade, path.local, path.domain) if grade else ""
        if second:
            yield _finding(path.local, path.domain, f"resemblance+{second}", frozenset({index}))


def _auto_forward(case: _Case) -> Iterator[Finding]:
    """Mail that a mailbox passes on by itself to personal addresses."""
    mark = forwarding.marks(case.view)
    redirected = frozenset(forwarding.redirected(case.view, case.facts, case.is_free_mail))
    for index, path in _external(case.view):
        marked = mark and (case.is_free_mail(path.domain) or case.owner.owns(path.local, path.domain))
        if marked or index in redirected:
            how = mark or "redirect"
            yield _finding(path.local, path.domain, f"auto_forward:{how}", frozenset({index}))


def _personal_reply_to(case: _Case) -> Iterator[Finding]:
    """Answers that would go to the sender's personal mailbox."""
    yield from _header_boxes(case, "personal_reply_to")


def _personal_from(case: _Case) -> Iterator[Finding]:
    """Official mail that shows the sender's personal mailbox as its author."""
    yield from _header_boxes(case, "personal_from")


def _header_boxes(case: _Case, signal: Signal) -> Iterator[Finding]:
    """Boxes of a header that are the sender's own by the directory or, being free-mail, by their whole name."""
    if not case.is_from_inside:
        return
    for header in _HEADERS[signal]:
        for box in case.view.mailboxes_of(header)[:MOST]:
            if not box.domain:
                continue
            if case.owner.owns(box.local, box.domain) or case.is_alike(box.local, box.domain) == STRONG:
                yield _finding(box.local, box.domain, signal, None, header)


def _personal_cc(case: _Case) -> Iterator[Finding]:
    """A copy to the sender's personal mailbox that everybody who answers to all sends to as well."""
    if not case.is_from_inside:
        return
    places = {path.key: index for index, path in _external(case.view)}
    for header in _HEADERS["personal_cc"]:
        for box in case.view.mailboxes_of(header)[:MOST]:
            if not box.domain:
                continue
            index = places.get(box.key)
            concerned = None if index is None else frozenset({index})
            if case.owner.owns(box.local, box.domain) or (index is not None and _is_copy(case, box)):
                yield _finding(box.local, box.domain, "personal_cc", concerned, header)


def _is_copy(case: _Case, box: Mailbox) -> bool:
    """Whether the box bears the sender's whole name, and the letter says that the copy is theirs."""
    alike = case.is_alike(box.local, box.domain) == STRONG
    return alike and bool(case.signs.second(STRONG, box.local, box.domain))


def _bulk(case: _Case) -> Iterator[Finding]:
    """Many free-mail recipients at once."""
    some = frozenset(i for i, path in _external(case.view) if case.is_free_mail(path.domain))
    if len(some) >= case.params.bulk_recipients:
        said = f"{len(some)} free-mail recipients"
        yield Finding(ENVELOPE, said, count=len(some), recipients=some, detail="bulk", said=said)


def _disposable(case: _Case) -> Iterator[Finding]:
    """Recipients at providers of mailboxes that are thrown away."""
    for index, path in _external(case.view):
        if case.facts.listed(DISPOSABLE, path.domain):
            yield _finding(path.local, path.domain, "disposable", frozenset({index}))


def _finding(local: str, domain: str, detail: str, concerned: frozenset[int] | None, header: str = "") -> Finding:
    region = Region(RegionKind.HEADER, header) if header else ENVELOPE
    shown = mask_address(local, domain)
    return Finding(region, shown, recipients=concerned, detail=detail, said=shown)


family = PersonalAddressFamily()
