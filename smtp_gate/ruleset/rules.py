"""One rule's YAML → a Rule, or every mistake in it at once."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from smtp_gate.core.answer import PLACEHOLDERS, ROOM
from smtp_gate.core.verdict import Disposition, Mode, Terms
from smtp_gate.examine import Rule
from smtp_gate.families.base import Family
from smtp_gate.ruleset.example_schema import ExampleModel
from smtp_gate.ruleset.marks import Mistake, Place, nearest
from smtp_gate.ruleset.packs import Source
from smtp_gate.ruleset.plugins import Families
from smtp_gate.ruleset.policy import CLAUSES
from smtp_gate.ruleset.problems import Loc, problems
from smtp_gate.ruleset.schema import COMMON, RuleModel, fields_of

UNRELAXED: Final = frozenset({"P-SENSITIVE", "P-PASSWORD"})
"""Clauses whose rules may not look less closely at a region: a region is the sender's claim."""

_BRACES: Final = re.compile(r"\{([^{}]*)\}")
_MESSAGE_ROOM: Final = ROOM - 160


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a rule is checked against and filled with."""

    families: Families
    detectors: frozenset[str]
    way_out: str
    enforce: bool


@dataclass(frozen=True, slots=True)
class Example:
    """One example of a rule: `kind` is hit or miss, `file` and `place` say where it stands."""

    kind: str
    model: ExampleModel
    file: str
    place: Place


@dataclass(frozen=True, slots=True)
class Overridden:
    """A key of a rule that a pack has overridden, and where."""

    key: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class BuiltRule:
    """A rule with its examples, where it stands (its file and place, and the way to it in the document), and what others override."""

    rule: Rule
    examples: tuple[Example, ...]
    file: str
    place: Place
    overridden: tuple[Overridden, ...] = ()
    at: Loc = ()


def build_rule(
    source: Source, index: int, raw: dict[str, Any], around: Surroundings, mistakes: list[Mistake]
) -> BuiltRule | None:
    """Build the rule at `rules[index]`; its mistakes are added, and None is returned where there is any error."""
    at: Loc = ("rules", index)
    found: list[Mistake] = []
    common, own = fields_of(raw)
    family = _family(source, at, raw.get("family"), around, found)
    model = _validated(RuleModel, source, at, common, found)
    params = _params(source, at, own, family, found)
    # These look at what is written, so that another mistake in the rule hides none of theirs.
    found += _clauses(source, at, raw.get("policy"))
    found += _placeholders(source, at, raw.get("message"))
    found += _regions(source, at, raw)
    if model is not None:
        found += _contradictions(source, at, model)
    if family is not None and params is not None:
        found += _used(source, at, family, params, around.detectors)
    mistakes += found
    if model is None or family is None or params is None or any(m.is_error for m in found):
        return None
    rule = _assemble(source, model, family, params, around)
    examples, overridden = tuple(_examples(source, at, model)), tuple(_overridden(source, at))
    return BuiltRule(rule, examples, source.document.file, source.document.place(at), overridden, at)


def _validated(
    schema: type[RuleModel], source: Source, at: Loc, values: dict[str, Any], found: list[Mistake]
) -> RuleModel | None:
    try:
        return schema.model_validate(values, context={})
    except ValidationError as error:
        found += problems(error, source.document, at, schema)
        return None


def _family(source: Source, at: Loc, name: object, around: Surroundings, found: list[Mistake]) -> Family[Any] | None:
    """The family by its name; a missing or odd name is the model's mistake, not ours."""
    if not isinstance(name, str):
        return None
    family = around.families.known.get(name)
    path = (*at, "family")
    if name in around.families.refused:
        reason = around.families.refused[name]
        found.append(source.document.mistake(path, f"`{name}` is the gate's own family", reason, severity="warning"))
    if family is None:
        if name in around.families.broken:
            reason = around.families.broken[name]
            found.append(source.document.mistake(path, f"the family `{name}` cannot be loaded", reason))
        else:
            hint = nearest(name, around.families.known)
            found.append(source.document.mistake(path, f"unknown family `{name[:60]}`", hint))
    return family


def _params(
    source: Source, at: Loc, own: dict[str, Any], family: Family[Any] | None, found: list[Mistake]
) -> BaseModel | None:
    """The family's parameters. Without a family no key can be judged but those that no version knows yet."""
    if family is None:
        return None
    schema: type[BaseModel] = family.schema
    try:
        return schema.model_validate(own)
    except ValidationError as error:
        found += problems(error, source.document, at, schema, COMMON)
    except RecursionError:
        found.append(source.document.mistake(at, "nested too deeply"))
    except Exception as error:  # noqa: BLE001 - validators of a plug-in may raise anything; the rule is then refused
        found.append(_stumbled(source, at, family, error))
    return None


def _stumbled(source: Source, at: Loc, family: Family[Any], error: Exception) -> Mistake:
    said = f"the family `{family.name}` fails on these parameters"
    return source.document.mistake((*at, "family"), said, type(error).__name__)


def _clauses(source: Source, at: Loc, policy: object) -> Iterator[Mistake]:
    for number, clause in enumerate(policy if isinstance(policy, list) else [policy]):
        if isinstance(clause, str) and clause not in CLAUSES:
            path = (*at, "policy", number)
            yield source.document.mistake(path, f"unknown clause `{clause[:60]}`", nearest(clause, CLAUSES))


