"""What a waiver has spared: only what neither an `unless` nor encryption would have spared as well."""

from dataclasses import replace

from smtp_gate.core.finding import Finding
from smtp_gate.core.sparing import counted, in_clear, of, rerouted
from smtp_gate.core.verdict import Exemption
from smtp_gate.core.view import Extent, Protection, Region, RegionKind
from smtp_gate.reading.limits import Limits
from smtp_gate.reading.reader import read
from tests.builders import envelope, message

OWN = Region(RegionKind.OWN)
ALL = Finding(OWN, "***")
FIRST = Finding(OWN, "***", recipients=frozenset({0}))


def waived(*recipients: int) -> Exemption:
    return Exemption(frozenset(recipients), "EX-1", ticket="T-1", approver="cio")


def spared(
    *exempt: Exemption, findings: tuple[Finding, ...] = (ALL,), beyond: int = 0, sealed: tuple[int, ...] = ()
) -> list[int]:
    return [e.spared for e in counted(exempt, findings, beyond, frozenset(sealed))]


def test_findings_for_its_recipients_count_and_no_others() -> None:
    assert spared(waived(1)) == [1]
    assert spared(waived(1), findings=(ALL, FIRST)) == [1]
    assert spared(waived(0, 1), findings=(ALL, FIRST)) == [2]
    assert spared(waived(0), findings=()) == [0]
    assert spared(waived(0), findings=(), beyond=2) == [2]


def test_what_is_spared_anyway_is_no_use_of_a_waiver() -> None:
    unless = Exemption(frozenset({0}), "unless")
    assert spared(unless, waived(0)) == [0, 0]
    assert spared(unless, waived(0, 1)) == [0, 1]
    assert spared(waived(0), beyond=3, sealed=(0,)) == [0]
    assert spared(waived(0), waived(0)) == [1, 1]


def test_recipients_of_exemptions() -> None:
    exempt = (Exemption(frozenset({0}), "unless"), waived(1))
    assert of(exempt) == {0, 1}
    assert of(exempt, waivers=True) == {1}
    assert of(()) == frozenset()
    assert rerouted(envelope(to=["a%b@irs.gov", "a@irs.gov"])) == {0}


def test_a_header_is_in_clear_also_where_it_bears_the_number_of_a_sealed_part() -> None:
    sealed = replace(read(message(), Limits(), {}), protection=Protection(Extent.WHOLE, parts=frozenset({"1"})))
    for kind in (RegionKind.SUBJECT, RegionKind.HEADER):
        assert in_clear(Finding(Region(kind), "***", part="1"), sealed)
    assert not in_clear(Finding(OWN, "***", part="1"), sealed)
    assert in_clear(Finding(OWN, "***", part="2"), sealed)
