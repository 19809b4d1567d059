"""Waivers of all packs → Waiver values, each tied to a rule that exists; expired ones are warned of."""

from collections.abc import Collection, Sequence
from datetime import date

from pydantic import ValidationError

from smtp_gate.examine import Waiver
from smtp_gate.ruleset.marks import Mistake, nearest
from smtp_gate.ruleset.packs import Source
from smtp_gate.ruleset.problems import Loc, problems
from smtp_gate.ruleset.schema import WaiverModel


def build_waivers(
    sources: Sequence[Source], rules: Collection[str], today: date | None, mistakes: list[Mistake]
) -> tuple[Waiver, ...]:
    """Build them; mistakes are added. Without `today` nothing is said of expiry."""
    built: dict[str, Waiver] = {}
    for source in sources:
        for index, raw in source.items("waivers"):
            at: Loc = ("waivers", index)
            try:
                model = WaiverModel.model_validate(raw)
            except ValidationError as error:
                mistakes += problems(error, source.document, at, WaiverModel)
                continue
            if model.rule not in rules:
                said = f"unknown rule `{model.rule[:60]}`"
                mistakes.append(source.document.mistake((*at, "rule"), said, nearest(model.rule, rules)))
            if model.id in built:
                mistakes.append(source.document.mistake((*at, "id"), f"the waiver `{model.id[:60]}` stands here twice"))
            if today is not None and model.expires < today:
                said = f"the waiver `{model.id[:60]}` has expired"
                mistakes.append(source.document.mistake((*at, "expires"), said, "remove it", severity="warning"))
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
    )