def _placeholders(source: Source, at: Loc, message: object) -> Iterator[Mistake]:
    if not isinstance(message, str):
        return
    path = (*at, "message")
    document = source.document
    for name in _BRACES.findall(message):
        if name not in PLACEHOLDERS:
            yield document.mistake(path, f"unknown placeholder {{{name[:40]}}}", nearest(name, PLACEHOLDERS))
    if set(_BRACES.sub("", message)) & {"{", "}"}:
        yield document.mistake(path, "a brace without its partner", "placeholders look like {count}")
    if not message.isprintable():
        yield document.mistake(path, "a reply is one line of printable text")
    if not message.isascii():
        yield document.mistake(path, "what is not ASCII becomes `?` in the reply", severity="warning")
    if len(message) > _MESSAGE_ROOM:
        room = f"room for about {_MESSAGE_ROOM} characters, this has {len(message)}"
        yield document.mistake(path, "the reply would be cut", room, severity="warning")


def _regions(source: Source, at: Loc, raw: dict[str, Any]) -> Iterator[Mistake]:
    """Refuse to look away where the policy allows no exception: anybody can make own text look quoted."""
    policy = raw.get("policy")
    clauses = {c for c in (policy if isinstance(policy, list) else [policy]) if isinstance(c, str)} & UNRELAXED
    regions = raw.get("regions")
    if not clauses or not isinstance(regions, dict):
        return
    for name, shift in regions.items():
        lowered = isinstance(shift, int | float) and shift < 0
        if shift in {"off", "Off", "OFF"} or shift is False or lowered:
            message = f"a rule that serves {min(clauses)} may not look less closely at `{name[:40]}`"
            path = (*at, "regions", name)
            yield source.document.mistake(path, message, "a region is only the sender's claim; remove this")


def _used(source: Source, at: Loc, family: Family[Any], params: BaseModel, known: frozenset[str]) -> Iterable[Mistake]:
    """What is wrong with the detectors that the parameters name."""
    try:
        used = frozenset(family.detectors(params))
    except Exception as error:  # noqa: BLE001 - a plug-in may raise anything; the rule is then refused
        return (_stumbled(source, at, family, error),)
    return _references(source, at, used, known)


def _contradictions(source: Source, at: Loc, model: RuleModel) -> Iterator[Mistake]:
    """Examples that stand in one rule twice: as a hit and as a miss only one can pass, and another time they prove nothing."""
    # What an example says of itself makes it no other mail.
    hits, misses = (
        [e.model_copy(update={"expect": (), "only": False, "todo": None}) for e in every]
        for every in (model.examples.hit, model.examples.miss)
    )
    document = source.document
    for kind, listed in (("hit", hits), ("miss", misses)):
        for number, example in enumerate(listed):
            path = (*at, "examples", kind, number)
            if kind == "miss" and example in hits:
                line = document.place((*at, "examples", "hit", hits.index(example)))[0]
                said = "the same mail is a hit of this rule as well"
                yield document.mistake(path, said, f"in line {line}: take one of them out")
            elif example in listed[:number]:
                said = "the same mail stands here twice"
                yield document.mistake(path, said, "take one of them out", severity="warning")


def _references(source: Source, at: Loc, used: Iterable[str], known: frozenset[str]) -> Iterator[Mistake]:
    for name in sorted(set(used) - known):
        nodes = [
            scalar
            for key, (_, node) in source.document.node(at).keys.items()
            if key not in COMMON
            for scalar in node.scalars()
            if scalar.value == name
        ]
        node = nodes[0] if nodes else source.document.node(at)
        yield source.document.mistake_at(node, f"unknown detector `{name[:60]}`", nearest(name, known))


def _assemble(source: Source, model: RuleModel, family: Family[Any], params: BaseModel, around: Surroundings) -> Rule:
    unscannable = model.on_unscannable or ("quarantine" if family.reads_content else "accept")
    mode = Mode(model.mode)
    message = model.message.replace("{title}", model.title).replace("{way_out}", around.way_out)
    terms = Terms(
        action=_disposition(model.action),
        on_unscannable=_disposition(unscannable),
        on_error=_disposition(model.on_error),
        mode=Mode.SHADOW if mode is Mode.ENFORCE and not around.enforce else mode,
        message=message.strip(),
        way_out=around.way_out,
    )
    unless = tuple(written.spare for written in model.unless)
    rollout = model.rollout.built() if model.rollout is not None and terms.mode is Mode.ENFORCE else None
    when = model.when.scope
    return Rule(model.id, model.title, model.policy, source.name, family, params, when, terms, unless, rollout)


def _disposition(word: str) -> Disposition:
    return Disposition[word.upper()]


def _examples(source: Source, at: Loc, model: RuleModel) -> Iterator[Example]:
    for kind, listed in (("hit", model.examples.hit), ("miss", model.examples.miss)):
        for number, example in enumerate(listed):
            node = source.document.node((*at, "examples", kind, number))
            yield Example(kind, example, source.document.file_of(node), node.place)


def _overridden(source: Source, at: Loc) -> Iterator[Overridden]:
    for key, (place, node) in source.document.node(at).keys.items():
        if node.file:
            yield Overridden(key, node.file, place[0])
