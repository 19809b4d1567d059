"""What an example expects to be found, against what was found."""

from collections.abc import Sequence

from smtp_gate.core.finding import Finding
from smtp_gate.ruleset.example_schema import ExampleModel, ExpectModel


def holds(expected: ExpectModel, finding: Finding) -> bool:
    """Whether everything that is expected of a finding holds in this one."""
    region = finding.region
    pairs = (
        (expected.detector, finding.detector),
        (expected.level, finding.level),
        (expected.part, finding.part),
        (expected.detail, finding.detail),
    )
    return (
        all(not wanted or wanted == came for wanted, came in pairs)
        and (not expected.region or expected.region in {str(region.kind), str(region)})
        and (expected.count is None or expected.count == finding.count)
    )


def is_as_expected(example: ExampleModel, found: Sequence[Finding]) -> bool:
    """Whether every finding that the example expects is there, and with `only` no other."""
    return not unmet(example, found) and not (example.only and unexpected(example, found))


def unmet(example: ExampleModel, found: Sequence[Finding]) -> tuple[ExpectModel, ...]:
    """What is expected and holds in none of the findings."""
    return tuple(e for e in example.expect if not any(holds(e, f) for f in found))


def unexpected(example: ExampleModel, found: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings in which nothing holds that is expected."""
    return tuple(f for f in found if not any(holds(e, f) for e in example.expect))


def wording(finding: Finding) -> str:
    """A finding in a few words: what, at which level, where."""
    return " ".join(x for x in (finding.detector or finding.detail, finding.level, f"in {finding.region}") if x)


def said(expected: ExpectModel) -> str:
    """An expected finding in the same words."""
    parts = [expected.detector or expected.detail or "a finding", expected.level]
    parts += [f"in {expected.region}"] if expected.region else []
    parts += [f"[{expected.part}]"] if expected.part else []
    parts += [f"x{expected.count}"] if expected.count is not None else []
    return " ".join(x for x in parts if x)
