"""The family `open_recipients`: To and Cc that show many outside addresses to each other."""

from collections.abc import Iterable
from typing import Annotated, Final

from pydantic import Field

from smtp_gate.core.facts import FactKey, Facts
from smtp_gate.core.finding import Finding
from smtp_gate.core.view import MessageView, Region, RegionKind
from smtp_gate.families.base import Params

FIELDS: Final = ("to", "cc")


class OpenRecipientsParams(Params):
    """Parameters of the family `open_recipients`."""

    most: Annotated[int, Field(ge=1)] = 20
    """How many outside addresses To and Cc may show together."""
    granted: tuple[str, ...] = ()
    """Domains whose addresses do not count, such as those of partners; what stands below them does not count either."""


class OpenRecipientsFamily:
    """Counts the addresses that everybody who gets the mail can read."""

    name = "open_recipients"
    schema = OpenRecipientsParams
    reads_content = False

    def detectors(self, params: OpenRecipientsParams) -> tuple[str, ...]:
        """None: it looks at headers."""
        return ()

    def needs(self, view: MessageView, params: OpenRecipientsParams) -> tuple[FactKey, ...]:
        """Nothing from outside."""
        return ()

    def check(self, view: MessageView, facts: Facts, params: OpenRecipientsParams) -> Iterable[Finding]:
        """One finding where more are shown than may be; it says how many, and names none of them."""
        known = {*view.envelope.listener.internal_domains, *(domain.casefold() for domain in params.granted)}
        boxes = [box for field in FIELDS for box in view.mailboxes_of(field) if box.domain]
        shown = {box.key for box in boxes if not _is_below(box.domain, known)}
        if len(shown) > params.most:
            said = f"{len(shown)} outside addresses"
            yield Finding(Region(RegionKind.HEADER), said, count=len(shown), detail="shown_to_all", said=said)


def _is_below(domain: str, known: Iterable[str]) -> bool:
    return any(domain == one or domain.endswith(f".{one}") for one in known)


family = OpenRecipientsFamily()
