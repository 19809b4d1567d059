"""What spares recipients of a message: whole encryption, whom no scope reaches, and what each waiver has spared. Pure."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from smtp_gate.core.finding import Finding
from smtp_gate.core.message import Envelope
from smtp_gate.core.scope import Scope
from smtp_gate.core.verdict import Exemption
from smtp_gate.core.view import Extent, MessageView, Reason, RegionKind

NOBODY: Final[frozenset[int]] = frozenset()


@dataclass(frozen=True, slots=True)
class Waiver:
    """The policy's «exception»: switches one rule off for a narrow scope until the end of a day (law 10)."""

    id: str
    rule: str
    scope: Scope
    expires: date
    owner: str
    approver: str
    ticket: str
    reason: str
    starts: date | None = None
    note: str = ""

    def holds(self, today: date) -> bool:
        """Whether the day, in the city's time zone, is between its first and its last."""
        return today <= self.expires and (self.starts is None or self.starts <= today)


def rerouted(envelope: Envelope) -> frozenset[int]:
    """An address that is passed on ends somewhere else than it says, so no scope that it fits spares it."""
    return frozenset(i for i, recipient in enumerate(envelope.recipients) if recipient.path.is_rerouted)


def is_sealed(view: MessageView) -> bool:
    """Encrypted as a whole, and nothing else left that nobody could look into."""
    whole = view.protection.encrypted is Extent.WHOLE
    return whole and all(entry.reason is Reason.ENCRYPTED for entry in view.unscannable)


def in_clear(finding: Finding, view: MessageView) -> bool:
    """Whether it stands where no encryption reaches: in a header, or in a part that is not encrypted."""
    exposed = finding.region.kind in {RegionKind.SUBJECT, RegionKind.HEADER}
    # The header of a message within has the number of its body, which alone is encrypted.
    within = any(
        m.text.reading == "header" and m.text.part == finding.part and m.detector == finding.detector
        for m in view.matches
    )
    return exposed or within or finding.part not in view.protection.parts


def of(exempt: tuple[Exemption, ...], *, waivers: bool = False) -> frozenset[int]:
    """Everybody whom these exemptions spare, or only those among them that are waivers."""
    if not exempt:
        return NOBODY
    return NOBODY.union(*(e.recipients for e in exempt if e.is_waiver or not waivers))


def counted(
    exempt: tuple[Exemption, ...], findings: tuple[Finding, ...], beyond: int, sealed: frozenset[int]
) -> tuple[Exemption, ...]:
    """The exemptions, each waiver with what it has spared: what neither an `unless` nor encryption would have spared.

    `beyond` is how many parts nobody could look into would have acted, `sealed` whom encryption spares anyway.
    """
    otherwise = sealed.union(*(e.recipients for e in exempt if not e.is_waiver))

    def used(exemption: Exemption) -> Exemption:
        alone = exemption.recipients - otherwise
        seen = sum(f.recipients is None or not alone.isdisjoint(f.recipients) for f in findings)
        return replace(exemption, spared=seen + beyond if alone else 0)

    return tuple(used(e) if e.is_waiver else e for e in exempt)
