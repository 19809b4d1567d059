"""The JSON Schema of packs, each family's parameters included, for editors."""

from typing import Any, Final

from smtp_gate.families.base import Family
from smtp_gate.ruleset.override_schema import FIXED
from smtp_gate.ruleset.plugins import Families, installed
from smtp_gate.ruleset.policy import CLAUSES
from smtp_gate.ruleset.schema import PackModel

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def pack_schema(families: Families | None = None) -> dict[str, Any]:
    """The schema of one pack file. A rule's further keys are those of the family it names."""
    offered = (families if families is not None else installed()).known
    schema = PackModel.model_json_schema(by_alias=True)
    definitions: dict[str, Any] = schema["$defs"]
    rule = definitions["RuleModel"]
    common: dict[str, Any] = rule["properties"]
    common["family"] = {**common["family"], "enum": sorted(offered)}
    for form in common["policy"]["anyOf"]:
        form.get("items", form)["enum"] = list(CLAUSES)
    # A rule is closed by its family, which knows the remaining keys.
    rule.pop("additionalProperties", None)
    rule["allOf"] = [_branch(name, family, common, definitions) for name, family in sorted(offered.items())]
    definitions["RuleOverride"] = _override(common)
    definitions["OverridesModel"]["properties"]["rules"]["additionalProperties"] = {"$ref": "#/$defs/RuleOverride"}
    return {"$schema": DIALECT, **schema, "title": "smtp-gate pack"}


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
