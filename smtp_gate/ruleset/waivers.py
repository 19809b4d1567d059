"""Waivers of all packs → Waiver values, each tied to a rule that exists; expired and boundless ones are warned of."""

from collections.abc import Mapping, Sequence
from datetime import date

from pydantic import ValidationError

from smtp_gate.core.scope import Scope, Who, WhoKind
from smtp_gate.examine import Waiver
from smtp_gate.ruleset.marks import Mistake, nearest
from smtp_gate.ruleset.packs import Source
from smtp_gate.ruleset.problems import Loc, problems
from smtp_gate.ruleset.schema import WaiverModel


def build_waivers(
    sources: Sequence[Source],
    rules: Mapping[str, Scope | None],
    today: date | None,
    mistakes: list[Mistake],
    *,
    sure: bool = True,
) -> tuple[Waiver, ...]:
    """Build them; mistakes are added. Without `today` nothing is said of expiry.

    `rules` are the ids with whom each rule is for, None where it is broken. Where an id is not `sure`, a waiver of a rule
    that is missing is no mistake of its own.
    """
    built: dict[str, Waiver] = {}
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
            if today is not None and model.expires < today:
                said = f"the waiver `{model.id[:60]}` has expired"
                mistakes.append(source.document.mistake((*at, "expires"), said, "remove it", severity="warning"))
            scope = rules.get(model.rule)
            if scope is not None and _as_wide(model.scope, scope):
                said = f"the waiver `{model.id[:60]}` is as wide as its rule: it leaves nothing of it"
                hint = "name fewer people, or say `mode: off` in the rule"
                mistakes.append(source.document.mistake(at, said, hint, severity="warning"))
            built[model.id] = _built(model)
    return tuple(built.values())


def _as_wide(waiver: Scope, rule: Scope) -> bool:
    """Whether the waiver covers all that the rule is for. Only senders of ours are ever authenticated."""
    ours = Who(WhoKind.INTERNAL) in waiver.senders
    return (ours or _covers(waiver.senders, rule.senders)) and _covers(waiver.recipients, rule.recipients)


def _covers(wide: tuple[Who, ...], narrow: tuple[Who, ...]) -> bool:
    kinds = {who.kind for who in wide}
    return WhoKind.ANY in kinds or kinds >= {WhoKind.INTERNAL, WhoKind.EXTERNAL} or set(narrow) <= set(wide)


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
