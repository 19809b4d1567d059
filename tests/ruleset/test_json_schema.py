"""The schema that editors use."""

import json

from smtp_gate.ruleset.json_schema import pack_schema
from tests.ruleset.toy import TOYS


def test_families_bring_their_parameters() -> None:
    schema = pack_schema(TOYS)
    rule = schema["$defs"]["RuleModel"]
    assert rule["properties"]["family"]["enum"] == ["blind", "toy"]
    toy = next(b["then"] for b in rule["allOf"] if b["if"]["properties"]["family"]["const"] == "toy")
    assert toy["additionalProperties"] is False
    assert toy["required"] == ["find"]
    assert toy["properties"]["find"] == {"$ref": "#/$defs/toy.Find", "description": "What is looked for."}
    assert toy["properties"]["id"] is True
    assert schema["$defs"]["toy.Find"]["properties"]["word"]["description"] == "The word."


def test_every_reference_has_its_definition_and_every_key_a_description() -> None:
    schema = pack_schema(TOYS)
    text = json.dumps(schema)
    for name in {part.partition('"')[0] for part in text.split('"#/$defs/')[1:]}:
        assert name in schema["$defs"], name
    for name, definition in schema["$defs"].items():
        for key, value in definition.get("properties", {}).items():
            assert value.get("description"), f"{name}.{key}"


def test_one_value_is_as_good_as_a_list() -> None:
    schema = pack_schema(TOYS)
    policy = schema["$defs"]["RuleModel"]["properties"]["policy"]
    assert [form.get("type") for form in policy["anyOf"]] == ["string", "array"]
    assert "P-SENSITIVE" in policy["anyOf"][0]["enum"]
    sender = schema["$defs"]["WaiverModel"]["properties"]["sender"]
    assert [form.get("type") for form in sender["anyOf"]] == ["string", "array"]
