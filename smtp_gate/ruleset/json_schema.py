"""The JSON Schemas of packs and of files of waivers, each family's parameters included, for editors."""

from collections.abc import Mapping
from typing import Any, Final

from smtp_gate.detect.masks import MASKS
from smtp_gate.detect.validators import FORMATS, VALIDATORS
from smtp_gate.detect.validators.meanings import FORMAT_MEANINGS, MASK_MEANINGS, VALIDATOR_MEANINGS
from smtp_gate.families.base import Family
from smtp_gate.ruleset.override_schema import FIXED
from smtp_gate.ruleset.plugins import Families, installed
from smtp_gate.ruleset.policy import CLAUSES
from smtp_gate.ruleset.schema import PackModel
from smtp_gate.ruleset.shipped import Shipped

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_WAIVERS: Final = ("pack", "internal_domains", "waivers")


def pack_schema(families: Families | None = None, shipped: Shipped | None = None) -> dict[str, Any]:
    """The schema of one pack file. A rule's further keys are those of the family it names.

    Names of `shipped` packs are offered as examples, never asked for: a pack may have names of its own.
    """
    offered = (families if families is not None else installed()).known
    schema = PackModel.model_json_schema(by_alias=True)
    definitions: dict[str, Any] = schema["$defs"]
    rule = definitions["RuleModel"]
    common: dict[str, Any] = rule["properties"]
    meanings = {name: sentence(family) for name, family in sorted(offered.items())}
    common["family"] = {**common["family"], **_enum(meanings)}
    for form in common["policy"]["anyOf"]:
        form.get("items", form).update(_enum({c.id: c.meaning for c in CLAUSES.values()}))
    # A rule is closed by its family, which knows the remaining keys.
    rule.pop("additionalProperties", None)
    rule["allOf"] = [_branch(name, family, common, definitions) for name, family in sorted(offered.items())]
    _name_words(definitions)
    _empty_levels(definitions)
    _offer(definitions, shipped or Shipped())
    definitions["RuleOverride"] = _override(common)
    definitions["OverridesModel"]["properties"]["rules"]["additionalProperties"] = {"$ref": "#/$defs/RuleOverride"}
    return {"$schema": DIALECT, **tidy(schema), "title": "smtp-gate pack"}


def waivers_schema() -> dict[str, Any]:
    """The schema of a pack that holds waivers alone."""
    schema = PackModel.model_json_schema(by_alias=True)
    kept = {name: schema["properties"][name] for name in _WAIVERS}
    needed = [*(n for n in schema["required"] if n in kept), "waivers"]
    definitions = {name: schema["$defs"][name] for name in _named_in(kept, schema["$defs"])}
    said = "A pack that holds waivers alone: what the policy calls exceptions."
    whole = {**schema, "description": said, "$defs": definitions, "properties": kept, "required": needed}
    return {"$schema": DIALECT, **tidy(whole), "title": "smtp-gate waivers"}


def sentence(family: Family[Any]) -> str:
    """What a family is, in the first sentences of its parameters' docstring."""
    return " ".join((family.schema.__doc__ or family.name).partition("\n\n")[0].split())


