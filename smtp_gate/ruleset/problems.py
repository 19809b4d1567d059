"""What pydantic says of a value, in words an admin understands, at the place where the value stands."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError

from smtp_gate.ruleset.marks import Document, Mistake, nearest

PLANNED: Final = frozenset({"also", "override"})
"""Keys of the rule language that this version does not know how to obey: refused, never ignored."""

_EXPECTED: Final = {
    "string_type": ("text expected", "put it in quotes"),
    "bool_type": ("true or false expected", "`yes`, `no`, `on` and `off` are words in YAML 1.2"),
    "bool_parsing": ("true or false expected", "`yes`, `no`, `on` and `off` are words in YAML 1.2"),
    "int_type": ("a whole number expected", ""),
    "int_parsing": ("a whole number expected", ""),
    "int_from_float": ("a whole number expected", ""),
    "float_type": ("a number expected", ""),
    "float_parsing": ("a number expected", ""),
    "list_type": ("a list expected", "write [a, b] or one `- item` a line"),
    "tuple_type": ("a list expected", "write [a, b] or one `- item` a line"),
    "set_type": ("a list expected", "write [a, b] or one `- item` a line"),
    "frozen_set_type": ("a list expected", "write [a, b] or one `- item` a line"),
    "dict_type": ("a mapping expected", "write `key: value` lines"),
    "model_type": ("a mapping expected", "write `key: value` lines"),
    "model_attributes_type": ("a mapping expected", "write `key: value` lines"),
    "date_type": ("a date expected", "like 2027-03-31"),
    "date_parsing": ("a date expected", "like 2027-03-31"),
    "date_from_datetime_parsing": ("a date expected", "like 2027-03-31"),
    "date_from_datetime_inexact": ("a date expected, without a time", "like 2027-03-31"),
}
_MEANT: Final = {
    "hold": "quarantine",
    "held": "quarantine",
    "block": "reject",
    "deny": "reject",
    "refuse": "reject",
    "allow": "accept",
    "pass": "accept",
    "tempfail": "defer",
    "audit": "shadow",
    "monitor": "shadow",
    "test": "shadow",
    "on": "enforce",
    "disabled": "off",
}
"""Words of other programs for ours."""

_ACCOUNT: Final = re.compile(r"[^\s`/@:]*:[^\s`/@]+@")
"""A name and a password before a host, as in a url."""

Loc = tuple[str | int, ...]


def problems(
    error: ValidationError, document: Document, at: Loc, model: type[BaseModel], also: Iterable[str] = ()
) -> Iterator[Mistake]:
    """Each error as a mistake. `at` is where the validated piece stands; `also` are further keys valid there."""
    every = error.errors(include_url=False)
    for one in every:
        if one["type"] == "too_short" and any(
            e is not one and e["loc"][: len(one["loc"])] == one["loc"] for e in every
        ):
            # Items with mistakes are not counted, so the list only seems to be too short.
            continue
        loc: Loc = tuple(step for step in one["loc"] if step != "[key]")
        path = _known(document, (*at, *loc))
        kind = one["type"]
        if kind == "extra_forbidden":
            names = [*_names(model, loc[:-1]), *(also if len(loc) == 1 else ())]
            yield unknown_key(document, (*at, *loc), names)
        elif kind == "missing":
            yield document.mistake(path, f"`{loc[-1]}` is missing")
        else:
            message, hint = _words(one["type"], one["msg"], one.get("input"), one.get("ctx") or {})
            # These words go to logs and journals too.
            yield document.mistake(path, _ACCOUNT.sub("***@", message), hint, key="[key]" in one["loc"])


def unknown_key(document: Document, path: Loc, names: Iterable[str]) -> Mistake:
    """The mistake for a key that means nothing here, or nothing yet."""
    key = path[-1]
    if key in PLANNED and len(path) > 1:
        return document.mistake(path, f"`{key}` is not implemented yet", "remove it: it would not be obeyed", key=True)
    return document.mistake(path, f"unknown key `{str(key)[:60]}`", nearest(key, names), key=True)


def _words(kind: str, said: str, value: object, context: dict[str, Any]) -> tuple[str, str]:
    if kind == "written":
        return str(context["said"]), str(context["hint"])
    if kind in _EXPECTED:
        message, hint = _EXPECTED[kind]
        return f"{message}, not {_shown(value)}", hint
    if kind in {"literal_error", "enum"}:
        names = [n.strip("'") for n in str(context.get("expected", "")).replace(" or ", ", ").split(", ")]
        meant = _MEANT.get(value, "") if isinstance(value, str) else ""
        hint = f"did you mean `{meant}`?" if meant in names else nearest(value, names)
        return f"{_shown(value)} is not one of {', '.join(names)}", hint if hint.startswith("did") else ""
    if kind in {"too_short", "string_too_short"}:
        return "something must stand here", ""
    if kind == "string_pattern_mismatch":
        return f"{_shown(value)} has characters that do not belong here", f"it must match {context.get('pattern')}"
    return said.removeprefix("Value error, ").removeprefix("Input "), ""


def _shown(value: object) -> str:
    """What stands there, shortened; text is quoted, collections are only named."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case str():
            return f"`{_ACCOUNT.sub('***@', value)[:40]}`"
        case int() | float():
            return str(value)[:40]
        case _:
            return "a mapping" if isinstance(value, dict) else "a list"


def _known(document: Document, path: Loc) -> Loc:
    """The path without the steps that the document lacks: the names pydantic gives to alternatives."""
    node, known = document.root, []
    for step in path:
        below = node.child(step)
        if below is not None:
            node = below
            known.append(step)
    return tuple(known)


def _names(model: type[BaseModel], loc: Sequence[str | int]) -> list[str]:
    """The keys that the models at this place know."""
    models = {model}
    for step in loc:
        models = {found for m in models for found in _step(m, step)}
    return [f.alias or name for m in models for name, f in m.model_fields.items()]


def _step(model: type[BaseModel], step: str | int) -> Iterator[type[BaseModel]]:
    if isinstance(step, int) or step == model.__name__:
        yield model
        return
    fields = [f for name, f in model.model_fields.items() if step in {name, f.alias}]
    if not fields:
        yield model
    for found in fields:
        yield from _models(found.annotation)


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    """Every model inside an annotation: in optionals, unions, lists and mappings."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)
