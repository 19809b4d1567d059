"""What is odd about a waiver: over or nearly so, granted by its owner, wider than its rule, never of use, said twice."""

from collections.abc import Collection, Iterable, Iterator
from datetime import date
from typing import Final

from smtp_gate.core.scope import Scope, Who, WhoKind
from smtp_gate.ruleset.marks import Mistake
from smtp_gate.ruleset.packs import Source
from smtp_gate.ruleset.problems import Loc
from smtp_gate.ruleset.schema import WaiverModel

REVOKED: Final = "revoked on"
"""How the note of a waiver begins that was ended before its time, and is kept so that it can be shown."""

SOON: Final = 30
"""Days before its end from which on a waiver is warned of."""


def oddities(
    source: Source, at: Loc, model: WaiverModel, today: date | None, rule: Scope | None, ours: Collection[str]
) -> Iterator[Mistake]:
    """Everything odd about one waiver, as warnings; `rule` is whom its rule is for, `ours` are the city's domains.

    Without `today` nothing is said of expiry, without `rule` nothing of what it covers.
    """

    def warning(path: Loc, said: str, hint: str) -> Mistake:
        whole = f"the waiver `{model.id[:60]}` {said}"
        return source.document.mistake((*at, *path), whole, hint, severity="warning")

    yield from (warning(("expires",), *told) for told in _days(model, today))
    if model.owner.casefold() == model.approver.casefold():
        yield warning(("approver",), "was approved by its own owner", "let somebody else approve it: four eyes")
    if Who(WhoKind.EXTERNAL) in model.sender and len(model.sender) == 1:
        yield warning(("sender",), "can never apply: nobody outside has proven who they are", "name senders of ours")
    if rule is None:
        return
    if as_wide(model.scope, rule):
        hint = "name fewer people, or say `mode: off` in the rule"
        yield warning((), "is as wide as its rule: it leaves nothing of it", hint)
    # A rule is for envelope senders and a waiver for who has logged in, so only recipients can be held against each other.
    beside = [w for w in model.recipients if all(are_apart(w, r, ours) for r in rule.recipients)]
    if beside and len(beside) == len(model.recipients):
        yield warning(("recipients",), "can never apply: its rule is for none of these recipients", "look at `when`")
    elif beside:
        named = ", ".join(f"`{w}`" for w in beside)
        yield warning(("recipients",), f"is wider than its rule: {named} names nobody it is for", "leave that out")


def repeated(
    source: Source, at: Loc, model: WaiverModel, earlier: Iterable[WaiverModel], today: date | None
) -> Iterator[Mistake]:
    """A warning where an earlier waiver of its rule says the same for some of the same days, those that are over left out."""
    for other in earlier:
        same = _same(other.scope, model.scope)
        first = max(d for d in (other.starts, model.starts, today, date.min) if d is not None)
        if same and other.id != model.id and first <= min(other.expires, model.expires):
            said = f"the waiver `{model.id[:60]}` says the same as `{other.id[:60]}`"
            yield source.document.mistake(at, said, "keep one of them", severity="warning")
            return


def as_wide(waiver: Scope, rule: Scope) -> bool:
    """Whether the waiver covers all that the rule is for. Only senders of ours are ever authenticated."""
    ours = Who(WhoKind.INTERNAL) in waiver.senders
    return (ours or _covers(waiver.senders, rule.senders)) and _covers(waiver.recipients, rule.recipients)


def are_apart(one: Who, other: Who, ours: Collection[str]) -> bool:
    """Whether surely no address is meant by both; of groups nobody can say."""
    inner, outer = sorted((one, other), key=lambda w: _SPECIFIC.index(w.kind))
    match inner.kind, outer.kind:
        case (WhoKind.ADDRESS, WhoKind.ADDRESS) | (WhoKind.DOMAIN, WhoKind.DOMAIN):
            return inner.value != outer.value
        case WhoKind.ADDRESS, WhoKind.DOMAIN:
            return _domain(inner) != outer.value
        case ((WhoKind.ADDRESS | WhoKind.DOMAIN), WhoKind.INTERNAL):
            return _domain(inner) not in ours
        case ((WhoKind.ADDRESS | WhoKind.DOMAIN), WhoKind.EXTERNAL):
            return _domain(inner) in ours
        case WhoKind.INTERNAL, WhoKind.EXTERNAL:
            return True
        case _:
            return False


_SPECIFIC: Final = (
    WhoKind.ADDRESS, WhoKind.DOMAIN, WhoKind.INTERNAL, WhoKind.EXTERNAL, WhoKind.GROUP, WhoKind.ANY,
)  # fmt: skip


def _domain(who: Who) -> str:
    return who.value.rpartition("@")[2]


def _days(model: WaiverModel, today: date | None) -> Iterator[tuple[str, str]]:
    if model.starts is not None and model.starts > model.expires:
        yield "never begins: its last day is before its first", "look at `starts` and `expires`"
    if today is None:
        return
    left = (model.expires - today).days
    if left < 0:
        if not (model.note or "").startswith(REVOKED):
            yield "has expired", "remove it, or let `smtp-gate waiver revoke` note why it ended"
    elif left <= SOON:
        when = "today" if left == 0 else "tomorrow" if left == 1 else f"in {left} days"
        yield f"expires {when}", "ask its owner whether it is still needed; `smtp-gate waiver list` shows its use"


def _covers(wide: tuple[Who, ...], narrow: tuple[Who, ...]) -> bool:
    kinds = {who.kind for who in wide}
    return WhoKind.ANY in kinds or kinds >= {WhoKind.INTERNAL, WhoKind.EXTERNAL} or set(narrow) <= set(wide)


def _same(one: Scope, other: Scope) -> bool:
    return set(one.senders) == set(other.senders) and set(one.recipients) == set(other.recipients)
