"""Pieces of a JSON Schema in the words of people who edit YAML: tables of keys, what may stand at each, lists of words."""

import json
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

Schema = Mapping[str, Any]
_PLAIN: Final = {
    "string": "text",
    "integer": "number",
    "number": "number",
    "boolean": "`true` or `false`",
    "object": "mapping",
}
_FEW: Final = 4
"""Words that are named in the table of keys itself; more of them stand below it only."""


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """A table in Markdown, with an empty line behind it."""
    names = list(header)
    yield f"| {' | '.join(names)} |"
    yield f"|{'---|' * len(names)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
    yield ""


def keys(
    node: Schema, anchors: Mapping[str, str], elsewhere: Mapping[str, str] = MappingProxyType({})
) -> Iterator[str]:
    """The table of a mapping's keys, and below it the words of those that choose among some.

    `anchors` lead from the name of a definition to the section that tells of it, `elsewhere` from a key whose words have
    a section of their own to that.
    """
    shown = {k: v for k, v in node.get("properties", {}).items() if v is not True}
    needed = set(node.get("required", ()))
    shown = dict(sorted(shown.items(), key=lambda item: item[0] not in needed))
    rows = [
        (
            f"`{key}`",
            _linked(value_of(value, anchors), elsewhere.get(key)),
            _default(value, needed=key in needed),
            sentence(value),
        )
        for key, value in shown.items()
    ]
    yield from table(("key", "value", "default", "meaning"), rows)
    yield from _words({k: v for k, v in shown.items() if k not in elsewhere})


def _linked(said: str, target: str | None) -> str:
    return said if target is None else f"[{said}](#{target})"


def sentence(value: Schema) -> str:
    """The description of a key."""
    return str(value.get("description", ""))


def value_of(value: Schema, anchors: Mapping[str, str]) -> str:
    """What may stand at a key, in a few words."""
    if "$ref" in value:
        name = str(value["$ref"]).removeprefix("#/$defs/")
        return f"[mapping](#{anchors[name]})" if name in anchors else "mapping"
    if "anyOf" in value:
        return _either([form for form in value["anyOf"] if form.get("type") != "null"], anchors)
    if "enum" in value:
        words = value["enum"]
        return " or ".join(f"`{w}`" for w in words) if len(words) <= _FEW else "a word"
    if value.get("type") == "array":
        return f"list of {_many(value_of(value.get('items', {}), anchors))}"
    if value.get("type") == "object":
        return _mapping(value, anchors)
    return _scalar(value)


def words_in(value: Schema) -> Mapping[str, str]:
    """The words that a key, or the items of its list, choose among, with their meanings."""
    if "enum" in value and "enumDescriptions" in value:
        return dict(zip(value["enum"], value["enumDescriptions"], strict=True))
    if value.get("type") == "object" and value.get("additionalProperties") is False:
        return {k: sentence(v) for k, v in value.get("properties", {}).items()}
    inner = [*([value["items"]] if "items" in value else ()), *value.get("anyOf", ())]
    return next((found for one in inner if (found := words_in(one))), {})


def _either(forms: list[Schema], anchors: Mapping[str, str]) -> str:
    one, *more = forms
    if len(more) == 1 and more[0].get("type") == "array" and more[0].get("items") == one:
        return f"{value_of(one, anchors)}, or a list"
    return ", or ".join(dict.fromkeys(value_of(form, anchors) for form in forms))


def _mapping(value: Schema, anchors: Mapping[str, str]) -> str:
    below = next(iter(value.get("patternProperties", {}).values()), value.get("additionalProperties"))
    spelled = value.get("properties")
    if spelled and below is False:
        words = list(spelled)
        names = ", ".join(f"`{w}`" for w in words) if len(words) <= _FEW else "words"
        return f"mapping of {names} to {value_of(spelled[words[0]], anchors)}"
    return f"mapping of names to {_many(value_of(below, anchors))}" if isinstance(below, dict) else "mapping"


def _scalar(value: Schema) -> str:
    if value.get("format") == "date":
        return "day, `2027-03-31`"
    kind = value.get("type", "")
    said = _PLAIN.get(kind, "text, or a number" if isinstance(kind, list) else "anything")
    if "const" in value:
        return f"`{value['const']}`"
    low, high = value.get("minimum"), value.get("maximum")
    low = value["exclusiveMinimum"] + 1 if "exclusiveMinimum" in value else low
    if low is not None and high is not None:
        return f"{low} to {high}"
    return f"{said}, at least {low}" if low is not None else said


def _many(said: str) -> str:
    return {"text": "texts", "number": "numbers", "a word": "words"}.get(said) or said.replace(
        "[mapping]", "[mappings]"
    )


def _default(value: Schema, *, needed: bool) -> str:
    if needed:
        return "**must be there**"
    if "default" not in value:
        return ""
    found = value["default"]
    if isinstance(found, list):
        return ", ".join(f"`{item}`" for item in found)
    return f"`{found}`" if isinstance(found, str) else f"`{json.dumps(found)}`"


def _words(shown: Mapping[str, Schema]) -> Iterator[str]:
    """The words of keys, each list once for all keys that share it."""
    sharing: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for key, value in shown.items():
        words = words_in(value)
        if any(words.values()):
            sharing.setdefault(tuple(words.items()), []).append(key)
    for words_and_meanings, names in sharing.items():
        rows = [(f"`{word}`", meaning) for word, meaning in words_and_meanings]
        yield from table((", ".join(f"`{n}`" for n in names), "meaning"), rows)