def tidy(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema of pydantic's as editors show it best.

    Without the titles that it makes of names; without defaults that say nothing; with the words that a mapping's keys
    are chosen among as keys; and with a description at each key, if need be that of what stands there.
    """
    definitions: dict[str, Any] = schema.get("$defs", {})

    def walk(node: object) -> None:
        if isinstance(node, list):
            for item in node:
                walk(item)
        if not isinstance(node, dict):
            return
        _open_keys(node)
        if isinstance(node.get("title"), str):
            del node["title"]
        for value in node.get("properties", {}).values():
            if isinstance(value, dict):
                _tidy_key(value, definitions)
        for name, value in node.items():
            # What stands under `properties` and `$defs` are names of people's making, not words of JSON Schema.
            for inner in value.values() if name in {"properties", "$defs"} else (value,):
                walk(inner)

    walk(schema)
    return schema


def _tidy_key(value: dict[str, Any], definitions: dict[str, Any]) -> None:
    if "default" in value and (value["default"] in (None, "", []) or isinstance(value["default"], dict)):
        del value["default"]
    if value.get("default") == value.get("exclusiveMinimum", ""):
        # What stands for a key that is left out, where the key itself may not say so.
        del value["default"]
    if "description" not in value and "$ref" in value:
        value["description"] = definitions[value["$ref"].removeprefix("#/$defs/")].get("description", "")
    if "description" in value:
        value["description"] = " ".join(value["description"].split())


def _open_keys(node: dict[str, Any]) -> None:
    """A mapping whose keys are chosen among words gets each as a key, which an editor can complete and explain."""
    names = node.get("propertyNames", {})
    words = names.get("enum", [])
    below = node.get("additionalProperties")
    if node.get("type") == "object" and words and isinstance(below, dict):
        meanings = names.get("enumDescriptions", [""] * len(words))
        node["properties"] = {w: {**below, "description": m or f"{w}."} for w, m in zip(words, meanings, strict=True)}
        node["additionalProperties"] = False
        del node["propertyNames"]


def _enum(meanings: Mapping[str, str]) -> dict[str, Any]:
    return {"enum": list(meanings), "enumDescriptions": list(meanings.values())}


def _name_words(definitions: dict[str, Any]) -> None:
    """The words that only the engine knows: validators, their formats, and masks."""
    primary, detector = definitions["PrimaryModel"]["properties"], definitions["DetectorModel"]["properties"]
    primary["validator"] |= _enum({name: VALIDATOR_MEANINGS.get(name, "") for name in VALIDATORS})
    detector["mask"] |= _enum({name: MASK_MEANINGS.get(name, "") for name in MASKS})
    formats = sorted({f for some in FORMATS.values() for f in some})
    definitions["LevelModel"]["properties"]["format"] |= _enum({f: FORMAT_MEANINGS.get(f, "") for f in formats})


def _empty_levels(definitions: dict[str, Any]) -> None:
    """A level with nothing under it takes nothing: `low:` is the same as `low: {}`."""
    levels = definitions["DetectorModel"]["properties"]["levels"]
    levels["additionalProperties"]["anyOf"].append({"type": "null"})


def _offer(definitions: dict[str, Any], shipped: Shipped) -> None:
    """Names that the shipped packs bring along, wherever a detector or keyword list is named."""
    evidence = definitions["EvidenceModel"]["properties"]
    for key in ("keywords", "column"):
        evidence[key]["examples"] = list(shipped.keywords)
    for definition in definitions.values():
        named = definition.get("properties", {}).get("detector")
        if isinstance(named, dict):
            named["examples"] = sorted(shipped.detectors)


def _named_in(node: object, definitions: dict[str, Any]) -> list[str]:
    """The definitions that a piece of a schema refers to, and those that they refer to."""
    found: list[str] = []
    waiting: list[object] = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            name = str(one.get("$ref", "")).removeprefix("#/$defs/")
            if name and name not in found:
                found.append(name)
                waiting.append(definitions[name])
            waiting += one.values()
    return sorted(found)


def _override(common: dict[str, Any]) -> dict[str, Any]:
    """What an override of a rule may say. Its family is known to the loader alone, so that any further key may stand there."""
    return {
        "type": "object",
        "description": "The keys to replace, each whole: any of the rule's but id, family and pack.",
        "properties": {key: form for key, form in common.items() if key not in FIXED},
        "not": {"anyOf": [{"required": [key]} for key in sorted(FIXED)]},
        "minProperties": 1,
    }


def _branch(name: str, family: Family[Any], common: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """What a rule of one family must look like; the family's definitions are added under its own names."""
    own = family.schema.model_json_schema(by_alias=True, ref_template=f"#/$defs/{name}.{{model}}")
    for key, definition in own.pop("$defs", {}).items():
        definitions[f"{name}.{key}"] = definition
    properties = {**dict.fromkeys(common, True), **own.get("properties", {})}
    then = {"properties": properties, "required": own.get("required", []), "additionalProperties": False}
    return {"if": {"properties": {"family": {"const": name}}, "required": ["family"]}, "then": then}
