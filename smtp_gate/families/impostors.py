"""Names and domains that people take for others': an official's name, a domain like ours, a name that is not the account's."""

from collections.abc import Iterable, Iterator

from smtp_gate.core.facts import Facts
from smtp_gate.core.finding import Finding
from smtp_gate.core.view import MessageView, Region, RegionKind, covered
from smtp_gate.families import officials, senders
from smtp_gate.reading.authors import comments
from smtp_gate.reading.lookalikes import deep_skeleton, is_like


def official(view: MessageView, facts: Facts, named: Iterable[str]) -> Iterator[Finding]:
    """A display name that is, or looks like, the name or title of an official whose account does not send."""
    for header in ("from", "sender", "reply-to", "resent-from"):
        for box in view.mailboxes_of(header)[: senders.MOST]:
            account = senders.account_of(box.local, box.domain, facts)
            names = (box.display, *comments(view, header))
            taken = next(filter(None, (officials.borne(n, account, facts, named) for n in names)), "")
            if taken:
                said = f"{header.title()} bears the name of {taken}"
                yield Finding(region(header), taken, detail="official", said=said)


def lookalike_domain(view: MessageView) -> Iterator[Finding]:
    """A domain that people take for ours and is not."""
    ours = view.envelope.listener.internal_domains
    for header in ("from", "sender", "reply-to", "resent-from", "resent-sender"):
        for box in view.mailboxes_of(header)[: senders.MOST]:
            if box.domain and not senders.is_ours(view, box.domain):
                alike = next((d for d in sorted(ours) if _looks_like(box.domain, d)), "")
                if alike:
                    said = f"{header.title()} shows a domain that looks like {alike}"
                    yield Finding(region(header), covered(box.domain), detail="lookalike_domain", said=said)


def _looks_like(domain: str, ours: str) -> bool:
    if is_like(domain, ours):
        return True
    # The name of ours with another ending or dots for its hyphens: milwaukee-gov.com, milwaukee.gov.example.org.
    flat, known = deep_skeleton(domain).replace("-", "."), deep_skeleton(ours)
    return f".{known}." in f".{flat}." or known.replace(".", "") in flat.split(".")


def other_name(view: MessageView, facts: Facts) -> Iterator[Finding]:
    """A person who writes under a name that has nothing of their own in it."""
    for box in view.mailboxes_of("from")[:1]:
        who = next((w for w in senders.named(view, facts, "from") if w.key == box.key), None)
        account = who.account if who is not None else None
        if account is None or account.kind != "person" or not account.name or not box.display:
            continue
        if not officials.shares_a_name(box.display, (account.name, account.title, account.department, box.local)):
            yield Finding(region("from"), detail="other_name", said="From bears a name that is not the account's")


def region(header: str) -> Region:
    """The region of a header's name."""
    return Region(RegionKind.HEADER, header)
