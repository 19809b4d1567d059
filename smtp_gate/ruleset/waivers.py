"""Waivers of all packs → Waiver values, each tied to a rule that exists; odd ones are warned of."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from pydantic import ValidationError

from smtp_gate.core.scope import Scope
from smtp_gate.core.sparing import Waiver
from smtp_gate.ruleset.marks import Mistake, nearest
from smtp_gate.ruleset.packs import Source
from smtp_gate.ruleset.problems import Loc, problems
from smtp_gate.ruleset.schema import WaiverModel
from smtp_gate.ruleset.waiver_checks import oddities, repeated


def build_waivers(
    sources: Sequence[Source],
    rules: Mapping[str, Scope | None],
    today: date | None,
    mistakes: list[Mistake],
    *,
    sure: bool = True,
    ours: Collection[str] = (),
) -> tuple[Waiver, ...]:
    """Build them; mistakes are added. Without `today` nothing is said of expiry.

    `rules` are the ids with whom each rule is for, None where it is broken. Where an id is not `sure`, a waiver of a rule
    that is missing is no mistake of its own. `ours` are the city's domains.
    """
    built: dict[str, Waiver] = {}
    models: dict[str, list[WaiverModel]] = {}
    for source in sources:
        for index, raw in source.items("waivers"):
            at: Loc = ("waivers", index)
            try:
                model = WaiverModel.model_validate(raw)
            except ValidationError as error:
                mistakes += problems(error, source.document, at, WaiverModel)
                continue
            if model.rule not in rules and sure:
                said = f"unknown rule `{model.rule[:60]}`"
                mistakes.append(source.document.mistake((*at, "rule"), said, nearest(model.rule, rules)))
            if model.id in built:
                mistakes.append(source.document.mistake((*at, "id"), f"the waiver `{model.id[:60]}` stands here twice"))
            mistakes += oddities(source, at, model, today, rules.get(model.rule), ours)
            others = models.setdefault(model.rule, [])
            mistakes += repeated(source, at, model, others, today)
            others.append(model)
            built[model.id] = _built(model)
    return tuple(built.values())


def _built(model: WaiverModel) -> Waiver:
    return Waiver(
        id=model.id,
        rule=model.rule,
        scope=model.scope,
        expires=model.expires,
        owner=model.owner,
        approver=model.approver,
        ticket=model.ticket,
        reason=model.reason,
        starts=model.starts,
        note=model.note or "",
    )
