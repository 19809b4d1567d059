"""Why a rule that weighs detectors found what it did: what each clause counted, and what nearly counted, in its line."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final

from smtp_gate.core.finding import Finding
from smtp_gate.core.view import Match, MessageView, covered
from smtp_gate.detect.engine import Engine
from smtp_gate.detect.lines import Lines
from smtp_gate.detect.why import Account, account
from smtp_gate.examine import Rule
from smtp_gate.families.clauses import Clause, FindParams, accounted, uncounted, written
from smtp_gate.families.credentials import COVERED, CredentialsParams
from smtp_gate.families.links import WEIGHTS, LinksParams, weighed
from smtp_gate.ruleset.example_expect import wording

CLOSE: Final = 5
"""How many near misses of one detector, and how many matches that a clause does not count, are told."""


@dataclass(frozen=True, slots=True)
class Row:
    """One thing to say of what was found or not. `sign` is `-` expected, `+` came out, ` ` both, `?` why.

    `line` is the line of the message around it, masked; empty where it has none.
    """

    sign: str
    said: str
    line: str = ""


class Shown:
    """Findings and matches of one message in their lines."""

    def __init__(
        self, matches: Iterable[Match], nearly: Mapping[str, Account] | None = None, *, secret: bool = False
    ) -> None:
        """`matches` are all that the scan of the message found, `nearly` what detectors of a rule made of it beside.

        What nearly was a secret is covered in every line like one that was found.
        """
        self.matches = tuple(matches)
        self.nearly = nearly or {}
        covered = (miss for told in self.nearly.values() for miss in told.misses) if secret else ()
        self.lines = Lines(self.matches, covered)

    def row(self, sign: str, finding: Finding) -> Row:
        """A finding, in its line where a detector found it."""
        part = f" [{finding.part}]" if finding.part else ""
        many = f" x{finding.count}" if finding.count > 1 else ""
        line = self.line(finding)
        evidence = f"  {finding.evidence}" if finding.evidence and not line else ""
        return Row(sign, f"{wording(finding)}{part}{many}{evidence}", line)

    def line(self, finding: Finding) -> str:
        """The line around a finding's evidence; empty where no detector found it."""
        match = match_of(finding, self.matches) if finding.detector else None
        return self.lines.around(match.text, match.start, match.end, finding.evidence) if match is not None else ""


def match_of(finding: Finding, matches: Iterable[Match]) -> Match | None:
    """The match that a finding of a detector was made of."""
    fitting = [
        m
        for m in matches
        if m.detector == finding.detector and m.region == finding.region and m.text.part == finding.part
    ]
    return next((m for m in fitting if m.evidence == finding.evidence), fitting[0] if fitting else None)


def shown_for(rule: Rule, engine: Engine, view: MessageView) -> Shown:
    """The lines of a message for somebody who asks about this rule, and what nearly counted for it."""
    params = rule.params
    detectors = sorted(params.find.detectors) if isinstance(params, FindParams) else []
    nearly = {detector: account(engine, view.texts, detector) for detector in detectors}
    return Shown(engine.scan(view.texts), nearly, secret=isinstance(params, CredentialsParams))


def link_reasons(rule: Rule, view: MessageView) -> Iterator[Row]:
    """What weighs on links and is too little, each host and sum once; nothing for rules that look at no links."""
    params = rule.params
    if not isinstance(params, LinksParams):
        return
    weights = WEIGHTS | params.weights
    light = (one for one in weighed(view, params) if one.signals and one.weight < params.threshold)
    told = dict.fromkeys(
        f"link to {_host(one.shown)} in {one.link.region}: "
        f"{' + '.join(f'{s} {weights[s]}' for s in one.signals)}, and {params.threshold} is wanted"
        for one in light
    )
    yield from (Row("?", said) for said in islice(told, CLOSE))
    if len(told) > CLOSE:
        yield Row("?", f"{len(told) - CLOSE} more links weigh too little")


def _host(shown: str) -> str:
    """A host that did not count is nobody's evidence: a number in its name may be a secret, that of an address is none."""
    return covered(shown) if any(c.isalpha() for c in shown) else shown or "no host"


def reasons(rule: Rule, shown: Shown) -> Iterator[Row]:
    """What each clause of the rule counted and did not, and what nearly counted; nothing for rules without clauses.

    `shown` comes from `shown_for` the same rule.
    """
    params = rule.params
    if not isinstance(params, FindParams):
        return
    secret = isinstance(params, CredentialsParams)
    for clause in accounted(shown.matches, params):
        verb = "holds" if clause.holds else "does not hold"
        yield Row(
            "?", f"{written(clause.side, clause.clause)}: {clause.unique} different, {clause.count} in all; {verb}"
        )
        yield from islice(_uncounted(clause.clause, params, shown, secret=secret), CLOSE)
    for detector, told in shown.nearly.items():
        yield from _near(detector, told, shown, secret=secret)


def _near(detector: str, told: Account, shown: Shown, *, secret: bool) -> Iterator[Row]:
    """The near misses of one detector, each with what it lacked."""
    for miss in told.misses[:CLOSE]:
        evidence = COVERED if secret else miss.evidence
        line = shown.lines.around(miss.text, miss.start, miss.end, evidence)
        counts = f"counts as {miss.level} only" if miss.level else "does not count"
        times = f", {miss.times} times" if miss.times > 1 else ""
        why = miss.reasons[0] if len(miss.reasons) == 1 else ""
        yield Row("?", f"{detector} in {miss.region} [{miss.text.part}]{times} {counts}: {why}".rstrip(), line)
        yield from (Row("?", f"    {reason}") for reason in miss.reasons if not why)
    left = len(told.misses[CLOSE:]) + told.left_out
    if left:
        yield Row("?", f"{detector}: {left} more that nearly counted")


def _uncounted(clause: Clause, params: FindParams, shown: Shown, *, secret: bool) -> Iterator[Row]:
    for match in shown.matches:
        reason = uncounted(match, clause, params) if match.detector == clause.detector else ""
        if reason:
            evidence = COVERED if secret else match.evidence
            line = shown.lines.around(match.text, match.start, match.end, evidence)
            yield Row("?", f"{match.detector} in {match.region} [{match.text.part}] does not count: {reason}", line)
